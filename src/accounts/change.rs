//! What a person makes of their accounts: new ones, changes, and what was learned of them.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::accounts::note::note;
use crate::accounts::{Account, Kind, find};
use crate::audit::{Action, Author};
use crate::clock::Clock;
use crate::db::on_constraint;
use crate::db::schema::{account_masks, accounts, transactions};
use crate::error::{Code, Error, Result};
use crate::idempotency::{self, Once, Turn};
use crate::money::{Currency, Money};
use crate::text;
use crate::viewer::Visibility;

const NAME_MAX: usize = 100;
const ISSUER_MAX: usize = 255;

/// An account to be.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// 1 to 100 characters.
    pub name: String,
    /// The domain or the name of who writes about it.
    pub issuer: Option<String>,
    /// What kind of place for money it is.
    pub kind: Kind,
    /// Its own currency.
    pub currency: Currency,
    /// What it holds before its first transaction, in its currency.
    pub opening_balance: Decimal,
}

/// What is to be different about an account; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountChanges {
    /// Its name.
    pub name: Option<String>,
    /// The domain or the name of who writes about it.
    pub issuer: Option<Option<String>>,
    /// What kind of place it is.
    pub kind: Option<Kind>,
    /// Its currency.
    pub currency: Option<Currency>,
    /// What it held before its first transaction.
    pub opening_balance: Option<Decimal>,
}

/// Makes an account of `user_id`. `Taken` when the user has one of that name.
pub async fn create(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    new: NewAccount,
    once: Option<&Once>,
    author: &Author,
) -> Result<Account> {
    let name = text::line("name", &new.name, NAME_MAX)?;
    let issuer = parse_issuer(new.issuer.as_deref())?;
    Money { amount: new.opening_balance, currency: new.currency }.check("openingBalance")?;
    let id = clock.new_id();
    conn.transaction(async |conn| {
        if let Turn::Again(id) = idempotency::begin(conn, clock, user_id, once, id).await? {
            let found = find(conn, Visibility::Of(user_id), id).await?;
            return found.ok_or_else(|| idempotency::gone("account"));
        }
        let made = diesel::insert_into(accounts::table)
            .values((
                accounts::id.eq(id),
                accounts::user_id.eq(user_id),
                accounts::name.eq(name),
                accounts::issuer.eq(issuer),
                accounts::kind.eq(new.kind.as_str()),
                accounts::currency.eq(new.currency.code()),
                accounts::opening_balance.eq(new.opening_balance),
            ))
            .returning(Account::as_returning())
            .get_result(conn)
            .await
            .map_err(on_constraint("accounts_name_key", taken))?;
        note(conn, author, Action::AccountCreated, None, Some(&made)).await?;
        Ok(made)
    })
    .await
}

/// Changes an account of `user_id`. The currency of one with transactions stays: their amounts are in it.
pub async fn update(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Uuid,
    changes: AccountChanges,
    author: &Author,
) -> Result<Account> {
    let columns = Columns {
        name: changes.name.map(|name| text::line("name", &name, NAME_MAX)).transpose()?,
        issuer: changes.issuer.map(|issuer| parse_issuer(issuer.as_deref())).transpose()?,
        kind: changes.kind.map(Kind::as_str),
        currency: changes.currency.map(|currency| currency.code()),
        opening_balance: changes.opening_balance,
    };
    conn.transaction(async |conn| {
        let old = lock(conn, user_id, id).await?.ok_or_else(|| Error::unknown("id", "account"))?;
        let currency = changes.currency.or_else(|| Currency::parse(&old.currency));
        let is_in_another = columns.currency.is_some_and(|code| code != old.currency);
        let is_balance_new = is_in_another || changes.opening_balance.is_some();
        if let Some(currency) = currency.filter(|_| is_balance_new) {
            let amount = changes.opening_balance.unwrap_or(old.opening_balance);
            Money { amount, currency }.check("openingBalance")?;
        }
        if is_in_another && is_used(conn, user_id, id).await? {
            let message = "The account has transactions, and their amounts are in its currency.";
            return Err(Error::rejected("currency", Code::InUse, message));
        }
        if columns == Columns::default() {
            return Ok(old);
        }
        let own = accounts::table.filter(accounts::user_id.eq(user_id)).filter(accounts::id.eq(id));
        let new = diesel::update(own)
            .set(&columns)
            .returning(Account::as_returning())
            .get_result(conn)
            .await
            .map_err(on_constraint("accounts_name_key", taken))?;
        note(conn, author, Action::AccountUpdated, Some(&old), Some(&new)).await?;
        Ok(new)
    })
    .await
}

/// The account of `user_id`, with nothing new on it until the transaction ends: neither transactions nor masks.
pub async fn lock(conn: &mut AsyncPgConnection, user_id: Uuid, id: Uuid) -> QueryResult<Option<Account>> {
    // Whoever files mails looks at the masks first, too.
    let masks = account_masks::table
        .filter(account_masks::user_id.eq(user_id))
        .filter(account_masks::account_id.eq(id));
    let masks = masks.order(account_masks::id).select(account_masks::id).for_update();
    masks.load::<Uuid>(conn).await?;
    let own = accounts::table.filter(accounts::user_id.eq(user_id)).filter(accounts::id.eq(id));
    own.select(Account::as_select()).for_update().first(conn).await.optional()
}

/// The account of `user_id`, which nobody deletes until the transaction ends.
pub async fn hold(conn: &mut AsyncPgConnection, user_id: Uuid, id: Uuid) -> QueryResult<Option<Account>> {
    let own = accounts::table.filter(accounts::user_id.eq(user_id)).filter(accounts::id.eq(id));
    own.select(Account::as_select()).for_share().first(conn).await.optional()
}

/// True when a transaction is on the account, a deleted one among them.
pub async fn is_used(conn: &mut AsyncPgConnection, user_id: Uuid, id: Uuid) -> QueryResult<bool> {
    let rows =
        transactions::table.filter(transactions::user_id.eq(user_id)).filter(transactions::account_id.eq(id));
    diesel::select(exists(rows)).get_result(conn).await
}

/// Has the masks of one account name another from now on.
pub async fn move_masks(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    from: Uuid,
    to: Uuid,
) -> QueryResult<()> {
    let masks = account_masks::table
        .filter(account_masks::user_id.eq(user_id))
        .filter(account_masks::account_id.eq(from));
    diesel::update(masks).set(account_masks::account_id.eq(to)).execute(conn).await.map(drop)
}

/// Deletes an account that nothing is on any more; its masks go with it.
pub async fn delete(conn: &mut AsyncPgConnection, user_id: Uuid, id: Uuid) -> QueryResult<()> {
    let own = accounts::table.filter(accounts::user_id.eq(user_id)).filter(accounts::id.eq(id));
    diesel::delete(own).execute(conn).await.map(drop)
}

/// `None` leaves a column alone.
#[derive(Debug, Default, PartialEq, Eq, AsChangeset)]
#[expect(clippy::option_option, reason = "diesel's way to tell a column left alone from one set to NULL")]
#[diesel(table_name = accounts)]
struct Columns {
    name: Option<String>,
    issuer: Option<Option<String>>,
    kind: Option<&'static str>,
    currency: Option<&'static str>,
    opening_balance: Option<Decimal>,
}

/// A domain, as mails write it in lower case, or a name. It is shown and found; no mail is told by it.
fn parse_issuer(given: Option<&str>) -> Result<Option<String>> {
    let issuer = text::optional_line("issuer", given, ISSUER_MAX)?;
    Ok(issuer.map(|issuer| issuer.to_lowercase()))
}

fn taken() -> Error {
    Error::rejected("name", Code::Taken, "You have an account of that name already.")
}
