//! Outgoing mail: to an SMTP server, into a folder where nobody set one up, or into memory for tests.

mod refusal;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::message::{Mailbox, header::ContentType};
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use tokio::time::timeout;

use crate::config::Secret;
use crate::error::{Error, Result};

/// How long a mail server may take for one mail.
const PATIENCE: Duration = Duration::from_secs(30);

/// How mail leaves.
#[derive(Clone)]
pub enum Mailer {
    /// Through a mail server.
    Smtp {
        /// The server.
        transport: AsyncSmtpTransport<Tokio1Executor>,
        /// The sender.
        from: Mailbox,
        /// How long the server may take for one mail.
        patience: Duration,
    },
    /// As `.eml` files in a folder.
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The sender.
        from: Mailbox,
    },
    /// Kept for a test to look at.
    Memory(Arc<Mutex<Vec<Letter>>>),
}

/// One mail to one person, in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl Mailer {
    /// Sends through the server at `url`: smtp://, smtps:// or smtp+starttls:// user:password@host:port.
    pub fn smtp(url: &Secret, from: &str) -> Result<Self> {
        Self::smtp_within(url, from, PATIENCE)
    }

    fn smtp_within(url: &Secret, from: &str, patience: Duration) -> Result<Self> {
        let (scheme, rest) = url.expose().split_once("://").unwrap_or_default();
        let url = match scheme {
            // lettre's own word for STARTTLS is a query.
            "smtp+starttls" => format!("smtp://{rest}?tls=required"),
            _ => url.expose().to_owned(),
        };
        let built = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url);
        // The error may quote the URL, which holds the password.
        let built = built.map_err(|_| {
            Error::Unavailable("SMTP_URL is no address like smtps://user:password@host:465.".to_owned())
        })?;
        let transport = built.timeout(Some(patience)).build();
        Ok(Self::Smtp { transport, from: sender(from)?, patience })
    }

    /// Writes each mail into `folder`, which has to be there.
    pub fn folder(folder: PathBuf, from: &str) -> Result<Self> {
        Ok(Self::Folder { folder, from: sender(from)? })
    }

    /// Keeps each mail in memory.
    pub fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// Sends `letter`. `Unavailable` when the server does not take it now; `Rejected` when it never will.
    pub async fn send(&self, letter: &Letter) -> Result<()> {
        match self {
            Self::Smtp { transport, from, patience } => {
                let message = compose(letter, from)?;
                match timeout(*patience, transport.send(message)).await {
                    Ok(sent) => sent.map(drop).map_err(|error| refusal::of(&error)),
                    Err(_) => Err(refusal::silence(*patience)),
                }
            }
            Self::Folder { folder, from } => {
                let transport = AsyncFileTransport::<Tokio1Executor>::new(folder);
                let written = transport.send(compose(letter, from)?).await;
                written.map(drop).map_err(|error| {
                    Error::internal(format!("a mail cannot be written into {}", folder.display()), error)
                })
            }
            Self::Memory(sent) => {
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
                Ok(())
            }
        }
    }
}

fn sender(from: &str) -> Result<Mailbox> {
    from.parse().map_err(|_| {
        Error::Unavailable(format!("SMTP_FROM is `{from}`; it has to be like `Name <address>`."))
    })
}

fn compose(letter: &Letter, from: &Mailbox) -> Result<Message> {
    let broken = |_| Error::rejected("", crate::error::Code::Invalid, "The address cannot be written to.");
    let to: lettre::Address = letter.to.parse().map_err(broken)?;
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(&letter.subject)
        .header(ContentType::TEXT_PLAIN)
        .body(letter.text.clone())
        .map_err(|error| Error::internal("a mail cannot be composed", error))
}

#[cfg(test)]
mod tests;
