//! Accounts learned from mails: found again by issuer and mask, made when they are new.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::accounts::Kind;
use crate::clock::Clock;
use crate::db::lower;
use crate::db::schema::{account_masks, accounts};
use crate::error::{Error, Result};
use crate::money::Currency;

/// The longest name of an account, in characters.
const NAME_LENGTH: usize = 100;

/// How a mail names an account.
#[derive(Clone, Copy, Debug)]
pub struct Mention<'a> {
    /// The domain of the sender.
    pub issuer: &'a str,
    /// What the issuer calls itself, for the account's name.
    pub issuer_name: &'a str,
    /// What the mask shortens.
    pub kind: Kind,
    /// The digits and letters that the mail shows.
    pub mask: &'a str,
}

/// The account that `mention` means, made when it is not known yet. The currency of a new one is the one that it is first
/// seen with.
///
/// The rule: the same issuer, kind and mask is the same account; another kind with the same mask at the same issuer is
/// the same account, too, because alerts often leave out whether they mean the card or its account.
pub async fn find_or_create(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    mention: Mention<'_>,
    currency: Currency,
) -> Result<Uuid> {
    if let Some(known) = find(conn, user_id, mention).await? {
        return Ok(known);
    }
    let account_id = insert_named(conn, clock, user_id, mention, currency).await?;
    let mask = (
        account_masks::id.eq(clock.new_id()),
        account_masks::user_id.eq(user_id),
        account_masks::account_id.eq(account_id),
        account_masks::issuer.eq(mention.issuer),
        account_masks::kind.eq(mention.kind.as_str()),
        account_masks::mask.eq(mention.mask),
    );
    diesel::insert_into(account_masks::table).values(mask).on_conflict_do_nothing().execute(conn).await?;
    // Another worker may have learned the mask meanwhile; its account is the one.
    Ok(find(conn, user_id, mention).await?.unwrap_or(account_id))
}

/// The account `Unassigned <currency>`, for transactions whose mail names none.
pub async fn find_or_create_unassigned(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    currency: Currency,
) -> Result<Uuid> {
    let name = format!("Unassigned {}", currency.code());
    let new = New { name: &name, issuer: None, kind: Kind::Other, currency };
    find_or_insert(conn, clock, user_id, new).await.map(|(id, _)| id)
}

/// The currencies of a user's accounts, by the issuer that writes about them.
pub async fn currencies_by_issuer(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
) -> QueryResult<HashMap<String, Vec<Currency>>> {
    let rows: Vec<(Option<String>, String)> = accounts::table
        .filter(accounts::user_id.eq(user_id))
        .filter(accounts::issuer.is_not_null())
        .select((accounts::issuer, accounts::currency))
        .distinct()
        .order((accounts::issuer, accounts::currency))
        .load(conn)
        .await?;
    let mut found: HashMap<String, Vec<Currency>> = HashMap::new();
    for (issuer, currency) in rows {
        if let (Some(issuer), Some(currency)) = (issuer, Currency::parse(&currency)) {
            found.entry(issuer).or_default().push(currency);
        }
    }
    Ok(found)
}

/// A name is no proof: whoever writes under a bank's name from another domain gets an account of their own, with the
/// domain in its name.
async fn insert_named(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    mention: Mention<'_>,
    currency: Currency,
) -> Result<Uuid> {
    let by_domain = Mention { issuer_name: mention.issuer, ..mention };
    for named in [mention, by_domain] {
        let name = account_name(named);
        let new = New { name: &name, issuer: Some(mention.issuer), kind: mention.kind, currency };
        let (id, issuer) = find_or_insert(conn, clock, user_id, new).await?;
        if issuer.as_deref() == Some(mention.issuer) {
            return Ok(id);
        }
    }
    // Both names are somebody else's, which only a person can have brought about.
    find_or_create_unassigned(conn, clock, user_id, currency).await
}

/// What the issuer calls itself, cut so that the mask stays whole: it is what tells the issuer's accounts apart.
fn account_name(mention: Mention<'_>) -> String {
    let left = NAME_LENGTH.saturating_sub(mention.mask.chars().count() + 1);
    let issuer: String = mention.issuer_name.chars().take(left).collect();
    format!("{issuer} {}", mention.mask)
}

struct New<'a> {
    name: &'a str,
    issuer: Option<&'a str>,
    kind: Kind,
    currency: Currency,
}

async fn find(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    mention: Mention<'_>,
) -> QueryResult<Option<Uuid>> {
    let known: Vec<(String, Uuid)> = account_masks::table
        .filter(account_masks::user_id.eq(user_id))
        .filter(account_masks::issuer.eq(mention.issuer))
        .filter(account_masks::mask.eq(mention.mask))
        .select((account_masks::kind, account_masks::account_id))
        .order(account_masks::id)
        .load(conn)
        .await?;
    let same_kind = known.iter().find(|(kind, _)| kind == mention.kind.as_str());
    Ok(same_kind.or(known.as_slice().first()).map(|(_, account)| *account))
}

async fn find_or_insert(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    new: New<'_>,
) -> Result<(Uuid, Option<String>)> {
    let name = new.name;
    let row = (
        accounts::id.eq(clock.new_id()),
        accounts::user_id.eq(user_id),
        accounts::name.eq(name),
        accounts::issuer.eq(new.issuer),
        accounts::kind.eq(new.kind.as_str()),
        accounts::currency.eq(new.currency.code()),
    );
    diesel::insert_into(accounts::table).values(row).on_conflict_do_nothing().execute(conn).await?;
    let same_name =
        accounts::table.filter(accounts::user_id.eq(user_id)).filter(lower(accounts::name).eq(lower(name)));
    let found = same_name.select((accounts::id, accounts::issuer)).first(conn).await.optional()?;
    found.ok_or_else(|| Error::internal("an account was not there after it was made", "accounts_name_key"))
}
