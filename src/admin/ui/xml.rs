//! Lays XML out for reading. It only moves white space between tags; what it cannot follow is shown as it came.

use std::borrow::Cow;

/// Deepest visible indentation: beyond, hostile nesting would only add blanks.
const DEPTH_MAX: usize = 24;

enum Piece<'a> {
    Open(&'a str),
    Close(&'a str),
    /// An empty element, comment, instruction or declaration.
    Alone(&'a str),
    Text(&'a str),
}

/// The text with each element on its own line; an element that holds only text stays on one.
pub(super) fn indented(text: &str) -> Cow<'_, str> {
    let Some(pieces) = pieces(text) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0usize;
    let mut at = 0;
    while at < pieces.len() {
        let line = |out: &mut String, depth: usize| {
            if !out.is_empty() {
                out.push('\n');
            }
            (0..depth.min(DEPTH_MAX)).for_each(|_| out.push_str("  "));
        };
        match &pieces[at..] {
            [Piece::Open(open), Piece::Text(inner), Piece::Close(close), ..] => {
                line(&mut out, depth);
                [open, inner, close].iter().for_each(|piece| out.push_str(piece));
                at += 3;
                continue;
            }
            [Piece::Open(open), Piece::Close(close), ..] => {
                line(&mut out, depth);
                out.push_str(open);
                out.push_str(close);
                at += 2;
                continue;
            }
            [Piece::Open(piece), ..] => {
                line(&mut out, depth);
                out.push_str(piece);
                depth += 1;
            }
            [Piece::Close(piece), ..] => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push_str(piece);
            }
            [Piece::Alone(piece) | Piece::Text(piece), ..] => {
                line(&mut out, depth);
                out.push_str(piece);
            }
            [] => break,
        }
        at += 1;
    }
    Cow::Owned(out)
}

/// Tags and the texts between them; `None` where it does not look like XML. An unfinished end becomes text.
fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut rest = text.trim_start_matches('\u{feff}').trim();
    if !rest.starts_with('<') {
        return None;
    }
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let Some(stripped) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            let (between, after) = rest.split_at(end);
            if !between.trim().is_empty() {
                pieces.push(Piece::Text(between));
            }
            rest = after;
            continue;
        };
        let Some(end) = tag_end(rest) else {
            pieces.push(Piece::Text(rest));
            break;
        };
        let (tag, after) = rest.split_at(end);
        pieces.push(match stripped.as_bytes().first() {
            Some(b'/') => Piece::Close(tag),
            _ if tag.starts_with("<![CDATA[") => Piece::Text(tag),
            Some(b'!' | b'?') => Piece::Alone(tag),
            _ if tag.ends_with("/>") => Piece::Alone(tag),
            _ => Piece::Open(tag),
        });
        rest = after;
    }
    Some(pieces)
}

/// Where the tag that `text` begins with ends.
fn tag_end(text: &str) -> Option<usize> {
    let special = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
    if let Some((start, end)) = special.into_iter().find(|(start, _)| text.starts_with(start)) {
        return text[start.len()..].find(end).map(|at| start.len() + at + end.len());
    }
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return Some(at + 1),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_follows_the_elements_and_leaves_the_rest_alone() {
        let cases = [
            ("<a><b>x</b><c/></a>", "<a>\n  <b>x</b>\n  <c/>\n</a>"),
            ("<?xml version=\"1.0\"?>\n<a>\n <b></b></a>", "<?xml version=\"1.0\"?>\n<a>\n  <b></b>\n</a>"),
            ("<a t='1>2'><!-- <x> --><b>1 &lt; 2</b></a>", "<a t='1>2'>\n  <!-- <x> -->\n  <b>1 &lt; 2</b>\n</a>"),
            ("<a><b><![CDATA[<no>]]></b></a>", "<a>\n  <b><![CDATA[<no>]]></b>\n</a>"),
            ("not xml <a>", "not xml <a>"),
            ("</a></b>", "</a>\n</b>"),
            ("<a><b attribute=\"cut off", "<a>\n  <b attribute=\"cut off"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(indented(text), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_but_white_space_changes(text in "[<>/a!?'\" åé&\\-\\[\\]\n]{0,80}") {
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            proptest::prop_assert_eq!(bare(&indented(&text)), bare(&text));
        }
    }
}
