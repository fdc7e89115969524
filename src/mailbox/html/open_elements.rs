//! The elements that are open at one place of a document, and which of them hide what comes: senders leave out end tags, so
//! the rules by which browsers close elements decide what can be seen.

use super::effort::Effort;

/// Browsers count no more levels: an element that would be deeper takes the place of the deepest.
const DEEPEST: usize = 512;

/// A stack. An element that hides its content is closed by its own end tag, or together with an element around it.
#[derive(Default)]
pub(super) struct OpenElements {
    open: Vec<Element>,
    /// How many of them hide their content.
    hiding: usize,
    /// How many of them are paragraphs, which almost every start tag asks for.
    paragraphs: usize,
}

struct Element {
    name: String,
    role: Role,
    is_hiding: bool,
}

/// How an element behaves among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// `b` and its like: closed around a block, it goes on behind it.
    Formatting,
    Inline,
    /// A block in which the end of a list's item is looked for.
    Division,
    Block,
    Paragraph,
    Heading,
    List,
    Item,
    Term,
    Button,
    Option,
    Table,
    Section,
    Row,
    Cell,
    /// What is outside is closed by nothing that comes inside.
    Wall,
    /// The page itself, and what holds no text of it.
    Page,
}

impl Role {
    fn of(name: &str) -> Self {
        match name {
            "a" | "b" | "big" | "code" | "em" | "font" | "i" | "nobr" | "s" | "small" | "strike"
            | "strong" | "tt" | "u" => Self::Formatting,
            "address" | "div" => Self::Division,
            "article" | "aside" | "blockquote" | "center" | "details" | "dialog" | "dir" | "dl"
            | "fieldset" | "figcaption" | "figure" | "footer" | "form" | "header" | "hgroup" | "hr"
            | "listing" | "main" | "menu" | "nav" | "pre" | "search" | "section" | "summary" | "xmp" => {
                Self::Block
            }
            "p" => Self::Paragraph,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Self::Heading,
            "ul" | "ol" => Self::List,
            "li" => Self::Item,
            "dt" | "dd" => Self::Term,
            "button" => Self::Button,
            "option" | "optgroup" => Self::Option,
            "table" => Self::Table,
            "tbody" | "thead" | "tfoot" | "colgroup" => Self::Section,
            "tr" => Self::Row,
            "td" | "th" => Self::Cell,
            "caption" | "applet" | "marquee" | "object" | "template" => Self::Wall,
            "html" | "head" | "body" | "frameset" | "noframes" | "noembed" | "iframe" | "noscript"
            | "select" | "style" | "script" | "title" | "textarea" => Self::Page,
            _ => Self::Inline,
        }
    }

    /// True when the search for an element to close ends here.
    fn is_wall(self) -> bool {
        matches!(self, Self::Wall | Self::Table | Self::Cell)
    }

    /// True when its start tag ends a paragraph.
    fn ends_paragraph(self) -> bool {
        matches!(
            self,
            Self::Division
                | Self::Block
                | Self::Paragraph
                | Self::Heading
                | Self::List
                | Self::Item
                | Self::Term
                | Self::Table
        )
    }

    /// True when an end tag of something inline is passed over inside of it.
    fn is_special(self) -> bool {
        !matches!(self, Self::Inline | Self::Formatting | Self::Option)
    }
}

impl OpenElements {
    /// True when nobody can see what comes.
    pub(super) fn is_hidden(&self) -> bool {
        self.hiding > 0
    }

    /// Closes what the start tag of `name` ends.
    pub(super) fn make_way(&mut self, name: &str, effort: &mut Effort) {
        let role = Role::of(name);
        match role {
            Role::Cell | Role::Row | Role::Section => self.leave_row(role, effort),
            Role::Item | Role::Term => {
                let stop =
                    |other: Role| other.is_special() && !matches!(other, Role::Division | Role::Paragraph);
                self.close_from(effort, |element| element.role == role, stop);
            }
            Role::Button => self.close_from(effort, |element| element.role == Role::Button, Role::is_wall),
            Role::Formatting if name == "a" => self.close_formatting(name, effort),
            _ => {}
        }
        if role.ends_paragraph() && self.paragraphs > 0 {
            let stop = |other: Role| other.is_wall() || other == Role::Button;
            self.close_from(effort, |element| element.role == Role::Paragraph, stop);
        }
        let stands_alone = matches!(role, Role::Option | Role::Heading);
        if stands_alone && self.open.last().is_some_and(|last| last.role == role) {
            self.truncate(self.open.len() - 1, true);
        }
    }

    /// Opens an element; `is_hiding` when nobody can see its content.
    pub(super) fn open(&mut self, name: &str, is_hiding: bool) {
        if self.open.len() >= DEEPEST {
            self.truncate(DEEPEST - 1, false);
        }
        self.push(Element { name: name.to_owned(), role: Role::of(name), is_hiding });
    }

    /// Closes what the end tag of `name` closes.
    pub(super) fn close(&mut self, name: &str, effort: &mut Effort) {
        let same = |element: &Element| element.name == name;
        match Role::of(name) {
            Role::Formatting => self.close_formatting(name, effort),
            Role::Inline | Role::Option => self.close_from(effort, same, Role::is_special),
            Role::Paragraph => {
                self.close_from(effort, same, |other| other.is_wall() || other == Role::Button);
            }
            Role::Heading => {
                self.close_from(effort, |element| element.role == Role::Heading, Role::is_wall);
            }
            Role::Item => {
                self.close_from(effort, same, |other| other.is_wall() || other == Role::List);
            }
            Role::Table | Role::Section | Role::Row | Role::Cell => {
                if let Some(at) = self.find(effort, same, |other| other == Role::Table) {
                    self.truncate(at, false);
                }
            }
            Role::Page if matches!(name, "html" | "body") => self.truncate(0, false),
            Role::Division
            | Role::Block
            | Role::List
            | Role::Term
            | Role::Button
            | Role::Wall
            | Role::Page => {
                self.close_from(effort, same, Role::is_wall);
            }
        }
    }

    /// A part of a table goes behind the innermost thing that may hold it.
    fn leave_row(&mut self, new: Role, effort: &mut Effort) {
        let table = self.find(effort, |element| element.role == Role::Table, |_| false);
        let inside = table.map_or(0, |table| table + 1);
        effort.spend(self.open.len() - inside);
        let last = |wanted: Role| {
            let found = self.open.iter().skip(inside).rposition(|element| element.role == wanted);
            found.map(|at| inside + at)
        };
        let holders: &[Role] = match new {
            Role::Cell => &[Role::Row, Role::Section],
            Role::Row => &[Role::Section],
            _ => &[],
        };
        let holder = holders.iter().find_map(|holder| last(*holder)).map(|at| at + 1);
        // A piece of a table without the table: its rows and cells follow each other all the same.
        let sibling = || [Role::Row, Role::Cell].iter().find_map(|role| last(*role));
        let keep = holder.or_else(|| if table.is_some() { Some(inside) } else { sibling() });
        if let Some(keep) = keep {
            self.truncate(keep, false);
        }
    }

    fn close_from(
        &mut self,
        effort: &mut Effort,
        wanted: impl Fn(&Element) -> bool,
        stop: impl Fn(Role) -> bool,
    ) {
        if let Some(at) = self.find(effort, wanted, stop) {
            self.truncate(at, true);
        }
    }

    /// Closes a formatting element, with what is inline in it. Blocks that were opened in it stay open.
    fn close_formatting(&mut self, name: &str, effort: &mut Effort) {
        let Some(at) = self.find(effort, |element| element.name == name, Role::is_wall) else { return };
        let inside = self.open.split_off(at + 1);
        self.truncate(at, false);
        for element in inside {
            self.forget(&element);
            if element.role != Role::Inline {
                self.push(element);
            }
        }
    }

    /// Where the innermost such element is, unless the search is stopped before it.
    fn find(
        &self,
        effort: &mut Effort,
        wanted: impl Fn(&Element) -> bool,
        stop: impl Fn(Role) -> bool,
    ) -> Option<usize> {
        for (at, element) in self.open.iter().enumerate().rev() {
            if wanted(element) {
                return Some(at);
            }
            if stop(element.role) || !effort.spend(1) {
                return None;
            }
        }
        None
    }

    /// Closes everything from `at` on. Where `goes_on`, a formatting element that hides does not end with that.
    fn truncate(&mut self, at: usize, goes_on: bool) {
        let mut next = None;
        while self.open.len() > at
            && let Some(closed) = self.open.pop()
        {
            self.forget(&closed);
            if goes_on && closed.is_hiding && closed.role == Role::Formatting {
                next = Some(closed);
            }
        }
        if let Some(hiding) = next {
            self.push(hiding);
        }
    }

    fn push(&mut self, element: Element) {
        self.hiding += usize::from(element.is_hiding);
        self.paragraphs += usize::from(element.role == Role::Paragraph);
        self.open.push(element);
    }

    fn forget(&mut self, closed: &Element) {
        self.hiding -= usize::from(closed.is_hiding);
        self.paragraphs -= usize::from(closed.role == Role::Paragraph);
    }
}
