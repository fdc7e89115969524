//! One user's long jobs never keep another's waiting, however many there are.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use pennypost::jobs::claim::{Room, claim};
use pennypost::jobs::turn::Turn;
use pennypost::jobs::{self, Job, NewJob, Publisher, Queue, State};
use pennypost::viewer::Visibility;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::jobs::script::{Deed, WorkerProcess, deed};
use crate::jobs::world::{TIME_SLICE, World, long};
use crate::support::redis::shared;

const ANA: Uuid = Uuid::from_u128(1);
const BEN: Uuid = Uuid::from_u128(2);
const CLEO: Uuid = Uuid::from_u128(3);
const LEASE: Duration = Duration::from_secs(5);
const GRACE: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(30);

async fn enqueue(world: &World, user: Uuid, steps: i64, pause: i64) -> Job {
    world.enqueue_new(NewJob::new(Some(user), long(steps, pause))).await
}

/// How long the job waited for its start.
fn wait_of(job: &Job) -> Duration {
    (job.started_at.unwrap() - job.created_at).to_std().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_fetch_starts_within_a_time_slice_beside_three_big_mailboxes() {
    for has_redis in [true, false] {
        let mut world = World::new().await;
        let redis = has_redis.then(|| shared(world.database.name()));
        if let Some(redis) = &redis {
            world.publisher = Publisher::start(redis).unwrap();
        }
        let mut big = Vec::new();
        for _ in 0..5 {
            big.push(enqueue(&world, ANA, 80, 50).await);
        }
        let _worker = WorkerProcess::start(&world, redis.as_ref(), LEASE, GRACE);
        for job in &big[..3] {
            world.wait_for(job.id, State::Running, PATIENCE).await;
        }
        let ben = enqueue(&world, BEN, 3, 10).await;
        let ben = world.wait_for(ben.id, State::Success, TIME_SLICE + Duration::from_secs(3)).await;
        assert!(wait_of(&ben) < TIME_SLICE + Duration::from_secs(1), "{:?} {has_redis}", wait_of(&ben));
        let mut interruptions = 0;
        for job in big {
            let job = world.wait_for(job.id, State::Success, PATIENCE).await;
            assert_eq!(world.effects(job.id).await, (0..80).collect::<Vec<_>>(), "each step once");
            assert_eq!((job.attempt - job.interruptions, job.crash_count), (1, 0), "no attempt is used up");
            interruptions += job.interruptions;
        }
        assert_eq!(interruptions, 1, "one slot was enough");
        world.assert_events_are_whole().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_gives_way_goes_behind_the_others_and_stays_before_its_own_users_with_its_checkpoint() {
    let world = World::new().await;
    let worker = world.worker_with(2, None);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { worker.run(stopped).await });
    let ana = enqueue(&world, ANA, 1000, 50).await;
    world.wait_for_effects(ana.id, 1, PATIENCE).await;
    let anas_next = enqueue(&world, ANA, 1000, 50).await;
    let ben = enqueue(&world, BEN, 1000, 50).await;
    world.wait_for(ben.id, State::Running, TIME_SLICE + Duration::from_secs(2)).await;
    let given_way = world.job(ana.id).await;
    assert_eq!((given_way.state, given_way.attempt, given_way.interruptions), (State::Queued, 1, 1));
    assert_eq!(given_way.run_at, ana.run_at, "it keeps its place among what its user has");
    assert!(given_way.worker_id.is_none() && given_way.checkpoint.is_some());
    let done = world.effects(ana.id).await.len();
    // They take turns from now on, and whoever is alone gives way to nobody.
    world.wait_for_effects(ana.id, done + 5, PATIENCE).await;
    assert_eq!(world.job(ben.id).await.interruptions, 1);
    jobs::cancel(&mut *world.conn().await, Visibility::Everyone, ben.id, BEN).await.unwrap();
    world.wait_for(ben.id, State::Cancelled, PATIENCE).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let alone = world.job(ana.id).await;
    tokio::time::sleep(TIME_SLICE + Duration::from_millis(1500)).await;
    assert_eq!(world.job(ana.id).await.interruptions, alone.interruptions);
    assert_eq!(world.job(anas_next.id).await.attempt, 0, "one is finished before the next one is begun");
    stop.cancel();
    run.await.unwrap().unwrap();
    let steps = world.effects(ana.id).await;
    let count = i64::try_from(steps.len()).unwrap();
    assert_eq!(steps, (0..count).collect::<Vec<_>>(), "it went on from its checkpoint");
    world.assert_events_are_whole().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_hang_do_not_keep_the_others_from_sharing() {
    let world = World::new().await;
    let worker = world.worker_with(4, None);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { worker.run(stopped).await });
    // Whoever keeps the most slots is asked first, and neither of these two ever leaves.
    let hung = [ANA, ANA].map(|user| NewJob::new(Some(user), deed(Deed::Hang)));
    for new in hung {
        let job = world.enqueue_new(new).await;
        world.wait_for(job.id, State::Running, PATIENCE).await;
    }
    let cleo = enqueue(&world, CLEO, 1000, 50).await;
    world.wait_for_effects(cleo.id, 1, PATIENCE).await;
    let ben = enqueue(&world, BEN, 1, 0).await;
    world.wait_for(ben.id, State::Success, TIME_SLICE + Duration::from_secs(8)).await;
    assert_eq!(world.job(cleo.id).await.interruptions, 1);
    stop.cancel();
    run.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_runs_the_one_with_progress_gives_way() {
    let world = World::new().await;
    let worker = world.worker_with(3, None);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { worker.run(stopped).await });
    let hung = world.enqueue_new(NewJob::new(Some(ANA), deed(Deed::Hang))).await;
    world.wait_for(hung.id, State::Running, PATIENCE).await;
    let cleo = enqueue(&world, CLEO, 1000, 50).await;
    world.wait_for_effects(cleo.id, 1, PATIENCE).await;
    tokio::time::sleep(TIME_SLICE).await;
    let ben = enqueue(&world, BEN, 1, 0).await;
    let ben = world.wait_for(ben.id, State::Success, PATIENCE).await;
    assert!(wait_of(&ben) < Duration::from_millis(1800), "{:?}", wait_of(&ben));
    stop.cancel();
    run.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_way_to_somebody_who_has_stopped_waiting() {
    let world = World::new().await;
    let worker = world.worker_with(2, None);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = tokio::spawn(async move { worker.run(stopped).await });
    // It is asked after the time slice, and would hear of it at its first checkpoint.
    let ana = enqueue(&world, ANA, 1000, 5000).await;
    world.wait_for(ana.id, State::Running, PATIENCE).await;
    let ben = enqueue(&world, BEN, 1, 0).await;
    tokio::time::sleep(TIME_SLICE + Duration::from_secs(1)).await;
    jobs::cancel(&mut *world.conn().await, Visibility::Everyone, ben.id, BEN).await.unwrap();
    world.wait_for_effects(ana.id, 1, PATIENCE).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let ana = world.job(ana.id).await;
    assert_eq!((ana.state, ana.interruptions), (State::Running, 0));
    stop.cancel();
    run.await.unwrap().unwrap();
}

#[tokio::test]
async fn users_with_jobs_of_a_later_program_take_no_turns_from_the_others() {
    let world = World::new().await;
    let running = enqueue(&world, ANA, 1, 0).await.id;
    let mut turn = Turn::default();
    assert_eq!(take(&world, 1, &mut turn).await, HashSet::from([running]));
    enqueue(&world, ANA, 1, 0).await;
    let last = enqueue(&world, Uuid::from_u128(90), 1, 0).await.id;
    world
        .execute(
            "INSERT INTO jobs (id, user_id, queue, kind, payload, state, priority, run_at, max_attempts)
             SELECT gen_random_uuid(), ('00000000-0000-0000-0000-0000000000' || n)::uuid, 'email', 'OF_A_LATER_PROGRAM', '{}',
                 'QUEUED', 50, now(), 5
             FROM generate_series(10, 30) AS n",
        )
        .await;
    for begin in [Turn::default(), turn] {
        let mut turn = begin;
        assert_eq!(take(&world, 1, &mut turn).await, HashSet::from([last]));
        let again = format!(
            "UPDATE jobs SET state = 'QUEUED', version = version + 1, worker_id = NULL, lease_expires_at = NULL
             WHERE id = '{last}'"
        );
        world.execute(&again).await;
    }
}

#[tokio::test]
async fn free_slots_go_to_users_who_have_none_and_then_to_the_oldest_jobs() {
    let world = World::new().await;
    let mut of_ana = Vec::new();
    for _ in 0..300 {
        of_ana.push(enqueue(&world, ANA, 1, 0).await.id);
    }
    let of_ben = [enqueue(&world, BEN, 1, 0).await.id, enqueue(&world, BEN, 1, 0).await.id];
    let of_cleo = enqueue(&world, CLEO, 1, 0).await.id;
    let nobodys = world.enqueue_new(NewJob::new(None, long(1, 0))).await.id;
    let mut turn = Turn::default();
    let first = take(&world, 4, &mut turn).await;
    assert_eq!(first, HashSet::from([of_ana[0], of_ben[0], of_cleo, of_ana[1]]));
    // Everybody has one by now, so the oldest go on.
    assert_eq!(take(&world, 2, &mut turn).await, HashSet::from([of_ana[2], of_ana[3]]));
    end(&world, BEN).await;
    assert_eq!(take(&world, 1, &mut turn).await, HashSet::from([of_ben[1]]));
    let rest = take(&world, 1000, &mut turn).await;
    assert_eq!(rest.len(), 297);
    assert!(rest.contains(&nobodys));
}

#[tokio::test]
async fn users_take_turns_when_there_are_more_of_them_than_slots() {
    let world = World::new().await;
    let users: Vec<Uuid> = (1..=7).map(Uuid::from_u128).collect();
    for user in &users {
        for _ in 0..5 {
            enqueue(&world, *user, 1, 0).await;
        }
    }
    let mut turn = Turn::default();
    let mut turns = Vec::new();
    for _ in 0..21 {
        let claimed = take(&world, 1, &mut turn).await;
        let job = world.job(*claimed.iter().next().unwrap()).await;
        turns.push(job.user_id.unwrap());
        end(&world, job.user_id.unwrap()).await;
    }
    for round in turns.chunks(7) {
        assert_eq!(round, users, "each once before anybody twice");
    }
}

#[tokio::test]
async fn who_has_just_given_way_gets_a_slot_again_when_nobody_else_wants_it() {
    let world = World::new().await;
    let of_ana = [enqueue(&world, ANA, 1, 0).await.id, enqueue(&world, ANA, 1, 0).await.id];
    let of_ben = enqueue(&world, BEN, 1, 0).await.id;
    let mut turn = Turn::default();
    turn.gave_way(ANA);
    assert_eq!(take(&world, 1, &mut turn).await, HashSet::from([of_ben]));
    turn.gave_way(ANA);
    assert_eq!(take(&world, 1, &mut turn).await, HashSet::from([of_ana[0]]));
}

/// Claims that many long jobs, and says which.
async fn take(world: &World, room: usize, turn: &mut Turn) -> HashSet<Uuid> {
    let conn = &mut world.conn().await;
    let room = Room { any: room, bulk: room };
    let claimed = claim(conn, Uuid::from_u128(9), Queue::Email, room, LEASE, turn).await.unwrap();
    claimed.into_iter().map(|job| job.id).collect()
}

/// Ends what runs for the user.
async fn end(world: &World, user: Uuid) {
    let ended = format!(
        "UPDATE jobs SET state = 'SUCCESS', version = version + 1, finished_at = now(), worker_id = NULL,
             lease_expires_at = NULL WHERE state = 'RUNNING' AND user_id = '{user}'"
    );
    world.execute(&ended).await;
}

/// A claim may not get slower with what waits for another time, and little with what waits for a slot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures and holds no rule"]
#[expect(clippy::print_stdout, reason = "figures are for people")]
async fn measure_the_cost_of_a_claim() {
    let world = World::new().await;
    let fill = |users: u32, jobs: u32, state: &str| {
        format!(
            "INSERT INTO jobs (id, user_id, queue, kind, payload, state, priority, run_at, max_attempts)
             SELECT gen_random_uuid(), ('00000000-0000-0000-0000-' || lpad((1 + n % {users})::text, 12, '0'))::uuid, 'email',
                 'EXTRACT_EMAILS', '{{}}', '{state}', 50, now() + interval '1 hour', 5
             FROM generate_series(1, {jobs}) AS n"
        )
    };
    for (what, users, jobs, state) in [
        ("200,000 for later", 100, 200_000, "SCHEDULED"),
        ("+ 20,000 of one user", 1, 20_000, "QUEUED"),
        ("+ 20,000 of 1,000 users", 1000, 20_000, "QUEUED"),
    ] {
        world.execute(&fill(users, jobs, state)).await;
        world.execute("ANALYZE jobs").await;
        let mut turn = Turn::default();
        let mut times = Vec::new();
        for round in 0..300 {
            let begun = Instant::now();
            let claimed = take(&world, 1, &mut turn).await;
            times.push(begun.elapsed());
            if round % 50 < 47 {
                for job in claimed {
                    let ended = format!(
                        "UPDATE jobs SET state = 'SUCCESS', version = version + 1, finished_at = now(),
                        worker_id = NULL, lease_expires_at = NULL WHERE id = '{job}'"
                    );
                    world.execute(&ended).await;
                }
            }
        }
        times.sort();
        println!("{what}: a claim takes {:?}, at most {:?}", times[150], times[297]);
    }
}
