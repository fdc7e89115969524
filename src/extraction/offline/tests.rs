//! Invented mails in many languages, read.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::extraction::draft::Source;

fn read_in(text: &str, country: Option<&str>) -> (Kind, String) {
    let mail =
        MailView { text, country, sent_on: NaiveDate::from_ymd_opt(2026, 3, 10), ..MailView::default() };
    let reading = extract(&mail);
    let Some(draft) = reading.drafts.first() else { return (reading.kind, String::new()) };
    let direction = draft.direction.as_ref().map(|field| field.value);
    let shown = format!(
        "{} {} {}",
        if direction == Some(Direction::In) { "+" } else { "-" },
        draft.amount.as_ref().unwrap().value,
        draft.currency.as_ref().map_or("?", |field| field.value.code()),
    );
    (reading.kind, shown)
}

fn range_of(span: Span) -> Range<usize> {
    usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap()
}

fn read(text: &str) -> String {
    read_in(text, None).1
}

#[test]
fn payments_are_read_in_many_languages() {
    for (text, expected) in [
        (
            "You spent EUR 4.20 at Blue Door Coffee with card **7731. Available balance: EUR 812.10",
            "- 4.2 EUR",
        ),
        (
            "Kartenzahlung über 1.204,50 EUR bei Möbel Nordlicht am 09.03.2026. Kontostand: 88,10 EUR",
            "- 1204.5 EUR",
        ),
        ("Vous avez payé 12,30 € chez Boulangerie du Pont le 09/03/2026", "- 12.3 EUR"),
        ("Compra aprobada por 25,00 EUR en Ferretería Luna. Saldo disponible: 310,00 EUR", "- 25 EUR"),
        ("Compra no débito de R$ 54,90 em Padaria Sol. Saldo: R$ 1.200,00", "- 54.9 BRL"),
        ("Hai pagato 8,00 EUR presso Bar Stella con la carta *4411", "- 8 EUR"),
        ("Betaling van € 17,95 bij Groenteboer Jan met pas 881", "- 17.95 EUR"),
        ("Płatność kartą 45,00 PLN w Sklep Zielony. Dostępne środki: 900,00 PLN", "- 45 PLN"),
        ("Platba kartou 350,00 Kč u obchodníka Knihy Javor, zůstatek 1 250,00 Kč", "- 350 CZK"),
        ("Kartınızla 120,50 TL tutarında alışveriş yapıldı: Çiçek Market", "- 120.5 TRY"),
        ("Покупка 540.00 RUB КНИЖНЫЙ ДВОР. Баланс 12 000.50 RUB", "- 540 RUB"),
        ("Оплата 99,00 грн Пекарня Колос. Доступно 1 000,00 грн", "- 99 UAH"),
        ("Kortköp 89,00 SEK hos Bageri Björk. Saldo 1 200,00 SEK", "- 89 SEK"),
        ("Korttiosto 12,40 EUR, Kahvila Koivu. Käytettävissä 80,00 EUR", "- 12.4 EUR"),
        ("Pembayaran berhasil Rp 25.000 di Warung Melati. Saldo Rp 300.000", "- 25000 IDR"),
        ("Thanh toán 150.000 VND tại Quán Sen. Số dư 2.000.000 VND", "- 150000 VND"),
        ("شراء بمبلغ ٧٥٫٥٠ SAR لدى مكتبة النور. الرصيد 900.00 SAR", "- 75.5 SAR"),
        ("ご利用金額 1,280円 ご利用店名 青空書店", "- 1280 JPY"),
        ("您尾号7001的卡消费人民币58.00元，余额900.00元", "- 58 CNY"),
        ("체크카드승인 12,000원 푸른서점 잔액 300,000원", "- 12000 KRW"),
        ("KD 24.655 was spent at Palm Books", "- 24.655 KWD"),
        ("Rs 1,23,456.00 debited. Balance: INR 500.00", "- 123456 INR"),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn money_in_is_told_from_money_out() {
    for (text, expected) in [
        ("EUR 100.00 was credited to your account **2210 from Ada Lind", "+ 100 EUR"),
        ("Gutschrift: 100,00 EUR von Ada Lind", "+ 100 EUR"),
        ("Vous avez reçu 100,00 € de Ada Lind", "+ 100 EUR"),
        ("Зачисление 100.00 RUB. Баланс 250.00 RUB", "+ 100 RUB"),
        ("Your refund of EUR 9.99 from Lamp Shop has been processed", "+ 9.99 EUR"),
        ("Amt: 500.00 CR NGN Bal: NGN 900.00", "+ 500 ?"),
        ("Amount: -19.80 EUR, card **7731, Lamp Shop", "- 19.8 EUR"),
    ] {
        assert_eq!(read(text).replace("NGN", "?"), expected, "{text}");
    }
}

#[test]
fn what_moved_no_money_says_why() {
    for (text, kind) in [
        ("Your code is 481516. Payment of EUR 20.00 at Lamp Shop.", Kind::OneTimePassword),
        ("Никому не сообщайте код: 4815. Оплата 20.00 RUB", Kind::OneTimePassword),
        ("Purchase of EUR 20.00 at Lamp Shop was declined: insufficient funds", Kind::Declined),
        ("Kartenzahlung über 20,00 EUR wurde abgelehnt", Kind::Declined),
        ("EUR 20.00 will be debited from your account on 12/03/2026", Kind::BillDue),
        ("Ihre Rechnung über 20,00 EUR ist fällig am 12.03.2026", Kind::BillDue),
        ("Ada Lind has requested EUR 20.00", Kind::PaymentRequest),
        ("New login from a new device", Kind::Security),
        ("Your balance is EUR 20.00", Kind::Balance),
        ("See you on Friday", Kind::Unrelated),
    ] {
        assert_eq!(read_in(text, None), (kind, String::new()), "{text}");
    }
}

#[test]
fn a_shared_sign_is_a_currency_only_with_a_hint() {
    assert_eq!(read("You spent $12.00 at Lamp Shop"), "- 12 ?");
    assert_eq!(read_in("You spent $12.00 at Lamp Shop", Some("ca")).1, "- 12 CAD");
    assert_eq!(read_in("Pagaste $20.900 en Tienda Sol", Some("co")).1, "- 20900 COP");
    assert_eq!(read("You spent $12.00 at Lamp Shop. Balance: USD 80.00"), "- 12 USD");
}

#[test]
fn the_other_fields_are_read_with_their_places() {
    let text = "🙂 You spent EUR 4.20 at Blue Door Coffee on 09/03/2026 with your card **7731. Ref no: AB12345. Balance: EUR 812.10";
    let mail = MailView { text, sent_on: NaiveDate::from_ymd_opt(2026, 3, 10), ..MailView::default() };
    let draft = extract(&mail).drafts.remove(0);
    let units: Vec<u16> = text.encode_utf16().collect();
    let at = |span: Span| String::from_utf16(&units[range_of(span)]).unwrap();
    assert_eq!(at(draft.amount.unwrap().span), "4.20");
    assert_eq!(at(draft.currency.unwrap().span), "EUR");
    assert_eq!(at(draft.balance.unwrap().span), "812.10");
    let date = draft.date.unwrap();
    assert_eq!((date.value.to_string().as_str(), at(date.span).as_str()), ("2026-03-09", "09/03/2026"));
    assert_eq!(draft.account_mask.unwrap().value, "7731");
    assert_eq!(draft.reference.unwrap().value, "AB12345");
    let merchant = draft.merchant.unwrap();
    assert_eq!((merchant.value.as_str(), merchant.span.source), ("Blue Door Coffee", Source::Text));
}

#[test]
fn an_amount_in_the_subject_is_read_from_there() {
    let mail = MailView {
        text: "Thank you.",
        subject: Some("You paid EUR 7.00 to Lamp Shop"),
        ..MailView::default()
    };
    let draft = extract(&mail).drafts.remove(0);
    assert_eq!(draft.amount.unwrap().span, Span { start: 13, end: 17, source: Source::Subject });
}

#[test]
fn the_total_of_a_receipt_counts() {
    let text = "Receipt\nTulips\t20.00 EUR\nPost\t3.40 EUR\nSubtotal\t23.40 EUR\nVAT\t3.74 EUR\nTotal\t27.14 EUR\nNo refund.";
    assert_eq!(read_in(text, None), (Kind::Purchase, "- 27.14 EUR".to_owned()));
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic_and_no_amount_is_invented(
        text in "(EUR|\\$|[0-9]{1,4}|[.,' -]|spent|credited|total|balance|код|消费|円|\n|\\PC){0,40}",
    ) {
        let reading = extract(&MailView { text: &text, ..MailView::default() });
        for draft in reading.drafts {
            let amount = draft.amount.unwrap();
            let units: Vec<u16> = text.encode_utf16().collect();
            let place = String::from_utf16(&units[range_of(amount.span)]).unwrap();
            let digits = |text: &str| fold(text).chars().filter(char::is_ascii_digit).collect::<String>();
            let expected = digits(&amount.value.to_string());
            let printed = digits(&place);
            prop_assert_eq!(printed.trim_matches('0'), expected.trim_matches('0'));
        }
    }
}
