//! A small schema with every shape of input and output that the guard and the engine treat in their own way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_graphql::{
    Context, EmptySubscription, Enum, InputObject, MaybeUndefined, Object, OneofObject, Scalar, ScalarType,
    Schema, SimpleObject, Subscription,
};
use futures_util::Stream;

use super::{Attach, Caller, Engine};
use crate::error::Error;
use crate::graphql::guard::limits::{Introspection, Limits};
use crate::graphql::loaders::gathering::Gathering;

pub(crate) struct Query;

/// What the field `panics` would answer, if it got so far.
const PANICS: i32 = 1;

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum Color {
    Red,
    Green,
}

/// A word without spaces.
struct Word(String);

#[Scalar(specified_by_url = "https://example.org/word")]
impl ScalarType for Word {
    fn parse(value: async_graphql::Value) -> async_graphql::InputValueResult<Self> {
        match value {
            async_graphql::Value::String(text) if !text.contains(' ') => Ok(Self(text)),
            _ => Err("a word has no spaces".into()),
        }
    }

    fn to_value(&self) -> async_graphql::Value {
        self.0.clone().into()
    }
}

#[derive(InputObject)]
struct Nested {
    name: String,
    note: MaybeUndefined<String>,
    #[graphql(default = 7)]
    size: i32,
    color: Option<Color>,
    tags: Option<Vec<String>>,
    child: Option<Box<Nested>>,
    choice: Option<Choice>,
}

#[derive(OneofObject)]
enum Choice {
    Id(async_graphql::ID),
    Name(String),
}

#[derive(SimpleObject)]
struct PageInfo {
    has_next_page: bool,
}

#[derive(SimpleObject)]
struct ItemEdge {
    cursor: String,
    node: Item,
}

#[derive(SimpleObject)]
struct ItemConnection {
    edges: Vec<ItemEdge>,
    nodes: Vec<Item>,
    page_info: PageInfo,
    total_count: i32,
}

pub(crate) struct Item;

/// A row whose related field fails together with that of its siblings.
struct Row {
    number: i32,
    related: Gathering<i32, Found>,
}

/// What one key of the loader leads to.
type Found = std::result::Result<i32, Arc<Error>>;

/// Finds nothing, and gives one error to every field that waits.
async fn away(keys: Vec<i32>) -> HashMap<i32, Found> {
    let error = Arc::new(Error::internal("reading the related rows", "the disk is on fire"));
    keys.into_iter().map(|key| (key, Err(Arc::clone(&error)))).collect()
}

#[Object]
impl Row {
    async fn number(&self) -> i32 {
        self.number
    }
    async fn related(&self) -> Option<Found> {
        self.related.find(self.number, away).await
    }
}

fn page(first: Option<i32>, last: Option<i32>) -> ItemConnection {
    let rows = first.or(last).unwrap_or(2).clamp(0, 2);
    ItemConnection {
        edges: (0..rows).map(|row| ItemEdge { cursor: row.to_string(), node: Item }).collect(),
        nodes: (0..rows).map(|_| Item).collect(),
        page_info: PageInfo { has_next_page: false },
        total_count: rows,
    }
}

#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async, also one that only fails")]
impl Item {
    async fn id(&self) -> i32 {
        1
    }
    async fn parent(&self) -> Item {
        Item
    }
    async fn items(&self, first: Option<i32>, last: Option<i32>) -> ItemConnection {
        page(first, last)
    }
    async fn nulled(&self) -> async_graphql::Result<Option<i32>> {
        Err(Error::Forbidden("Admins only.").into())
    }
    async fn broken(&self) -> Option<async_graphql::Result<i32>> {
        Some(Err(Error::internal("reading the row of ana@example.org", "the disk is on fire").into()))
    }
}

fn described(input: &Nested) -> String {
    let note = match &input.note {
        MaybeUndefined::Undefined => "absent",
        MaybeUndefined::Null => "null",
        MaybeUndefined::Value(text) => text,
    };
    let child = input.child.as_ref().map_or_else(String::new, |child| format!(" [{}]", described(child)));
    let tags = input.tags.as_ref().map_or_else(String::new, |tags| format!(" tags={}", tags.join("+")));
    let color = match input.color {
        None => "",
        Some(Color::Red) => " red",
        Some(Color::Green) => " green",
    };
    let choice = match &input.choice {
        None => String::new(),
        Some(Choice::Id(id)) => format!(" id={}", id.as_str()),
        Some(Choice::Name(name)) => format!(" name={name}"),
    };
    format!("{} note={note} size={}{color}{tags}{choice}{child}", input.name, input.size)
}

#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async, also one that only fails")]
impl Query {
    async fn hello(&self) -> &'static str {
        "world"
    }
    async fn greeting(&self, ctx: &Context<'_>) -> String {
        let caller = ctx.data_unchecked::<Caller>();
        if caller.viewer.is_some() { "hello, you".to_owned() } else { "hello, stranger".to_owned() }
    }
    async fn describe(&self, input: Nested) -> String {
        described(&input)
    }
    async fn all(&self, inputs: Vec<Nested>) -> Vec<String> {
        inputs.iter().map(described).collect()
    }
    async fn choose(&self, by: Choice) -> &'static str {
        match by {
            Choice::Id(_) => "id",
            Choice::Name(_) => "name",
        }
    }
    async fn count(&self, #[graphql(default = 5)] number: i32) -> i32 {
        number
    }
    async fn marked(&self, mark: MaybeUndefined<i32>) -> String {
        match mark {
            MaybeUndefined::Undefined => "absent".to_owned(),
            MaybeUndefined::Null => "null".to_owned(),
            MaybeUndefined::Value(value) => value.to_string(),
        }
    }
    async fn numbers(&self, list: Vec<Option<i32>>) -> String {
        format!("{list:?}")
    }
    async fn words(&self, list: Option<Vec<Vec<String>>>) -> String {
        format!("{list:?}")
    }
    async fn word(&self, word: Option<Word>) -> Option<Word> {
        word
    }
    async fn item(&self) -> Item {
        Item
    }
    async fn items(&self, first: Option<i32>, last: Option<i32>) -> ItemConnection {
        page(first, last)
    }
    async fn rows(&self, count: i32) -> Vec<Row> {
        let related = Gathering::default();
        (0..count).map(|number| Row { number, related: related.clone() }).collect()
    }
    async fn by_ids(&self, ids: Vec<async_graphql::ID>) -> Vec<Item> {
        ids.iter().map(|_| Item).collect()
    }
    async fn forbidden(&self) -> Option<async_graphql::Result<i32>> {
        Some(Err(Error::Forbidden("Admins only.").into()))
    }
    async fn away(&self) -> async_graphql::Result<i32> {
        Err(Error::Unavailable("The database did not answer.".to_owned()).into())
    }
    async fn limited(&self) -> async_graphql::Result<i32> {
        Err(Arc::new(Error::RateLimited { retry_after: Duration::from_secs(7) }).into())
    }
    async fn misconfigured(&self, ctx: &Context<'_>) -> async_graphql::Result<i32> {
        Ok(*ctx.data::<i32>()?)
    }
    async fn panics(&self) -> i32 {
        assert_eq!(PANICS, 0, "a resolver of the test schema");
        PANICS
    }
    async fn nap(&self) -> i32 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        1
    }
    async fn long(&self) -> String {
        "x".repeat(2_000_000)
    }
    async fn slow(&self) -> i32 {
        tokio::time::sleep(Duration::from_mins(1)).await;
        1
    }
}

pub(crate) struct Mutation(Arc<Mutex<u32>>);

#[Object]
impl Mutation {
    async fn login(&self, name: String, password: String) -> String {
        format!("{name}, with {} letters", password.len())
    }
    async fn sign_in(&self) -> &'static str {
        "signed in"
    }
    async fn later(&self) -> u32 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut counter = self.0.lock().unwrap();
        *counter += 1;
        *counter
    }
    async fn increment(&self) -> u32 {
        let mut counter = self.0.lock().unwrap();
        *counter += 1;
        *counter
    }
}

pub(crate) struct Ticks;

#[Subscription]
impl Ticks {
    async fn ticks(&self, to: i32) -> impl Stream<Item = i32> {
        assert!(to >= 0, "a subscription of the test schema");
        futures_util::stream::iter(1..=to)
    }
    async fn for_ever(&self) -> impl Stream<Item = i32> {
        futures_util::stream::pending()
    }
    async fn flood(&self) -> impl Stream<Item = String> {
        futures_util::stream::repeat_with(|| "x".repeat(10_000))
    }
    async fn refused(&self) -> async_graphql::Result<impl Stream<Item = i32>> {
        std::future::ready(()).await;
        Err::<futures_util::stream::Empty<i32>, _>(Error::Forbidden("Admins only.").into())
    }
}

/// The limits of the tests: the documented ones, with introspection for everyone.
pub(crate) fn limits() -> Limits {
    Limits {
        sign_in_fields: vec!["login".to_owned(), "signIn".to_owned()],
        introspection: Introspection::Everyone,
        ..Limits::default()
    }
}

/// An engine over the test schema.
pub(crate) fn engine(limits: Limits) -> Engine {
    let attach: Attach = Box::new(async_graphql::Data::insert);
    let builder = Schema::build(Query, Mutation(Arc::default()), Ticks);
    Engine::new(builder, limits, attach).unwrap()
}

/// The test schema without any of our settings, to show what the engine does on its own.
pub(crate) fn bare() -> Schema<Query, Mutation, EmptySubscription> {
    Schema::new(Query, Mutation(Arc::default()), EmptySubscription)
}
