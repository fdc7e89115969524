//! `import`: stores the mails of a file, has them read into the ledger, and shows how far that is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use diesel_async::AsyncPgConnection;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;
use tracing::Level;
use uuid::Uuid;

use crate::cli::servers::{Servers, data_dir, database_url};
use crate::cli::signals::Signals;
use crate::cli::terminal::say;
use crate::cli::{Ending, data_folder, serve, worker};
use crate::clock::Clock;
use crate::config::{Config, Environment};
use crate::cores::Cores;
use crate::db::{Pool, migrate};
use crate::error::{Error, Result};
use crate::jobs::statistics::living_workers;
use crate::jobs::{self, Job, JobPayload, NewJob, State, enqueue};
use crate::mailbox::connected_account::find_or_create_import;
use crate::mailbox::import;
use crate::mailbox::intake::Intake;
use crate::mailbox::to_read::has_pending;
use crate::telemetry;
use crate::users::user::find_by_username;
use crate::viewer::Visibility;

/// Connections that an import needs at a time.
const CONNECTIONS: usize = 4;
/// Mails a checkpoint of the extraction.
const BATCH_SIZE: i64 = 50;
/// How many of the files that could not be read are named.
const NAMED_AT_MOST: usize = 20;
/// Between two looks at the job.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// So long a job waits while workers are about.
const TAKEN_WITHIN: Duration = Duration::from_secs(5);
/// So long the database may be away while a job is followed.
const AWAY_AT_MOST: Duration = Duration::from_mins(1);
const TRY_AGAIN: &str = "The same command in a minute reads what is whole by then, and nothing twice.";
const BROKEN_OFF: &str =
    "The import was broken off. What was stored stays, and the same command goes on from there.";
const NO_WORKER: &str = "No worker runs, so the mails wait to be read. Start `pennypost up` or `pennypost worker`: it reads them.";
const ALL_BUSY: &str = "All workers are busy with other jobs. The mails wait their turn and are read then, without this command.";
const LEFT_ALONE: &str = "The mails are stored. The pennypost that runs goes on reading them, and this command looks on no longer.";

#[derive(Debug, Args)]
pub(super) struct Order {
    /// An mbox (like Google Takeout's), a single mail, a Maildir, or a folder of .eml files.
    path: PathBuf,
    /// The login name of the user whose mails these are.
    #[arg(long)]
    user: String,
}

pub(super) async fn run(mut config: Config, order: Order) -> Result<Ending> {
    // The bars are what a person looks at; only what goes wrong may come between.
    let environment = config.environment.unwrap_or(Environment::Development);
    telemetry::start(environment, config.log_level.min(Level::WARN));
    let signals = Signals::watch()?;
    let stop = signals.stop();
    let work = async {
        let servers = Servers::reach(&mut config).await?;
        let ended = carry_out(config, environment, &order, servers.has_own(), &stop).await;
        servers.stop().await;
        ended
    };
    Box::pin(signals.watch_over(work)).await
}

async fn carry_out(
    config: Config,
    environment: Environment,
    order: &Order,
    has_own: bool,
    stop: &CancellationToken,
) -> Result<()> {
    let url = database_url(&config)?;
    migrate::check(&url).await?;
    let pool = Pool::new(&url, CONNECTIONS)?;
    let mut conn = pool.connection().await?;
    let user = find_by_username(&mut conn, &order.user).await?;
    let user = user.ok_or_else(|| {
        Error::Unavailable(format!(
            "There is no user {}. `pennypost user list` shows who is there.",
            order.user
        ))
    })?;
    let is_complete = read(&pool, &config, order, user.id, stop).await?;
    if !is_complete || stop.is_cancelled() {
        return Err(Error::Unavailable(BROKEN_OFF.to_owned()));
    }
    if !has_pending(&mut conn, user.id).await? {
        say("There is nothing new to read into the ledger.");
        return Ok(());
    }
    let job = enqueue_extraction(&mut conn, user.id).await?;
    drop(conn);
    if !has_own {
        return match stop.run_until_cancelled(follow(&pool, &job)).await {
            Some(ended) => ended,
            None => Err(Error::Unavailable(LEFT_ALONE.to_owned())),
        };
    }
    // Nobody else works here, so this process does, until the job has ended or a signal came: then it is handed back.
    let ended = stop.child_token();
    let working = work(config, environment, ended.clone());
    let following = async {
        let followed = ended.run_until_cancelled(follow(&pool, &job)).await;
        ended.cancel();
        followed.unwrap_or_else(|| Err(Error::Unavailable(BROKEN_OFF.to_owned())))
    };
    let (worked, followed) = tokio::join!(working, following);
    worked.and(followed)
}

/// Stores the mails, with a bar over the file's bytes or the folder's files, until `stop`. False when that left some.
async fn read(
    pool: &Pool,
    config: &Config,
    order: &Order,
    user_id: Uuid,
    stop: &CancellationToken,
) -> Result<bool> {
    let source = import::open(&order.path, config.max_email_bytes).await?;
    let mut conn = pool.connection().await?;
    let account = find_or_create_import(&mut conn, &Clock::System, user_id).await?;
    drop(conn);
    let intake = Intake::new(source, &config.mail_authserv_ids, account.id, Cores::all());
    let bar = ProgressBar::new(0).with_style(style("storing  [{bar:30}] {percent:>3} %  {msg}  {eta} left"));
    let begun = Instant::now();
    let go_on = |progress: &import::Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        bar.set_message(mails_and_rate(progress.read, begun));
        !stop.is_cancelled()
    };
    let stored = import::run(pool, &Clock::System, user_id, account.id, intake, go_on).await;
    bar.finish_and_clear();
    let stored = stored?;
    say_what_was_stored(&stored, begun);
    Ok(stored.is_complete)
}

fn say_what_was_stored(progress: &import::Progress, begun: Instant) {
    let import::Progress { read, stored, skipped, seen_again, unreadable, left, .. } = progress;
    let kept_unread = match skipped {
        0 => String::new(),
        _ => format!(", {skipped} kept but not read into the ledger (too large, or broken)"),
    };
    let rate = mails_and_rate(*read, begun);
    say(format!("Read {rate}: {stored} new{kept_unread}, {seen_again} seen before."));
    if !unreadable.is_empty() {
        let named = unreadable.iter().take(NAMED_AT_MOST).map(String::as_str).collect::<Vec<_>>();
        let rest = unreadable.len() - named.len();
        let more = if rest > 0 { format!(" And {rest} more.") } else { String::new() };
        let (files, were) = match unreadable.len() {
            1 => ("1 file".to_owned(), "was"),
            many => (format!("{many} files"), "were"),
        };
        say(format!("{files} {were} passed over: {}{more}", named.join(" ")));
    }
    if *left > 0 {
        let mails = counted(i64::try_from(*left).unwrap_or(i64::MAX), "mail");
        say(format!("Left for later: {mails} that may still be being written. {TRY_AGAIN}"));
    }
}

async fn enqueue_extraction(conn: &mut AsyncPgConnection, user_id: Uuid) -> Result<Job> {
    let payload = JobPayload::ExtractEmails { limit: None, batch_size: BATCH_SIZE, email_ids: None };
    let id = Clock::System.new_id();
    // One for each import: an extraction that is active may have a limit, or be just ending and have looked before these
    // mails were there.
    let new = NewJob::new(Some(user_id), payload).unique(format!("import:{id}"));
    // Nobody is told: a worker looks by itself within a second.
    Ok(enqueue(conn, id, new).await?.job)
}

async fn work(mut config: Config, environment: Environment, stop: CancellationToken) -> Result<()> {
    let folder = data_dir(&config);
    let mailer = data_folder::complete(&mut config, &folder)?;
    let app = Arc::new(serve::build(config, environment, mailer)?);
    worker::work(app, stop).await
}

/// Shows the job until it ends, or until it is clear that no worker takes it.
async fn follow(pool: &Pool, job: &Job) -> Result<()> {
    let bar = ProgressBar::new(0).with_style(style("reading  [{bar:30}] {pos}/{len}  {msg}  {eta} left"));
    let begun = Instant::now();
    let mut seen = Instant::now();
    // A job that goes on was further than nothing when this look at it began.
    let mut done_before = None;
    loop {
        let job = match look(pool, job.id).await {
            // A pennypost that is started again takes its database along, and the job goes on after it.
            Err(error) if error.is_passing() && seen.elapsed() < AWAY_AT_MOST => {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
            found => found?,
        };
        seen = Instant::now();
        let progress = &job.progress;
        bar.set_length(unsigned(progress.total.unwrap_or(progress.done)));
        bar.set_position(unsigned(progress.done));
        let done_before = *done_before.get_or_insert(progress.done);
        bar.set_message(mails_and_rate(progress.done - done_before, begun));
        if job.state.is_ended() {
            bar.finish_and_clear();
            return sum_up(&job);
        }
        if job.started_at.is_none() && begun.elapsed() > TAKEN_WITHIN {
            bar.finish_and_clear();
            let mut conn = pool.connection().await?;
            say(if living_workers(&mut conn).await? > 0 { ALL_BUSY } else { NO_WORKER });
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn look(pool: &Pool, job_id: Uuid) -> Result<Job> {
    let mut conn = pool.connection().await?;
    let found = jobs::find(&mut conn, Visibility::Everyone, job_id).await?;
    found.ok_or(Error::NotFound("job any more"))
}

fn sum_up(job: &Job) -> Result<()> {
    let progress = &job.progress;
    if job.state == State::Success {
        say(format!(
            "Understood {}: {} booked, {} in review, {} failed.",
            counted(progress.done, "mail"),
            counted(progress.booked, "transaction"),
            progress.in_review,
            counted(progress.failed, "mail")
        ));
        return Ok(());
    }
    let reason = job.error_payload.as_ref().map_or("it was cancelled.", |error| error.message.as_str());
    Err(Error::Unavailable(format!("The mails are stored, and were not read to the end: {reason}")))
}

/// The number and the noun, which stands in the plural unless the number is one.
fn counted(number: i64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// The rate, too, once there was a second to count it in.
fn mails_and_rate(mails: i64, begun: Instant) -> String {
    let milliseconds = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let mails_counted = counted(mails, "mail");
    match mails.saturating_mul(1000).checked_div(milliseconds) {
        Some(rate) if milliseconds >= 1000 && rate > 0 => format!("{mails_counted} ({rate} a second)"),
        _ => mails_counted,
    }
}

fn style(template: &str) -> ProgressStyle {
    // A template that cannot be read is a mistake in this file; a plain bar is no reason to stop.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
