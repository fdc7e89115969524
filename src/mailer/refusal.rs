//! Why a mail server did not take a mail: what is logged for whoever looks after the server, and whether another try may help.
//!
//! What the server said is not told: it may quote the mail.

use std::error::Error as _;
use std::time::Duration;

use lettre::transport::smtp;
use rustls::Error as TlsError;

use crate::error::{Code, Error};

/// What is told of a mail that was not sent: `Rejected` when this mail never will be, `Unavailable` for everything that may pass or
/// that somebody may mend.
pub(super) fn of(error: &smtp::Error) -> Error {
    let status = error.status().map(u16::from);
    let sentence = match status {
        // RFC 4954, 4 and 6: the words are right and the user or the password is not, or the server wants another way to sign in.
        Some(530 | 534 | 535 | 538) => "The mail server does not take the user or the password of SMTP_URL.",
        _ if is_tls(error) => {
            "The mail server's certificate is not trusted, or it does not speak TLS there. Check SMTP_URL: smtps:// is for port 465, \
             smtp+starttls:// for 587."
        }
        _ if error.is_permanent() => {
            tracing::warn!(status, "the mail server refuses a mail for good; its own log says why");
            return Error::rejected("", Code::Invalid, "The mail server refuses this mail.");
        }
        _ if error.is_timeout() => "The mail server does not answer.",
        Some(_) => "The mail server does not take mails now.",
        None => "The mail server cannot be reached.",
    };
    tracing::warn!(status, "a mail was not sent and will be tried again: {sentence}");
    Error::Unavailable(sentence.to_owned())
}

/// The same for a server that said nothing for so long.
pub(super) fn silence(patience: Duration) -> Error {
    tracing::warn!(
        seconds = patience.as_secs(),
        "a mail was not sent and will be tried again: the mail server does not answer"
    );
    Error::Unavailable("The mail server does not answer.".to_owned())
}

/// True when something below says that it was TLS.
fn is_tls(error: &smtp::Error) -> bool {
    let mut below = error.source();
    while let Some(cause) = below {
        let inner = cause.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref());
        if cause.is::<TlsError>() || inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<TlsError>)
        {
            return true;
        }
        below = cause.source();
    }
    error.is_tls()
}
