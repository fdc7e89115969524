//! How a mutation starts a job for a user: once for each key, and written down where it is another user than the viewer.

use diesel_async::AsyncPgConnection;

use crate::audit::{self, Action, Author, Changes, SubjectKind};
use crate::clock::Clock;
use crate::error::Result;
use crate::idempotency::{self, Once};
use crate::jobs::{Enqueued, NewJob};
use crate::viewer::Viewer;

/// Enqueues a job in the caller's transaction. That somebody has their own work done changes nothing that the audit tells of; that
/// an admin has another user's done does, unless such a job was there already.
pub async fn trigger(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    viewer: &Viewer,
    new: NewJob,
    once: Option<&Once>,
) -> Result<Enqueued> {
    let enqueued = idempotency::enqueue(conn, clock, viewer.user_id, new, once).await?;
    let (job, author) = (&enqueued.job, Author::of(clock, viewer));
    if job.user_id != Some(viewer.user_id) && !enqueued.is_deduplicated {
        let subject = Some((SubjectKind::Job, job.id));
        audit::record(conn, &author, Action::JobTriggered, job.user_id, subject, Changes::none()).await?;
    }
    Ok(enqueued)
}
