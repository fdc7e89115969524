//! Opens a user's own mail file or mail folder below their import folder, with no way out of it: no absolute path, no `..`, no
//! symbolic link.

use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;

use crate::error::{Code, Error, Result};
use crate::mailbox::beneath::{Beneath, Opened};
use crate::mailbox::source::{MailSource, Position};

const PATH_MAX: usize = 1000;
const FIELD: &str = "file";
const NOT_REGULAR: &str = "That is no regular file.";

/// The folder of one user's mail files: `IMPORT_DIR/<username>`. It need not be there.
#[derive(Clone, Debug)]
pub struct ImportFolder {
    folder: Option<PathBuf>,
}

impl ImportFolder {
    /// The user's folder, or `None` where no `IMPORT_DIR` is set. What is above its last component is the operator's and may
    /// hold symbolic links; from there on nothing may.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// Opens what is at `path`: an mbox, a single mail, or a folder with mails. It is read from `from` on. Rejected with a
    /// sentence when there is nothing that may be read.
    pub async fn open(&self, path: &str, from: Position, max_email_bytes: usize) -> Result<MailSource> {
        match self.find(path).await? {
            Opened::File(file) => MailSource::open(file, path, from, max_email_bytes).await,
            Opened::Folder(folder) => MailSource::open_folder(folder, from, max_email_bytes).await,
            Opened::Other => Err(invalid(NOT_REGULAR)),
        }
    }

    /// Rejects a path at which `open` finds nothing. What is in a folder is not looked at.
    pub async fn check(&self, path: &str) -> Result<()> {
        self.find(path).await.map(drop)
    }

    async fn find(&self, path: &str) -> Result<Opened> {
        let (folder, path) = (self.folder.clone(), path.to_owned());
        let opened = tokio::task::spawn_blocking(move || open(folder.as_deref(), &path)).await;
        opened.map_err(|error| Error::internal("opening a mail file broke off", error))?
    }
}

fn open(folder: Option<&Path>, path: &str) -> Result<Opened> {
    let Some((folder, name)) = folder.and_then(|folder| Some((folder.parent()?, folder.file_name()?))) else {
        return Err(invalid("This server reads no files: its IMPORT_DIR is not set."));
    };
    let below = Path::new(name).join(parse(path)?);
    match Beneath::at(folder).and_then(|root| root.open(&below)).map_err(refusal)? {
        Opened::Other => Err(invalid(NOT_REGULAR)),
        found => Ok(found),
    }
}

/// The path without its `.` components; rejected when it could lead out.
fn parse(path: &str) -> Result<PathBuf> {
    if path.trim().is_empty() {
        return Err(invalid("Name a file or a folder in your import folder."));
    }
    if path.len() > PATH_MAX || path.contains('\0') {
        return Err(invalid("That is no path of a file."));
    }
    let mut parsed = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => parsed.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(invalid(
                    "The path starts in your import folder and does not leave it: no `/` in front, no `..`.",
                ));
            }
        }
    }
    if parsed.as_os_str().is_empty() {
        Err(invalid("Name a file or a folder in your import folder."))
    } else {
        Ok(parsed)
    }
}

/// Whatever else stands in the way, the file is not there for this user.
fn refusal(errno: Errno) -> Error {
    match errno {
        Errno::ELOOP | Errno::EXDEV => {
            invalid("The path leads through a symbolic link; put the file itself into your import folder.")
        }
        Errno::EACCES | Errno::EPERM => invalid("The server may not read that file; check its permissions."),
        Errno::ENXIO => invalid(NOT_REGULAR),
        Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM | Errno::EIO => {
            Error::Unavailable("Files cannot be opened right now.".to_owned())
        }
        _ => Error::rejected(FIELD, Code::NotFound, "There is no such file in your import folder."),
    }
}

fn invalid(message: &str) -> Error {
    Error::rejected(FIELD, Code::Invalid, message)
}

#[cfg(test)]
#[path = "import_folder_tests.rs"]
mod tests;
