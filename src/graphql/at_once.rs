//! Objects that are read at once. The engine boxes a future for each field of each row, as large as that of the field which needs
//! most; a field that has nothing to wait for needs none.

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::indexmap::map::Entry;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::{ContainerType, resolve_container};
use async_graphql::{ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value};
use futures_util::FutureExt;
use futures_util::future::try_join_all;

/// An object whose fields have nothing to wait for, but for some.
pub trait Ready: ContainerType {
    /// The fields that wait: for the database, or for what other fields load.
    const WAITING: &'static [&'static str];
}

/// The object, read at once. In the schema it is the object itself.
pub struct AtOnce<T>(pub T);

impl<T: Ready> Ready for &T {
    const WAITING: &'static [&'static str] = T::WAITING;
}

impl<T: Ready> OutputType for AtOnce<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        let selected = &ctx.item.node;
        let mut fields = Vec::with_capacity(selected.items.len());
        if !flatten::<T>(ctx, selected, &mut fields) || is_merged(&fields) {
            return resolve_container(ctx, &self.0).await;
        }
        let mut values = IndexMap::with_capacity(fields.len());
        let mut waiting = Vec::new();
        for field in fields {
            let Entry::Vacant(place) = values.entry(field.node.response_key().node.clone()) else { continue };
            let value = read(ctx, field, &self.0)?;
            if value.is_none() {
                waiting.push((place.index(), field));
            }
            place.insert(value.unwrap_or_default());
        }
        wait(ctx, &self.0, &mut values, waiting).await?;
        Ok(Value::Object(values))
    }
}

/// The selected fields without the fragments around them; false for directives, which are left to the engine.
fn flatten<'a, T: Ready>(
    ctx: &ContextSelectionSet<'a>,
    selected: &'a SelectionSet,
    fields: &mut Vec<&'a Positioned<Field>>,
) -> bool {
    selected.items.iter().all(|selection| {
        let (condition, selected) = match &selection.node {
            Selection::Field(field) => {
                fields.push(field);
                return field.node.directives.is_empty();
            }
            Selection::FragmentSpread(spread) => {
                let Some(fragment) = ctx.query_env.fragments.get(&spread.node.fragment_name.node) else {
                    return false;
                };
                (Some(&fragment.node.type_condition), &fragment.node.selection_set)
            }
            Selection::InlineFragment(fragment) => {
                (fragment.node.type_condition.as_ref(), &fragment.node.selection_set)
            }
        };
        let applies = condition.is_none_or(|condition| is_or_implements::<T>(ctx, &condition.node.on.node));
        !applies || flatten::<T>(ctx, &selected.node, fields)
    })
}

/// True when the answers to two fields of one name have to be put together. The same leaf twice is the same answer: so much the
/// validation has seen to.
fn is_merged(fields: &[&Positioned<Field>]) -> bool {
    let has_selection = |field: &Positioned<Field>| !field.node.selection_set.node.items.is_empty();
    fields.iter().enumerate().any(|(place, field)| {
        let name = &field.node.response_key().node;
        has_selection(field)
            && fields[..place].iter().any(|earlier| earlier.node.response_key().node == *name)
    })
}

fn is_or_implements<T: Ready>(ctx: &ContextSelectionSet<'_>, name: &str) -> bool {
    let object = T::type_name();
    object == name
        || ctx
            .schema_env
            .registry
            .implements
            .get(&*object)
            .is_some_and(|interfaces| interfaces.contains(name))
}

/// The value of a field, or nothing for one that waits.
fn read<T: Ready>(
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
    root: &T,
) -> ServerResult<Option<Value>> {
    let name = field.node.name.node.as_str();
    if name == "__typename" {
        return Ok(Some(Value::String(T::type_name().into_owned())));
    }
    if T::WAITING.contains(&name) {
        return Ok(None);
    }
    let read = root.resolve_field(&ctx.with_field(field)).now_or_never();
    debug_assert!(read.is_some(), "{}.{name} waits, and is not said to", T::type_name());
    // One that waits after all begins anew.
    read.map(|value| Ok(value?.unwrap_or_default())).transpose()
}

/// Fills in the fields that wait, all of them at the same time.
async fn wait<T: Ready>(
    ctx: &ContextSelectionSet<'_>,
    root: &T,
    values: &mut IndexMap<Name, Value>,
    waiting: Vec<(usize, &Positioned<Field>)>,
) -> ServerResult<()> {
    let fields = waiting.iter().map(async |(_, field)| root.resolve_field(&ctx.with_field(field)).await);
    for ((place, _), value) in waiting.iter().zip(try_join_all(fields).await?) {
        if let Some((_, waited)) = values.get_index_mut(*place) {
            *waited = value.unwrap_or_default();
        }
    }
    Ok(())
}
