//! A folder of mails: a Maildir, with the folders in it, or folders of `.eml` files. Read in an order that stays, file by file,
//! with only the names of one folder in memory; symbolic links are passed over.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::error::{Code, Error, Result};
use crate::mailbox::beneath::{Beneath, Entry, Opened};
use crate::mailbox::folder_position::Behind;
use crate::mailbox::mbox::LONGEST_HEAD;
use crate::mailbox::recognised::{WHAT_A_MAIL_HAS, has_mail_header};
use crate::mailbox::settled::{Patience, is_settled};
use crate::mailbox::source::{BATCH_BYTES, RawMessage};

/// How deep folders in folders are looked for.
const DEEPEST: usize = 32;

/// A folder of mails that is being read.
#[derive(Debug)]
pub struct MailFolder {
    root: Beneath,
    /// The ones that are still to be read, the next one last.
    waiting: Vec<Part>,
    /// The names in the one that is being read, as far as they are still to be read.
    names: Option<std::vec::IntoIter<OsString>>,
    /// The file that was read last.
    behind: Option<Behind>,
    /// A name that was gone when its turn came, and was looked for anew.
    missed: Option<Vec<u8>>,
    /// A sentence for each file that could not be read, until somebody takes them.
    unreadable: Vec<String>,
    /// How many files somebody may still be writing, until somebody takes the number.
    left: usize,
    total: usize,
    done: u64,
    limit: usize,
    patience: Patience,
}

/// One folder with mails in it.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    is_maildir: bool,
}

impl MailFolder {
    /// The mails beneath `root`, from behind `behind` on, of which `done` are behind. Rejected when there is neither a Maildir nor
    /// an `.eml` file.
    pub(super) fn open(root: Beneath, behind: Option<Behind>, done: u64, limit: usize) -> Result<Self> {
        let (mut waiting, total) = walk(&root)?;
        if waiting.is_empty() {
            let message = "That folder holds neither a Maildir nor .eml files.";
            return Err(Error::rejected("file", Code::Invalid, message));
        }
        if let Some(behind) = &behind {
            waiting.retain(|part| part.path.as_os_str().as_bytes() >= behind.folder());
        }
        waiting.reverse();
        Ok(Self {
            root,
            waiting,
            names: None,
            behind,
            missed: None,
            unreadable: Vec::new(),
            left: 0,
            total,
            done,
            limit,
            patience: Patience::default(),
        })
    }

    /// How many files there were when it was opened.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// How many of them are behind.
    pub(super) fn done(&self) -> u64 {
        self.done
    }

    /// The file that was read last.
    pub(super) fn behind(&self) -> Option<&Behind> {
        self.behind.as_ref()
    }

    /// A sentence with its path for each file that could not be read and was passed over since this was asked last.
    pub(super) fn take_unreadable(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unreadable)
    }

    /// How many files were left, because somebody may still be writing them, since this was asked last.
    pub(super) fn take_left(&mut self) -> usize {
        std::mem::take(&mut self.left)
    }

    /// Waits for a file that somebody may still be writing.
    pub(super) fn wait(&mut self) {
        self.patience = Patience::Wait;
    }

    /// The next mails, and whether they are the last.
    pub(super) fn read(&mut self, count: usize) -> Result<(Vec<RawMessage>, bool)> {
        let mut messages = Vec::new();
        let mut bytes = 0;
        let mut is_last = false;
        while messages.len() < count && bytes < BATCH_BYTES {
            let Some((mut file, path, is_delivered)) = self.next_file()? else {
                is_last = true;
                break;
            };
            self.done = self.done.saturating_add(1);
            let message = if is_delivered {
                read_message(&mut file, self.limit).map(Some)
            } else {
                read_settled(&mut file, self.limit, self.patience)
            };
            match message {
                Ok(Some(message)) if !has_mail_header(message.start()) => {
                    self.unreadable.push(why_no_mail(&path));
                }
                Ok(Some(message)) => {
                    bytes += message.kept_bytes();
                    messages.push(message);
                }
                Ok(None) => self.left += 1,
                Err(error) => {
                    let errno = error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw);
                    self.unreadable.push(why_unreadable(&path, errno));
                }
            }
        }
        Ok((messages, is_last))
    }

    /// The next file, where it is, and whether it was put there whole, as a Maildir's mails are.
    fn next_file(&mut self) -> Result<Option<(File, PathBuf, bool)>> {
        while let Some(part) = self.waiting.last() {
            if self.names.is_none() {
                self.names = Some(names_behind(&self.root, part, self.behind.as_ref())?.into_iter());
            }
            let Some(name) = self.names.as_mut().and_then(Iterator::next) else {
                self.waiting.pop();
                self.names = None;
                continue;
            };
            let path = part.path.join(&name);
            let key = part.key(&name).to_vec();
            match self.root.open(&path) {
                // A mail program has renamed it, to note that it was seen, or has taken it away: it is looked for once.
                Err(Errno::ENOENT) if self.missed.as_ref() != Some(&key) => {
                    self.missed = Some(key);
                    self.names = None;
                }
                Err(Errno::ENOENT | Errno::ELOOP) | Ok(Opened::Folder(_) | Opened::Other) => {
                    self.behind = Some(Behind::new(&part.path, &key));
                }
                Err(errno) if is_of_the_machine(errno) => return Err(unreadable(&path, errno)),
                Err(errno) => {
                    self.behind = Some(Behind::new(&part.path, &key));
                    self.unreadable.push(why_unreadable(&path, errno));
                    self.done = self.done.saturating_add(1);
                }
                Ok(Opened::File(file)) => {
                    self.behind = Some(Behind::new(&part.path, &key));
                    return Ok(Some((file, path, part.is_maildir)));
                }
            }
        }
        Ok(None)
    }
}

/// The folders with mails beneath `root`, by path, and how many files are in them.
fn walk(root: &Beneath) -> Result<(Vec<Part>, usize)> {
    let mut parts = Vec::new();
    let mut total = 0;
    let mut waiting = vec![(PathBuf::new(), 0)];
    while let Some((path, depth)) = waiting.pop() {
        let mut folders: Vec<OsString> = Vec::new();
        let mut mails = 0;
        list(root, &path, |name, entry| match entry {
            Entry::Folder => folders.push(name.to_owned()),
            Entry::File if is_eml(name) => mails += 1,
            Entry::File | Entry::Other => {}
        })?;
        let is_maildir = ["cur", "new"].iter().all(|name| folders.iter().any(|folder| folder == name));
        if is_maildir {
            mails = 0;
            for inner in ["cur", "new"] {
                list(root, &path.join(inner), |name, entry| mails += usize::from(is_mail(name, entry)))?;
            }
            // What is in `tmp` has not arrived yet.
            folders.retain(|folder| !["cur", "new", "tmp"].iter().any(|name| folder == name));
        }
        if depth < DEEPEST {
            waiting.extend(folders.into_iter().map(|folder| (path.join(folder), depth + 1)));
        }
        if is_maildir || mails > 0 {
            parts.push(Part { path, is_maildir });
            total += mails;
        }
    }
    parts.sort_by(|a, b| a.path.as_os_str().as_bytes().cmp(b.path.as_os_str().as_bytes()));
    Ok((parts, total))
}

/// The names of the files in `part` that come behind `behind`, in order.
fn names_behind(root: &Beneath, part: &Part, behind: Option<&Behind>) -> Result<Vec<OsString>> {
    let behind = behind.filter(|behind| behind.folder() == part.path.as_os_str().as_bytes());
    let is_ahead = |name: &OsStr| behind.is_none_or(|behind| part.key(name) > behind.name());
    let mut names: Vec<OsString> = Vec::new();
    if part.is_maildir {
        // `new` first: what a mail program moves to `cur` between the two is met there, not missed.
        for inner in ["new", "cur"] {
            list(root, &part.path.join(inner), |name, entry| {
                if is_mail(name, entry) && is_ahead(name) {
                    names.push(Path::new(inner).join(name).into_os_string());
                }
            })?;
        }
    } else {
        list(root, &part.path, |name, entry| {
            if entry == Entry::File && is_eml(name) && is_ahead(name) {
                names.push(name.to_owned());
            }
        })?;
    }
    names.sort_unstable_by(|a, b| part.key(a).cmp(part.key(b)).then_with(|| a.cmp(b)));
    Ok(names)
}

impl Part {
    /// What the order goes by: in a Maildir what stays of a file's name when a mail program moves it from `new` to `cur` or notes
    /// that it was seen.
    fn key<'a>(&self, name: &'a OsStr) -> &'a [u8] {
        let name = name.as_bytes();
        if !self.is_maildir {
            return name;
        }
        let name = name.strip_prefix(b"cur/").or_else(|| name.strip_prefix(b"new/")).unwrap_or(name);
        let end = name.windows(3).rposition(|three| three == b":2,").unwrap_or(name.len());
        name.get(..end).unwrap_or(name)
    }
}

/// One that is gone meanwhile has no names.
fn list(root: &Beneath, path: &Path, see: impl FnMut(&OsStr, Entry)) -> Result<()> {
    match root.list(path, see) {
        Ok(()) | Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => Ok(()),
        Err(errno) => Err(unreadable(path, errno)),
    }
}

fn is_mail(name: &OsStr, entry: Entry) -> bool {
    entry == Entry::File && !is_hidden(name)
}

fn is_eml(name: &OsStr) -> bool {
    let extension = Path::new(name).extension();
    !is_hidden(name) && extension.is_some_and(|extension| extension.eq_ignore_ascii_case("eml"))
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}

/// The bytes of one file with a mail in it; `None` when somebody may still be writing it.
pub(super) fn read_settled(
    file: &mut File,
    limit: usize,
    patience: Patience,
) -> io::Result<Option<RawMessage>> {
    let before = file.metadata()?;
    let message = read_message(file, limit)?;
    Ok(is_settled(file, &before, patience)?.then_some(message))
}

fn read_message(file: &mut File, limit: usize) -> io::Result<RawMessage> {
    let size = file.metadata()?.len();
    if usize::try_from(size).map_or(true, |size| size > limit) {
        let mut head = Vec::new();
        file.take(u64::try_from(LONGEST_HEAD).unwrap_or(u64::MAX)).read_to_end(&mut head)?;
        return Ok(RawMessage::TooLarge { head, size });
    }
    let mut bytes = Vec::new();
    // A file that grows while it is read is cut at the limit.
    file.take(u64::try_from(limit).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(RawMessage::Whole(bytes))
}

/// True where another file would fare the same.
fn is_of_the_machine(errno: Errno) -> bool {
    matches!(errno, Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::EIO)
}

fn unreadable(path: &Path, errno: Errno) -> Error {
    match errno {
        _ if is_of_the_machine(errno) => Error::Unavailable("Files cannot be opened right now.".to_owned()),
        Errno::EACCES | Errno::EPERM => Error::rejected("file", Code::Invalid, why_unreadable(path, errno)),
        _ => Error::internal("a folder of mails cannot be read", errno),
    }
}

/// Why the file or folder at `path` cannot be read, in a sentence.
fn why_unreadable(path: &Path, errno: Errno) -> String {
    let path = in_a_sentence(path);
    match errno {
        Errno::EACCES | Errno::EPERM => format!("{path} may not be read; check its permissions."),
        _ => format!("{path} cannot be read: {}.", errno.desc()),
    }
}

fn why_no_mail(path: &Path) -> String {
    format!("{} is no mail: {WHAT_A_MAIL_HAS}.", in_a_sentence(path))
}

fn in_a_sentence(path: &Path) -> String {
    format!("\"{}\"", path.to_string_lossy().escape_debug())
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
