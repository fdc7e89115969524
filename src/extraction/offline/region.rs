//! Which of the currencies behind a shared sign a mail speaks of, by words of one country only: `data/regions.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::currency::of_country;
use super::fold::fold;
use super::lexicon::stands_alone;
use crate::money::Currency;

/// The one of `choices` that the words of a folded text leave no doubt about. `writes_month_first` is a point for the United
/// States, the country whose dates are written like that beside a dollar sign.
pub(super) fn currency(text: &str, choices: &[Currency], writes_month_first: bool) -> Option<Currency> {
    let regions = &*REGIONS;
    let mut points: HashMap<Currency, u32> = HashMap::new();
    if writes_month_first && let Some((dollar, _)) = of_country("us") {
        points.insert(dollar, 1);
    }
    let mut seen = vec![false; regions.words.len()];
    for hit in regions.finder.find_overlapping_iter(text) {
        let place = hit.pattern().as_usize();
        let Some((currency, weight)) = regions.words.get(place) else { continue };
        let is_known = seen.get(place) == Some(&true);
        if !is_known && choices.contains(currency) && stands_alone(text, hit.start(), hit.end()) {
            seen.get_mut(place).into_iter().for_each(|seen| *seen = true);
            *points.entry(*currency).or_default() += weight;
        }
    }
    let chosen = points.iter().filter(|(currency, _)| choices.contains(currency));
    let (best, most) = chosen.max_by_key(|(currency, points)| (**points, currency.code()))?;
    let second = points.iter().filter(|(other, _)| *other != best).map(|(_, points)| *points).max();
    (*most >= 2 && *most > second.unwrap_or_default() * 2).then_some(*best)
}

struct Regions {
    finder: AhoCorasick,
    /// For each word its country's currency and its weight.
    words: Vec<(Currency, u32)>,
}

static REGIONS: LazyLock<Regions> = LazyLock::new(|| {
    let (mut patterns, mut words) = (Vec::new(), Vec::new());
    for line in include_str!("data/regions.tsv").lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let currency = columns.next().and_then(of_country).map(|(currency, _)| currency);
        let weight = columns.next().and_then(|weight| weight.parse().ok());
        let (Some(currency), Some(weight), Some(own)) = (currency, weight, columns.next()) else { continue };
        for word in own.split('|') {
            patterns.push(fold(word));
            words.push((currency, weight));
        }
    }
    let finder =
        AhoCorasick::new(&patterns).unwrap_or_else(|error| panic!("too many regional words: {error}"));
    Regions { finder, words }
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extraction::offline::currency::token;

    fn of(text: &str, sign: &str) -> Option<&'static str> {
        currency(&fold(text), &token(sign).unwrap().candidates, false).map(|currency| currency.code())
    }

    #[test]
    fn every_line_of_the_table_names_a_known_country() {
        for line in include_str!("data/regions.tsv").lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            assert_eq!(columns.len(), 3, "{line}");
            assert!(of_country(columns[0]).is_some(), "{line}");
            assert!(columns[1].parse::<u32>().is_ok(), "{line}");
        }
    }

    #[test]
    fn the_northern_languages_are_told_apart() {
        assert_eq!(of("Insättning på ditt konto. Belopp: 20,00 kr", "kr"), Some("SEK"));
        assert_eq!(of("Beløb: 20,00 kr er indsat på din konto", "kr"), Some("DKK"));
        assert_eq!(of("Beløp: 20,00 kr. Kjøp med kortet ditt", "kr"), Some("NOK"));
        assert_eq!(of("20,00 kr", "kr"), None);
    }

    #[test]
    fn a_place_names_a_country_and_two_places_name_none() {
        assert_eq!(of("Compra por $20.900, Bogotá", "$"), Some("COP"));
        assert_eq!(of("Envío de Bogotá a Ciudad de México", "$"), None);
        assert_eq!(of("You spent $4 at Lamp Shop", "$"), None);
    }

    #[test]
    fn one_weak_word_alone_is_no_evidence() {
        let dollar = token("$").unwrap().candidates;
        assert_eq!(of("Your credit union", "$"), None);
        assert_eq!(currency("your credit union", &dollar, true).map(|currency| currency.code()), Some("USD"));
    }
}
