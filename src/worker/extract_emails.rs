//! Reads a user's mails into the ledger: one job with checkpoints, each filing a batch in the checkpoint's transaction. While
//! one batch is filed, the next is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel_async::{AsyncConnection, AsyncPgConnection};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::accounts::learn::currencies_by_issuer;
use crate::app::App;
use crate::db::statistics;
use crate::error::Error;
use crate::extraction::extractor::Reader;
use crate::extraction::filing::{Filed, Filing, ReadMail, give_up};
use crate::extraction::reading::{Desk, Sheet};
use crate::jobs::{JobError, Outcome, Progress, RunningJob};
use crate::mailbox::to_read::{self, MailToRead};
use crate::money::Currency;
use crate::users::user;
use crate::worker::attempt::{STOPS_TO_GIVE_UP, was_cut_off};

/// After so many mails of one run the planner looks at the tables, and again after ten times as many.
const STATISTICS_AFTER: i64 = 500;

/// Which mails are wanted, and how many at a time.
pub struct Order {
    /// At most this many; `None` for all.
    pub limit: Option<i64>,
    /// Mails a checkpoint.
    pub batch_size: i64,
    /// These alone; `None` for the pending ones.
    pub email_ids: Option<Vec<Uuid>>,
}

/// Where the next attempt goes on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Place {
    /// How many of the asked mails are behind.
    behind: usize,
    /// The mail that is about to be read, so that the next attempt knows where this one was cut off.
    suspect: Option<Uuid>,
    /// How often an attempt was cut off at each mail that was named then and has not been read since.
    #[serde(default)]
    stopped: BTreeMap<Uuid, u32>,
    /// How many mails are still read one by one, because one of them may have killed a worker.
    careful: i64,
}

/// Reads the mails of the job's user.
pub async fn run(app: &App, running: &RunningJob, order: Order) -> Result<Outcome, JobError> {
    let Some(user_id) = running.job().user_id else {
        return Err(JobError::fail("NO_USER", "An extraction belongs to a user."));
    };
    let mut conn = app.pool.connection().await?;
    let Some(user) = user::find(&mut conn, user_id).await.map_err(Error::from)? else {
        return Ok(Outcome::done(json!({ "extracted": 0 }), Progress::default()));
    };
    drop(conn);
    let home_currency = Currency::parse(&user.base_currency);
    let mut run = Run {
        app,
        running,
        user_id,
        reader: Reader { zone: user.zone(), home_currency },
        place: running.load_checkpoint::<Place>()?.unwrap_or_default(),
        progress: running.progress(),
        taken: 0,
        after: None,
        filed: 0,
        statistics_after: STATISTICS_AFTER,
        order,
    };
    run.count().await?;
    run.meet_suspect().await?;
    run.taken = run.progress.done;
    run.read_carefully().await?;
    run.read_ahead().await?;
    let Progress { done, failed, booked, in_review, .. } = run.progress;
    let output =
        json!({ "extracted": done - failed, "failed": failed, "booked": booked, "inReview": in_review });
    Ok(Outcome::done(output, run.progress))
}

/// Each step takes a connection of its own, so that an extraction of hours keeps none from the others.
struct Run<'a> {
    app: &'a App,
    running: &'a RunningJob,
    user_id: Uuid,
    reader: Reader,
    /// Where the next attempt goes on once everything that was taken is filed.
    place: Place,
    /// As of the last mail that was filed.
    progress: Progress,
    /// How many mails were taken to be read, in all attempts.
    taken: i64,
    /// The last pending mail that was taken.
    after: Option<Uuid>,
    /// How many mails this run has filed.
    filed: i64,
    statistics_after: i64,
    order: Order,
}

/// Mails that were taken to be read together, and where the next attempt goes on once they are filed.
struct Taken {
    mails: Vec<MailToRead>,
    desk: Desk,
    place: Place,
}

/// The same, read.
struct AtHand {
    sheets: Vec<Sheet>,
    place: Place,
}

impl Taken {
    async fn read(self) -> Result<AtHand, JobError> {
        let Self { mails, desk, place } = self;
        Ok(AtHand { sheets: desk.read(mails).await?, place })
    }
}

impl Run<'_> {
    async fn count(&mut self) -> Result<(), JobError> {
        let left = match &self.order.email_ids {
            Some(ids) => i64::try_from(ids.len().saturating_sub(self.place.behind)).unwrap_or(i64::MAX),
            None => to_read::count_pending(&mut *self.app.pool.connection().await?, self.user_id).await?,
        };
        let total = self.progress.done.saturating_add(left);
        self.progress.total = Some(self.order.limit.map_or(total, |limit| total.min(limit)));
        Ok(())
    }

    /// After a crash, or an attempt that ran out of time, the next mails are read one by one, each named in a checkpoint first.
    /// One that was named when its attempt was cut off is read once more, for it may have been a kill or the machine; at the
    /// second time it is given up, and the job goes on.
    async fn meet_suspect(&mut self) -> Result<(), JobError> {
        // What an attempt has named that ended in order is no suspect.
        let named = self.place.suspect.take();
        if !was_cut_off(self.running) {
            return Ok(());
        }
        // What the worker died of was in the batch that it filed, or in the one that it read meanwhile.
        self.place.careful = self.order.batch_size.saturating_mul(2);
        let Some(suspect) = named else { return Ok(()) };
        let stops = self.place.stopped.entry(suspect).or_default();
        *stops = stops.saturating_add(1);
        let is_given_up = *stops >= STOPS_TO_GIVE_UP;
        if is_given_up {
            tracing::error!(email = %suspect, job = %self.running.job().id, "two attempts were cut off at this mail; it is marked FAILED and the job goes on");
            self.place.stopped.remove(&suspect);
            self.place.behind += 1;
        }
        let (running, user_id, mut progress) = (self.running, self.user_id, self.progress.clone());
        let place = json_of(&self.place)?;
        let mut conn = self.app.pool.connection().await?;
        self.progress = conn
            .transaction::<_, JobError, _>(async |conn| {
                if is_given_up {
                    let reason = "Reading it stopped the worker twice.";
                    let marked = give_up(conn, user_id, &[suspect], reason).await?;
                    progress.done += 1;
                    progress.failed += i64::try_from(marked).unwrap_or(i64::MAX);
                }
                running.checkpoint(conn, &place, &progress).await?;
                Ok(progress)
            })
            .await?;
        self.running.committed();
        Ok(())
    }

    /// Mail by mail, for as long as one of them is suspected.
    async fn read_carefully(&mut self) -> Result<(), JobError> {
        while self.place.careful > 0 {
            let Some(taken) = self.take(1).await? else { break };
            let suspect = taken.mails.first().map(|mail| mail.id);
            self.name_suspect(suspect).await?;
            self.place.careful -= 1;
            self.place.stopped.retain(|id, _| Some(*id) != suspect);
            let place = self.place.clone();
            let read = Taken { place, ..taken }.read().await?;
            self.file(Some(read)).await?;
        }
        self.place.careful = 0;
        Ok(())
    }

    /// A batch is filed while the next one is read, so neither the database nor the cores wait.
    async fn read_ahead(&mut self) -> Result<(), JobError> {
        let mut at_hand = None;
        loop {
            let taken = self.take(self.order.batch_size).await?;
            let is_end = taken.is_none();
            if is_end && at_hand.is_none() {
                return Ok(());
            }
            let reading = async {
                match taken {
                    Some(taken) => taken.read().await.map(Some),
                    None => Ok(None),
                }
            };
            ((), at_hand) = tokio::try_join!(self.file(at_hand), reading)?;
            if is_end {
                // A mail that was stored meanwhile may stand before the ones that were taken: once more from the start.
                self.after = None;
            }
        }
    }

    /// The next mails, at most `count`; `None` when there are no more.
    async fn take(&mut self, count: i64) -> Result<Option<Taken>, JobError> {
        self.running.keep_going()?;
        let left = self.order.limit.map_or(i64::MAX, |limit| limit.saturating_sub(self.taken));
        let count = count.min(left);
        if count <= 0 {
            return Ok(None);
        }
        let mut conn = self.app.pool.connection().await?;
        let mails = match &self.order.email_ids {
            None => {
                let mails = to_read::pending(&mut conn, self.user_id, self.after, count).await?;
                let Some(last) = mails.last() else { return Ok(None) };
                self.after = Some(last.id);
                mails
            }
            Some(ids) => {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                let end = self.place.behind.saturating_add(count).min(ids.len());
                let wanted = ids.get(self.place.behind..end).unwrap_or_default();
                if wanted.is_empty() {
                    return Ok(None);
                }
                self.place.behind = end;
                to_read::by_ids(&mut conn, self.user_id, wanted).await?
            }
        };
        self.taken = self.taken.saturating_add(i64::try_from(mails.len()).unwrap_or(i64::MAX));
        let desk = Desk {
            cores: self.app.cores.clone(),
            extractor: self.app.extractor,
            reader: self.reader.clone(),
            currencies: Arc::new(currencies_by_issuer(&mut conn, self.user_id).await?),
        };
        Ok(Some(Taken { mails, desk, place: self.place.clone() }))
    }

    /// One transaction: what was read, and the fence with the checkpoint.
    async fn file(&mut self, at_hand: Option<AtHand>) -> Result<(), JobError> {
        let Some(AtHand { sheets, place }) = at_hand else { return Ok(()) };
        self.filed = self.filed.saturating_add(i64::try_from(sheets.len()).unwrap_or(i64::MAX));
        let (running, progress, place) = (self.running, self.progress.clone(), json_of(&place)?);
        let filing = Filing {
            clock: &self.app.clock,
            user_id: self.user_id,
            extractor: self.app.extractor,
            job_id: Some(running.job().id),
        };
        let mut conn = self.app.pool.connection().await?;
        self.progress = conn
            .transaction::<_, JobError, _>(async move |conn| {
                let progress = file_all(conn, &filing, &sheets, progress).await?;
                // The fence: a claim that is lost takes everything above back.
                running.checkpoint(conn, &place, &progress).await?;
                Ok(progress)
            })
            .await?;
        self.running.committed();
        if self.filed >= self.statistics_after {
            self.statistics_after = self.statistics_after.saturating_mul(10);
            statistics::refresh(&mut conn).await;
        }
        Ok(())
    }

    async fn name_suspect(&mut self, id: Option<Uuid>) -> Result<(), JobError> {
        let suspect = Place { suspect: id, ..self.place.clone() };
        let before = Place { behind: suspect.behind.saturating_sub(1), ..suspect.clone() };
        let place = json_of(if self.order.email_ids.is_some() { &before } else { &suspect })?;
        let (running, progress) = (self.running, self.progress.clone());
        let mut conn = self.app.pool.connection().await?;
        conn.transaction::<_, JobError, _>(async |conn| running.checkpoint(conn, &place, &progress).await)
            .await?;
        self.running.committed();
        Ok(())
    }
}

fn json_of(place: &Place) -> Result<Value, JobError> {
    let place = serde_json::to_value(place);
    place.map_err(|error| Error::internal("a checkpoint cannot be written", error).into())
}

/// Files what was read, all of it at once. When the database refuses that, the halves are tried, and so on: a mail that cannot
/// be filed fails alone.
async fn file_all(
    conn: &mut AsyncPgConnection,
    filing: &Filing<'_>,
    sheets: &[Sheet],
    mut progress: Progress,
) -> Result<Progress, JobError> {
    progress.done += i64::try_from(sheets.len()).unwrap_or(i64::MAX);
    progress.total = progress.total.map(|total| total.max(progress.done));
    let unread: Vec<Uuid> =
        sheets.iter().filter(|sheet| sheet.ready().is_none()).map(|sheet| sheet.mail.id).collect();
    fail(conn, filing, &mut progress, &unread, "The extractor broke on it.").await?;
    let mails: Vec<ReadMail<'_>> = sheets.iter().filter_map(Sheet::ready).collect();
    let mut waiting = vec![mails.as_slice()];
    while let Some(some) = waiting.pop() {
        // A savepoint: what the database refuses takes back what it wrote itself, and nothing else.
        match conn.transaction(async |conn| filing.file(conn, some).await).await {
            Ok(Filed { booked, in_review }) => {
                progress.booked += booked;
                progress.in_review += in_review;
            }
            Err(error) if error.is_passing() => return Err(error.into()),
            Err(error) => match some {
                [one] => {
                    tracing::error!(email = %one.email_id, %error, "a mail could not be filed; it is marked FAILED, report it with this id");
                    let reason = "What was read in it could not be filed.";
                    fail(conn, filing, &mut progress, &[one.email_id], reason).await?;
                }
                several => {
                    let (first, second) = several.split_at(several.len() / 2);
                    waiting.extend([second, first]);
                }
            },
        }
    }
    Ok(progress)
}

async fn fail(
    conn: &mut AsyncPgConnection,
    filing: &Filing<'_>,
    progress: &mut Progress,
    ids: &[Uuid],
    reason: &str,
) -> Result<(), JobError> {
    if ids.is_empty() {
        return Ok(());
    }
    progress.failed += i64::try_from(ids.len()).unwrap_or(i64::MAX);
    give_up(conn, filing.user_id, ids, reason).await?;
    Ok(())
}
