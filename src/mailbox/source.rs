//! Where mails come from: an mbox, one `.eml`, a folder of mails, or the shipped demo; read in batches, in their own order, and
//! taken up again at a position.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::mailbox::beneath::Beneath;
use crate::mailbox::folder::{MailFolder, read_settled};
use crate::mailbox::folder_position::Behind;
use crate::mailbox::mbox::{Body, LONGEST_HEAD, Reader};
use crate::mailbox::recognised::{WHAT_A_MAIL_HAS, has_mail_header};
use crate::mailbox::settled::{Patience, is_settled};

const DEMO: &[u8] = include_bytes!("demo.mbox");
/// The server that wrote the demo's Authentication-Results; it is believed for the demo alone.
const DEMO_AUTHSERV_ID: &str = "mx.keller.example";
/// A batch ends early when it holds this many bytes, so that large mails do not add up in memory.
pub(super) const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// A file, or several, with mails in it.
#[derive(Debug)]
pub enum MailSource {
    /// Messages one after the other.
    Mbox(Mbox<BufReader<File>>),
    /// A file with one message.
    Single(Single),
    /// Files with one message each.
    Folder(MailFolder),
    /// The shipped mailbox of invented mails.
    Demo(Mbox<Cursor<&'static [u8]>>),
}

/// An mbox file that is being read.
#[derive(Debug)]
pub struct Mbox<R> {
    reader: Reader<R>,
    position: Position,
    total_bytes: u64,
    /// The file as it was when it was opened; `None` for one that nobody can write.
    opened: Option<Opened>,
}

/// A file beside what it looked like when it was opened.
#[derive(Debug)]
struct Opened {
    file: File,
    before: Metadata,
    patience: Patience,
}

/// One message in a file of its own.
#[derive(Debug)]
pub struct Single {
    /// `None` once it was read.
    file: Option<File>,
    limit: usize,
    patience: Patience,
}

/// Where a reading goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// What is behind: in bytes for one file, in mails for a folder.
    #[serde(default)]
    offset: u64,
    /// Of which version of the file that is said; a position of another version means nothing.
    #[serde(default)]
    version: String,
    /// In a folder, the file that was read last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    behind: Option<Behind>,
}

/// The bytes of one mail.
#[derive(Debug, PartialEq, Eq)]
pub enum RawMessage {
    /// All of them.
    Whole(Vec<u8>),
    /// The mail is larger than the limit: its first bytes, and its size in bytes.
    TooLarge {
        /// At most `LONGEST_HEAD` bytes.
        head: Vec<u8>,
        /// The size in bytes.
        size: u64,
    },
}

/// Some mails in a row.
#[derive(Debug)]
pub struct Batch {
    /// The mails, in their own order.
    pub messages: Vec<RawMessage>,
    /// A sentence with its path for each file of a folder that could not be read and was passed over.
    pub unreadable: Vec<String>,
    /// How many more mails there are that somebody may still be writing: they are left for the next time.
    pub left: usize,
    /// Where the next batch starts.
    pub position: Position,
    /// Nothing comes behind it.
    pub is_last: bool,
}

impl MailSource {
    /// The shipped mailbox, read from `from` on.
    pub fn demo(from: &Position, max_email_bytes: usize) -> Self {
        let mut input = Cursor::new(DEMO);
        input.set_position(from.offset);
        let reader = Reader::resume(input, from.offset, max_email_bytes);
        let total_bytes = u64::try_from(DEMO.len()).unwrap_or(u64::MAX);
        let position = Position { offset: from.offset, version: total_bytes.to_string(), behind: None };
        Self::Demo(Mbox { reader, position, total_bytes, opened: None })
    }

    /// The mails of an open file, whose `name` helps to tell an mbox from a single message. It is read from `from` on; from its
    /// start when the file has changed since.
    ///
    /// Rejected when the file is neither.
    pub async fn open(file: File, name: &str, from: Position, max_email_bytes: usize) -> Result<Self> {
        let name = name.to_owned();
        blocking(move || open_file(file, &name, &from, max_email_bytes)).await
    }

    /// The mails of an open folder, read from `from` on. Rejected when it is none of mails.
    pub(super) async fn open_folder(folder: Beneath, from: Position, max_email_bytes: usize) -> Result<Self> {
        blocking(move || {
            MailFolder::open(folder, from.behind, from.offset, max_email_bytes).map(Self::Folder)
        })
        .await
    }

    /// The same, but what somebody may still be writing is waited for, a moment, before it is left.
    pub(super) fn waiting(mut self) -> Self {
        match &mut self {
            Self::Mbox(mbox) => mbox.opened.iter_mut().for_each(|opened| opened.patience = Patience::Wait),
            Self::Single(single) => single.patience = Patience::Wait,
            Self::Folder(folder) => folder.wait(),
            Self::Demo(_) => {}
        }
        self
    }

    /// The next mails, at most `count`. Blocking reads happen off the async threads.
    pub async fn read(self, count: usize) -> Result<(Self, Batch)> {
        let mut source = self;
        blocking(move || {
            let batch = match &mut source {
                Self::Mbox(mbox) => mbox.read(count).map_err(unreadable)?,
                Self::Single(single) => single.read().map_err(unreadable)?,
                Self::Demo(mbox) => mbox.read(count).map_err(unreadable)?,
                Self::Folder(folder) => {
                    let (messages, is_last) = folder.read(count)?;
                    let (unreadable, left) = (folder.take_unreadable(), folder.take_left());
                    Batch { messages, unreadable, left, position: position_in(folder), is_last }
                }
            };
            Ok((source, batch))
        })
        .await
    }

    /// The size of everything: in bytes for one file, in mails for a folder.
    pub fn total(&self) -> u64 {
        match self {
            Self::Mbox(mbox) => mbox.total_bytes,
            Self::Single(_) => 1,
            Self::Folder(folder) => u64::try_from(folder.total()).unwrap_or(u64::MAX),
            Self::Demo(mbox) => mbox.total_bytes,
        }
    }

    /// How much of it is behind.
    pub fn done(&self) -> u64 {
        match self {
            Self::Mbox(mbox) => mbox.position.offset,
            Self::Single(single) => u64::from(single.file.is_none()),
            Self::Folder(folder) => folder.done(),
            Self::Demo(mbox) => mbox.position.offset,
        }
    }

    /// How many mails there are, where that is known without reading them.
    pub fn total_mails(&self) -> Option<usize> {
        match self {
            Self::Mbox(_) => None,
            Self::Single(_) => Some(1),
            Self::Folder(folder) => Some(folder.total()),
            Self::Demo(_) => Some(Reader::new(DEMO, 0).count()),
        }
    }

    /// Where the next batch starts.
    pub fn position(&self) -> Position {
        match self {
            Self::Mbox(mbox) => mbox.position.clone(),
            Self::Single(_) => Position::default(),
            Self::Folder(folder) => position_in(folder),
            Self::Demo(mbox) => mbox.position.clone(),
        }
    }

    /// Whose Authentication-Results are believed here: the `configured` servers', and for the demo the one that it names.
    pub fn authserv_ids(&self, configured: &[String]) -> Vec<String> {
        match self {
            Self::Mbox(_) | Self::Single(_) | Self::Folder(_) => configured.to_vec(),
            Self::Demo(_) => vec![DEMO_AUTHSERV_ID.to_owned()],
        }
    }
}

impl<R: io::BufRead> Mbox<R> {
    fn read(&mut self, count: usize) -> io::Result<Batch> {
        let mut messages = Vec::new();
        let mut bytes = 0;
        while messages.len() < count && bytes < BATCH_BYTES {
            let Some(entry) = self.reader.next().transpose()? else {
                return Ok(Batch::of_one_file(messages, 0, self.position.clone(), true));
            };
            if self.reader.is_at_end() && !self.is_settled()? {
                return Ok(Batch::of_one_file(messages, 1, self.position.clone(), true));
            }
            self.position.offset = entry.offset_after;
            let message = match entry.body {
                Body::Message(bytes) => RawMessage::Whole(bytes),
                Body::TooLarge { head, size } => RawMessage::TooLarge { head, size },
            };
            bytes += message.kept_bytes();
            messages.push(message);
        }
        Ok(Batch::of_one_file(messages, 0, self.position.clone(), false))
    }

    fn is_settled(&self) -> io::Result<bool> {
        let is_settled = |opened: &Opened| is_settled(&opened.file, &opened.before, opened.patience);
        self.opened.as_ref().map_or(Ok(true), is_settled)
    }
}

impl Single {
    fn read(&mut self) -> io::Result<Batch> {
        let read = self.file.take().map(|mut file| read_settled(&mut file, self.limit, self.patience));
        let message = read.transpose()?;
        let left = usize::from(matches!(message, Some(None)));
        Ok(Batch::of_one_file(message.flatten().into_iter().collect(), left, Position::default(), true))
    }
}

impl Batch {
    fn of_one_file(messages: Vec<RawMessage>, left: usize, position: Position, is_last: bool) -> Self {
        Self { messages, unreadable: Vec::new(), left, position, is_last }
    }
}

fn position_in(folder: &MailFolder) -> Position {
    Position { offset: folder.done(), version: String::new(), behind: folder.behind().cloned() }
}

fn unreadable(error: io::Error) -> Error {
    Error::internal("a mail file cannot be read", error)
}

impl RawMessage {
    pub(super) fn kept_bytes(&self) -> usize {
        self.start().len()
    }

    /// What there is of its bytes.
    pub(super) fn start(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::TooLarge { head, .. } => head,
        }
    }
}

fn open_file(mut file: File, name: &str, from: &Position, limit: usize) -> Result<MailSource> {
    let status = file.metadata().map_err(unreadable)?;
    let mut sample = Vec::new();
    let longest = u64::try_from(LONGEST_HEAD).unwrap_or(u64::MAX);
    (&mut file).take(longest).read_to_end(&mut sample).map_err(unreadable)?;
    if !is_mbox(&sample, name)? {
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        return Ok(MailSource::Single(Single { file: Some(file), limit, patience: Patience::default() }));
    }
    let version = format!(
        "{}.{}.{}.{}.{}",
        status.dev(),
        status.ino(),
        status.len(),
        status.mtime(),
        status.mtime_nsec()
    );
    let offset = if from.version == version { from.offset } else { 0 };
    file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
    let watched = file.try_clone().map_err(unreadable)?;
    let opened = Opened { file: watched, before: status.clone(), patience: Patience::default() };
    let reader = Reader::resume(BufReader::with_capacity(128 * 1024, file), offset, limit);
    let position = Position { offset, version, behind: None };
    Ok(MailSource::Mbox(Mbox { reader, position, total_bytes: status.len(), opened: Some(opened) }))
}

/// True for an mbox, false for a single message; rejected when it is neither. The content says more than the name.
fn is_mbox(sample: &[u8], name: &str) -> Result<bool> {
    let extension = Path::new(name).extension().map(std::ffi::OsStr::to_ascii_lowercase);
    let extension = extension.as_deref().and_then(|extension| extension.to_str()).unwrap_or_default();
    // A mailbox may be empty, and a mail may not.
    if sample.starts_with(b"From ") || (sample.is_empty() && extension != "eml") {
        return Ok(true);
    }
    if starts_with_header(sample) && has_mail_header(sample) {
        return Ok(false);
    }
    if matches!(extension, "mbox" | "mbx") && !sample.contains(&0) {
        return Ok(true);
    }
    let message = format!("That file is neither an mbox nor a single mail (.eml): {WHAT_A_MAIL_HAS}.");
    Err(Error::rejected("file", Code::Invalid, message))
}

/// True when the first line reads `Name: value` (RFC 5322, 3.6.8).
fn starts_with_header(sample: &[u8]) -> bool {
    let name = sample.iter().position(|byte| *byte == b':').and_then(|end| sample.get(..end));
    name.is_some_and(|name| !name.is_empty() && name.iter().all(u8::is_ascii_graphic))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal("reading a mail file broke off", error))?
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
