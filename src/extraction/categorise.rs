//! Which category a draft belongs to, by a written rule: words of shops and purposes in a table, then the mail's kind.

use std::sync::LazyLock;

use super::draft::{Direction, Draft, Kind};
use crate::categories::{self, STARTER_SET};

/// Words, each under the category that it speaks for; the first that occurs decides.
static WORDS: LazyLock<Vec<(&'static str, Vec<String>)>> = LazyLock::new(|| {
    let lines = include_str!("categories.tsv").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, words)| (name, words.split(',').map(|word| normal(word.trim())).collect()))
        .collect()
});

/// The name of the category for a draft of a mail; one of the starter set. `None` when nothing speaks for any.
///
/// The rule: fees and cash by the mail's kind; else the merchant's words; else the subject's and the sender's; else the
/// kind again (a transfer, an income).
pub fn category_name(
    kind: Kind,
    draft: &Draft,
    subject: Option<&str>,
    sender: Option<&str>,
) -> Option<&'static str> {
    let direction = draft.direction.as_ref().map(|direction| direction.value);
    match kind {
        Kind::Fee => return Some("Fees"),
        Kind::Cash => return Some("Cash"),
        _ => {}
    }
    let is_income = direction == Some(Direction::In) && !matches!(kind, Kind::Refund | Kind::Reversal);
    let merchant =
        draft.merchant.as_ref().or(draft.counterparty.as_ref()).map(|merchant| merchant.value.as_str());
    let by_words =
        [merchant, subject, sender].into_iter().flatten().find_map(|text| named_in(text, is_income, kind));
    by_words.or(match (kind, is_income) {
        (Kind::Transfer, _) => Some("Transfers"),
        (_, true) => Some("Other income"),
        _ => None,
    })
}

/// The kind of a category of the starter set; EXPENSE for any other.
pub fn kind_of(name: &str) -> categories::Kind {
    let starter = STARTER_SET.iter().find(|(_, starter, _, _)| *starter == name);
    starter.map_or(categories::Kind::Expense, |(kind, _, _, _)| *kind)
}

fn named_in(text: &str, is_income: bool, mail: Kind) -> Option<&'static str> {
    let text = format!(" {} ", normal(text));
    let fits = |name: &str| match kind_of(name) {
        categories::Kind::Income => is_income,
        categories::Kind::Expense => !is_income,
        categories::Kind::Transfer => mail == Kind::Transfer,
    };
    let occurs =
        |word: &String| text.contains(&format!(" {word}")) || (word.len() > 5 && text.contains(word));
    WORDS.iter().find(|(name, words)| fits(name) && words.iter().any(occurs)).map(|(name, _)| *name)
}

/// Lower case, with everything but letters and digits made into single spaces.
fn normal(text: &str) -> String {
    let spaced: String =
        text.chars().map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).collect();
    spaced.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extraction::draft::{Field, Source, Span, Stage};

    fn draft(merchant: &str, direction: Direction) -> Draft {
        let span = Span { start: 0, end: 1, source: Source::Text };
        Draft {
            merchant: Some(Field { value: merchant.to_owned(), span, stage: Stage::Offline }),
            direction: Some(Field { value: direction, span, stage: Stage::Offline }),
            ..Draft::default()
        }
    }

    fn of(kind: Kind, merchant: &str, direction: Direction) -> Option<&'static str> {
        category_name(kind, &draft(merchant, direction), None, None)
    }

    #[test]
    fn a_merchant_s_words_decide() {
        assert_eq!(of(Kind::Purchase, "Supermarkt Feldmann", Direction::Out), Some("Groceries"));
        assert_eq!(of(Kind::Purchase, "Café Zaunwinde", Direction::Out), Some("Eating out"));
        assert_eq!(of(Kind::Purchase, "Qwxz 77", Direction::Out), None);
    }

    #[test]
    fn a_refund_goes_where_the_purchase_went() {
        assert_eq!(of(Kind::Refund, "Bookshop Lantern", Direction::In), Some("Shopping"));
    }

    #[test]
    fn money_in_is_never_spent() {
        assert_eq!(of(Kind::Income, "Supermarkt Feldmann", Direction::In), Some("Other income"));
        assert_eq!(of(Kind::Income, "Salary October", Direction::In), Some("Salary"));
    }

    #[test]
    fn every_category_of_the_table_is_in_the_starter_set() {
        for (name, words) in WORDS.iter() {
            assert!(STARTER_SET.iter().any(|(_, starter, _, _)| starter == name), "{name}");
            assert!(words.iter().all(|word| !word.is_empty()), "{name} has an empty word");
        }
    }
}
