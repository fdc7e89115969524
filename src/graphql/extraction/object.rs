//! The object `Extraction`.

use async_graphql::{Context, Enum, ID, Object};

use crate::error::{Error, Result};
use crate::extraction::{draft, run};
use crate::graphql::at_once::Ready;
use crate::graphql::context::RequestContext;
use crate::graphql::emails::object::Email;
use crate::graphql::global_id::NodeType;
use crate::graphql::jobs::object::Job;
use crate::graphql::loaders::Related;
use crate::graphql::scalars::DateTime;

/// The object over a row.
pub struct Extraction(pub run::Extraction);

impl Ready for Extraction {
    const WAITING: &'static [&'static str] = &["email", "job"];
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "EmailKind", remote = "draft::Kind")]
pub enum EmailKind {
    /// Something was bought.
    Purchase,
    /// A card payment was authorised and may still change.
    Authorisation,
    /// An amount was booked on an account.
    Posted,
    /// A payment was refused.
    Declined,
    /// A payment was undone.
    Reversal,
    /// A merchant paid back.
    Refund,
    /// Money moved between accounts or people.
    Transfer,
    /// Cash was drawn or paid in.
    Cash,
    /// Salary, interest and other money in.
    Income,
    /// The bank took a fee.
    Fee,
    /// A summary of an account.
    Statement,
    /// An amount that will be taken or is to be paid.
    BillDue,
    /// Somebody asks for money, or the user is asked to confirm.
    PaymentRequest,
    /// An account's balance and nothing else.
    Balance,
    /// An order was placed.
    Order,
    /// A parcel is on its way.
    Shipping,
    /// A subscription changed.
    Subscription,
    /// A code to confirm something with.
    OneTimePassword,
    /// Advertising.
    Marketing,
    /// A login, a changed password, a blocked card.
    Security,
    /// Nothing of the kind.
    Unrelated,
}

/// What came of reading a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "ExtractionOutcome", remote = "run::Outcome")]
pub enum ExtractionOutcome {
    /// Everything in it that is a transaction was filed.
    Filed,
    /// Something in it waits for a person.
    InReview,
    /// No transaction was in it.
    Nothing,
    /// It could not be read.
    Failed,
}

/// One reading of a mail: what read it, and what it took it for.
#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl Extraction {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::Extraction.id(self.0.id)
    }

    /// The mail; null when that was deleted.
    async fn email(&self, ctx: &Context<'_>) -> Related<Email> {
        ctx.loaders().emails.related(Some(self.0.email_id), Email).await
    }

    /// The name of what read the mail.
    async fn extractor(&self) -> &str {
        &self.0.extractor
    }

    /// Its version.
    async fn extractor_version(&self) -> i32 {
        self.0.extractor_version
    }

    /// What the mail is about.
    async fn kind(&self) -> Result<EmailKind> {
        let kind = draft::Kind::parse(&self.0.kind).map(EmailKind::from);
        kind.ok_or_else(|| Error::internal("an extraction is of an unknown kind", self.0.kind.as_str()))
    }

    /// Why it was taken for that.
    async fn kind_reason(&self) -> &str {
        &self.0.kind_reason
    }

    /// What came of it.
    async fn outcome(&self) -> Result<ExtractionOutcome> {
        let outcome = run::Outcome::parse(&self.0.outcome).map(ExtractionOutcome::from);
        outcome
            .ok_or_else(|| Error::internal("an extraction has an unknown outcome", self.0.outcome.as_str()))
    }

    /// The job that ran it; null for one outside of jobs, and when the job is gone: jobs are not kept for ever.
    async fn job(&self, ctx: &Context<'_>) -> Related<Job> {
        ctx.loaders().jobs.related(self.0.job_id, Job).await
    }

    /// When the mail was read.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}
