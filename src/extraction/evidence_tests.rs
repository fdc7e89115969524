//! The gate, with invented mails.

use super::*;
use crate::extraction::offline;
use crate::money::Currency;

fn mail(text: &str) -> MailView<'_> {
    MailView { text, sent_on: NaiveDate::from_ymd_opt(2026, 3, 10), ..MailView::default() }
}

fn verdict_of(mail: &MailView<'_>, change: impl FnOnce(&mut Draft)) -> Verdict {
    let reading = offline::extract(mail);
    let mut draft = reading.drafts.first().cloned().unwrap_or_default();
    change(&mut draft);
    judge(mail, Authenticity::Unverified, reading.kind, &draft)
}

fn review(reason: Reason) -> Verdict {
    Verdict::Review { reason }
}

const COFFEE: &str = "You spent EUR 4.20 at Blue Door Coffee on 09/03/2026 with your card **7731.";

#[test]
fn a_clear_purchase_books() {
    assert_eq!(verdict_of(&mail(COFFEE), |_| ()), Verdict::Book);
}

#[test]
fn an_amount_that_does_not_stand_at_its_place_is_reviewed() {
    let changed =
        verdict_of(&mail(COFFEE), |draft| draft.amount.as_mut().unwrap().value += rust_decimal::Decimal::ONE);
    assert_eq!(changed, review(Reason::AmountNotInMail));
    let moved = verdict_of(&mail(COFFEE), |draft| draft.amount.as_mut().unwrap().span.end = 9999);
    assert_eq!(moved, review(Reason::AmountNotInMail));
}

#[test]
fn the_right_digits_with_the_point_elsewhere_are_another_amount() {
    let read_as = |text: &str, value: &str| {
        verdict_of(&mail(text), |draft| draft.amount.as_mut().unwrap().value = value.parse().unwrap())
    };
    for value in ["42", "0.42", "420", "4200"] {
        assert_eq!(read_as(COFFEE, value), review(Reason::AmountNotInMail), "{value}");
    }
    let large = "You spent EUR 1,250.00 at Big Shop on 09/03/2026";
    assert_eq!(read_as(large, "1250"), Verdict::Book);
    for value in ["125", "12.5", "125000", "1.25"] {
        assert_eq!(read_as(large, value), review(Reason::AmountNotInMail), "{value}");
    }
    for (printed, value) in [
        ("1.250,00", "1250"),
        ("1 250,00", "1250"),
        ("1'250.00", "1250"),
        ("12,5", "12.5"),
        ("1,25,000.00", "125000"),
    ] {
        let text = format!("You spent EUR {printed} at Big Shop on 09/03/2026");
        assert_eq!(read_as(&text, value), Verdict::Book, "{printed}");
    }
}

#[test]
fn an_amount_that_is_finer_than_its_currency_is_reviewed() {
    let text = "You spent USD 1,234.567 at Big Shop on 09/03/2026";
    assert_eq!(verdict_of(&mail(text), |_| ()), review(Reason::AmountAmbiguous));
    let cloud = "You spent USD 0.017 at Cloud Shop on 09/03/2026";
    assert_eq!(verdict_of(&mail(cloud), |_| ()), Verdict::Book);
}

#[test]
fn a_mail_whose_own_date_cannot_be_right_is_reviewed() {
    let undated = MailView { sent_on: None, ..mail(COFFEE) };
    assert_eq!(verdict_of(&undated, |_| ()), review(Reason::DateUnclear));
}

#[test]
fn zero_is_refused() {
    let zero =
        verdict_of(&mail(COFFEE), |draft| draft.amount.as_mut().unwrap().value = rust_decimal::Decimal::ZERO);
    assert_eq!(zero, review(Reason::AmountNotPositive));
}

#[test]
fn dates_far_from_the_mail_are_reviewed() {
    let on = |year, month, day| {
        verdict_of(&mail(COFFEE), |draft| {
            draft.date.as_mut().unwrap().value = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        })
    };
    assert_eq!(on(2026, 3, 12), Verdict::Book);
    assert_eq!(on(2026, 3, 13), review(Reason::DateInFuture));
    assert_eq!(on(2025, 2, 3), Verdict::Book);
    assert_eq!(on(2025, 2, 2), review(Reason::DateTooOld));
}

#[test]
fn a_mail_with_a_false_sender_never_books() {
    let mail = mail(COFFEE);
    let reading = offline::extract(&mail);
    let verdict = judge(&mail, Authenticity::Failed, reading.kind, &reading.drafts[0]);
    assert_eq!(verdict, review(Reason::SenderNotAuthentic));
}

#[test]
fn a_currency_that_is_only_inferred_books_when_the_account_says_so() {
    let text = "Your a/c XX4412 is debited by 250.00 on 09-03-2026 to Corner Stall";
    let rupee = [Currency::parse("INR").unwrap()];
    assert_eq!(verdict_of(&MailView { account_currencies: &rupee, ..mail(text) }, |_| ()), Verdict::Book);
    assert_eq!(
        verdict_of(&MailView { country: Some("in"), ..mail(text) }, |_| ()),
        review(Reason::CurrencyUnclear)
    );
    assert_eq!(verdict_of(&mail(text), |_| ()), review(Reason::CurrencyUnclear));
    let home = MailView { home_currency: Currency::parse("INR"), ..mail(text) };
    assert_eq!(
        verdict_of(&home, |_| ()),
        review(Reason::CurrencyUnclear),
        "the user's own currency is no evidence"
    );
}

#[test]
fn three_digits_behind_a_dot_are_reviewed_where_they_may_be_either() {
    let text = "You spent USD 1.234 at Big Shop on 09/03/2026";
    assert_eq!(verdict_of(&mail(text), |_| ()), review(Reason::AmountAmbiguous));
    let pesos = "Compra por COP 20.900 en Tienda Sol el 09/03/2026";
    assert_eq!(verdict_of(&MailView { country: Some("co"), ..mail(pesos) }, |_| ()), Verdict::Book);
}

#[test]
fn what_does_not_book_is_reviewed_with_its_kind() {
    for text in [
        "Payment of EUR 12.00 was declined at Kiosk",
        "Your bill of EUR 12.00 is due on 12/03/2026",
        "123456 is your OTP for EUR 12.00 at Kiosk",
    ] {
        assert_eq!(verdict_of(&mail(text), |_| ()), review(Reason::KindDoesNotBook), "{text}");
    }
}

#[test]
fn dots_group_thousands_where_the_currency_is_always_written_so() {
    let pesos = mail("Compra por $20.900 COP en Tienda Sol");
    assert_eq!(verdict_of(&pesos, |_| ()), Verdict::Book);
    let dollars = mail("You spent USD 20.900 at Lamp Shop");
    assert_eq!(verdict_of(&dollars, |_| ()), review(Reason::AmountAmbiguous));
}
