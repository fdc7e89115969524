//! HTML to the text that a person would see: one line a table row or block, cells kept apart by tabs, hidden parts dropped.
//!
//! Reads tags as they come and builds no tree, so that no depth of nesting can exhaust memory or stack.

mod effort;
mod hiding;
mod long_tags;
mod open_elements;
mod tokens;
#[cfg(test)]
mod tree_tests;

pub(super) use effort::Effort;

use hiding::{hidden_classes, is_hidden};
use open_elements::OpenElements;
use tokens::{Token, Tokens};

/// The visible text of an HTML document, as far as the effort reaches. Never fails: what is no HTML is read as text.
pub(super) fn visible_text(html: &str, effort: &mut Effort) -> String {
    // However much the style sheets hold, the text is read.
    let classes = effort.share(|effort| hidden_classes(html, effort));
    let mut text = Rendered::default();
    let mut elements = OpenElements::default();
    let mut tokens = Tokens::of(html);
    while let Some(token) = tokens.next(effort) {
        match token {
            Token::Text(_) if elements.is_hidden() => {}
            Token::Text(piece) => text.push(&piece),
            Token::Start(tag) => {
                elements.make_way(&tag.name, effort);
                if !elements.is_hidden() {
                    text.enter(Shape::of(&tag.name));
                }
                if !VOID.contains(&&*tag.name) {
                    elements.open(&tag.name, is_hidden(&tag, &classes));
                }
            }
            Token::End(tag) => {
                elements.close(&tag.name, effort);
                if !elements.is_hidden() {
                    text.leave(Shape::of(&tag.name));
                }
            }
        }
    }
    text.text
}

const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];

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

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
