//! Opens and lists what lies beneath an open folder, and nothing else: no `..`, no symbolic link.
//!
//! The kernel walks each path from the open folder, so nothing can be swapped between a check and the opening.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};

/// A pipe must not hold the opening up.
const READ: OFlag = OFlag::O_RDONLY.union(OFlag::O_CLOEXEC).union(OFlag::O_NONBLOCK).union(OFlag::O_NOCTTY);

/// An open folder.
#[derive(Debug)]
pub(super) struct Beneath {
    root: OwnedFd,
}

/// What was opened.
#[derive(Debug)]
pub(super) enum Opened {
    File(File),
    Folder(Beneath),
    /// A pipe, a socket, a device.
    Other,
}

/// What an entry of a folder is. A symbolic link is [`Entry::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    File,
    Folder,
    Other,
}

impl Beneath {
    /// The folder at `path`, which may lead through symbolic links: whoever names it is trusted.
    pub(super) fn at(path: &Path) -> nix::Result<Self> {
        // An empty parent is the present folder.
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        nix::fcntl::open(path, flags, Mode::empty()).map(|root| Self { root })
    }

    /// Opens what is at `path`.
    pub(super) fn open(&self, path: &Path) -> nix::Result<Opened> {
        let opened = match self.open_at_once(path) {
            // Kernels before 5.6 lack the call, some sandboxes forbid it, and it gives up when folders move meanwhile.
            Err(Errno::ENOSYS | Errno::EPERM | Errno::EAGAIN | Errno::E2BIG) => self.open_step_by_step(path),
            other => other,
        }?;
        Ok(match kind(&fstat(&opened)?) {
            Entry::File => Opened::File(File::from(opened)),
            Entry::Folder => Opened::Folder(Self { root: opened }),
            Entry::Other => Opened::Other,
        })
    }

    /// The names in the folder at `path`, in no order, each with what it is.
    pub(super) fn list(&self, path: &Path, mut see: impl FnMut(&OsStr, Entry)) -> nix::Result<()> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let Opened::Folder(Self { root: folder }) = self.open(path)? else { return Err(Errno::ENOTDIR) };
        let mut unsure: Vec<OsString> = Vec::new();
        let mut folder = Dir::from_fd(folder)?;
        for entry in folder.iter() {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            match entry.file_type() {
                _ if name == "." || name == ".." => {}
                Some(Type::File) => see(name, Entry::File),
                Some(Type::Directory) => see(name, Entry::Folder),
                Some(_) => see(name, Entry::Other),
                // Some file systems keep the kind elsewhere.
                None => unsure.push(name.to_owned()),
            }
        }
        for name in unsure {
            let status = fstatat(folder.as_fd(), name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW);
            see(&name, status.map_or(Entry::Other, |status| kind(&status)));
        }
        Ok(())
    }

    pub(super) fn open_at_once(&self, path: &Path) -> nix::Result<OwnedFd> {
        let resolve = ResolveFlag::RESOLVE_BENEATH
            | ResolveFlag::RESOLVE_NO_SYMLINKS
            | ResolveFlag::RESOLVE_NO_MAGICLINKS;
        openat2(&self.root, path, OpenHow::new().flags(READ).resolve(resolve))
    }

    /// The same, one component at a time: each is opened as what it is, and a link is not followed.
    pub(super) fn open_step_by_step(&self, path: &Path) -> nix::Result<OwnedFd> {
        let mut folder = self.root.try_clone().map_err(|_| Errno::EMFILE)?;
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            let name = match component {
                Component::Normal(_) | Component::CurDir => component.as_os_str(),
                _ => return Err(Errno::EXDEV),
            };
            if components.peek().is_none() {
                return openat(folder.as_fd(), name, READ | OFlag::O_NOFOLLOW, Mode::empty());
            }
            let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            folder = openat(folder.as_fd(), name, flags, Mode::empty())?;
            let status = fstat(&folder)?;
            if kind(&status) != Entry::Folder {
                let is_link = file_type(&status) == SFlag::S_IFLNK;
                return Err(if is_link { Errno::ELOOP } else { Errno::ENOTDIR });
            }
        }
        Err(Errno::ENOENT)
    }
}

fn kind(status: &FileStat) -> Entry {
    match file_type(status) {
        SFlag::S_IFREG => Entry::File,
        SFlag::S_IFDIR => Entry::Folder,
        _ => Entry::Other,
    }
}

fn file_type(status: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(status.st_mode) & SFlag::S_IFMT
}
