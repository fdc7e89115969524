//! Reads an mbox file message by message in constant memory, from any offset, as Google Takeout and mail servers write it.

use std::io::{self, BufRead};

/// One message of the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the next message starts: reading may be taken up from here later, with `Reader::resume`.
    pub offset_after: u64,
    /// The message, or its size where it was larger than the reader takes.
    pub body: Body,
}

/// What an entry holds.
#[derive(Debug, PartialEq, Eq)]
pub enum Body {
    /// The message's bytes, with `>From ` unquoted and line ends as they stand in the file.
    Message(Vec<u8>),
    /// The message was larger than the limit; only its head was kept.
    TooLarge {
        /// Its first bytes, `LONGEST_HEAD` at most.
        head: Vec<u8>,
        /// Its size in bytes, after unquoting.
        size: u64,
    },
}

/// How much of a message beyond the limit is kept, in bytes: enough for its headers.
pub const LONGEST_HEAD: usize = 64 * 1024;

/// Yields the messages of an mbox file.
///
/// A message starts at a line that begins with `From `, at the start of the file or after an empty line. Bytes before the
/// first such line belong to no message and are passed over.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    offset: u64,
    limit: usize,
    /// The separator line of the next message has been consumed.
    is_inside: bool,
    is_at_end: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads from the start of the file. A message of more than `limit` bytes is reported and passed over.
    pub fn new(input: R, limit: usize) -> Self {
        Self::resume(input, 0, limit)
    }

    /// Reads on from `offset`, an earlier `Entry::offset_after`, at which `input` must stand.
    pub fn resume(input: R, offset: u64, limit: usize) -> Self {
        Self { input, offset, limit, is_inside: false, is_at_end: false }
    }

    /// True once nothing comes behind the message that was read last: it ended with the file, not at another separator.
    pub fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// Passes over everything before the first separator. False when there is none.
    fn find_first(&mut self) -> io::Result<bool> {
        let mut is_after_empty = true;
        loop {
            let Some(line) = self.line()? else { return Ok(false) };
            if is_after_empty && line.is_separator() {
                return Ok(true);
            }
            is_after_empty = line.is_empty();
        }
    }

    fn read_message(&mut self) -> io::Result<Entry> {
        let mut message = Collected::new(self.limit);
        let mut is_after_empty = false;
        loop {
            let start = self.offset;
            let Some(line) = self.line()? else {
                self.is_at_end = true;
                return Ok(Entry { offset_after: self.offset, body: message.finish() });
            };
            if is_after_empty && line.is_separator() {
                self.is_inside = true;
                return Ok(Entry { offset_after: start, body: message.finish() });
            }
            is_after_empty = line.is_empty();
            message.push(&line);
        }
    }

    /// The next line, of which no more than the limit is kept in memory. None at the end of the file.
    fn line(&mut self) -> io::Result<Option<Line>> {
        let keep = self.limit.saturating_add(LONGEST_PREFIX);
        let mut line = Line { kept: Vec::new(), length: 0 };
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                return Ok((line.length > 0).then_some(line));
            }
            let end = available.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
            let taken = end.unwrap_or(available.len());
            let room = keep.saturating_sub(line.kept.len());
            line.kept.extend_from_slice(available.get(..taken.min(room)).unwrap_or_default());
            let count = u64::try_from(taken).unwrap_or(u64::MAX);
            line.length = line.length.saturating_add(count);
            self.offset = self.offset.saturating_add(count);
            self.input.consume(taken);
            if end.is_some() {
                return Ok(Some(line));
            }
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_at_end {
            return None;
        }
        let is_found = if std::mem::take(&mut self.is_inside) { Ok(true) } else { self.find_first() };
        let entry = match is_found {
            Ok(true) => self.read_message(),
            Ok(false) => {
                self.is_at_end = true;
                return None;
            }
            Err(error) => Err(error),
        };
        if entry.is_err() {
            self.is_at_end = true;
        }
        Some(entry)
    }
}

const SEPARATOR: &[u8] = b"From ";
/// Room beside the limit, so that a quoted separator is still recognised in a line that is cut.
const LONGEST_PREFIX: usize = 1024;

struct Line {
    kept: Vec<u8>,
    length: u64,
}

impl Line {
    fn is_separator(&self) -> bool {
        self.kept.starts_with(SEPARATOR)
    }

    fn is_empty(&self) -> bool {
        self.kept == b"\n" || self.kept == b"\r\n"
    }

    /// How many bytes of quoting to drop: one `>` before `From `, whatever number of them stands there.
    fn quoting(&self) -> usize {
        let marks = self.kept.iter().take_while(|byte| **byte == b'>').count();
        usize::from(marks > 0 && self.kept.get(marks..).is_some_and(|rest| rest.starts_with(SEPARATOR)))
    }
}

/// The message so far, or only its size once it is too large.
struct Collected {
    bytes: Vec<u8>,
    size: u64,
    limit: usize,
    last_empty: usize,
}

impl Collected {
    fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), size: 0, limit, last_empty: 0 }
    }

    fn push(&mut self, line: &Line) {
        let quoting = line.quoting();
        self.last_empty = if line.is_empty() { line.kept.len() } else { 0 };
        self.size = self.size.saturating_add(line.length.saturating_sub(u64::from(quoting > 0)));
        if self.is_too_large(self.size) {
            let room = LONGEST_HEAD.saturating_sub(self.bytes.len());
            self.bytes.extend(line.kept.iter().skip(quoting).take(room));
            self.bytes.truncate(LONGEST_HEAD);
            self.bytes.shrink_to_fit();
        } else {
            self.bytes.extend_from_slice(line.kept.get(quoting..).unwrap_or_default());
        }
    }

    fn is_too_large(&self, size: u64) -> bool {
        // The empty line before a separator is the file's, not the message's, hence the small slack.
        usize::try_from(size).map_or(true, |size| size > self.limit.saturating_add(2))
    }

    fn finish(mut self) -> Body {
        let own = self.size.saturating_sub(u64::try_from(self.last_empty).unwrap_or(0));
        if usize::try_from(own).map_or(true, |own| own > self.limit) {
            self.bytes.truncate(LONGEST_HEAD);
            return Body::TooLarge { head: self.bytes, size: own };
        }
        self.bytes.truncate(usize::try_from(own).unwrap_or(usize::MAX));
        Body::Message(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries(file: &[u8], limit: usize) -> Vec<Entry> {
        Reader::new(file, limit).map(Result::unwrap).collect()
    }

    fn message(text: &str) -> Body {
        Body::Message(text.as_bytes().to_vec())
    }

    const TWO: &str =
        "From a@example Mon\nSubject: one\n\n>From here\n>>From there\n\nFrom b\nSubject: two\n\nbody\n";

    #[test]
    fn messages_are_split_and_unquoted() {
        let read = entries(TWO.as_bytes(), 1000);
        assert_eq!(read[0].body, message("Subject: one\n\nFrom here\n>From there\n"));
        assert_eq!(read[1].body, message("Subject: two\n\nbody\n"));
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn a_file_with_crlf_reads_the_same() {
        let read = entries(TWO.replace('\n', "\r\n").as_bytes(), 1000);
        assert_eq!(read[0].body, message("Subject: one\r\n\r\nFrom here\r\n>From there\r\n"));
        assert_eq!(read.len(), 2);
    }

    #[test]
    fn from_inside_a_paragraph_does_not_split() {
        let read = entries(b"From a\nSubject: x\n\nline\nFrom my window\n", 1000);
        assert_eq!(read.len(), 1);
    }

    #[test]
    fn reading_is_taken_up_at_an_offset() {
        let first = entries(TWO.as_bytes(), 1000).remove(0);
        let rest = &TWO.as_bytes()[usize::try_from(first.offset_after).unwrap()..];
        let resumed: Vec<Entry> =
            Reader::resume(rest, first.offset_after, 1000).map(Result::unwrap).collect();
        assert_eq!(resumed, entries(TWO.as_bytes(), 1000)[1..]);
    }

    #[test]
    fn a_message_over_the_limit_is_reported_and_the_next_one_kept() {
        let file = format!("From a\n{}\n\nFrom b\nshort\n", "x".repeat(5000));
        let read = entries(file.as_bytes(), 100);
        let Body::TooLarge { head, size } = &read[0].body else { panic!("it is over the limit") };
        assert_eq!((head.len() <= LONGEST_HEAD, *size), (true, 5001));
        assert!(head.starts_with(b"xxx"));
        assert_eq!(read[1].body, message("short\n"));
    }

    #[test]
    fn a_message_of_exactly_the_limit_is_kept() {
        let read = entries(b"From a\n12345678\n\nFrom b\n123456789\n\n", 9);
        assert_eq!(read[0].body, message("12345678\n"));
        assert!(matches!(read[1].body, Body::TooLarge { size: 10, .. }));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic_and_offsets_grow(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just(b"From ".to_vec()), Just(b"\n".to_vec()), Just(b"\r\n\r\n".to_vec()), Just(b">From ".to_vec()),
                    prop::collection::vec(any::<u8>(), 0..20),
                ],
                0..60,
            ),
            limit in 0_usize..64,
        ) {
            let file = pieces.concat();
            let mut last = 0;
            for entry in Reader::new(file.as_slice(), limit) {
                let entry = entry.unwrap();
                prop_assert!(entry.offset_after >= last);
                last = entry.offset_after;
                if let Body::Message(bytes) = entry.body {
                    prop_assert!(bytes.len() <= limit);
                }
            }
            prop_assert!(last <= u64::try_from(file.len()).unwrap());
        }

        #[test]
        fn what_was_written_is_read(bodies in prop::collection::vec("(>{0,2}From |[a-z]){0,4}", 1..6)) {
            let mut file = String::new();
            for body in &bodies {
                let quoted = if body.trim_start_matches('>').starts_with("From ") { ">" } else { "" };
                file.extend(["From x\n", quoted, body, "\n\n"]);
            }
            let read = entries(file.as_bytes(), 1000);
            let expected: Vec<Body> = bodies.iter().map(|body| message(&format!("{body}\n"))).collect();
            prop_assert_eq!(read.into_iter().map(|entry| entry.body).collect::<Vec<_>>(), expected);
        }
    }
}
