//! The object `LlmUsage`.

use async_graphql::{Context, Enum, ID, Object};

use crate::error::{Error, Result};
use crate::extraction::llm_usage;
use crate::graphql::at_once::Ready;
use crate::graphql::context::RequestContext;
use crate::graphql::emails::object::Email;
use crate::graphql::extraction::object::Extraction;
use crate::graphql::global_id::NodeType;
use crate::graphql::jobs::object::Job;
use crate::graphql::loaders::Related;
use crate::graphql::scalars::{DateTime, Decimal};

/// The object over a row.
pub struct LlmUsage(pub llm_usage::LlmUsage);

impl Ready for LlmUsage {
    const WAITING: &'static [&'static str] = &["email", "extraction", "job"];
}

/// What came of a call of a language model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "LlmCallOutcome", remote = "llm_usage::CallOutcome")]
pub enum LlmCallOutcome {
    /// An answer of the form that was asked for.
    Answered,
    /// An answer that was cut off.
    Truncated,
    /// The model would not answer.
    Refused,
    /// An answer of another form.
    Invalid,
    /// The server asked to wait.
    RateLimited,
    /// No answer.
    Failed,
}

/// One call of a language model about a mail.
#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl LlmUsage {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::LlmUsage.id(self.0.id)
    }

    /// The model, as its server names it.
    async fn model(&self) -> &str {
        &self.0.model
    }

    /// Tokens sent; null when the server did not say.
    async fn input_tokens(&self) -> Option<i32> {
        self.0.input_tokens
    }

    /// Tokens answered; null when the server did not say.
    async fn output_tokens(&self) -> Option<i32> {
        self.0.output_tokens
    }

    /// What it cost, in US dollars; null for a model whose price is not known.
    async fn cost_usd(&self) -> Option<Decimal> {
        self.0.cost_usd.map(|cost| Decimal(cost.normalize()))
    }

    /// How long it took, in milliseconds.
    async fn latency_milliseconds(&self) -> i32 {
        self.0.latency_ms
    }

    /// What came of it.
    async fn outcome(&self) -> Result<LlmCallOutcome> {
        let outcome = llm_usage::CallOutcome::parse(&self.0.outcome).map(LlmCallOutcome::from);
        outcome.ok_or_else(|| Error::internal("a call has an unknown outcome", self.0.outcome.as_str()))
    }

    /// The mail that the model was asked about; null when that was deleted.
    async fn email(&self, ctx: &Context<'_>) -> Related<Email> {
        ctx.loaders().emails.related(Some(self.0.email_id), Email).await
    }

    /// The reading that used the answer; null when none did.
    async fn extraction(&self, ctx: &Context<'_>) -> Related<Extraction> {
        ctx.loaders().extractions.related(self.0.extraction_id, Extraction).await
    }

    /// The job that called; null when it is gone: jobs are not kept for ever.
    async fn job(&self, ctx: &Context<'_>) -> Related<Job> {
        ctx.loaders().jobs.related(Some(self.0.job_id), Job).await
    }

    /// When the call was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
