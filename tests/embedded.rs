//! The private PostgreSQL and Redis, with real processes: starts, stops, kills, and folders that are not in order.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests fail loudly and say how long it took"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use fred::prelude::{Builder, ClientLike, Config, KeysInterface, ReconnectPolicy};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use pennypost::embedded::{Embedded, EmbeddedSettings};
use pennypost::error::Error;
use tempfile::TempDir;

/// The folder that [`holds_a_folder_until_it_is_killed`] is to hold.
const FOLDER_TO_HOLD: &str = "PENNYPOST_TEST_FOLDER_TO_HOLD";

fn forgetful(folder: &Path) -> EmbeddedSettings {
    EmbeddedSettings { durable: false, ..EmbeddedSettings::new(folder) }
}

async fn start(folder: &Path) -> Embedded {
    Embedded::start(forgetful(folder)).await.unwrap()
}

/// The sentence with which a start is refused.
async fn refusal(settings: EmbeddedSettings) -> String {
    match Embedded::start(settings).await {
        Err(Error::Unavailable(sentence)) => sentence,
        Err(other) => panic!("not a sentence for the operator: {other}"),
        Ok(_) => panic!("the start was not refused"),
    }
}

async fn run_sql(embedded: &Embedded, sql: &str) -> Result<(), String> {
    let connection = AsyncPgConnection::establish(embedded.database_url().unwrap()).await;
    let mut connection = connection.map_err(|error| error.to_string())?;
    connection.batch_execute(sql).await.map_err(|error| error.to_string())
}

/// Waits until `new()` is a process id other than `old`, and returns how long that took.
async fn wait_for_another(old: u32, new: impl Fn() -> Option<u32>) -> Duration {
    let start = Instant::now();
    while new().is_none_or(|process| process == old) {
        assert!(start.elapsed() < Duration::from_secs(30), "the server was not started again");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}

fn end(process: u32) {
    kill(Pid::from_raw(process.try_into().unwrap()), Signal::SIGKILL).unwrap();
}

/// A process that has ended and that nobody has waited for yet has no program any more.
fn is_alive(process: u32) -> bool {
    fs::read_link(format!("/proc/{process}/exe")).is_ok()
}

#[tokio::test]
async fn both_servers_answer_and_a_second_start_finds_the_first_ones_rows() {
    let folder = TempDir::new().unwrap();
    let mut settings = EmbeddedSettings::new(folder.path());
    let clock = Instant::now();
    let embedded = Embedded::start(settings.clone()).await.unwrap();
    eprintln!("the first start, durable: {:?}", clock.elapsed());

    run_sql(&embedded, "SELECT 1; CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)").await.unwrap();
    let redis =
        Builder::from_config(Config::from_url(&embedded.redis_url(2).unwrap()).unwrap()).build().unwrap();
    redis.init().await.unwrap();
    redis.set::<(), _, _>("hint", "1", None, None, false).await.unwrap();
    let (postgres, redis) = (embedded.postgres_process().unwrap(), embedded.redis_process().unwrap());
    let clock = Instant::now();
    embedded.stop().await;
    eprintln!("stop: {:?}", clock.elapsed());
    assert!(!is_alive(postgres) && !is_alive(redis));

    settings.durable = false;
    let clock = Instant::now();
    let embedded = Embedded::start(settings).await.unwrap();
    eprintln!("a start on an existing folder: {:?}", clock.elapsed());
    let count_is_one = "DO $$ BEGIN ASSERT (SELECT count(*) FROM kept) = 1; END $$";
    run_sql(&embedded, count_is_one).await.unwrap();
    embedded.stop().await;
}

#[tokio::test]
async fn a_killed_postgres_comes_back_with_what_was_committed() {
    let folder = TempDir::new().unwrap();
    let embedded = start(folder.path()).await;
    run_sql(&embedded, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)").await.unwrap();
    let mut session = AsyncPgConnection::establish(embedded.database_url().unwrap()).await.unwrap();

    let killed = embedded.postgres_process().unwrap();
    end(killed);
    let away = wait_for_another(killed, || embedded.postgres_process()).await;
    eprintln!("PostgreSQL was away for {away:?}");

    assert!(session.batch_execute("SELECT 1").await.is_err());
    run_sql(&embedded, "DO $$ BEGIN ASSERT (SELECT count(*) FROM kept) = 1; END $$").await.unwrap();
    embedded.stop().await;
}

#[tokio::test]
async fn a_busy_session_of_a_killed_postgres_does_not_hold_up_the_new_one() {
    let folder = TempDir::new().unwrap();
    let embedded = start(folder.path()).await;
    let mut session = AsyncPgConnection::establish(embedded.database_url().unwrap()).await.unwrap();
    let busy = "DO $$ BEGIN LOOP PERFORM sum(n) FROM generate_series(1, 10000) n; END LOOP; END $$";
    let busy = tokio::spawn(async move { session.batch_execute(busy).await });
    tokio::time::sleep(Duration::from_millis(300)).await;

    let killed = embedded.postgres_process().unwrap();
    end(killed);
    let away = wait_for_another(killed, || embedded.postgres_process()).await;
    assert!(away < Duration::from_secs(10), "PostgreSQL was away for {away:?}");
    assert!(busy.await.unwrap().is_err());
    embedded.stop().await;
}

#[tokio::test]
async fn a_killed_redis_comes_back_at_the_same_url() {
    let folder = TempDir::new().unwrap();
    let embedded = start(folder.path()).await;
    let client = Builder::from_config(Config::from_url(&embedded.redis_url(0).unwrap()).unwrap())
        .with_performance_config(|performance| performance.default_command_timeout = Duration::from_secs(3))
        .set_policy(ReconnectPolicy::new_constant(0, 50))
        .build()
        .unwrap();
    client.init().await.unwrap();

    let killed = embedded.redis_process().unwrap();
    end(killed);
    let away = wait_for_another(killed, || embedded.redis_process()).await;
    eprintln!("Redis was away for {away:?}");

    client.set::<(), _, _>("hint", "1", None, None, false).await.unwrap();
    embedded.stop().await;
}

#[tokio::test]
async fn redis_asks_for_the_password() {
    let folder = TempDir::new().unwrap();
    let embedded = start(folder.path()).await;
    let (_, address) =
        embedded.redis_url(0).unwrap().split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let stranger =
        Builder::from_config(Config::from_url(&format!("redis://{address}")).unwrap()).build().unwrap();
    assert!(stranger.init().await.is_err());
    embedded.stop().await;
}

#[tokio::test]
async fn a_second_start_on_one_folder_is_refused_until_the_first_stops() {
    let folder = TempDir::new().unwrap();
    let embedded = start(folder.path()).await;
    let sentence = refusal(forgetful(folder.path())).await;
    assert!(
        sentence.contains(&format!("(process {}) uses the data folder", std::process::id())),
        "{sentence}"
    );
    run_sql(&embedded, "SELECT 1").await.unwrap();
    embedded.stop().await;
    start(folder.path()).await.stop().await;
}

#[tokio::test]
async fn dropping_the_servers_ends_them() {
    let folder = TempDir::new().unwrap();
    let embedded = start(folder.path()).await;
    let (postgres, redis) = (embedded.postgres_process().unwrap(), embedded.redis_process().unwrap());
    drop(embedded);
    let start = Instant::now();
    while is_alive(postgres) || is_alive(redis) {
        assert!(start.elapsed() < Duration::from_secs(20), "a server outlives its owner");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Not a test of its own: [`a_start_after_a_kill_waits_for_what_is_left`] runs it as another process.
#[tokio::test]
#[ignore = "another test starts it as a process to kill"]
#[expect(clippy::disallowed_methods, reason = "the folder comes from the test that starts this process")]
async fn holds_a_folder_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER_TO_HOLD) else { return };
    let embedded = start(Path::new(&folder)).await;
    println!("\nholding {} {}", embedded.postgres_process().unwrap(), embedded.redis_process().unwrap());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_start_after_a_kill_waits_for_what_is_left() {
    let folder = TempDir::new().unwrap();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "holds_a_folder_until_it_is_killed", "--nocapture"])
        .env(FOLDER_TO_HOLD, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines().map(Result::unwrap);
    let held = lines.find_map(|line| line.strip_prefix("holding ").map(str::to_owned)).unwrap();
    let processes: Vec<u32> = held.split(' ').map(|process| process.parse().unwrap()).collect();

    holder.kill().unwrap();
    holder.wait().unwrap();
    let embedded = start(folder.path()).await;
    assert!(!processes.iter().any(|process| is_alive(*process)), "a server outlived its owner");
    run_sql(&embedded, "SELECT 1").await.unwrap();
    embedded.stop().await;
}

#[tokio::test]
async fn a_pid_file_that_names_a_stranger_does_not_stop_a_start() {
    let folder = TempDir::new().unwrap();
    let embedded = start(folder.path()).await;
    let pid_file = folder.path().join("postgres/postmaster.pid");
    let content = fs::read_to_string(&pid_file).unwrap();
    embedded.stop().await;

    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(folder.path().join("postgres")).unwrap());
    let mut sleep = Command::new("sleep");
    sleep.arg("60");
    if Uid::effective().is_root() {
        std::os::unix::process::CommandExt::uid(&mut sleep, owner);
    }
    let mut stranger = sleep.spawn().unwrap();
    let (_, rest) = content.split_once('\n').unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", stranger.id())).unwrap();
    let again = Embedded::start(forgetful(folder.path())).await;
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    again.unwrap().stop().await;
}

#[tokio::test]
async fn an_initdb_that_was_broken_off_is_begun_again() {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("postgres.unfinished/base")).unwrap();
    start(folder.path()).await.stop().await;
}

#[tokio::test]
async fn missing_binaries_are_named_with_their_packages() {
    let folder = TempDir::new().unwrap();
    let nowhere = EmbeddedSettings { search_path: Vec::new(), ..forgetful(folder.path()) };
    let sentence = refusal(nowhere).await;
    assert!(sentence.contains("initdb") && sentence.contains("apt-get install postgresql`"), "{sentence}");

    let usual = EmbeddedSettings::new(folder.path()).search_path;
    // Everything that PostgreSQL needs, and nothing else.
    let binaries = TempDir::new().unwrap();
    for name in ["initdb", "postgres", "pg_ctl", "setpriv"] {
        if let Some(found) = usual.iter().map(|path| path.join(name)).find(|path| path.is_file()) {
            std::os::unix::fs::symlink(found, binaries.path().join(name)).unwrap();
        }
    }
    let postgres_only = vec![binaries.path().to_owned()];
    let no_redis = EmbeddedSettings { search_path: postgres_only, ..forgetful(folder.path()) };
    let sentence = refusal(no_redis).await;
    assert!(sentence.contains("apt-get install redis-server`"), "{sentence}");
}

#[tokio::test]
async fn a_damaged_folder_is_refused_with_a_sentence_and_left_alone() {
    let folder = TempDir::new().unwrap();
    start(folder.path()).await.stop().await;
    let version = folder.path().join("postgres/PG_VERSION");

    fs::write(&version, "9\n").unwrap();
    let sentence = refusal(forgetful(folder.path())).await;
    assert!(sentence.contains("was made by PostgreSQL 9") && sentence.contains("postgresql-9"), "{sentence}");

    fs::remove_file(&version).unwrap();
    let sentence = refusal(forgetful(folder.path())).await;
    assert!(sentence.contains("PG_VERSION is missing") && sentence.contains("backup"), "{sentence}");
    assert!(folder.path().join("postgres/base").exists());
}

#[tokio::test]
async fn a_cluster_without_its_control_file_is_refused_with_what_postgres_said() {
    let folder = TempDir::new().unwrap();
    start(folder.path()).await.stop().await;
    fs::remove_file(folder.path().join("postgres/global/pg_control")).unwrap();
    let sentence = refusal(forgetful(folder.path())).await;
    assert!(sentence.contains("could not find the database system"), "{sentence}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_refused_with_a_sentence() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let sentence = refusal(forgetful(&file)).await;
    assert!(sentence.contains("is not a folder"), "{sentence}");

    let long = folder.path().join("x".repeat(90));
    let sentence = refusal(forgetful(&long)).await;
    assert!(sentence.contains("too long for a socket"), "{sentence}");
}

#[tokio::test]
async fn root_learns_whose_the_folder_is_and_which_parent_is_closed() {
    if !Uid::effective().is_root() {
        return;
    }
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let sentence = refusal(forgetful(&folder.path().join("data"))).await;
    assert!(sentence.contains("user postgres may not enter"), "{sentence}");
    assert!(sentence.contains(&folder.path().display().to_string()), "{sentence}");

    fs::write(folder.path().join("letter"), "not pennypost's").unwrap();
    for _ in 0..2 {
        let sentence = refusal(forgetful(folder.path())).await;
        assert!(sentence.contains("user postgres may not enter"), "{sentence}");
    }
    assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);

    fs::create_dir(folder.path().join("postgres")).unwrap();
    let sentence = refusal(forgetful(folder.path())).await;
    assert!(
        sentence.contains("belongs to the user root") && sentence.contains("chown -R postgres"),
        "{sentence}"
    );
}

/// A small file system in memory; unmounted when it is dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` where this process may not mount.
    fn mount() -> Option<Self> {
        let disk = Self(TempDir::new().unwrap());
        disk.run_mount("size=20m").then_some(disk)
    }

    fn run_mount(&self, options: &str) -> bool {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(self.0.path()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).stderr(Stdio::null()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_named_and_a_start_works_once_there_is_space() {
    let Some(disk) = SmallDisk::mount() else { return };
    let sentence = refusal(forgetful(disk.0.path())).await;
    assert!(sentence.contains("is full. Free some space"), "{sentence}");

    assert!(disk.run_mount("remount,size=200m"));
    start(disk.0.path()).await.stop().await;
}

#[tokio::test]
async fn a_redis_whose_port_was_taken_comes_back_once_it_is_free() {
    let folder = TempDir::new().unwrap();
    let embedded = start(folder.path()).await;
    let url = embedded.redis_url(0).unwrap();
    let port: u16 = url.rsplit_once(':').unwrap().1.trim_end_matches("/0").parse().unwrap();

    let killed = embedded.redis_process().unwrap();
    end(killed);
    let squatter = loop {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            break listener;
        }
    };
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(embedded.redis_process(), None);
    drop(squatter);
    wait_for_another(killed, || embedded.redis_process()).await;
    let client = Builder::from_config(Config::from_url(&url).unwrap()).build().unwrap();
    client.init().await.unwrap();
    embedded.stop().await;
}
