//! The object `User`. Whatever hangs on it is that user's own, for an admin too.

use async_graphql::{Context, Enum, ID, Object};

use crate::error::Result;
use crate::graphql::accounts::input::{AccountFilter, AccountOrder};
use crate::graphql::accounts::object::Account;
use crate::graphql::api_tokens::object::ApiToken;
use crate::graphql::at_once::{AllAtOnce, Ready};
use crate::graphql::audit::input::AuditEntryFilter;
use crate::graphql::audit::object::AuditEntry;
use crate::graphql::categories::input::{CategoryFilter, CategoryOrder};
use crate::graphql::categories::object::Category;
use crate::graphql::connected_accounts::object::ConnectedAccount;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::emails::input::{EmailFilter, EmailOrder};
use crate::graphql::emails::object::Email;
use crate::graphql::extraction::input::ExtractionFilter;
use crate::graphql::extraction::object::Extraction;
use crate::graphql::global_id::NodeType;
use crate::graphql::jobs::input::JobFilter;
use crate::graphql::jobs::object::Job;
use crate::graphql::llm_usages::cost::LlmCost;
use crate::graphql::llm_usages::object::LlmUsage;
use crate::graphql::scalars::{CurrencyCode, DateTime};
use crate::graphql::sessions::object::Session;
use crate::graphql::sightings::input::SightingFilter;
use crate::graphql::sightings::object::Sighting;
use crate::graphql::transactions::aggregate::{
    self, CashFlow, Interval, PeriodInput, Spending, SpendingGroup,
};
use crate::graphql::transactions::input::{TransactionFilter, TransactionOrder};
use crate::graphql::transactions::object::Transaction;
use crate::graphql::{
    accounts, api_tokens, audit, categories, connected_accounts, emails, extraction, jobs, llm_usages,
    sessions, sightings, transactions,
};
use crate::users;
use crate::viewer::{self, Visibility};

/// The object over a row.
pub struct User(pub users::User);

impl Ready for User {
    const WAITING: &'static [&'static str] = &[
        "sessions",
        "apiTokens",
        "auditEntries",
        "categories",
        "accounts",
        "transactions",
        "jobs",
        "connectedAccounts",
        "emails",
        "sightings",
        "extractions",
        "llmUsages",
        "llmCosts",
        "spending",
        "cashFlow",
    ];
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "Role", remote = "viewer::Role")]
pub enum Role {
    /// Sees and changes the rows of one's own.
    User,
    /// Sees everyone's rows, too.
    Admin,
}

impl User {
    fn own(&self) -> Visibility {
        Visibility::Of(self.0.id)
    }
}

/// A person who signs in, with everything that is theirs.
#[Object]
impl User {
    /// The opaque id.
    pub async fn id(&self) -> ID {
        NodeType::User.id(self.0.id)
    }

    /// The name shown to people.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// The login name.
    async fn username(&self) -> &str {
        &self.0.username
    }

    /// The address for the server's own mails.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// What the user may do.
    async fn role(&self) -> Role {
        self.0.role().into()
    }

    /// False for a user who may not sign in.
    async fn is_active(&self) -> bool {
        self.0.is_active
    }

    /// The currency of totals.
    async fn base_currency(&self) -> CurrencyCode {
        CurrencyCode(self.0.base_currency.clone())
    }

    /// The zone whose days transactions are booked on, by its name in the IANA database.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// When the user last signed in with a password; null before the first time.
    async fn last_login_at(&self) -> Option<DateTime> {
        self.0.last_login_at.map(DateTime)
    }

    /// When the user registered.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// The devices that are signed in, in the order in which they did so.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Session>> {
        sessions::query::list(ctx, self.own(), &Window { first, after, last, before }).await
    }

    /// The user's personal API tokens, in the order in which they were made; those that were revoked, too.
    async fn api_tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ApiToken>> {
        api_tokens::query::list(ctx, self.own(), &Window { first, after, last, before }).await
    }

    /// What was done to the user and to what is theirs, the newest first.
    async fn audit_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<AuditEntryFilter>,
    ) -> Result<Connection<AuditEntry>> {
        audit::query::list(ctx, self.own(), filter, &Window { first, after, last, before }).await
    }

    /// The user's categories, in the order in which they were made unless `orderBy` says otherwise.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, each of them optional")]
    async fn categories(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<CategoryFilter>,
        #[graphql(desc = "The order of the list.", default)] order_by: CategoryOrder,
    ) -> Result<Connection<Category>> {
        let window = Window { first, after, last, before };
        categories::query::list(ctx, self.own(), filter, order_by, &window).await
    }

    /// The user's money accounts, in the order in which they were made unless `orderBy` says otherwise.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, each of them optional")]
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<AccountFilter>,
        #[graphql(desc = "The order of the list.", default)] order_by: AccountOrder,
    ) -> Result<Connection<Account>> {
        let window = Window { first, after, last, before };
        accounts::query::list(ctx, self.own(), filter, order_by, &window).await
    }

    /// The user's transactions, the newest first unless `orderBy` says otherwise.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, each of them optional")]
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<TransactionFilter>,
        #[graphql(desc = "The order of the list.", default)] order_by: TransactionOrder,
    ) -> Result<Connection<Transaction>> {
        let window = Window { first, after, last, before };
        transactions::query::list(ctx, self.own(), filter, order_by, &window).await
    }

    /// The jobs that run for the user, the newest first.
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<JobFilter>,
    ) -> Result<Connection<Job>> {
        jobs::query::list(ctx, self.own(), filter, &Window { first, after, last, before }).await
    }

    /// The user's mailboxes, in the order in which they were connected.
    async fn connected_accounts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<ConnectedAccount>> {
        connected_accounts::query::list(ctx, self.own(), &Window { first, after, last, before }).await
    }

    /// The user's mails, the newest first unless `orderBy` says otherwise.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, each of them optional")]
    async fn emails(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<EmailFilter>,
        #[graphql(desc = "The order of the list.", default)] order_by: EmailOrder,
    ) -> Result<Connection<Email>> {
        let window = Window { first, after, last, before };
        emails::query::list(ctx, self.own(), filter, order_by, &window).await
    }

    /// What was seen in the user's mails, in those that are not deleted, the newest first.
    async fn sightings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<SightingFilter>,
    ) -> Result<Connection<Sighting>> {
        let window = Window { first, after, last, before };
        sightings::query::list(ctx, self.own(), filter, &window).await
    }

    /// The readings of the user's mails, the newest first.
    async fn extractions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<ExtractionFilter>,
    ) -> Result<Connection<Extraction>> {
        let window = Window { first, after, last, before };
        extraction::query::list(ctx, self.own(), filter, &window).await
    }

    /// The calls of language models about the user's mails, the newest first.
    async fn llm_usages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<LlmUsage>> {
        let window = Window { first, after, last, before };
        llm_usages::query::list(ctx, self.own(), &window).await
    }

    /// What the calls of language models about the user's mails cost, by day: the newest first. Days without calls are left out.
    async fn llm_costs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The days that count, in UTC.")] period: PeriodInput,
        #[graphql(desc = "How many sums, 1 to 100; 25 unless given.")] first: Option<i32>,
    ) -> Result<Vec<LlmCost>> {
        llm_usages::cost::list(ctx, self.own(), &period, first).await
    }

    /// What the user spent in a period: by currency, and in it the largest first. Transfers do not count, nor does what is void; refunds
    /// make the spending of an expense category smaller; nothing is converted.
    async fn spending(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The days that count.")] period: PeriodInput,
        #[graphql(desc = "What is summed up by.", default)] group_by: SpendingGroup,
        #[graphql(desc = "How many of each currency, 1 to 100; 25 unless given.")] first: Option<i32>,
    ) -> Result<AllAtOnce<Spending>> {
        aggregate::spending(ctx, self.own(), &period, group_by, first).await
    }

    /// What came in and went out in each interval of a period: by interval, and in it by currency. Intervals without transactions are
    /// left out. Transfers do not count, nor does what is void; nothing is converted.
    async fn cash_flow(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The days that count, at most 400 intervals.")] period: PeriodInput,
        #[graphql(desc = "How long an interval is.", default)] interval: Interval,
    ) -> Result<AllAtOnce<CashFlow>> {
        aggregate::cash_flow(ctx, self.own(), &period, interval).await
    }
}
