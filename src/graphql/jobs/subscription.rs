//! The subscriptions: the events of jobs as they happen, and how full the queues are.

use async_graphql::{Context, ID, Subscription};
use futures_util::stream::{Stream, StreamExt};

use crate::error::{Code, Error, Result};
use crate::graphql::context::RequestContext;
use crate::graphql::global_id::NodeType;
use crate::graphql::jobs::event::JobEvent;
use crate::graphql::jobs::object::{JobKind, JobState};
use crate::graphql::jobs::queue_statistics::{QueueStats, watch_queues};
use crate::jobs::live::{Wanted, follow, follow_many};
use crate::viewer::Visibility;

/// The fields of the subscription root.
#[derive(Default)]
pub struct JobSubscription;

#[Subscription]
impl JobSubscription {
    /// The events of one job: every version once, in order, without a hole, until the job has ended. A client that was cut
    /// off subscribes again with the last version that it saw.
    async fn job_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job.")] job_id: ID,
        #[graphql(
            desc = "Begins behind this version, 0 for the very first; unless given, with the job's present state."
        )]
        after_version: Option<i32>,
    ) -> Result<impl Stream<Item = JobEvent> + use<>> {
        let (app, visibility) = (ctx.app(), ctx.viewer()?.visibility());
        let id = NodeType::Job.parse(&job_id).ok_or_else(|| Error::unknown("jobId", "job"))?;
        if after_version.is_some_and(i32::is_negative) {
            let message = "Versions count from 1, so afterVersion is 0 or more.";
            return Err(Error::rejected("afterVersion", Code::Invalid, message));
        }
        let events = follow(&app.live, &app.pool, visibility, id, after_version.map(i64::from)).await?;
        Ok(events.ok_or_else(|| Error::unknown("jobId", "job"))?.map(JobEvent))
    }

    /// The events of the viewer's own jobs: first the present state of the active ones, then every change.
    async fn my_job_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only changes that lead into one of these states; all of them unless given.")]
        states: Option<Vec<JobState>>,
        #[graphql(desc = "Only jobs of these kinds; all of them unless given.")] kinds: Option<Vec<JobKind>>,
    ) -> Result<impl Stream<Item = JobEvent> + use<>> {
        let (app, viewer) = (ctx.app(), ctx.viewer()?);
        let wanted = Wanted {
            states: states.unwrap_or_default().into_iter().map(Into::into).collect(),
            kinds: kinds.unwrap_or_default().into_iter().map(Into::into).collect(),
        };
        let own = Visibility::Of(viewer.user_id);
        Ok(follow_many(&app.live, &app.pool, own, wanted).await?.map(JobEvent))
    }

    /// The events of everyone's jobs, the server's own among them, or of one user's. For admins.
    async fn all_job_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this user's jobs; everyone's unless given.")] user_id: Option<ID>,
    ) -> Result<impl Stream<Item = JobEvent> + use<>> {
        ctx.admin()?;
        let (app, visibility) = (ctx.app(), ctx.visibility(user_id.as_ref())?);
        Ok(follow_many(&app.live, &app.pool, visibility, Wanted::default()).await?.map(JobEvent))
    }

    /// How full the queues are: at once, and again whenever that has changed, at most once a second. For admins.
    async fn queue_stats(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = QueueStats> + use<>> {
        ctx.admin()?;
        watch_queues(&ctx.app().pool).await
    }
}
