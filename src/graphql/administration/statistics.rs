//! How much there is of everything, for admins: one statement for each kind of row that is asked for, however many there are.

use async_graphql::{Context, Object, SimpleObject};

use crate::error::Result;
use crate::graphql::context::RequestContext;
use crate::graphql::emails::object::ExtractionStatus;
use crate::graphql::jobs::object::JobState;
use crate::graphql::llm_usages::cost::{self, LlmCost};
use crate::graphql::scalars::int;
use crate::graphql::transactions::aggregate::PeriodInput;
use crate::jobs::statistics::count_by_state;
use crate::mailbox;
use crate::mailbox::email_text::count_by_status;
use crate::transactions;
use crate::users::directory;
use crate::viewer::Visibility;

/// The fields of the query root.
#[derive(Default)]
pub struct StatisticsQuery;

/// The object behind `statistics`.
pub struct Statistics;

/// How many users there are.
#[derive(SimpleObject)]
pub struct UserStatistics {
    /// All of them.
    all: i32,
    /// Those who may sign in.
    active: i32,
    /// The admins who may sign in.
    admins: i32,
}

/// How many mails have come to the same.
#[derive(SimpleObject)]
pub struct EmailStatistic {
    /// What became of them.
    extraction_status: ExtractionStatus,
    /// How many they are.
    count: i32,
}

/// How many jobs are in one state.
#[derive(SimpleObject)]
pub struct JobStatistic {
    /// The state.
    state: JobState,
    /// How many they are.
    count: i32,
}

/// How much there is of everything, of all users together. What is not asked for is not counted.
#[Object]
impl Statistics {
    /// The users.
    async fn users(&self, ctx: &Context<'_>) -> Result<UserStatistics> {
        let found = directory::counts(&mut *ctx.conn().await?).await?;
        let (all, active, admins) = (int(found.all), int(found.active), int(found.admins));
        Ok(UserStatistics { all, active, admins })
    }

    /// The mails, by what became of them; without those that were deleted.
    async fn emails(&self, ctx: &Context<'_>) -> Result<Vec<EmailStatistic>> {
        let found = count_by_status(&mut *ctx.conn().await?).await?;
        let shown = |(status, number): (mailbox::ExtractionStatus, i64)| EmailStatistic {
            extraction_status: status.into(),
            count: int(number),
        };
        Ok(found.into_iter().map(shown).collect())
    }

    /// The transactions; without those that were deleted.
    async fn transaction_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let everything = transactions::Filter::default();
        Ok(int(transactions::count(&mut *ctx.conn().await?, Visibility::Everyone, &everything).await?))
    }

    /// The jobs that are kept, by their state.
    async fn jobs(&self, ctx: &Context<'_>) -> Result<Vec<JobStatistic>> {
        let found = count_by_state(&mut *ctx.conn().await?).await?;
        Ok(found
            .into_iter()
            .map(|(state, number)| JobStatistic { state: state.into(), count: int(number) })
            .collect())
    }

    /// What the calls of language models cost, by day and user: the newest day first, and on it the largest cost. Days and users
    /// without calls are left out.
    async fn llm_costs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The days that count, in UTC.")] period: PeriodInput,
        #[graphql(desc = "How many sums, 1 to 100; 25 unless given.")] first: Option<i32>,
    ) -> Result<Vec<LlmCost>> {
        cost::list(ctx, Visibility::Everyone, &period, first).await
    }
}

#[Object]
#[expect(clippy::unused_async, reason = "the derive wants each resolver async")]
impl StatisticsQuery {
    /// How much there is of everything, of all users together. For admins.
    async fn statistics(&self, ctx: &Context<'_>) -> Result<Statistics> {
        ctx.admin()?;
        Ok(Statistics)
    }
}
