//! Holds the fingerprint still: ten invented messages and what they give.

use proptest::prelude::*;

use super::*;

fn hex(raw: &str) -> String {
    fingerprint(raw.as_bytes()).map(|byte| format!("{byte:02x}")).concat()
}

const PLAIN: &str = "Message-ID: <1@shop.example>\nFrom: Shop <Hello@Shop.example>\nDate: Mon, 5 Jan 2026 10:00:00 +0100\nSubject: Your receipt\n\nTotal 12.00 EUR\n";
const MULTIPART: &str = "Message-ID: <2@shop.example>\nFrom: hello@shop.example\nSubject: Two parts\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nTotal 12.00 EUR\n--b\nContent-Type: TEXT/HTML; charset=utf-8\n\n<b>Total</b> 12.00 EUR\n--b--\n";
const BASE64: &str = "From: a@b.example\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nVG90YWwgMTIuMDAg\n4oKs\n";
const QUOTED: &str = "From: a@b.example\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nTotal=20Betrag =\n12,00=80\n";

#[test]
fn ten_messages_keep_their_fingerprints() {
    let messages = [
        PLAIN.to_owned(),
        MULTIPART.to_owned(),
        BASE64.to_owned(),
        QUOTED.to_owned(),
        String::new(),
        "no header at all".to_owned(),
        "Subject: =?utf-8?q?Caf=C3=A9?=\n folded\n\nbody\n\n\n".to_owned(),
        "From: \"A <B>\" <c@d.example>\nSubject:\n\n".to_owned(),
        format!("Subject: Fwd\nContent-Type: message/rfc822\n\n{PLAIN}"),
        "Message-ID: <3@x.example>\nContent-Type: application/pdf\nContent-Transfer-Encoding: BASE64\n\nJVBERg==\n"
            .to_owned(),
    ];
    let all: Vec<String> = messages.iter().map(|message| hex(message)).collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    3daaa0a9ebd0c4d336df1522bdf64482bdb9ed2fff175d1ad78c6fb8c37c9f25
    699bd088277f5e836db51680280a47e13b0aed8d7e196724a27ed3ab38d505ac
    a126d51771ed0490cffa0e1f9fc53c66a6e76eaf3322801c8cc2907a85ed18ee
    831afef855a358ec16eb52719f50c71f89d688997212e0dadd3a35695c7c8b4f
    2c34ce1df23b838c5abf2a7f6437cca3d3067ed509ff25f11df6b11b582b51eb
    2683f59d4ba7936fff6ad09d65ba880d2105630e02c82a0378da2e6c8c661812
    249214a159e3b5084c5940075a73613f537b50032f9e85b1d30bd8f83ed1417b
    ad57957dd6f0210f823feb765387b365defe82a550f7152d3a65dcd21ba7d4cc
    e9b6694e47195ac9ff834cc6cfc7d0f064cb59d98b21e783335cec9710e76da4
    c5cfbbac0b82628f0e6fd65521ac38efc90608cd96d9b71fb389d38d729d9f84
    ");
}

#[test]
fn line_ends_and_trailing_newlines_make_no_difference() {
    assert_eq!(hex(PLAIN), hex(&PLAIN.replace('\n', "\r\n")));
    assert_eq!(hex(MULTIPART), hex(&MULTIPART.replace('\n', "\r\n")));
    assert_eq!(hex(PLAIN), hex(&format!("{PLAIN}\n\n")));
}

#[test]
fn headers_on_the_way_make_no_difference() {
    assert_eq!(hex(PLAIN), hex(&format!("Received: from x\nX-Gmail-Labels: Inbox\n{PLAIN}")));
}

#[test]
fn each_component_makes_a_difference() {
    for (from, to) in [
        ("1@shop", "2@shop"),
        ("Hello@Shop", "hi@shop"),
        ("10:00:00", "10:00:01"),
        ("receipt", "receipts"),
        ("12.00", "12.01"),
    ] {
        assert_ne!(hex(PLAIN), hex(&PLAIN.replace(from, to)), "{from}");
    }
}

#[test]
fn a_name_beside_the_address_makes_no_difference() {
    assert_eq!(hex(PLAIN), hex(&PLAIN.replace("Shop <Hello@Shop.example>", "hello@shop.example")));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(raw in prop::collection::vec(any::<u8>(), 0..300)) {
        fingerprint(&raw);
    }

    #[test]
    fn arbitrary_headers_never_panic(raw in "(Content-Type: multipart/mixed; boundary=b|Content-Transfer-Encoding: base64|--b|--b--|\n|\r\n|[ -~]{0,9}){0,30}") {
        fingerprint(raw.as_bytes());
    }
}
