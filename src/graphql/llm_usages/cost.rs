//! What calls of language models cost, by day and user.

use async_graphql::{Context, Object};

use crate::error::Result;
use crate::extraction::llm_cost;
use crate::graphql::context::RequestContext;
use crate::graphql::loaders::Related;
use crate::graphql::scalars::{Date, Decimal, int};
use crate::graphql::transactions::aggregate::{PeriodInput, sums};
use crate::graphql::users::object::User;
use crate::viewer::Visibility;

/// The object over a sum.
pub struct LlmCost(llm_cost::LlmCost);

/// What the calls of language models about one user's mails cost on one day.
#[Object]
impl LlmCost {
    /// The day in UTC.
    async fn day(&self) -> Date {
        Date(self.0.day)
    }

    /// The owner of the mails.
    async fn user(&self, ctx: &Context<'_>) -> Related<User> {
        ctx.loaders().users.related(Some(self.0.user_id), User).await
    }

    /// How many calls there were.
    async fn call_count(&self) -> i32 {
        int(self.0.call_count)
    }

    /// The calls among them whose price is not known; `costUsd` is without them.
    async fn unpriced_call_count(&self) -> i32 {
        int(self.0.unpriced_call_count)
    }

    /// Tokens sent, as far as the servers of the models said.
    async fn input_tokens(&self) -> Decimal {
        Decimal(self.0.input_tokens.into())
    }

    /// Tokens answered, as far as the servers of the models said.
    async fn output_tokens(&self) -> Decimal {
        Decimal(self.0.output_tokens.into())
    }

    /// What they cost, in US dollars.
    async fn cost_usd(&self) -> Decimal {
        Decimal(self.0.cost_usd.normalize())
    }
}

/// The visible costs of a period.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    period: &PeriodInput,
    first: Option<i32>,
) -> Result<Vec<LlmCost>> {
    let (period, most) = (period.parse()?, sums(first)?);
    let conn = &mut *ctx.conn().await?;
    let rows = llm_cost::by_day_and_user(conn, visibility, period, most).await?;
    Ok(rows.into_iter().map(LlmCost).collect())
}
