//! Who an access token stands for at this moment: asked of the database, and kept for a few seconds at most.
//!
//! A session that ends, a role that changes and a user who may not sign in any more take effect within five seconds in every
//! process, on open sockets too: what was read is kept for `KEPT_FOR`, and a socket looks every `LOOK_EVERY`. The process
//! that makes such a change forgets what it kept, and wakes its sockets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::Pool;
use crate::db::schema::{sessions, users};
use crate::error::Result;
use crate::viewer::{Credential, Role, Viewer};

/// How long an answer of the database is kept.
const KEPT_FOR: Duration = Duration::from_secs(3);
/// How often a socket looks whether its viewer still stands.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many answers are kept before the old ones are swept out for the first time.
const SWEEP_AT: usize = 1_024;

/// A session that lives, of a user who may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The user.
    pub user_id: Uuid,
    /// Their role.
    pub role: Role,
    /// When the session ends unless it is used before.
    expires_at: DateTime<Utc>,
}

/// The standings of one process. Clones share what they keep.
#[derive(Clone)]
pub struct Standings {
    pool: Pool,
    clock: Clock,
    kept: Arc<Mutex<Kept>>,
    changes: Arc<watch::Sender<()>>,
}

struct Kept {
    by_session: HashMap<Uuid, Entry>,
    /// How often something was forgotten: what was read before may not be kept after.
    generation: u64,
    sweep_at: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    standing: Option<Standing>,
    read_at: Instant,
}

impl Standings {
    /// Reads through `pool`.
    pub fn new(pool: Pool, clock: Clock) -> Self {
        let kept = Kept { by_session: HashMap::new(), generation: 0, sweep_at: SWEEP_AT };
        Self { pool, clock, kept: Arc::new(Mutex::new(kept)), changes: Arc::new(watch::Sender::new(())) }
    }

    /// Who signed in with that session; `None` when it has ended, or its user may not sign in any more.
    pub async fn find(&self, session_id: Uuid) -> Result<Option<Standing>> {
        let (fresh, generation) = self.kept().fresh(session_id);
        let standing = match fresh {
            Some(entry) => entry.standing,
            None => self.read(session_id, generation).await?,
        };
        Ok(standing.filter(|standing| standing.expires_at > self.clock.now()))
    }

    /// Waits until the viewer is no longer who they were. A database that is away ends nobody.
    pub async fn until_changed(&self, viewer: Viewer) {
        let mut changes = self.changes.subscribe();
        let Credential::Session(session_id) = viewer.credential else { return std::future::pending().await };
        loop {
            match self.find(session_id).await {
                Ok(Some(standing)) if standing.role != viewer.role => return,
                Ok(None) => return,
                Ok(Some(_)) | Err(_) => {}
            }
            tokio::select! {
                () = sleep(LOOK_EVERY) => {}
                _ = changes.changed() => {}
            }
        }
    }

    /// After COMMIT of what ended a session.
    pub fn forget_session(&self, session_id: Uuid) {
        self.forget(|id, _| *id == session_id);
    }

    /// After COMMIT of what ended a user's sessions, or changed what they may do.
    pub fn forget_user(&self, user_id: Uuid) {
        self.forget(|_, entry| entry.standing.is_some_and(|standing| standing.user_id == user_id));
    }

    fn forget(&self, is_meant: impl Fn(&Uuid, &Entry) -> bool) {
        let mut kept = self.kept();
        kept.by_session.retain(|id, entry| !is_meant(id, entry));
        kept.generation += 1;
        drop(kept);
        self.changes.send_replace(());
    }

    async fn read(&self, session_id: Uuid, generation: u64) -> Result<Option<Standing>> {
        // Before the question, not after the answer: so old is what it says.
        let read_at = Instant::now();
        let mut conn = self.pool.connection().await?;
        let row: Option<(Uuid, String, DateTime<Utc>)> = sessions::table
            .inner_join(users::table)
            .filter(sessions::id.eq(session_id))
            .filter(sessions::revoked_at.is_null().and(users::is_active))
            .select((users::id, users::role, sessions::expires_at))
            .first(&mut conn)
            .await
            .optional()?;
        drop(conn);
        let standing = row.map(|(user_id, role, expires_at)| Standing {
            user_id,
            role: Role::parse(&role).unwrap_or(Role::User),
            expires_at,
        });
        self.kept().keep(session_id, generation, Entry { standing, read_at });
        Ok(standing)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// What is kept of a session and still fresh, and the generation of this moment.
    fn fresh(&self, session_id: Uuid) -> (Option<Entry>, u64) {
        let entry = self.by_session.get(&session_id).filter(|entry| entry.is_fresh());
        (entry.copied(), self.generation)
    }

    fn keep(&mut self, session_id: Uuid, generation: u64, entry: Entry) {
        if self.generation != generation {
            return;
        }
        if self.by_session.len() >= self.sweep_at {
            self.by_session.retain(|_, entry| entry.is_fresh());
            self.sweep_at = SWEEP_AT.max(self.by_session.len().saturating_mul(2));
        }
        self.by_session.insert(session_id, entry);
    }
}

impl Entry {
    fn is_fresh(&self) -> bool {
        self.read_at.elapsed() < KEPT_FOR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(user: u128) -> Entry {
        let standing = Standing {
            user_id: Uuid::from_u128(user),
            role: Role::User,
            expires_at: DateTime::<Utc>::MAX_UTC,
        };
        Entry { standing: Some(standing), read_at: Instant::now() }
    }

    fn standings() -> Standings {
        let nowhere = crate::config::Secret::new("postgres://127.0.0.1:1/none");
        Standings::new(Pool::new(&nowhere, 1).unwrap(), Clock::System)
    }

    #[tokio::test]
    async fn an_answer_is_kept_for_seconds_and_forgotten_with_its_user() {
        let (standings, id) = (standings(), Uuid::from_u128(1));
        standings.kept().keep(id, 0, entry(7));
        assert!(standings.find(id).await.unwrap().is_some());
        standings.kept().keep(id, 0, Entry { read_at: Instant::now() - KEPT_FOR, ..entry(7) });
        assert!(standings.kept().fresh(id).0.is_none());
        standings.kept().keep(id, 0, entry(7));
        standings.forget_user(Uuid::from_u128(8));
        assert!(standings.kept().fresh(id).0.is_some());
        standings.forget_user(Uuid::from_u128(7));
        assert!(standings.kept().fresh(id).0.is_none());
    }

    #[tokio::test]
    async fn what_was_read_before_a_change_is_not_kept_after_it() {
        let (standings, id) = (standings(), Uuid::from_u128(1));
        let (_, generation) = standings.kept().fresh(id);
        standings.forget_session(id);
        standings.kept().keep(id, generation, entry(7));
        assert!(standings.kept().fresh(id).0.is_none());
    }

    #[tokio::test]
    async fn old_answers_are_swept_out() {
        let standings = standings();
        let old = Entry { read_at: Instant::now() - KEPT_FOR, ..entry(7) };
        for id in 0..=SWEEP_AT {
            standings.kept().keep(Uuid::from_u128(u128::try_from(id).unwrap()), 0, old);
        }
        assert_eq!(standings.kept().by_session.len(), 1);
    }
}
