//! The part of a message that a page shows, and in it the element something was found wrong with.

use std::ops::Range;

use roxmltree::Node;

use crate::qa::run::exchange::decode;
use crate::qa::tree;
use crate::qa::xpath::Node as Place;

/// Bytes of a message that a page shows: a page of a hundred cases is to be read, not searched.
const SHOWN_BYTES_MAX: usize = 6_000;
/// Bytes shown before what is marked, where not all can be.
const LEAD_BYTES: usize = 1_500;

/// What is shown of a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub(super) before: String,
    /// Empty where nothing is marked.
    pub(super) marked: String,
    pub(super) after: String,
    pub(super) is_cut_before: bool,
    pub(super) is_cut_after: bool,
}

/// The beginning of a message, or what is around the element at `place`.
pub(super) fn excerpt(bytes: &[u8], place: Option<&str>) -> Excerpt {
    let text = decode(bytes, None);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let marked = place.and_then(|place| element_at(text, place)).unwrap_or(0..0);
    let fits = text.len() <= SHOWN_BYTES_MAX;
    let from = if fits || marked.end <= SHOWN_BYTES_MAX { 0 } else { marked.start.saturating_sub(LEAD_BYTES) };
    let from = text.floor_char_boundary(from);
    let to = text.floor_char_boundary(text.len().min(from + SHOWN_BYTES_MAX));
    let (start, end) = (marked.start.clamp(from, to), marked.end.clamp(from, to));
    Excerpt {
        before: text[from..start].to_owned(),
        marked: text[start..end].to_owned(),
        after: text[end..to].to_owned(),
        is_cut_before: from > 0,
        is_cut_after: to < text.len(),
    }
}

/// Where in the text the element of a place stands. A place is a path of names, with the message's prefixes or without
/// any, and with a position among its like where that is not the first; what it says of attributes is their element's.
fn element_at(text: &str, place: &str) -> Option<Range<usize>> {
    let document = tree::parse(text).ok()?;
    let steps = place.strip_prefix('/')?.split('/');
    let mut at = document.root();
    for step in steps.take_while(|step| !step.starts_with('@') && !step.ends_with("()")) {
        let (name, position) = match step.split_once('[') {
            Some((name, rest)) => (name, rest.strip_suffix(']')?.parse().ok()?),
            None => (step, 1usize),
        };
        at = named(at, name, position)?;
    }
    at.is_element().then(|| at.range())
}

/// The child of this name that is at this position among its like.
fn named<'a>(parent: Node<'a, 'a>, name: &str, position: usize) -> Option<Node<'a, 'a>> {
    let children = || parent.children().filter(Node::is_element);
    let is_named = |child: &Node<'a, 'a>| match name.contains(':') {
        true => Place::Tree(*child).written_name() == name,
        false => child.tag_name().name() == name,
    };
    children().filter(is_named).find(|child| {
        let alike = |other: &Node<'a, 'a>| other.tag_name() == child.tag_name();
        children().filter(alike).take_while(|other| other != child).count() + 1 == position
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "<s:E xmlns:s='urn:s'><s:B><r><id>a</id></r><r n='1'><id>b</id></r></s:B></s:E>";

    #[test]
    fn the_element_of_a_place_is_found_however_it_is_written() {
        for (place, expected) in [
            ("/s:E[1]/s:B[1]/r[2]/id[1]", Some("<id>b</id>")),
            ("/E/B/r[2]/id", Some("<id>b</id>")),
            ("/E/B/r", Some("<r><id>a</id></r>")),
            ("/s:E[1]/s:B[1]/r[2]/@n", Some("<r n='1'><id>b</id></r>")),
            ("/E/B/r[2]/id/text()", Some("<id>b</id>")),
            ("/E/B/r[3]", None),
            ("/", None),
            ("E", None),
            ("/E/B/r[x]", None),
        ] {
            assert_eq!(element_at(MESSAGE, place).map(|range| &MESSAGE[range]), expected, "{place}");
        }
    }

    #[test]
    fn a_long_message_is_shown_around_what_is_marked() {
        let message = format!("<a><p>{}</p><b>\u{e5}</b><q>{}</q></a>", "\u{e4}".repeat(9_000), "x".repeat(9_000));
        let plain = excerpt(message.as_bytes(), None);
        assert!(!plain.is_cut_before && plain.is_cut_after && plain.marked.is_empty());
        assert_eq!((plain.before.len(), plain.after.len()), (0, SHOWN_BYTES_MAX));
        let marked = excerpt(message.as_bytes(), Some("/a/b"));
        assert!(marked.is_cut_before && marked.is_cut_after && marked.before.ends_with("\u{e4}</p>"));
        assert_eq!(marked.marked, "<b>\u{e5}</b>");
        let whole = excerpt(MESSAGE.as_bytes(), Some("/E/B"));
        assert_eq!(format!("{}{}{}", whole.before, whole.marked, whole.after), MESSAGE);
        assert_eq!(excerpt(b"not xml", Some("/a")).after, "not xml");
    }
}
