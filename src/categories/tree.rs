//! The tree of one user's categories: who is below whom, held still while it is changed.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::categories::Kind;
use crate::db::schema::categories;
use crate::error::{Code, Error, Result};

/// The most categories of one user.
const MOST: usize = 1000;
/// The deepest level of a category.
const DEPTH_MAX: usize = 8;

/// The categories of one user.
pub struct Tree {
    nodes: Vec<(Uuid, Option<Uuid>, String)>,
}

impl Tree {
    /// The user's tree, which nobody else changes until the transaction ends.
    pub async fn lock(conn: &mut AsyncPgConnection, user_id: Uuid) -> QueryResult<Self> {
        let nodes = categories::table
            .filter(categories::user_id.eq(user_id))
            .order(categories::id)
            .select((categories::id, categories::parent_id, categories::kind))
            .for_no_key_update()
            .load(conn)
            .await?;
        Ok(Self { nodes })
    }

    /// True when the category is the user's.
    pub fn holds(&self, id: Uuid) -> bool {
        self.find(id).is_some()
    }

    /// True when something is right below the category.
    pub fn has_children(&self, id: Uuid) -> bool {
        self.nodes.iter().any(|(_, parent, _)| *parent == Some(id))
    }

    /// True when `id` is `above`, or stands somewhere below it.
    pub fn is_within(&self, id: Uuid, above: Uuid) -> bool {
        self.way_up(id).any(|step| step == above)
    }

    /// Whether category `id`, which may be a new one, can stand below `parent_id` and be of that kind.
    pub fn check(&self, id: Option<Uuid>, parent_id: Option<Uuid>, kind: Kind) -> Result<()> {
        if id.is_none() && self.nodes.len() >= MOST {
            let message = format!("A user has at most {MOST} categories.");
            return Err(Error::rejected("", Code::LimitExceeded, message));
        }
        let is_kept = id.and_then(|id| self.find(id)).is_none_or(|(_, _, old)| old == kind.as_str());
        if !is_kept && id.is_some_and(|id| self.has_children(id)) {
            let message =
                "The categories below it are of another kind; a category has the kind of the one above it.";
            return Err(Error::rejected("kind", Code::InUse, message));
        }
        let Some(parent_id) = parent_id else { return Ok(()) };
        let Some((_, _, kind_above)) = self.find(parent_id) else {
            return Err(Error::unknown("parentId", "category"));
        };
        if kind_above != kind.as_str() {
            let message = "A category has the kind of the one above it.";
            return Err(Error::rejected("parentId", Code::Invalid, message));
        }
        if id.is_some_and(|id| self.is_within(parent_id, id)) {
            let message = "A category cannot stand below itself.";
            return Err(Error::rejected("parentId", Code::Invalid, message));
        }
        let below = id.map_or(1, |id| self.height(id));
        if self.way_up(parent_id).count().saturating_add(below) > DEPTH_MAX {
            let message = format!("Categories stand at most {DEPTH_MAX} deep.");
            return Err(Error::rejected("parentId", Code::LimitExceeded, message));
        }
        Ok(())
    }

    /// Whether the categories right below `from` can stand below `to`.
    pub fn check_adoption(&self, from: Uuid, to: Option<Uuid>) -> Result<()> {
        let Some(to) = to else { return Ok(()) };
        let rejected = |message: &str| Err(Error::rejected("childrenTo", Code::Invalid, message));
        if self.is_within(to, from) {
            return rejected("A category cannot stand below itself.");
        }
        let kind = |id| self.find(id).map(|(_, _, kind)| kind);
        if kind(from) != kind(to) {
            return rejected("A category has the kind of the one above it.");
        }
        if self.way_up(to).count().saturating_add(self.height(from)) > DEPTH_MAX + 1 {
            return rejected("Categories would stand too deep.");
        }
        Ok(())
    }

    fn find(&self, id: Uuid) -> Option<&(Uuid, Option<Uuid>, String)> {
        self.nodes.iter().find(|(known, ..)| *known == id)
    }

    /// The category, the one above it, and so on.
    fn way_up(&self, id: Uuid) -> impl Iterator<Item = Uuid> {
        let first = self.find(id).map(|(id, ..)| *id);
        std::iter::successors(first, |id| self.find(*id)?.1).take(self.nodes.len())
    }

    /// How many levels the category has with those below it.
    fn height(&self, id: Uuid) -> usize {
        let deepest = self.nodes.iter().filter_map(|(node, ..)| {
            let steps: Vec<Uuid> = self.way_up(*node).collect();
            steps.iter().position(|step| *step == id)
        });
        deepest.max().unwrap_or_default().saturating_add(1)
    }
}
