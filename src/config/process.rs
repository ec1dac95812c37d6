//! The process's own variables, read once and handed down as plain texts.

use std::env;

/// Every variable; a name or value that is not UTF-8 has its stray bytes replaced.
pub fn variables() -> Vec<(String, String)> {
    env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect()
}

/// The value of one of them; empty counts as not there.
pub fn variable<'v>(variables: &'v [(String, String)], name: &str) -> Option<&'v str> {
    variables.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
}
