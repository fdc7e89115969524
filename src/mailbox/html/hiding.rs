//! Which elements nobody can see: by their name, by their own style, or by a class that a style sheet hides.

use std::collections::HashSet;

use super::effort::Effort;
use super::entities::decode_attribute;
use super::tokens::{StartTag, Token, Tokens};

/// The classes that the style sheets in the document hide, outside media queries.
pub(super) fn hidden_classes(html: &str, effort: &mut Effort) -> HashSet<String> {
    let mut classes = HashSet::new();
    if !html.contains("<style") && !html.contains("<STYLE") {
        return classes;
    }
    let mut tokens = Tokens::of(html);
    while let Some(token) = tokens.next(effort) {
        if let Token::Sheet(sheet) = token {
            classes.extend(hidden_in_sheet(effort.spend_on(sheet)));
        }
    }
    classes
}

/// True when nobody can see what the element holds.
pub(super) fn is_hidden(tag: &StartTag<'_>, classes: &HashSet<String>, effort: &mut Effort) -> bool {
    let name = tag.name.as_str();
    if matches!(
        name,
        "style" | "script" | "title" | "noscript" | "template" | "svg" | "iframe" | "select" | "object"
    ) {
        return true;
    }
    if tag.is_hidden || tag.style.is_some_and(|style| hides(&decode_attribute(effort.spend_on(style)))) {
        return true;
    }
    let Some(own) = tag.class.filter(|_| !classes.is_empty()) else { return false };
    let own = decode_attribute(effort.spend_on(own));
    own.split_ascii_whitespace().any(|class| classes.contains(class))
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

fn hidden_in_sheet(sheet: &str) -> Vec<String> {
    let mut classes = Vec::new();
    let mut depth = 0_u32;
    let mut selector = String::new();
    let mut block = String::new();
    for letter in sheet.chars() {
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
