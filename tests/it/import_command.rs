//! `pennypost import` as a real process: broken off and killed in the middle, and the same command again.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tempfile::TempDir;

use crate::support::app::TestApp;
use crate::support::redis::shared;
use crate::worker_faults::{
    ACTIVE, WorkerProcess, assert_whole, database_url_of_process, mailbox, wait_until, wait_until_gone,
};

const STORED: &str = "SELECT count(*) AS number FROM emails";
const MAILS: i64 = 4000;

struct Import {
    data: TempDir,
    folder: TempDir,
    path: PathBuf,
}

impl Import {
    fn of(file: &[u8]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("mail.mbox");
        std::fs::write(&path, file).unwrap();
        Self { data: TempDir::new().unwrap(), folder, path }
    }

    fn start(&self, test: &TestApp, path: &Path) -> Child {
        Command::new(env!("CARGO_BIN_EXE_pennypost"))
            .arg("import")
            .arg(path)
            .args(["--user", "ana"])
            .env("DATABASE_URL", database_url_of_process(test))
            .env("DATA_DIR", self.data.path())
            .current_dir(self.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs the command to its end; what it said.
    fn run(&self, test: &TestApp) -> String {
        let output = self.start(test, &self.path).wait_with_output().unwrap();
        let said = said(&output);
        assert!(output.status.success(), "{said}");
        said
    }
}

fn said(output: &Output) -> String {
    [output.stdout.as_slice(), &output.stderr].map(String::from_utf8_lossy).concat()
}

/// Stores some mails, is told to end by `signal`, and the same command does the rest.
async fn break_off(signal: Signal) -> (Output, i64) {
    let test = TestApp::start().await;
    test.register("ana").await;
    test.run_jobs().await;
    let import = Import::of(&mailbox(MAILS));
    let child = import.start(&test, &import.path);
    wait_until(&test, "some are stored", STORED, |stored| stored >= 200).await;
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
    let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
    wait_until_gone(&test).await;
    let stored = test.number(STORED).await;
    assert!(stored < MAILS, "the import was over before the signal");
    assert_eq!(stored % 100, 0, "a batch is stored whole or not at all");
    assert_eq!(test.number("SELECT count(*) AS number FROM jobs WHERE kind <> 'SEND_EMAIL'").await, 0);

    let worker = WorkerProcess::start(&test, &shared("pennypost"), "4");
    let said = import.run(&test);
    let new = format!("{} new, {stored} seen before.", MAILS - stored);
    assert!(said.contains(&new), "{said}");
    assert!(said.contains(&format!("Understood {MAILS} mails: {MAILS} transactions booked")), "{said}");
    wait_until(&test, "the jobs end", ACTIVE, |active| active == 0).await;
    assert_whole(&test, MAILS).await;
    let said = import.run(&test);
    assert!(said.contains(&format!("0 new, {MAILS} seen before.")), "{said}");
    assert!(said.contains("There is nothing new to read into the ledger."), "{said}");
    assert_whole(&test, MAILS).await;
    drop(worker);
    test.finish().await;
    (output, stored)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_import_ends_with_a_batch_and_goes_on_with_the_same_command() {
    let (output, stored) = break_off(Signal::SIGINT).await;
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("The import was broken off. What was stored stays"), "{said}");
    assert!(said.contains(&format!("{stored} new")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_loses_nothing_and_stores_nothing_twice() {
    let (output, _) = break_off(Signal::SIGKILL).await;
    assert_eq!(output.status.code(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grows_between_two_imports_adds_what_is_new() {
    let test = TestApp::start().await;
    test.register("ana").await;
    let worker = WorkerProcess::start(&test, &shared("pennypost"), "4");
    let import = Import::of(&mailbox(120));
    assert!(import.run(&test).contains("120 new"));
    std::fs::write(&import.path, mailbox(300)).unwrap();
    let said = import.run(&test);
    assert!(said.contains("180 new, 120 seen before."), "{said}");
    wait_until(&test, "the jobs end", ACTIVE, |active| active == 0).await;
    assert_whole(&test, 300).await;

    // The operator's own path may be a folder, and lead there through a link.
    let maildir = import.folder.path().join("Maildir");
    for (inner, number) in [("cur", 1), ("new", 300), ("tmp", 999)] {
        std::fs::create_dir_all(maildir.join(inner)).unwrap();
        let mail = crate::worker_faults::mail(number);
        std::fs::write(maildir.join(inner).join(format!("{number}.host")), mail).unwrap();
    }
    let link = import.folder.path().join("link");
    std::os::unix::fs::symlink(&maildir, &link).unwrap();
    let output = import.start(&test, &link).wait_with_output().unwrap();
    assert!(self::said(&output).contains("0 new, 2 seen before."), "{output:?}");
    assert_whole(&test, 300).await;
    drop(worker);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_reads_all_its_mails_whatever_other_extraction_is_about() {
    let test = TestApp::start().await;
    let ana = test.register("ana").await;
    let few = "mutation { extractEmails(input: { limit: 10 }) { job { id } userErrors { code } } }";
    ana.data(few, json!({})).await;
    let later =
        "UPDATE jobs SET state = 'SCHEDULED', version = version + 1, run_at = now() + interval '1 hour'
        WHERE kind = 'EXTRACT_EMAILS'";
    test.execute(later).await;
    let worker = WorkerProcess::start(&test, &shared("pennypost"), "4");
    let said = Import::of(&mailbox(120)).run(&test);
    assert!(said.contains("Understood 120 mails: 120 transactions booked"), "{said}");
    test.execute("UPDATE jobs SET run_at = now(), version = version + 1 WHERE state = 'SCHEDULED'").await;
    wait_until(&test, "the jobs end", ACTIVE, |active| active == 0).await;
    assert_whole(&test, 120).await;
    drop(worker);
    test.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_beside_workers_that_are_full_says_so() {
    let test = TestApp::start().await;
    test.register("ana").await;
    test.run_jobs().await;
    let import = Import::of(&mailbox(3));
    let said = import.run(&test);
    assert!(said.contains("No worker runs, so the mails wait to be read."), "{said}");
    let heard_of = "INSERT INTO job_workers (id, host, process_id, software_version, slots, seen_at)
        VALUES (gen_random_uuid(), 'elsewhere', 1, '0', '{}', now())";
    test.execute(heard_of).await;
    std::fs::write(&import.path, mailbox(4)).unwrap();
    let said = import.run(&test);
    assert!(said.contains("All workers are busy"), "{said}");
    assert!(!said.contains("No worker runs"), "{said}");
    test.run_jobs().await;
    assert_whole(&test, 4).await;
    test.finish().await;
}

/// Runs the program in a folder of its own without any setting but these; what it said, and how it ended.
fn run_alone(arguments: &[&str], settings: &[(&str, &Path)]) -> (String, Option<i32>) {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pennypost"));
    command.args(arguments).env_remove("DATABASE_URL").envs(settings.iter().copied());
    let output = command.current_dir(folder.path()).output().unwrap();
    (said(&output), output.status.code())
}

#[test]
fn a_mistyped_data_folder_is_named_and_not_made() {
    let folder = TempDir::new().unwrap();
    let mistyped = folder.path().join("none");
    for arguments in [["user", "list"].as_slice(), &["import", "mail.mbox", "--user", "ana"], &["migrate"]] {
        let (said, code) = run_alone(arguments, &[("DATA_DIR", &mistyped)]);
        let wanted = format!("There is no pennypost in {}. Start `pennypost up` first", mistyped.display());
        assert!(said.contains(&wanted), "{said}");
        assert_eq!(code, Some(1));
        assert!(!mistyped.exists());
    }
}

#[test]
fn a_key_that_is_too_short_is_refused_before_anything_is_made() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let settings = [("DATA_DIR", data.as_path()), ("SECRET_KEY", Path::new("short"))];
    let (said, code) = run_alone(&["up"], &settings);
    assert!(said.contains("SECRET_KEY has a key of 5 bytes"), "{said}");
    assert_eq!(code, Some(1));
    assert!(!data.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_waits_for_what_was_just_put_there_and_refuses_what_is_no_mail() {
    let test = TestApp::start().await;
    test.register("ana").await;
    test.run_jobs().await;
    let import = Import::of(b"");
    let accounts = import.folder.path().join("passwd");
    std::fs::write(&accounts, "root:x:0:0:root:/root:/bin/bash\n").unwrap();
    let output = import.start(&test, &accounts).wait_with_output().unwrap();
    assert!(said(&output).contains("neither an mbox nor a single mail"), "{output:?}");
    assert_eq!(output.status.code(), Some(1));
    let exported = import.folder.path().join("exported");
    std::fs::create_dir(&exported).unwrap();
    for number in 1..=3 {
        let mail = crate::worker_faults::mail(number);
        std::fs::write(exported.join(format!("{number}.eml")), mail.trim_end()).unwrap();
    }
    std::fs::write(exported.join("4.eml"), "no mail").unwrap();
    let output = import.start(&test, &exported).wait_with_output().unwrap();
    let said = said(&output);
    assert!(said.contains("Read 3 mails") && said.contains(": 3 new, 0 seen before."), "{said}");
    assert!(said.contains("1 file was passed over: \"4.eml\" is no mail:"), "{said}");
    assert_eq!(test.number(STORED).await, 3);
    test.run_jobs().await;
    test.finish().await;
}
