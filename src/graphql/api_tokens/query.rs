//! The list of API tokens, as it hangs on their user.

use async_graphql::Context;

use crate::error::Result;
use crate::graphql::api_tokens::object::ApiToken;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::users::api_token;
use crate::viewer::Visibility;

/// One page of the visible tokens.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    window: &Window,
) -> Result<Connection<ApiToken>> {
    let asked = window.page()?;
    let rows = api_token::list(&mut *ctx.conn().await?, visibility, asked.page).await?;
    let total = move |mut conn: Lease| async move { api_token::count(&mut conn, visibility).await };
    Ok(Connection::new(&asked, rows, |row| row.id, ApiToken, total))
}
