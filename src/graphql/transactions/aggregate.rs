//! Sums over the ledger: what was spent on what, and what came in and went out. Each is in its own currency; nothing is converted.

use async_graphql::{Context, Enum, ID, InputObject, Object};

use crate::error::{Code, Error, Result};
use crate::graphql::accounts::object::Account;
use crate::graphql::at_once::{AllAtOnce, AtOnce, Ready};
use crate::graphql::categories::object::Category;
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::graphql::named::{self, Reference};
use crate::graphql::scalars::{Date, Money, int};
use crate::transactions::aggregate::{self, Period};
use crate::viewer::Visibility;

/// The most sums of one answer, or of each currency in it.
const MOST_ROWS: i32 = 100;
/// The sums, unless `first` says otherwise.
const DEFAULT_ROWS: i32 = 25;

/// Some days, the first and the last among them.
#[derive(InputObject)]
pub struct PeriodInput {
    /// The first day.
    from: Date,
    /// The last day.
    to: Date,
}

impl PeriodInput {
    /// The days, checked.
    pub fn parse(&self) -> Result<Period> {
        Period::parse(self.from.0, self.to.0)
    }
}

/// How many sums `first` asks for.
pub fn sums(first: Option<i32>) -> Result<i64> {
    let most = first.unwrap_or(DEFAULT_ROWS);
    if !(1..=MOST_ROWS).contains(&most) {
        let message = format!("`first` has to be from 1 to {MOST_ROWS}.");
        return Err(Error::rejected("first", Code::Invalid, message));
    }
    Ok(i64::from(most))
}

/// What spending is summed up by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(name = "SpendingGroup", remote = "aggregate::SpendingGroup")]
pub enum SpendingGroup {
    /// The category.
    #[default]
    Category,
    /// The merchant, ignoring case.
    Merchant,
    /// The account.
    Account,
}

/// The length of a part of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(name = "Interval", remote = "aggregate::Interval")]
pub enum Interval {
    /// A day.
    Day,
    /// A week, from Monday on.
    Week,
    /// A month of the calendar.
    #[default]
    Month,
    /// A year of the calendar.
    Year,
}

/// The object over a sum.
pub struct Spending(aggregate::Spending);

impl Ready for Spending {
    const WAITING: &'static [&'static str] = &["category", "account"];

    fn holds(&self, field: &str) -> bool {
        let id = if field == "category" { self.0.category_id } else { self.0.account_id };
        id.is_none() || self.0.name.is_some()
    }
}

/// What was spent on one thing, in one currency.
#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl Spending {
    /// The category; null for transactions without one, and when something else is summed up by.
    async fn category(&self, ctx: &Context<'_>) -> Related<Reference<Category>> {
        let (rows, id) = (&ctx.loaders().categories, self.0.category_id);
        Reference::find(rows, NodeType::Category, id, self.0.name.as_ref(), Category).await
    }

    /// The merchant; null for transactions without one, and when something else is summed up by.
    async fn merchant(&self) -> Option<&str> {
        self.0.merchant.as_deref()
    }

    /// The account; null when something else is summed up by.
    async fn account(&self, ctx: &Context<'_>) -> Related<Reference<Account>> {
        let (rows, id) = (&ctx.loaders().accounts, self.0.account_id);
        Reference::find(rows, NodeType::Account, id, self.0.name.as_ref(), Account).await
    }

    /// How much was spent. Refunds make it smaller; it is negative where more came back than went out.
    async fn spent(&self) -> Result<AtOnce<Money>> {
        Money::of(self.0.spent, &self.0.currency).map(AtOnce)
    }

    /// How many transactions that is, refunds among them.
    async fn transaction_count(&self) -> i32 {
        int(self.0.transaction_count)
    }
}

/// The object over the sums of an interval.
pub struct CashFlow(aggregate::CashFlow);

impl Ready for CashFlow {
    const WAITING: &'static [&'static str] = &[];
}

/// What came in and what went out in one interval, in one currency.
#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl CashFlow {
    /// The first day of the interval; it may lie before the period.
    async fn starts_on(&self) -> Date {
        Date(self.0.starts_on)
    }

    /// What was earned. Money that was taken back makes it smaller.
    async fn income(&self) -> Result<AtOnce<Money>> {
        Money::of(self.0.income, &self.0.currency).map(AtOnce)
    }

    /// What was spent. Refunds make it smaller.
    async fn spending(&self) -> Result<AtOnce<Money>> {
        Money::of(self.0.spending, &self.0.currency).map(AtOnce)
    }

    /// What was earned without what was spent.
    async fn net(&self) -> Result<AtOnce<Money>> {
        Money::of(self.0.income - self.0.spending, &self.0.currency).map(AtOnce)
    }

    /// How many transactions that is.
    async fn transaction_count(&self) -> i32 {
        int(self.0.transaction_count)
    }
}

/// The fields of the query root.
#[derive(Default)]
pub struct AggregateQuery;

#[Object]
impl AggregateQuery {
    /// What was spent in a period by the users whom the viewer may see: by currency, and in it the largest first. Transfers do not
    /// count, nor does what is void; refunds make the spending of an expense category smaller; nothing is converted.
    async fn spending(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The days that count.")] period: PeriodInput,
        #[graphql(desc = "What is summed up by.", default)] group_by: SpendingGroup,
        #[graphql(desc = "How many of each currency, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only this user's; another user than the viewer is for admins.")] user_id: Option<
            ID,
        >,
    ) -> Result<AllAtOnce<Spending>> {
        let visibility = ctx.visibility(user_id.as_ref())?;
        spending(ctx, visibility, &period, group_by, first).await
    }

    /// What came in and went out in each interval of a period, of the users whom the viewer may see: by interval, and in it by
    /// currency. Intervals without transactions are left out. Transfers do not count, nor does what is void; nothing is converted.
    async fn cash_flow(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The days that count, at most 400 intervals.")] period: PeriodInput,
        #[graphql(desc = "How long an interval is.", default)] interval: Interval,
        #[graphql(desc = "Only this user's; another user than the viewer is for admins.")] user_id: Option<
            ID,
        >,
    ) -> Result<AllAtOnce<CashFlow>> {
        let visibility = ctx.visibility(user_id.as_ref())?;
        cash_flow(ctx, visibility, &period, interval).await
    }
}

/// What was spent of the visible rows.
pub async fn spending(
    ctx: &Context<'_>,
    visibility: Visibility,
    period: &PeriodInput,
    group_by: SpendingGroup,
    first: Option<i32>,
) -> Result<AllAtOnce<Spending>> {
    let (period, most) = (period.parse()?, sums(first)?);
    let relation = if group_by == SpendingGroup::Category { "category" } else { "account" };
    let is_named = named::suffices(&[ctx.look_ahead()], relation);
    let conn = &mut *ctx.conn().await?;
    let rows = aggregate::spending(conn, visibility, period, group_by.into(), most).await?;
    let named = |row: aggregate::Spending| aggregate::Spending { name: row.name.filter(|_| is_named), ..row };
    Ok(AllAtOnce(rows.into_iter().map(|row| Spending(named(row))).collect()))
}

/// What came in and went out of the visible rows.
pub async fn cash_flow(
    ctx: &Context<'_>,
    visibility: Visibility,
    period: &PeriodInput,
    interval: Interval,
) -> Result<AllAtOnce<CashFlow>> {
    let period = period.parse()?;
    let conn = &mut *ctx.conn().await?;
    let rows = aggregate::cash_flow(conn, visibility, period, interval.into()).await?;
    Ok(AllAtOnce(rows.into_iter().map(CashFlow).collect()))
}
