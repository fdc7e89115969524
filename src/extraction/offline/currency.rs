//! What currency a sign or a word beside an amount stands for, given what is known about the account and the country.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::fold::fold;
use crate::extraction::draft::MailView;
use crate::money::Currency;

/// What stands beside an amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// The currencies that it may stand for, the commonest first.
    pub candidates: Vec<Currency>,
    /// An ordinary letter or word: it counts only where the account or the country agrees.
    pub is_local: bool,
    /// The first currency is meant wherever nothing speaks for another one.
    pub has_default: bool,
}

/// The token of a folded word, `None` when it names no currency.
pub(super) fn token(word: &str) -> Option<Token> {
    if let Some(token) = TOKENS.get(word) {
        return Some(token.clone());
    }
    let is_code = word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let code = is_code.then(|| Currency::parse(&word.to_ascii_uppercase())).flatten()?;
    let is_local = ORDINARY_WORDS.contains(&word);
    Some(Token { candidates: vec![code], is_local, has_default: false })
}

/// The currency of a country, and whether thousands are written with a dot there.
pub(super) fn of_country(country: &str) -> Option<(Currency, bool)> {
    COUNTRIES.get(country).copied()
}

/// True when every country that uses the currency writes thousands with a dot.
pub(super) fn always_has_dot_thousands(currency: Currency) -> bool {
    let mut countries = COUNTRIES.values().filter(|(known, _)| *known == currency).peekable();
    countries.peek().is_some() && countries.all(|(_, has_dot)| *has_dot)
}

/// True when some country that uses the currency writes thousands with a dot.
pub(super) fn has_dot_thousands(currency: Currency) -> bool {
    COUNTRIES.values().any(|(known, has_dot)| *known == currency && *has_dot)
}

/// What is known beforehand about the currency of a mail, the surest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Hints {
    known: Vec<Currency>,
    home: Option<Currency>,
    /// The mail itself shows that its dates have the month first.
    pub writes_month_first: bool,
    /// The currency that follows when the mail states none.
    pub default: Option<Currency>,
    /// The country writes thousands with a dot.
    pub has_dot_thousands: bool,
}

impl Hints {
    pub(super) fn of(mail: &MailView<'_>) -> Self {
        let country = mail.country.and_then(of_country);
        let mut known = mail.account_currencies.to_vec();
        known.extend(country.map(|(currency, _)| currency));
        let account = match mail.account_currencies {
            [only] => Some(*only),
            _ => None,
        };
        Self {
            default: account.or(country.map(|(currency, _)| currency)).or(mail.home_currency),
            has_dot_thousands: country.is_some_and(|(_, has_dot)| has_dot),
            home: mail.home_currency,
            known,
            writes_month_first: false,
        }
    }

    /// True for a currency that the user's accounts, the sender's country or the user's totals are in.
    pub(super) fn owns(&self, currency: Currency) -> bool {
        self.known.iter().chain(&self.home).any(|known| *known == currency)
    }

    /// The currency of a token. `stated` are the currencies that the mail names without doubt, and `spoken_of` finds the
    /// one that its words speak of; it is asked only where nothing surer decides.
    pub(super) fn resolve(
        &self,
        token: &Token,
        stated: &[Currency],
        spoken_of: impl FnOnce(&[Currency]) -> Option<Currency>,
    ) -> Option<Currency> {
        if let ([only], false) = (token.candidates.as_slice(), token.is_local) {
            return Some(*only);
        }
        let agrees = |known: &&Currency| token.candidates.contains(known);
        let sure = self.known.iter().chain(stated).find(agrees).copied();
        let spoken = || spoken_of(&token.candidates);
        let usual = token.candidates.first().filter(|_| token.has_default);
        sure.or_else(spoken).or_else(|| self.home.iter().chain(usual).find(agrees).copied())
    }
}

/// Codes that are words of some language, such as the Turkish `all`.
const ORDINARY_WORDS: [&str; 8] = ["all", "top", "try", "sos", "mad", "cup", "ron", "lak"];

static TOKENS: LazyLock<HashMap<String, Token>> = LazyLock::new(|| {
    let lines = include_str!("data/currencies.tsv").lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('\t'));
    let read = |(word, codes): (&str, &str)| {
        let candidates = codes.trim_end_matches(['!', '*']).split('|').filter_map(Currency::parse).collect();
        let token = Token { candidates, is_local: codes.ends_with('!'), has_default: codes.ends_with('*') };
        (fold(word), token)
    };
    pairs.map(read).collect()
});

static COUNTRIES: LazyLock<HashMap<&'static str, (Currency, bool)>> = LazyLock::new(|| {
    let lines = include_str!("data/countries.tsv").lines().filter(|line| !line.starts_with('#'));
    let read = |line: &'static str| {
        let mut columns = line.split('\t');
        let country = columns.next()?;
        Some((country, (Currency::parse(columns.next()?)?, columns.next() == Some("dot"))))
    };
    lines.filter_map(read).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn every_line_of_the_tables_names_known_currencies() {
        for line in include_str!("data/currencies.tsv").lines().filter(|line| !line.starts_with('#')) {
            let codes = line.split_once('\t').unwrap().1.trim_end_matches(['!', '*']);
            assert!(codes.split('|').all(|code| Currency::parse(code).is_some() || code == "HRK"), "{line}");
        }
        assert!(COUNTRIES.len() > 120);
    }

    #[test]
    fn a_shared_sign_follows_the_country_and_else_stays_open() {
        let dollar = token("$").unwrap();
        assert_eq!(Hints::default().resolve(&dollar, &[], |_| None), None);
        let mail = MailView { country: Some("mx"), ..MailView::default() };
        assert_eq!(Hints::of(&mail).resolve(&dollar, &[], |_| None), Some(currency("MXN")));
        assert_eq!(Hints::default().resolve(&dollar, &[currency("CAD")], |_| None), Some(currency("CAD")));
    }

    #[test]
    fn a_pound_is_british_where_nothing_speaks_for_egypt() {
        let pound = token("£").unwrap();
        assert_eq!(Hints::default().resolve(&pound, &[], |_| None), Some(currency("GBP")));
        assert_eq!(Hints::default().resolve(&pound, &[currency("EGP")], |_| None), Some(currency("EGP")));
    }

    #[test]
    fn a_currency_with_dots_in_every_country_is_told_from_one_with_dots_in_some() {
        assert!(always_has_dot_thousands(currency("COP")));
        assert!(!always_has_dot_thousands(currency("EUR")));
        assert!(!always_has_dot_thousands(currency("KWD")));
    }

    #[test]
    fn an_ordinary_word_is_a_currency_only_where_it_is_used() {
        let all = token("all").unwrap();
        assert_eq!(Hints::default().resolve(&all, &[], |_| None), None);
        let mail = MailView { country: Some("al"), ..MailView::default() };
        assert_eq!(Hints::of(&mail).resolve(&all, &[], |_| None), Some(currency("ALL")));
    }
}
