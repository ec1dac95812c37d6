//! `multipartPatterns`: conditions on the parts of a body in several parts.

use super::value::{Given, ManyMatcher, ValueMatcher};
use crate::producers::asked::Asked;

/// Most parts of a body that are looked at.
const PARTS_MAX: usize = 1_000;

/// A condition on the parts.
#[derive(Clone, Debug)]
pub struct PartMatcher {
    /// The part's name, where it must have one.
    pub name: Option<String>,
    /// Whether every part must fit, instead of any.
    pub all: bool,
    /// Conditions on the part's headers.
    pub headers: Vec<(String, ManyMatcher)>,
    /// Conditions on its body.
    pub body: Vec<ValueMatcher>,
}

struct Part<'b> {
    headers: Vec<(String, String)>,
    body: &'b str,
}

impl PartMatcher {
    /// Whether the parts of a request fit.
    pub fn accepts(&self, asked: &Asked<'_>) -> bool {
        let Some(kind) = asked.header("content-type").filter(|kind| kind.starts_with("multipart/")) else {
            return false;
        };
        let Some(boundary) = kind.split(';').find_map(|part| part.trim().strip_prefix("boundary=")) else {
            return false;
        };
        let parts = parts(asked.text(), boundary.trim_matches('"'));
        let fits = |part: &Part<'_>| self.fits(part, asked);
        if self.all { !parts.is_empty() && parts.iter().all(fits) } else { parts.iter().any(fits) }
    }

    fn fits(&self, part: &Part<'_>, asked: &Asked<'_>) -> bool {
        let of = |name: &str| -> Vec<&String> {
            part.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
        };
        let named = self.name.as_ref().is_none_or(|name| {
            of("content-disposition").iter().any(|value| value.contains(&format!("name=\"{name}\"")))
        });
        named
            && self.headers.iter().all(|(name, matcher)| {
                let values: Vec<&str> = of(name).iter().map(|value| value.as_str()).collect();
                matcher.accepts(&values, asked)
            })
            && self.body.iter().all(|matcher| matcher.accepts(Given::value(Some(part.body), asked)))
    }
}

fn parts<'b>(text: &'b str, boundary: &str) -> Vec<Part<'b>> {
    let separator = format!("--{boundary}");
    let pieces = text.split(separator.as_str()).skip(1).take(PARTS_MAX);
    pieces
        .filter(|piece| !piece.starts_with("--"))
        .filter_map(|piece| {
            let piece = piece.strip_prefix("\r\n").or_else(|| piece.strip_prefix('\n'))?;
            let (head, body) = piece.split_once("\r\n\r\n").or_else(|| piece.split_once("\n\n"))?;
            let headers = head.lines().filter_map(|line| line.split_once(':'));
            let headers = headers.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
            Some(Part { headers, body: body.strip_suffix("\r\n").or_else(|| body.strip_suffix('\n')).unwrap_or(body) })
        })
        .collect()
}
