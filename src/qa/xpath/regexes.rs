//! Regular expressions as XPath writes them, on an engine that never takes more than linear time.

use std::fmt::Write as _;

use regex::{Regex, RegexBuilder};

use super::DynamicError;

/// Bytes a compiled expression may take.
const COMPILED_BYTES_MAX: usize = 1 << 20;

const NAME_START: &str = r"_:A-Za-z\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{2FF}\u{370}-\u{37D}\u{37F}-\u{1FFF}";
const NAME_MORE: &str = r"\-.0-9\u{B7}";

/// Compiles `pattern` with the flags `s`, `m`, `i` and `x`.
pub(super) fn compile(pattern: &str, flags: &str) -> Result<Regex, DynamicError> {
    let refused = |message: String| DynamicError::Regex { pattern: pattern.to_owned(), message };
    if let Some(unknown) = flags.chars().find(|flag| !matches!(flag, 's' | 'm' | 'i' | 'x')) {
        return Err(refused(format!("unknown flag {unknown}")));
    }
    let has = |flag| flags.contains(flag);
    RegexBuilder::new(&translated(pattern))
        .dot_matches_new_line(has('s'))
        .multi_line(has('m'))
        .case_insensitive(has('i'))
        .ignore_whitespace(has('x'))
        .size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|error| refused(error.to_string().lines().last().unwrap_or("not understood").trim().to_owned()))
}

/// What is written otherwise here than there: name classes, class subtraction, and the operators of classes that only
/// the engine knows.
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut characters = pattern.chars().peekable();
    let mut depth = 0usize;
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('i') if depth > 0 => out.push_str(NAME_START),
                Some('c') if depth > 0 => _ = write!(out, "{NAME_START}{NAME_MORE}"),
                Some('i') => _ = write!(out, "[{NAME_START}]"),
                Some('c') => _ = write!(out, "[{NAME_START}{NAME_MORE}]"),
                Some('I') => _ = write!(out, "[^{NAME_START}]"),
                Some('C') => _ = write!(out, "[^{NAME_START}{NAME_MORE}]"),
                Some(next) => {
                    out.push('\\');
                    out.push(next);
                }
                None => out.push('\\'),
            },
            '[' => {
                depth += 1;
                out.push('[');
                if characters.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
            }
            ']' => {
                depth = depth.saturating_sub(1);
                out.push(']');
            }
            '-' if depth > 0 && characters.peek() == Some(&'[') => out.push_str("--"),
            '&' | '~' if depth > 0 => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
