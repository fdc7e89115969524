//! What else `up` keeps in the data folder: its keys, the mails it wrote, the mail files to import.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rand::RngExt;

use crate::config::{Config, Secret};
use crate::error::{Error, Result};
use crate::mailer::Mailer;

const SECRET_KEY: &str = "secret_key";
const SEALING_KEY: &str = "sealing_key";
const OUTBOX: &str = "outbox";
const IMPORT: &str = "import";

/// Makes the folder, for its owner alone, unless it is there.
pub(super) fn make(path: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| unusable(path, &error))
}

/// The folder of the mails that go nowhere else.
pub(super) fn outbox(data_dir: &Path) -> Result<PathBuf> {
    let path = data_dir.join(OUTBOX);
    make(&path)?;
    Ok(path)
}

/// Makes what `config` does not name, the keys and the folder of importable files, and writes it into `config`. Returns
/// where mails go: to `SMTP_URL`, or into the outbox.
pub(super) fn complete(config: &mut Config, data_dir: &Path) -> Result<Mailer> {
    make(data_dir)?;
    if config.secret_key.is_none() {
        config.secret_key = Some(key(data_dir, SECRET_KEY)?);
    }
    if config.sealing_key.is_none() {
        config.sealing_key = Some(key(data_dir, SEALING_KEY)?);
    }
    if config.import_dir.is_none() {
        let path = data_dir.join(IMPORT);
        make(&path)?;
        config.import_dir = Some(path);
    }
    match &config.smtp_url {
        Some(url) => Mailer::smtp(url, &config.smtp_from),
        None => Mailer::folder(outbox(data_dir)?, &config.smtp_from),
    }
}

/// The key in the file of that name, made when there is none. One that is there is never written again.
fn key(data_dir: &Path, name: &str) -> Result<Secret> {
    let path = data_dir.join(name);
    let failed = |error: io::Error| unusable(&path, &error);
    if !path.exists() {
        make_key(&path).map_err(failed)?;
    }
    let key = fs::read_to_string(&path).map_err(failed)?;
    Ok(Secret::new(key.trim()))
}

/// Written beside and then linked, so that a key is there as a whole or not at all, and none is replaced.
fn make_key(path: &Path) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut file =
        OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&unfinished)?;
    let mut random = rand::rng();
    writeln!(file, "{:032x}{:032x}", random.random::<u128>(), random.random::<u128>())?;
    file.sync_all()?;
    let linked = match fs::hard_link(&unfinished, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    };
    fs::remove_file(&unfinished)?;
    linked
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::Unavailable(format!(
        "{} cannot be used: {error}. DATA_DIR names another data folder.",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = key(folder.path(), SECRET_KEY).unwrap();
        assert_eq!(first.expose().len(), 64);
        assert_eq!(key(folder.path(), SECRET_KEY).unwrap(), first);
        let path = folder.path().join(SECRET_KEY);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

        make_key(&path).unwrap();
        let again = key(folder.path(), SECRET_KEY).unwrap();
        assert_eq!(again, first, "a second start at the same time replaces nothing");
        assert_ne!(key(folder.path(), SEALING_KEY).unwrap(), first);
    }
}
