//! Which elements nobody can see: by their name, by their own style, or by a class that a style sheet hides.

use std::collections::HashSet;

use html5ever::tokenizer::Tag;

use super::effort::Effort;
use super::tokens::{Token, Tokens};

/// The classes that the style sheets in the document hide, outside media queries.
pub(super) fn hidden_classes(html: &str, effort: &mut Effort) -> HashSet<String> {
    let mut classes = HashSet::new();
    if !html.contains("<style") && !html.contains("<STYLE") {
        return classes;
    }
    let mut tokens = Tokens::of(html);
    let mut sheet: Option<String> = None;
    while let Some(token) = tokens.next(effort) {
        match token {
            Token::Text(piece) => {
                if let Some(sheet) = &mut sheet {
                    sheet.push_str(&piece);
                }
            }
            Token::Start(tag) => sheet = (&*tag.name == "style").then(String::new),
            Token::End(_) => classes.extend(sheet.take().iter().flat_map(|sheet| hidden_in_sheet(sheet))),
        }
    }
    classes.extend(sheet.iter().flat_map(|sheet| hidden_in_sheet(sheet)));
    classes
}

/// True when nobody can see what the element holds.
pub(super) fn is_hidden(tag: &Tag, classes: &HashSet<String>) -> bool {
    if matches!(
        &*tag.name,
        "style"
            | "script"
            | "title"
            | "noscript"
            | "template"
            | "svg"
            | "iframe"
            | "noembed"
            | "noframes"
            | "select"
            | "object"
    ) {
        return true;
    }
    tag.attrs.iter().any(|attribute| match &*attribute.name.local {
        "hidden" => true,
        "style" => hides(&attribute.value),
        "class" => attribute.value.split_ascii_whitespace().any(|class| classes.contains(class)),
        _ => false,
    })
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
