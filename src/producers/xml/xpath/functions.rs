//! The functions of XPath 1.0.

use std::borrow::Cow;

use super::evaluate::{Here, Run, written};
use super::found::{Found, number_of};
use super::syntax::Expression;

/// Name, fewest and most arguments.
const FUNCTIONS: [(&str, usize, usize); 26] = [
    ("last", 0, 0),
    ("position", 0, 0),
    ("count", 1, 1),
    ("id", 1, 1),
    ("local-name", 0, 1),
    ("namespace-uri", 0, 1),
    ("name", 0, 1),
    ("string", 0, 1),
    ("concat", 2, 100),
    ("starts-with", 2, 2),
    ("contains", 2, 2),
    ("substring-before", 2, 2),
    ("substring-after", 2, 2),
    ("substring", 2, 3),
    ("string-length", 0, 1),
    ("normalize-space", 0, 1),
    ("translate", 3, 3),
    ("boolean", 1, 1),
    ("not", 1, 1),
    ("true", 0, 0),
    ("false", 0, 0),
    ("lang", 1, 1),
    ("number", 0, 1),
    ("sum", 1, 1),
    ("floor", 1, 1),
    ("ceiling", 1, 1),
];
const ROUND: (&str, usize, usize) = ("round", 1, 1);

/// Whether a function is known and takes so many arguments.
pub(super) fn check(name: &str, arguments: usize) -> Result<(), String> {
    let known = FUNCTIONS.iter().chain([&ROUND]).find(|(known, _, _)| *known == name);
    match known {
        None => Err(format!("there is no function {name:?} in XPath 1.0")),
        Some((_, least, most)) if (*least..=*most).contains(&arguments) => Ok(()),
        Some((_, least, _)) => Err(format!("{name} has {arguments} arguments, expected {least}")),
    }
}

/// Calls a function; `None` where it visits too much or is given what it cannot take.
pub(super) fn call<'d>(run: &Run<'d, '_>, name: &str, arguments: &[Expression], here: Here) -> Option<Found<'d>> {
    let document = run.document;
    let found = |place: usize| match arguments.get(place) {
        Some(argument) => run.evaluate(argument, here),
        None => Some(Found::Nodes(vec![here.item])),
    };
    let text = |place: usize| Some(found(place)?.text(document).into_owned());
    let number = |place: usize| Some(found(place)?.number(document));
    let nodes = |place: usize| match found(place)? {
        Found::Nodes(nodes) => Some(nodes),
        _ => None,
    };
    let given = |text: String| Some(Found::Text(Cow::Owned(text)));
    match name {
        "last" => Some(Found::Number(here.size as f64)),
        "position" => Some(Found::Number(here.position as f64)),
        "count" => Some(Found::Number(nodes(0)?.len() as f64)),
        // Without a document type no attribute is an id, and no language is declared.
        "id" => Some(Found::Nodes(Vec::new())),
        "lang" | "false" => Some(Found::Truth(false)),
        "local-name" | "namespace-uri" | "name" => {
            let named = nodes(0)?.first().and_then(|node| node.name(document));
            let (prefix, local, namespace) = named.unwrap_or_default();
            given(match name {
                "local-name" => local.to_owned(),
                "namespace-uri" => namespace.to_owned(),
                _ => written(prefix, local),
            })
        }
        "string" => given(text(0)?),
        "concat" => {
            let parts: Option<Vec<String>> = (0..arguments.len()).map(text).collect();
            given(parts?.concat())
        }
        "starts-with" => Some(Found::Truth(text(0)?.starts_with(&text(1)?))),
        "contains" => Some(Found::Truth(text(0)?.contains(&text(1)?))),
        "substring-before" => given(text(0)?.split_once(&text(1)?).map_or("", |(before, _)| before).to_owned()),
        "substring-after" => given(text(0)?.split_once(&text(1)?).map_or("", |(_, after)| after).to_owned()),
        "substring" => {
            let length = if arguments.len() > 2 { number(2)? } else { f64::INFINITY };
            given(substring(&text(0)?, number(1)?, length))
        }
        "string-length" => Some(Found::Number(text(0)?.chars().count() as f64)),
        "normalize-space" => given(text(0)?.split_whitespace().collect::<Vec<_>>().join(" ")),
        "translate" => given(translate(&text(0)?, &text(1)?, &text(2)?)),
        "boolean" => Some(Found::Truth(found(0)?.truth())),
        "not" => Some(Found::Truth(!found(0)?.truth())),
        "true" => Some(Found::Truth(true)),
        "number" => Some(Found::Number(number(0)?)),
        "sum" => Some(Found::Number(nodes(0)?.iter().map(|node| number_of(&node.text(document))).sum())),
        "floor" => Some(Found::Number(number(0)?.floor())),
        "ceiling" => Some(Found::Number(number(0)?.ceil())),
        "round" => Some(Found::Number((number(0)? + 0.5).floor())),
        _ => None,
    }
}

/// Characters counted from 1; both bounds are rounded.
fn substring(text: &str, start: f64, length: f64) -> String {
    let round = |number: f64| (number + 0.5).floor();
    let (first, end) = (round(start), round(start) + round(length));
    let is_within = |place: usize| {
        let position = (place + 1) as f64;
        position >= first && position < end
    };
    text.chars().enumerate().filter(|(place, _)| is_within(*place)).map(|(_, c)| c).collect()
}

fn translate(text: &str, from: &str, to: &str) -> String {
    let to: Vec<char> = to.chars().collect();
    let translated = text.chars().filter_map(|c| match from.chars().position(|known| known == c) {
        None => Some(c),
        Some(place) => to.get(place).copied(),
    });
    translated.collect()
}
