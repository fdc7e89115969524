//! The object `Category`.

use async_graphql::{Context, Enum, ID, Object};

use crate::categories;
use crate::error::{Error, Result};
use crate::graphql::at_once::Ready;
use crate::graphql::categories::query;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::graphql::scalars::DateTime;
use crate::graphql::transactions;
use crate::graphql::transactions::object::Transaction;
use crate::transactions::of_parents::Parent;

/// The object over a row.
pub struct Category(pub categories::Category);

impl Ready for Category {
    const WAITING: &'static [&'static str] = &["parent", "children", "transactions"];
}

/// What kind of money a category holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "CategoryKind", remote = "categories::Kind")]
pub enum CategoryKind {
    /// Money earned.
    Income,
    /// Money spent; a refund is a positive amount here.
    Expense,
    /// Money moved between accounts of one's own.
    Transfer,
}

/// What money is earned or spent on.
#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl Category {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::Category.id(self.0.id)
    }

    /// The name, unique among its siblings, ignoring case.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What kind of money it holds.
    async fn kind(&self) -> Result<CategoryKind> {
        let kind = categories::Kind::parse(&self.0.kind).map(CategoryKind::from);
        kind.ok_or_else(|| Error::internal("a category is of an unknown kind", self.0.kind.as_str()))
    }

    /// The category above; null at the top.
    async fn parent(&self, ctx: &Context<'_>) -> Related<Category> {
        ctx.loaders().categories.related(self.0.parent_id, Category).await
    }

    /// The colour in charts, as `#rrggbb`; null when none was chosen.
    async fn colour(&self) -> Option<&str> {
        self.0.colour.as_deref()
    }

    /// The name of an icon, for front ends; null when none was chosen.
    async fn icon(&self) -> Option<&str> {
        self.0.icon.as_deref()
    }

    /// The categories right below it, in the order in which they were made; null only when they could not be loaded.
    async fn children(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Related<Connection<Category>> {
        let window = Window { first, after, last, before };
        Some(query::list_of_parent(ctx, self.0.id, &window).await)
    }

    /// The transactions in it, the newest first; null only when they could not be loaded.
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Related<Connection<Transaction>> {
        let window = Window { first, after, last, before };
        Some(transactions::query::list_of_parent(ctx, Parent::Category, self.0.id, &window).await)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}
