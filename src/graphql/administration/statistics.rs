//! How much there is of everything, for admins: one statement for each kind of row, however many there are.

use async_graphql::{ComplexObject, Context, Object, SimpleObject};

use crate::error::Result;
use crate::graphql::context::RequestContext;
use crate::graphql::emails::object::ExtractionStatus;
use crate::graphql::jobs::object::JobState;
use crate::graphql::llm_usages::cost::{self, LlmCost};
use crate::graphql::scalars::int;
use crate::graphql::transactions::aggregate::PeriodInput;
use crate::jobs::statistics::count_by_state;
use crate::mailbox::email_text::count_by_status;
use crate::transactions;
use crate::users::directory;
use crate::viewer::Visibility;

/// The fields of the query root.
#[derive(Default)]
pub struct StatisticsQuery;

/// How much there is of everything, of all users together.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Statistics {
    /// The users.
    users: UserStatistics,
    /// The mails, by what became of them; without those that were deleted.
    emails: Vec<EmailStatistic>,
    /// The transactions; without those that were deleted.
    transaction_count: i32,
    /// The jobs that are kept, by their state.
    jobs: Vec<JobStatistic>,
}

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

#[ComplexObject]
impl Statistics {
    /// What the calls of language models cost, by day and user: the newest day first, and on it the largest cost. Days and users
    /// without calls are left out.
    async fn llm_costs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The days that count, in UTC.")] period: PeriodInput,
        #[graphql(desc = "How many sums, 1 to 100; 25 unless given.")] first: Option<i32>,
    ) -> Result<Vec<LlmCost>> {
        ctx.admin()?;
        cost::list(ctx, Visibility::Everyone, &period, first).await
    }
}

#[Object]
impl StatisticsQuery {
    /// How much there is of everything, of all users together. For admins.
    async fn statistics(&self, ctx: &Context<'_>) -> Result<Statistics> {
        ctx.admin()?;
        let conn = &mut *ctx.conn().await?;
        let (users, emails) = (directory::counts(conn).await?, count_by_status(conn).await?);
        let transactions =
            transactions::count(conn, Visibility::Everyone, &transactions::Filter::default()).await?;
        let jobs = count_by_state(conn).await?;
        Ok(Statistics {
            users: UserStatistics {
                all: int(users.all),
                active: int(users.active),
                admins: int(users.admins),
            },
            emails: emails
                .into_iter()
                .map(|(status, number)| EmailStatistic {
                    extraction_status: status.into(),
                    count: int(number),
                })
                .collect(),
            transaction_count: int(transactions),
            jobs: jobs
                .into_iter()
                .map(|(state, number)| JobStatistic { state: state.into(), count: int(number) })
                .collect(),
        })
    }
}
