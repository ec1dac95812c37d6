//! Conditions on the request's target.

use regex::Regex;
use regex_syntax::hir::{Hir, HirKind};

use super::value::whole;
use crate::producers::asked::decoded;
use crate::producers::settings::REGEX_BYTES_MAX;

/// A condition on the request's target.
#[derive(Clone, Debug)]
pub enum TargetMatcher {
    /// Path and query, equal.
    Url(String),
    /// Path without query, equal.
    Path(String),
    /// Path and query, a pattern.
    UrlPattern(Regex),
    /// Path without query, a pattern.
    PathPattern(Regex),
    /// Path without query, with named places.
    Template(PathTemplate),
}

impl TargetMatcher {
    /// Whether a target is accepted.
    pub fn accepts(&self, target: &str) -> bool {
        match self {
            Self::Url(expected) => target == expected,
            Self::Path(expected) => path_of(target) == expected,
            Self::UrlPattern(pattern) => pattern.is_match(target),
            Self::PathPattern(pattern) => pattern.is_match(path_of(target)),
            Self::Template(template) => template.pattern.is_match(path_of(target)),
        }
    }
}

impl TargetMatcher {
    /// Whole parts of the path, up to a `/`, that every target begins with that a pattern accepts; `None` where it may
    /// begin with anything.
    pub fn head(&self) -> Option<String> {
        let pattern = match self {
            Self::UrlPattern(pattern) | Self::PathPattern(pattern) => pattern,
            Self::Template(template) => &template.pattern,
            Self::Url(_) | Self::Path(_) => return None,
        };
        let mut literal = Vec::new();
        beginning(&regex_syntax::parse(pattern.as_str()).ok()?, &mut literal);
        let text = String::from_utf8(literal).ok()?;
        let path = path_of(&text);
        let end = path.rfind('/').filter(|end| *end > 0 && path.starts_with('/'))?;
        Some(path[..=end].to_owned())
    }
}

/// Collects the literal that a pattern begins with; whether it goes on with what follows.
fn beginning(pattern: &Hir, literal: &mut Vec<u8>) -> bool {
    match pattern.kind() {
        HirKind::Literal(text) => {
            literal.extend_from_slice(&text.0);
            true
        }
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Capture(inner) => beginning(&inner.sub, literal),
        HirKind::Concat(parts) => parts.iter().all(|part| beginning(part, literal)),
        _ => false,
    }
}

/// A target without its query.
pub fn path_of(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

/// `/contacts/{id}`: each name stands for one part of the path.
#[derive(Clone, Debug)]
pub struct PathTemplate {
    pattern: Regex,
    names: Vec<String>,
}

impl PathTemplate {
    /// Reads a template; `Err` says what is wrong.
    pub fn new(source: &str) -> Result<Self, String> {
        let (mut pattern, mut names) = (String::new(), Vec::new());
        let mut rest = source;
        while let Some(open) = rest.find('{') {
            let close = rest[open..].find('}').ok_or("\"{\" without \"}\"")? + open;
            pattern.push_str(&regex::escape(&rest[..open]));
            pattern.push_str("([^/]+)");
            names.push(rest[open + 1..close].to_owned());
            rest = &rest[close + 1..];
        }
        pattern.push_str(&regex::escape(rest));
        let pattern = whole(&pattern, REGEX_BYTES_MAX).map_err(|error| error.to_string())?;
        Ok(Self { pattern, names })
    }

    /// The names in it.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What a name stands for in a target, decoded.
    pub fn parameter(&self, target: &str, name: &str) -> Option<String> {
        let place = self.names.iter().position(|known| known == name)?;
        let captures = self.pattern.captures(path_of(target))?;
        captures.get(place + 1).map(|part| decoded(part.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_begins_with_is_in_every_target_it_accepts() {
        let head = |pattern: &str| TargetMatcher::PathPattern(whole(pattern, REGEX_BYTES_MAX).unwrap()).head();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(head("/pattern/12/[a-z]+"), text("/pattern/12/"));
        assert_eq!(head("/a/b"), text("/a/"));
        assert_eq!(head("/a/b.*"), text("/a/"));
        assert_eq!(head("/a/(b/c|b/d)/e"), text("/a/"));
        assert_eq!(head("(/a/b/)[0-9]"), text("/a/b/"));
        assert_eq!(head("/a/x?/b"), text("/a/"));
        for anything in [".*", "/a.*", "(?i)/a/b/c", "/x|/a/b/c", "/(a/)*b"] {
            assert!(head(anything).is_none_or(|head| head == "/"), "{anything}");
        }
        assert_eq!(head("/a/(?:b/)?c"), text("/a/"));
        let url = TargetMatcher::UrlPattern(whole("/a/b\\?x=/c/.*", REGEX_BYTES_MAX).unwrap());
        assert_eq!(url.head(), text("/a/"));
        assert_eq!(TargetMatcher::Template(PathTemplate::new("/contacts/{id}/x").unwrap()).head(), text("/contacts/"));
    }
}
