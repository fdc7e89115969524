//! HTML as a row of tags and pieces of text, told apart by the rules of browsers: comments, scripts and tags that never end
//! are passed over.
//!
//! Nothing is looked at twice, and of a tag only what decides about visibility is kept: html5ever's own reader compares each
//! attribute of a tag with all before it, so that one mail could occupy a worker for hours.

use super::effort::Effort;

/// One piece of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Text, its character references as they stand.
    Text(&'a str),
    /// What stands in a `style` element.
    Sheet(&'a str),
    /// A start tag.
    Start(StartTag<'a>),
    /// The name of an end tag, in lower case.
    End(String),
}

/// A start tag, reduced to what decides about visibility. Values are as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StartTag<'a> {
    /// In lower case.
    pub(super) name: String,
    pub(super) is_hidden: bool,
    pub(super) style: Option<&'a str>,
    pub(super) class: Option<&'a str>,
}

/// The longest name of a tag that is told apart from others.
const LONGEST_NAME: usize = 40;
/// What a tag costs, in units of effort.
const TAG: usize = 8;
/// How many bytes in a tag cost one unit.
const SHORT: usize = 8;

/// Walks through a document from its start to its end.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// The element that was just opened, when its content is no HTML.
    raw: Option<Raw>,
}

/// Elements whose content is read to their end tag, whatever stands in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Raw {
    Style,
    Script,
    Textarea,
    /// One that shows nothing.
    Unseen(&'static str),
}

impl Raw {
    fn of(name: &str) -> Option<Self> {
        match name {
            "style" => Some(Self::Style),
            "script" => Some(Self::Script),
            "textarea" => Some(Self::Textarea),
            "title" => Some(Self::Unseen("title")),
            "iframe" => Some(Self::Unseen("iframe")),
            "noembed" => Some(Self::Unseen("noembed")),
            "noframes" => Some(Self::Unseen("noframes")),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Style => "style",
            Self::Script => "script",
            Self::Textarea => "textarea",
            Self::Unseen(name) => name,
        }
    }
}

impl<'a> Tokens<'a> {
    pub(super) fn of(html: &'a str) -> Self {
        Self { rest: html, raw: None }
    }

    /// The next piece; `None` at the end of the document, or of the effort.
    pub(super) fn next(&mut self, effort: &mut Effort) -> Option<Token<'a>> {
        loop {
            if let Some(raw) = self.raw.take() {
                match self.raw_content(raw, effort)? {
                    "" => {}
                    content if raw == Raw::Style => return Some(Token::Sheet(content)),
                    content if raw == Raw::Textarea => return Some(Token::Text(content)),
                    _ => {}
                }
            }
            if self.rest.is_empty() || !effort.spend(1) {
                return None;
            }
            let Some(markup) = self.rest.strip_prefix('<') else { return Some(self.text()) };
            let mut next = markup.bytes();
            match (next.next(), next.next()) {
                (Some(b'a'..=b'z' | b'A'..=b'Z'), _) => {
                    self.rest = markup;
                    let tag = self.tag(effort)?;
                    self.raw = Raw::of(&tag.name);
                    return Some(Token::Start(tag));
                }
                (Some(b'/'), Some(b'a'..=b'z' | b'A'..=b'Z')) => {
                    self.skip(2);
                    return Some(Token::End(self.tag(effort)?.name));
                }
                (Some(b'/'), None) | (None, _) => return Some(self.text()),
                (Some(b'!'), _) if markup.starts_with("!--") => self.comment(effort)?,
                (Some(b'/' | b'!' | b'?'), _) => self.skip_behind('>'),
                _ => return Some(self.text()),
            }
        }
    }

    /// Text up to the next `<`, which is itself text where no tag starts with it.
    fn text(&mut self) -> Token<'a> {
        let first = usize::from(self.rest.starts_with('<'));
        let end = self.rest.get(first..).and_then(|rest| rest.find('<'));
        Token::Text(self.take(end.map_or(self.rest.len(), |end| end + first)))
    }

    /// Passes over a comment. Its `<!--` may share dashes with the `-->`, but not with a `--!>`.
    fn comment(&mut self, effort: &mut Effort) -> Option<()> {
        self.skip("<!".len());
        let whole = self.rest.len();
        while let Some(dashes) = self.rest.find("--") {
            effort.spend(1).then_some(())?;
            self.skip(dashes);
            if self.rest.starts_with("-->") {
                self.skip("-->".len());
                return Some(());
            }
            if self.rest.starts_with("--!>") && whole - self.rest.len() >= "--".len() {
                self.skip("--!>".len());
                return Some(());
            }
            self.skip(1);
        }
        self.rest = "";
        Some(())
    }

    /// The content of an element that is no HTML. Its end tag comes next, unless the document ends before.
    fn raw_content(&mut self, raw: Raw, effort: &mut Effort) -> Option<&'a str> {
        let text = self.rest;
        let mut at = 0;
        // A script in a comment in a script: its end tag does not end the outer one.
        let (mut is_in_comment, mut is_in_script) = (false, false);
        let next = |at: usize| match raw {
            Raw::Script => text.get(at..)?.find(['<', '-']),
            _ => text.get(at..)?.find('<'),
        };
        while let Some(found) = next(at) {
            effort.spend(if raw == Raw::Script { found + 1 } else { 1 }).then_some(())?;
            at += found;
            let here = text.get(at..).unwrap_or_default();
            if starts_tag(here, "</", raw.name()) {
                if !is_in_script {
                    return Some(self.take(at));
                }
                is_in_script = false;
            } else if raw == Raw::Script && here.starts_with("<!--") {
                is_in_comment = true;
                at += 1;
            } else if here.starts_with("-->") {
                (is_in_comment, is_in_script) = (false, false);
            } else if is_in_comment && starts_tag(here, "<", raw.name()) {
                is_in_script = true;
            }
            at += 1;
        }
        Some(self.take(text.len()))
    }

    /// A tag from its name on; `None` when the document ends in it.
    fn tag(&mut self, effort: &mut Effort) -> Option<StartTag<'a>> {
        effort.spend(TAG).then_some(())?;
        let name = self.take_until(effort, |byte| is_space(byte) || matches!(byte, b'/' | b'>'))?;
        let cut = (0..=name.len().min(LONGEST_NAME)).rev().find(|at| name.is_char_boundary(*at));
        let name = name.get(..cut.unwrap_or_default()).unwrap_or_default().to_ascii_lowercase();
        let mut tag = StartTag { name, ..StartTag::default() };
        loop {
            effort.spend(1).then_some(())?;
            self.take_until(effort, |byte| !is_space(byte) && byte != b'/')?;
            if self.rest.starts_with('>') {
                self.skip(1);
                return Some(tag);
            }
            let (name, value) = self.attribute(effort)?;
            // A second attribute of a name counts for nothing.
            if name.eq_ignore_ascii_case("style") {
                tag.style.get_or_insert(value);
            } else if name.eq_ignore_ascii_case("class") {
                tag.class.get_or_insert(value);
            } else if name.eq_ignore_ascii_case("hidden") {
                tag.is_hidden = true;
            }
        }
    }

    fn attribute(&mut self, effort: &mut Effort) -> Option<(&'a str, &'a str)> {
        let start = self.rest;
        // An equals sign in front belongs to the name.
        self.skip(usize::from(start.starts_with('=')));
        self.take_until(effort, |byte| is_space(byte) || matches!(byte, b'/' | b'>' | b'='))?;
        let name = start.get(..start.len() - self.rest.len()).unwrap_or_default();
        self.take_until(effort, |byte| !is_space(byte))?;
        if !self.rest.starts_with('=') {
            return Some((name, ""));
        }
        self.skip(1);
        self.take_until(effort, |byte| !is_space(byte))?;
        let value = match self.rest.bytes().next()? {
            quote @ (b'"' | b'\'') => {
                self.skip(1);
                let end = self.rest.find(char::from(quote))?;
                let value = self.take(end);
                self.skip(1);
                value
            }
            b'>' => "",
            _ => self.take_until(effort, |byte| is_space(byte) || byte == b'>')?,
        };
        Some((name, value))
    }

    /// What stands before the first byte that `is_end`; `None` when there is none. Only for bytes below 128.
    fn take_until(&mut self, effort: &mut Effort, is_end: impl Fn(u8) -> bool) -> Option<&'a str> {
        let Some(end) = self.rest.bytes().position(is_end) else {
            self.rest = "";
            return None;
        };
        effort.spend(end / SHORT).then(|| self.take(end))
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn skip(&mut self, length: usize) {
        self.take(length);
    }

    fn skip_behind(&mut self, letter: char) {
        self.rest = self.rest.split_once(letter).map_or("", |(_, behind)| behind);
    }
}

/// True when `text` starts with that tag, as far as its name goes.
fn starts_tag(text: &str, opening: &str, name: &str) -> bool {
    let Some(behind) = text.strip_prefix(opening) else { return false };
    let is_name = behind.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
    let end = behind.as_bytes().get(name.len());
    is_name && end.is_some_and(|byte| is_space(*byte) || matches!(byte, b'/' | b'>'))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
