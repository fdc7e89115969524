//! Reads a Rust file's tokens and reports what the rules speak of.

use super::tokens::{Token, tokens};

/// Something that a rule may have an opinion on.
#[derive(Debug, PartialEq, Eq)]
pub enum Finding {
    /// A path into the crate, from its root; empty for the root itself.
    Import(Vec<String>),
    /// A path into async-graphql, from its root.
    Engine(Vec<String>),
    /// The name of a macro that prints.
    Print(String),
    /// An attribute that switches a lint off.
    Allow,
}

/// The package whose parts one file keeps to itself.
const ENGINE: &str = "async_graphql";

const PRINTING: [&str; 5] = ["println", "eprintln", "print", "eprint", "dbg"];

/// The findings in the file at `path` below `src/`, each with its line, in the order of the text.
pub fn scan(path: &str, text: &str) -> Vec<(usize, Finding)> {
    let mut scanner = Scanner {
        tokens: tokens(text),
        is_binary: path == "main.rs",
        module: module_of(path),
        depth: 0,
        inline: Vec::new(),
        found: Vec::new(),
    };
    let mut at = 0;
    while at < scanner.tokens.len() {
        at = scanner.step(at);
    }
    scanner.found
}

/// The path of the module that a file holds: `a/b.rs` is `a::b`, and so is `a/b/mod.rs`.
fn module_of(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if path == "lib.rs" || path == "main.rs" || parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

struct Scanner {
    tokens: Vec<(usize, Token)>,
    is_binary: bool,
    /// The module where we are, with the inline ones.
    module: Vec<String>,
    /// How many braces are open.
    depth: usize,
    /// The depths at which the inline modules began.
    inline: Vec<usize>,
    found: Vec<(usize, Finding)>,
}

impl Scanner {
    /// Looks at the token `at` and returns the place of the next one to look at.
    fn step(&mut self, at: usize) -> usize {
        let line = self.tokens[at].0;
        if let Some(word) = self.word(at).map(str::to_owned) {
            if PRINTING.contains(&word.as_str()) && self.is_mark(at + 1, '!') && !self.is_mark(at + 2, '=') {
                self.found.push((line, Finding::Print(word)));
            } else if let (true, Some(name)) = (word == "mod", self.word(at + 1))
                && self.is_mark(at + 2, '{')
            {
                self.module.push(name.to_owned());
                self.inline.push(self.depth);
                return at + 2;
            } else if let Some(start) = self.start_of_path(at, &word) {
                return self.tree(at + 3, start);
            }
        } else if self.is_mark(at, '{') {
            self.depth += 1;
        } else if self.is_mark(at, '}') {
            self.depth = self.depth.saturating_sub(1);
            if self.inline.last() == Some(&self.depth) {
                self.inline.pop();
                self.module.pop();
            }
        } else if self.is_mark(at, '#') && self.switches_a_lint_off(at) {
            self.found.push((line, Finding::Allow));
        }
        at + 1
    }

    /// Where the path leads from that begins at the token `at` with `word` and `::`.
    fn start_of_path(&self, at: usize, word: &str) -> Option<Vec<String>> {
        let is_first = at < 2 || !self.are_colons(at - 2);
        if !self.are_colons(at + 1) || !is_first && word != "crate" {
            return None;
        }
        match word {
            "crate" => Some(Vec::new()),
            "pennypost" if self.is_binary => Some(Vec::new()),
            "self" => Some(self.module.clone()),
            "super" => Some(parent(self.module.clone())),
            ENGINE if is_first => Some(vec![ENGINE.to_owned()]),
            _ => None,
        }
    }

    /// Reads what stands behind `::` at `at`: a name and more, a group in braces, or a star. Returns the next place.
    fn tree(&mut self, at: usize, mut path: Vec<String>) -> usize {
        let Some((line, _)) = self.tokens.get(at) else { return at };
        let line = *line;
        if self.is_mark(at, '{') {
            return self.branches(at + 1, &path);
        }
        match self.word(at) {
            Some("super") => path = parent(path),
            Some("self") | None => {}
            Some(name) => path.push(name.to_owned()),
        }
        if self.word(at).is_some() && self.are_colons(at + 1) && !self.is_mark(at + 3, '<') {
            return self.tree(at + 3, path);
        }
        let is_engine = path.first().is_some_and(|first| first == ENGINE);
        let finding = if is_engine { Finding::Engine(path.split_off(1)) } else { Finding::Import(path) };
        self.found.push((line, finding));
        at + 1
    }

    /// Reads the parts of a group in a `use`, which commas separate, and its end.
    fn branches(&mut self, mut at: usize, path: &[String]) -> usize {
        while at < self.tokens.len() && !self.is_mark(at, '}') {
            at = self.tree(at, path.to_vec());
            // What is left of a part is another name for it: `as name`.
            while at < self.tokens.len() && !self.is_mark(at, ',') && !self.is_mark(at, '}') {
                at += 1;
            }
            at += usize::from(self.is_mark(at, ','));
        }
        at + 1
    }

    /// True for `#[allow(..)]` and `#![allow(..)]`, and for one inside `cfg_attr`.
    fn switches_a_lint_off(&self, at: usize) -> bool {
        let open = at + 1 + usize::from(self.is_mark(at + 1, '!'));
        if !self.is_mark(open, '[') {
            return false;
        }
        let mut depth = 0;
        for place in open..self.tokens.len() {
            depth += usize::from(self.is_mark(place, '['));
            depth -= usize::from(self.is_mark(place, ']'));
            if depth == 0 {
                return false;
            }
            if self.word(place) == Some("allow") && self.is_mark(place + 1, '(') {
                return true;
            }
        }
        false
    }

    fn word(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at) {
            Some((_, Token::Word(word))) => Some(word),
            _ => None,
        }
    }

    fn is_mark(&self, at: usize, mark: char) -> bool {
        matches!(self.tokens.get(at), Some((_, Token::Mark(found))) if *found == mark)
    }

    fn are_colons(&self, at: usize) -> bool {
        self.is_mark(at, ':') && self.is_mark(at + 1, ':')
    }
}

/// The module that the one at `path` stands in.
fn parent(mut path: Vec<String>) -> Vec<String> {
    path.pop();
    path
}
