//! Objects that are read at once and written down as JSON. The engine boxes a future for each field of each row and keeps each object as
//! a map until the whole answer is there; what has nothing to wait for needs neither.

use std::borrow::Cow;
use std::future::Future;
use std::pin::pin;
use std::slice::from_ref;
use std::task::{Context, Poll, Waker};
use std::vec::IntoIter;

use async_graphql::parser::types::{Field, Selection};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::{ContainerType, resolve_container, resolve_list};
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerError, ServerResult, Value};
use futures_util::FutureExt;
use futures_util::future::try_join_all;

use crate::graphql::json;

/// An object whose fields have nothing to wait for, but for some.
pub trait Ready: ContainerType {
    /// The fields that wait: for the database, or for what other fields load.
    const WAITING: &'static [&'static str];

    /// True when this object holds what that field of [`Ready::WAITING`] would wait for.
    fn holds(&self, _field: &str) -> bool {
        false
    }
}

/// The object, read at once. In the schema it is the object itself.
pub struct AtOnce<T>(pub T);

/// Objects, all of them read at once. In the schema they are a list of the objects.
pub struct AllAtOnce<T>(pub Vec<T>);

/// What fields came to that were waited for, in the order in which they are written.
type Waited = IntoIter<Value>;

/// What most fields take as text, with their names. Text that turns out longer grows.
const FIELD_BYTES: usize = 48;
/// The most room that is taken before there is any text.
const MOST_ROOM: usize = 64 * 1024;

/// What a request carries when no two of its fields that lead to something have one name. What is written down cannot be put together
/// with another answer of the same name, so other requests are left to the engine.
pub struct AsksOnce;

impl<T: Ready> Ready for &T {
    const WAITING: &'static [&'static str] = T::WAITING;

    fn holds(&self, field: &str) -> bool {
        T::holds(self, field)
    }
}

impl<T: Ready> OutputType for AtOnce<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        let Some(fields) = fields::<T>(ctx) else { return resolve_container(ctx, &self.0).boxed().await };
        let object = from_ref(&self.0);
        let mut waited = if is_waited_for(object, &fields) {
            wait(object, &fields, |_| ctx.clone()).boxed().await?
        } else {
            Waited::default()
        };
        let mut text = room(fields.len());
        write(ctx, &self.0, &fields, &mut waited, &mut text)?;
        Ok(Value::Binary(text.into()))
    }
}

impl<T: Ready> OutputType for AllAtOnce<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let objects = &self.0[..];
        let Some(fields) = fields::<T>(ctx) else {
            return resolve_list(ctx, field, objects, Some(objects.len())).boxed().await;
        };
        let mut waited = if is_waited_for(objects, &fields) {
            wait(objects, &fields, |index| ctx.with_index(index)).boxed().await?
        } else {
            Waited::default()
        };
        let mut text = room(fields.len().saturating_mul(objects.len()));
        text.push(b'[');
        for (index, object) in objects.iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            let ctx = ctx.with_index(index);
            write(&ctx, object, &fields, &mut waited, &mut text)?;
        }
        text.push(b']');
        Ok(Value::Binary(text.into()))
    }
}

/// A field that is selected.
struct Selected<'a> {
    field: &'a Positioned<Field>,
    /// Whether objects of this type may have to wait for it.
    may_wait: bool,
}

impl Selected<'_> {
    fn waits<T: Ready>(&self, object: &T) -> bool {
        self.may_wait && !object.holds(&self.field.node.name.node)
    }
}

/// The fields to write; nothing for a request that is left to the engine. The guard has put them in the place of fragments, and has
/// decided what is skipped.
fn fields<'a, T: Ready>(ctx: &ContextSelectionSet<'a>) -> Option<Vec<Selected<'a>>> {
    ctx.data_opt::<AsksOnce>()?;
    let selected = ctx.item.node.items.iter().map(|selection| match &selection.node {
        Selection::Field(field) if field.node.directives.is_empty() => {
            let may_wait = T::WAITING.contains(&field.node.name.node.as_str());
            Some(Selected { field, may_wait })
        }
        _ => None,
    });
    selected.collect()
}

/// Room for the text of that many fields, where it is not a great many.
fn room(fields: usize) -> Vec<u8> {
    Vec::with_capacity(fields.saturating_mul(FIELD_BYTES).min(MOST_ROOM))
}

fn is_waited_for<T: Ready>(objects: &[T], fields: &[Selected<'_>]) -> bool {
    objects.iter().any(|object| fields.iter().any(|selected| selected.waits(object)))
}

/// What the fields that wait come to, all of them at the same time, object by object.
async fn wait<'a, T: Ready>(
    objects: &'a [T],
    fields: &'a [Selected<'a>],
    context: impl Fn(usize) -> ContextSelectionSet<'a>,
) -> ServerResult<Waited> {
    let mut waiting = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        for Selected { field, .. } in fields.iter().filter(|selected| selected.waits(object)) {
            let ctx = context(index);
            waiting.push(async move {
                object.resolve_field(&ctx.with_field(field)).await.map(Option::unwrap_or_default)
            });
        }
    }
    Ok(try_join_all(waiting).await?.into_iter())
}

/// Writes an object; the fields that wait have been waited for.
fn write<T: Ready>(
    ctx: &ContextSelectionSet<'_>,
    object: &T,
    fields: &[Selected<'_>],
    waited: &mut Waited,
    text: &mut Vec<u8>,
) -> ServerResult<()> {
    text.push(b'{');
    for (place, selected) in fields.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        let Selected { field, .. } = selected;
        json::write_key(field.node.response_key().node.as_str(), text);
        let value = if selected.waits(object) {
            let missing = || ServerError::new("a field that was waited for has no value", Some(field.pos));
            waited.next().ok_or_else(missing)?
        } else {
            read(ctx, object, field)?
        };
        json::write(&value, text);
    }
    text.push(b'}');
    Ok(())
}

/// The value of a field that does not wait.
fn read<T: Ready>(
    ctx: &ContextSelectionSet<'_>,
    object: &T,
    field: &Positioned<Field>,
) -> ServerResult<Value> {
    let name = field.node.name.node.as_str();
    if name == "__typename" {
        return Ok(Value::String(T::type_name().into_owned()));
    }
    // Polled where it is made: it is large, and would be moved for each field.
    let ctx = ctx.with_field(field);
    let reading = pin!(object.resolve_field(&ctx));
    if let Poll::Ready(read) = reading.poll(&mut Context::from_waker(Waker::noop())) {
        return Ok(read?.unwrap_or_default());
    }
    // The tests come by every field, so this is a fault that nobody sees but them.
    let message = format!("{}.{name} waits, and is not said to", T::type_name());
    debug_assert!(false, "{message}");
    Err(ServerError::new(message, Some(field.pos)))
}
