//! How a person takes what waits for them into the ledger: as it was read, or as they say.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::booking::{self, Booking};
use super::categorise::kind_of as kind_of_category;
use super::draft::{Direction, Draft, Field, Kind, Source, Span, Stage};
use super::evidence::Reason;
use super::extractor::{Origin, Reader};
use super::filing::mention;
use super::review::{drafts_of, kind_of, lock, note};
use super::sighting::{Sighting, State};
use crate::accounts::{self, Account, learn};
use crate::audit::{Action, Author};
use crate::categories;
use crate::clock::Clock;
use crate::db::schema::sightings;
use crate::error::{Code, Error, Result};
use crate::idempotency::{self, Once, Turn};
use crate::mailbox::to_read::{self, MailToRead};
use crate::money::{Currency, Money};
use crate::transactions::{self, Transaction, TransactionChanges, amount, edit, file};
use crate::viewer::Visibility;

/// What a person says about it; whatever is `None` is taken as it was read.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// The account.
    pub account_id: Option<Uuid>,
    /// The day.
    pub booked_on: Option<NaiveDate>,
    /// Signed from the account's view; in the account's currency, where that is said too.
    pub amount: Option<Decimal>,
    /// What the merchant charged in another currency.
    pub original: Option<Money>,
    /// Who was paid, or who paid.
    pub merchant: Option<String>,
    /// What it was for.
    pub description: Option<String>,
    /// What they have to say about it.
    pub notes: Option<String>,
    /// The category.
    pub category_id: Option<Uuid>,
}

/// Books a sighting of `user_id` that waits, or that they rejected before. Rejected where neither the mail nor the person says enough.
pub async fn accept(
    conn: &mut AsyncPgConnection,
    clock: &Clock,
    reader: &Reader,
    (user_id, id): (Uuid, Uuid),
    said: Said,
    once: Option<&Once>,
    author: &Author,
) -> Result<(Sighting, Transaction)> {
    let transaction_id = clock.new_id();
    conn.transaction(async |conn| {
        let turn = idempotency::begin(conn, clock, user_id, once, transaction_id).await?;
        let sighting = lock(conn, user_id, id).await?;
        if let Turn::Again(earlier) = turn {
            let found = transactions::find(conn, Visibility::Of(user_id), earlier).await?;
            return Ok((sighting, found.ok_or_else(|| idempotency::gone("transaction"))?));
        }
        check_category(conn, user_id, said.category_id).await?;
        let account = account_of(conn, user_id, said.account_id).await?;
        if State::parse(&sighting.state) == Some(State::Filed) {
            return Err(Error::rejected("id", Code::Invalid, "It is in the ledger already."));
        }
        let (mail, kind, draft) = read(conn, user_id, &sighting).await?;
        let draft = amended(draft, &said, account.as_ref());
        let book = Book { clock, user_id, reader, mail: &mail, kind };
        let reading = book.reading(conn, &draft, &said, account.as_ref()).await?;
        file::insert(conn, user_id, &[(transaction_id, reading)]).await?;
        let (_, booked) = edit::change(conn, user_id, transaction_id, changes(said)).await?;
        let settled = settle(conn, user_id, id, transaction_id).await?;
        note(conn, author, Action::SightingAccepted, &sighting, &settled).await?;
        transactions::note::note(conn, author, Action::TransactionCreated, None, Some(&booked)).await?;
        Ok((settled, booked))
    })
    .await
}

/// Where a sighting is booked.
struct Book<'a> {
    clock: &'a Clock,
    user_id: Uuid,
    reader: &'a Reader,
    mail: &'a MailToRead,
    kind: Kind,
}

impl Book<'_> {
    async fn reading(
        &self,
        conn: &mut AsyncPgConnection,
        draft: &Draft,
        said: &Said,
        account: Option<&Account>,
    ) -> Result<file::Reading> {
        let origin = Origin::of(self.mail);
        let view = origin.view(self.mail, self.reader, &[]);
        let booking = booking::of_draft(&view, self.kind, draft).map_err(missing)?;
        amount::check(booking.money, said.original)?;
        let original = booking.original.filter(|read| amount::check(booking.money, Some(*read)).is_ok());
        let account_id = match account {
            Some(account) => account.id,
            None => self.account(conn, &origin, &booking).await?,
        };
        let category_id = match said.category_id {
            Some(id) => Some(id),
            None => self.category(conn, &booking).await?,
        };
        Ok(file::Reading {
            booked_on: booking.booked_on,
            occurred_at: booking.occurred_at,
            money: booking.money,
            original,
            merchant: booking.merchant,
            description: None,
            account_id,
            category_id,
            state: booking.state,
        })
    }

    /// The account that the mail names.
    async fn account(
        &self,
        conn: &mut AsyncPgConnection,
        origin: &Origin,
        booking: &Booking,
    ) -> Result<Uuid> {
        let (clock, user_id, currency) = (self.clock, self.user_id, booking.money.currency);
        let named = mention(origin.issuer(self.mail), origin.sender_name(self.mail), booking);
        let found = if let Some(named) = named {
            learn::find_or_create(conn, clock, user_id, &[(named, currency)]).await?.pop()
        } else {
            let currencies = BTreeSet::from([currency]);
            let unassigned = learn::find_or_create_unassigned(conn, clock, user_id, &currencies).await?;
            unassigned.get(&currency).copied()
        };
        found.ok_or_else(|| Error::internal("accepting a sighting", "it has no account"))
    }

    async fn category(&self, conn: &mut AsyncPgConnection, booking: &Booking) -> Result<Option<Uuid>> {
        let names: BTreeMap<_, _> =
            booking.category.map(|name| (name, kind_of_category(name))).into_iter().collect();
        let found = categories::find_or_create(conn, self.clock, self.user_id, &names).await?;
        Ok(found.into_values().next())
    }
}

async fn check_category(conn: &mut AsyncPgConnection, user_id: Uuid, id: Option<Uuid>) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    let found = categories::find(conn, Visibility::Of(user_id), id).await?;
    found.map(drop).ok_or_else(|| Error::unknown("categoryId", "category"))
}

async fn account_of(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Option<Uuid>,
) -> Result<Option<Account>> {
    let Some(id) = id else { return Ok(None) };
    let found = accounts::change::hold(conn, user_id, id).await?;
    found.map(Some).ok_or_else(|| Error::unknown("accountId", "account"))
}

/// The mail, what it was taken for, and what the sighting was last read as.
async fn read(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    sighting: &Sighting,
) -> Result<(MailToRead, Kind, Draft)> {
    let mail = to_read::by_ids(conn, user_id, &[sighting.email_id]).await?.pop();
    let mail =
        mail.ok_or_else(|| Error::rejected("id", Code::Invalid, "Its mail is ignored: restore that first."))?;
    let kind = kind_of(conn, sighting.extraction_id).await?;
    let kind = Kind::parse(&kind).unwrap_or(Kind::Unrelated);
    let draft = drafts_of(conn, Visibility::Of(user_id), &[sighting.id]).await?.pop();
    Ok((mail, kind, draft.map(|(_, draft)| draft).unwrap_or_default()))
}

/// The draft with what the person says in its place.
fn amended(draft: Draft, said: &Said, account: Option<&Account>) -> Draft {
    let of_account = account.and_then(|account| Currency::parse(&account.currency));
    let is_of_account = said.amount.is_some() || draft.currency.is_none();
    let currency = of_account.filter(|_| is_of_account);
    let direction = |amount: Decimal| if amount.is_sign_negative() { Direction::Out } else { Direction::In };
    Draft {
        amount: said.amount.map(|amount| field(amount.abs())).or(draft.amount),
        direction: said.amount.map(|amount| field(direction(amount))).or(draft.direction),
        currency: currency.map(field).or(draft.currency),
        original_amount: said.original.map(|money| field(money.amount.abs())).or(draft.original_amount),
        original_currency: said.original.map(|money| field(money.currency)).or(draft.original_currency),
        date: said.booked_on.map(field).or(draft.date),
        ..draft
    }
}

/// What stands nowhere in the mail.
fn field<T>(value: T) -> Field<T> {
    Field { value, span: Span { start: 0, end: 0, source: Source::Text }, stage: Stage::Offline }
}

/// Which field the person has to fill in.
fn missing(reason: Reason) -> Error {
    let (field, message) = match reason {
        Reason::CurrencyUnclear => {
            ("accountId", "The mail does not say the currency: name the account, whose currency it is then.")
        }
        Reason::DateUnclear => ("bookedOn", "The mail does not say the day: give it."),
        _ => ("amount", "The mail does not say how much, and which way: give the amount with its sign."),
    };
    Error::rejected(field, Code::Invalid, message)
}

/// What the person said, as an edit: no later reading overwrites it.
fn changes(said: Said) -> TransactionChanges {
    TransactionChanges {
        account_id: said.account_id,
        booked_on: said.booked_on,
        amount: said.amount,
        original: said.original.map(Some),
        merchant: said.merchant.map(Some),
        description: said.description.map(Some),
        notes: said.notes.map(Some),
        category_id: said.category_id.map(Some),
        ..TransactionChanges::default()
    }
}

async fn settle(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    id: Uuid,
    transaction_id: Uuid,
) -> QueryResult<Sighting> {
    let own = sightings::table.filter(sightings::user_id.eq(user_id)).filter(sightings::id.eq(id));
    diesel::update(own)
        .set((
            sightings::state.eq(State::Filed.as_str()),
            sightings::reason.eq(None::<String>),
            sightings::transaction_id.eq(transaction_id),
        ))
        .returning(Sighting::as_returning())
        .get_result(conn)
        .await
}
