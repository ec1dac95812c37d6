//! Times, statuses and texts.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

use super::Judgement;
use crate::qa::suite::project::ContainsCheck;
use crate::qa::verdict::Verdict;

/// Answered in time; exactly in time is in time.
pub fn sla(limit: &str, ms: u64) -> Judgement {
    match limit.trim().parse::<u64>() {
        Ok(limit) => Judgement::when(ms <= limit, || format!("response took {ms} ms, limit {limit} ms")),
        Err(_) => Judgement::of(Verdict::Error, format!("{limit:?} is not a number of milliseconds")),
    }
}

/// The status is one of the codes, or is not; codes are compared as text.
pub fn status(codes: &str, valid: bool, status: u16) -> Judgement {
    let actual = status.to_string();
    let entries: Vec<&str> = codes.split(',').map(str::trim).filter(|code| !code.is_empty()).collect();
    let found = entries.contains(&actual.as_str());
    let mut judgement = if valid {
        Judgement::when(found, || format!("status {actual} not among {}", entries.join(",")))
    } else {
        Judgement::when(!found, || format!("status {actual} is excluded"))
    };
    for entry in entries.iter().filter(|entry| entry.parse::<u16>().is_err()) {
        judgement = judgement.noting("status-never-equal", format!("{entry:?} can never equal a status code"));
    }
    judgement
}

/// A text is there, or is not.
pub fn contains(check: &ContainsCheck, token: &str, body: &str) -> Judgement {
    let (token, body) = (token.replace("\r\n", "\n"), body.replace("\r\n", "\n"));
    if token.is_empty() {
        return Judgement::pass().noting("empty-token", "the token is empty, so nothing was looked for");
    }
    let found = if check.regex {
        // The whole body must match, and the dot does not match a line's end.
        match RegexBuilder::new(&format!("\\A(?:{token})\\z")).case_insensitive(check.ignore_case).build() {
            Ok(regex) => regex.is_match(&body),
            Err(error) => return Judgement::of(Verdict::Error, format!("regular expression {token}: {error}")),
        }
    } else if check.ignore_case {
        body.to_lowercase().contains(&token.to_lowercase())
    } else {
        body.contains(&token)
    };
    if found == check.wanted {
        return Judgement::pass();
    }
    if !check.wanted {
        return Judgement::fail(format!("unwanted token [{token}]"));
    }
    let judgement = Judgement::fail(format!("missing token [{token}]"));
    match under_another_prefix(&token, &body) {
        Some(prefix) => judgement.noting("same-content-other-prefix", format!("same content under prefix {prefix}")),
        None => judgement,
    }
}

static ELEMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\A<(?:[\w.\-]+:)?([\w.\-]+)[^>]*>([^<]*)</(?:[\w.\-]+:)?([\w.\-]+)\s*>\z")
        .expect("the pattern is well-formed")
});

/// The prefix under which the body has an element of the token's local name and text.
fn under_another_prefix(token: &str, body: &str) -> Option<String> {
    let found = ELEMENT.captures(token.trim())?;
    let (local, text) = (regex::escape(&found[1]), regex::escape(&found[2]));
    let other = Regex::new(&format!(r"<(?:([\w.\-]+):)?{local}(?:\s[^>]*)?>{text}<")).ok()?;
    let prefix = other.captures(body)?.get(1).map_or("", |prefix| prefix.as_str()).to_owned();
    Some(if prefix.is_empty() { "(none)".to_owned() } else { prefix })
}
