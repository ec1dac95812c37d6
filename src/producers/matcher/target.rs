//! Conditions on the request's target.

use regex::Regex;

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
