//! Whether a file is a mail at all: by the headers, of which every mail has at least one.

use super::mime;

/// RFC 5322 asks for the first two, and mail servers write the fourth.
const NAMES: [&str; 5] = ["from", "date", "subject", "received", "message-id"];

/// What a person reads of a file that is none.
pub(super) const WHAT_A_MAIL_HAS: &str = "a mail has a header From, Date, Subject, Received or Message-ID";

/// True when one of the headers at the start of `bytes` has one of those names.
pub(super) fn has_mail_header(bytes: &[u8]) -> bool {
    mime::has_any_header(bytes, &NAMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_headers_is_enough_and_what_stands_below_them_counts_for_nothing() {
        for mail in [
            "Subject: x\n",
            "X-A: 1\r\nmessage-id : <a@b>\r\n\r\n",
            "\n\nDATE: today\n",
            "X: 1\n folded\nFrom: a",
        ] {
            assert!(has_mail_header(mail.as_bytes()), "{mail:?}");
        }
        for other in [
            "",
            "\n\n",
            "root:x:0:0:root:/root:/bin/sh\n",
            "X-A: 1\n\nFrom: a\n",
            "X-A: 1\n From: a\n",
            "Date\n",
        ] {
            assert!(!has_mail_header(other.as_bytes()), "{other:?}");
        }
    }
}
