//! The header block that mail programs put into a forwarded mail: who sent the inner mail, and when.

use chrono::{DateTime, FixedOffset};
use mail_parser::{Address, DateTime as MailDate};

use super::mime;

/// What the inner header block says. At least the sender is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarded {
    /// The inner sender's address, in lower case.
    pub from_address: Option<String>,
    /// The inner sender's name.
    pub from_name: Option<String>,
    /// The inner date, as printed.
    pub date: Option<String>,
    /// The inner date, when it is in the form of mail headers.
    pub sent_at: Option<DateTime<FixedOffset>>,
    /// The inner subject.
    pub subject: Option<String>,
    /// Where the inner text starts, in bytes of the outer text.
    pub body_start: usize,
}

/// Finds the first header block of a forwarded mail in a text: at least a sender and one more header, line after line.
pub fn find(text: &str) -> Option<Forwarded> {
    let mut found = Forwarded::default();
    let mut names = 0_u32;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        let content =
            line.trim_matches(|letter: char| letter.is_whitespace() || letter == '>' || letter == '*');
        match header(content) {
            Some((name, value)) => {
                names += 1;
                found.set(name, value);
            }
            None if content.is_empty() && names > 0 && !found.is_complete() => {}
            None if found.is_complete() => break,
            None => {
                found = Forwarded::default();
                names = 0;
            }
        }
        if found.is_complete() {
            found.body_start = at;
        }
    }
    found.is_complete().then_some(found)
}

/// The lines that stand above the text of a mail that is forwarded, so that one that came as an attachment reads like one that
/// was copied into the text. Empty for a mail without a sender.
pub fn heading(raw: &[u8]) -> String {
    let Some(mail) = mime::headers(raw) else { return String::new() };
    let Some(from) = mail.from().and_then(Address::first) else { return String::new() };
    let sender = match (from.name(), from.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    };
    let date = mail.date().filter(|date| date.is_valid()).map(MailDate::to_rfc822);
    let lines = [("From", Some(sender)), ("Date", date), ("Subject", mail.subject().map(str::to_owned))];
    let lines = lines.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let one_line = |value: String| value.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<_> = lines.map(|(name, value)| format!("{name}: {}\n", one_line(value))).collect();
    format!("---------- Forwarded message ---------\n{}\n", lines.concat())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    From,
    Date,
    Subject,
    Other,
}

/// What mail programs call the headers, in their languages.
const NAMES: [(Name, &[&str]); 4] = [
    (
        Name::From,
        &[
            "from",
            "von",
            "de",
            "da",
            "van",
            "od",
            "kimden",
            "от",
            "від",
            "från",
            "fra",
            "lähettäjä",
            "dari",
            "من",
            "差出人",
            "发件人",
            "보낸사람",
            "gönderen",
            "từ",
            "feladó",
        ],
    ),
    (
        Name::Date,
        &[
            "date",
            "sent",
            "datum",
            "gesendet",
            "fecha",
            "enviado",
            "enviado el",
            "data",
            "inviato",
            "envoyé",
            "verzonden",
            "wysłano",
            "odesláno",
            "tarih",
            "дата",
            "отправлено",
            "надіслано",
            "skickat",
            "dato",
            "sendt",
            "päivämäärä",
            "tanggal",
            "التاريخ",
            "日付",
            "送信日時",
            "日期",
            "发送时间",
            "날짜",
            "보낸날짜",
            "ngày",
            "dátum",
        ],
    ),
    (
        Name::Subject,
        &[
            "subject",
            "betreff",
            "objet",
            "asunto",
            "assunto",
            "oggetto",
            "onderwerp",
            "temat",
            "předmět",
            "konu",
            "тема",
            "ämne",
            "emne",
            "aihe",
            "subjek",
            "الموضوع",
            "件名",
            "主题",
            "제목",
            "chủ đề",
            "tárgy",
        ],
    ),
    (
        Name::Other,
        &[
            "to",
            "an",
            "à",
            "para",
            "a",
            "aan",
            "do",
            "komu",
            "kime",
            "кому",
            "till",
            "til",
            "kepada",
            "إلى",
            "宛先",
            "收件人",
            "받는사람",
            "cc",
            "reply-to",
            "kopie",
            "alıcı",
        ],
    ),
];

fn header(line: &str) -> Option<(Name, &str)> {
    let (name, value) = line.split_once([':', '：'])?;
    let name = name.trim().trim_matches('*').to_lowercase();
    let known = NAMES.iter().find(|(_, names)| names.contains(&name.as_str()))?;
    Some((known.0, value.trim().trim_matches('*').trim()))
}

impl Forwarded {
    fn set(&mut self, name: Name, value: &str) {
        let filled = (!value.is_empty()).then(|| value.to_owned());
        match name {
            Name::From => self.set_sender(value),
            Name::Date => {
                self.sent_at = MailDate::parse_rfc822(value)
                    .filter(MailDate::is_valid)
                    .and_then(|date| DateTime::parse_from_rfc3339(&date.to_rfc3339()).ok());
                self.date = filled;
            }
            Name::Subject => self.subject = filled,
            Name::Other => {}
        }
    }

    fn set_sender(&mut self, value: &str) {
        let is_edge = |letter: char| !letter.is_alphanumeric();
        let value = value.replace("mailto:", " ");
        let address =
            value.split_whitespace().map(|word| word.trim_matches(is_edge)).find(|word| word.contains('@'));
        self.from_address = address.map(str::to_lowercase);
        let name = value.split(['<', '[', '(']).next().unwrap_or_default().trim().trim_matches('"').trim();
        self.from_name = (!name.is_empty() && !name.contains('@')).then(|| name.to_owned());
    }

    fn is_complete(&self) -> bool {
        (self.from_address.is_some() || self.from_name.is_some())
            && (self.date.is_some() || self.subject.is_some())
            && self.from_address.is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_inner_header_block_is_read() {
        let text = "fyi\n\n---------- Forwarded message ---------\nFrom: Kiosk <Shop@kiosk.example>\nDate: Mon, 5 Jan 2026 \
            10:00:00 +0100\nSubject: Receipt\nTo: <me@home.example>\n\nTotal 3.00 EUR\n";
        let found = find(text).unwrap();
        assert_eq!(found.from_address.as_deref(), Some("shop@kiosk.example"));
        assert_eq!(found.from_name.as_deref(), Some("Kiosk"));
        assert_eq!(found.sent_at.unwrap().to_rfc3339(), "2026-01-05T10:00:00+01:00");
        assert_eq!(text[found.body_start..].trim(), "Total 3.00 EUR");
    }

    #[test]
    fn other_languages_and_quote_marks_are_read() {
        let found =
            find("> Von: Laden [mailto:post@laden.example]\n> Gesendet: 5. Januar 2026\n> Betreff: Beleg\n")
                .unwrap();
        assert_eq!(found.from_address.as_deref(), Some("post@laden.example"));
        assert_eq!(found.date.as_deref(), Some("5. Januar 2026"));
        assert_eq!(found.sent_at, None);
    }

    #[test]
    fn labels_in_an_alert_are_no_forwarded_mail() {
        assert_eq!(find("From: 1234\nDate: 5 Jan\nAmount: 3.00\n"), None);
        assert_eq!(find("Total 3.00 EUR"), None);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in "(From|Date|:|\n|@|<|\\PC){0,40}") {
            find(&text);
        }
    }
}
