//! The events of many jobs as one stream: each job's versions once, in order, without a hole.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::Stream;
use futures_util::stream::unfold;
use uuid::Uuid;

use super::read::{events_after, events_since, now, present_events};
use super::{Live, Notice, Subject, Watcher};
use crate::db::Pool;
use crate::error::Result;
use crate::jobs::event::PublishedEvent;
use crate::jobs::payload::Kind;
use crate::jobs::state::State;
use crate::viewer::Visibility;

/// Jobs whose present state is known from the start.
const NEWEST: i64 = 200;
/// Between two tries while the database is away.
const PAUSE: Duration = Duration::from_millis(500);
/// So long the last version of a job that ended is remembered: longer than an event can be late.
const REMEMBERED: TimeDelta = TimeDelta::minutes(1);
/// So late an event may be heard after it was written.
const LATENESS: TimeDelta = TimeDelta::seconds(10);
/// Events that are read at a time.
const PAGE: i64 = 200;
/// So many jobs are remembered before the ended ones among them are looked through.
const LARGEST_MEMORY: usize = 1_000;
/// Transactions that were open when the watch began may have written events that are older than it.
const OPEN_TRANSACTIONS: TimeDelta = TimeDelta::seconds(2);

/// Which events are wanted; an empty list narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those that lead into one of these states.
    pub states: Vec<State>,
    /// Those of these kinds of jobs.
    pub kinds: Vec<Kind>,
}

struct Follower {
    pool: Pool,
    watcher: Watcher,
    user_id: Option<Uuid>,
    wanted: Wanted,
    /// Of a job that is not known here, events older than this are the past.
    since: DateTime<Utc>,
    /// When the newest event was written that was heard.
    newest: DateTime<Utc>,
    jobs: HashMap<Uuid, Last>,
    waiting: VecDeque<PublishedEvent>,
}

/// The last version of a job that passed, wanted or not.
struct Last {
    version: i64,
    at: DateTime<Utc>,
    is_ended: bool,
}

/// The events of the visible jobs: first the present state of the newest active ones, then every change. It never ends;
/// while the database is away it waits.
pub async fn follow_many(
    live: &Live,
    pool: &Pool,
    visibility: Visibility,
    wanted: Wanted,
) -> Result<impl Stream<Item = PublishedEvent> + Send + use<>> {
    let user_id = visibility.user();
    let watcher = live.watch(user_id.map_or(Subject::Everyone, Subject::User));
    let mut conn = pool.connection().await?;
    let since = now(&mut conn).await? - OPEN_TRANSACTIONS;
    let present = present_events(&mut conn, user_id, NEWEST).await?;
    drop(conn);
    let mut follower = Follower {
        pool: pool.clone(),
        watcher,
        user_id,
        wanted,
        since,
        newest: since,
        jobs: HashMap::new(),
        waiting: VecDeque::new(),
    };
    for event in present {
        // Jobs that ended a moment ago are known, so that their late events do not come again, and are no news.
        let is_news = !event.event.state.is_ended();
        follower.pass(event, is_news);
    }
    Ok(unfold(follower, async |mut follower| {
        let event = follower.next().await;
        Some((event, follower))
    }))
}

impl Follower {
    async fn next(&mut self) -> PublishedEvent {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return event;
            }
            match self.watcher.next().await {
                Notice::Event(event) => self.take(PublishedEvent::clone(&event)).await,
                Notice::Behind => self.read(Missing::OfAll).await,
            }
        }
    }

    async fn take(&mut self, event: PublishedEvent) {
        let (job_id, version) = (event.event.job_id, event.event.version);
        let mut last = self.last_version(job_id);
        while last + 1 < version {
            self.read(Missing::OfJob(job_id, last)).await;
            let read_to = self.last_version(job_id);
            if read_to == last {
                break;
            }
            last = read_to;
        }
        self.pass(event, true);
    }

    /// The last version that passed of that job; 0 for one that is not known.
    fn last_version(&self, job_id: Uuid) -> i64 {
        self.jobs.get(&job_id).map_or(0, |last| last.version)
    }

    /// Takes in what the table has and the ear has missed, however long that takes.
    async fn read(&mut self, missing: Missing) {
        let events = loop {
            match self.try_read(missing).await {
                Ok(events) => break events,
                Err(error) => {
                    tracing::debug!(%error, "the events of watched jobs wait for the database");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        };
        for event in events {
            self.pass(event, true);
        }
    }

    async fn try_read(&self, missing: Missing) -> Result<Vec<PublishedEvent>> {
        let mut conn = self.pool.connection().await?;
        let events = match missing {
            Missing::OfJob(job_id, 0) => events_since(&mut conn, None, Some(job_id), self.since).await?,
            Missing::OfJob(job_id, last) => events_after(&mut conn, job_id, last, PAGE).await?,
            Missing::OfAll => {
                let since = self.since.max(self.newest - LATENESS);
                events_since(&mut conn, self.user_id, None, since).await?
            }
        };
        Ok(events)
    }

    /// Gives an event out unless it has passed before.
    fn pass(&mut self, event: PublishedEvent, is_news: bool) {
        let (job_id, version, at) = (event.event.job_id, event.event.version, event.event.at);
        self.newest = self.newest.max(at);
        if version <= self.last_version(job_id) {
            return;
        }
        self.forget();
        self.jobs.insert(job_id, Last { version, at, is_ended: event.event.state.is_ended() });
        if is_news && self.wanted.admits(&event) {
            self.waiting.push_back(event);
        }
    }

    /// Forgets jobs that ended long ago, when many are remembered. Their events become the past, or they would come again
    /// with the first new one.
    fn forget(&mut self) {
        if self.jobs.len() < LARGEST_MEMORY {
            return;
        }
        let since = self.newest - REMEMBERED;
        self.jobs.retain(|_, last| !last.is_ended || last.at >= since);
        self.since = self.since.max(since);
    }
}

#[derive(Clone, Copy)]
enum Missing {
    /// The versions of a job above one; above 0, as far as the watch reaches back.
    OfJob(Uuid, i64),
    /// Whatever did not fit into the mailbox.
    OfAll,
}

impl Wanted {
    fn admits(&self, event: &PublishedEvent) -> bool {
        let has_state = self.states.is_empty() || self.states.contains(&event.event.state);
        let has_kind = self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.as_str() == event.kind);
        has_state && has_kind
    }
}
