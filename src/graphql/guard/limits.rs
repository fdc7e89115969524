//! Every limit that a GraphQL document is held to.

pub use crate::config::Introspection;
use crate::config::LimitSettings;
use crate::graphql::guard::allowance::Rate;

/// What one request may ask for.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The longest document, in bytes.
    pub document_bytes: usize,
    /// The most tokens in a document: names, punctuation and values, and also each run of white space and each comment
    /// between them, as the parser counts.
    pub tokens: usize,
    /// The deepest nesting of selections, values or types in the text of a document.
    pub nesting: usize,
    /// The most operations in a document.
    pub operations: usize,
    /// The most aliases in an operation, counted where its fragments are spread.
    pub aliases: u64,
    /// The most fields in an operation, counted where its fragments are spread.
    pub fields: u64,
    /// The most values in the arguments of an operation, counted where its fragments are spread. A text of `tokens` holds fewer.
    pub literals: u64,
    /// The most fields at the root of an operation.
    pub root_fields: u64,
    /// The deepest nesting of fields; introspection is exempt.
    pub depth: u64,
    /// The deepest nesting of fields, fragments and inline fragments taken together.
    pub levels: u64,
    /// The highest price of an operation: an object costs 1, a scalar 0, a connection 1 + page * its node.
    pub complexity: u64,
    /// What `totalCount` costs: a statement that reads the whole list.
    pub total_count: u64,
    /// What `__schema` costs: its answer is the longest of all.
    pub introspected_schema: u64,
    /// What a refused document costs: nothing of it was executed, but it was read.
    pub refusal: u64,
    /// The rows that a connection is priced at where neither `first` nor `last` is given.
    pub default_page: u64,
    /// The most errors that an answer reports.
    pub errors: usize,
    /// The root fields that check a secret; a request may hold one of them, once.
    pub sign_in_fields: Vec<String>,
    /// The mutations that an API token needs the scope INGEST for, and not WRITE.
    pub ingest_fields: Vec<String>,
    /// Who may read the schema through introspection.
    pub introspection: Introspection,
    /// The memory that the documents kept in the cache may take, in bytes; each of its two generations may hold half.
    pub cached_document_bytes: usize,
    /// What one caller may ask for in all; `None` for no bound.
    pub allowance: Option<Rate>,
}

impl From<&LimitSettings> for Limits {
    /// What the settings say of documents. Who may read the schema is up to the environment where they say nothing.
    fn from(settings: &LimitSettings) -> Self {
        Self {
            document_bytes: settings.document_bytes,
            tokens: settings.document_tokens,
            nesting: settings.document_nesting,
            operations: settings.operations,
            aliases: settings.aliases,
            fields: settings.fields,
            literals: u64::try_from(settings.document_tokens).unwrap_or(u64::MAX).saturating_mul(4),
            root_fields: settings.root_fields,
            depth: settings.depth,
            levels: 64,
            complexity: settings.complexity,
            total_count: 50,
            introspected_schema: 500,
            refusal: 35,
            default_page: 25,
            errors: settings.errors,
            sign_in_fields: Vec::new(),
            ingest_fields: Vec::new(),
            introspection: settings.introspection.unwrap_or(Introspection::SignedIn),
            cached_document_bytes: 16 * 1024 * 1024,
            allowance: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::from(&LimitSettings::default())
    }
}
