//! Personal API tokens: how one is made, found by its prefix, listed, and revoked. The database holds no more than its hash.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::audit::{self, Action, Author, Changes, SubjectKind};
use crate::clock::Clock;
use crate::db::schema::{api_tokens, users};
use crate::error::{Code, Error, Result};
use crate::page::Page;
use crate::text;
use crate::users::token_text::TokenText;
use crate::viewer::{Role, Scope, Scopes, Visibility};

const NAME_MAX: usize = 100;
/// The most tokens of a user that are good at a time.
const MOST: i64 = 50;

/// An API token as a row, without its hash.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = api_tokens, check_for_backend(Pg))]
pub struct ApiToken {
    /// UUID version 7.
    pub id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// What the owner calls it.
    pub name: String,
    /// The part of the token that is no secret.
    pub prefix: String,
    scopes: Vec<Option<String>>,
    /// When it stops being good.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl ApiToken {
    /// What it may do.
    pub fn scopes(&self) -> Scopes {
        let names: Vec<&str> = self.scopes.iter().flatten().map(String::as_str).collect();
        Scopes::parse(&names)
    }
}

/// A token to make, checked.
pub struct NewApiToken {
    name: String,
    scopes: Vec<Scope>,
    expires_at: Option<DateTime<Utc>>,
}

impl NewApiToken {
    /// Checks what a user with that role asks for.
    pub fn parse(
        name: &str,
        scopes: &[Scope],
        expires_at: Option<DateTime<Utc>>,
        role: Role,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let name = text::line("name", name, NAME_MAX)?;
        let scopes: Vec<Scope> = Scope::ALL.into_iter().filter(|scope| scopes.contains(scope)).collect();
        if scopes.is_empty() {
            return Err(Error::rejected("scopes", Code::Invalid, "A token needs a scope."));
        }
        if scopes == [Scope::Admin] {
            let message = "ADMIN says as whom, not what: give READ, WRITE or INGEST with it.";
            return Err(Error::rejected("scopes", Code::Invalid, message));
        }
        if scopes.contains(&Scope::Admin) && role != Role::Admin {
            let message = "Only an admin can make a token with the scope ADMIN.";
            return Err(Error::rejected("scopes", Code::Invalid, message));
        }
        if expires_at.is_some_and(|expires_at| expires_at <= now) {
            return Err(Error::rejected("expiresAt", Code::Invalid, "This moment has passed."));
        }
        Ok(Self { name, scopes, expires_at })
    }
}

/// Makes a token of `user_id`; its text is known to nobody else. `LimitExceeded` when they have too many.
pub async fn create(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    author: &Author,
    user_id: Uuid,
    new: &NewApiToken,
) -> Result<(ApiToken, TokenText)> {
    let text = TokenText::new();
    conn.transaction(async |conn| {
        // One after the other, so that several at once are counted, too.
        let owner = users::table.find(user_id).select(users::id).for_no_key_update();
        owner.first::<Uuid>(conn).await?;
        let never = api_tokens::expires_at.is_null();
        let good = visible_to(Visibility::Of(user_id))
            .filter(api_tokens::revoked_at.is_null())
            .filter(never.or(api_tokens::expires_at.assume_not_null().gt(clock.now())));
        if good.count().get_result::<i64>(conn).await? >= MOST {
            let message = format!("You have {MOST} tokens. Revoke one first.");
            return Err(Error::rejected("", Code::LimitExceeded, message));
        }
        let token = insert(conn, clock, user_id, new, &text).await?;
        let names: Vec<&str> = new.scopes.iter().map(|scope| scope.as_str()).collect();
        let expires_at = new.expires_at.map(|at| at.to_rfc3339());
        let changes = Changes::none()
            .with("name", None, Some(&new.name))
            .with("scopes", None, Some(&names.join(" ")))
            .with("expiresAt", None, expires_at.as_deref());
        let subject = Some((SubjectKind::ApiToken, token.id));
        audit::record(conn, author, Action::ApiTokenCreated, Some(user_id), subject, changes).await?;
        Ok((token, text))
    })
    .await
}

async fn insert(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    new: &NewApiToken,
    text: &TokenText,
) -> QueryResult<ApiToken> {
    let names: Vec<Option<&str>> = new.scopes.iter().map(|scope| Some(scope.as_str())).collect();
    diesel::insert_into(api_tokens::table)
        .values((
            api_tokens::id.eq(clock.new_id()),
            api_tokens::user_id.eq(user_id),
            api_tokens::name.eq(&new.name),
            api_tokens::prefix.eq(text.prefix()),
            api_tokens::token_hash.eq(text.hash()),
            api_tokens::scopes.eq(names),
            api_tokens::expires_at.eq(new.expires_at),
            api_tokens::created_at.eq(clock.now()),
        ))
        .returning(ApiToken::as_returning())
        .get_result(conn)
        .await
}

/// Revokes a token of `user_id`; `None` when they have no such token that is good.
pub async fn revoke(
    conn: &mut AsyncPgConnection,
    author: &Author,
    user_id: Uuid,
    id: Uuid,
) -> QueryResult<Option<ApiToken>> {
    conn.transaction(async |conn| {
        let good = api_tokens::table.filter(api_tokens::user_id.eq(user_id).and(api_tokens::id.eq(id)));
        let revoked = diesel::update(good.filter(api_tokens::revoked_at.is_null()))
            .set(api_tokens::revoked_at.eq(author.now()))
            .returning(ApiToken::as_returning())
            .get_result(conn)
            .await
            .optional()?;
        if revoked.is_some() {
            let subject = Some((SubjectKind::ApiToken, id));
            let action = Action::ApiTokenRevoked;
            audit::record(conn, author, action, Some(user_id), subject, Changes::none()).await?;
        }
        Ok(revoked)
    })
    .await
}

/// Revokes every token of `user_id`.
pub async fn revoke_all(conn: &mut AsyncPgConnection, author: &Author, user_id: Uuid) -> QueryResult<()> {
    let good =
        api_tokens::table.filter(api_tokens::user_id.eq(user_id).and(api_tokens::revoked_at.is_null()));
    let revoked: Vec<Uuid> = diesel::update(good)
        .set(api_tokens::revoked_at.eq(author.now()))
        .returning(api_tokens::id)
        .get_results(conn)
        .await?;
    audit::record_each(conn, author, Action::ApiTokenRevoked, user_id, SubjectKind::ApiToken, &revoked).await
}

/// The id and the hash of the token with that prefix, revoked or not: neither ever changes.
pub async fn identify(conn: &mut AsyncPgConnection, prefix: &str) -> QueryResult<Option<(Uuid, Vec<u8>)>> {
    let columns = (api_tokens::id, api_tokens::token_hash);
    api_tokens::table.filter(api_tokens::prefix.eq(prefix)).select(columns).first(conn).await.optional()
}

/// One stretch of the visible tokens, in the order in which they were made; those that were revoked, too.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    page: Page<Uuid>,
) -> QueryResult<Vec<ApiToken>> {
    let mut query = visible_to(visibility).select(ApiToken::as_select()).limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(api_tokens::id.gt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(api_tokens::id.lt(before));
    }
    let sorted =
        if page.is_from_end { query.order(api_tokens::id.desc()) } else { query.order(api_tokens::id.asc()) };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many tokens are visible.
pub async fn count(conn: &mut AsyncPgConnection, visibility: Visibility) -> QueryResult<i64> {
    visible_to(visibility).count().get_result(conn).await
}

/// The visible ones among `ids`.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<ApiToken>> {
    visible_to(visibility).filter(api_tokens::id.eq_any(ids)).select(ApiToken::as_select()).load(conn).await
}

fn visible_to<'a>(visibility: Visibility) -> api_tokens::BoxedQuery<'a, Pg> {
    let query = api_tokens::table.into_boxed();
    match visibility.user() {
        Some(user) => query.filter(api_tokens::user_id.eq(user)),
        None => query,
    }
}
