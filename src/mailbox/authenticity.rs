//! Who really sent a mail, as far as the receiving server could tell: the topmost Authentication-Results that it wrote.

use mail_parser::HeaderValue;

use super::mime;

/// What is known about the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authenticity {
    /// The domain in From vouches for the mail.
    Verified,
    /// Nobody has checked, or the checks say nothing.
    Unverified,
    /// A check was made and it failed: the mail claims a sender that it does not have.
    Failed,
}

impl Authenticity {
    /// The name that the database and the API use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "VERIFIED",
            Self::Unverified => "UNVERIFIED",
            Self::Failed => "FAILED",
        }
    }

    /// The value of a name that `as_str` gave.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Verified, Self::Unverified, Self::Failed].into_iter().find(|value| value.as_str() == name)
    }
}

/// The verdict on a mail, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The verdict.
    pub authenticity: Authenticity,
    /// Why, in a few words without mail text.
    pub reason: &'static str,
}

/// Judges a mail by the topmost Authentication-Results header of one of the `trusted` servers (their authserv-ids).
///
/// Only the topmost counts: a sender can write such a header too, and it lands below the receiving server's own.
pub fn judge(raw: &[u8], trusted: &[String]) -> Finding {
    let Some(message) = mime::headers(raw) else {
        return finding(Authenticity::Unverified, "the mail has no headers");
    };
    let domain =
        message.from().and_then(|from| from.first()).and_then(|from| from.address()).and_then(domain);
    let Some(results) = message.header_raw("Authentication-Results") else {
        return finding(Authenticity::Unverified, "no server recorded a check");
    };
    let first = first_results(&message).unwrap_or(results);
    let without_comments = without_comments(first);
    let mut clauses = without_comments.split(';').map(str::trim);
    let server = clauses.next().and_then(|clause| clause.split_whitespace().next()).unwrap_or_default();
    if !trusted.iter().any(|name| name.eq_ignore_ascii_case(server)) {
        return finding(Authenticity::Unverified, "the check is by a server that is not trusted");
    }
    weigh(&clauses.map(Clause::parse).collect::<Vec<_>>(), domain.as_deref())
}

fn finding(authenticity: Authenticity, reason: &'static str) -> Finding {
    Finding { authenticity, reason }
}

/// The value of the topmost header; `header_raw` gives the last one of that name.
fn first_results<'a>(message: &'a mail_parser::Message<'_>) -> Option<&'a str> {
    let mut headers = message.headers().iter();
    let header =
        headers.find(|header| header.name.as_str().eq_ignore_ascii_case("Authentication-Results"))?;
    if let HeaderValue::Text(text) = &header.value {
        return Some(text.as_ref());
    }
    let start = usize::try_from(header.offset_start).ok()?;
    let end = usize::try_from(header.offset_end).ok()?;
    std::str::from_utf8(message.raw_message.get(start..end)?).ok()
}

fn weigh(clauses: &[Clause<'_>], domain: Option<&str>) -> Finding {
    let dmarc = clauses.iter().find(|clause| clause.method == "dmarc");
    let speaks_of_sender = |clause: &&Clause<'_>, property: &str| match (clause.property(property), domain) {
        (Some(checked), Some(domain)) => is_aligned(checked.trim_start_matches('@'), domain),
        _ => false,
    };
    if let Some(dmarc) = dmarc {
        if dmarc.result == "pass"
            && dmarc.property("header.from").is_none_or(|_| speaks_of_sender(&dmarc, "header.from"))
        {
            return finding(Authenticity::Verified, "dmarc=pass");
        }
        if dmarc.result == "fail" {
            return finding(Authenticity::Failed, "dmarc=fail");
        }
    }
    let mut dkim = clauses.iter().filter(|clause| clause.method == "dkim");
    let is_signed = dkim.clone().any(|clause| {
        clause.result == "pass"
            && (speaks_of_sender(&clause, "header.d") || speaks_of_sender(&clause, "header.i"))
    });
    if is_signed {
        return finding(Authenticity::Verified, "dkim=pass for the sender's domain");
    }
    if dkim.any(|clause| clause.result == "fail" && speaks_of_sender(&clause, "header.d")) {
        return finding(Authenticity::Failed, "dkim=fail for the sender's domain");
    }
    finding(Authenticity::Unverified, "no check speaks for the sender's domain")
}

/// One `method=result property=value ...` of the header.
struct Clause<'a> {
    method: String,
    result: String,
    properties: Vec<(&'a str, &'a str)>,
}

impl<'a> Clause<'a> {
    fn parse(text: &'a str) -> Self {
        let mut words = text.split_whitespace().filter_map(|word| word.split_once('='));
        let (method, result) = words.next().unwrap_or_default();
        let method = method.split('/').next().unwrap_or_default().to_ascii_lowercase();
        Self { method, result: result.to_ascii_lowercase(), properties: words.collect() }
    }

    fn property(&self, name: &str) -> Option<&'a str> {
        let found = self.properties.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        let value = found.1.trim_matches('"');
        Some(value.rsplit('@').next().unwrap_or(value))
    }
}

/// Relaxed alignment: the same domain, or one is a subdomain of the other and not of a bare suffix.
fn is_aligned(checked: &str, domain: &str) -> bool {
    let checked = checked.to_ascii_lowercase();
    checked == domain
        || (checked.contains('.') && domain.ends_with(&format!(".{checked}")) && !is_suffix(&checked))
        || (domain.contains('.') && checked.ends_with(&format!(".{domain}")) && !is_suffix(domain))
}

/// Public suffixes of two labels, such as `co.uk`: a short second level under a country.
fn is_suffix(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    matches!(labels.as_slice(), [second, top] if top.len() == 2 && second.len() <= 3)
}

fn domain(address: &str) -> Option<String> {
    address.rsplit_once('@').map(|(_, domain)| domain.trim().to_ascii_lowercase())
}

/// The header without what stands in parentheses, which the sender may have a say in.
fn without_comments(text: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(letter),
            _ => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(results: &str) -> Authenticity {
        let raw = format!("{results}From: Bank <alerts@mail.bank.example>\r\nSubject: x\r\n\r\nbody\r\n");
        judge(raw.as_bytes(), &["mx.home.example".to_owned()]).authenticity
    }

    #[test]
    fn a_pass_by_a_trusted_server_verifies() {
        assert_eq!(
            judged(
                "Authentication-Results: mx.home.example;\r\n dkim=pass header.d=x.example;\r\n dmarc=pass (p=REJECT) header.from=mail.bank.example\r\n"
            ),
            Authenticity::Verified
        );
        assert_eq!(
            judged("Authentication-Results: mx.home.example; dkim=pass header.i=@bank.example\r\n"),
            Authenticity::Verified
        );
    }

    #[test]
    fn a_header_of_another_server_says_nothing() {
        assert_eq!(
            judged("Authentication-Results: mx.evil.example; dmarc=pass\r\n"),
            Authenticity::Unverified
        );
        assert_eq!(judged(""), Authenticity::Unverified);
    }

    #[test]
    fn only_the_topmost_header_counts() {
        let below = "Authentication-Results: mx.home.example; dmarc=pass header.from=mail.bank.example\r\n";
        let top = "Authentication-Results: mx.home.example; dmarc=fail header.from=mail.bank.example\r\n";
        assert_eq!(judged(&format!("{top}{below}")), Authenticity::Failed);
        let stranger = "Authentication-Results: other.example; none\r\n";
        assert_eq!(judged(&format!("{stranger}{below}")), Authenticity::Unverified);
    }

    #[test]
    fn a_signature_of_another_domain_does_not_verify() {
        assert_eq!(
            judged("Authentication-Results: mx.home.example; dkim=pass header.d=mailer.example\r\n"),
            Authenticity::Unverified
        );
        assert_eq!(
            judged("Authentication-Results: mx.home.example; dkim=pass header.d=example\r\n"),
            Authenticity::Unverified
        );
    }

    #[test]
    fn a_comment_cannot_pass() {
        assert_eq!(
            judged("Authentication-Results: mx.home.example; spf=none (; dmarc=pass)\r\n"),
            Authenticity::Unverified
        );
    }

    #[test]
    fn a_suffix_of_a_country_is_nobodys_domain() {
        assert!(!is_aligned("co.uk", "bank.co.uk"));
        assert!(is_aligned("bank.co.uk", "mail.bank.co.uk"));
    }

    proptest! {
        #[test]
        fn arbitrary_headers_never_panic(text in "\\PC{0,80}") {
            judged(&format!("Authentication-Results: {text}\r\n"));
        }
    }
}
