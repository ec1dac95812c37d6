//! Values that match a pattern.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::config::contracts::ImportLimits;
use crate::contracts::pattern::Pattern;

/// A short value that matches one of the patterns; `None` if none is found.
pub fn matching(sources: &[String]) -> Option<String> {
    sources.iter().find_map(|source| shortest(&Pattern::new(source, &ImportLimits::default()).ok()?))
}

/// A short value that matches a pattern: every choice the shortest, every repetition the fewest.
pub(super) fn shortest(pattern: &Pattern) -> Option<String> {
    let mut out = String::new();
    write(pattern.hir(), &mut out, &mut |characters| characters.first().copied())?;
    pattern.is_match(&out).then_some(out)
}

/// Writes a match; `choose` picks one of the characters a class admits. `None` where a class admits none.
pub(super) fn write(hir: &Hir, out: &mut String, choose: &mut dyn FnMut(&[char]) -> Option<char>) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => out.push(choose(&candidates(class))?),
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min {
                write(&repetition.sub, out, choose)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, out, choose)?,
        HirKind::Concat(parts) => {
            for part in parts {
                write(part, out, choose)?;
            }
        }
        HirKind::Alternation(parts) => {
            let shortest = parts.iter().min_by_key(|part| part.properties().minimum_len().unwrap_or(usize::MAX))?;
            write(shortest, out, choose)?;
        }
    }
    Some(())
}

/// Characters of a class a reader finds plausible: digits and letters before anything else.
fn candidates(class: &Class) -> Vec<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => {
            class.ranges().iter().map(|range| (char::from(range.start()), char::from(range.end()))).collect()
        }
    };
    let admits = |c: &char| ranges.iter().any(|(low, high)| low <= c && c <= high);
    let usual: Vec<char> = ('0'..='9').chain('A'..='Z').chain('a'..='z').filter(admits).collect();
    if !usual.is_empty() {
        return usual;
    }
    ranges.first().map(|(low, _)| *low).into_iter().collect()
}
