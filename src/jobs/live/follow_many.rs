//! The events of many jobs as one stream: each job's versions once, in order, without a hole.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::Stream;
use futures_util::stream::unfold;
use uuid::Uuid;

use super::read::{
    Key, MOST_KEYS, events_after, events_since, events_with_keys, now, present_events, recent_keys,
};
use super::{Live, Notice, Subject, Watched, Watcher};
use crate::db::Pool;
use crate::error::{Error, Result};
use crate::jobs::event::PublishedEvent;
use crate::jobs::payload::Kind;
use crate::jobs::state::State;
use crate::viewer::Visibility;

/// Between two tries while the database is away.
const PAUSE: Duration = Duration::from_millis(500);
/// So long the last version of a job that ended is remembered: longer than an event can be late.
const REMEMBERED: TimeDelta = TimeDelta::minutes(1);
/// So late an event may be heard after it was written.
const LATENESS: TimeDelta = TimeDelta::seconds(10);
/// Events of one job that are read at a time.
const PAGE: i64 = 200;
/// Events of many jobs that are loaded at a time.
const BATCH: usize = 500;
/// So many jobs are remembered at least.
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
    /// How many jobs are remembered before the ended ones are looked through.
    forget_at: usize,
    waiting: VecDeque<PublishedEvent>,
    /// From when on the table has to be read, after more changed than could wait.
    behind_since: Option<DateTime<Utc>>,
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
    let present = present_events(&mut conn, user_id).await?;
    drop(conn);
    let mut follower = Follower {
        pool: pool.clone(),
        watcher,
        user_id,
        wanted,
        since,
        newest: since,
        jobs: HashMap::new(),
        forget_at: LARGEST_MEMORY,
        waiting: VecDeque::new(),
        behind_since: None,
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
            if let Some(since) = self.behind_since {
                self.read_on(since).await;
                continue;
            }
            match self.watcher.next().await {
                Notice::Event(event) => self.take(PublishedEvent::clone(&event)).await,
                Notice::Behind => self.behind_since = Some(self.since.max(self.newest - LATENESS)),
            }
        }
    }

    /// Reads a page of what did not fit into the mailbox, and finds out whether there is more. However long that takes.
    async fn read_on(&mut self, since: DateTime<Utc>) {
        let (events, seen_to) = loop {
            match self.page(since).await {
                Ok(page) => break page,
                Err(error) => pause(&error).await,
            }
        };
        // Events of one moment are more than a page only in theory; then it goes on behind them.
        self.behind_since = seen_to.map(|at| at.max(since + TimeDelta::microseconds(1)));
        for event in events {
            self.take(event).await;
        }
    }

    /// The watched events after a moment, and up to when they reach; `None` when they reach to the present.
    async fn page(&self, since: DateTime<Utc>) -> Result<(Vec<PublishedEvent>, Option<DateTime<Utc>>)> {
        let mut conn = self.pool.connection().await?;
        let written = recent_keys(&mut conn, since).await?;
        let seen_to = written.last().map(|last| last.at).filter(|_| written.len() >= MOST_KEYS);
        let keys: Vec<Key> = written.into_iter().map(|written| (written.job_id, written.version)).collect();
        let user_id = self.user_id;
        let watched =
            Watched { everyone: user_id.is_none(), users: user_id.into_iter().collect(), jobs: Vec::new() };
        let mut events = Vec::new();
        for keys in keys.chunks(BATCH) {
            events.extend(events_with_keys(&mut conn, keys, &watched).await?);
        }
        Ok((events, seen_to))
    }

    async fn take(&mut self, event: PublishedEvent) {
        let (job_id, version) = (event.event.job_id, event.event.version);
        let mut last = self.last_version(job_id);
        if last == 0 && event.event.at < self.since {
            return;
        }
        while last + 1 < version {
            self.fill(job_id, last).await;
            let filled_to = self.last_version(job_id);
            if filled_to == last {
                break;
            }
            last = filled_to;
        }
        self.pass(event, true);
    }

    /// Passes the versions of a job above one; of a job that is not known, as far as the watch reaches back.
    async fn fill(&mut self, job_id: Uuid, last: i64) {
        let events = loop {
            match self.missing(job_id, last).await {
                Ok(events) => break events,
                Err(error) => pause(&error).await,
            }
        };
        for event in events {
            self.pass(event, true);
        }
    }

    async fn missing(&self, job_id: Uuid, last: i64) -> Result<Vec<PublishedEvent>> {
        let mut conn = self.pool.connection().await?;
        let events = match last {
            0 => events_since(&mut conn, job_id, self.since).await?,
            last => events_after(&mut conn, job_id, last, PAGE).await?,
        };
        Ok(events)
    }

    /// The last version that passed of that job; 0 for one that is not known.
    fn last_version(&self, job_id: Uuid) -> i64 {
        self.jobs.get(&job_id).map_or(0, |last| last.version)
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
        if self.jobs.len() < self.forget_at {
            return;
        }
        let since = self.newest - REMEMBERED;
        self.jobs.retain(|_, last| !last.is_ended || last.at >= since);
        self.since = self.since.max(since);
        self.forget_at = LARGEST_MEMORY.max(self.jobs.len() * 2);
    }
}

async fn pause(error: &Error) {
    tracing::debug!(%error, "the events of watched jobs wait for the database");
    tokio::time::sleep(PAUSE).await;
}

impl Wanted {
    fn admits(&self, event: &PublishedEvent) -> bool {
        let has_state = self.states.is_empty() || self.states.contains(&event.event.state);
        let has_kind = self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.as_str() == event.kind);
        has_state && has_kind
    }
}
