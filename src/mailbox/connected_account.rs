//! Connected accounts: the mailboxes that a user lets the server read, as rows.

use chrono::{DateTime, Utc};
use diesel::dsl::case_when;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::Clock;
use crate::db::schema::connected_accounts;
use crate::db::{lower, on_constraint};
use crate::error::{Code, Error, Result};
use crate::mailbox::import_folder::ImportFolder;
use crate::page::Page;
use crate::viewer::Visibility;

pub mod change;

/// The name of an MBOX account that was given none; `pennypost import` uses it, too.
pub const DEFAULT_NAME: &str = "import";
const DEMO_ADDRESS: &str = "demo";
const ADDRESS_MAX: usize = 254;
const REASON_MAX: usize = 1000;

/// Where mail comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    /// Gmail.
    Gmail,
    /// A mail server that speaks IMAP.
    Imap,
    /// A file of the user's.
    Mbox,
    /// The shipped mailbox of invented mails.
    Demo,
}

impl Provider {
    const ALL: [Self; 4] = [Self::Gmail, Self::Imap, Self::Mbox, Self::Demo];

    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gmail => "GMAIL",
            Self::Imap => "IMAP",
            Self::Mbox => "MBOX",
            Self::Demo => "DEMO",
        }
    }

    /// The provider of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == name)
    }
}

/// Whether a connected account can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Consent is still due.
    Pending,
    /// It can.
    Active,
    /// The grant is gone.
    NeedsReauth,
    /// A person paused it.
    Paused,
    /// The last sync failed, and the next one will unless somebody mends it.
    Failed,
}

impl Status {
    const ALL: [Self; 5] = [Self::Pending, Self::Active, Self::NeedsReauth, Self::Paused, Self::Failed];

    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Active => "ACTIVE",
            Self::NeedsReauth => "NEEDS_REAUTH",
            Self::Paused => "PAUSED",
            Self::Failed => "FAILED",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// What a provider needs to know and is no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// MBOX: the file or folder, relative to the owner's import folder; absent for one that only `pennypost import` fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// A connected account as a row.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = connected_accounts)]
pub struct ConnectedAccount {
    /// UUID version 7.
    pub id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// GMAIL, IMAP, MBOX or DEMO.
    pub provider: String,
    /// The mailbox's address; for an MBOX account its name.
    pub address: String,
    /// PENDING, ACTIVE, `NEEDS_REAUTH`, PAUSED or FAILED.
    pub status: String,
    /// Why it is not ACTIVE, for a person.
    pub status_reason: Option<String>,
    /// See [`Settings`].
    pub settings: Value,
    /// When a sync last finished.
    pub last_sync_at: Option<DateTime<Utc>>,
    /// How many messages were seen here.
    pub email_count: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl ConnectedAccount {
    /// The settings; none where this version cannot read them.
    pub fn settings(&self) -> Settings {
        serde_json::from_value(self.settings.clone()).unwrap_or_default()
    }
}

/// A mailbox to connect.
#[derive(Clone, Debug)]
pub struct NewConnectedAccount {
    /// From where.
    pub provider: Provider,
    /// MBOX: its name, `import` unless given.
    pub address: Option<String>,
    /// MBOX: the file or folder, relative to the import folder.
    pub file: Option<String>,
    /// The owner's import folder, in which the file has to be.
    pub import_folder: ImportFolder,
}

/// The mailbox itself, for [`change::connect`].
async fn create(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    new: NewConnectedAccount,
) -> Result<ConnectedAccount> {
    let (address, settings) = match new.provider {
        Provider::Demo => {
            refuse_choice(new.address.as_ref(), new.file.as_ref())?;
            (DEMO_ADDRESS.to_owned(), Settings::default())
        }
        Provider::Mbox => {
            let file = new.file.unwrap_or_default();
            let address = parse_name(new.address)?;
            new.import_folder.check(&file).await?;
            let settings = Settings { file: Some(file) };
            if let Some(account) = give_file(conn, user_id, &address, &settings).await? {
                return Ok(account);
            }
            (address, settings)
        }
        Provider::Gmail | Provider::Imap => {
            let message = format!("{} accounts cannot be connected yet.", new.provider.as_str());
            return Err(Error::rejected("provider", Code::Invalid, message));
        }
    };
    let taken =
        || Error::rejected("address", Code::Taken, "You have connected a mailbox of that name already.");
    diesel::insert_into(connected_accounts::table)
        .values((
            connected_accounts::id.eq(clock.new_id()),
            connected_accounts::user_id.eq(user_id),
            connected_accounts::provider.eq(new.provider.as_str()),
            connected_accounts::address.eq(address),
            connected_accounts::status.eq(Status::Active.as_str()),
            connected_accounts::settings.eq(json!(settings)),
        ))
        .returning(ConnectedAccount::as_returning())
        .get_result(conn)
        .await
        .map_err(on_constraint("connected_accounts_address_key", taken))
}

/// Refuses a name and a file for a mailbox that is no file.
fn refuse_choice(address: Option<&String>, file: Option<&String>) -> Result<()> {
    for (field, is_given) in [("address", address.is_some()), ("file", file.is_some())] {
        if is_given {
            let message = "Only a mailbox that is a file has a name and a file of the user's choice.";
            return Err(Error::rejected(field, Code::Invalid, message));
        }
    }
    Ok(())
}

/// Gives the user's MBOX account of that name its file; `None` when there is no such account, or it has one.
async fn give_file(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    name: &str,
    settings: &Settings,
) -> QueryResult<Option<ConnectedAccount>> {
    let without_file = connected_accounts::table
        .filter(connected_accounts::user_id.eq(user_id))
        .filter(connected_accounts::provider.eq(Provider::Mbox.as_str()))
        .filter(lower(connected_accounts::address).eq(lower(name)))
        .filter(connected_accounts::settings.retrieve_as_text("file").is_null());
    // What it failed for is mended.
    let is_paused = connected_accounts::status.eq(Status::Paused.as_str());
    diesel::update(without_file)
        .set((
            connected_accounts::settings.eq(json!(settings)),
            connected_accounts::status
                .eq(case_when(is_paused, connected_accounts::status).otherwise(Status::Active.as_str())),
            connected_accounts::status_reason
                .eq(case_when(is_paused, connected_accounts::status_reason).otherwise(None::<String>)),
        ))
        .returning(ConnectedAccount::as_returning())
        .get_result(conn)
        .await
        .optional()
}

/// The user's MBOX account `import`, made when there is none.
pub async fn find_or_create_import(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
) -> QueryResult<ConnectedAccount> {
    diesel::insert_into(connected_accounts::table)
        .values((
            connected_accounts::id.eq(clock.new_id()),
            connected_accounts::user_id.eq(user_id),
            connected_accounts::provider.eq(Provider::Mbox.as_str()),
            connected_accounts::address.eq(DEFAULT_NAME),
            connected_accounts::status.eq(Status::Active.as_str()),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    visible_to(Visibility::Of(user_id))
        .filter(connected_accounts::provider.eq(Provider::Mbox.as_str()))
        .filter(connected_accounts::address.ilike(DEFAULT_NAME))
        .select(ConnectedAccount::as_select())
        .first(conn)
        .await
}

/// One stretch of the visible connected accounts, in the order in which they were made.
pub async fn list(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    page: Page<Uuid>,
) -> QueryResult<Vec<ConnectedAccount>> {
    let mut query = visible_to(visibility).select(ConnectedAccount::as_select()).limit(page.limit);
    if let Some(after) = page.after {
        query = query.filter(connected_accounts::id.gt(after));
    }
    if let Some(before) = page.before {
        query = query.filter(connected_accounts::id.lt(before));
    }
    let sorted = if page.is_from_end {
        query.order(connected_accounts::id.desc())
    } else {
        query.order(connected_accounts::id.asc())
    };
    Ok(page.in_order(sorted.load(conn).await?))
}

/// How many connected accounts are visible.
pub async fn count(conn: &mut AsyncPgConnection, visibility: Visibility) -> QueryResult<i64> {
    visible_to(visibility).count().get_result(conn).await
}

/// The visible ones among `ids`.
pub async fn for_ids(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    ids: &[Uuid],
) -> QueryResult<Vec<ConnectedAccount>> {
    let query = visible_to(visibility).filter(connected_accounts::id.eq_any(ids));
    query.select(ConnectedAccount::as_select()).load(conn).await
}

/// The connected account with that id, when it is visible.
pub async fn find(
    conn: &mut AsyncPgConnection,
    visibility: Visibility,
    id: Uuid,
) -> QueryResult<Option<ConnectedAccount>> {
    let query = visible_to(visibility).filter(connected_accounts::id.eq(id));
    query.select(ConnectedAccount::as_select()).first(conn).await.optional()
}

/// The ids of all the user's accounts with that provider that have something to be fetched from, in the order in which they
/// were made: an MBOX account that only `pennypost import` fills has not.
pub async fn ids_of_provider(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    provider: Provider,
) -> QueryResult<Vec<Uuid>> {
    visible_to(Visibility::Of(user_id))
        .filter(connected_accounts::provider.eq(provider.as_str()))
        .filter(
            connected_accounts::provider
                .ne(Provider::Mbox.as_str())
                .or(connected_accounts::settings.retrieve_as_text("file").is_not_null()),
        )
        .order(connected_accounts::id)
        .select(connected_accounts::id)
        .load(conn)
        .await
}

/// Writes down that a sync ended well at `now`; an account that had failed works again.
pub async fn record_sync(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Uuid,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let own = connected_accounts::table
        .filter(connected_accounts::user_id.eq(user_id))
        .filter(connected_accounts::id.eq(id));
    // A person may have paused it while it was read.
    let is_paused = connected_accounts::status.eq(Status::Paused.as_str());
    diesel::update(own)
        .set((
            connected_accounts::last_sync_at.eq(now),
            connected_accounts::status
                .eq(case_when(is_paused, connected_accounts::status).otherwise(Status::Active.as_str())),
            connected_accounts::status_reason
                .eq(case_when(is_paused, connected_accounts::status_reason).otherwise(None::<String>)),
        ))
        .execute(conn)
        .await
        .map(drop)
}

/// Writes down why the account cannot be read, in a sentence for its owner.
pub async fn record_failure(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Uuid,
    reason: &str,
) -> QueryResult<()> {
    let own = connected_accounts::table
        .filter(connected_accounts::user_id.eq(user_id))
        .filter(connected_accounts::id.eq(id));
    let reason: String = reason.chars().take(REASON_MAX).collect();
    diesel::update(own)
        .set((
            connected_accounts::status.eq(Status::Failed.as_str()),
            connected_accounts::status_reason.eq(reason),
        ))
        .execute(conn)
        .await
        .map(drop)
}

fn parse_name(given: Option<String>) -> Result<String> {
    let name = given.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| DEFAULT_NAME.to_owned());
    if name.chars().count() > ADDRESS_MAX {
        let message = format!("A mailbox's name has at most {ADDRESS_MAX} characters.");
        return Err(Error::rejected("address", Code::TooLong, message));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::rejected(
            "address",
            Code::Invalid,
            "A mailbox's name holds no control characters.",
        ));
    }
    Ok(name)
}

fn visible_to<'a>(visibility: Visibility) -> connected_accounts::BoxedQuery<'a, Pg> {
    let query = connected_accounts::table.into_boxed();
    match visibility.user() {
        Some(user) => query.filter(connected_accounts::user_id.eq(user)),
        None => query,
    }
}
