//! Invented mails of every build, taken apart.

use super::*;

/// Each leaf: its type, whether it is shown, its text.
fn taken_apart(raw: &str) -> Vec<(String, Option<Shown>, String)> {
    leaves(raw.as_bytes()).map(|part| (part.media_type(), part.shown(), part.text())).collect()
}

fn shown(raw: &str) -> Vec<String> {
    taken_apart(raw).into_iter().filter(|(_, shown, _)| shown.is_some()).map(|(_, _, text)| text).collect()
}

#[test]
fn a_mail_without_multiparts_is_one_part() {
    for (raw, text) in [
        ("Subject: a\n\nTotal\n", "Total\n"),
        ("Subject: a\r\n\r\nTotal\r\n", "Total\r\n"),
        ("\nTotal", "Total"),
        ("Subject: a\n", ""),
        ("no head at all", "no head at all"),
        ("no head\n\nat all\n", "no head\n\nat all\n"),
        ("", ""),
    ] {
        assert_eq!(
            taken_apart(raw),
            [("text/plain".to_owned(), Some(Shown::Plain), text.to_owned())],
            "{raw:?}"
        );
    }
}

#[test]
fn parts_end_before_the_line_break_of_their_delimiter() {
    let raw = "Content-Type: multipart/mixed; boundary=\"b c \"\r\n\r\npreamble\r\n--b c\r\n\r\none\r\n\r\n--b c \t\r\n\
        Content-Type: text/html\r\n\r\n<p>two\r\n--b c--\r\nepilogue\r\n--b c\r\n\r\nthree";
    assert_eq!(shown(raw), ["one\r\n", "<p>two"]);
}

#[test]
fn a_boundary_that_begins_like_another_is_another() {
    let raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=b2\n\n\
        --b2\n\none\n--b2--\n--b\n\ntwo -- b\n--bold--\n--b--\n";
    assert_eq!(shown(raw), ["one", "two -- b\n--bold--"]);
}

#[test]
fn an_inner_multipart_that_never_ends_ends_with_the_outer_one() {
    let raw = "Content-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: multipart/mixed; boundary=in\n\n--in\n\none\n\
        --out\n\ntwo";
    assert_eq!(shown(raw), ["one", "two"]);
}

#[test]
fn a_multipart_without_its_boundary_is_shown_as_text() {
    assert_eq!(shown("Content-Type: multipart/mixed; boundary=b\n\nTotal 1.00\n"), ["Total 1.00\n"]);
    assert_eq!(shown("Content-Type: multipart/mixed\n\nTotal 1.00\n"), ["Total 1.00\n"]);
    assert_eq!(
        shown("Content-Type: multipart/mixed; boundary=\"\"\n\n--\nTotal 1.00\n"),
        ["--\nTotal 1.00\n"]
    );
}

#[test]
fn what_a_person_has_to_open_is_not_shown() {
    let part = |head: &str| format!("--b\nContent-Type: {head}\n\n{head}\n");
    let heads = [
        "text/plain; name=first.txt",
        "text/plain",
        "text/plain; name=a.txt",
        "text/plain\nContent-Disposition: attachment",
        "text/calendar",
        "text/rfc822-headers",
        "application/pdf",
        "text/html; name=mail.html\nContent-Disposition: inline",
    ];
    let raw = format!("Content-Type: multipart/mixed; boundary=b\n\n{}--b--", heads.map(part).concat());
    assert_eq!(shown(&raw), [heads[0], heads[1], heads[7]]);
    let raw = raw.replace("multipart/mixed", "multipart/related");
    assert_eq!(shown(&raw), [heads[0], heads[7]]);
    let raw = raw.replace("multipart/related", "multipart/alternative");
    assert_eq!(shown(&raw), [heads[0], heads[1], heads[2], heads[3], heads[7]]);
    let alone = "Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nTotal";
    assert_eq!(shown(alone), ["Total"], "there is nothing else");
}

#[test]
fn a_related_part_is_about_its_text_wherever_that_stands() {
    let raw = "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: image/png; name=logo.png\n\n\u{1}\n--b\n\
        Content-Type: text/html; name=mail.html\n\n<p>Total\n--b\nContent-Type: text/html\n\n<p>Frame\n--b--";
    assert_eq!(shown(raw), ["<p>Total"]);
}

#[test]
fn heads_are_read_as_mail_programs_write_them() {
    let subject = |raw: &[u8]| {
        let headers = headers(raw)?;
        headers.subject().map(str::to_owned)
    };
    for raw in [
        &b"Subject: a b\n\nx"[..],
        b"Subject: a\r\n b\r\n\r\nx",
        b"Subject: a\r\r\n b\r\r\n\r\r\nx",
        b"\xef\xbb\xbfSubject: a b\n\nx",
        b"\r\n\nSubject: a b\n\nx",
        b"subject : a b\n\nx",
        b"no field\nSubject: a b\nno field\n folded\n\nx",
        b"X-A: 1\nSubject: a b",
        b"Subject: a b\nSubject: another\n\nx",
    ] {
        assert_eq!(subject(raw).as_deref(), Some("a b"), "{:?}", String::from_utf8_lossy(raw));
    }
    assert_eq!(shown("Subject: a\r\r\n\r\r\nTotal\r\r\n"), ["Total\r\r\n"]);
    assert_eq!(shown("\n\nSubject: a\n\nTotal"), ["Total"]);
}

#[test]
fn a_part_that_forgot_its_empty_line_is_all_text() {
    for text in ["Your card was charged 62.50 EUR.", "Hello\n\nTotal 1.00", "Total: 1.00\nDate: today\n\nBye"]
    {
        let raw = format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n{text}\n--b--");
        assert_eq!(shown(&raw), [text]);
    }
    assert_eq!(shown("Your card was charged 62.50 EUR."), ["Your card was charged 62.50 EUR."]);
}

#[test]
fn parts_of_a_digest_are_mails() {
    let raw = "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: in\n\none\n--b\nContent-Type: text/plain\n\ntwo\n--b--";
    let kinds: Vec<bool> = leaves(raw.as_bytes()).map(|part| part.is_mail()).collect();
    assert_eq!(kinds, [true, false]);
}

#[test]
fn charsets_and_encodings_are_undone() {
    let read = |head: &str, body: &[u8]| {
        let raw = [format!("Content-Type: text/plain; charset={head}\n\n").as_bytes(), body].concat();
        leaves(&raw).map(|part| part.text()).collect::<String>()
    };
    assert_eq!(read("iso-8859-1", b"12 \xa3"), "12 £");
    assert_eq!(read("windows-1252\nContent-Transfer-Encoding: quoted-printable", b"=80"), "€");
    assert_eq!(read("UTF-16LE\nContent-Transfer-Encoding: base64", b"rCA="), "€");
    assert_eq!(read("no-such-charset", "12 €".as_bytes()), "12 €");
}

#[test]
fn the_deepest_multiparts_are_text() {
    let head = |depth: usize| format!("Content-Type: multipart/mixed; boundary={depth}\n\n--{depth}\n");
    let raw = (0..=DEEPEST).map(head).collect::<Vec<_>>().concat();
    let parts = taken_apart(&format!("{raw}\nTotal"));
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].0, "multipart/mixed");
    assert!(parts[0].2.ends_with("Total"));
}
