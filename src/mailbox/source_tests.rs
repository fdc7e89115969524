//! Files are told apart, read in batches, and taken up where an earlier reading stopped.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

const LIMIT: usize = 10_000;

fn written(name: &str, content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    (folder, path)
}

async fn opened(path: &Path, from: Option<Position>) -> Result<MailSource> {
    let name = path.file_name().unwrap().to_str().unwrap();
    MailSource::open(File::open(path).unwrap(), name, from.unwrap_or_default(), LIMIT).await
}

async fn read_all(mut source: MailSource, count: usize) -> Vec<RawMessage> {
    let mut messages = Vec::new();
    loop {
        let (rest, batch) = source.read(count).await.unwrap();
        assert!(batch.messages.len() <= count);
        assert_eq!(batch.position, rest.position());
        messages.extend(batch.messages);
        if batch.is_last {
            return messages;
        }
        source = rest;
    }
}

#[tokio::test]
async fn the_demo_is_read_whole_in_batches_of_any_size() {
    let all = read_all(MailSource::demo(&Position::default(), LIMIT), 1000).await;
    assert_eq!(Some(all.len()), MailSource::demo(&Position::default(), LIMIT).total_mails());
    assert!(all.len() > 10);
    assert_eq!(read_all(MailSource::demo(&Position::default(), LIMIT), 7).await, all);
}

#[tokio::test]
async fn reading_is_taken_up_where_it_stopped_unless_the_file_changed() {
    let (_folder, path) = written("all.mbox", DEMO);
    let all = read_all(opened(&path, None).await.unwrap(), 1000).await;
    let (source, first) = opened(&path, None).await.unwrap().read(5).await.unwrap();
    assert_eq!(first.position, source.position());
    let from = Some(first.position);
    let rest = read_all(opened(&path, from.clone()).await.unwrap(), 1000).await;
    assert_eq!(first.messages.into_iter().chain(rest).collect::<Vec<_>>(), all);

    let mut longer = b"From x\nSubject: new\n\n\n".to_vec();
    longer.extend_from_slice(DEMO);
    fs::write(&path, longer).unwrap();
    let anew = read_all(opened(&path, from).await.unwrap(), 1000).await;
    assert_eq!(anew.len(), all.len() + 1);
}

#[tokio::test]
async fn a_single_mail_is_told_from_an_mbox_by_its_content() {
    let (_folder, path) = written("renamed.mbox", b"Subject: one\n\nFrom here on\n");
    let messages = read_all(opened(&path, None).await.unwrap(), 10).await;
    assert_eq!(messages, [RawMessage::Whole(b"Subject: one\n\nFrom here on\n".to_vec())]);
    let (_folder, path) = written("export.eml", b"From a\nSubject: one\n\nx\n\nFrom b\nSubject: two\n\ny\n");
    assert_eq!(read_all(opened(&path, None).await.unwrap(), 10).await.len(), 2);
}

#[tokio::test]
async fn a_file_that_holds_no_mail_is_refused() {
    let accounts =
        b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n".as_slice();
    for (name, content) in [
        ("photo", b"\x1f\x8b\x08\0\0".as_slice()),
        ("photo", b"just some words\n"),
        ("photo", b"\0From \n"),
        ("passwd", accounts),
        ("passwd.eml", accounts),
        ("empty.eml", b""),
    ] {
        let (_folder, path) = written(name, content);
        let refusal = opened(&path, None).await.unwrap_err();
        assert!(matches!(refusal, Error::Rejected { code: Code::Invalid, .. }), "{refusal}");
    }
    // A mailbox may be empty.
    let (_folder, path) = written("all.mbox", b"");
    assert_eq!(read_all(opened(&path, None).await.unwrap(), 10).await, []);
}

#[tokio::test]
async fn what_the_operator_has_just_put_there_is_waited_for() {
    let mail = b"Subject: one\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--";
    let mbox = [b"From a\n".as_slice(), mail, b"\n\nFrom b\n", mail].concat();
    for (name, content, mails) in [("one.eml", mail.as_slice(), 1), ("all.mbox", &mbox, 2)] {
        let (_folder, path) = written(name, content);
        let (_, left) = opened(&path, None).await.unwrap().read(10).await.unwrap();
        assert_eq!((left.messages.len(), left.left), (mails - 1, 1), "{name} of a fetch");
        let source = crate::mailbox::import::open(&path, LIMIT).await.unwrap();
        assert_eq!(read_all(source, 10).await.len(), mails, "{name} of an import");
    }
}

#[tokio::test]
async fn a_mail_over_the_limit_gives_its_head_and_size() {
    let mut mail = b"Subject: large\n\n".to_vec();
    mail.resize(LIMIT, b'x');
    mail.push(b'\n');
    let (_folder, path) = written("large.eml", &mail);
    let messages = read_all(opened(&path, None).await.unwrap(), 10).await;
    assert_eq!(messages, [RawMessage::TooLarge { head: mail.clone(), size: 10_001 }]);
    mail.remove(LIMIT - 1);
    fs::write(&path, &mail).unwrap();
    assert_eq!(read_all(opened(&path, None).await.unwrap(), 10).await, [RawMessage::Whole(mail)]);
}

#[tokio::test]
async fn the_last_mail_of_a_file_that_is_being_written_is_left() {
    let file = b"From a\nSubject: one\n\nx\n\nFrom b\nSubject: two\n\nhal";
    let (_folder, path) = written("all.mbox", file);
    let (source, batch) = opened(&path, None).await.unwrap().read(10).await.unwrap();
    assert_eq!((batch.messages.len(), batch.is_last), (1, true));
    assert_eq!(source.done(), 24, "the place is in front of it");
    let (_folder, path) = written("one.eml", b"Subject: one\n\nhal");
    assert_eq!(read_all(opened(&path, None).await.unwrap(), 10).await, []);

    // It grew while it was read, and what is there ends with a line.
    let (_folder, path) = written("all.mbox", b"From a\nSubject: one\n\nx\n\nFrom b\nSubject: two\n\n");
    let source = opened(&path, None).await.unwrap();
    let mut grown = fs::read(&path).unwrap();
    grown.extend_from_slice(b"half\n");
    fs::write(&path, grown).unwrap();
    assert_eq!(read_all(source, 10).await.len(), 1);
    assert_eq!(read_all(opened(&path, None).await.unwrap(), 10).await.len(), 2);
}

#[tokio::test]
async fn a_folder_is_read_in_the_order_of_its_names() {
    let (folder, _) = written("b.eml", b"Subject: b\n\n");
    fs::write(folder.path().join("a.EML"), b"Subject: a\n\n").unwrap();
    fs::write(folder.path().join("notes.txt"), b"no mail").unwrap();
    let source = crate::mailbox::import::open(folder.path(), LIMIT).await.unwrap();
    assert_eq!((source.total_mails(), source.total()), (Some(2), 2));
    let wanted = [b"Subject: a\n\n", b"Subject: b\n\n"].map(|bytes| RawMessage::Whole(bytes.to_vec()));
    assert_eq!(read_all(source, 1).await, wanted);
}

#[test]
fn only_the_demo_believes_the_server_that_it_names() {
    let configured = ["mx.example".to_owned()];
    assert_eq!(MailSource::demo(&Position::default(), LIMIT).authserv_ids(&configured), [DEMO_AUTHSERV_ID]);
    let (_folder, path) = written("all.mbox", DEMO);
    let file = File::open(path).unwrap();
    let file = open_file(file, "all.mbox", &Position::default(), LIMIT).unwrap();
    assert_eq!(file.authserv_ids(&configured), configured);
}
