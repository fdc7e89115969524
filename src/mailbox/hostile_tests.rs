//! Mails that somebody made to occupy whoever reads them. No mail may hold up the ones behind it, so each is read in time
//! that grows with its length and with nothing else.

use std::fmt::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::time::{ClockId, clock_gettime};

use super::message::{LONGEST_TEXT, Message, parse};

/// Less than the 25 MB that a mail may have by default, for the time that these tests take.
const SIZE: usize = 10_000_000;
/// Enough where a quarter of it once took a minute.
const SOME: usize = 1_000_000;
/// Computing time of one mail: a program that is not optimised takes about a second. What grew with the square of the length
/// took hours.
const LIMIT: Duration = Duration::from_secs(10);

fn read_in_time(what: &str, raw: &[u8]) -> Message {
    let begun = computed();
    let message = parse(raw);
    let took = computed().saturating_sub(begun);
    assert!(took < LIMIT, "{what}: {took:?} for {} bytes", raw.len());
    assert!(message.text.len() <= LONGEST_TEXT, "{what}");
    message
}

/// What this thread has computed so far. The time on the wall would be the machine's load as well.
fn computed() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// A mail of about that size: `head`, then HTML made of numbered pieces.
fn html(head: &str, mut piece: impl FnMut(usize) -> String) -> Vec<u8> {
    let mut raw = format!("Content-Type: text/html; charset=utf-8\n\n<p>Total 12,00 EUR</p>{head}");
    for number in 0.. {
        if raw.len() >= SIZE {
            break;
        }
        raw.push_str(&piece(number));
    }
    raw.into_bytes()
}

fn assert_total_is_read(what: &str, raw: &[u8]) {
    let message = read_in_time(what, raw);
    assert!(message.text.starts_with("Total 12,00 EUR"), "{what}: {:?}", message.text.get(..40));
}

#[test]
fn a_tag_of_millions_of_attributes_is_read_in_time() {
    assert_total_is_read("one tag", &html("<a ", |number| format!("{number:x} ")));
    assert_total_is_read("one quoted value", &html("<a b='", |_| "c ".repeat(1000)));
    assert_total_is_read("many tags", &html("", |number| format!("<a {number:x} {number}={number}>")));
    let attributes = (0..800).map(|number| format!(" {number:x}")).collect::<Vec<_>>().concat();
    assert_total_is_read("many long tags", &html("", |_| format!("<a{attributes}>")));
    assert_total_is_read("many longer tags", &html("", |_| format!("<a{attributes}{attributes}>")));
}

#[test]
fn millions_of_open_elements_are_read_in_time() {
    assert_total_is_read("visible", &html("", |_| "<div><i>".to_owned()));
    assert_total_is_read("hidden", &html("", |_| "<div style=display:none>".to_owned()));
    assert_total_is_read("never closed", &html("", |_| "<b hidden></i></td>".to_owned()));
    assert_total_is_read("closed by the next", &html("", |_| "<p><li><td>".to_owned()));
    let deep = format!("<table><tr><td>{}", "<i>".repeat(100_000));
    assert_total_is_read("end tags", &html(&deep, |_| "</b></td ".to_owned() + "><td></i>"));
}

#[test]
fn many_classes_against_many_hidden_ones_are_read_in_time() {
    let sheet = (0..20_000).map(|number| format!(".c{number}{{display:none}}")).collect::<Vec<_>>().concat();
    let head = format!("<style>{sheet}</style><i class='");
    assert_total_is_read("one element", &html(&head, |number| format!("x{number} ")));
    let head = format!("<style>{sheet}</style>");
    assert_total_is_read("many elements", &html(&head, |number| format!("<i class='x{number} y z'>")));
    assert_total_is_read("one sheet", &html("<style>", |number| format!(".c{number}{{display:none}}")));
    assert_total_is_read("many sheets", &html("", |_| "<style>a{b:c}</style>".to_owned()));
}

#[test]
fn markup_that_never_ends_is_read_in_time() {
    for piece in [
        "<!--",
        "<!---!",
        "<!----!>-",
        "<style",
        "<style>",
        "<script><!--<script>",
        "</",
        "<!",
        "<?",
        "<",
        "&am",
        "&#",
    ] {
        assert_total_is_read(piece, &html("", |_| piece.repeat(1000)));
    }
}

#[test]
fn what_stands_behind_a_large_picture_is_read() {
    let picture = format!("<img src=\"data:image/png;base64,{}\">", "iVBORw0KGgo".repeat(1_000_000));
    let raw = format!("Content-Type: text/html\n\n<p>Total</p>{picture}<p>12,00 EUR</p>");
    let message = read_in_time("a picture", raw.as_bytes());
    assert_eq!((message.text.as_str(), message.is_truncated), ("Total\n\n12,00 EUR", false));
}

#[test]
fn a_long_text_is_cut_and_says_so() {
    for kind in ["plain", "html"] {
        let raw = format!("Content-Type: text/{kind}\n\n{}", "Total 12,00 EUR \n".repeat(25_000_000 / 17));
        let message = read_in_time(kind, raw.as_bytes());
        assert!(message.is_truncated && message.text.starts_with("Total 12,00 EUR"), "{kind}");
    }
}

#[test]
fn a_mail_of_very_many_parts_is_read_in_time() {
    for kind in ["plain", "html"] {
        let mut raw = "Content-Type: multipart/mixed; boundary=b\n\n".to_owned();
        for number in 0.. {
            if raw.len() >= SIZE / 2 {
                break;
            }
            let _ = write!(raw, "--b\nContent-Type: text/{kind}\n\nTotal {number}\n");
        }
        let message = read_in_time(kind, raw.as_bytes());
        assert!(message.text.starts_with("Total 0\n\nTotal 1\n"), "{kind}: {:?}", message.text.get(..40));
    }
}

#[test]
fn mails_within_mails_within_mails_are_read_in_time() {
    let nested = "Content-Type: message/rfc822\n\n".repeat(SIZE / 30);
    for head in [
        "",
        "Content-Type: multipart/digest; boundary=b\n\n--b\n\n",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent - type :\n\tMESSAGE/global\n\n",
        "Content-Type: multipart/mixed; boundary=b\n\n--bContent-Type: message/rfc822\n\n",
    ] {
        read_in_time(head, format!("Subject: x\n{head}{nested}").as_bytes());
    }
    let encoded = STANDARD.encode(&nested);
    let head = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n";
    read_in_time("in base64", format!("{head}{encoded}").as_bytes());
    let many = "--b\nContent-Type: message/rfc822\n\nSubject: x\n\nx\n".repeat(SIZE / 100);
    let many = format!("Content-Type: multipart/mixed; boundary=b\n\n{many}");
    let encoded = STANDARD.encode(&many);
    read_in_time("many in base64", format!("{head}{encoded}").as_bytes());
}

#[test]
fn parts_that_announce_parts_which_never_come_are_read_in_time() {
    let parts: String = "--b\nContent-Type: multipart/mixed; boundary=never\n\nx\n".repeat(SIZE / 50);
    let raw = format!("Content-Type: multipart/mixed; boundary=b\n\n{parts}");
    read_in_time("boundaries", raw.as_bytes());
}

#[test]
fn a_field_of_millions_of_parameters_is_read_in_time() {
    type Piece = fn(usize) -> String;
    let pieces: [Piece; 4] = [
        |_| "a*1=b;".to_owned(),
        |_| "\n b*2*=c;".to_owned(),
        |n| format!("p{n:x}*1=b;"),
        |n| format!("p{n:x}*=a'b'c;"),
    ];
    for piece in pieces {
        let mut field = String::new();
        for number in 0.. {
            if field.len() >= SIZE {
                break;
            }
            field.push_str(&piece(number));
        }
        read_in_time("type", format!("Content-Type: text/plain; {field}\n\nx").as_bytes());
        read_in_time("disposition", format!("Content-Disposition: attachment; {field}\n\nx").as_bytes());
    }
}

#[test]
fn words_that_never_end_are_read_in_time() {
    for name in [
        "Subject",
        "From",
        "To",
        "Cc",
        "Content-Type: a/b; name",
        "Content-Description",
        "Message-ID",
        "Received",
    ] {
        for piece in ["=?aa?q?x", "=?aa?q?x ", "=?utf-8?b?YQ", "=?=?"] {
            let value = piece.repeat(SOME / piece.len());
            read_in_time(name, format!("{name}: {value}\n\nx").as_bytes());
            let part = format!("--b\n{name}: {}\n\nx\n", piece.repeat(25_000 / piece.len()));
            let parts = part.repeat(SOME / part.len());
            read_in_time(name, format!("Content-Type: multipart/mixed; boundary=b\n\n{parts}").as_bytes());
        }
        let part = format!("--b\nContent-Type: text/plain; name= {}\n\nx\n", "=?aa?q?x".repeat(120));
        let parts = part.repeat(SOME / part.len());
        read_in_time("names", format!("Content-Type: multipart/mixed; boundary=b\n\n{parts}").as_bytes());
    }
}
