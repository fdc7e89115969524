//! Filing: from drafts that passed the gate to sighting, account, category and transaction, in one transaction.

use std::collections::HashMap;

use chrono::{NaiveDate, Utc};
use diesel_async::AsyncPgConnection;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::align::align;
use super::categorise::{category_name, kind_of};
use super::draft::{Direction, Draft, Field, Kind, MailView, Reading};
use super::evidence::{Reason, Verdict, judge};
use super::extractor::Extractor;
use super::run::{self, Found, NewExtraction, Outcome};
use super::sighting::{self, Sighting, State, Written};
use crate::accounts::learn::{self, Mention};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::mailbox::authenticity::Authenticity;
use crate::mailbox::email::ExtractionStatus;
use crate::mailbox::to_read;
use crate::money::Money;
use crate::transactions::{self, file};
use crate::{accounts, categories};

/// The longest merchant that is kept, in characters.
const MERCHANT_LENGTH: usize = 200;
/// The longest mask that is kept, in characters.
const MASK_LENGTH: usize = 34;
/// The longest issuer that is kept, in characters.
const ISSUER_LENGTH: usize = 255;

/// A mail that was read, ready to be filed.
pub struct ReadMail<'a> {
    /// The mail.
    pub email_id: Uuid,
    /// The version of the text that was read.
    pub text_version: i32,
    /// What the reader saw.
    pub view: MailView<'a>,
    /// Whether the sender is who the mail says.
    pub authenticity: Authenticity,
    /// The domain of the sender.
    pub issuer: Option<&'a str>,
    /// What was read.
    pub reading: Reading,
}

/// What filing one mail came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filed {
    /// Events that are transactions for the first time.
    pub booked: i64,
    /// Events that wait for a person.
    pub in_review: i64,
}

/// Files the mails of one user: whose they are, and which pipeline and job read them.
pub struct Filing<'a> {
    /// Makes ids.
    pub clock: &'a Clock,
    /// The owner.
    pub user_id: Uuid,
    /// The pipeline.
    pub extractor: Extractor,
    /// The job.
    pub job_id: Option<Uuid>,
}

impl Filing<'_> {
    /// Files one mail in the caller's transaction. A mail that this version of the pipeline has filed before is left as it
    /// is; so is one that was deleted or ignored meanwhile.
    pub async fn file(&self, conn: &mut AsyncPgConnection, mail: &ReadMail<'_>) -> Result<Filed> {
        if !to_read::lock(conn, self.user_id, mail.email_id).await? {
            return Ok(Filed::default());
        }
        let new = NewExtraction {
            id: self.clock.new_id(),
            user_id: self.user_id,
            email_id: mail.email_id,
            extractor: self.extractor,
            text_version: mail.text_version,
            kind: mail.reading.kind,
            kind_reason: &mail.reading.kind_reason,
            job_id: self.job_id,
        };
        let mut filed = Filed::default();
        if let Some(extraction_id) = run::begin(conn, &new).await? {
            filed = self.file_drafts(conn, mail, extraction_id).await?;
        }
        let (ids, status) = ([mail.email_id], ExtractionStatus::Completed);
        to_read::set_status(conn, self.user_id, &ids, status, None).await?;
        Ok(filed)
    }

    async fn file_drafts(
        &self,
        conn: &mut AsyncPgConnection,
        mail: &ReadMail<'_>,
        extraction_id: Uuid,
    ) -> Result<Filed> {
        let drafts = &mail.reading.drafts;
        if drafts.is_empty() {
            run::end(conn, extraction_id, &Found::default(), Outcome::Nothing).await?;
            return Ok(Filed::default());
        }
        let known = sighting::of_email(conn, self.user_id, mail.email_id).await?;
        let keys = align(&self.last_read_as(conn, &known).await?, drafts);
        let mut filed = Filed::default();
        for (key, draft) in keys.iter().zip(drafts) {
            let old = known.iter().find(|sighting| &sighting.event_key == key);
            let event = Event { extraction_id, key, draft, old };
            match self.file_event(conn, mail, &event).await? {
                State::Filed if old.is_none_or(|old| old.state != State::Filed.as_str()) => filed.booked += 1,
                State::InReview => filed.in_review += 1,
                State::Filed | State::Rejected => {}
            }
        }
        let outcome = if filed.in_review > 0 { Outcome::InReview } else { Outcome::Filed };
        let found = Found { drafts: keys.into_iter().zip(drafts.iter().cloned()).collect() };
        run::end(conn, extraction_id, &found, outcome).await?;
        Ok(filed)
    }

    async fn last_read_as(
        &self,
        conn: &mut AsyncPgConnection,
        known: &[Sighting],
    ) -> Result<Vec<(String, Option<Draft>)>> {
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = known.iter().map(|sighting| sighting.extraction_id).collect();
        let mut found: HashMap<Uuid, Found> = run::found_by(conn, &ids).await?.into_iter().collect();
        let draft = |sighting: &Sighting| {
            found.get_mut(&sighting.extraction_id).and_then(|found| found.drafts.remove(&sighting.event_key))
        };
        let mut draft = draft;
        Ok(known.iter().map(|sighting| (sighting.event_key.clone(), draft(sighting))).collect())
    }

    async fn file_event(
        &self,
        conn: &mut AsyncPgConnection,
        mail: &ReadMail<'_>,
        event: &Event<'_>,
    ) -> Result<State> {
        let old_state = event.old.and_then(|old| State::parse(&old.state));
        let transaction_id = event.old.and_then(|old| old.transaction_id);
        let verdict = judge(&mail.view, mail.authenticity, mail.reading.kind, event.draft);
        let ready = match verdict {
            Verdict::Review { reason } => Err(reason),
            Verdict::Book => Booking::of(mail, event.draft),
        };
        let (state, reason, transaction_id) = match (old_state, ready) {
            // What a person rejected stays rejected, for the reason that they gave.
            (Some(State::Rejected), _) => {
                let reason = event.old.and_then(|old| old.reason.as_deref());
                (State::Rejected, reason, transaction_id)
            }
            // What was booked once stays booked, even where a newer reading is less sure of it.
            (Some(State::Filed), Err(_)) => (State::Filed, None, transaction_id),
            (_, Err(reason)) => (State::InReview, Some(reason.as_str()), None),
            (_, Ok(booking)) => {
                let id = self.book(conn, mail, booking, transaction_id).await?;
                (State::Filed, None, Some(id))
            }
        };
        let written = Written {
            id: self.clock.new_id(),
            user_id: self.user_id,
            email_id: mail.email_id,
            event_key: event.key,
            extraction_id: event.extraction_id,
            state,
            reason,
            transaction_id,
        };
        sighting::write(conn, &written).await?;
        Ok(state)
    }

    async fn book(
        &self,
        conn: &mut AsyncPgConnection,
        mail: &ReadMail<'_>,
        booking: Booking<'_>,
        known: Option<Uuid>,
    ) -> Result<Uuid> {
        let account_id = self.account(conn, mail, &booking).await?;
        let category_id = self.category(conn, mail, booking.draft).await?;
        let read = file::Reading {
            booked_on: booking.booked_on,
            occurred_at: booking.draft.occurred_at.as_ref().map(|at| at.value.with_timezone(&Utc)),
            money: booking.money,
            original: booking.original,
            merchant: booking.merchant(),
            description: None,
            account_id,
            category_id,
            state: booking.state,
        };
        if let Some(id) = known {
            file::correct(conn, self.user_id, id, &read).await?;
            return Ok(id);
        }
        let id = self.clock.new_id();
        file::insert(conn, id, self.user_id, &read).await?;
        Ok(id)
    }

    async fn account(
        &self,
        conn: &mut AsyncPgConnection,
        mail: &ReadMail<'_>,
        booking: &Booking<'_>,
    ) -> Result<Uuid> {
        let currency = booking.money.currency;
        let mask = booking.draft.account_mask.as_ref().map(|mask| mask.value.as_str());
        // Both come out of the mail: what the columns cannot hold must not stop the mails behind it.
        let mask = mask.filter(|mask| !mask.is_empty() && mask.len() <= MASK_LENGTH);
        let issuer = mail.issuer.filter(|issuer| !issuer.is_empty() && issuer.len() <= ISSUER_LENGTH);
        let (Some(issuer), Some(mask)) = (issuer, mask) else {
            return learn::find_or_create_unassigned(conn, self.clock, self.user_id, currency).await;
        };
        let issuer_name = mail.view.sender_name.unwrap_or(issuer);
        let kind = match mail.reading.kind {
            Kind::Purchase | Kind::Authorisation | Kind::Refund | Kind::Reversal | Kind::Order => {
                accounts::Kind::Card
            }
            _ => accounts::Kind::Bank,
        };
        let mention = Mention { issuer, issuer_name, kind, mask };
        learn::find_or_create(conn, self.clock, self.user_id, mention, currency).await
    }

    async fn category(
        &self,
        conn: &mut AsyncPgConnection,
        mail: &ReadMail<'_>,
        draft: &Draft,
    ) -> Result<Option<Uuid>> {
        let name = category_name(mail.reading.kind, draft, &mail.view);
        let Some(name) = name else { return Ok(None) };
        categories::find_or_create(conn, self.clock, self.user_id, name, kind_of(name)).await.map(Some)
    }
}

struct Event<'a> {
    extraction_id: Uuid,
    key: &'a str,
    draft: &'a Draft,
    old: Option<&'a Sighting>,
}

/// A draft that the gate let through, with what the ledger asks of it.
struct Booking<'a> {
    draft: &'a Draft,
    money: Money,
    /// Signed like the money; `None` when it cannot be stored.
    original: Option<Money>,
    booked_on: NaiveDate,
    state: transactions::State,
}

impl<'a> Booking<'a> {
    fn of(mail: &ReadMail<'_>, draft: &'a Draft) -> std::result::Result<Self, Reason> {
        let amount: Decimal = value(&draft.amount).copied().ok_or(Reason::NoAmount)?;
        let currency = value(&draft.currency).copied().ok_or(Reason::CurrencyUnclear)?;
        let direction = value(&draft.direction).copied().ok_or(Reason::NoDirection)?;
        let signed = |amount: Decimal| match direction {
            Direction::In => amount,
            Direction::Out => -amount,
        };
        let original = value(&draft.original_amount).zip(value(&draft.original_currency));
        let original = original
            .map(|(amount, currency)| Money { amount: signed(*amount), currency: *currency })
            .filter(|original| original.fits() && !original.amount.is_zero());
        let printed = value(&draft.date).copied();
        let booked_on = printed.or(mail.view.sent_on).ok_or(Reason::DateInFuture)?;
        let state = match mail.reading.kind {
            Kind::Authorisation => transactions::State::Pending,
            _ => transactions::State::Posted,
        };
        let money = Money { amount: signed(amount), currency };
        Ok(Self { draft, money, original, booked_on, state })
    }

    fn merchant(&self) -> Option<String> {
        let named = value(&self.draft.merchant).or_else(|| value(&self.draft.counterparty))?;
        let cut: String = named.trim().chars().take(MERCHANT_LENGTH).collect();
        (!cut.is_empty()).then_some(cut)
    }
}

#[expect(clippy::ref_option, reason = "a draft's fields are options, and only looked at")]
fn value<T>(field: &Option<Field<T>>) -> Option<&T> {
    field.as_ref().map(|field| &field.value)
}

/// Marks mails as ones that could not be read, with a reason that holds nothing of their text.
pub async fn give_up(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    ids: &[Uuid],
    reason: &str,
) -> Result<(), Error> {
    to_read::set_status(conn, user_id, ids, ExtractionStatus::Failed, Some(reason)).await.map_err(Error::from)
}
