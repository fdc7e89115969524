//! The list of sessions, as it hangs on their user.

use async_graphql::Context;

use crate::error::Result;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::graphql::sessions::object::Session;
use crate::users::session;
use crate::viewer::Visibility;

/// One page of the visible sessions.
pub async fn list(ctx: &Context<'_>, visibility: Visibility, window: &Window) -> Result<Connection<Session>> {
    let (asked, now) = (window.page()?, ctx.app().clock.now());
    let rows = session::list(&mut *ctx.conn().await?, visibility, now, asked.page).await?;
    let total = move |mut conn: Lease| async move { session::count(&mut conn, visibility, now).await };
    Ok(Connection::new(&asked, rows, |row| row.id, Session, total))
}
