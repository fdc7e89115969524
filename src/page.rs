//! A stretch of a sorted list, between two keys: what every list function takes.

/// Which rows of a sorted list are wanted; the default wants none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Page<Key> {
    /// Only rows behind this key.
    pub after: Option<Key>,
    /// Only rows in front of this key.
    pub before: Option<Key>,
    /// At most this many.
    pub limit: i64,
    /// True counts `limit` from the end of the stretch instead of from its start.
    pub is_from_end: bool,
}

impl<Key> Page<Key> {
    /// The first `limit` rows.
    pub fn first(limit: i64) -> Self {
        Self { after: None, before: None, limit, is_from_end: false }
    }

    /// Puts rows that were read from the end back into the list's order.
    pub fn in_order<Row>(&self, mut rows: Vec<Row>) -> Vec<Row> {
        if self.is_from_end {
            rows.reverse();
        }
        rows
    }
}

impl<Key> Default for Page<Key> {
    fn default() -> Self {
        Self::first(0)
    }
}
