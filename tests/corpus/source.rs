//! Reads the corpus' files, and turns each of its mails into the bytes that a mailbox would hold.

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;
use encoding_rs::Encoding;
use rust_decimal::Decimal;

/// One event that a person reads in a mail. What is not printed is absent.
#[derive(Debug, Default)]
pub struct Event {
    pub direction: String,
    pub amount: Decimal,
    pub currency: String,
    pub merchant: Option<String>,
    pub date: Option<NaiveDate>,
    pub account: Option<String>,
    pub reference: Option<String>,
    pub balance: Option<Decimal>,
    pub category: Option<String>,
}

/// One mail of the corpus, with its answer.
#[derive(Debug)]
pub struct Case {
    /// `language.COUNTRY.name`.
    pub id: String,
    options: Vec<String>,
    headers: Vec<(String, String)>,
    body: String,
    pub events: Vec<Event>,
}

impl Case {
    pub fn language(&self) -> &str {
        self.id.split('.').next().unwrap()
    }

    pub fn country(&self) -> &str {
        self.id.split('.').nth(1).unwrap()
    }

    /// The value of an option such as `home=MXN`.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
    }

    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|own| own == option)
    }

    /// The mail as bytes.
    pub fn message(&self) -> Vec<u8> {
        let charset = self.option("charset").unwrap_or("utf-8");
        let mut message = Vec::new();
        for (name, value) in &self.headers {
            message.extend(header(name, value, charset).into_bytes());
        }
        message.extend(b"MIME-Version: 1.0\r\n");
        let kind = if self.has("html") || self.has("both") { "html" } else { "plain" };
        let body = self.part(kind, charset);
        if self.has("both") {
            message.extend(b"Content-Type: multipart/alternative; boundary=\"edge\"\r\n\r\n--edge\r\n");
            message
                .extend(b"Content-Type: text/plain\r\n\r\nYour program cannot show this mail.\r\n--edge\r\n");
            message.extend(body);
            message.extend(b"\r\n--edge--\r\n");
        } else {
            message.extend(body);
        }
        message
    }

    fn part(&self, kind: &str, charset: &str) -> Vec<u8> {
        let (encoding, body) = match ["b64", "qp", "7bit"].into_iter().find(|way| self.has(way)) {
            Some("b64") => ("base64", in_lines(&STANDARD.encode(encoded(&self.body, charset))).into_bytes()),
            Some("qp") => ("quoted-printable", quoted_printable(&encoded(&self.body, charset)).into_bytes()),
            Some(way) => (way, encoded(&self.body, charset)),
            None => ("8bit", encoded(&self.body, charset)),
        };
        let head = format!(
            "Content-Type: text/{kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        );
        [head.into_bytes(), body].concat()
    }
}

fn encoded(text: &str, charset: &str) -> Vec<u8> {
    let encoding = Encoding::for_label(charset.as_bytes()).expect("a known charset");
    let (bytes, _, has_misses) = encoding.encode(text);
    assert!(!has_misses, "not every letter of a mail is in {charset}");
    bytes.into_owned()
}

/// A header; a value that is not ASCII is encoded by RFC 2047, its address left as it is.
fn header(name: &str, value: &str, charset: &str) -> String {
    let (words, rest) = match value.rfind('<').filter(|_| name == "From") {
        Some(at) => value.split_at(at),
        None => (value, ""),
    };
    if words.is_ascii() {
        return format!("{name}: {words}{rest}\r\n");
    }
    let encoded = STANDARD.encode(encoded(words.trim(), charset));
    format!("{name}: =?{charset}?B?{encoded}?= {rest}\r\n")
}

fn in_lines(text: &str) -> String {
    let lines = text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap());
    lines.collect::<Vec<_>>().join("\r\n")
}

fn quoted_printable(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut width = 0;
    for byte in bytes {
        if *byte == b'\n' {
            text.push_str("\r\n");
            width = 0;
            continue;
        }
        if width > 70 {
            text.push_str("=\r\n");
            width = 0;
        }
        let before = text.len();
        match byte {
            b' '..=b'~' if *byte != b'=' => text.push(char::from(*byte)),
            _ => write!(text, "={byte:02X}").unwrap(),
        }
        width += text.len() - before;
    }
    text
}

/// The mails of every `.txt` file of a folder, in the order of the files' names.
pub fn cases(folder: &Path) -> Vec<Case> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files.iter().flat_map(|path| parse(&std::fs::read_to_string(path).unwrap())).collect()
}

fn parse(file: &str) -> Vec<Case> {
    file.split("\n==== ").skip(1).map(case).collect()
}

fn case(source: &str) -> Case {
    let (head, rest) = source.split_once("\n\n").expect("an empty line behind the headers");
    let (body, answer) = rest.split_once("\n-> ").expect("an answer behind the body");
    let mut lines = head.lines();
    let mut words = lines.next().unwrap().split(' ').map(str::to_owned);
    let id = words.next().unwrap();
    let options = words.collect();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ").expect("a header");
        (name.to_owned(), value.to_owned())
    };
    let headers = lines.map(header).collect();
    let events = answer.split("\n-> ").filter(|event| !event.starts_with("NOTHING")).map(event).collect();
    Case { id, options, headers, body: body.trim_end().to_owned(), events }
}

fn event(source: &str) -> Event {
    let mut lines = source.trim_end().lines();
    let head: Vec<&str> = lines.next().unwrap().split(' ').collect();
    let [direction, amount, currency] = head.as_slice() else { panic!("no event: {head:?}") };
    let mut event = Event {
        direction: (*direction).to_owned(),
        amount: amount.parse().unwrap(),
        currency: (*currency).to_owned(),
        ..Event::default()
    };
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").expect("a field");
        match name {
            "merchant" => event.merchant = Some(value.to_owned()),
            "date" => event.date = Some(value.parse().unwrap()),
            "account" => event.account = Some(value.to_owned()),
            "reference" => event.reference = Some(value.to_owned()),
            "balance" => event.balance = Some(value.parse().unwrap()),
            "category" => event.category = Some(value.to_owned()),
            _ => panic!("no field is called {name}"),
        }
    }
    event
}
