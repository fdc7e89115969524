//! `FETCH_EMAILS`: reads connected accounts in batches; each batch is one transaction with its checkpoint, so that a run that is
//! cut off anywhere is taken up where the last one was committed.

use diesel_async::AsyncConnection;
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::db::PooledConnection;
use crate::error::Error;
use crate::jobs::{JobError, JobPayload, NewJob, Outcome, Progress, RunningJob};
use crate::mailbox::connected_account::{self, ConnectedAccount, Provider, Status};
use crate::mailbox::import_folder::ImportFolder;
use crate::mailbox::intake::{Arrived, Intake};
use crate::mailbox::source::MailSource;
use crate::mailbox::store::store;
use crate::mailbox::to_read::has_pending;
use crate::users::user;
use crate::viewer::Visibility;
use crate::worker::attempt::was_cut_off;
use crate::worker::fetch_place::At;

const EXTRACT_BATCH_SIZE: i64 = 50;

/// Why an account was not read to its end.
enum Unread {
    /// Because of the account itself: the job's error for it, which is written down.
    Account(JobError),
    /// Because the job does not go on now.
    Job(JobError),
}

impl<Fault: Into<JobError>> From<Fault> for Unread {
    fn from(fault: Fault) -> Self {
        Self::Job(fault.into())
    }
}

/// Brings the new mails of the accounts, one account after the other; `limit` counts new mails. What is new is handed to an
/// extraction. One that cannot be read keeps no other out: the job fails when none could be.
pub async fn run(
    app: &App,
    running: &RunningJob,
    connected_account_ids: Vec<Uuid>,
    limit: Option<i64>,
) -> Result<Outcome, JobError> {
    let user_id = running
        .job()
        .user_id
        .ok_or_else(|| JobError::fail("NO_USER", "The job names no user whose mail it should fetch."))?;
    let fetch = Fetch { app, running, user_id, limit };
    let mut at: At = running.load_checkpoint()?.unwrap_or_default();
    if at.go_on_after(was_cut_off(running)) {
        fetch.note(&at).await?;
    }
    let mut last_failure = None;
    while let Some(id) = connected_account_ids.get(at.account) {
        if at.room(limit) == 0 {
            break;
        }
        match fetch.read_account(*id, &mut at).await {
            Ok(()) => {}
            Err(Unread::Account(failure)) => last_failure = Some(failure),
            Err(Unread::Job(error)) => return Err(error),
        }
    }
    if at.failed > 0 && at.read_accounts == 0 {
        return Err(fetch.fail(at, last_failure).await);
    }
    let mut conn = app.pool.connection().await?;
    let mut follow_ups = Vec::new();
    if has_pending(&mut conn, user_id).await? {
        let extract =
            JobPayload::ExtractEmails { limit: None, batch_size: EXTRACT_BATCH_SIZE, email_ids: None };
        // One for each fetch: an extraction that is just ending may have looked before these mails were there.
        let key = format!("after:{}", running.job().id);
        follow_ups.push(NewJob::new(Some(user_id), extract).unique(key));
    }
    let mut output = json!({ "stored": at.stored, "seenAgain": at.seen_again, "skipped": at.skipped });
    if let Some(output) = output.as_object_mut() {
        if !at.named.is_empty() {
            output.insert("unreadable".to_owned(), json!(at.named));
        }
        if at.left > 0 {
            output.insert("leftForLater".to_owned(), json!(at.left));
        }
    }
    let progress = at.progress(None);
    let progress = Progress { total: Some(progress.done), ..progress };
    Ok(Outcome::Done { output, progress, follow_ups })
}

struct Fetch<'a> {
    app: &'a App,
    running: &'a RunningJob,
    user_id: Uuid,
    limit: Option<i64>,
}

impl Fetch<'_> {
    /// Reads the account from where `at` stands to its end, and leaves `at` in front of the next one.
    async fn read_account(&self, id: Uuid, at: &mut At) -> Result<(), Unread> {
        let mut conn = self.app.pool.connection().await?;
        let found = connected_account::find(&mut conn, Visibility::Of(self.user_id), id).await?;
        let Some(account) = found else {
            at.leave_failed_account();
            let message = "The connected account is not there any more.";
            return Err(Unread::Account(JobError::fail("ACCOUNT_GONE", message)));
        };
        if Status::parse(&account.status) == Some(Status::Paused) {
            at.leave_account();
            return Ok(());
        }
        let opened = self.open(&mut conn, &account, at).await;
        let source = match opened {
            Err(Error::Rejected { message, .. }) => {
                return Err(self.give_up(conn, &account, at, message).await);
            }
            other => other?,
        };
        drop(conn);
        if source.position() != at.position {
            // The file is another one by now, or is met for the first time.
            at.clear_suspect();
            at.position = source.position();
        }
        let total = source.total_mails().filter(|_| at.account == 0);
        let total = total.and_then(|total| i64::try_from(total).ok());
        let (authserv_ids, cores) = (&self.app.config.mail_authserv_ids, self.app.cores.clone());
        let mut intake = Intake::new(source, authserv_ids, account.id, cores);
        let reading = at.account;
        while at.account == reading {
            self.running.keep_going()?;
            if at.is_careful() && !at.is_given_up() {
                self.note(&at.with_suspect()).await?;
            }
            let next = if at.is_given_up() {
                tracing::error!(job = %self.running.job().id, account = %account.id, "two attempts were cut off at a mail; it is kept unread and the job goes on");
                intake.next_unread(&self.app.pool).await
            } else {
                intake.next(&self.app.pool, at.room(self.limit)).await
            };
            let (rest, arrived) = match next {
                Err(Error::Rejected { message, .. }) => {
                    let conn = self.app.pool.connection().await?;
                    return Err(self.give_up(conn, &account, at, message).await);
                }
                other => other?,
            };
            intake = rest;
            self.commit(&account, at, &arrived, total).await?;
        }
        Ok(())
    }

    /// The source of the account's mails, at the place where `at` left it.
    async fn open(
        &self,
        conn: &mut PooledConnection,
        account: &ConnectedAccount,
        at: &At,
    ) -> crate::error::Result<MailSource> {
        let limit = self.app.config.max_email_bytes;
        match Provider::parse(&account.provider) {
            Some(Provider::Demo) => Ok(MailSource::demo(&at.position, limit)),
            Some(Provider::Mbox) => {
                let owner = user::find(conn, account.user_id).await?.ok_or(Error::NotFound("user"))?;
                let file = account.settings().file.ok_or_else(|| {
                    let message = "This mailbox has no file to read; `pennypost import` fills it.";
                    Error::rejected("file", crate::error::Code::NotFound, message)
                })?;
                let folder = ImportFolder::new(self.app.import_folder_of(&owner.username));
                folder.open(&file, at.position.clone(), limit).await
            }
            Some(Provider::Gmail | Provider::Imap) | None => {
                let message = format!("{} accounts cannot be read yet.", account.provider);
                Err(Error::rejected("provider", crate::error::Code::Invalid, message))
            }
        }
    }

    /// One transaction: the mails, what is known of the account, and the fence with the checkpoint.
    ///
    /// The fence comes last, because only then is it known how many mails were new. It holds all the same: where it
    /// matches no row, everything in front of it is rolled back.
    async fn commit(
        &self,
        account: &ConnectedAccount,
        at: &mut At,
        arrived: &Arrived,
        total: Option<i64>,
    ) -> Result<(), JobError> {
        let App { clock, pool, .. } = self.app;
        let before = at.clone();
        let mut conn = pool.connection().await?;
        let next = conn
            .transaction(async |conn| {
                let Arrived { mails, known, position, is_last, .. } = arrived;
                let mut next = At { position: position.clone(), ..before };
                let stored = store(conn, clock, self.user_id, account.id, mails).await?;
                next.read += i64::try_from(mails.len()).unwrap_or(i64::MAX) + known;
                next.stored += stored.new;
                next.skipped += stored.skipped;
                next.seen_again += stored.seen_again + known;
                next.pass_over(&arrived.unreadable);
                next.left += i64::try_from(arrived.left).unwrap_or(i64::MAX);
                next.pass_suspect();
                let is_full = next.room(self.limit) == 0;
                if *is_last || is_full {
                    connected_account::record_sync(conn, self.user_id, account.id, clock.now()).await?;
                    next.read_accounts += 1;
                    next.leave_account();
                }
                self.running.checkpoint(conn, &json!(next), &next.progress(total)).await?;
                Ok::<_, JobError>(next)
            })
            .await?;
        self.running.committed();
        if arrived.left > 0 {
            let (job, mails) = (self.running.job().id, arrived.left);
            tracing::warn!(%job, mails, "mails may still be being written; the next fetch finds them");
        }
        *at = next;
        Ok(())
    }

    /// A checkpoint of its own.
    async fn note(&self, at: &At) -> Result<(), JobError> {
        let mut conn = self.app.pool.connection().await?;
        let progress = at.progress(self.running.progress().total);
        conn.transaction::<_, JobError, _>(async |conn| {
            self.running.checkpoint(conn, &json!(at), &progress).await
        })
        .await?;
        self.running.committed();
        Ok(())
    }

    /// Writes down why the account cannot be read, and leaves `at` in front of the next one.
    async fn give_up(
        &self,
        mut conn: PooledConnection,
        account: &ConnectedAccount,
        at: &mut At,
        message: String,
    ) -> Unread {
        let mut next = at.clone();
        next.leave_failed_account();
        let written = conn
            .transaction(async |conn| {
                self.running.checkpoint(conn, &json!(next), &next.progress(None)).await?;
                let reason = message.as_str();
                Ok::<_, JobError>(
                    connected_account::record_failure(conn, self.user_id, account.id, reason).await?,
                )
            })
            .await;
        match written {
            Ok(()) => {
                self.running.committed();
                *at = next;
                Unread::Account(JobError::fail("MAILBOX_UNREADABLE", message))
            }
            Err(error) => Unread::Job(error),
        }
    }

    /// The error of a job none of whose accounts could be read. When somebody has it tried again, it starts with the first.
    async fn fail(&self, at: At, last: Option<JobError>) -> JobError {
        let again = At {
            read: at.read,
            stored: at.stored,
            skipped: at.skipped,
            seen_again: at.seen_again,
            ..At::default()
        };
        if let Err(error) = self.note(&again).await {
            return error;
        }
        match last {
            Some(JobError::Fail { code, message }) if at.failed == 1 => JobError::fail(code, message),
            Some(JobError::Fail { code, message }) => {
                let count = at.failed;
                JobError::fail(
                    code,
                    format!("None of the {count} mailboxes could be read. The last one: {message}"),
                )
            }
            // The attempt that met them was cut off.
            _ => JobError::fail("MAILBOX_UNREADABLE", "No mailbox could be read; each says why."),
        }
    }
}
