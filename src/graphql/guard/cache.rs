//! The documents that were read before, bounded by the length of their text.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::graphql::guard::document::Document;

/// Two generations of documents. A document that is asked for moves to the young one; when that is full it becomes the
/// old one, and what nobody has asked for since is forgotten. So a flood of new documents costs no more than memory
/// for two generations, and the ones in use come back after one reading.
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
    /// A cache of documents whose text has `bytes` bytes together, at most.
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
        if text.len() <= self.generation_bytes {
            self.lock().keep(self.generation_bytes, Arc::from(text), document);
        }
    }

    /// No code of ours panics while it holds the lock, and each state of the maps is a sound one.
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn keep(&mut self, generation_bytes: usize, text: Arc<str>, document: Arc<Document>) {
        if self.young_bytes.saturating_add(text.len()) > generation_bytes {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        let bytes = text.len();
        if self.young.insert(text, document).is_none() {
            self.young_bytes = self.young_bytes.saturating_add(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use apollo_compiler::Schema;

    use super::*;
    use crate::graphql::guard::limits::Limits;

    fn document() -> Arc<Document> {
        let schema = Schema::parse_and_validate("type Query { a: Int }", "schema.graphql").unwrap();
        Arc::new(Document::read(&schema, "{ a }", &Limits::default()).unwrap_or_else(|_| unreachable!()))
    }

    #[test]
    fn what_is_asked_for_stays_and_the_rest_is_forgotten() {
        let cache = DocumentCache::new(8);
        cache.keep("used", document());
        cache.keep("idle", document());
        assert!(cache.find("used").is_some());
        cache.keep("more", document());
        assert!(cache.find("used").is_some(), "it was asked for since");
        cache.keep("last", document());
        assert!(cache.find("idle").is_none(), "nobody has asked for it");
    }

    #[test]
    fn the_cache_never_holds_more_text_than_it_may() {
        let cache = DocumentCache::new(40);
        let document = document();
        for number in 0..1_000 {
            cache.keep(&format!("document {number}"), Arc::clone(&document));
            let generations = cache.lock();
            let texts = generations.young.keys().chain(generations.old.keys());
            assert!(texts.map(|text| text.len()).sum::<usize>() <= 40);
        }
        cache.keep(&"x".repeat(21), document);
        assert!(cache.find(&"x".repeat(21)).is_none(), "one that would fill a generation is not kept");
    }
}
