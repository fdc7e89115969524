//! Makes a large mbox out of a folder of single mails: each is repeated under new Message-IDs, dates and amounts.
//!
//! `cargo run --release --example make_mailbox -- FOLDER COUNT OUT.mbox [ATTACHMENTS]`
//!
//! Mail 17 of the same folder is always the same mail. Each of the first ATTACHMENTS mails whose number is a multiple of 500 has
//! a file of 1 to 18 MB attached: as base64 that is up to 25 MB, and what is larger than `MAX_EMAIL_BYTES` would be passed over.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use base64::prelude::{BASE64_STANDARD, Engine as _};

/// Two years of mails, in seconds.
const SPAN: u64 = 2 * 365 * 24 * 3600;
/// 1 January 2025.
const BEGINNING: u64 = 1_735_689_600;
/// The largest attachment, in MB.
const LARGEST: u64 = 18;
const BOUNDARY: &str = "made-for-measuring";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, count, out, rest @ ..] = arguments.as_slice() else {
        return Err("usage: make_mailbox FOLDER COUNT OUT.mbox [ATTACHMENTS]".into());
    };
    let (count, attachments) =
        (count.parse::<u64>()?, rest.first().map_or(Ok(0), |text| text.parse::<u64>())?);
    let mails = mails_in(folder)?;
    let mut output = BufWriter::with_capacity(1 << 20, File::create(out)?);
    let mut attached = 0;
    for number in 0..count {
        let index = usize::try_from(number)? % mails.len();
        let mail = mails.get(index).ok_or("there is no mail")?;
        let size =
            (number % 500 == 250 && attached < attachments).then(|| (attached % LARGEST + 1) * 1_000_000);
        attached += u64::from(size.is_some());
        write_mail(&mut output, mail, number, count, size)?;
    }
    output.flush()?;
    println!(
        "{count} mails, {attached} of them with attachments, {} MB",
        fs::metadata(out)?.len() / 1_000_000
    );
    Ok(())
}

fn mails_in(folder: &str) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    paths.sort();
    let read =
        |path: &PathBuf| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).replace("\r\n", "\n"));
    let mails = paths.iter().map(read).collect::<io::Result<Vec<_>>>()?;
    if mails.is_empty() { Err("there is no .eml file in the folder".into()) } else { Ok(mails) }
}

fn write_mail(
    output: &mut impl Write,
    mail: &str,
    number: u64,
    count: u64,
    attachment: Option<u64>,
) -> io::Result<()> {
    let (headers, body) = mail.split_once("\n\n").unwrap_or((mail, ""));
    let date = chrono::DateTime::from_timestamp(
        i64::try_from(BEGINNING + SPAN * number / count).unwrap_or_default(),
        0,
    );
    let date = date.map(|date| date.to_rfc2822()).unwrap_or_default();
    writeln!(output, "From measuring@mail.example Thu Jan  1 00:00:00 2026")?;
    let is_of = |line: &str, names: &[&str]| {
        names.iter().any(|name| line.to_ascii_lowercase().starts_with(&format!("{name}:")))
    };
    writeln!(output, "Message-ID: <{number}@measuring.example>\nDate: {date}")?;
    let mut content = String::new();
    let mut is_content = false;
    let mut is_dropped = false;
    for line in headers.lines() {
        if !line.starts_with([' ', '\t']) {
            is_dropped = is_of(line, &["message-id", "date", "mime-version"]);
            is_content = is_of(line, &["content-type", "content-transfer-encoding"]);
        }
        match (is_dropped, is_content) {
            (true, _) => {}
            (_, true) => content.extend([line, "\n"]),
            _ => writeln!(output, "{line}")?,
        }
    }
    let packed = content.to_ascii_lowercase().contains("base64").then(|| unpacked(body)).flatten();
    let body = match packed {
        Some(text) => packed_again(&with_other_amounts(&text, number)),
        None => with_other_amounts(body, number),
    };
    let body = quoted(&body);
    writeln!(output, "MIME-Version: 1.0")?;
    let Some(size) = attachment else {
        return write!(output, "{content}\n{body}\n\n");
    };
    write!(
        output,
        "Content-Type: multipart/mixed; boundary={BOUNDARY}\n\n--{BOUNDARY}\n{content}\n{body}\n"
    )?;
    write!(output, "--{BOUNDARY}\nContent-Type: application/octet-stream\n")?;
    write!(
        output,
        "Content-Disposition: attachment; filename=noise.bin\nContent-Transfer-Encoding: base64\n\n"
    )?;
    write_noise(output, number, size)?;
    write!(output, "--{BOUNDARY}--\n\n")
}

/// The last two digits behind a point or a comma, when no more than two stand there, are another pair for each number.
fn with_other_amounts(body: &str, number: u64) -> String {
    let bytes = body.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut made = bytes.to_vec();
    for at in 1..bytes.len() {
        let is_amount = bytes.get(at).is_some_and(|byte| matches!(byte, b'.' | b','))
            && is_digit(at - 1)
            && is_digit(at + 1)
            && is_digit(at + 2)
            && !is_digit(at + 3)
            && !bytes.get(at + 3).is_some_and(|byte| matches!(byte, b'.' | b',' | b'/'));
        if is_amount {
            let cents = format!("{:02}", (number * 7 + 13) % 100);
            if let Some(pair) = made.get_mut(at + 1..at + 3) {
                pair.copy_from_slice(cents.as_bytes());
            }
        }
    }
    String::from_utf8(made).unwrap_or_else(|_| body.to_owned())
}

fn unpacked(body: &str) -> Option<String> {
    let letters: String = body.split_ascii_whitespace().collect();
    BASE64_STANDARD.decode(letters).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

fn packed_again(text: &str) -> String {
    let letters = BASE64_STANDARD.encode(text);
    let lines = letters.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// As an mbox quotes what looks like a separator.
fn quoted(body: &str) -> String {
    let lines = body.lines().map(|line| {
        let mark = if line.trim_start_matches('>').starts_with("From ") { ">" } else { "" };
        format!("{mark}{line}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Base64 that does not compress, from a generator whose seed is the mail's number.
fn write_noise(output: &mut impl Write, seed: u64, size: u64) -> io::Result<()> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut line = [b'\n'; 77];
    for _ in 0..size / 57 {
        for place in line.iter_mut().take(76) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let index = usize::try_from(state >> 58).unwrap_or_default();
            *place = LETTERS.get(index).copied().unwrap_or(b'A');
        }
        output.write_all(&line)?;
    }
    Ok(())
}
