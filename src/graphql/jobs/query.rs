//! The queries for jobs.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::graphql::connection::{Connection, Window};
use crate::graphql::context::RequestContext;
use crate::graphql::database::Lease;
use crate::graphql::global_id::NodeType;
use crate::graphql::jobs::event::JobEvent;
use crate::graphql::jobs::input::JobFilter;
use crate::graphql::jobs::object::Job;
use crate::graphql::loaders::Related;
use crate::jobs;
use crate::viewer::Visibility;

/// The fields of the query root.
#[derive(Default)]
pub struct JobQuery;

#[Object]
impl JobQuery {
    /// The job with that id; null when there is none that the viewer may see.
    async fn job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job's id.")] id: ID,
    ) -> Result<Related<Job>> {
        ctx.viewer()?;
        Ok(ctx.loaders().jobs.related(NodeType::Job.parse(&id), Job).await)
    }

    /// The jobs that the viewer may see, the newest first.
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 1 to 100; 25 unless given.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100; not together with `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Which ones.")] filter: Option<JobFilter>,
    ) -> Result<Connection<Job>> {
        let visibility = ctx.visibility(None)?;
        list(ctx, visibility, filter, &Window { first, after, last, before }).await
    }
}

/// One page of the visible jobs.
pub async fn list(
    ctx: &Context<'_>,
    visibility: Visibility,
    filter: Option<JobFilter>,
    window: &Window,
) -> Result<Connection<Job>> {
    let (asked, filter) = (window.page()?, filter.unwrap_or_default().parse()?);
    let rows = jobs::list(&mut *ctx.conn().await?, visibility, &filter, asked.page).await?;
    let total = move |mut conn: Lease| {
        let filter = filter.clone();
        async move { jobs::count(&mut conn, visibility, &filter).await }
    };
    Ok(Connection::new(&asked, rows, |row| row.id, Job, total))
}

/// One page of the changes of a job, found together with those of the other jobs of the request.
pub async fn list_events(
    ctx: &Context<'_>,
    job_id: Uuid,
    window: &Window,
) -> std::result::Result<Connection<JobEvent>, Arc<Error>> {
    let (asked, loaders) = (window.page()?, ctx.loaders());
    let rows = loaders.pages.events_of_jobs.load((job_id, asked.page)).await?.unwrap_or_default();
    let counts = (&loaders.counts.events_of_jobs, job_id);
    Ok(Connection::of_parent(&asked, rows, |row: &jobs::PublishedEvent| row.event.version, JobEvent, counts))
}
