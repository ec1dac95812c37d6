//! The built-in types of XML Schema: which texts they admit, and when two texts are the same value (`contracts.md` §3.5).
//!
//! Texts arrive with their white space already normalised. Every check is one pass without allocation; values are only
//! made where something must be compared.

pub mod builtin;
pub mod compare;
mod lexical;
mod names;
mod time;
mod uri;

pub use builtin::Builtin;
pub use compare::Value;
pub(crate) use lexical::Base64;
pub(crate) use names::{is_name_character, is_name_start};

use std::borrow::Cow;

/// What a type does to white space before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhiteSpace {
    /// Left as it is.
    Preserve,
    /// Each white-space character becomes a space.
    Replace,
    /// Runs become one space, none at either end.
    Collapse,
}

impl WhiteSpace {
    /// The text as the type sees it. Borrows wherever nothing inside changes.
    pub fn normalise(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Preserve => Cow::Borrowed(text),
            Self::Replace if text.bytes().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r')) => {
                Cow::Owned(text.replace(['\t', '\n', '\r'], " "))
            }
            Self::Replace => Cow::Borrowed(text),
            Self::Collapse => collapse(text),
        }
    }
}

/// The four characters that are white space in XML.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn collapse(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim_matches(|c: char| matches!(c, ' ' | '\t' | '\n' | '\r'));
    let mut before = 0u8;
    let untidy = trimmed.bytes().any(|byte| {
        let untidy = matches!(byte, b'\t' | b'\n' | b'\r') || (byte == b' ' && before == b' ');
        before = byte;
        untidy
    });
    if !untidy {
        return Cow::Borrowed(trimmed);
    }
    let words = trimmed.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty());
    Cow::Owned(words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests;
