//! The pieces of a document are those that html5ever finds, which follows the standard to the letter.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    self, BufferQueue, TagKind, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use proptest::prelude::*;

use super::super::entities::{decode, decode_attribute};
use super::*;

/// A piece with its values decoded, so that the two readers can be compared.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Start(String, bool, Option<String>, Option<String>),
    End(String),
}

fn ours(html: &str) -> Vec<Piece> {
    let (mut tokens, mut effort) = (Tokens::of(html), Effort::for_one_mail());
    let mut pieces = Vec::new();
    while let Some(token) = tokens.next(&mut effort) {
        match token {
            Token::Text(text) => push(&mut pieces, &decode(text)),
            Token::Sheet(sheet) => push(&mut pieces, sheet),
            Token::Start(tag) => {
                let value = |value: Option<&str>| value.map(|value| decode_attribute(value).into_owned());
                pieces.push(Piece::Start(tag.name, tag.is_hidden, value(tag.style), value(tag.class)));
            }
            Token::End(name) => pieces.push(Piece::End(name)),
        }
    }
    pieces
}

fn push(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(before)) => before.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

/// Collects what html5ever finds.
#[derive(Default)]
struct Standard {
    pieces: RefCell<Vec<Piece>>,
    /// The element whose content shows nothing.
    unseen: RefCell<Option<String>>,
}

impl TokenSink for Standard {
    type Handle = ();

    fn process_token(&self, token: tokenizer::Token, _line: u64) -> TokenSinkResult<()> {
        let mut pieces = self.pieces.borrow_mut();
        match token {
            tokenizer::Token::CharacterTokens(text) if self.unseen.borrow().is_none() => {
                push(&mut pieces, &text);
            }
            tokenizer::Token::TagToken(tag) if tag.kind == TagKind::EndTag => {
                *self.unseen.borrow_mut() = None;
                pieces.push(Piece::End(cut(&tag.name)));
            }
            tokenizer::Token::TagToken(tag) => {
                let read = |name: &str| {
                    let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == name);
                    found.map(|attribute| attribute.value.to_string())
                };
                let (hidden, style, class) = (read("hidden").is_some(), read("style"), read("class"));
                pieces.push(Piece::Start(cut(&tag.name), hidden, style, class));
                if matches!(&*tag.name, "script" | "title" | "iframe" | "noembed" | "noframes") {
                    *self.unseen.borrow_mut() = Some(tag.name.to_string());
                }
                return match &*tag.name {
                    "script" => TokenSinkResult::RawData(RawKind::ScriptData),
                    "style" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
                    "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
                    _ => TokenSinkResult::Continue,
                };
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Longer names are no names of HTML.
fn cut(name: &str) -> String {
    let end = (0..=name.len().min(LONGEST_NAME)).rev().find(|at| name.is_char_boundary(*at));
    name[..end.unwrap()].to_owned()
}

fn by_the_standard(html: &str) -> Vec<Piece> {
    let tokenizer = Tokenizer::new(Standard::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.pieces.into_inner()
}

#[test]
fn what_the_standard_has_rules_for_is_read_by_them() {
    for html in [
        "a<!-->b<!--->c<!---!>d-->e<!----!>f<!-- -- > --!>g",
        "<!DOCTYPE html PUBLIC \"a>b\">c<![CDATA[d>e]]>f<?g>h</>i</ j>k<l",
        "<a style=1 STYLE=2 class = 'x>y' hidden/>b<i class=/>c<u =style=3>d<p class=\"&quot;&copy=1\">",
        "<script><!--<script></script>a</script>b<script><!-->c</script>d<script>if (a<b && c-->d)</script>e",
        "<style>a</styles>b</style >c<textarea><b>&amp;</textarea>d<title>e</title f>g<iframe>h",
        "1 < 2 <3 </ <",
        "<td",
        "a<b style='unclosed>c",
    ] {
        assert_eq!(ours(html), by_the_standard(html), "{html}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn any_mixture_of_markup_is_read_by_the_standard(pieces in prop::collection::vec(prop::sample::select(vec![
        "<", ">", "</", "<!--", "-->", "--!>", "--", "-", "!", "<!", "<?", "=", "'", "\"", " ", "\n", "/", "&", ";", "#x",
        "a", "B", "7", "é", "style", "class", "hidden", "<a", "<td ", "<style>", "</style>", "<script", "</script",
        "<script>", "</script>", "<title>", "</title>", "<textarea>", "</textarea>", "&amp;", "&lt", "&not", "&#65;", "€",
    ]), 0..24)) {
        let html = pieces.concat();
        prop_assert_eq!(ours(&html), by_the_standard(&html), "{}", html);
    }
}
