//! Related objects of which no more than the id and the name are asked for: both come with the row that they hang on.

use std::borrow::Cow;
use std::marker::PhantomData;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::{ContainerType, resolve_container};
use async_graphql::{
    Context, ContextSelectionSet, ID, Lookahead, OutputType, Positioned, SelectionField, ServerError,
    ServerResult, Value,
};
use uuid::Uuid;

use crate::graphql::at_once::{AtOnce, Ready};
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::{ByKey, Related};

/// A related object: read whole, or only as much of it as is asked for. In the schema it is the object itself.
pub enum Reference<T> {
    /// All of it.
    Whole(AtOnce<T>),
    /// Its id and its name.
    Named(AtOnce<Named<T>>),
}

/// The id and the name of an object.
pub struct Named<T> {
    id: ID,
    name: String,
    object: PhantomData<fn() -> T>,
}

/// What is asked of the rows of a connection.
pub fn of_connection<'a>(ctx: &'a Context<'a>) -> [Lookahead<'a>; 2] {
    let connection = ctx.look_ahead();
    [connection.field("nodes"), connection.field("edges").field("node")]
}

/// True when somebody asks for that relation of rows, and nobody for more of it than its id and its name.
pub fn suffices(rows: &[Lookahead<'_>], relation: &str) -> bool {
    let asked: Vec<_> = rows.iter().flat_map(|row| row.field(relation).selection_fields()).collect();
    let mut below = asked.iter().flat_map(SelectionField::selection_set);
    !asked.is_empty() && below.all(|field| matches!(field.name(), "id" | "name" | "__typename"))
}

impl<T> Reference<T> {
    /// The object with that id: with the name alone, where the name came with the row; otherwise `whole` makes it of its own row.
    pub async fn find<Row: Clone + Send + Sync + 'static>(
        rows: &ByKey<Row>,
        node_type: NodeType,
        id: Option<Uuid>,
        name: Option<&String>,
        whole: fn(Row) -> T,
    ) -> Related<Self> {
        if let Some((id, name)) = id.zip(name) {
            let named = Named { id: node_type.id(id), name: name.clone(), object: PhantomData };
            return Some(Ok(Self::Named(AtOnce(named))));
        }
        rows.related(id, |row| Self::Whole(AtOnce(whole(row)))).await
    }
}

impl<T: Ready> OutputType for Reference<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match self {
            Self::Whole(object) => object.resolve(ctx, field).await,
            Self::Named(object) => object.resolve(ctx, field).await,
        }
    }
}

impl<T: Ready> Ready for Named<T> {
    const WAITING: &'static [&'static str] = &[];
}

impl<T: Ready> ContainerType for Named<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        match ctx.item.node.name.node.as_str() {
            "id" => Ok(Some(Value::String(self.id.to_string()))),
            "name" => Ok(Some(Value::String(self.name.clone()))),
            more => Err(ServerError::new(
                format!("{}.{more} was asked for and not foreseen", T::type_name()),
                Some(ctx.item.pos),
            )),
        }
    }
}

impl<T: Ready> OutputType for Named<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}
