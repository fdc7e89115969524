//! Reads `.env`. What it holds may be a secret, so no sentence about it quotes it.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

use super::{SETTINGS, broken};
use crate::error::{Error, Result};

/// The pairs of the `.env` of `folder` or of the nearest folder above it that has one; none where there is none.
pub(super) fn read(folder: &Path) -> Result<HashMap<String, String>> {
    let paths = folder.ancestors().map(|folder| folder.join(".env"));
    let Some(path) = paths.into_iter().find(|path| path.is_file()) else { return Ok(HashMap::new()) };
    match std::fs::read_to_string(&path) {
        Ok(text) => pairs(&text),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(HashMap::new()),
        Err(error) => Err(broken(format!("{} cannot be read: {error}.", path.display()))),
    }
}

/// The pairs of the text of a `.env`; the first of a name counts.
fn pairs(text: &str) -> Result<HashMap<String, String>> {
    let text = text.trim_start_matches('\u{feff}');
    let mut pairs = HashMap::new();
    for pair in dotenvy::from_read_iter(text.as_bytes()) {
        let (name, value) = pair.map_err(|_| unreadable(text))?;
        pairs.entry(name).or_insert(value);
    }
    Ok(pairs)
}

/// Names the line, and the setting where it is one of ours. Anything else in the line may be a part of a secret.
fn unreadable(text: &str) -> Error {
    let is_sound = |text: &str| dotenvy::from_read_iter(text.as_bytes()).all(|pair| pair.is_ok());
    // What cannot be read begins behind the longest beginning that can: a value may go over several lines.
    let ends = text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
    let start = ends.filter(|end| text.get(..*end).is_some_and(is_sound)).max().unwrap_or(0);
    let (before, rest) = text.split_at_checked(start).unwrap_or(("", text));
    let line = before.matches('\n').count().saturating_add(1);
    let name = rest.trim_start().trim_start_matches("export ").split('=').next().unwrap_or_default().trim();
    let setting = SETTINGS.iter().find(|setting| setting.name == name);
    let of = setting.map(|setting| format!(", {}", setting.name)).unwrap_or_default();
    broken(format!(
        ".env, line {line}{of}: this is not NAME=value. A value with spaces, quotes or # stands in 'single quotes'."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_not_quoted() {
        let cases = [
            ("SECRET_KEY=opensesame my long pass phrase", "line 1, SECRET_KEY:"),
            (
                "\u{feff}\n# SECRET_KEY=opensesame my phrase\nENV=production\n  export SECRET_KEY = opensesame my phrase\n",
                "line 4, SECRET_KEY:",
            ),
            (
                "ENV=production\r\nSMTP_URL=\"smtp://ana:opensesame@mail\r\nLOG_LEVEL=info\r\n",
                "line 2, SMTP_URL:",
            ),
            ("LOG_LEVEL=info\nopensesame\n", "line 2:"),
            ("opensesame=my phrase\n", "line 1:"),
            ("OTHER='one\ntwo' and opensesame\n", "line 1:"),
        ];
        for (text, place) in cases {
            let sentence = pairs(text).unwrap_err().to_string();
            assert!(sentence.starts_with(&format!(".env, {place} this is not NAME=value")), "{sentence}");
            assert!(!sentence.contains("opensesame") && !sentence.contains("phrase"), "{sentence}");
        }
    }

    #[test]
    fn pairs_are_read_as_shells_read_them() {
        let text = "\u{feff}# a comment\n\nexport A=1\nB='two words # here'\nA=2\nC=\n";
        let read = pairs(text).unwrap();
        assert_eq!(
            (read["A"].as_str(), read["B"].as_str(), read["C"].as_str()),
            ("1", "two words # here", "")
        );
        assert_eq!(read.len(), 3);
    }

    #[test]
    fn the_nearest_file_is_read() {
        let folder = tempfile::TempDir::new().unwrap();
        let below = folder.path().join("a/b");
        std::fs::create_dir_all(&below).unwrap();
        std::fs::write(folder.path().join(".env"), "ENV=production\n").unwrap();
        assert_eq!(read(&below).unwrap()["ENV"], "production");
        std::fs::write(below.join(".env"), "ENV=development\n").unwrap();
        assert_eq!(read(&below).unwrap()["ENV"], "development");
        std::fs::write(below.join(".env"), b"ENV=\xff\n").unwrap();
        assert!(read(&below).unwrap_err().to_string().contains("cannot be read"));
    }
}
