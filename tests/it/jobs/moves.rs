//! The moves that a job makes by itself: how a run ends, and what the database lets nobody do.

use std::time::Duration;

use chrono::TimeDelta;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use pennypost::clock::Clock;
use pennypost::jobs::{self, JobPayload, NewJob, State, retention, schedule};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::jobs::script::{Deed, deed};
use crate::jobs::world::{World, long, short};

#[tokio::test]
async fn a_job_runs_once_and_leaves_its_events_without_a_hole() {
    let world = World::new().await;
    let (steps, mail) = (world.enqueue(long(5, 1)).await, world.enqueue(short()).await);
    assert_eq!(world.drain().await, 2);
    let steps = world.job(steps.id).await;
    assert_eq!((steps.state, steps.attempt), (State::Success, 1));
    assert_eq!((steps.progress.done, steps.progress.total), (5, Some(5)));
    assert_eq!(world.effects(steps.id).await, [0, 1, 2, 3, 4]);
    let mail = world.job(mail.id).await;
    // Made, claimed, ended in the transaction of its effect.
    assert_eq!((mail.state, mail.version, mail.progress.done), (State::Success, 3, 1));
    assert_eq!(world.effects(mail.id).await, [0]);
    world.assert_events_are_whole().await;
}

#[tokio::test]
async fn checkpoints_in_quick_succession_make_at_most_four_versions_a_second() {
    let world = World::new().await;
    let job = world.enqueue(long(100, 5)).await;
    world.drain().await;
    let job = world.job(job.id).await;
    let seconds = (job.finished_at.unwrap() - job.started_at.unwrap()).num_milliseconds() / 1000 + 1;
    // Three more for making, claiming and ending it.
    assert!(job.version <= 3 + 4 * seconds, "{} versions in {seconds} s", job.version);
    assert_eq!(job.progress.done, 100);
}

#[tokio::test]
async fn one_unique_key_has_one_active_job_a_user() {
    let world = World::new().await;
    let new = |user| NewJob::new(Some(user), long(1, 0)).unique("mailbox");
    let (ana, ben) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let first = world.enqueue_new(new(ana)).await;
    let mut conn = world.conn().await;
    let second = jobs::enqueue(&mut conn, Clock::System.new_id(), new(ana)).await.unwrap();
    assert!(second.is_deduplicated && second.job.id == first.id);
    let other = jobs::enqueue(&mut conn, Clock::System.new_id(), new(ben)).await.unwrap();
    assert!(!other.is_deduplicated, "two users' keys never meet");
    world.drain().await;
    let later = jobs::enqueue(&mut conn, Clock::System.new_id(), new(ana)).await.unwrap();
    assert!(!later.is_deduplicated, "an ended job holds no key");
}

#[tokio::test]
async fn a_job_of_a_transaction_that_rolls_back_never_was() {
    let world = World::new().await;
    let mut conn = world.conn().await;
    let outcome = conn
        .transaction(async |conn| {
            jobs::enqueue(conn, Clock::System.new_id(), NewJob::new(None, short())).await?;
            Err::<(), _>(diesel::result::Error::RollbackTransaction)
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(world.drain().await, 0);
    assert_eq!(world.number("SELECT count(*) AS step FROM job_events").await, 0);
}

#[tokio::test]
async fn the_database_refuses_a_visible_change_that_counts_no_version() {
    let world = World::new().await;
    let job = world.enqueue(short()).await;
    let mut conn = world.conn().await;
    for silent in [
        "UPDATE jobs SET state = 'CANCELLED', finished_at = now()",
        "UPDATE jobs SET progress = '{\"done\": 1}', version = version + 2",
        "UPDATE jobs SET version = version + 1",
    ] {
        assert!(conn.batch_execute(silent).await.is_err(), "{silent}");
    }
    drop(conn);
    assert_eq!(world.job(job.id).await.version, 1);
}

#[tokio::test]
async fn a_kind_of_a_newer_version_is_left_alone() {
    let world = World::new().await;
    let job = world.enqueue(short()).await;
    world.execute("UPDATE jobs SET kind = 'TELEPORT'").await;
    let other = world.enqueue(short()).await;
    assert_eq!(world.drain().await, 1);
    assert_eq!(world.job(job.id).await.state, State::Queued);
    assert_eq!(world.job(other.id).await.state, State::Success);
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_fails_at_once() {
    let world = World::new().await;
    let job = world.enqueue(short()).await;
    world.execute("UPDATE jobs SET payload = '{\"mail\": 7, \"secret\": \"opensesame\"}'").await;
    world.drain().await;
    let job = world.job(job.id).await;
    let error = job.error_payload.unwrap();
    assert_eq!((job.state, job.attempt, error.code.as_str()), (State::Failed, 1, "BAD_PAYLOAD"));
    assert!(!error.message.contains("opensesame") && !error.retryable);
}

#[tokio::test]
async fn what_went_wrong_decides_what_happens_next() {
    let world = World::new().await;
    for (what, state, code, retryable) in [
        (Deed::AskForRetry, State::Retrying, "AWAY", true),
        (Deed::Fail, State::Failed, "WRONG", false),
        (Deed::Panic, State::Retrying, "PANIC", true),
        (Deed::Break, State::Retrying, "INTERNAL", true),
        (Deed::RollBack, State::Failed, "ROLLED_BACK", false),
        (Deed::ReturnNoObject, State::Retrying, "INTERNAL", true),
    ] {
        let job = world.enqueue(deed(what)).await;
        world.drain().await;
        let job = world.job(job.id).await;
        let error = job.error_payload.unwrap();
        assert_eq!((job.state, error.code.as_str(), error.retryable), (state, code, retryable), "{what:?}");
        assert!(!error.message.contains("Ana"), "{what:?} shows what was in a mail");
        assert_eq!((error.attempt, job.worker_id), (1, None));
        assert_eq!(world.effects(job.id).await, [0; 0], "{what:?}");
    }
    world.assert_events_are_whole().await;
}

#[tokio::test]
async fn the_wait_before_the_next_attempt_doubles_until_the_attempts_are_used_up() {
    let world = World::new().await;
    let job = world.enqueue(deed(Deed::AskForRetry)).await;
    for attempt in 1..=5 {
        world.drain().await;
        let job = world.job(job.id).await;
        assert_eq!(job.attempt, attempt);
        if attempt == 5 {
            assert_eq!(job.state, State::Failed);
            break;
        }
        let wait = (job.run_at - job.error_payload.unwrap().at).num_milliseconds();
        let middle = 5000 << (attempt - 1);
        assert!(
            (middle * 8 / 10..=middle * 12 / 10 + 5).contains(&wait),
            "attempt {attempt} waits {wait} ms"
        );
        world.execute("UPDATE jobs SET run_at = clock_timestamp(), version = version + 1").await;
    }
    world.assert_events_are_whole().await;
}

#[tokio::test]
async fn the_other_side_may_ask_for_a_longer_wait() {
    let world = World::new().await;
    let job = world.enqueue(deed(Deed::AskForRetryAfterAMinute)).await;
    world.drain().await;
    let job = world.job(job.id).await;
    let wait = job.run_at - job.error_payload.unwrap().at;
    assert!(wait >= TimeDelta::milliseconds(59_990) && wait < TimeDelta::milliseconds(61_000), "{wait}");
}

#[tokio::test]
async fn a_snooze_uses_up_no_attempt() {
    let world = World::new().await;
    let job = world.enqueue(deed(Deed::Snooze)).await;
    let worker = world.worker(None, Duration::from_secs(30));
    let drained = tokio::time::timeout(Duration::from_millis(1500), worker.drain()).await;
    assert!(drained.is_err(), "it is due again at once, so it never ends");
    let job = world.job(job.id).await;
    assert!(job.attempt > job.max_attempts, "{} attempts", job.attempt);
    assert!(job.attempt - job.interruptions <= 1 && !job.state.is_ended(), "{job:#?}");
}

#[tokio::test]
async fn what_follows_from_a_job_is_run_too() {
    let world = World::new().await;
    world.enqueue(deed(Deed::Follow)).await;
    assert_eq!(world.drain().await, 2);
    assert_eq!(world.number("SELECT count(*) AS step FROM effects").await, 1);
}

#[tokio::test]
async fn a_job_for_later_waits_for_its_time() {
    let world = World::new().await;
    let later = Clock::System.now() + TimeDelta::milliseconds(700);
    let job = world.enqueue_new(NewJob::new(None, short()).at(later)).await;
    assert_eq!(job.state, State::Scheduled);
    assert_eq!(world.drain().await, 0);
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(world.drain().await, 1);
    world.assert_events_are_whole().await;
}

#[tokio::test]
async fn a_missed_schedule_is_made_up_for_once() {
    let world = World::new().await;
    let mut conn = world.conn().await;
    schedule::plant(&mut conn).await.unwrap();
    assert_eq!(schedule::enqueue_due(&mut conn, &Clock::System).await.unwrap().len(), 0);
    world.execute("UPDATE job_schedules SET next_run_at = now() - interval '5 days'").await;
    // Planting again, as each start of a worker does, must not lose the tick.
    schedule::plant(&mut conn).await.unwrap();
    let made = schedule::enqueue_due(&mut conn, &Clock::System).await.unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!((made[0].kind.as_str(), made[0].schedule_name.as_deref()), ("RETENTION", Some("retention")));
    assert_eq!(schedule::enqueue_due(&mut conn, &Clock::System).await.unwrap().len(), 0);
    drop(conn);
    world.drain().await;
    assert_eq!(world.job(made[0].id).await.state, State::Success);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_cannot_be_read_holds_up_nobody() {
    for broken in [
        "UPDATE job_schedules SET cron = 'at noon', next_run_at = now() - interval '1 hour'",
        "ALTER TABLE job_schedules DROP COLUMN cron",
    ] {
        let world = World::new().await;
        let worker = world.worker(None, Duration::from_secs(30));
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let run = tokio::spawn(async move { worker.run(stopped).await });
        // Its first round puts the schedules in order; this is about the ones after it.
        let first = world.enqueue(short()).await;
        world.wait_for(first.id, State::Success, Duration::from_secs(3)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.execute(broken).await;
        let soon = Clock::System.now() + TimeDelta::milliseconds(500);
        let job = world.enqueue_new(NewJob::new(None, short()).at(soon)).await;
        world.wait_for(job.id, State::Success, Duration::from_secs(3)).await;
        stop.cancel();
        run.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_schedule_that_cannot_be_read_goes_by_what_the_program_knows() {
    let world = World::new().await;
    let mut conn = world.conn().await;
    schedule::plant(&mut conn).await.unwrap();
    world.execute("UPDATE job_schedules SET cron = 'at noon', next_run_at = now() - interval '1 hour'").await;
    assert_eq!(schedule::enqueue_due(&mut conn, &Clock::System).await.unwrap().len(), 1);
    assert_eq!(schedule::enqueue_due(&mut conn, &Clock::System).await.unwrap().len(), 0, "its time is over");
    let readable =
        "SELECT count(*) AS step FROM job_schedules WHERE cron = '17 3 * * *' AND next_run_at > now()";
    assert_eq!(world.number(readable).await, 1);
}

#[tokio::test]
async fn retention_deletes_what_ended_long_ago_and_nothing_else() {
    let world = World::new().await;
    let (old, fresh) = (world.enqueue(short()).await, world.enqueue(short()).await);
    world.drain().await;
    let waiting = world.enqueue(deed(Deed::AskForRetry)).await;
    world.drain().await;
    let age = format!(
        "UPDATE jobs SET finished_at = finished_at - interval '2 days' WHERE id = '{}';
         INSERT INTO job_workers (id, host, process_id, software_version, slots, seen_at)
         VALUES (gen_random_uuid(), 'gone', 1, '0', '{{}}', now() - interval '3 days')",
        old.id
    );
    world.execute(&age).await;
    let retention = world.enqueue(JobPayload::Retention {}).await;
    world.drain().await;
    let output = world.job(retention.id).await.output_payload.unwrap();
    assert_eq!(output, serde_json::json!({ "jobs": 1, "workers": 1 }));
    for kept in [fresh.id, waiting.id, retention.id] {
        world.job(kept).await;
    }
    let events = format!("SELECT count(*) AS step FROM job_events WHERE job_id = '{}'", old.id);
    assert_eq!(world.number(&events).await, 0);
    assert_eq!(
        retention::delete_ended(&mut *world.conn().await, Duration::from_hours(24), 10).await.unwrap(),
        0
    );
}
