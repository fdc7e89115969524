//! Accounts learned from mails: found again by issuer and mask, made when they are new.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::dsl::{array, array_position};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::accounts::Kind;
use crate::clock::Clock;
use crate::db::schema::{account_masks, accounts};
use crate::db::{at_place, lower, unnest};
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

/// The accounts that `mentions` mean, in their order, each made when it is not known yet. The currency of a new one is the one
/// that it is first seen with. One statement where all of them are known, and some more for each new one.
///
/// The rule: the same issuer, kind and mask is the same account; another kind with the same mask at the same issuer is
/// the same account, too, because alerts often leave out whether they mean the card or its account.
pub async fn find_or_create(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    mentions: &[(Mention<'_>, Currency)],
) -> Result<Vec<Uuid>> {
    if mentions.is_empty() {
        return Ok(Vec::new());
    }
    let mut known = Known::load(conn, user_id, mentions.iter().map(|(mention, _)| mention)).await?;
    // Each by its first mention, in an order that two workers with the same mails share: none waits for the other in a circle.
    let mut missing = BTreeMap::new();
    for (mention, currency) in mentions.iter().filter(|(mention, _)| known.find(mention).is_none()) {
        missing.entry((mention.issuer, mention.mask)).or_insert((*mention, *currency));
    }
    if !missing.is_empty() {
        for (mention, currency) in missing.into_values() {
            create(conn, clock, user_id, mention, currency).await?;
        }
        // Another worker may have learned a mask meanwhile; its account is the one.
        known = Known::load(conn, user_id, mentions.iter().map(|(mention, _)| mention)).await?;
    }
    let found: Option<Vec<Uuid>> = mentions.iter().map(|(mention, _)| known.find(mention)).collect();
    found
        .ok_or_else(|| Error::internal("a mask was not there after it was learned", "account_masks_mask_key"))
}

/// The masks of some mentions, as the table has them: (issuer, mask) to (kind, account), in the order in which they were
/// learned.
struct Known {
    masks: HashMap<(String, String), Vec<(String, Uuid)>>,
}

impl Known {
    async fn load<'a>(
        conn: &mut AsyncPgConnection,
        user_id: Uuid,
        mentions: impl Iterator<Item = &'a Mention<'a>>,
    ) -> QueryResult<Self> {
        let (issuers, masks): (BTreeSet<&str>, BTreeSet<&str>) =
            mentions.map(|mention| (mention.issuer, mention.mask)).unzip();
        let rows: Vec<(String, String, String, Uuid)> = account_masks::table
            .filter(account_masks::user_id.eq(user_id))
            .filter(account_masks::issuer.eq_any(issuers.into_iter().collect::<Vec<_>>()))
            .filter(account_masks::mask.eq_any(masks.into_iter().collect::<Vec<_>>()))
            .order(account_masks::id)
            .select((
                account_masks::issuer,
                account_masks::mask,
                account_masks::kind,
                account_masks::account_id,
            ))
            // Nobody gives them to another account until the caller has booked on this one.
            .for_share()
            .load(conn)
            .await?;
        let mut masks: HashMap<_, Vec<_>> = HashMap::new();
        for (issuer, mask, kind, account_id) in rows {
            masks.entry((issuer, mask)).or_default().push((kind, account_id));
        }
        Ok(Self { masks })
    }

    fn find(&self, mention: &Mention<'_>) -> Option<Uuid> {
        let known = self.masks.get(&(mention.issuer.to_owned(), mention.mask.to_owned()))?;
        let same_kind = known.iter().find(|(kind, _)| kind == mention.kind.as_str());
        same_kind.or(known.as_slice().first()).map(|(_, account)| *account)
    }
}

async fn create(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    mention: Mention<'_>,
    currency: Currency,
) -> Result<()> {
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
    Ok(())
}

/// The accounts `Unassigned <currency>`, for transactions whose mail names none, each made when it is not there.
pub async fn find_or_create_unassigned(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    currencies: &BTreeSet<Currency>,
) -> Result<HashMap<Currency, Uuid>> {
    if currencies.is_empty() {
        return Ok(HashMap::new());
    }
    let (all, names): (Vec<Currency>, Vec<String>) =
        currencies.iter().map(|currency| (*currency, unassigned(*currency))).unzip();
    let wanted = diesel::select(lower(unnest(&names)));
    let known: Vec<(Option<i32>, Uuid)> = accounts::table
        .filter(accounts::user_id.eq(user_id))
        .filter(lower(accounts::name).eq_any(diesel::select(lower(unnest(&names)))))
        .select((array_position(array::<Text, _>(wanted), lower(accounts::name)), accounts::id))
        .for_key_share()
        .load(conn)
        .await?;
    let mut found: HashMap<Currency, Uuid> =
        known.into_iter().filter_map(|(place, id)| Some((*at_place(&all, place)?, id))).collect();
    for currency in currencies {
        if !found.contains_key(currency) {
            found.insert(*currency, create_unassigned(conn, clock, user_id, *currency).await?);
        }
    }
    Ok(found)
}

async fn create_unassigned(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    user_id: Uuid,
    currency: Currency,
) -> Result<Uuid> {
    let name = unassigned(currency);
    let new = New { name: &name, issuer: None, kind: Kind::Other, currency };
    find_or_insert(conn, clock, user_id, new).await.map(|(id, _)| id)
}

fn unassigned(currency: Currency) -> String {
    format!("Unassigned {}", currency.code())
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
    create_unassigned(conn, clock, user_id, currency).await
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
