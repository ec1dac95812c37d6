//! Resolved values by the kind their row of the table has. Asking for another kind is a mistake of ours, found by any test.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use http::HeaderValue;
use regex::Regex;

use super::checked::NamedHeader;
use super::raw::Resolved;
use super::value::Parsed;

impl Resolved {
    /// A text; empty where it is not set.
    pub fn text(&self, key: &str) -> String {
        match self.value(key) {
            Parsed::Text(text) => text.clone(),
            Parsed::Unset => String::new(),
            other => mismatch(key, other),
        }
    }

    /// A text that is set and not empty.
    pub fn optional(&self, key: &str) -> Option<String> {
        Some(self.text(key)).filter(|text| !text.is_empty())
    }

    /// A switch.
    pub fn switch(&self, key: &str) -> bool {
        match self.value(key) {
            Parsed::Switch(switch) => *switch,
            other => mismatch(key, other),
        }
    }

    /// A number, in the unit of its row.
    pub fn number(&self, key: &str) -> i64 {
        match self.value(key) {
            Parsed::Number(number) => *number,
            other => mismatch(key, other),
        }
    }

    /// A number that need not be whole.
    pub fn decimal(&self, key: &str) -> f64 {
        match self.value(key) {
            Parsed::Decimal(number) => *number,
            other => mismatch(key, other),
        }
    }

    /// A number of bytes or things.
    pub fn size(&self, key: &str) -> usize {
        usize::try_from(self.number(key)).unwrap_or(usize::MAX)
    }

    /// A number of milliseconds.
    pub fn wait(&self, key: &str) -> Duration {
        Duration::from_millis(self.number(key).unsigned_abs())
    }

    /// A number of seconds.
    pub fn seconds(&self, key: &str) -> Duration {
        Duration::from_secs(self.number(key).unsigned_abs())
    }

    /// An address to listen on; `None` is `off`.
    pub fn address(&self, key: &str) -> Option<SocketAddr> {
        match self.value(key) {
            Parsed::Address(address) => *address,
            other => mismatch(key, other),
        }
    }

    /// Trimmed entries, blank ones among them; empty where it is not set.
    pub fn list(&self, key: &str) -> Vec<String> {
        match self.value(key) {
            Parsed::List(entries) => entries.clone(),
            Parsed::Unset => Vec::new(),
            other => mismatch(key, other),
        }
    }

    /// A regular expression; `None` is the empty one.
    pub fn pattern(&self, key: &str) -> Option<Regex> {
        match self.value(key) {
            Parsed::Pattern(pattern) => pattern.clone(),
            other => mismatch(key, other),
        }
    }

    /// A header name and the spelling it was written in.
    pub fn header(&self, key: &str) -> NamedHeader {
        match self.value(key) {
            Parsed::HeaderName(text, name) => NamedHeader { written: text.clone(), name: name.clone() },
            other => mismatch(key, other),
        }
    }

    /// The name of a header, as written, where one is set.
    pub fn optional_header(&self, key: &str) -> Option<String> {
        match self.value(key) {
            Parsed::HeaderName(text, _) => Some(text.clone()),
            Parsed::Unset => None,
            other => mismatch(key, other),
        }
    }

    /// A header value.
    pub fn header_value(&self, key: &str) -> HeaderValue {
        match self.value(key) {
            Parsed::HeaderValue(value) => value.clone(),
            other => mismatch(key, other),
        }
    }

    /// Written values below a table whose names are free to choose.
    pub fn named(&self, prefix: &str) -> BTreeMap<String, String> {
        self.below(prefix).filter_map(|(name, written)| Some((name.to_owned(), written.text()?))).collect()
    }
}

/// The table and this file disagree about a kind.
fn mismatch(key: &str, parsed: &Parsed) -> ! {
    unreachable!("{key} is read as another kind than its row has: {parsed:?}")
}
