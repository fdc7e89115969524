//! Which category a draft belongs to, by a written rule: words of shops and purposes in a table, then the mail's kind.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::draft::{Direction, Draft, Kind, MailView, Source};
use crate::categories::{self, STARTER_SET};

/// A word of the table.
struct Word {
    text: String,
    category: &'static str,
    /// It is looked for in the whole text, and not only where names stand.
    is_of_body: bool,
    is_open_left: bool,
    is_closed_right: bool,
}

/// The words, and what finds them all at once.
struct Table {
    words: Vec<Word>,
    finder: AhoCorasick,
}

static WORDS: LazyLock<Table> = LazyLock::new(|| {
    let lines = include_str!("categories.tsv").lines().filter(|line| !line.starts_with('#'));
    let mut words = Vec::new();
    for line in lines {
        let mut columns = line.split('\t');
        let (Some(category), Some(place), Some(own)) = (columns.next(), columns.next(), columns.next())
        else {
            continue;
        };
        let own = own.split(',').map(|word| Word {
            text: normal(word),
            category,
            is_of_body: place == "body",
            is_open_left: word.starts_with('*'),
            is_closed_right: word.ends_with('!'),
        });
        words.extend(own.filter(|word| !word.text.is_empty()));
    }
    let finder = AhoCorasick::new(words.iter().map(|word| word.text.as_str()))
        .unwrap_or_else(|error| panic!("the table of categories is too large: {error}"));
    Table { words, finder }
});

/// The name of the category for a draft of a mail; one of the starter set. `None` when nothing speaks for any.
///
/// The rule: fees and cash by the mail's kind; else the longest word of the table in the merchant's name; else in subject and
/// sender; else in the line of the amount; else the phrases for the whole text; else money that a person sent, or that
/// was transferred, is a transfer, and other money in is an income.
pub fn category_name(kind: Kind, draft: &Draft, mail: &MailView<'_>) -> Option<&'static str> {
    match kind {
        Kind::Fee => return Some("Fees"),
        Kind::Cash => return Some("Cash"),
        _ => {}
    }
    let direction = draft.direction.as_ref().map(|direction| direction.value);
    let is_income = direction == Some(Direction::In) && !matches!(kind, Kind::Refund | Kind::Reversal);
    let merchant =
        draft.merchant.as_ref().or(draft.counterparty.as_ref()).map(|merchant| merchant.value.as_str());
    let in_words = |text: &str| longest(text, false, is_income, kind);
    // That a company paid says less than what it paid for.
    let named = |text: &str| in_words(text).filter(|name| *name != OTHER_INCOME);
    let headings = format!("{} {}", mail.subject.unwrap_or_default(), mail.sender_name.unwrap_or_default());
    let is_person = merchant.is_some_and(|name| is_a_person(name) && !has_a_word(name))
        && matches!(kind, Kind::Income | Kind::Transfer);
    // What the whole mail says of wages is surer than that the employer is called like a person.
    let is_wage = || longest(mail.text, true, is_income, kind).filter(|name| *name == "Salary");
    let by_words = merchant
        .and_then(named)
        .or_else(is_wage)
        .or((is_person && is_income).then_some("Transfers"))
        .or_else(|| named(&headings))
        .or_else(|| line_of_amount(draft, mail).and_then(named))
        .or_else(|| longest(mail.text, true, is_income, kind));
    by_words.or(match (kind, is_income) {
        (Kind::Transfer, _) => Some("Transfers"),
        (_, true) => Some(OTHER_INCOME),
        _ => None,
    })
}

const OTHER_INCOME: &str = "Other income";

/// True for a name with a word of the table, in whichever direction the money went.
fn has_a_word(name: &str) -> bool {
    [true, false].into_iter().any(|is_income| longest(name, false, is_income, Kind::Transfer).is_some())
}

/// The line that the amount stands in, when it is a short one of the text.
fn line_of_amount<'a>(draft: &Draft, mail: &MailView<'a>) -> Option<&'a str> {
    let span = draft.amount.as_ref()?.span;
    let units = usize::try_from(span.start).ok().filter(|_| span.source == Source::Text)?;
    let mut seen = 0;
    let line = mail.text.split_inclusive('\n').find(|line| {
        seen += line.encode_utf16().count();
        seen > units
    })?;
    (line.len() <= LONGEST_LINE).then_some(line)
}

/// The longest line that is taken for one statement, in bytes.
const LONGEST_LINE: usize = 250;

/// Two or three words, each with a capital or of a particle: as people are called, and companies mostly not. Where letters
/// have one size, two or three words, or a short one in a script without spaces.
fn is_a_person(name: &str) -> bool {
    let letters = || name.chars().filter(|letter| letter.is_alphabetic());
    if letters().next().is_some() && !letters().any(|letter| letter.is_lowercase() || letter.is_uppercase()) {
        let is_east = letters().all(|letter| matches!(u32::from(letter), 0x3040..=0x9fff | 0xac00..=0xd7af));
        let is_plain = name.chars().all(|letter| !letter.is_numeric() && !"()（）-&".contains(letter));
        let count = if is_east { letters().count() } else { name.split_whitespace().count() };
        return is_plain && (2..=if is_east { 4 } else { 3 }).contains(&count);
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    let is_particle =
        |word: &str| matches!(word, "de" | "da" | "di" | "van" | "von" | "der" | "den" | "la" | "bin");
    let is_capital = |word: &str| {
        word.chars().all(|letter| letter.is_alphabetic() || matches!(letter, '-' | '\'' | '.'))
            && word.chars().next().is_some_and(char::is_uppercase)
    };
    let names = words.iter().filter(|word| is_capital(word)).count();
    (2..=3).contains(&names) && words.iter().all(|word| is_capital(word) || is_particle(word))
}

/// The kind of a category of the starter set; EXPENSE for any other.
pub fn kind_of(name: &str) -> categories::Kind {
    let starter = STARTER_SET.iter().find(|(_, starter, _, _)| *starter == name);
    starter.map_or(categories::Kind::Expense, |(kind, _, _, _)| *kind)
}

fn longest(text: &str, is_body: bool, is_income: bool, mail: Kind) -> Option<&'static str> {
    let text = format!(" {} ", normal(text));
    let fits = |name: &str| match kind_of(name) {
        categories::Kind::Income => is_income,
        categories::Kind::Expense => !is_income,
        categories::Kind::Transfer => mail == Kind::Transfer,
    };
    let table = &*WORDS;
    let found = table.finder.find_overlapping_iter(&text).filter_map(|hit| {
        let place = hit.pattern().as_usize();
        let word = table.words.get(place)?;
        let is_meant = word.is_of_body == is_body && fits(word.category);
        (is_meant && word.stands_in(&text, hit.start(), hit.end())).then_some((place, word))
    });
    // The first of equals counts: the table lists the surer categories first.
    found
        .max_by_key(|(place, word)| (word.text.chars().count(), std::cmp::Reverse(*place)))
        .map(|(_, word)| word.category)
}

impl Word {
    /// True when the word stands at a place of a text that starts and ends with a space as the table asks.
    fn stands_in(&self, text: &str, start: usize, end: usize) -> bool {
        let is_start = || text.get(..start).is_some_and(|head| head.ends_with(' '));
        let is_end = || text.get(end..).is_some_and(|tail| tail.starts_with(' '));
        (self.is_open_left || is_start()) && (!self.is_closed_right || is_end())
    }
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
            amount: Some(Field { value: rust_decimal::Decimal::ONE, span, stage: Stage::Offline }),
            merchant: Some(Field { value: merchant.to_owned(), span, stage: Stage::Offline }),
            direction: Some(Field { value: direction, span, stage: Stage::Offline }),
            ..Draft::default()
        }
    }

    fn of(kind: Kind, merchant: &str, direction: Direction) -> Option<&'static str> {
        category_name(kind, &draft(merchant, direction), &MailView::default())
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
    fn the_longest_word_decides_and_a_whole_word_is_no_beginning() {
        assert_eq!(of(Kind::Purchase, "Eichenmarkt", Direction::Out), Some("Groceries"));
        assert_eq!(of(Kind::Purchase, "Baumarkt Eiche", Direction::Out), Some("Shopping"));
        assert_eq!(of(Kind::Purchase, "Marketing Lab", Direction::Out), None);
        assert_eq!(of(Kind::Purchase, "Barbershop Quill", Direction::Out), None);
        assert_eq!(of(Kind::Purchase, "Bar Stella", Direction::Out), Some("Eating out"));
    }

    #[test]
    fn money_from_a_person_is_a_transfer_and_from_a_company_an_income() {
        assert_eq!(of(Kind::Income, "Ada van Lind", Direction::In), Some("Transfers"));
        assert_eq!(of(Kind::Income, "Lind Verein", Direction::In), Some("Other income"));
        assert_eq!(of(Kind::Income, "LIND 4471", Direction::In), Some("Other income"));
    }

    #[test]
    fn what_the_mail_says_counts_where_the_name_says_nothing() {
        let drafted = draft("Qwxz", Direction::Out);
        let mail = MailView { text: "Hello,\nyour plan was renewed.", ..MailView::default() };
        assert_eq!(category_name(Kind::Purchase, &drafted, &mail), Some("Subscriptions"));
        let mail = MailView { text: "EUR 4 im Gasthaus Qwxz bezahlt", ..MailView::default() };
        assert_eq!(category_name(Kind::Purchase, &drafted, &mail), Some("Eating out"));
        let mail = MailView { subject: Some("Your pharmacy receipt"), ..MailView::default() };
        assert_eq!(category_name(Kind::Purchase, &drafted, &mail), Some("Health"));
    }

    #[test]
    fn every_category_of_the_table_is_in_the_starter_set() {
        for word in &WORDS.words {
            assert!(
                STARTER_SET.iter().any(|(_, starter, _, _)| *starter == word.category),
                "{}",
                word.category
            );
        }
    }
}
