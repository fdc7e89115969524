//! HTML as a row of tags and pieces of text, which html5ever tells apart.
//!
//! It is given one piece at a time, so that it sees nothing beyond the effort, and no tag that is too long for it.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    self, BufferQueue, Tag, TagKind, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::effort::Effort;
use super::long_tags::first_tag;

/// One piece of a document, its character references replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Text, or a part of it.
    Text(StrTendril),
    /// A start tag.
    Start(Tag),
    /// An end tag.
    End(Tag),
}

/// The longest piece of text that is read at once, in bytes.
const LONGEST_PIECE: usize = 4096;
/// What a piece costs, in units of effort, beside one for each of its bytes.
const PIECE: usize = 8;
/// How many comparisons of two attributes of a tag cost one unit.
const COMPARISONS: usize = 64;

/// Walks through a document from its start to its end.
pub(super) struct Tokens<'a> {
    /// What is still to read; `None` when the tokenizer knows of the end.
    rest: Option<&'a str>,
    input: BufferQueue,
    tokenizer: Tokenizer<Sink>,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(html: &'a str) -> Self {
        Self {
            rest: Some(html),
            input: BufferQueue::default(),
            tokenizer: Tokenizer::new(Sink::default(), TokenizerOpts::default()),
        }
    }

    /// The next token; `None` at the end of the document, or of the effort.
    pub(super) fn next(&mut self, effort: &mut Effort) -> Option<Token> {
        loop {
            let token = self.tokenizer.sink.found.borrow_mut().pop_front();
            if let Some(Token::Start(tag) | Token::End(tag)) = &token {
                effort.spend(tag.attrs.len().pow(2) / COMPARISONS);
            }
            if token.is_some() {
                return token;
            }
            let rest = self.rest?;
            if let Some((piece, length)) = self.tokenizer.sink.first_piece(rest) {
                effort.spend(PIECE + piece.len()).then_some(())?;
                self.input.push_back(StrTendril::from(piece.as_ref()));
                // The sink never asks it to stop.
                let _ = self.tokenizer.feed(&self.input);
                self.rest = rest.get(length..);
            } else {
                self.rest = None;
                self.tokenizer.end();
            }
        }
    }
}

/// Takes what html5ever finds, and knows where in the document it is: behind each piece it is in text, in a comment, or in
/// an element whose content is no HTML.
#[derive(Default)]
struct Sink {
    found: RefCell<VecDeque<Token>>,
    is_in_comment: Cell<bool>,
    /// The element that is read to its end tag, whatever stands in it.
    raw: RefCell<Option<String>>,
}

impl Sink {
    /// The piece that comes next, and how long it is as it stands. `None` at the end, and at a tag that never ends.
    fn first_piece<'a>(&self, rest: &'a str) -> Option<(Cow<'a, str>, usize)> {
        let first = rest.chars().next()?;
        let markup = rest.strip_prefix('<').unwrap_or_default();
        let (is_tag, is_comment) = match self.raw.borrow().as_deref() {
            Some(name) => (is_end_tag_of(name, markup), false),
            None if self.is_in_comment.get() => (false, true),
            None => {
                let name = markup.strip_prefix('/').unwrap_or(markup);
                let is_tag = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
                (is_tag, !is_tag && !markup.starts_with("/>") && markup.starts_with(['!', '?', '/']))
            }
        };
        if is_tag {
            return first_tag(rest);
        }
        self.is_in_comment.set(is_comment);
        let most = (0..=rest.len().min(LONGEST_PIECE)).rev().find(|at| rest.is_char_boundary(*at))?;
        let within = rest.get(..most)?;
        let end = if is_comment {
            within.find('>').map(|at| at + 1)
        } else {
            within.get(first.len_utf8()..)?.find('<').map(|at| at + first.len_utf8())
        };
        let piece = within.get(..end.unwrap_or(most))?;
        Some((Cow::Borrowed(piece), piece.len()))
    }
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: tokenizer::Token, _line: u64) -> TokenSinkResult<()> {
        let mut then = TokenSinkResult::Continue;
        let token = match token {
            tokenizer::Token::CharacterTokens(text) => Token::Text(text),
            tokenizer::Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                if let Some(kind) = raw_kind(&tag.name) {
                    self.raw.replace(Some(tag.name.to_string()));
                    then = TokenSinkResult::RawData(kind);
                }
                Token::Start(tag)
            }
            tokenizer::Token::TagToken(tag) => {
                self.raw.take();
                Token::End(tag)
            }
            tokenizer::Token::CommentToken(_) | tokenizer::Token::DoctypeToken(_) => {
                self.is_in_comment.set(false);
                return then;
            }
            _ => return then,
        };
        self.found.borrow_mut().push_back(token);
        then
    }
}

/// How the content of an element is read that is no HTML.
fn raw_kind(name: &str) -> Option<RawKind> {
    match name {
        // A script ends at its first end tag here; that it may hold a comment with another script in it is for browsers.
        "style" | "script" | "iframe" | "noembed" | "noframes" => Some(RawKind::Rawtext),
        "title" | "textarea" => Some(RawKind::Rcdata),
        _ => None,
    }
}

/// True when `markup`, which stands behind a `<`, starts as the end tag of that element does.
fn is_end_tag_of(name: &str, markup: &str) -> bool {
    let Some(found) = markup.get(1..=name.len()) else { return false };
    let end = markup.as_bytes().get(name.len() + 1);
    let is_end = end.is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'));
    markup.starts_with('/') && found.eq_ignore_ascii_case(name) && is_end
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
