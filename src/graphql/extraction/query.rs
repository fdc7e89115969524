//! The queries for readings of mails.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use futures_util::future::try_join_all;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::extraction::{run, runs};
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::graphql::extraction::input::ExtractionFilter;
use crate::graphql::extraction::object::Extraction;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::viewer::Visibility;

/// The fields of the query root.
#[derive(Default)]
pub struct ExtractionQuery;

#[Object]
impl ExtractionQuery {
    /// The reading of a mail with that id; null when there is none that the viewer may see.
    async fn extraction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reading's id.")] id: ID,
    ) -> Result<Related<Extraction>> {
        ctx.viewer()?;
        Ok(ctx.loaders().extractions.related(NodeType::Extraction.parse(&id), Extraction).await)
    }

    /// The readings of mails that the viewer may see, the newest first.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, each of them optional")]
    async fn extractions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<ExtractionFilter>,
        #[graphql(desc = "Only this user's; another user than the viewer is for admins.")] user_id: Option<
            ID,
        >,
    ) -> Result<Connection<Extraction>> {
        let visibility = ctx.visibility(user_id.as_ref())?;
        list(ctx, visibility, filter, &Window { first, after, last, before }).await
    }
}

/// One page of the visible readings.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    filter: Option<ExtractionFilter>,
    window: &Window,
) -> Result<Connection<Extraction>> {
    let (asked, filter) = (window.page()?, filter.unwrap_or_default().parse()?);
    let rows = runs::list(&mut *ctx.conn().await?, visibility, &filter, asked.page).await?;
    let total = move |mut conn: Lease| {
        let filter = filter.clone();
        async move { runs::count(&mut conn, visibility, &filter).await }
    };
    Ok(Connection::new(&asked, rows, |row| row.id, Extraction, total))
}

/// One page of the readings of a mail, found together with those of the other mails of the request.
pub async fn list_of_email(
    ctx: &Context<'_>,
    email_id: Uuid,
    window: &Window,
) -> std::result::Result<Connection<Extraction>, Arc<Error>> {
    let (asked, loaders) = (window.page()?, ctx.loaders());
    let placed = loaders.pages.extractions_of_emails.load((email_id, asked.page)).await?.unwrap_or_default();
    let found = placed.into_iter().map(|placed| loaders.extractions.load(placed.id));
    let rows = try_join_all(found).await?.into_iter().flatten().collect();
    let counts = (&loaders.counts.extractions_of_emails, email_id);
    Ok(Connection::of_parent(&asked, rows, |row: &run::Extraction| row.id, Extraction, counts))
}
