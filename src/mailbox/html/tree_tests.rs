//! What is visible is what is visible in the tree that html5ever builds, which follows the standard to the letter.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::marker::PhantomData;

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, LocalName, Namespace, ParseOpts, QualName, parse_document};
use proptest::prelude::*;

use super::{Effort, visible_text};

/// A document as a tree; the nodes know each other by their places in the list.
struct Tree {
    nodes: RefCell<Vec<Node>>,
}

#[derive(Default)]
struct Node {
    name: Option<QualName>,
    is_hidden: bool,
    text: String,
    children: Vec<usize>,
    parent: Option<usize>,
}

/// A name that outlives the borrow of its node.
#[derive(Debug)]
struct Name<'a>(QualName, PhantomData<&'a ()>);

impl ElemName for Name<'_> {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl Tree {
    fn add(&self, node: Node) -> usize {
        self.nodes.borrow_mut().push(node);
        self.nodes.borrow().len() - 1
    }

    fn insert(&self, parent: usize, at: Option<usize>, child: NodeOrText<usize>) {
        let child = match child {
            NodeOrText::AppendNode(node) => node,
            NodeOrText::AppendText(text) => self.add(Node { text: text.to_string(), ..Node::default() }),
        };
        let mut nodes = self.nodes.borrow_mut();
        nodes[child].parent = Some(parent);
        let at = at.unwrap_or(nodes[parent].children.len());
        nodes[parent].children.insert(at, child);
    }

    fn visible(&self, node: usize) -> String {
        let nodes = self.nodes.borrow();
        if nodes[node].is_hidden {
            return String::new();
        }
        let children = nodes[node].children.iter().map(|child| self.visible(*child));
        nodes[node].text.clone() + &children.collect::<String>()
    }
}

impl TreeSink for Tree {
    type Handle = usize;
    type Output = Self;
    type ElemName<'a> = Name<'a>;

    fn finish(self) -> Self {
        self
    }

    fn get_document(&self) -> usize {
        0
    }

    fn elem_name<'a>(&'a self, node: &'a usize) -> Name<'a> {
        Name(self.nodes.borrow()[*node].name.clone().unwrap(), PhantomData)
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> usize {
        let is_hidden = attributes.iter().any(|attribute| &*attribute.name.local == "hidden");
        self.add(Node { name: Some(name), is_hidden, ..Node::default() })
    }

    fn create_comment(&self, _: StrTendril) -> usize {
        self.add(Node::default())
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> usize {
        self.add(Node::default())
    }

    fn append(&self, parent: &usize, child: NodeOrText<usize>) {
        self.insert(*parent, None, child);
    }

    fn append_before_sibling(&self, sibling: &usize, child: NodeOrText<usize>) {
        let parent = self.nodes.borrow()[*sibling].parent.unwrap();
        let at = self.nodes.borrow()[parent].children.iter().position(|node| node == sibling);
        self.insert(parent, at, child);
    }

    fn append_based_on_parent_node(&self, element: &usize, before: &usize, child: NodeOrText<usize>) {
        if self.nodes.borrow()[*element].parent.is_some() {
            return self.append_before_sibling(element, child);
        }
        self.append(before, child);
    }

    fn remove_from_parent(&self, node: &usize) {
        let mut nodes = self.nodes.borrow_mut();
        if let Some(parent) = nodes[*node].parent.take() {
            nodes[parent].children.retain(|child| child != node);
        }
    }

    fn reparent_children(&self, node: &usize, parent: &usize) {
        let children = std::mem::take(&mut self.nodes.borrow_mut()[*node].children);
        for child in children {
            self.insert(*parent, None, NodeOrText::AppendNode(child));
        }
    }

    fn get_template_contents(&self, template: &usize) -> usize {
        *template
    }

    fn same_node(&self, one: &usize, other: &usize) -> bool {
        one == other
    }

    fn parse_error(&self, _: Cow<'static, str>) {}
    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}
    fn set_quirks_mode(&self, _: QuirksMode) {}
    fn add_attrs_if_missing(&self, _: &usize, _: Vec<Attribute>) {}
}

fn figures(text: &str) -> BTreeSet<char> {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// A document of the pieces, its text one different letter each. Parts of a table stand inside of one.
fn document(pieces: &[&str]) -> String {
    let mut html = "<!DOCTYPE html>".to_owned();
    let mut letters = ('0'..='9').chain('A'..='Z');
    let mut depth = 0;
    for piece in pieces {
        match *piece {
            "text" => html.extend(letters.next()),
            "<table><tr><td>" | "<table hidden><tr><td>" => depth += 1,
            "</td></tr></table>" if depth > 0 => depth -= 1,
            part if depth == 0 && (part.contains("<t") || part.contains("</t")) => continue,
            _ => {}
        }
        if *piece != "text" {
            html.push_str(piece);
        }
    }
    html
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn what_a_browser_shows_is_read_and_nothing_else(pieces in prop::collection::vec(prop::sample::select(vec![
        "text", "text", "text", "text", "<span>", "<span hidden>", "</span>", "<div>", "<div hidden>", "</div>",
        "<p>", "<p hidden>", "</p>", "<h1>", "<h2 hidden>", "</h1>", "<ul>", "<ul hidden>", "</ul>", "<li>",
        "<li hidden>", "</li>", "<dl>", "</dl>", "<dt>", "<dd hidden>", "</dd>", "<table><tr><td>",
        "<table hidden><tr><td>", "</td></tr></table>", "<tr><td>", "<tr hidden><td>", "<td>", "<td hidden>",
        "<td><span hidden>", "</td><td>", "</td></tr><tr><td>", "<tbody><tr><td>", "<th>",
    ]), 0..16)) {
        let html = document(&pieces);
        let tree = Tree { nodes: RefCell::new(vec![Node::default()]) };
        let tree = parse_document(tree, ParseOpts::default()).one(html.as_str());
        let text = visible_text(&html, &mut Effort::for_one_mail());
        prop_assert_eq!(figures(&text), figures(&tree.visible(0)), "{}", html);
    }
}
