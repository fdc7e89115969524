//! The queries for sightings.

use async_graphql::{Context, ID, Object};

use crate::error::Result;
use crate::extraction::review;
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::graphql::global_id::NodeType;
use crate::graphql::loaders::Related;
use crate::graphql::sightings::input::SightingFilter;
use crate::graphql::sightings::object::Sighting;
use crate::viewer::Visibility;

/// The fields of the query root.
#[derive(Default)]
pub struct SightingQuery;

#[Object]
impl SightingQuery {
    /// The sighting with that id; null when there is none that the viewer may see.
    async fn sighting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The sighting's id.")] id: ID,
    ) -> Result<Related<Sighting>> {
        ctx.viewer()?;
        Ok(ctx.loaders().sightings.related(NodeType::Sighting.parse(&id), Sighting).await)
    }

    /// The sightings that the viewer may see, in mails that are not deleted, the newest first.
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, each of them optional")]
    async fn sightings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<SightingFilter>,
        #[graphql(desc = "Only this user's; another user than the viewer is for admins.")] user_id: Option<
            ID,
        >,
    ) -> Result<Connection<Sighting>> {
        let visibility = ctx.visibility(user_id.as_ref())?;
        list(ctx, visibility, filter, &Window { first, after, last, before }).await
    }
}

/// One page of the visible sightings.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    filter: Option<SightingFilter>,
    window: &Window,
) -> Result<Connection<Sighting>> {
    let (asked, filter) = (window.page()?, filter.unwrap_or_default().parse()?);
    let rows = review::list(&mut *ctx.conn().await?, visibility, &filter, asked.page).await?;
    let total = move |mut conn: Lease| {
        let filter = filter.clone();
        async move { review::count(&mut conn, visibility, &filter).await }
    };
    Ok(Connection::new(&asked, rows, |row| row.id, Sighting, total))
}
