//! The documents that were read before, bounded by the memory that they take.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::graphql::guard::document::Document;

/// Two generations of documents. A document that is asked for moves to the young one; when that is full it becomes the
/// old one, and what nobody has asked for since is forgotten. So a flood of new documents costs no more than memory
/// for two generations, and the ones in use come back after one reading.
///
/// What is counted is [`Document::weight`] and not the text: a short text may be read into hundreds of times its length.
pub struct DocumentCache {
    generation_bytes: usize,
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Arc<str>, Arc<Document>>,
    young_bytes: usize,
    old: HashMap<Arc<str>, Arc<Document>>,
}

impl DocumentCache {
    /// A cache of documents that take `bytes` bytes of memory together, at most.
    pub fn new(bytes: usize) -> Self {
        Self { generation_bytes: bytes / 2, generations: Mutex::default() }
    }

    /// The document with this text.
    pub fn find(&self, text: &str) -> Option<Arc<Document>> {
        let mut generations = self.lock();
        if let Some(document) = generations.young.get(text) {
            return Some(Arc::clone(document));
        }
        let (text, document) = generations.old.remove_entry(text)?;
        generations.keep(self.generation_bytes, text, Arc::clone(&document));
        Some(document)
    }

    /// Keeps a document under its text.
    pub fn keep(&self, text: &str, document: Arc<Document>) {
        if document.weight() <= self.generation_bytes {
            self.lock().keep(self.generation_bytes, Arc::from(text), document);
        }
    }

    /// How many documents are kept.
    pub fn len(&self) -> usize {
        let generations = self.lock();
        generations.young.len().saturating_add(generations.old.len())
    }

    /// True when none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No code of ours panics while it holds the lock, and each state of the maps is a sound one.
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn keep(&mut self, generation_bytes: usize, text: Arc<str>, document: Arc<Document>) {
        let bytes = document.weight();
        if self.young_bytes.saturating_add(bytes) > generation_bytes {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if self.young.insert(text, document).is_none() {
            self.young_bytes = self.young_bytes.saturating_add(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use apollo_compiler::Schema;

    use super::*;
    use crate::graphql::guard::limits::Limits;

    fn read(text: &str) -> Arc<Document> {
        let schema = Schema::parse_and_validate("type Query { a: Query b: Int }", "schema.graphql").unwrap();
        let read = Document::read(&schema, text, &Limits::default());
        Arc::new(read.unwrap_or_else(|refusal| panic!("{:?}", refusal.errors)))
    }

    /// One large fragment, spread by that many operations.
    fn spread_by(operations: usize) -> String {
        let operations = (0..operations).fold(String::new(), |mut text, number| {
            write!(text, "query Q{number}{{...F}}").unwrap();
            text
        });
        format!("{operations} fragment F on Query{{{}}}", "a{b}".repeat(460))
    }

    #[test]
    fn what_is_asked_for_stays_and_the_rest_is_forgotten() {
        let document = read("{ b }");
        let cache = DocumentCache::new(4 * document.weight());
        let keep = |name| cache.keep(name, Arc::clone(&document));
        keep("used");
        keep("idle");
        keep("young");
        assert!(cache.find("used").is_some());
        keep("more");
        assert!(cache.find("used").is_some(), "it was asked for since");
        assert!(cache.find("idle").is_none(), "nobody has asked for it");
    }

    #[test]
    fn the_cache_never_weighs_more_than_it_may() {
        let document = read(&spread_by(15));
        let most = 9 * document.weight();
        let cache = DocumentCache::new(most);
        for number in 0..1_000 {
            cache.keep(&format!("document {number}"), Arc::clone(&document));
            let generations = cache.lock();
            let kept = generations.young.values().chain(generations.old.values());
            let weight: usize = kept.map(|document| document.weight()).sum();
            assert!((most / 3..=most).contains(&weight) || number < 3, "{weight} of {most}");
        }
        let small = DocumentCache::new(2 * document.weight() - 1);
        small.keep("large", document);
        assert!(small.find("large").is_none(), "one that is larger than a generation is not kept");
    }

    #[test]
    fn a_fragment_weighs_once_however_many_operations_spread_it() {
        let (once, often) = (read(&spread_by(1)).weight(), read(&spread_by(15)).weight());
        assert!(often < once + once / 4, "{often} and {once}");
        assert!(once > 250 * spread_by(1).len(), "a text that is read into much weighs much: {once}");
    }
}
