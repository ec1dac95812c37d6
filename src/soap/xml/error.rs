//! What is wrong with a document, in the words of the reference platform's parser.

use std::fmt;

/// A document that is not well-formed, or exceeds a limit. The text is what the consumer sees in VP015 and VP012.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlError {
    /// What was found and what was expected.
    pub message: String,
    /// Line, counted from 1.
    pub row: usize,
    /// Character in the line, counted from 1; 0 before the first.
    pub column: usize,
}

impl XmlError {
    /// An error at byte `offset` of `input`. Position is only counted now that somebody wants it.
    pub(crate) fn at(input: &[u8], offset: usize, message: impl Into<String>) -> Self {
        let before = &input[..offset.min(input.len())];
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let is_character_start = |byte: &&u8| (**byte & 0xc0) != 0x80;
        let column = before[line_start..].iter().filter(is_character_start).count();
        Self {
            message: message.into(),
            row: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            column: column + usize::from(offset < input.len()),
        }
    }
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n at [row,col {{unknown-source}}]: [{},{}]", self.message, self.row, self.column)
    }
}

impl std::error::Error for XmlError {}
