//! Finds the servers' binaries, and says what to install when one is missing.

use std::path::{Path, PathBuf};

use crate::config::OLDEST_POSTGRES;
use crate::error::{Error, Result};

/// Where PostgreSQL's binaries are.
#[derive(Clone, Debug)]
pub(super) struct PostgresBinaries {
    pub(super) initdb: PathBuf,
    pub(super) postgres: PathBuf,
    pub(super) setpriv: PathBuf,
}

/// Where Redis's binaries are.
#[derive(Clone, Debug)]
pub(super) struct RedisBinaries {
    pub(super) redis: PathBuf,
    pub(super) setpriv: PathBuf,
}

impl PostgresBinaries {
    /// The binaries in `folders`, of the major version `wanted` where a data folder asks for one, else the newest.
    pub(super) fn find(folders: &[PathBuf], wanted: Option<u32>) -> Result<Self> {
        let (initdb, postgres) = find_postgres(folders, wanted)?;
        Ok(Self { initdb, postgres, setpriv: find_setpriv(folders)? })
    }
}

impl RedisBinaries {
    /// The binaries in `folders`.
    pub(super) fn find(folders: &[PathBuf]) -> Result<Self> {
        let redis = find_one(folders, "redis-server", "redis-server")?;
        Ok(Self { redis, setpriv: find_setpriv(folders)? })
    }
}

/// The folders where Linux distributions put the binaries, PostgreSQL's newest major version first.
pub(super) fn usual_folders() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = versioned_folders("/usr/lib/postgresql", "");
    versions.extend(versioned_folders("/usr", "pgsql-"));
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let fixed = ["/usr/local/pgsql/bin", "/usr/local/bin", "/usr/bin", "/bin"];
    versions.into_iter().map(|(_, folder)| folder).chain(fixed.map(PathBuf::from)).collect()
}

/// The folders `<parent>/<prefix><number>/bin`, with the number.
fn versioned_folders(parent: &str, prefix: &str) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let numbered = |entry: std::fs::DirEntry| {
        let number = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
        Some((number, entry.path().join("bin")))
    };
    entries.flatten().filter_map(numbered).collect()
}

fn find_postgres(folders: &[PathBuf], wanted: Option<u32>) -> Result<(PathBuf, PathBuf)> {
    let mut seen = Vec::new();
    for folder in folders {
        let (initdb, postgres) = (folder.join("initdb"), folder.join("postgres"));
        if !(initdb.is_file() && postgres.is_file()) {
            continue;
        }
        let Some(version) = major_version(&postgres) else { continue };
        if wanted.map_or(version >= OLDEST_POSTGRES, |wanted| wanted == version) {
            return Ok((initdb, postgres));
        }
        seen.push(version.to_string());
    }
    Err(Error::Unavailable(match wanted {
        Some(wanted) if !seen.is_empty() => format!(
            "The data folder was made by PostgreSQL {wanted}, and this machine has {}. Install it (Debian: \
             `apt-get install postgresql-{wanted}`), or move the folder away and restore a dump into a new one.",
            seen.join(", ")
        ),
        _ if !seen.is_empty() => {
            format!("PostgreSQL {} is too old: pennypost needs {OLDEST_POSTGRES} or newer.", seen.join(", "))
        }
        _ => missing("PostgreSQL's server (initdb and postgres)", "postgresql"),
    }))
}

/// The major version that the binary itself names: `postgres (PostgreSQL) 15.14 (Debian …)`.
fn major_version(postgres: &Path) -> Option<u32> {
    let output = std::process::Command::new(postgres).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_once("(PostgreSQL) ")?.1;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version.get(..digits)?.parse().ok()
}

fn find_setpriv(folders: &[PathBuf]) -> Result<PathBuf> {
    find_one(folders, "setpriv", "util-linux")
}

fn find_one(folders: &[PathBuf], name: &str, package: &str) -> Result<PathBuf> {
    let mut candidates = folders.iter().map(|folder| folder.join(name));
    candidates.find(|path| path.is_file()).ok_or_else(|| Error::Unavailable(missing(name, package)))
}

fn missing(what: &str, package: &str) -> String {
    format!(
        "{what} is not installed. Run scripts/install-prerequisites, or on Debian and Ubuntu `apt-get install \
         {package}`."
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A folder with programs that say they are of that version.
    fn installed(version: &str) -> tempfile::TempDir {
        let folder = tempfile::TempDir::new().unwrap();
        for name in ["initdb", "postgres"] {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\necho '{name} (PostgreSQL) {version} (Debian)'\n"))
                .unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    #[test]
    fn a_postgres_that_lacks_what_the_tables_need_is_not_started() {
        let (old, new) = (installed("14.19"), installed("15.14"));
        let folders = [old.path().to_owned(), new.path().to_owned()];
        assert_eq!(find_postgres(&folders, None).unwrap().1, new.path().join("postgres"));
        let refusal = find_postgres(&folders[..1], None).unwrap_err().to_string();
        assert!(refusal.contains("PostgreSQL 14 is too old: pennypost needs 15 or newer"), "{refusal}");
    }
}
