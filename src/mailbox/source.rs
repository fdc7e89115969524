//! Where the mails of a file come from: an mbox, one `.eml`, a folder of them, or the shipped demo; read in batches, in their
//! own order, and taken up again at a position.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Code, Error, Result};
use crate::mailbox::mbox::{Body, LONGEST_HEAD, Reader};

const DEMO: &[u8] = include_bytes!("demo.mbox");
/// The server that wrote the demo's Authentication-Results; it is believed for the demo alone.
const DEMO_AUTHSERV_ID: &str = "mx.keller.example";
/// A batch ends early when it holds this many bytes, so that large mails do not add up in memory.
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// How much of a file is looked at to tell what it is.
const SAMPLE: u64 = 4096;

/// A file, or several, with mails in it.
#[derive(Debug)]
pub enum MailSource {
    /// Messages one after the other.
    Mbox(Mbox<BufReader<File>>),
    /// Files with one message each.
    Eml(EmlFiles),
    /// The shipped mailbox of invented mails.
    Demo(Mbox<Cursor<&'static [u8]>>),
}

/// An mbox file that is being read.
#[derive(Debug)]
pub struct Mbox<R> {
    reader: Reader<R>,
    position: u64,
    total_bytes: u64,
    version: String,
}

/// Single messages that are being read.
#[derive(Debug)]
pub struct EmlFiles {
    files: Vec<EmlFile>,
    next: usize,
    position: u64,
    total_bytes: u64,
    limit: usize,
}

#[derive(Debug)]
enum EmlFile {
    Open(File),
    At(PathBuf),
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
    /// Where the next batch starts, in bytes.
    pub position: u64,
    /// Nothing comes behind it.
    pub is_last: bool,
}

impl MailSource {
    /// The shipped mailbox, read from `position` on, 0 or an earlier [`Batch::position`].
    pub fn demo(position: u64, max_email_bytes: usize) -> Self {
        let mut input = Cursor::new(DEMO);
        input.set_position(position);
        let reader = Reader::resume(input, position, max_email_bytes);
        let total_bytes = u64::try_from(DEMO.len()).unwrap_or(u64::MAX);
        Self::Demo(Mbox { reader, position, total_bytes, version: total_bytes.to_string() })
    }

    /// The mails of an open file, whose `name` helps to tell an mbox from a single message. It is read from `from` on, a
    /// version and a position of an earlier reading; from its start when the file has changed since.
    ///
    /// Rejected when the file is neither.
    pub async fn open(
        file: File,
        name: &str,
        from: Option<(String, u64)>,
        max_email_bytes: usize,
    ) -> Result<Self> {
        let name = name.to_owned();
        blocking(move || open_file(file, &name, from.as_ref(), max_email_bytes)).await
    }

    /// One message after the other, from files at these paths.
    pub(super) fn eml_files(paths: Vec<PathBuf>, total_bytes: u64, limit: usize) -> Self {
        let files = paths.into_iter().map(EmlFile::At).collect();
        Self::Eml(EmlFiles { files, next: 0, position: 0, total_bytes, limit })
    }

    /// The next mails, at most `count`. Blocking reads happen off the async threads.
    pub async fn read(self, count: usize) -> Result<(Self, Batch)> {
        let mut source = self;
        blocking(move || {
            let batch = match &mut source {
                Self::Mbox(mbox) => mbox.read(count),
                Self::Eml(files) => files.read(count),
                Self::Demo(mbox) => mbox.read(count),
            };
            let batch = batch.map_err(|error| Error::internal("a mail file cannot be read", error))?;
            Ok((source, batch))
        })
        .await
    }

    /// The size of everything, in bytes.
    pub fn total_bytes(&self) -> u64 {
        match self {
            Self::Mbox(mbox) => mbox.total_bytes,
            Self::Eml(files) => files.total_bytes,
            Self::Demo(mbox) => mbox.total_bytes,
        }
    }

    /// How many mails there are, where that is known without reading them.
    pub fn total_mails(&self) -> Option<usize> {
        match self {
            Self::Mbox(_) => None,
            Self::Eml(files) => Some(files.files.len()),
            Self::Demo(_) => Some(Reader::new(DEMO, 0).count()),
        }
    }

    /// Changes when the file does: a position of another version means nothing.
    pub fn version(&self) -> &str {
        match self {
            Self::Mbox(mbox) => &mbox.version,
            Self::Eml(_) => "",
            Self::Demo(mbox) => &mbox.version,
        }
    }

    /// Where the next batch starts, in bytes.
    pub fn position(&self) -> u64 {
        match self {
            Self::Mbox(mbox) => mbox.position,
            Self::Eml(files) => files.position,
            Self::Demo(mbox) => mbox.position,
        }
    }

    /// Whose Authentication-Results are believed here: the `configured` servers', and for the demo the one that it names.
    pub fn authserv_ids(&self, configured: &[String]) -> Vec<String> {
        match self {
            Self::Mbox(_) | Self::Eml(_) => configured.to_vec(),
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
                return Ok(Batch { messages, position: self.position, is_last: true });
            };
            self.position = entry.offset_after;
            let message = match entry.body {
                Body::Message(bytes) => RawMessage::Whole(bytes),
                Body::TooLarge { head, size } => RawMessage::TooLarge { head, size },
            };
            bytes += message.kept_bytes();
            messages.push(message);
        }
        Ok(Batch { messages, position: self.position, is_last: false })
    }
}

impl EmlFiles {
    fn read(&mut self, count: usize) -> io::Result<Batch> {
        let mut messages = Vec::new();
        let mut bytes = 0;
        while messages.len() < count && bytes < BATCH_BYTES {
            let Some(file) = self.files.get_mut(self.next) else { break };
            let (message, size) = match file {
                EmlFile::Open(file) => read_eml(file, self.limit)?,
                EmlFile::At(path) => read_eml(&mut File::open(path)?, self.limit)?,
            };
            self.next += 1;
            self.position = self.position.saturating_add(size);
            bytes += message.kept_bytes();
            messages.push(message);
        }
        Ok(Batch { messages, position: self.position, is_last: self.next >= self.files.len() })
    }
}

impl RawMessage {
    fn kept_bytes(&self) -> usize {
        match self {
            Self::Whole(bytes) => bytes.len(),
            Self::TooLarge { head, .. } => head.len(),
        }
    }
}

fn open_file(mut file: File, name: &str, from: Option<&(String, u64)>, limit: usize) -> Result<MailSource> {
    let unreadable = |error| Error::internal("a mail file cannot be read", error);
    let status = file.metadata().map_err(unreadable)?;
    let mut sample = Vec::new();
    (&mut file).take(SAMPLE).read_to_end(&mut sample).map_err(unreadable)?;
    if !is_mbox(&sample, name)? {
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let files = vec![EmlFile::Open(file)];
        return Ok(MailSource::Eml(EmlFiles {
            files,
            next: 0,
            position: 0,
            total_bytes: status.len(),
            limit,
        }));
    }
    let version = format!(
        "{}.{}.{}.{}.{}",
        status.dev(),
        status.ino(),
        status.len(),
        status.mtime(),
        status.mtime_nsec()
    );
    let position = from.filter(|(earlier, _)| *earlier == version).map_or(0, |(_, position)| *position);
    file.seek(SeekFrom::Start(position)).map_err(unreadable)?;
    let reader = Reader::resume(BufReader::with_capacity(128 * 1024, file), position, limit);
    Ok(MailSource::Mbox(Mbox { reader, position, total_bytes: status.len(), version }))
}

/// True for an mbox, false for a single message; rejected when it is neither. The content says more than the name.
fn is_mbox(sample: &[u8], name: &str) -> Result<bool> {
    let extension = Path::new(name).extension().map(std::ffi::OsStr::to_ascii_lowercase);
    let extension = extension.as_deref().and_then(|extension| extension.to_str()).unwrap_or_default();
    if sample.starts_with(b"From ") || sample.is_empty() {
        return Ok(true);
    }
    if starts_with_header(sample) {
        return Ok(false);
    }
    if matches!(extension, "mbox" | "mbx") && !sample.contains(&0) {
        return Ok(true);
    }
    let message = "That file is neither an mbox nor a single mail (.eml).";
    Err(Error::rejected("file", Code::Invalid, message))
}

/// True when the first line reads `Name: value` (RFC 5322, 3.6.8).
fn starts_with_header(sample: &[u8]) -> bool {
    let name = sample.iter().position(|byte| *byte == b':').and_then(|end| sample.get(..end));
    name.is_some_and(|name| !name.is_empty() && name.iter().all(u8::is_ascii_graphic))
}

fn read_eml(file: &mut File, limit: usize) -> io::Result<(RawMessage, u64)> {
    let size = file.metadata()?.len();
    if usize::try_from(size).map_or(true, |size| size > limit) {
        let mut head = Vec::new();
        file.take(u64::try_from(LONGEST_HEAD).unwrap_or(u64::MAX)).read_to_end(&mut head)?;
        return Ok((RawMessage::TooLarge { head, size }, size));
    }
    let mut bytes = Vec::new();
    // A file that grows while it is read is cut at the limit.
    file.take(u64::try_from(limit).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok((RawMessage::Whole(bytes), size))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal("reading a mail file broke off", error))?
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
