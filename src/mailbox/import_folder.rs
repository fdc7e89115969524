//! Opens a user's own mail file below their import folder, with no way out of it: no absolute path, no `..`, no symbolic link.
//!
//! The kernel walks the path from an open folder, so nothing can be swapped between a check and the opening.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};

use crate::error::{Code, Error, Result};

const PATH_MAX: usize = 1000;
const FIELD: &str = "file";
/// A pipe must not hold the opening up.
const READ: OFlag = OFlag::O_RDONLY.union(OFlag::O_CLOEXEC).union(OFlag::O_NONBLOCK).union(OFlag::O_NOCTTY);

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

    /// Opens the file at `path` for reading. Rejected with a sentence when there is none that may be read.
    pub async fn open(&self, path: &str) -> Result<File> {
        let (folder, path) = (self.folder.clone(), path.to_owned());
        let opened = tokio::task::spawn_blocking(move || open(folder.as_deref(), &path)).await;
        opened.map_err(|error| Error::internal("opening a mail file broke off", error))?
    }

    /// Rejects what `open` would.
    pub async fn check(&self, path: &str) -> Result<()> {
        self.open(path).await.map(drop)
    }
}

fn open(folder: Option<&Path>, path: &str) -> Result<File> {
    let Some((folder, name)) = folder.and_then(|folder| Some((folder.parent()?, folder.file_name()?))) else {
        return Err(invalid("This server reads no files: its IMPORT_DIR is not set."));
    };
    let below = Path::new(name).join(parse(path)?);
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    // An empty parent is the present folder.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let root = nix::fcntl::open(folder, flags, Mode::empty()).map_err(refusal)?;
    let opened = match open_beneath(&root, &below) {
        // Kernels before 5.6 lack the call, some sandboxes forbid it, and it gives up when folders move meanwhile.
        Err(Errno::ENOSYS | Errno::EPERM | Errno::EAGAIN | Errno::E2BIG) => open_step_by_step(root, &below),
        other => other,
    };
    let opened = opened.map_err(refusal)?;
    match kind(&fstat(&opened).map_err(refusal)?) {
        SFlag::S_IFREG => Ok(File::from(opened)),
        SFlag::S_IFDIR => Err(invalid("That is a folder; name one mbox or .eml file in it.")),
        _ => Err(invalid("That is no regular file.")),
    }
}

/// The path without its `.` components; rejected when it could lead out.
fn parse(path: &str) -> Result<PathBuf> {
    if path.trim().is_empty() {
        return Err(invalid("Name a file in your import folder."));
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
        Err(invalid("Name a file in your import folder."))
    } else {
        Ok(parsed)
    }
}

fn open_beneath(root: &OwnedFd, path: &Path) -> nix::Result<OwnedFd> {
    let resolve =
        ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    openat2(root, path, OpenHow::new().flags(READ).resolve(resolve))
}

/// The same, one component at a time: each is opened as what it is, and a link is not followed.
fn open_step_by_step(root: OwnedFd, path: &Path) -> nix::Result<OwnedFd> {
    let mut folder = root;
    let mut components = path.components().map(Component::as_os_str).peekable();
    while let Some(name) = components.next() {
        if components.peek().is_none() {
            return openat(folder.as_fd(), name, READ | OFlag::O_NOFOLLOW, Mode::empty());
        }
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        folder = openat(folder.as_fd(), name, flags, Mode::empty())?;
        match kind(&fstat(&folder)?) {
            SFlag::S_IFDIR => {}
            SFlag::S_IFLNK => return Err(Errno::ELOOP),
            _ => return Err(Errno::ENOTDIR),
        }
    }
    Err(Errno::ENOENT)
}

fn kind(status: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(status.st_mode) & SFlag::S_IFMT
}

/// Whatever else stands in the way, the file is not there for this user.
fn refusal(errno: Errno) -> Error {
    match errno {
        Errno::ELOOP | Errno::EXDEV => {
            invalid("The path leads through a symbolic link; put the file itself into your import folder.")
        }
        Errno::EACCES | Errno::EPERM => invalid("The server may not read that file; check its permissions."),
        Errno::ENXIO => invalid("That is no regular file."),
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
