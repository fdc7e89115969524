//! One setting at a time, as a value that cannot be wrong; what is wrong is named.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use super::{Environment, MetricsSettings, SETTINGS, Secret, TrustedDocumentSettings, broken};
use crate::error::Result;

/// A shorter token could be guessed, in bytes.
const SHORTEST_TOKEN: usize = 16;

/// Where settings come from, by their names.
pub(super) struct Source<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Source<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup }
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        let given =
            (self.lookup)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let default =
            SETTINGS.iter().find(|setting| setting.name == name).map_or("", |setting| setting.default);
        given.or_else(|| (!default.is_empty()).then(|| default.to_owned()))
    }

    pub(super) fn parsed<T: FromStr>(&self, name: &str, wanted: &str) -> Result<T> {
        let value = self.text(name).unwrap_or_default();
        value.parse().map_err(|_| broken(format!("{name} is `{value}`; it has to be {wanted}.")))
    }

    pub(super) fn number(&self, name: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        let value: usize = self.parsed(name, &wanted)?;
        if range.contains(&value) {
            return Ok(value);
        }
        Err(broken(format!("{name} is `{value}`; it has to be {wanted}.")))
    }

    pub(super) fn count(&self, name: &str, range: std::ops::RangeInclusive<usize>) -> Result<u64> {
        Ok(u64::try_from(self.number(name, range)?).unwrap_or(u64::MAX))
    }

    /// A number of seconds.
    pub(super) fn time(&self, name: &str, range: std::ops::RangeInclusive<usize>) -> Result<Duration> {
        self.count(name, range).map(Duration::from_secs)
    }

    pub(super) fn seconds(&self, name: &str, unit: u64) -> Result<Duration> {
        let count = self.number(name, 1..=1_000_000)?;
        Ok(Duration::from_secs(unit.saturating_mul(u64::try_from(count).unwrap_or(u64::MAX))))
    }

    /// The value is not shown, because it may hold a password. Beside URLs, the words of libpq (`host=...`) are taken.
    pub(super) fn database_url(&self) -> Result<Option<Secret>> {
        let Some(url) = self.text("DATABASE_URL") else { return Ok(None) };
        let is_url = ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
        if is_url || (url.contains('=') && !url.contains("://")) {
            return Ok(Some(Secret(url)));
        }
        let message = "DATABASE_URL is no address of a PostgreSQL; it has to be like postgres://user:password@host:5432/name.";
        Err(broken(message.to_owned()))
    }

    pub(super) fn environment(&self) -> Result<Option<Environment>> {
        match self.text("ENV").as_deref() {
            None => Ok(None),
            Some("development") => Ok(Some(Environment::Development)),
            Some("production") => Ok(Some(Environment::Production)),
            Some(other) => Err(broken(format!("ENV is `{other}`; it has to be development or production."))),
        }
    }

    pub(super) fn registration(&self) -> Result<bool> {
        match self.text("REGISTRATION").as_deref() {
            Some("open") => Ok(true),
            Some("closed") => Ok(false),
            other => {
                let given = other.unwrap_or_default();
                Err(broken(format!("REGISTRATION is `{given}`; it has to be open or closed.")))
            }
        }
    }

    pub(super) fn networks(&self, name: &str) -> Result<Vec<IpNet>> {
        let listed = self.list(name)?.unwrap_or_default();
        let read = |text: &String| {
            let lone = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse().or_else(|_| lone()).map_err(|_| {
                broken(format!(
                    "{name} names `{text}`; it has to be an address or a network like 10.0.0.0/8."
                ))
            })
        };
        listed.iter().map(read).collect()
    }

    pub(super) fn level(&self) -> Result<tracing::Level> {
        let level = self.text("LOG_LEVEL").unwrap_or_default().to_lowercase();
        let name = if level == "warning" { "warn" } else { &level };
        name.parse().map_err(|_| {
            broken(format!("LOG_LEVEL is `{level}`; it has to be error, warn, info, debug or trace."))
        })
    }

    pub(super) fn list(&self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        if text.starts_with('[') {
            let wanted = |_| broken(format!("{name} starts like a JSON list and is none."));
            return serde_json::from_str(&text).map(Some).map_err(wanted);
        }
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Ok(Some(items.map(str::to_owned).collect()))
    }

    /// No other documents than trusted ones, and no trusted ones: that would be none at all.
    pub(super) fn trusted_documents(&self) -> Result<TrustedDocumentSettings> {
        let only = self.parsed("TRUSTED_DOCUMENTS_ONLY", "true or false")?;
        let listed = self.list("TRUSTED_DOCUMENTS")?.unwrap_or_default();
        let manifests: Vec<_> = listed.into_iter().map(PathBuf::from).collect();
        if only && manifests.is_empty() {
            let message = "TRUSTED_DOCUMENTS_ONLY is true and TRUSTED_DOCUMENTS names no file, so no request could be answered.";
            return Err(broken(message.to_owned()));
        }
        Ok(TrustedDocumentSettings { manifests, only })
    }

    pub(super) fn metrics(&self) -> Result<MetricsSettings> {
        let listen = match self.text("METRICS_LISTEN") {
            None => None,
            Some(_) => Some(self.parsed("METRICS_LISTEN", "an address and a port, like 127.0.0.1:9464")?),
        };
        let token = self.text("METRICS_TOKEN");
        if token.as_ref().is_some_and(|token| token.len() < SHORTEST_TOKEN) {
            return Err(broken(format!(
                "METRICS_TOKEN is too short; it has to be {SHORTEST_TOKEN} bytes or more."
            )));
        }
        Ok(MetricsSettings { listen, token: token.map(Secret) })
    }

    pub(super) fn secret(&self, name: &str, file: &str) -> Result<Option<Secret>> {
        match (self.text(name), self.text(file)) {
            (Some(_), Some(_)) => Err(broken(format!("{name} and {file} are both set; leave one of them."))),
            (Some(value), None) => Ok(Some(Secret(value))),
            (None, Some(path)) => std::fs::read_to_string(&path)
                .map(|text| Some(Secret(text.trim().to_owned())))
                .map_err(|error| broken(format!("{file} names {path}, which cannot be read: {error}."))),
            (None, None) => Ok(None),
        }
    }
}
