//! Lists that can grow, as Relay's connections: a page between two cursors, and a count only when it is asked for.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName};
use diesel::QueryResult;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::error::{Code, Error, Result};
use crate::graphql::at_once::{AllAtOnce, AtOnce, Ready};
use crate::graphql::context::RequestContext;
use crate::graphql::cursor::{self, CursorKey, KeyBytes};
use crate::graphql::database::Lease;
use crate::graphql::loaders::ByKey;
use crate::graphql::scalars::int;
use crate::page::Page;

/// The rows of a page, unless `first` or `last` says otherwise.
const DEFAULT_SIZE: i32 = 25;
/// The most rows of a page.
const LARGEST_SIZE: i32 = 100;

/// The four arguments of every connection, as they were sent.
pub struct Window {
    /// How many rows from the start.
    pub first: Option<i32>,
    /// Only rows behind this cursor.
    pub after: Option<String>,
    /// How many rows from the end.
    pub last: Option<i32>,
    /// Only rows in front of this cursor.
    pub before: Option<String>,
}

/// The page that a window asks for.
#[derive(Debug)]
pub struct Asked<Key> {
    /// What the list function takes. It asks for one row more than is shown, to know whether there are more.
    pub page: Page<Key>,
    size: usize,
}

/// One page of a list.
pub struct Connection<Node> {
    edges: Vec<Edge<Node>>,
    page_info: PageInfo,
    total: Total,
}

/// One row of a page.
pub struct Edge<Node> {
    key: KeyBytes,
    node: Node,
}

/// Where a page stands in its list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// True when rows follow this page.
    has_next_page: bool,
    /// True when rows come before this page.
    has_previous_page: bool,
    /// The cursor of the first row; null on an empty page.
    start_cursor: Option<String>,
    /// The cursor of the last row; null on an empty page.
    end_cursor: Option<String>,
}

/// How the rows of the whole list are counted.
enum Total {
    /// By a statement of its own.
    Counted(Box<dyn Fn(Lease) -> BoxFuture<'static, QueryResult<i64>> + Send + Sync>),
    /// Together with the lists of the other parents: the count of this one.
    Loaded(ByKey<i64>, Uuid),
}

impl Window {
    /// The page, or what is wrong with the arguments.
    pub fn page<Key: CursorKey>(&self) -> Result<Asked<Key>> {
        if self.first.is_some() && self.last.is_some() {
            return Err(invalid("last", "Ask with `first` or with `last`, not with both."));
        }
        let is_from_end = self.last.is_some();
        let rows = self.first.or(self.last).unwrap_or(DEFAULT_SIZE);
        if !(1..=LARGEST_SIZE).contains(&rows) {
            let name = if is_from_end { "last" } else { "first" };
            return Err(invalid(name, &format!("`{name}` has to be from 1 to {LARGEST_SIZE}.")));
        }
        let key = |name, cursor: Option<&String>| match cursor.map(|cursor| cursor::read(cursor)) {
            Some(None) => Err(invalid(name, &format!("`{name}` is no cursor of this list."))),
            read => Ok(read.flatten()),
        };
        let (after, before) = (key("after", self.after.as_ref())?, key("before", self.before.as_ref())?);
        let page = Page { after, before, limit: i64::from(rows).saturating_add(1), is_from_end };
        Ok(Asked { page, size: usize::try_from(rows).unwrap_or_default() })
    }
}

impl<Node> Connection<Node> {
    /// The page of `rows`, which a list function returned for `asked`. `key` gives the key of a row, `node` makes its
    /// object, and `total` counts the whole list when somebody asks.
    pub fn new<Key: CursorKey, Row, Count, Counting>(
        asked: &Asked<Key>,
        rows: Vec<Row>,
        key: impl Fn(&Row) -> Key,
        node: impl Fn(Row) -> Node,
        total: Count,
    ) -> Self
    where
        Count: Fn(Lease) -> Counting + Send + Sync + 'static,
        Counting: Future<Output = QueryResult<i64>> + Send + 'static,
    {
        let total = Total::Counted(Box::new(move |conn| total(conn).boxed()));
        Self::with_total(asked, rows, key, node, total)
    }

    /// The page of `rows`, which a loader found for `asked` and `parent` together with the pages of other parents; so
    /// does `counts` with the counts.
    pub fn of_parent<Key: CursorKey, Row>(
        asked: &Asked<Key>,
        rows: Vec<Row>,
        key: impl Fn(&Row) -> Key,
        node: impl Fn(Row) -> Node,
        (counts, parent): (&ByKey<i64>, Uuid),
    ) -> Self {
        Self::with_total(asked, rows, key, node, Total::Loaded(counts.clone(), parent))
    }

    fn with_total<Key: CursorKey, Row>(
        asked: &Asked<Key>,
        mut rows: Vec<Row>,
        key: impl Fn(&Row) -> Key,
        node: impl Fn(Row) -> Node,
        total: Total,
    ) -> Self {
        let surplus = rows.len().saturating_sub(asked.size);
        if asked.page.is_from_end {
            rows.drain(..surplus);
        } else {
            rows.truncate(asked.size);
        }
        let edges: Vec<Edge<Node>> =
            rows.into_iter().map(|row| Edge { key: key(&row).to_bytes(), node: node(row) }).collect();
        // The row of a cursor lies outside of the page, on its far side.
        let (has_next_page, has_previous_page) = if asked.page.is_from_end {
            (asked.page.before.is_some(), surplus > 0 || asked.page.after.is_some())
        } else {
            (surplus > 0 || asked.page.before.is_some(), asked.page.after.is_some())
        };
        let page_info = PageInfo {
            has_next_page,
            has_previous_page,
            start_cursor: edges.first().map(|edge| cursor::write(edge.key)),
            end_cursor: edges.last().map(|edge| cursor::write(edge.key)),
        };
        Self { edges, page_info, total }
    }
}

/// One page of a list.
#[Object(name_type)]
impl<Node: Ready> Connection<Node> {
    /// The rows of this page, each with its cursor.
    async fn edges(&self) -> AllAtOnce<&Edge<Node>> {
        AllAtOnce(self.edges.iter().collect())
    }

    /// The rows of this page.
    async fn nodes(&self) -> AllAtOnce<&Node> {
        AllAtOnce(self.edges.iter().map(|edge| &edge.node).collect())
    }

    /// Where this page stands in the list.
    async fn page_info(&self) -> AtOnce<&PageInfo> {
        AtOnce(&self.page_info)
    }

    /// How many rows the whole list has. Counted only when it is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> std::result::Result<i32, Arc<Error>> {
        let count = match &self.total {
            Total::Counted(count) => count(ctx.conn().await?).await.map_err(Error::from)?,
            Total::Loaded(counts, parent) => counts.load(*parent).await?.unwrap_or_default(),
        };
        Ok(int(count))
    }
}

/// One row of a page, with the cursor at which the list goes on.
#[Object(name_type)]
impl<Node: Ready> Edge<Node> {
    /// Where this row stands in the list; give it as `after` or `before`.
    async fn cursor(&self) -> String {
        cursor::write(self.key)
    }

    /// The row.
    async fn node(&self) -> AtOnce<&Node> {
        AtOnce(&self.node)
    }
}

impl Ready for PageInfo {
    const WAITING: &'static [&'static str] = &[];
}

impl<Node: Ready> Ready for Edge<Node> {
    const WAITING: &'static [&'static str] = &["node"];
}

impl<Node: OutputType> TypeName for Connection<Node> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", Node::type_name()).into()
    }
}

impl<Node: OutputType> TypeName for Edge<Node> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", Node::type_name()).into()
    }
}

fn invalid(argument: &str, message: &str) -> Error {
    Error::rejected(argument, Code::Invalid, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(first: Option<i32>, last: Option<i32>, after: Option<&str>) -> Window {
        Window { first, after: after.map(str::to_owned), last, before: None }
    }

    fn page_of(asked: &Asked<i64>, list: &[i64]) -> Connection<i64> {
        let page = asked.page;
        let inside = |number: &i64| {
            page.after.is_none_or(|after| *number > after)
                && page.before.is_none_or(|before| *number < before)
        };
        let mut rows: Vec<i64> = list.iter().copied().filter(inside).collect();
        let limit = usize::try_from(page.limit).unwrap();
        if page.is_from_end {
            rows.drain(..rows.len().saturating_sub(limit));
        }
        rows.truncate(limit);
        Connection::new(asked, rows, |row| *row, |row| row, |_| async { Ok(0) })
    }

    #[test]
    fn a_page_has_one_to_a_hundred_rows_from_one_end() {
        assert_eq!(window(None, None, None).page::<i64>().unwrap().page.limit, 26);
        assert_eq!(window(Some(100), None, None).page::<i64>().unwrap().page.limit, 101);
        for (first, last) in [(Some(0), None), (Some(101), None), (None, Some(-1)), (Some(1), Some(1))] {
            let refused = window(first, last, None).page::<i64>().unwrap_err();
            assert!(matches!(refused, Error::Rejected { code: Code::Invalid, .. }), "{refused}");
        }
    }

    #[test]
    fn a_broken_cursor_is_named() {
        let refused = window(None, None, Some("no cursor")).page::<i64>().unwrap_err();
        assert_eq!(refused.to_string(), "`after` is no cursor of this list.");
    }

    proptest! {
        #[test]
        fn walking_either_way_sees_each_row_once(length in 0_i64..40, size in 1_i32..12, backwards: bool) {
            let list: Vec<i64> = (0..length).collect();
            let mut seen = Vec::new();
            let mut cursor = None;
            loop {
                let (near, far) = if backwards { (None, cursor.clone()) } else { (cursor.clone(), None) };
                let (first, last) = if backwards { (None, Some(size)) } else { (Some(size), None) };
                let asked = Window { first, after: near, last, before: far }.page().unwrap();
                let page = page_of(&asked, &list);
                let mut rows: Vec<i64> = page.edges.iter().map(|edge| edge.node).collect();
                let info = page.page_info;
                let goes_on = if backwards {
                    rows.extend_from_slice(&seen);
                    seen = rows;
                    cursor = info.start_cursor;
                    info.has_previous_page
                } else {
                    seen.extend(rows);
                    cursor = info.end_cursor;
                    info.has_next_page
                };
                if !goes_on {
                    break;
                }
            }
            prop_assert_eq!(seen, list);
        }
    }
}
