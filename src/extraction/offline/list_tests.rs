//! Invented mails about several events, about no event, and in currencies that only the rest of the mail names.

use chrono::NaiveDate;

use super::*;

fn read(mail: &MailView<'_>) -> (Kind, Vec<String>) {
    let reading = extract(mail);
    let shown = |draft: &Draft| {
        format!(
            "{}{} {} {}",
            if draft.direction.as_ref().unwrap().value == Direction::In { "+" } else { "-" },
            draft.amount.as_ref().unwrap().value,
            draft.currency.as_ref().map_or("?", |currency| currency.value.code()),
            draft.merchant.as_ref().map_or("?", |merchant| &merchant.value),
        )
    };
    (reading.kind, reading.drafts.iter().map(shown).collect())
}

fn mail(text: &str) -> MailView<'_> {
    MailView { text, sent_on: NaiveDate::from_ymd_opt(2026, 11, 9), ..MailView::default() }
}

#[test]
fn a_list_gives_a_draft_for_each_line_in_its_order_and_none_for_the_total() {
    for text in [
        "Two payments on 9 November 2026\n09:10\tLamp Shop\tEUR 8.00\n11:45\tBlue Door\tEUR 3.50\nAll\tEUR 11.50",
        "Your payments today\nLamp Shop\tEUR 8.00\nBlue Door\tEUR 3.50\nTogether\tEUR 11.50",
        "You spent EUR 8.00 at Lamp Shop.\nYou spent EUR 3.50 at Blue Door.\nTotal spent: EUR 11.50",
    ] {
        assert_eq!(read(&mail(text)).1, ["-8 EUR Lamp Shop", "-3.5 EUR Blue Door"], "{text}");
    }
}

#[test]
fn a_line_of_a_list_may_say_another_direction_and_day() {
    let text = "Your payments\n07.11.2026 EUR 8.00 Lamp Shop\n08.11.2026 + EUR 3.50 Blue Door";
    assert_eq!(read(&mail(text)).1, ["-8 EUR Lamp Shop", "+3.5 EUR Blue Door"]);
    let days = extract(&mail(text)).drafts.into_iter().map(|draft| draft.date.unwrap().value.to_string());
    assert_eq!(days.collect::<Vec<_>>(), ["2026-11-07", "2026-11-08"]);
}

#[test]
fn the_goods_of_a_receipt_are_no_events() {
    let text = "Thank you for your purchase\nTulips\tEUR 20.00\nVase\tEUR 9.00\nTotal\tEUR 29.00";
    assert_eq!(read(&mail(text)).1.len(), 1);
    assert!(read(&mail(text)).1[0].starts_with("-29 EUR"));
}

#[test]
fn one_payment_told_twice_is_one() {
    let text = "You spent EUR 8.00 at Lamp Shop.\nPurchase of EUR 8.00 at Lamp Shop.";
    assert_eq!(read(&mail(text)).1.len(), 1);
}

#[test]
fn the_lines_of_a_statement_do_not_book() {
    let text = "Your monthly statement\n01.11.2026 EUR 8.00 spent at Lamp Shop\n02.11.2026 EUR 3.50 spent at Blue Door";
    assert_eq!(read(&mail(text)), (Kind::Statement, Vec::new()));
}

#[test]
fn a_request_for_money_is_no_income() {
    for text in [
        "Ada Lind asks you for EUR 12.00",
        "Ada Lind has sent you a request for EUR 12.00.",
        "Ada Lind bittet dich um 12,00 EUR",
        "Ada Lind te pide 12,00 EUR",
    ] {
        assert_eq!(read(&mail(text)), (Kind::PaymentRequest, Vec::new()), "{text}");
    }
}

#[test]
fn an_offer_that_opens_a_mail_is_advertising_and_the_foot_of_an_alert_is_not() {
    let offer = MailView {
        subject: Some("A pre-approved loan of EUR 9,000 is yours"),
        text: "Pay just EUR 99 a month. Spend EUR 50 this week and get EUR 5 cashback. Apply now.",
        ..MailView::default()
    };
    assert_eq!(read(&offer), (Kind::Marketing, Vec::new()));
    let alert = "You spent EUR 8.00 at Lamp Shop.\n\nPre-approved loan waiting? Apply now, limited time.";
    assert_eq!(read(&mail(alert)).1, ["-8 EUR Lamp Shop"]);
}

#[test]
fn a_refusal_in_the_small_print_refuses_nothing() {
    let text = "You spent EUR 8.00 at Lamp Shop. If your payment is declined, call us.";
    assert_eq!(read(&mail(text)).1, ["-8 EUR Lamp Shop"]);
    let far = format!(
        "You spent EUR 8.00 at Lamp Shop.\n{}\nPayments are declined abroad.",
        "Good to know. ".repeat(20)
    );
    assert_eq!(read(&mail(&far)).1, ["-8 EUR Lamp Shop"]);
    let said = "Your payment of EUR 8.00 at Lamp Shop was declined. You spent nothing.";
    assert_eq!(read(&mail(said)), (Kind::Declined, Vec::new()));
}

#[test]
fn what_was_billed_is_the_amount_and_what_was_charged_is_kept() {
    let in_labels = "You paid at Lamp Shop.\nOriginal amount: CZK 500.00\nBilled to you: EUR 20.31\nRate: 1 EUR = 24.6184 CZK";
    let in_a_sentence = "You spent CZK 500.00 at Lamp Shop, charged to you EUR 20.31.";
    let in_brackets = "You spent CZK 500.00 (EUR 20.31) at Lamp Shop.";
    for text in [in_labels, in_a_sentence, in_brackets] {
        let home_currency = Currency::parse("EUR");
        let draft = extract(&MailView { home_currency, ..mail(text) }).drafts.remove(0);
        let money = |amount: Option<Field<rust_decimal::Decimal>>, currency: Option<Field<Currency>>| {
            format!("{} {}", amount.unwrap().value, currency.unwrap().value.code())
        };
        assert_eq!(money(draft.amount, draft.currency), "20.31 EUR", "{text}");
        assert_eq!(money(draft.original_amount, draft.original_currency), "500 CZK", "{text}");
    }
}

#[test]
fn an_amount_in_one_currency_has_no_original() {
    let draft = extract(&mail("You spent EUR 8.00 at Lamp Shop. Balance: EUR 90.00")).drafts.remove(0);
    assert_eq!((draft.original_amount, draft.original_currency), (None, None));
}

#[test]
fn a_shared_sign_is_read_by_what_the_mail_itself_says() {
    for (text, expected) in [
        ("Compra por $20.900 COP en Lamp Shop", "-20900 COP Lamp Shop"),
        ("Compra por $20.900 en Lamp Shop. Banco Luna, Bogotá", "-20900 COP Lamp Shop"),
        ("Insättning på ditt konto: 20,00 kr. Belopp tillgängligt nu", "+20 SEK"),
        ("A purchase of $8.00 was made at Lamp Shop on 11/09/2026. Hill Credit Union", "-8 USD Lamp Shop"),
        ("A purchase of $8.00 was made at Lamp Shop on 09/11/2026. Hill Credit Union", "-8 ? Lamp Shop"),
        ("You spent $8.00 at Lamp Shop", "-8 ? Lamp Shop"),
        ("You spent £8.00 at Lamp Shop", "-8 GBP Lamp Shop"),
        ("ご利用金額：３，８５０円\nご利用先：青空書店", "-3850 JPY 青空書店"),
        ("ご利用金額：￥３，８５０\nご利用先：青空書店", "-3850 JPY 青空書店"),
        ("تمت عملية شراء بمبلغ ١٢٫٧٥٠ د.ك لدى مكتبة النور", "-12.75 KWD مكتبة النور"),
    ] {
        let read = read(&mail(text)).1;
        assert!(read.len() == 1 && read[0].starts_with(expected), "{text}: {read:?}");
    }
}

#[test]
fn a_dollar_home_reads_a_bare_dollar_sign() {
    let home_currency = Currency::parse("AUD");
    let text = MailView { home_currency, ..mail("You spent $8.00 at Lamp Shop") };
    assert_eq!(read(&text).1, ["-8 AUD Lamp Shop"]);
}

#[test]
fn a_name_holds_no_article_no_number_and_no_little_word_at_its_end() {
    for (text, expected) in [
        ("You spent EUR 8.00 at Casa del Sol on 09/11/2026", "-8 EUR Casa del Sol"),
        ("Vous avez payé 8,00 EUR chez Brasserie du Pont le 09/11/2026", "-8 EUR Brasserie du Pont"),
        ("Your card was authorised at LAMP SHOP 4 for EUR 8.00", "-8 EUR LAMP SHOP 4"),
    ] {
        assert_eq!(read(&mail(text)).1, [expected], "{text}");
    }
}

#[test]
fn the_sender_of_a_receipt_is_its_shop() {
    let sender_name = Some("Lamp Shop");
    let receipt = MailView { sender_name, ..mail("Thank you for your purchase.\nTotal paid EUR 8.00") };
    assert_eq!(read(&receipt).1, ["-8 EUR Lamp Shop"]);
    let alert = MailView { sender_name: Some("Hill Bank"), ..mail("EUR 8.00 was debited from your account") };
    assert!(!read(&alert).1[0].contains("Hill Bank"));
}
