//! The documents that the operator trusts: read once, when the server starts, and never forgotten.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::graphql::error::{Refusal, RequestCode};
use crate::graphql::guard::characters;
use crate::graphql::guard::document::Document;
use crate::graphql::guard::limits::Limits;
use crate::graphql::guard::source::id_of;

/// The trusted documents, by id and by text.
#[derive(Default)]
pub struct TrustedDocuments {
    by_id: HashMap<String, Arc<Document>>,
    by_text: HashMap<String, Arc<Document>>,
    /// True when no other document is answered.
    only: bool,
}

/// Why a manifest of trusted documents cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("TRUSTED_DOCUMENTS names {}, which cannot be read: {source}.", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no JSON object of ids and texts.
    #[error("TRUSTED_DOCUMENTS names {}, which is no JSON object of ids and texts: {what}.", file.display())]
    NoManifest {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// An id is not the hash of its text.
    #[error("TRUSTED_DOCUMENTS names {}, whose entry {id} is not under sha256: and the hash of its text, {expected}.", file.display())]
    WrongId {
        /// The file.
        file: PathBuf,
        /// The id as it stands there.
        id: String,
        /// The id that the text has.
        expected: String,
    },
    /// Documents do not fit the schema, or are above a limit.
    #[error("TRUSTED_DOCUMENTS names {}, whose documents this server would refuse:{}", file.display(), listed(invalid))]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Each of them: its id, and why.
        invalid: Vec<(String, String)>,
    },
}

impl From<ManifestError> for Error {
    fn from(error: ManifestError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

fn listed(invalid: &[(String, String)]) -> String {
    let lines = invalid.iter().map(|(id, why)| format!("\n  {id}: {why}"));
    lines.collect()
}

impl TrustedDocuments {
    /// Reads the manifests: in each an object whose keys are ids and whose values are texts. With `only`, whatever stands
    /// in none of them is refused from then on.
    pub fn read(
        files: &[PathBuf],
        only: bool,
        schema: &Valid<Schema>,
        limits: &Limits,
    ) -> Result<Self, ManifestError> {
        let mut trusted = Self { only, ..Self::default() };
        for file in files {
            let unreadable = |source| ManifestError::Unreadable { file: file.clone(), source };
            trusted.add(file, &std::fs::read(file).map_err(unreadable)?, schema, limits)?;
        }
        Ok(trusted)
    }

    fn add(
        &mut self,
        file: &Path,
        json: &[u8],
        schema: &Valid<Schema>,
        limits: &Limits,
    ) -> Result<(), ManifestError> {
        let mut invalid = Vec::new();
        for (id, text) in entries(file, json)? {
            match read(&text, schema, limits) {
                Ok(document) => {
                    let document = Arc::new(document);
                    self.by_id.insert(id, Arc::clone(&document));
                    self.by_text.insert(text, document);
                }
                Err(refusal) => invalid.push((id, why(&refusal))),
            }
        }
        if invalid.is_empty() {
            Ok(())
        } else {
            Err(ManifestError::Invalid { file: file.to_owned(), invalid })
        }
    }

    /// The document with that id.
    pub fn find(&self, id: &str) -> Result<&Arc<Document>, Refusal> {
        self.by_id.get(id).ok_or_else(|| {
            Refusal::new(
                RequestCode::PersistedQueryNotFound,
                "The server has no document with this documentId.",
            )
        })
    }

    /// The document with that text, where it is a trusted one; a refusal where no other is answered.
    pub fn find_text(&self, text: &str) -> Result<Option<&Arc<Document>>, Refusal> {
        let found = self.by_text.get(text);
        if found.is_none() && self.only {
            // Not PERSISTED_QUERY_NOT_FOUND: by that, clients are asked to send the text, which they just did.
            return Err(Refusal::new(
                RequestCode::Forbidden,
                "This server answers trusted documents only, and this text is none of them.",
            ));
        }
        Ok(found)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }
}

/// The entries of a manifest, each with the id of its text.
fn entries(file: &Path, json: &[u8]) -> Result<Vec<(String, String)>, ManifestError> {
    let none = |what: String| ManifestError::NoManifest { file: file.to_owned(), what };
    let manifest: Map<String, Value> =
        serde_json::from_slice(json).map_err(|error| none(error.to_string()))?;
    let mut entries = Vec::with_capacity(manifest.len());
    for (id, text) in manifest {
        let Value::String(text) = text else { return Err(none(format!("the value of {id} is no text"))) };
        let expected = id_of(&text);
        if id != expected {
            return Err(ManifestError::WrongId { file: file.to_owned(), id, expected });
        }
        entries.push((id, text));
    }
    Ok(entries)
}

/// Reads a document as a request's would be, and checks already now what does not depend on the request.
fn read(text: &str, schema: &Valid<Schema>, limits: &Limits) -> Result<Document, Refusal> {
    characters::check(text, &Map::new())?;
    let document = Document::read(schema, text, limits)?;
    document.check_shapes(limits)?;
    Ok(document)
}

/// What a refusal says, and where in the text.
fn why(refusal: &Refusal) -> String {
    let sentences = refusal.errors.iter().map(|error| {
        let message = error["message"].as_str().unwrap_or_default();
        match error["locations"][0]["column"].as_u64() {
            Some(column) => format!("{message} (line {}, column {column})", error["locations"][0]["line"]),
            None => message.to_owned(),
        }
    });
    sentences.collect::<Vec<_>>().join("; ")
}
