//! Reads a user's mails into the ledger: one job with checkpoints, each filing a batch in the checkpoint's transaction.

use std::sync::Arc;

use diesel_async::{AsyncConnection, AsyncPgConnection};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::accounts::learn::currencies_by_issuer;
use crate::app::App;
use crate::error::Error;
use crate::extraction::extractor::Reader;
use crate::extraction::filing::{Filed, Filing, give_up};
use crate::extraction::reading::{Desk, Sheet};
use crate::jobs::{JobError, Outcome, Progress, RunningJob};
use crate::mailbox::to_read::{self, MailToRead};
use crate::money::Currency;
use crate::users::user;

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
    /// The mail that was about to be read when the worker vanished.
    suspect: Option<Uuid>,
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
    let home_currency = Currency::parse(&user.base_currency);
    let mut run = Run {
        app,
        running,
        user_id,
        reader: Reader { zone: user.zone(), home_currency },
        place: running.load_checkpoint::<Place>()?.unwrap_or_default(),
        progress: running.progress(),
        order,
    };
    run.count(&mut conn).await?;
    run.meet_suspect(&mut conn).await?;
    while let Some(mails) = run.next_batch(&mut conn).await? {
        run.read_and_file(&mut conn, mails).await?;
    }
    let Progress { done, failed, booked, in_review, .. } = run.progress;
    let output =
        json!({ "extracted": done - failed, "failed": failed, "booked": booked, "inReview": in_review });
    Ok(Outcome::done(output, run.progress))
}

struct Run<'a> {
    app: &'a App,
    running: &'a RunningJob,
    user_id: Uuid,
    reader: Reader,
    place: Place,
    progress: Progress,
    order: Order,
}

impl Run<'_> {
    async fn count(&mut self, conn: &mut AsyncPgConnection) -> Result<(), JobError> {
        let left = match &self.order.email_ids {
            Some(ids) => i64::try_from(ids.len().saturating_sub(self.place.behind)).unwrap_or(i64::MAX),
            None => to_read::count_pending(conn, self.user_id).await?,
        };
        let total = self.progress.done.saturating_add(left);
        self.progress.total = Some(self.order.limit.map_or(total, |limit| total.min(limit)));
        Ok(())
    }

    /// After a crash the next mails are read one by one, each named in a checkpoint first; a mail that was named when a
    /// worker vanished again is given up, and the job goes on.
    async fn meet_suspect(&mut self, conn: &mut AsyncPgConnection) -> Result<(), JobError> {
        if self.running.crash_count() == 0 {
            return Ok(());
        }
        self.place.careful = self.order.batch_size;
        let Some(suspect) = self.place.suspect.take() else { return Ok(()) };
        tracing::error!(email = %suspect, job = %self.running.job().id, "a worker vanished twice on this mail; it is marked FAILED and the job goes on");
        self.place.behind += 1;
        self.progress.done += 1;
        self.progress.failed += 1;
        let (place, progress) = (self.place_json()?, self.progress.clone());
        let (running, user_id) = (self.running, self.user_id);
        conn.transaction::<_, JobError, _>(async |conn| {
            running.checkpoint(conn, &place, &progress).await?;
            give_up(conn, user_id, &[suspect], "Reading it stopped the worker twice.").await?;
            Ok(())
        })
        .await?;
        self.running.committed();
        Ok(())
    }

    async fn next_batch(
        &mut self,
        conn: &mut AsyncPgConnection,
    ) -> Result<Option<Vec<MailToRead>>, JobError> {
        if self.running.should_stop() {
            return Err(JobError::Stopped);
        }
        let left = self.order.limit.map_or(i64::MAX, |limit| limit.saturating_sub(self.progress.done));
        let size = if self.place.careful > 0 { 1 } else { self.order.batch_size }.min(left);
        if size <= 0 {
            return Ok(None);
        }
        let mails = match &self.order.email_ids {
            None => to_read::pending(conn, self.user_id, size).await?,
            Some(ids) => {
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                let end = self.place.behind.saturating_add(size).min(ids.len());
                let wanted = ids.get(self.place.behind..end).unwrap_or_default();
                if wanted.is_empty() {
                    return Ok(None);
                }
                self.place.behind = end;
                return to_read::by_ids(conn, self.user_id, wanted).await.map(Some).map_err(JobError::from);
            }
        };
        Ok((!mails.is_empty()).then_some(mails))
    }

    async fn read_and_file(
        &mut self,
        conn: &mut AsyncPgConnection,
        mails: Vec<MailToRead>,
    ) -> Result<(), JobError> {
        if self.place.careful > 0 {
            self.name_suspect(conn, mails.first().map(|mail| mail.id)).await?;
        }
        let currencies = Arc::new(currencies_by_issuer(conn, self.user_id).await?);
        let desk = Desk { extractor: self.app.extractor, reader: self.reader.clone(), currencies };
        let sheets = desk.read(mails).await?;
        self.place.suspect = None;
        self.place.careful = self.place.careful.saturating_sub(1);
        let running = self.running;
        let (progress, place) = (self.progress.clone(), self.place_json()?);
        let filing = Filing {
            clock: &self.app.clock,
            user_id: self.user_id,
            extractor: self.app.extractor,
            job_id: Some(running.job().id),
        };
        self.progress = conn
            .transaction::<_, JobError, _>(async move |conn| {
                let progress = file_all(conn, &filing, &desk, &sheets, progress).await?;
                // The fence: a claim that is lost takes everything above back.
                running.checkpoint(conn, &place, &progress).await?;
                Ok(progress)
            })
            .await?;
        self.running.committed();
        Ok(())
    }

    async fn name_suspect(&mut self, conn: &mut AsyncPgConnection, id: Option<Uuid>) -> Result<(), JobError> {
        self.place.suspect = id;
        let before = Place { behind: self.place.behind.saturating_sub(1), ..self.place.clone() };
        let place = if self.order.email_ids.is_some() { before } else { self.place.clone() };
        let place = serde_json::to_value(place).map_err(|error| Error::internal("a checkpoint", error))?;
        let (running, progress) = (self.running, self.progress.clone());
        conn.transaction::<_, JobError, _>(async |conn| running.checkpoint(conn, &place, &progress).await)
            .await?;
        self.running.committed();
        Ok(())
    }

    fn place_json(&self) -> Result<Value, JobError> {
        let place = serde_json::to_value(&self.place);
        place.map_err(|error| Error::internal("a checkpoint cannot be written", error).into())
    }
}

async fn file_all(
    conn: &mut AsyncPgConnection,
    filing: &Filing<'_>,
    desk: &Desk,
    sheets: &[Sheet],
    mut progress: Progress,
) -> Result<Progress, JobError> {
    for sheet in sheets {
        progress.done += 1;
        let Some(mail) = desk.ready(sheet) else {
            progress.failed += 1;
            give_up(conn, filing.user_id, &[sheet.mail.id], "The extractor broke on it.").await?;
            continue;
        };
        // A savepoint: a mail that the database refuses takes back what it wrote itself, and nothing else.
        match conn.transaction(async |conn| filing.file(conn, &mail).await).await {
            Ok(Filed { booked, in_review }) => {
                progress.booked += booked;
                progress.in_review += in_review;
            }
            Err(error) if error.is_passing() => return Err(error.into()),
            Err(error) => {
                progress.failed += 1;
                tracing::error!(email = %sheet.mail.id, %error, "a mail could not be filed; it is marked FAILED, report it with this id");
                give_up(conn, filing.user_id, &[sheet.mail.id], "What was read in it could not be filed.")
                    .await?;
            }
        }
    }
    Ok(progress)
}
