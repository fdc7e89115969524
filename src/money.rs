//! Money: exact decimals with a currency that knows its own number of decimal places; never floats.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::{Code, Error, Result};

/// A currency of ISO 4217 that people pay in, by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(&'static str);

impl Currency {
    /// The currency of a code in capitals, such as `EUR`; none when ISO 4217 does not list it.
    pub fn parse(code: &str) -> Option<Self> {
        let at = LETTERS.binary_search(&letters(code)).ok()?;
        CURRENCIES.get(at).copied().map(Self)
    }

    /// The three letters.
    pub fn code(&self) -> &'static str {
        self.0
    }

    /// How many decimal places the smallest unit takes: 2 for most, 0 for the yen, 3 for the dinars.
    pub fn exponent(&self) -> u32 {
        match self.0 {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
            | "VUV" | "XAF" | "XOF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }

    /// Every currency, in the order of the codes.
    pub fn all() -> impl Iterator<Item = Self> {
        CURRENCIES.iter().copied().map(Self)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).ok_or_else(|| de::Error::custom("not a currency of ISO 4217"))
    }
}

/// An exact amount in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// How much, in units of the currency (not in cents).
    pub amount: Decimal,
    /// Of what.
    pub currency: Currency,
}

impl Money {
    /// True when the amount can be stored without loss: at most 4 decimals and 16 digits before them.
    pub fn fits(&self) -> bool {
        let amount = self.amount.normalize();
        amount.scale() <= STORED_DECIMALS && amount.trunc().abs() < Decimal::from(INTEGER_LIMIT)
    }

    /// Whether a person may give this amount, which came in the input field `field`: one that can be stored, with no more decimals
    /// than its currency has. What mails say may be finer, such as the price of a call.
    pub fn check(&self, field: &str) -> Result<()> {
        let decimals = self.currency.exponent();
        if self.amount.normalize().scale() > decimals {
            let message = match decimals {
                0 => format!("{} has no decimals.", self.currency),
                _ => format!("{} has at most {decimals} decimals.", self.currency),
            };
            return Err(Error::rejected(field, Code::Invalid, message));
        }
        if !self.fits() {
            let message = "An amount has at most 16 digits before its decimals.";
            return Err(Error::rejected(field, Code::Invalid, message));
        }
        Ok(())
    }

    /// The amount of a row and its currency, as money is printed; as it stands in the row where the currency is not listed.
    pub fn told(amount: Decimal, code: &str) -> String {
        match Currency::parse(code) {
            Some(currency) => Self { amount, currency }.to_string(),
            None => format!("{} {code}", amount.normalize()),
        }
    }

    /// The amount with the currency's own decimals, and with more where the amount has more, up to four.
    pub fn printed_amount(&self) -> Decimal {
        let shortest = self.amount.normalize();
        let decimals = shortest.scale().clamp(self.currency.exponent(), STORED_DECIMALS);
        let mut shown = shortest.round_dp(decimals);
        shown.rescale(decimals);
        shown
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.printed_amount(), self.currency)
    }
}

/// What a column of type numeric(20,4) keeps.
const STORED_DECIMALS: u32 = 4;
const INTEGER_LIMIT: i64 = 10_000_000_000_000_000;

/// In alphabetical order, which the search relies on. Codes of precious metals, of tests and of funds are left out.
const CURRENCIES: [&str; 155] = [
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD",
    "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY",
    "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP",
    "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG", "HUF", "IDR", "ILS",
    "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD",
    "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU",
    "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN",
    "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK",
    "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP",
    "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VES", "VND", "VUV", "WST", "XAF", "XCD",
    "XOF", "XPF", "YER", "ZAR", "ZMW",
];

/// Each code as a number: every amount of every answer looks its currency up, and numbers compare at once.
const LETTERS: [u32; CURRENCIES.len()] = {
    let mut numbers = [0; CURRENCIES.len()];
    let mut at = 0;
    while at < CURRENCIES.len() {
        numbers[at] = letters(CURRENCIES[at]);
        at += 1;
    }
    numbers
};

/// The bytes of a code as one number, in whose order codes stand as by their letters; 0 where they are not three.
const fn letters(code: &str) -> u32 {
    match *code.as_bytes() {
        [first, second, third] => u32::from_be_bytes([0, first, second, third]),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(amount: &str, code: &str) -> Money {
        Money { amount: amount.parse().unwrap(), currency: Currency::parse(code).unwrap() }
    }

    #[test]
    fn the_table_is_in_order_and_holds_the_exceptions() {
        assert!(LETTERS.is_sorted());
        assert!(Currency::all().all(|currency| Currency::parse(currency.code()) == Some(currency)));
        let with = |decimals| Currency::all().filter(|currency| currency.exponent() == decimals).count();
        assert_eq!((with(0), with(3), with(2)), (15, 7, CURRENCIES.len() - 22));
        assert_eq!(Currency::parse("JPY").map(|currency| currency.exponent()), Some(0));
        assert_eq!(Currency::parse("KWD").map(|currency| currency.exponent()), Some(3));
        assert_eq!(Currency::parse("EUR").map(|currency| currency.exponent()), Some(2));
    }

    #[test]
    fn a_code_that_is_not_listed_or_not_in_capitals_is_no_currency() {
        assert_eq!(Currency::parse("eur"), None);
        assert_eq!(Currency::parse("ZZZ"), None);
        assert_eq!(
            (Currency::parse("CLF"), Currency::parse("UYI"), Currency::parse("XAU")),
            (None, None, None)
        );
        for none in ["", "EU", "EURO", "é1", "\0\0\0"] {
            assert_eq!(Currency::parse(none), None, "{none}");
        }
    }

    #[test]
    fn money_is_printed_with_the_currencys_decimals_or_more() {
        assert_eq!(money("12.5", "EUR").to_string(), "12.50 EUR");
        assert_eq!(money("-12.345", "EUR").to_string(), "-12.345 EUR");
        assert_eq!(money("1200", "JPY").to_string(), "1200 JPY");
        assert_eq!(money("3.1", "KWD").to_string(), "3.100 KWD");
        assert_eq!(money("1.23456", "EUR").to_string(), "1.2346 EUR");
    }

    #[test]
    fn what_a_person_gives_has_the_decimals_of_its_currency() {
        let refusal = |amount, code| money(amount, code).check("amount").err().map(|error| error.to_string());
        for (amount, code) in
            [("1.0000", "JPY"), ("-1.05", "EUR"), ("1.234", "KWD"), ("9999999999999999.99", "EUR")]
        {
            assert_eq!(refusal(amount, code), None, "{amount} {code}");
        }
        assert_eq!(refusal("1.5", "JPY").as_deref(), Some("JPY has no decimals."));
        assert_eq!(refusal("-1.005", "EUR").as_deref(), Some("EUR has at most 2 decimals."));
        assert_eq!(refusal("1.2345", "KWD").as_deref(), Some("KWD has at most 3 decimals."));
        assert!(refusal("10000000000000000", "EUR").is_some());
    }

    #[test]
    fn what_the_column_cannot_hold_does_not_fit() {
        assert!(money("9999999999999999.9999", "EUR").fits());
        assert!(!money("10000000000000000", "EUR").fits());
        assert!(!money("0.00001", "EUR").fits());
        assert!(money("0.10000", "EUR").fits());
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_without_a_panic(text in "\\PC{0,8}") {
            if let Some(currency) = Currency::parse(&text) {
                prop_assert_eq!(currency.code(), text);
            }
        }

        #[test]
        fn what_fits_is_printed_exactly(units in -1_000_000_000_000_i64..1_000_000_000_000, scale in 0_u32..=4) {
            for currency in Currency::all() {
                let money = Money { amount: Decimal::new(units, scale), currency };
                prop_assert!(money.fits());
                let shown = money.to_string();
                let (amount, code) = shown.split_once(' ').unwrap();
                prop_assert_eq!(amount.parse::<Decimal>().unwrap(), money.amount);
                prop_assert_eq!(code, currency.code());
            }
        }

        #[test]
        fn a_currency_survives_its_json(at in 0_usize..CURRENCIES.len()) {
            let currency = Currency::all().nth(at).unwrap();
            let json = serde_json::to_string(&currency).unwrap();
            prop_assert_eq!(serde_json::from_str::<Currency>(&json).unwrap(), currency);
        }
    }
}
