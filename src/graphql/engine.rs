//! The one place that touches async-graphql's Schema, Request and Response: documents go in, answers come out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::time::Duration;

use apollo_compiler::Schema as TypedSchema;
use apollo_compiler::validation::Valid;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument};
use async_graphql::{
    Data, ObjectType, Pos, Positioned, Request, Response, SDLExportOptions, Schema, SchemaBuilder,
    SubscriptionType, ValidationMode, Value,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, StreamExt, unfold};
use tokio::time::Instant;
use uuid::Uuid;

use crate::error::{Error, Result, whole_seconds};
use crate::graphql::at_once::AsksOnce;
pub use crate::graphql::error::{Refusal, RequestCode};
use crate::graphql::error::{Shown, show};
use crate::graphql::guard::allowance::{Allowances, Payer, Spent};
use crate::graphql::guard::limits::Limits;
pub use crate::graphql::guard::source::{DocumentSource, is_document_id};
use crate::graphql::guard::{Admitted, Guard, scopes};
pub use crate::graphql::guard::{Allowed, Incoming};
use crate::graphql::json;
use crate::viewer::Viewer;

/// Who sends a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The signed-in user, where there is one.
    pub viewer: Option<Viewer>,
    /// The address that the request came from, where one is known.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The id that the answer and the log carry.
    pub request_id: Uuid,
    /// How long the access token is still good; `None` for a caller without one.
    pub good_for: Option<Duration>,
}

/// Puts what resolvers need into a request: the application, the caller, fresh loaders.
pub type Attach = Box<dyn Fn(&mut Data, Caller) + Send + Sync>;

/// Executes GraphQL requests, after the guard has let them pass.
pub struct Engine {
    guard: Guard,
    allowances: Option<Allowances>,
    sdl: String,
    /// The most errors of one answer.
    errors: usize,
    attach: Attach,
    run: Box<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>,
    follow: Box<dyn Fn(Request) -> BoxStream<'static, Response> + Send + Sync>,
}

/// The answer to one request, ready to be sent.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The JSON text.
    pub body: Vec<u8>,
    /// What became of the request.
    pub outcome: Outcome,
    /// How many seconds to wait before the next try, where waiting helps.
    pub retry_after_seconds: Option<u64>,
    /// The price of the operation; 0 when it was refused before it had one.
    pub cost: u64,
}

/// The answers to one operation, as they come.
pub struct Answers {
    /// True for a subscription, which may go on for ever.
    pub is_subscription: bool,
    /// One answer to a query or a mutation; one for each event of a subscription.
    pub stream: BoxStream<'static, Answer>,
}

/// What became of a request, as far as a transport needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was executed; single fields may have failed.
    Executed,
    /// It was executed and nothing came of it: no data, and all of its errors have this code.
    Failed(RequestCode),
    /// It was refused before execution.
    Refused(RequestCode),
}

impl Engine {
    /// Builds the schema and prepares the guard for it; an error when the printed schema is not valid.
    ///
    /// The builder has to come without extensions: even an empty one makes each field slower.
    pub fn new<Q, M, S>(builder: SchemaBuilder<Q, M, S>, limits: Limits, attach: Attach) -> Result<Self>
    where
        Q: ObjectType + 'static,
        M: ObjectType + 'static,
        S: SubscriptionType + 'static,
    {
        // Our guard has validated each document, and allows fewer levels than this.
        let levels = usize::try_from(limits.levels).unwrap_or(usize::MAX).saturating_add(1);
        let schema = builder
            .validation_mode(ValidationMode::Fast)
            .limit_recursive_depth(levels)
            .disable_suggestions()
            .finish();
        let sdl = print(&schema);
        let errors = limits.errors;
        let allowances = limits.allowance.map(Allowances::new);
        let guard = Guard::new(typed(&sdl)?, limits);
        let following = schema.clone();
        Ok(Self {
            guard,
            allowances,
            sdl,
            errors,
            attach,
            run: Box::new(move |request| {
                let schema = schema.clone();
                // Without tokio's budget of steps: it would cut a page of more than 64 rows into several batches of loads.
                async move { tokio::task::unconstrained(schema.execute(request)).await }.boxed()
            }),
            follow: Box::new(move |request| {
                let events = following.execute_stream(request);
                unfold(events, async |mut events| {
                    let response = tokio::task::unconstrained(events.next()).await?;
                    Some((response, events))
                })
                .boxed()
            }),
        })
    }

    /// The same engine with the trusted documents of the manifests, each read now; with `only` it answers no other.
    pub fn trusting(mut self, manifests: &[PathBuf], only: bool) -> Result<Self> {
        self.guard.trust(manifests, only)?;
        Ok(self)
    }

    /// How many documents are kept parsed: the trusted ones, and those that came and may be forgotten.
    pub fn documents(&self) -> Vec<(&'static str, usize)> {
        self.guard.documents()
    }

    /// The schema in the schema language, sorted, so that the same schema prints the same text.
    pub fn sdl(&self) -> &str {
        &self.sdl
    }

    /// Answers a query or a mutation.
    pub async fn execute(&self, incoming: Incoming, allowed: Allowed, caller: Caller) -> Answer {
        match self.admit(incoming, allowed, &caller) {
            Ok((admitted, ending)) => {
                let running = (self.run)(self.request(admitted, caller));
                ending.answer(AssertUnwindSafe(running).catch_unwind().await)
            }
            Err(refusal) => Answer::refused(&refusal),
        }
    }

    /// Answers any operation as a stream: a subscription with each of its events, anything else with one answer. Nothing
    /// happens before somebody asks the stream for more.
    pub fn follow(&self, incoming: Incoming, allowed: Allowed, caller: Caller) -> Result<Answers, Refusal> {
        let (admitted, ending) = self.admit(incoming, allowed, &caller)?;
        let is_subscription = admitted.is_subscription;
        // Its price was paid when it began; each event saying so again would say nothing.
        let ending = if is_subscription { Ending { spent: None, ..ending } } else { ending };
        let answers = AssertUnwindSafe((self.follow)(self.request(admitted, caller)))
            .catch_unwind()
            .map(move |ended| ending.answer(ended))
            .boxed();
        let stream = if is_subscription { until_refused(answers) } else { answers };
        Ok(Answers { is_subscription, stream })
    }

    /// Lets a request pass that the guard has nothing against and that the caller has paid for.
    fn admit(
        &self,
        incoming: Incoming,
        allowed: Allowed,
        caller: &Caller,
    ) -> Result<(Admitted, Ending), Refusal> {
        let payer = Payer::of(caller.viewer.as_ref().map(|viewer| viewer.user_id), caller.address);
        let paying = self.allowances.as_ref().zip(payer);
        paying.map(|(all, payer)| all.check(payer, Instant::now())).transpose()?;
        let admit = || {
            let admitted = self.guard.admit(incoming, allowed, caller.viewer.is_some())?;
            if let Some(viewer) = &caller.viewer {
                scopes::check(&admitted.scopes, viewer.scopes)?;
            }
            let pay = |(all, payer): (&Allowances, Payer)| all.spend(payer, admitted.cost, Instant::now());
            let spent = paying.map(pay).transpose()?;
            Ok((admitted, spent))
        };
        let (admitted, spent) = admit().inspect_err(|_| {
            // It was read, whatever it was refused for.
            if let Some((all, payer)) = paying {
                all.charge(payer, self.guard.price_of_refusal(), Instant::now());
            }
        })?;
        let ending =
            Ending { request_id: caller.request_id, cost: admitted.cost, errors: self.errors, spent };
        Ok((admitted, ending))
    }

    /// The text of the document is left out: the engine has it parsed, and can never parse it again.
    fn request(&self, admitted: Admitted, caller: Caller) -> Request {
        let operation = Positioned::new(admitted.operation, Pos::default());
        let document = ExecutableDocument {
            operations: DocumentOperations::Single(operation),
            fragments: HashMap::default(),
        };
        let mut request = Request::new(String::new()).variables(admitted.variables);
        request.set_parsed_query(document);
        if admitted.asks_once {
            request.data.insert(AsksOnce);
        }
        (self.attach)(&mut request.data, caller);
        request
    }
}

impl Answer {
    /// The answer to a request that is refused before execution.
    pub fn refused(refusal: &Refusal) -> Self {
        Self {
            body: refusal.body(),
            outcome: Outcome::Refused(refusal.code),
            retry_after_seconds: refusal.retry_after.map(whole_seconds),
            cost: 0,
        }
    }

    /// The answer to a request that one of our errors stopped; a fault of ours is logged here.
    pub fn stopped(error: &Error, request_id: Uuid) -> Self {
        Self::refused(&Shown::of(error, request_id).into_refusal())
    }
}

/// What the answer to an execution is made with, beside what came of it.
#[derive(Clone, Copy)]
struct Ending {
    request_id: Uuid,
    cost: u64,
    /// The most errors that are reported.
    errors: usize,
    /// What the answer says of its price.
    spent: Option<Spent>,
}

impl Ending {
    /// The answer to an execution that came to its end, or broke off in a panic, whose text nobody sees.
    fn answer(self, ended: std::thread::Result<Response>) -> Answer {
        if let Ok(response) = ended {
            return self.executed(response);
        }
        tracing::error!(request_id = %self.request_id, "a resolver panicked");
        Answer::refused(&Shown::masked(self.request_id).into_refusal())
    }

    fn executed(self, mut response: Response) -> Answer {
        let shown = show(&mut response.errors, self.request_id);
        let retry_after_seconds = shown.iter().filter_map(|shown| shown.retry_after).map(whole_seconds).max();
        let outcome = match shown.first() {
            Some(first)
                if response.data == Value::Null && shown.iter().all(|other| other.code == first.code) =>
            {
                Outcome::Failed(first.code)
            }
            _ => Outcome::Executed,
        };
        // A page of rows that all fail says nothing more after the first few.
        response.errors.truncate(self.errors);
        if let Some(spent) = self.spent.and_then(|spent| Value::from_json(spent.shown()).ok()) {
            response.extensions.insert("cost".to_owned(), spent);
        }
        match body(&response) {
            Ok(body) => Answer { body, outcome, retry_after_seconds, cost: self.cost },
            Err(error) => {
                Answer::stopped(&Error::internal("an answer could not be written", error), self.request_id)
            }
        }
    }
}

/// The answer as the specification has it written down.
fn body(response: &Response) -> serde_json::Result<Vec<u8>> {
    let mut text = b"{\"data\":".to_vec();
    json::write(&response.data, &mut text);
    if !response.extensions.is_empty() {
        text.extend_from_slice(b",\"extensions\":");
        serde_json::to_writer(&mut text, &response.extensions)?;
    }
    if !response.errors.is_empty() {
        text.extend_from_slice(b",\"errors\":");
        serde_json::to_writer(&mut text, &response.errors)?;
    }
    text.push(b'}');
    Ok(text)
}

/// A subscription whose first answer is nothing but errors did not begin: the engine answers so when the field's own resolver
/// fails, and by the specification that is an error of the request (`CreateSourceEventStream`).
fn until_refused(answers: BoxStream<'static, Answer>) -> BoxStream<'static, Answer> {
    let begun = (Some(answers), true);
    unfold(begun, async |(answers, is_first)| {
        let mut answers = answers?;
        let mut answer = answers.next().await?;
        if is_first && let Outcome::Failed(code) = answer.outcome {
            answer.outcome = Outcome::Refused(code);
            answer.body = without_data(answer.body);
            return Some((answer, (None, false)));
        }
        Some((answer, (Some(answers), false)))
    })
    .boxed()
}

/// An answer as it is when nothing was executed.
fn without_data(body: Vec<u8>) -> Vec<u8> {
    match serde_json::from_slice::<serde_json::Value>(&body) {
        Ok(answer) => serde_json::json!({ "errors": answer["errors"] }).to_string().into_bytes(),
        Err(_) => body,
    }
}

fn print<Q, M, S>(schema: &Schema<Q, M, S>) -> String
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    let options = SDLExportOptions::new().include_specified_by();
    schema.sdl_with_options(options.sorted_fields().sorted_arguments().sorted_enum_items().use_space_ident())
}

/// The printed schema as the guard reads it. `isOneOf` is in the engine's introspection; the reader does not know it.
fn typed(sdl: &str) -> Result<Valid<TypedSchema>> {
    let sdl = format!("{sdl}\nextend type __Type {{ isOneOf: Boolean }}\n");
    TypedSchema::parse_and_validate(sdl, "schema.graphql")
        .map_err(|invalid| Error::internal("the printed schema is not valid", invalid.errors.to_string()))
}

#[cfg(test)]
pub(crate) mod test_schema;
#[cfg(test)]
mod tests;
