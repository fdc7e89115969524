//! What people do with jobs: look at their own, cancel them, and have them tried again.

use std::time::{Duration, Instant};

use pennypost::jobs::{self, JobFilter, Kind, NewJob, State};
use pennypost::page::Page;
use pennypost::viewer::Visibility;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::jobs::script::{Deed, deed};
use crate::jobs::world::{World, long, short};

const ANA: Uuid = Uuid::from_u128(1);
const BEN: Uuid = Uuid::from_u128(2);

#[tokio::test]
async fn a_stranger_sees_no_job_and_no_event_of_anybody_else() {
    let world = World::new().await;
    let job = world.enqueue_new(NewJob::new(Some(ANA), short())).await;
    let system = world.enqueue_new(NewJob::new(None, short())).await;
    let conn = &mut world.conn().await;
    let ids = [job.id, system.id];
    let filter = JobFilter::default();
    for (visibility, wanted) in
        [(Visibility::Of(ANA), 1), (Visibility::Of(BEN), 0), (Visibility::Everyone, 2)]
    {
        let page = Page { limit: 10, ..Page::default() };
        assert_eq!(jobs::list(conn, visibility, &filter, page).await.unwrap().len(), wanted);
        assert_eq!(jobs::count(conn, visibility, &filter).await.unwrap(), i64::try_from(wanted).unwrap());
        assert_eq!(jobs::for_ids(conn, visibility, &ids).await.unwrap().len(), wanted);
        assert_eq!(
            jobs::events_of_jobs(conn, visibility, &ids, Page::first(10)).await.unwrap().len(),
            wanted
        );
    }
    assert!(jobs::find(conn, Visibility::Of(BEN), job.id).await.unwrap().is_none());
    assert!(jobs::cancel(conn, Visibility::Of(BEN), job.id, BEN).await.unwrap().is_none());
    assert!(jobs::retry(conn, Visibility::Of(BEN), job.id).await.unwrap().is_none());
    assert_eq!(world.job(job.id).await.version, 1);
}

#[tokio::test]
async fn the_list_turns_its_pages_in_both_directions() {
    let world = World::new().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.insert(0, world.enqueue_new(NewJob::new(Some(ANA), long(1, 0))).await.id);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let conn = &mut world.conn().await;
    for (page, wanted) in [
        (Page { limit: 2, ..Page::default() }, &made[..2]),
        (Page { limit: 2, after: Some(made[1]), ..Page::default() }, &made[2..4]),
        (Page { limit: 2, before: Some(made[3]), is_from_end: true, ..Page::default() }, &made[1..3]),
        (Page { limit: 2, is_from_end: true, ..Page::default() }, &made[3..]),
    ] {
        let found = jobs::list(conn, Visibility::Of(ANA), &JobFilter::default(), page).await.unwrap();
        assert_eq!(found.iter().map(|job| job.id).collect::<Vec<_>>(), wanted, "{page:?}");
    }
}

#[tokio::test]
async fn the_list_is_narrowed_by_state_kind_and_user() {
    let world = World::new().await;
    world.enqueue_new(NewJob::new(Some(ANA), short())).await;
    world.drain().await;
    world.enqueue_new(NewJob::new(Some(ANA), long(1, 0))).await;
    world.enqueue_new(NewJob::new(Some(BEN), long(1, 0))).await;
    let conn = &mut world.conn().await;
    for (filter, wanted) in [
        (JobFilter { states: vec![State::Success], ..JobFilter::default() }, 1),
        (JobFilter { states: vec![State::Success, State::Queued], ..JobFilter::default() }, 3),
        (JobFilter { kinds: vec![Kind::ExtractEmails], ..JobFilter::default() }, 2),
        (JobFilter { kinds: vec![Kind::ExtractEmails], user_id: Some(BEN), ..JobFilter::default() }, 1),
    ] {
        assert_eq!(jobs::count(conn, Visibility::Everyone, &filter).await.unwrap(), wanted, "{filter:?}");
    }
}

#[tokio::test]
async fn a_waiting_job_is_cancelled_at_once_and_can_be_tried_again() {
    let world = World::new().await;
    let job = world.enqueue_new(NewJob::new(Some(ANA), short())).await;
    let conn = &mut world.conn().await;
    let cancelled = jobs::cancel(conn, Visibility::Of(ANA), job.id, ANA).await.unwrap().unwrap();
    assert!(cancelled.is_changed && cancelled.job.state == State::Cancelled);
    let again = jobs::cancel(conn, Visibility::Of(ANA), job.id, ANA).await.unwrap().unwrap();
    assert!(!again.is_changed && again.job.version == 2);
    assert_eq!(world.drain().await, 0);
    let retried = jobs::retry(conn, Visibility::Of(ANA), job.id).await.unwrap().unwrap();
    assert!(retried.is_changed && retried.job.cancel_requested_at.is_none());
    assert_eq!(world.drain().await, 1);
    let ended = jobs::retry(conn, Visibility::Of(ANA), job.id).await.unwrap().unwrap();
    assert!(!ended.is_changed && ended.job.state == State::Success, "what ended well is not done again");
    world.assert_events_are_whole().await;
}

#[tokio::test]
async fn a_failed_job_gets_a_fresh_set_of_attempts() {
    let world = World::new().await;
    let job = world.enqueue_new(NewJob::new(Some(ANA), deed(Deed::Fail))).await;
    world.drain().await;
    let retried = jobs::retry(&mut *world.conn().await, Visibility::Of(ANA), job.id).await.unwrap().unwrap();
    assert_eq!((retried.job.state, retried.job.attempt, retried.job.max_attempts), (State::Queued, 1, 6));
    assert!(retried.job.finished_at.is_none());
}

#[tokio::test]
async fn trying_again_beside_another_active_job_of_the_key_gives_that_one() {
    let world = World::new().await;
    let new = || NewJob::new(Some(ANA), deed(Deed::Fail)).unique("mailbox");
    let failed = world.enqueue_new(new()).await;
    world.drain().await;
    let active = world.enqueue_new(new()).await;
    let retried =
        jobs::retry(&mut *world.conn().await, Visibility::Of(ANA), failed.id).await.unwrap().unwrap();
    assert!(!retried.is_changed && retried.job.id == active.id);
    assert_eq!(world.job(failed.id).await.state, State::Failed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_job_is_cancelled_whether_it_looks_or_not() {
    let world = World::new().await;
    let lease = Duration::from_millis(1500);
    let worker = world.worker(None, lease);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { worker.run(stopped).await });
    let stepping = world.enqueue_new(NewJob::new(Some(ANA), long(1000, 50))).await;
    let hanging = world.enqueue_new(NewJob::new(Some(ANA), deed(Deed::Hang))).await;
    for job in [&stepping, &hanging] {
        world.wait_for(job.id, State::Running, Duration::from_secs(3)).await;
        let moved = jobs::cancel(&mut *world.conn().await, Visibility::Of(ANA), job.id, ANA).await.unwrap();
        assert_eq!(moved.unwrap().job.state, State::Running, "its owner ends it, nobody else");
    }
    world.wait_for(stepping.id, State::Cancelled, Duration::from_millis(600)).await;
    world.wait_for(hanging.id, State::Cancelled, lease).await;
    stop.cancel();
    run.await.unwrap().unwrap();
    world.assert_events_are_whole().await;
    assert_eq!(world.number("SELECT count(*) AS step FROM job_workers").await, 0);
    assert_eq!(world.drain().await, 0, "cancelled jobs do not come back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_dropped_in_its_transaction_leaves_nothing_and_no_connection_behind() {
    let mut world = World::new().await;
    // So few that the next jobs would be given the connection that the dropped run had.
    world.pool = world.database.pool(2);
    let lease = Duration::from_millis(1200);
    let worker = world.worker(None, lease);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { worker.run(stopped).await });
    let hanging = world.enqueue_new(NewJob::new(Some(ANA), deed(Deed::HangInTransaction))).await;
    world.wait_for(hanging.id, State::Running, Duration::from_secs(3)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.cancel();
    let asked = Instant::now();
    run.await.unwrap().unwrap();
    // The grace, and not the time that a lock is waited for.
    assert!(asked.elapsed() < Duration::from_secs(4), "it ended after {:?}", asked.elapsed());
    let left = world.job(hanging.id).await;
    assert_eq!((left.state, left.interruptions, left.checkpoint), (State::Queued, 1, None));
    jobs::cancel(&mut *world.conn().await, Visibility::Of(ANA), hanging.id, ANA).await.unwrap();
    let mut after = Vec::new();
    for _ in 0..6 {
        after.push(world.enqueue(short()).await);
    }
    assert_eq!(world.drain().await, 6);
    world.pool = world.database.pool(2);
    assert_eq!(world.effects(hanging.id).await, [0; 0]);
    for job in after {
        assert_eq!(world.effects(job.id).await, [0], "it was committed, not left in somebody's transaction");
    }
}
