//! Maildirs and folders of `.eml` files: which files are mails, in which order, and how a reading goes on.

use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;

const LIMIT: usize = 1000;
/// What makes a mail of a file.
const SUBJECT: &[u8] = b"Subject: ";

fn put(root: &TempDir, path: impl AsRef<Path>) {
    let path = path.as_ref();
    let whole = root.path().join(path);
    fs::create_dir_all(whole.parent().unwrap()).unwrap();
    fs::write(&whole, [SUBJECT, path.as_os_str().as_bytes()].concat()).unwrap();
    age(&whole);
}

/// Gives a file the time of one that nobody writes any more.
fn age(path: &Path) {
    let file = File::options().append(true).open(path).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
}

fn put_all<P: AsRef<Path>>(root: &TempDir, paths: &[P]) {
    for path in paths {
        put(root, path);
    }
}

fn maildir(root: &TempDir, path: &str) {
    for inner in ["cur", "new", "tmp"] {
        fs::create_dir_all(root.path().join(path).join(inner)).unwrap();
    }
}

fn open(root: &TempDir, behind: Option<Behind>) -> MailFolder {
    MailFolder::open(Beneath::at(root.path()).unwrap(), behind, 0, LIMIT).unwrap()
}

/// Each file holds its own path, so that what was read says where it stood.
fn texts(messages: Vec<RawMessage>) -> Vec<String> {
    let text = |message| match message {
        RawMessage::Whole(bytes) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.strip_prefix("Subject: ").unwrap_or(&text).to_owned()
        }
        RawMessage::TooLarge { size, .. } => format!("{size} bytes"),
    };
    messages.into_iter().map(text).collect()
}

fn read_all(folder: &mut MailFolder, count: usize) -> Vec<String> {
    let mut read = Vec::new();
    loop {
        let (messages, is_last) = folder.read(count).unwrap();
        assert!(messages.len() <= count);
        read.extend(texts(messages));
        if is_last {
            return read;
        }
    }
}

#[test]
fn a_maildir_is_read_with_the_folders_in_it_and_without_tmp() {
    let root = tempfile::tempdir().unwrap();
    for path in ["", ".Sent", ".Sent.2026", "Archive/old"] {
        maildir(&root, path);
    }
    let mails = [
        "new/1700000002.M1.host",
        "cur/1700000001.M2.host:2,S",
        "cur/1700000003.M1.host,S=9:2,RS",
        ".Sent/cur/1.a:2,",
        ".Sent.2026/new/2.b",
        "Archive/old/cur/3.c:2,",
    ];
    put_all(&root, &mails);
    for path in ["tmp/9.z", ".Sent/tmp/9.z", "cur/.hidden", "dovecot-uidlist", "notes.eml", "cur/deep/1.x"] {
        put(&root, path);
    }
    let mut folder = open(&root, None);
    assert_eq!(folder.total(), mails.len());
    let wanted = [mails[1], mails[0], mails[2], mails[3], mails[4], mails[5]];
    assert_eq!(read_all(&mut folder, 100), wanted);
    assert_eq!(read_all(&mut open(&root, None), 1), wanted);
}

#[test]
fn folders_of_eml_files_are_read_in_the_order_of_their_paths() {
    let root = tempfile::tempdir().unwrap();
    let mails = ["b.eml", "z.EML", "2025/a.eml", "2025/12/c.eml", "2026/a:2,b.eml", "2026/a:2,c.eml"];
    put_all(&root, &mails);
    put_all(&root, &["notes.txt", "2025/._a.eml", "cur/no.mail", "2027/readme"]);
    let wanted = [mails[0], mails[1], mails[2], mails[3], mails[4], mails[5]];
    assert_eq!(read_all(&mut open(&root, None), 4), wanted);
}

#[test]
fn no_link_is_followed_and_what_is_no_file_is_passed_over() {
    let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    maildir(&root, "");
    put(&outside, "secret.eml");
    put(&root, "cur/1.own");
    let own = root.path();
    symlink(outside.path().join("secret.eml"), own.join("cur/2.link")).unwrap();
    symlink("1.own", own.join("cur/3.link")).unwrap();
    symlink(outside.path(), own.join(".Outside")).unwrap();
    symlink(own, own.join("loop")).unwrap();
    nix::unistd::mkfifo(&own.join("new/4.pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::create_dir(own.join("new/5.folder")).unwrap();
    assert_eq!(read_all(&mut open(&root, None), 10), ["cur/1.own"]);

    // `cur` itself leads elsewhere.
    let other = tempfile::tempdir().unwrap();
    maildir(&other, "");
    fs::remove_dir(other.path().join("cur")).unwrap();
    symlink(own.join("cur"), other.path().join("cur")).unwrap();
    put(&other, "x.eml");
    assert_eq!(read_all(&mut open(&other, None), 10), ["x.eml"]);
}

#[test]
fn a_file_that_becomes_a_link_after_the_listing_is_not_read() {
    let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(&outside, "secret.eml");
    put_all(&root, &["1.eml", "2.eml", "3.eml"]);
    let mut folder = open(&root, None);
    assert_eq!(texts(folder.read(1).unwrap().0), ["1.eml"]);
    fs::remove_file(root.path().join("2.eml")).unwrap();
    symlink(outside.path().join("secret.eml"), root.path().join("2.eml")).unwrap();
    assert_eq!(read_all(&mut folder, 10), ["3.eml"]);
}

#[test]
fn a_reading_goes_on_behind_a_name_whatever_its_bytes() {
    let root = tempfile::tempdir().unwrap();
    maildir(&root, "");
    maildir(&root, ".\u{fc}ber");
    let odd = |start: &str, bytes: &[u8]| {
        let mut name = start.as_bytes().to_vec();
        name.extend_from_slice(bytes);
        OsString::from_vec(name)
    };
    let mut paths: Vec<OsString> =
        ["cur/1.a:2,S", "new/2%b", "cur/3.\n\t'\":2,", ".über/cur/5.e:2,"].map(OsString::from).into();
    paths.push(odd("cur/4.", b"\xff\xfe%ff"));
    paths.push(odd(".\u{fc}ber/new/6", b"\x80"));
    put_all(&root, &paths);
    let all = read_all(&mut open(&root, None), 100);
    assert_eq!(all.len(), 6);
    for count in 0..=6 {
        let mut folder = open(&root, None);
        let first = if count == 0 { Vec::new() } else { texts(folder.read(count).unwrap().0) };
        // By way of the checkpoint, which is text.
        let kept = serde_json::to_string(&folder.behind()).unwrap();
        let mut rest = open(&root, serde_json::from_str(&kept).unwrap());
        let rest = read_all(&mut rest, 100);
        assert_eq!([first, rest].concat(), all, "after {count}");
    }
}

#[test]
fn a_mail_that_is_renamed_or_deleted_while_its_folder_is_read_is_met_once_or_not_at_all() {
    let root = tempfile::tempdir().unwrap();
    maildir(&root, "");
    for path in ["new/1.a", "new/2.b", "cur/3.c:2,", "new/4.d", "cur/5.e:2,"] {
        put(&root, path);
    }
    let mut folder = open(&root, None);
    assert_eq!(texts(folder.read(1).unwrap().0), ["new/1.a"]);
    let moved = |from: &str, to: &str| fs::rename(root.path().join(from), root.path().join(to)).unwrap();
    moved("new/1.a", "cur/1.a:2,S");
    moved("new/2.b", "cur/2.b:2,S");
    moved("cur/3.c:2,", "cur/3.c:2,FS");
    fs::remove_file(root.path().join("new/4.d")).unwrap();
    assert_eq!(read_all(&mut folder, 10), ["new/2.b", "cur/3.c:2,", "cur/5.e:2,"]);
}

#[test]
fn a_folder_without_mails_is_refused_and_an_empty_maildir_is_none() {
    let root = tempfile::tempdir().unwrap();
    put(&root, "notes.txt");
    let refused = MailFolder::open(Beneath::at(root.path()).unwrap(), None, 0, LIMIT);
    assert!(matches!(refused, Err(Error::Rejected { code: Code::Invalid, .. })));
    maildir(&root, "mail");
    assert_eq!(read_all(&mut open(&root, None), 10), Vec::<String>::new());
}

#[test]
fn a_large_mail_gives_its_size_and_many_files_are_never_open_at_once() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("0.eml"), [SUBJECT, &[b'x'; LIMIT - 8]].concat()).unwrap();
    age(&root.path().join("0.eml"));
    for number in 1..3000 {
        put(&root, format!("{number:04}.eml"));
    }
    let mut folder = open(&root, None);
    let read = read_all(&mut folder, 700);
    assert_eq!((read.len(), read[0].as_str(), folder.done()), (3000, "1001 bytes", 3000));
    assert!(read[1..].is_sorted());
}

#[test]
fn a_file_that_may_not_be_read_is_named_and_keeps_no_other_out() {
    let root = tempfile::tempdir().unwrap();
    put_all(&root, &["1.eml", "2.eml", "3.eml"]);
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(root.path().join("2.eml"), fs::Permissions::from_mode(0o000)).unwrap();
    let mut folder = open(&root, None);
    // Root may read everything; this thread is somebody else from here on, and its own thread alone.
    nix::unistd::setfsuid(nix::unistd::Uid::from_raw(65534));
    assert_eq!(read_all(&mut folder, 1), ["1.eml", "3.eml"]);
    assert_eq!(folder.done(), 3);
}

#[test]
fn a_file_that_is_still_being_written_waits_for_the_next_reading() {
    let root = tempfile::tempdir().unwrap();
    maildir(&root, "Maildir");
    put_all(&root, &["1.eml", "2.eml", "3.eml", "Maildir/new/4.a"]);
    fs::write(root.path().join("2.eml"), b"Subject: two\n\nhal").unwrap();
    // What is in a Maildir's folders has arrived, however it ends.
    fs::write(root.path().join("Maildir/new/4.a"), b"Subject: four").unwrap();
    let mut folder = open(&root, None);
    assert_eq!(read_all(&mut folder, 10), ["1.eml", "3.eml", "four"]);
    assert_eq!((folder.done(), folder.take_left(), folder.take_left()), (4, 1, 0));
    let whole = ["1.eml", "two\n\nhal", "3.eml", "four"];
    let mut folder = open(&root, None);
    folder.wait();
    assert_eq!((read_all(&mut folder, 10), folder.take_left()), (whole.map(str::to_owned).into(), 0));
    fs::write(root.path().join("2.eml"), b"Subject: two\n\nhalf\n").unwrap();
    let wanted = ["1.eml", "two\n\nhalf\n", "3.eml", "four"];
    assert_eq!(read_all(&mut open(&root, None), 10), wanted);
}

#[test]
fn a_file_that_is_no_mail_is_named_and_keeps_no_other_out() {
    let root = tempfile::tempdir().unwrap();
    put_all(&root, &["1.eml", "4.eml"]);
    fs::write(root.path().join("2.eml"), b"").unwrap();
    fs::write(root.path().join("3.eml"), b"root:x:0:0:root:/root:/bin/sh\n").unwrap();
    let mut folder = open(&root, None);
    assert_eq!(read_all(&mut folder, 10), ["1.eml", "4.eml"]);
    let named = folder.take_unreadable();
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named[0].starts_with("\"2.eml\" is no mail: a mail has a header From, Date,"), "{named:?}");
}
