//! Filing: from drafts that passed the gate to sighting, account, category and transaction, for a batch of mails in one
//! transaction. What is the same for all of them is one statement, however many they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::align::align;
use super::booking::Booking;
use super::categorise::kind_of;
use super::draft::{Draft, Reading};
use super::evidence::Reason;
use super::extractor::Extractor;
use super::run::{self, Found, NewExtraction, Outcome};
use super::sighting::{self, Sighting, State, Written};
use crate::accounts::learn::{self, Mention};
use crate::categories;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::mailbox::email::ExtractionStatus;
use crate::mailbox::to_read;
use crate::transactions::file;

/// The longest issuer that is kept, in characters.
const ISSUER_LENGTH: usize = 255;

/// A mail that was read, ready to be filed.
#[derive(Clone, Copy)]
pub struct ReadMail<'a> {
    /// The mail.
    pub email_id: Uuid,
    /// The version of the text that was read.
    pub text_version: i32,
    /// The domain of the sender.
    pub issuer: Option<&'a str>,
    /// What the sender calls itself.
    pub sender_name: Option<&'a str>,
    /// What was read.
    pub reading: &'a Reading,
    /// For each of its drafts: what it books, or why a person has to look at it first.
    pub bookings: &'a [std::result::Result<Booking, Reason>],
}

impl<'a> ReadMail<'a> {
    fn mention(&self, booking: &'a Booking) -> Option<Mention<'a>> {
        mention(self.issuer, self.sender_name, booking)
    }
}

/// What filing came to.
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
    /// Files mails, each there once, in the caller's transaction. A mail that this version of the pipeline has filed before is
    /// left as it is; so is one that was deleted or ignored meanwhile.
    ///
    /// Some ten statements for mails whose accounts and categories are known, whatever number of them; more only for each new
    /// account, and for each row that a second reading corrects.
    pub async fn file(&self, conn: &mut AsyncPgConnection, mails: &[ReadMail<'_>]) -> Result<Filed> {
        let ids: Vec<Uuid> = mails.iter().map(|mail| mail.email_id).collect();
        let locked = to_read::lock(conn, self.user_id, &ids).await?;
        let (mails, ids): (Vec<&ReadMail<'_>>, Vec<Uuid>) = mails
            .iter()
            .filter(|mail| locked.contains(&mail.email_id))
            .map(|mail| (mail, mail.email_id))
            .unzip();
        if mails.is_empty() {
            return Ok(Filed::default());
        }
        let known = self.known(conn, &mails).await?;
        let mut runs: Vec<Run<'_>> = mails.iter().map(|mail| Run::of(mail, &known)).collect();
        let new: Vec<NewExtraction<'_>> = runs.iter().map(|run| self.extraction(run)).collect();
        let recorded = run::record(conn, &new).await?;
        runs.retain(|run| recorded.contains_key(&run.mail.email_id));
        self.book(conn, &mut runs).await?;
        self.write_sightings(conn, &runs, &recorded).await?;
        let status = ExtractionStatus::Completed;
        to_read::set_status(conn, self.user_id, &ids, status, None).await?;
        Ok(runs.iter().flat_map(|run| &run.events).fold(Filed::default(), Filed::and))
    }

    /// What the mails with drafts were known for before.
    async fn known(&self, conn: &mut AsyncPgConnection, mails: &[&ReadMail<'_>]) -> Result<Known> {
        let with_drafts = mails.iter().filter(|mail| !mail.reading.drafts.is_empty());
        let ids: Vec<Uuid> = with_drafts.map(|mail| mail.email_id).collect();
        if ids.is_empty() {
            return Ok(Known::default());
        }
        let sightings = sighting::of_emails(conn, self.user_id, &ids).await?;
        let extractions: Vec<Uuid> = sightings.values().flatten().map(|one| one.extraction_id).collect();
        let found = match extractions.as_slice() {
            [] => HashMap::new(),
            ids => run::found_by(conn, ids).await?.into_iter().collect(),
        };
        Ok(Known { sightings, found })
    }

    fn extraction<'a>(&self, run: &Run<'a>) -> NewExtraction<'a> {
        let drafts = run.events.iter().map(|event| (event.key.clone(), event.draft.clone())).collect();
        let is_in_review = run.events.iter().any(|event| event.fate.state() == State::InReview);
        NewExtraction {
            id: self.clock.new_id(),
            user_id: self.user_id,
            email_id: run.mail.email_id,
            extractor: self.extractor,
            text_version: run.mail.text_version,
            kind: run.mail.reading.kind,
            kind_reason: &run.mail.reading.kind_reason,
            job_id: self.job_id,
            found: Found { drafts },
            outcome: match (run.events.is_empty(), is_in_review) {
                (true, _) => Outcome::Nothing,
                (false, true) => Outcome::InReview,
                (false, false) => Outcome::Filed,
            },
        }
    }

    /// Gives each event that books its transaction: a new one, or the corrected one that it was known for.
    async fn book(&self, conn: &mut AsyncPgConnection, runs: &mut [Run<'_>]) -> Result<()> {
        let places = self.places(conn, runs).await?;
        let (mut new, mut known) = (Vec::new(), BTreeMap::new());
        let mut places = places.into_iter();
        for event in runs.iter_mut().flat_map(|run| &mut run.events) {
            let Fate::Book(booking) = event.fate else { continue };
            let Some((account_id, category_id)) = places.next() else { continue };
            let read = file::Reading {
                booked_on: booking.booked_on,
                occurred_at: booking.occurred_at,
                money: booking.money,
                original: booking.original,
                merchant: booking.merchant.clone(),
                description: None,
                account_id,
                category_id,
                state: booking.state,
            };
            if let Some(id) = event.transaction_id {
                known.insert(id, read);
            } else {
                let id = self.clock.new_id();
                event.transaction_id = Some(id);
                new.push((id, read));
            }
        }
        file::insert(conn, self.user_id, &new).await?;
        file::correct(conn, self.user_id, &known).await?;
        Ok(())
    }

    /// The account and the category of each booking, in order.
    async fn places(
        &self,
        conn: &mut AsyncPgConnection,
        runs: &[Run<'_>],
    ) -> Result<Vec<(Uuid, Option<Uuid>)>> {
        let bookings: Vec<(&ReadMail<'_>, &Booking)> = runs.iter().flat_map(Run::bookings).collect();
        let mentions: Vec<_> = bookings
            .iter()
            .filter_map(|(mail, booking)| Some((mail.mention(booking)?, booking.money.currency)))
            .collect();
        let unnamed = bookings.iter().filter(|(mail, booking)| mail.mention(booking).is_none());
        let currencies: BTreeSet<_> = unnamed.map(|(_, booking)| booking.money.currency).collect();
        let names: BTreeMap<&'static str, categories::Kind> = bookings
            .iter()
            .filter_map(|(_, booking)| booking.category)
            .map(|name| (name, kind_of(name)))
            .collect();
        let (clock, user_id) = (self.clock, self.user_id);
        let mut learned = learn::find_or_create(conn, clock, user_id, &mentions).await?.into_iter();
        let unassigned = learn::find_or_create_unassigned(conn, clock, user_id, &currencies).await?;
        let categories = categories::find_or_create(conn, clock, user_id, &names).await?;
        let place = |(mail, booking): (&ReadMail<'_>, &Booking)| {
            let account_id = match mail.mention(booking) {
                Some(_) => learned.next(),
                None => unassigned.get(&booking.money.currency).copied(),
            };
            let category_id = booking.category.and_then(|name| categories.get(name).copied());
            account_id.map(|account_id| (account_id, category_id))
        };
        let places: Option<Vec<_>> = bookings.into_iter().map(place).collect();
        places.ok_or_else(|| Error::internal("filing a batch of mails", "a booking has no account"))
    }

    async fn write_sightings(
        &self,
        conn: &mut AsyncPgConnection,
        runs: &[Run<'_>],
        recorded: &HashMap<Uuid, Uuid>,
    ) -> Result<()> {
        let events = runs.iter().flat_map(|run| run.events.iter().map(|event| (run.mail.email_id, event)));
        let written = events.filter_map(|(email_id, event)| {
            Some(Written {
                id: self.clock.new_id(),
                user_id: self.user_id,
                email_id,
                event_key: &event.key,
                extraction_id: *recorded.get(&email_id)?,
                state: event.fate.state(),
                reason: event.fate.reason(),
                transaction_id: event.transaction_id,
            })
        });
        sighting::write(conn, &written.collect::<Vec<_>>()).await.map_err(Error::from)
    }
}

/// How the mail names the account of a booking; `None` when it names none that can be kept.
pub(super) fn mention<'a>(
    issuer: Option<&'a str>,
    sender_name: Option<&'a str>,
    booking: &'a Booking,
) -> Option<Mention<'a>> {
    let issuer = issuer.filter(|issuer| !issuer.is_empty() && issuer.len() <= ISSUER_LENGTH)?;
    let mask = booking.mask.as_deref()?;
    Some(Mention { issuer, issuer_name: sender_name.unwrap_or(issuer), kind: booking.mask_kind, mask })
}

/// What mails were known for: their sightings, and the drafts of the extractions that read them last.
#[derive(Default)]
struct Known {
    sightings: HashMap<Uuid, Vec<Sighting>>,
    found: HashMap<Uuid, Found>,
}

impl Known {
    fn sightings_of(&self, email_id: Uuid) -> &[Sighting] {
        self.sightings.get(&email_id).map_or(&[], Vec::as_slice)
    }

    fn last_read_as(&self, sighting: &Sighting) -> (String, Option<Draft>) {
        let found = self.found.get(&sighting.extraction_id);
        let draft = found.and_then(|found| found.drafts.get(&sighting.event_key)).cloned();
        (sighting.event_key.clone(), draft)
    }
}

/// One mail's reading as events.
struct Run<'a> {
    mail: &'a ReadMail<'a>,
    events: Vec<Event<'a>>,
}

impl<'a> Run<'a> {
    fn of(mail: &'a ReadMail<'a>, known: &'a Known) -> Self {
        let sightings = known.sightings_of(mail.email_id);
        let last: Vec<_> = sightings.iter().map(|sighting| known.last_read_as(sighting)).collect();
        let drafts = &mail.reading.drafts;
        let keys = align(&last, drafts);
        let events = keys.into_iter().zip(drafts).zip(mail.bookings).map(|((key, draft), booking)| {
            let old = sightings.iter().find(|sighting| sighting.event_key == key);
            Event::of(key, draft, booking.as_ref(), old)
        });
        Self { mail, events: events.collect() }
    }

    fn bookings(&self) -> impl Iterator<Item = (&'a ReadMail<'a>, &'a Booking)> {
        self.events.iter().filter_map(|event| match event.fate {
            Fate::Book(booking) => Some((self.mail, booking)),
            _ => None,
        })
    }
}

struct Event<'a> {
    key: String,
    draft: &'a Draft,
    fate: Fate<'a>,
    was_filed: bool,
    transaction_id: Option<Uuid>,
}

/// What becomes of an event.
#[derive(Clone, Copy)]
enum Fate<'a> {
    /// What a person rejected stays rejected, for the reason that they gave.
    Rejected(Option<&'a str>),
    /// What was booked once stays booked, even where a newer reading is less sure of it.
    Kept,
    Review(Reason),
    Book(&'a Booking),
}

impl<'a> Event<'a> {
    fn of(
        key: String,
        draft: &'a Draft,
        booking: std::result::Result<&'a Booking, &'a Reason>,
        old: Option<&'a Sighting>,
    ) -> Self {
        let old_state = old.and_then(|old| State::parse(&old.state));
        let fate = match (old_state, booking) {
            (Some(State::Rejected), _) => Fate::Rejected(old.and_then(|old| old.reason.as_deref())),
            (Some(State::Filed), Err(_)) => Fate::Kept,
            (_, Err(reason)) => Fate::Review(*reason),
            (_, Ok(booking)) => Fate::Book(booking),
        };
        let transaction_id = match fate {
            Fate::Review(_) => None,
            _ => old.and_then(|old| old.transaction_id),
        };
        Self { key, draft, fate, was_filed: old_state == Some(State::Filed), transaction_id }
    }
}

impl Fate<'_> {
    fn state(&self) -> State {
        match self {
            Self::Rejected(_) => State::Rejected,
            Self::Kept | Self::Book(_) => State::Filed,
            Self::Review(_) => State::InReview,
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Rejected(reason) => *reason,
            Self::Review(reason) => Some(reason.as_str()),
            Self::Kept | Self::Book(_) => None,
        }
    }
}

impl Filed {
    fn and(self, event: &Event<'_>) -> Self {
        match event.fate.state() {
            State::Filed if !event.was_filed => Self { booked: self.booked + 1, ..self },
            State::InReview => Self { in_review: self.in_review + 1, ..self },
            State::Filed | State::Rejected => self,
        }
    }
}

/// Marks mails as ones that could not be read, with a reason that holds nothing of their text, and returns how many: what was
/// read or ignored before is left as it is.
pub async fn give_up(
    conn: &mut AsyncPgConnection,
    user_id: Uuid,
    ids: &[Uuid],
    reason: &str,
) -> Result<usize, Error> {
    to_read::give_up(conn, user_id, ids, reason).await.map_err(Error::from)
}
