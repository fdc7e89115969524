//! HTML to the text that a person would see: one line a table row or block, cells kept apart by tabs, hidden parts dropped.
//!
//! Reads tags as they come and builds no tree, so that no depth of nesting can exhaust memory or stack.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, EndTag, StartTag, Tag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// The visible text of an HTML document. Never fails: what is no HTML is read as text.
pub(super) fn visible_text(html: &str) -> String {
    let page = Page { state: RefCell::default(), classes: hidden_classes(html) };
    let tokenizer = Tokenizer::new(page, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    // The result only says whether a script waits to be run, which `Page` never asks for.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.state.into_inner().text.text
}

/// Receives the document's tags and text.
struct Page {
    state: RefCell<State>,
    classes: Vec<String>,
}

#[derive(Default)]
struct State {
    text: Rendered,
    /// The open elements from the outermost hidden one on; empty while what comes is visible.
    hidden: Vec<String>,
}

impl TokenSink for Page {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        match token {
            Token::CharacterTokens(text) if state.hidden.is_empty() => state.text.push(&text),
            Token::TagToken(tag) if tag.kind == StartTag => return self.open(&mut state, &tag),
            Token::TagToken(tag) if tag.kind == EndTag => close(&mut state, &tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Page {
    fn open(&self, state: &mut State, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let is_void = tag.self_closing || VOID.contains(&name);
        if state.hidden.is_empty() {
            let read = |key: &str| {
                let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == key);
                found.map(|attribute| attribute.value.to_string())
            };
            state.text.enter(Shape::of(name));
            if !is_void && is_hidden(name, &read, &self.classes) {
                state.hidden.push(name.to_owned());
            }
        } else if !is_void && state.hidden.len() < DEEPEST {
            if ENDED_BY_THE_NEXT.contains(&name) && state.hidden.last().is_some_and(|last| last == name) {
                state.hidden.pop();
                if state.hidden.is_empty() {
                    return self.open(state, tag);
                }
            }
            state.hidden.push(name.to_owned());
        }
        match name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }
}

fn close(state: &mut State, name: &str) {
    if state.hidden.is_empty() {
        state.text.leave(Shape::of(name));
    } else if let Some(at) = state.hidden.iter().rposition(|open| open == name) {
        state.hidden.truncate(at);
    } else if matches!(name, "body" | "html") || (name == "table" && state.hidden.len() == 1) {
        state.hidden.clear();
    }
}

const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];
/// A second one of these ends the first, with or without its end tag.
const ENDED_BY_THE_NEXT: [&str; 6] = ["td", "th", "tr", "li", "p", "option"];
/// How many hidden levels are counted.
const DEEPEST: usize = 10_000;

/// How an element breaks the line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Inline,
    Block,
    Paragraph,
    Break,
    Cell,
}

impl Shape {
    fn of(name: &str) -> Self {
        match name {
            "br" => Self::Break,
            "td" | "th" => Self::Cell,
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "table" | "blockquote" | "ul" | "ol" | "hr" => {
                Self::Paragraph
            }
            "div" | "tr" | "li" | "dt" | "dd" | "dl" | "section" | "article" | "header" | "footer"
            | "pre" | "center" | "form" | "fieldset" | "address" | "main" | "nav" | "figure" | "tbody"
            | "thead" | "tfoot" | "caption" | "body" | "option" => Self::Block,
            _ => Self::Inline,
        }
    }
}

/// The text so far, with white space that is only written once something follows it.
#[derive(Default)]
struct Rendered {
    text: String,
    pending: &'static str,
}

impl Rendered {
    fn enter(&mut self, shape: Shape) {
        match shape {
            Shape::Inline => {}
            Shape::Break | Shape::Block => self.separate("\n"),
            Shape::Paragraph => self.separate("\n\n"),
            Shape::Cell => self.separate("\t"),
        }
    }

    fn leave(&mut self, shape: Shape) {
        if shape != Shape::Break {
            self.enter(shape);
        }
    }

    fn separate(&mut self, separator: &'static str) {
        if rank(separator) > rank(self.pending) {
            self.pending = separator;
        }
    }

    fn push(&mut self, text: &str) {
        for letter in text.chars() {
            if is_invisible(letter) {
                continue;
            }
            if letter.is_ascii_whitespace() {
                self.separate(" ");
                continue;
            }
            if !self.text.is_empty() {
                self.text.push_str(self.pending);
            }
            self.pending = "";
            self.text.push(letter);
        }
    }
}

fn rank(separator: &str) -> u8 {
    match separator {
        "" => 0,
        " " => 1,
        "\t" => 2,
        "\n" => 3,
        _ => 4,
    }
}

/// Characters without width, which senders use to split words from a filter's view.
pub(super) fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{180e}')
}

fn is_hidden(name: &str, read: &impl Fn(&str) -> Option<String>, classes: &[String]) -> bool {
    if matches!(
        name,
        "style" | "script" | "title" | "noscript" | "template" | "svg" | "iframe" | "select" | "object"
    ) {
        return true;
    }
    if read("hidden").is_some() || read("style").is_some_and(|style| hides(&style)) {
        return true;
    }
    let own = read("class").unwrap_or_default();
    own.split_ascii_whitespace().any(|class| classes.iter().any(|hidden| hidden == class))
}

/// True when a style makes the text that it applies to impossible to see.
fn hides(style: &str) -> bool {
    let compact: String = style.chars().filter(|letter| !letter.is_whitespace()).collect();
    compact.to_ascii_lowercase().split(';').any(|declaration| {
        let Some((property, value)) = declaration.split_once(':') else { return false };
        let value = value.trim_end_matches("!important");
        match property {
            "display" => value == "none",
            "visibility" => matches!(value, "hidden" | "collapse"),
            "mso-hide" => value == "all",
            "opacity" => is_nothing(value.trim_end_matches('%')),
            "font-size" => {
                let number = value.trim_end_matches(|letter: char| !letter.is_ascii_digit());
                value == "1px" || is_nothing(number)
            }
            _ => false,
        }
    })
}

/// True for 0, 0.0 and their like.
fn is_nothing(number: &str) -> bool {
    !number.is_empty() && number.trim_matches(|letter| letter == '0' || letter == '.').is_empty()
}

/// The classes that a style sheet in the document hides, outside media queries.
fn hidden_classes(html: &str) -> Vec<String> {
    let mut classes = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<style") {
        let after = rest.get(start..).unwrap_or_default();
        let end = after.find("</style").unwrap_or(after.len());
        classes.extend(hidden_in_sheet(after.get(..end).unwrap_or_default()));
        rest = after.get(end.max(1)..).unwrap_or_default();
    }
    classes
}

fn hidden_in_sheet(sheet: &str) -> Vec<String> {
    let mut classes = Vec::new();
    let mut depth = 0_u32;
    let mut selector = String::new();
    let mut block = String::new();
    for letter in sheet.split_once('>').map_or(sheet, |(_, rules)| rules).chars() {
        match letter {
            '{' => depth = depth.saturating_add(1),
            '}' => {
                if depth == 1 && hides(&block) && !selector.contains('@') {
                    classes.extend(single_classes(&selector));
                }
                depth = depth.saturating_sub(1);
                block.clear();
                if depth == 0 {
                    selector.clear();
                }
            }
            _ if depth == 0 => selector.push(letter),
            _ => block.push(letter),
        }
    }
    classes
}

/// The selectors of a list that are one class and nothing else: anything longer would hide more than it says.
fn single_classes(selector: &str) -> Vec<String> {
    let names = selector.split(',').map(str::trim).filter_map(|one| one.strip_prefix('.'));
    let plain = |name: &&str| name.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter));
    names.filter(plain).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_stay_apart_and_rows_are_lines() {
        assert_eq!(
            visible_text(
                "<table><tr><td>Total</td><td>12,00</td></tr><tr><td>Tax</td><td>2,00</td></tr></table>"
            ),
            "Total\t12,00\nTax\t2,00"
        );
    }

    #[test]
    fn a_receipt_of_nested_tables_reads_in_order() {
        let html = "<body><table><tr><td><table><tr><td>You sent a payment of</td></tr><tr><td><b>&euro;23,40 EUR</b> to \
            Kiosk&nbsp;Blume</td></tr></table></td></tr><tr><td><table><tr><td>Item</td><td>Price</td></tr>\
            <tr><td>Tulips</td><td>&euro;20,00</td></tr><tr><td>Post</td><td>&euro;3,40</td></tr></table></td></tr></table>";
        let expected = [
            "You sent a payment of",
            "€23,40 EUR to Kiosk\u{a0}Blume",
            "",
            "Item\tPrice",
            "Tulips\t€20,00",
            "Post\t€3,40",
        ];
        assert_eq!(visible_text(html), expected.join("\n"));
    }

    #[test]
    fn what_nobody_can_see_is_dropped() {
        for style in [
            "display:none",
            "DISPLAY : none !important",
            "visibility:hidden",
            "font-size:0",
            "font-size: 1px",
            "opacity:0",
            "color:red;font-size:0px;",
        ] {
            let html = format!("<p>seen</p><div style=\"{style}\">99.00 EUR</div>");
            assert_eq!(visible_text(&html), "seen", "{style}");
        }
        assert_eq!(
            visible_text("<style>.a{display:none} .b{color:red}</style><i class=a>x</i><i class=b>y</i>"),
            "y"
        );
        assert_eq!(visible_text("<p>1\u{200b}2\u{feff}.00</p>"), "12.00");
    }

    #[test]
    fn what_can_be_seen_stays() {
        for style in ["font-size:10px", "font-size:11px", "opacity:1", "opacity:0.5", "display:block"] {
            assert_eq!(visible_text(&format!("<div style='{style}'>12.00</div>")), "12.00", "{style}");
        }
    }

    #[test]
    fn a_hundred_thousand_levels_are_read() {
        let html = format!("{}42.00{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
        assert_eq!(visible_text(&html), "42.00");
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(html in "(<[a-z]{1,5}( style='[a-z:0;]{0,9}')?>|</[a-z]{1,5}>|\\PC|&[a-z]{1,4};){0,60}") {
            visible_text(&html);
        }

        #[test]
        fn digits_in_plain_elements_are_kept(digits in prop::collection::vec("[0-9]{1,6}", 1..9)) {
            let html = digits.join("</td></tr><tr><td>");
            let text = visible_text(&format!("<table><tr><td>{html}</table>"));
            prop_assert_eq!(text.split_whitespace().collect::<Vec<_>>(), digits);
        }
    }
}
