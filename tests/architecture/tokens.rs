//! Cuts Rust text into words and marks, each with its line; comments, strings, characters and lifetimes fall away.

/// A word (a name, a keyword, a number) or one mark of punctuation.
#[derive(Debug, PartialEq, Eq)]
pub enum Token {
    Word(String),
    Mark(char),
}

/// The tokens of `text`, with their lines from 1.
pub fn tokens(text: &str) -> Vec<(usize, Token)> {
    let mut reader = Reader { text: text.chars().collect(), at: 0, line: 1 };
    let mut tokens = Vec::new();
    while let Some(next) = reader.peek(0) {
        let line = reader.line;
        match next {
            '/' if reader.peek(1) == Some('/') => reader.skip_while(|c| c != '\n'),
            '/' if reader.peek(1) == Some('*') => reader.skip_block_comment(),
            '"' => reader.skip_string(),
            '\'' => reader.skip_character_or_lifetime(),
            c if is_word(c) => {
                if let Some(word) = reader.word() {
                    tokens.push((line, Token::Word(word)));
                }
            }
            mark => {
                if !mark.is_whitespace() {
                    tokens.push((line, Token::Mark(mark)));
                }
                reader.step();
            }
        }
    }
    tokens
}

struct Reader {
    text: Vec<char>,
    at: usize,
    line: usize,
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn step(&mut self) {
        self.line += usize::from(self.peek(0) == Some('\n'));
        self.at += 1;
    }

    fn skip(&mut self, count: usize) {
        for _ in 0..count {
            self.step();
        }
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek(0).is_some_and(&wanted) {
            self.step();
        }
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0;
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some('/'), Some('*')) => (depth, ()) = (depth + 1, self.skip(2)),
                (Some('*'), Some('/')) => (depth, ()) = (depth - 1, self.skip(2)),
                (Some(_), _) => self.step(),
                (None, _) => return,
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn skip_string(&mut self) {
        self.step();
        while let Some(c) = self.peek(0) {
            self.skip(if c == '\\' { 2 } else { 1 });
            if c == '"' {
                return;
            }
        }
    }

    /// Behind the `r` of a raw string: `#`s, the text, and as many `#`s again.
    fn skip_raw_string(&mut self) {
        let start = self.at;
        self.skip_while(|c| c == '#');
        let hashes = self.at - start;
        self.step();
        while let Some(c) = self.peek(0) {
            self.step();
            if c == '"' && (0..hashes).all(|ahead| self.peek(ahead) == Some('#')) {
                return self.skip(hashes);
            }
        }
    }

    fn skip_character_or_lifetime(&mut self) {
        if self.peek(1) == Some('\\') {
            self.skip(3);
            self.skip_while(|c| c != '\'');
            self.step();
        } else if self.peek(2) == Some('\'') {
            self.skip(3);
        } else {
            self.step();
            self.skip_while(is_word);
        }
    }

    /// A word; `None` when it is the beginning of a raw string, which is skipped then.
    fn word(&mut self) -> Option<String> {
        let start = self.at;
        self.skip_while(is_word);
        let word: String = self.text[start..self.at].iter().collect();
        let hashes = self.text[self.at..].iter().take_while(|c| **c == '#').count();
        match (word.as_str(), self.peek(hashes)) {
            ("r" | "br" | "cr", Some('"')) => {
                self.skip_raw_string();
                None
            }
            ("r", Some(c)) if hashes == 1 && is_word(c) => {
                self.step();
                self.word()
            }
            _ => Some(word),
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
