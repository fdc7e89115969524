//! The data folder: who may use it, whose it is, and what a person can do when it is not in order.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::{Uid, User};

use crate::error::{Error, Result};

/// The user that the servers run as when we are root. PostgreSQL refuses to run as root, and its Debian package makes
/// this user.
const SERVICE_USER: &str = "postgres";

/// PostgreSQL's own folder in the data folder.
const POSTGRES: &str = "postgres";

/// The longest path of a socket that Linux takes, less the name of PostgreSQL's lock file in the folder `run`.
const LONGEST_PATH: usize = 107 - "/run/.s.PGSQL.5432.lock".len();

/// The data folder, locked for as long as this lives.
#[derive(Debug)]
pub(super) struct DataFolder {
    path: PathBuf,
    user: User,
    is_root: bool,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder when it is absent, locks it, and checks that it is in order.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let is_root = Uid::effective().is_root();
        let user = service_user(is_root)?;
        make_folder(path, is_root).map_err(|error| unusable(path, &error))?;
        // The real path, because that is what the kernel says of a process that works there.
        let path = path.canonicalize().map_err(|error| unusable(path, &error))?;
        if path.as_os_str().len() > LONGEST_PATH {
            return Err(Error::Unavailable(format!(
                "The path of the data folder {} is too long for a socket: choose one of {LONGEST_PATH} bytes or less.",
                path.display()
            )));
        }
        let lock = lock(&path)?;
        let folder = Self { path, user, is_root, _lock: lock };
        for name in ["run", "redis"] {
            folder.make_private(&folder.path.join(name))?;
        }
        Ok(folder)
    }

    /// PostgreSQL's own folder.
    pub(super) fn postgres(&self) -> PathBuf {
        self.path.join(POSTGRES)
    }

    /// Where `initdb` works: it becomes [`DataFolder::postgres`] only when it is complete.
    pub(super) fn unfinished_postgres(&self) -> PathBuf {
        self.path.join("postgres.unfinished")
    }

    /// The folder of PostgreSQL's socket.
    pub(super) fn run(&self) -> PathBuf {
        self.path.join("run")
    }

    /// Redis's working folder.
    pub(super) fn redis(&self) -> PathBuf {
        self.path.join("redis")
    }

    /// The user to change to before a server starts; `None` when we are that user already.
    pub(super) fn other_user(&self) -> Option<&User> {
        self.is_root.then_some(&self.user)
    }

    /// The major version of the cluster in the folder; `None` before the first start.
    pub(super) fn postgres_version(&self) -> Result<Option<u32>> {
        let postgres = self.postgres();
        let owner = match fs::metadata(&postgres) {
            Ok(metadata) => metadata.uid(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(&postgres, &error)),
        };
        if owner != self.user.uid.as_raw() {
            return Err(Error::Unavailable(format!(
                "The folder {0} belongs to the user {1}, and PostgreSQL would run as {2}. Start pennypost as the user \
                 who made the folder, or give it away: `chown -R {2}: {0}`.",
                postgres.display(),
                name_of(owner),
                self.user.name
            )));
        }
        let damaged = |what: &str| {
            Error::Unavailable(format!(
                "The data folder is damaged: {}/PG_VERSION {what}. Restore the folder from a backup, or move it away \
                 to begin with an empty one.",
                postgres.display()
            ))
        };
        let version = fs::read_to_string(postgres.join("PG_VERSION"))
            .map_err(|_| damaged("is missing or unreadable"))?;
        version.trim().parse().map(Some).map_err(|_| damaged("does not hold a version"))
    }

    /// Makes `path`, or an existing one, a folder that only the servers' user may enter.
    pub(super) fn make_private(&self, path: &Path) -> Result<()> {
        let make = || -> io::Result<()> {
            DirBuilder::new().recursive(true).mode(0o700).create(path)?;
            if self.is_root {
                chown(path, Some(self.user.uid.as_raw()), Some(self.user.gid.as_raw()))?;
            }
            fs::set_permissions(path, Permissions::from_mode(0o700))
        };
        make().map_err(|error| unusable(path, &error))
    }

    /// The sentence for what a server wrote before it ended, where a person can mend the cause.
    pub(super) fn explain(&self, lines: &str) -> Option<Error> {
        if speaks_of_a_full_disk(lines) {
            return Some(full(&self.path));
        }
        if !lines.contains("Permission denied") {
            return None;
        }
        let closed = self.path.ancestors().find(|folder| !self.may_enter(folder))?;
        Some(Error::Unavailable(format!(
            "The user {} may not enter {}. Choose a data folder outside of it, or open it: `chmod o+x {1}`.",
            self.user.name,
            closed.display()
        )))
    }

    fn may_enter(&self, folder: &Path) -> bool {
        let Ok(metadata) = fs::metadata(folder) else { return false };
        let mode = metadata.mode();
        mode & 0o001 != 0
            || (metadata.uid() == self.user.uid.as_raw() && mode & 0o100 != 0)
            || (metadata.gid() == self.user.gid.as_raw() && mode & 0o010 != 0)
    }
}

/// True unless there is certainly no cluster in the folder: one that we may not look into may have one.
pub(super) fn has_postgres(data_dir: &Path) -> bool {
    let found = fs::symlink_metadata(data_dir.join(POSTGRES));
    !found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// The folder of the socket of the pennypost that has locked the data folder `path`; `None` when none has.
pub(super) fn find_running(path: &Path) -> Result<Option<PathBuf>> {
    let Ok(path) = path.canonicalize() else { return Ok(None) };
    let lock = match OpenOptions::new().read(true).write(true).open(path.join("lock")) {
        Ok(lock) => lock,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(&path, &error)),
    };
    match lock.try_lock() {
        // It opens again with the file, at the end of this function.
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(path.join("run"))),
        Err(TryLockError::Error(error)) => Err(unusable(&path, &error)),
    }
}

fn service_user(is_root: bool) -> Result<User> {
    let found = if is_root { User::from_name(SERVICE_USER) } else { User::from_uid(Uid::effective()) };
    found.map_err(|error| Error::internal("looking up the user that the servers run as", error))?.ok_or_else(|| {
        Error::Unavailable(format!(
            "PostgreSQL does not run as root, and there is no user {SERVICE_USER} to run it as. Install the package \
             postgresql, which makes that user, or start pennypost as a user that /etc/passwd knows."
        ))
    })
}

/// Makes the folder. Root's is opened for passing through, because the servers run as somebody else; one that holds
/// other things is left as it is.
fn make_folder(path: &Path, is_root: bool) -> io::Result<()> {
    if is_root {
        DirBuilder::new().recursive(true).mode(0o755).create(path)?;
        let metadata = fs::metadata(path)?;
        let is_ours = path.join("postgres/PG_VERSION").exists() || fs::read_dir(path)?.next().is_none();
        if is_ours && metadata.uid() == 0 && metadata.mode() & 0o001 == 0 {
            fs::set_permissions(path, Permissions::from_mode(metadata.mode() | 0o011))?;
        }
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Takes the lock that keeps a second pennypost out, and writes our process id beside it for the sentence.
fn lock(path: &Path) -> Result<File> {
    let file = path.join("lock");
    let mut lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&file)
        .map_err(|error| unusable(path, &error))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let known = lock.read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
            let holder = if known { format!(" (process {})", holder.trim()) } else { String::new() };
            return Err(Error::Unavailable(format!(
                "Another pennypost{holder} uses the data folder {}. Stop that one first, or name another folder.",
                path.display()
            )));
        }
        Err(TryLockError::Error(error)) => return Err(unusable(path, &error)),
    }
    let write = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
    write.map_err(|error| unusable(path, &error))?;
    Ok(lock)
}

/// The sentence for an error of the file system.
pub(super) fn unusable(path: &Path, error: &io::Error) -> Error {
    let shown = path.display();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => full(path),
        ErrorKind::PermissionDenied => Error::Unavailable(format!(
            "The user {} may not write to {shown}. Start pennypost as the user who owns it, or name another data folder.",
            name_of(Uid::effective().as_raw())
        )),
        ErrorKind::ReadOnlyFilesystem => Error::Unavailable(format!(
            "{shown} is on a file system that is mounted read-only. Name a data folder that can be written."
        )),
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => Error::Unavailable(format!(
            "{shown} is not a folder. Name a data folder, or move that file away."
        )),
        _ => Error::internal(format!("using {shown}"), io::Error::new(error.kind(), error.to_string())),
    }
}

/// True when a server ended because the disk is full, which PostgreSQL says in two ways.
pub(super) fn speaks_of_a_full_disk(lines: &str) -> bool {
    lines.contains("No space left on device") || lines.contains("Check free disk space")
}

/// The sentence for a full disk.
pub(super) fn full(path: &Path) -> Error {
    Error::Unavailable(format!(
        "The disk that holds {} is full. Free some space (a new data folder takes about 50 MB), then start again.",
        path.display()
    ))
}

/// A user's name, or the number where there is no name.
fn name_of(uid: u32) -> String {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}
