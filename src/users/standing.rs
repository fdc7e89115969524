//! Who an access token or an API token stands for at this moment: asked of the database, and kept for a few seconds at most.
//!
//! A session that ends, a role that changes and a user who may not sign in any more take effect within five seconds in every
//! process, on open sockets too: what was read is kept for `KEPT_FOR`, and a socket looks every `LOOK_EVERY`. The process
//! that makes such a change forgets what it kept, and wakes its sockets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::Pool;
use crate::db::schema::{api_tokens, sessions, users};
use crate::error::Result;
use crate::users::api_token::{self, ApiToken};
use crate::users::token_text::TokenText;
use crate::viewer::{Credential, Role, Scope, Scopes, Viewer};

/// How long an answer of the database is kept.
const KEPT_FOR: Duration = Duration::from_secs(3);
/// How often a socket looks whether its viewer still stands.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often the use of an API token is noted.
const USE_IS_NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How many answers are kept before the old ones are swept out for the first time.
const SWEEP_AT: usize = 1_024;

/// A session that lives, or an API token that is good, of a user who may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The user.
    pub user_id: Uuid,
    /// Their role, as far as the credential lets them act in it.
    pub role: Role,
    /// What they may do.
    pub scopes: Scopes,
    /// When it ends.
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
    by_credential: HashMap<Credential, Entry>,
    /// The id and the hash behind the prefix of an API token: neither ever changes.
    tokens: HashMap<String, (Uuid, Vec<u8>)>,
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
        let kept =
            Kept { by_credential: HashMap::new(), tokens: HashMap::new(), generation: 0, sweep_at: SWEEP_AT };
        Self { pool, clock, kept: Arc::new(Mutex::new(kept)), changes: Arc::new(watch::Sender::new(())) }
    }

    /// Who shows that; `None` when it is good no longer, or its user may not sign in any more.
    pub async fn find(&self, credential: Credential) -> Result<Option<Standing>> {
        let (fresh, generation) = self.kept().fresh(credential);
        let standing = match fresh {
            Some(entry) => entry.standing,
            None => self.read(credential, generation).await?,
        };
        Ok(standing.filter(|standing| standing.expires_at > self.clock.now()))
    }

    /// The token of that text; `None` when it never was one.
    pub async fn identify(&self, text: &TokenText) -> Result<Option<Uuid>> {
        let known = self.kept().tokens.get(text.prefix()).cloned();
        let found = match known {
            Some(found) => Some(found),
            None => api_token::identify(&mut *self.pool.connection().await?, text.prefix()).await?,
        };
        let Some((id, hash)) = found else { return Ok(None) };
        if !text.has_hash(&hash) {
            return Ok(None);
        }
        let mut kept = self.kept();
        if kept.tokens.len() >= SWEEP_AT {
            kept.tokens.clear();
        }
        kept.tokens.insert(text.prefix().to_owned(), (id, hash));
        Ok(Some(id))
    }

    /// Waits until the viewer is no longer who they were. A database that is away ends nobody.
    pub async fn until_changed(&self, viewer: Viewer) {
        let mut changes = self.changes.subscribe();
        loop {
            match self.find(viewer.credential).await {
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
        self.forget(Credential::Session(session_id));
    }

    /// After COMMIT of what ended a session or revoked a token.
    pub fn forget(&self, credential: Credential) {
        self.forget_all(|other, _| *other == credential);
    }

    /// After COMMIT of what ended a user's sessions, or changed what they may do.
    pub fn forget_user(&self, user_id: Uuid) {
        self.forget_all(|_, entry| entry.standing.is_some_and(|standing| standing.user_id == user_id));
    }

    fn forget_all(&self, is_meant: impl Fn(&Credential, &Entry) -> bool) {
        let mut kept = self.kept();
        kept.by_credential.retain(|id, entry| !is_meant(id, entry));
        kept.generation += 1;
        drop(kept);
        self.changes.send_replace(());
    }

    async fn read(&self, credential: Credential, generation: u64) -> Result<Option<Standing>> {
        // Before the question, not after the answer: so old is what it says.
        let read_at = Instant::now();
        let mut conn = self.pool.connection().await?;
        let standing = match credential {
            Credential::Session(id) => of_session(&mut conn, id).await?,
            Credential::Token(id) => of_token(&mut conn, id, self.clock.now()).await?,
        };
        drop(conn);
        self.kept().keep(credential, generation, Entry { standing, read_at });
        Ok(standing)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn of_session(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<Standing>> {
    let row: Option<(Uuid, String, DateTime<Utc>)> = sessions::table
        .inner_join(users::table)
        .filter(sessions::id.eq(id))
        .filter(sessions::revoked_at.is_null().and(users::is_active))
        .select((users::id, users::role, sessions::expires_at))
        .first(conn)
        .await
        .optional()?;
    Ok(row.map(|(user_id, role, expires_at)| Standing {
        user_id,
        role: Role::parse(&role).unwrap_or(Role::User),
        scopes: Scopes::ALL,
        expires_at,
    }))
}

async fn of_token(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<Option<Standing>> {
    let found: Option<(ApiToken, String)> = api_tokens::table
        .inner_join(users::table)
        .filter(api_tokens::id.eq(id))
        .filter(api_tokens::revoked_at.is_null().and(users::is_active))
        .select((ApiToken::as_select(), users::role))
        .first(conn)
        .await
        .optional()?;
    let Some((token, role)) = found else { return Ok(None) };
    let scopes = token.scopes();
    let expires_at = token.expires_at.unwrap_or(DateTime::<Utc>::MAX_UTC);
    if expires_at > now && token.last_used_at.is_none_or(|used_at| now - used_at >= USE_IS_NOTED_EVERY) {
        let row = api_tokens::table.find(id);
        diesel::update(row).set(api_tokens::last_used_at.eq(now)).execute(conn).await?;
    }
    let role = Role::parse(&role).filter(|_| scopes.allow(Scope::Admin)).unwrap_or(Role::User);
    Ok(Some(Standing { user_id: token.user_id, role, scopes, expires_at }))
}

impl Standing {
    /// How long it is good from `now` on.
    pub fn good_for(&self, now: DateTime<Utc>) -> Duration {
        (self.expires_at - now).to_std().unwrap_or_default()
    }
}

impl Kept {
    /// What is kept of a credential and still fresh, and the generation of this moment.
    fn fresh(&self, credential: Credential) -> (Option<Entry>, u64) {
        let entry = self.by_credential.get(&credential).filter(|entry| entry.is_fresh());
        (entry.copied(), self.generation)
    }

    fn keep(&mut self, credential: Credential, generation: u64, entry: Entry) {
        if self.generation != generation {
            return;
        }
        if self.by_credential.len() >= self.sweep_at {
            self.by_credential.retain(|_, entry| entry.is_fresh());
            self.sweep_at = SWEEP_AT.max(self.by_credential.len().saturating_mul(2));
        }
        self.by_credential.insert(credential, entry);
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
            scopes: Scopes::ALL,
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
        let (standings, id) = (standings(), Credential::Session(Uuid::from_u128(1)));
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
        let (standings, id) = (standings(), Credential::Session(Uuid::from_u128(1)));
        let (_, generation) = standings.kept().fresh(id);
        standings.forget(id);
        standings.kept().keep(id, generation, entry(7));
        assert!(standings.kept().fresh(id).0.is_none());
    }

    #[tokio::test]
    async fn old_answers_are_swept_out() {
        let standings = standings();
        let old = Entry { read_at: Instant::now() - KEPT_FOR, ..entry(7) };
        for id in 0..=SWEEP_AT {
            standings.kept().keep(Credential::Token(Uuid::from_u128(u128::try_from(id).unwrap())), 0, old);
        }
        assert_eq!(standings.kept().by_credential.len(), 1);
    }
}
