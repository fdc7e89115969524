//! How a request says which document it is about: by its text, or by an id.

/// What stands in for the document of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentSource {
    /// The text of the document itself.
    Text(String),
    /// The id of a document that the server has.
    Id(String),
    /// A hash under which the client hopes that the server has kept an earlier text (`extensions.persistedQuery`): this
    /// server keeps none.
    Hash,
}

impl Default for DocumentSource {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl DocumentSource {
    /// The text, where there is one.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Id(_) | Self::Hash => "",
        }
    }
}

/// What the ids of this server's documents start with.
const SHA256: &str = "sha256:";

/// True for an id as the appendix "Persisted Documents" of GraphQL over HTTP writes one: `sha256:` with 64 hexadecimal
/// digits in lower case, an `x-` prefix of one's own, or no prefix at all.
pub fn is_document_id(id: &str) -> bool {
    let is_plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    match id.split_once(':') {
        None => is_plain(id),
        Some(("sha256", digits)) => {
            digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        }
        Some((prefix, payload)) => {
            prefix.strip_prefix("x-").is_some_and(is_plain) && payload.split(':').all(is_plain)
        }
    }
}

/// The id of a text.
pub fn id_of(text: &str) -> String {
    use sha2::{Digest, Sha256};
    use std::fmt::Write;

    Sha256::digest(text.as_bytes()).iter().fold(SHA256.to_owned(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_as_the_appendix_wants_it() {
        let id = id_of("query($id:ID!){user(id:$id){name}}");
        assert_eq!(id, "sha256:71f7dc5758652baac68e4a10c50be732b741c892ade2883a99358f52b555286b");
        for id in [id.as_str(), "0123456789abcdef", "a-b.c_d~e", "x-relay:1", "x-a:b"] {
            assert!(is_document_id(id), "{id}");
        }
        let upper = id.to_uppercase().replace("SHA256", "sha256");
        for id in ["", "a b", "ü", "md5:00", "sha256:", "sha256:abc", &upper, "x-:1", "x-a:", ":a", "a/b"] {
            assert!(!is_document_id(id), "{id}");
        }
    }
}
