//! The scalars of the schema, and money: exact, and never a float.

use async_graphql::{
    InputObject, InputType, InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value,
};
use chrono::{NaiveDate, SecondsFormat, Utc};

use crate::error::{Error, Result};
use crate::graphql::at_once::Ready;
use crate::graphql::cursor::is_storable;
use crate::money;

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub chrono::DateTime<Utc>);

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// An exact decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal(pub rust_decimal::Decimal);

/// A currency by its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrencyCode(pub String);

/// A moment as RFC 3339 writes it, in UTC, such as `2026-11-21T08:30:00Z`. Another offset may be sent; it is answered
/// in UTC.
#[Scalar(name = "DateTime", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text(value)?;
        let wanted = "it has to be a moment like 2026-11-21T08:30:00Z, in the years 1 to 9999";
        let at = chrono::DateTime::parse_from_rfc3339(&text).map_err(|_| InputValueError::custom(wanted))?;
        let at = at.to_utc();
        if is_storable(at.date_naive()) { Ok(Self(at)) } else { Err(InputValueError::custom(wanted)) }
    }

    fn to_value(&self) -> Value {
        self.printed().into()
    }
}

impl DateTime {
    /// The moment as the scalar writes it.
    pub fn printed(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }
}

/// A day of the calendar, such as `2026-11-21`.
#[Scalar(name = "Date", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text(value)?;
        let wanted = "it has to be a day like 2026-11-21, in the years 1 to 9999";
        let day =
            NaiveDate::parse_from_str(&text, "%Y-%m-%d").map_err(|_| InputValueError::custom(wanted))?;
        if text.len() == 10 && is_storable(day) {
            Ok(Self(day))
        } else {
            Err(InputValueError::custom(wanted))
        }
    }

    fn to_value(&self) -> Value {
        self.0.to_string().into()
    }
}

/// An exact decimal number as text, such as `"-12.50"`: digits, a `-` before them when it is negative, a point between them where it has
/// decimals, and no exponent.
#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = text(value)?;
        let wanted = "it has to be a decimal number as text, like \"12.50\"";
        let number = rust_decimal::Decimal::from_str_exact(&text).ok();
        number.filter(|_| is_plain(&text)).map(Self).ok_or_else(|| InputValueError::custom(wanted))
    }

    fn to_value(&self) -> Value {
        self.0.to_string().into()
    }
}

/// A currency that people pay in, by its three letters of ISO 4217, such as `EUR`. The codes of precious metals, of funds such as `CLF`,
/// and of tests are none.
#[Scalar(name = "CurrencyCode", specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html")]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        let currency = money::Currency::parse(&text(value)?);
        let wanted = "it has to be a currency of ISO 4217 that people pay in, in capitals, like EUR";
        currency.map(Self::from).ok_or_else(|| InputValueError::custom(wanted))
    }

    fn to_value(&self) -> Value {
        self.0.clone().into()
    }
}

/// An exact amount of money in one currency.
#[derive(Clone, Debug, SimpleObject)]
pub struct Money {
    /// How much, in units of the currency and with as many decimals as it has: `"12.50"` for 12 euros and 50 cents.
    amount: Decimal,
    /// Of what.
    currency: CurrencyCode,
}

impl Ready for Money {
    const WAITING: &'static [&'static str] = &[];
}

impl Money {
    /// The amount of a row, with the code of the currency that the row holds.
    pub fn of(amount: rust_decimal::Decimal, code: &str) -> Result<Self> {
        let unlisted = || Error::internal("a row holds a currency that is not listed", code);
        let currency = money::Currency::parse(code).ok_or_else(unlisted)?;
        let amount = Decimal(money::Money { amount, currency }.printed_amount());
        Ok(Self { amount, currency: currency.into() })
    }
}

impl CurrencyCode {
    /// The currency that the scalar has checked.
    pub fn currency(&self) -> Result<money::Currency> {
        let currency = money::Currency::parse(&self.0);
        currency.ok_or_else(|| Error::internal("a scalar let a currency through", self.0.as_str()))
    }
}

/// An exact amount of money in one currency, as it is sent.
#[derive(Clone, Debug, InputObject)]
pub struct MoneyInput {
    /// How much, in units of the currency, with no more decimals than it has: `"12.50"` for 12 euros and 50 cents.
    pub amount: Decimal,
    /// Of what.
    pub currency: CurrencyCode,
}

impl MoneyInput {
    /// The money as the rules take it.
    pub fn parse(&self) -> Result<money::Money> {
        Ok(money::Money { amount: self.amount.0, currency: self.currency.currency()? })
    }
}

impl From<money::Currency> for CurrencyCode {
    fn from(currency: money::Currency) -> Self {
        Self(currency.code().to_owned())
    }
}

/// A number of a row as the schema's Int, which holds 32 bits; a larger one is shown as the largest.
pub fn int(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}

fn text<T: InputType>(value: Value) -> Result<String, InputValueError<T>> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(InputValueError::expected_type(other)),
    }
}

/// True for digits with at most a `-` before them and one point between them.
fn is_plain(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(fraction)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read<T: ScalarType>(text: &str) -> Option<T> {
        T::parse(text.into()).ok()
    }

    fn written<T: ScalarType>(text: &str) -> Option<Value> {
        read::<T>(text).map(|read| ScalarType::to_value(&read))
    }

    fn decimal(text: &str) -> Option<String> {
        read::<Decimal>(text).map(|number| number.0.to_string())
    }

    #[test]
    fn a_decimal_is_digits_and_nothing_else() {
        assert_eq!(decimal("-12.50").as_deref(), Some("-12.50"));
        assert_eq!(decimal("0").as_deref(), Some("0"));
        for text in
            ["", "-", ".5", "5.", "1e3", "1_000", "+1", " 1", "1,5", "0.00000000000000000000000000001"]
        {
            assert_eq!(decimal(text), None, "{text}");
        }
        assert!(<Decimal as ScalarType>::parse(Value::from(12)).is_err());
    }

    #[test]
    fn a_moment_is_answered_in_utc_and_a_day_has_ten_letters() {
        let at = written::<DateTime>("2026-11-21T09:30:00+01:00");
        assert_eq!(at, Some(Value::from("2026-11-21T08:30:00Z")));
        assert_eq!(written::<DateTime>("2026-11-21"), None);
        assert_eq!(written::<DateTime>("0000-12-31T00:00:00Z"), None);
        assert_eq!(written::<Date>("2026-02-28"), Some(Value::from("2026-02-28")));
        for text in ["2026-02-29", "2026-2-8", "26-02-28", "+2026-02-28", "10000-01-01"] {
            assert_eq!(written::<Date>(text), None, "{text}");
        }
    }

    #[test]
    fn money_is_printed_with_the_decimals_of_its_currency() {
        let amount = |number: &str, code| {
            ScalarType::to_value(&Money::of(number.parse().unwrap(), code).unwrap().amount)
        };
        assert_eq!(amount("12.5000", "EUR"), Value::from("12.50"));
        assert_eq!(amount("-1200.0000", "JPY"), Value::from("-1200"));
        assert_eq!(amount("3.1000", "KWD"), Value::from("3.100"));
        assert!(matches!(Money::of(rust_decimal::Decimal::ONE, "ZZZ"), Err(Error::Internal { .. })));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[0-9T:Z.+-]{0,30}|\\PC{0,30}") {
            let _ = (read::<DateTime>(&text), read::<CurrencyCode>(&text));
            if let Some(day) = written::<Date>(&text) {
                prop_assert_eq!(day, Value::from(text.as_str()));
            }
            if let Some(number) = read::<Decimal>(&text) {
                prop_assert!(number.0.to_string().len() <= 32);
            }
        }
    }
}
