//! Patterns of schema types (`contracts.md` §3.6): translated, compiled to automata that run in linear time, and fed a
//! value piece by piece.
//!
//! Nearly every value is ASCII, and an automaton over ASCII is small and quick to build. So a pattern is an automaton for
//! those, and a general engine, made the first time a value needs it, for the rest.

mod blocks;
mod translate;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use regex_automata::Anchored;
use regex_automata::dfa::Automaton;
use regex_automata::dfa::dense;
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_syntax::hir::{Capture, Class, ClassBytes, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

use crate::config::contracts::ImportLimits;

/// A compiled pattern. Immutable and shared.
#[derive(Debug)]
pub struct Pattern {
    source: String,
    translated: String,
    hir: Hir,
    ascii: dense::DFA<Vec<u32>>,
    start: StateID,
    general: OnceLock<Option<regex::Regex>>,
}

/// How far a value has come through a pattern.
#[derive(Clone, Copy, Debug)]
pub struct Progress(StateID);

impl Pattern {
    /// Compiles a pattern as written in a schema. `Err` says what is wrong with it.
    pub fn new(source: &str, limits: &ImportLimits) -> Result<Self, String> {
        if source.len() > limits.pattern_bytes_max {
            return Err(format!("pattern of {} bytes, at most {} are read", source.len(), limits.pattern_bytes_max));
        }
        let translated = translate::translate(source)?;
        let mut parser = regex_syntax::ParserBuilder::new().nest_limit(100).build();
        let hir = parser.parse(&translated).map_err(|error| format!("pattern \"{source}\": {}", last_line(&error)))?;
        let too_large = |_| format!("pattern \"{source}\" makes too large an automaton");
        let nfa = thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .nfa_size_limit(Some(limits.pattern_automaton_bytes_max))
                    .which_captures(thompson::WhichCaptures::None),
            )
            .build_from_hir(&ascii_only(&hir))
            .map_err(|_| format!("pattern \"{source}\" makes too large an automaton"))?;
        let ascii = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(regex_automata::dfa::StartKind::Anchored)
                    .match_kind(regex_automata::MatchKind::All)
                    .dfa_size_limit(Some(limits.pattern_automaton_bytes_max))
                    .determinize_size_limit(Some(4 * limits.pattern_automaton_bytes_max)),
            )
            .build_from_nfa(&nfa)
            .map_err(too_large)?;
        let config = start::Config::new().anchored(Anchored::Yes);
        let start = ascii.start_state(&config).map_err(|error| error.to_string())?;
        Ok(Self { source: source.to_owned(), translated, hir, ascii, start, general: OnceLock::new() })
    }

    /// The pattern as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The parsed form, for making values that match.
    pub fn hir(&self) -> &Hir {
        &self.hir
    }

    /// Whether the whole value matches.
    pub fn is_match(&self, value: &str) -> bool {
        if !value.is_ascii() {
            return self.is_general_match(value);
        }
        let mut progress = self.begin();
        self.advance(&mut progress, value.as_bytes());
        self.is_match_so_far(progress)
    }

    /// Starts on a value of ASCII characters that comes in pieces.
    pub fn begin(&self) -> Progress {
        Progress(self.start)
    }

    /// Takes the next piece.
    pub fn advance(&self, progress: &mut Progress, piece: &[u8]) {
        let mut state = progress.0;
        for byte in piece {
            state = self.ascii.next_state(state, *byte);
            if self.ascii.is_special_state(state) && self.ascii.is_dead_state(state) {
                break;
            }
        }
        progress.0 = state;
    }

    /// Whether what has come so far is a value that matches.
    pub fn is_match_so_far(&self, progress: Progress) -> bool {
        self.ascii.is_match_state(self.ascii.next_eoi_state(progress.0))
    }

    fn is_general_match(&self, value: &str) -> bool {
        let build = || regex::Regex::new(&format!("^(?:{})$", self.translated)).ok();
        self.general.get_or_init(build).as_ref().is_some_and(|regex| regex.is_match(value))
    }
}

/// Whether a pattern starts with `^` or ends with `$`: literals in a schema, most likely meant as anchors (IW07).
pub fn has_literal_anchors(source: &str) -> bool {
    source.starts_with('^') || (source.ends_with('$') && !source.ends_with("\\$"))
}

/// The pattern without its literal anchors.
pub fn without_literal_anchors(source: &str) -> &str {
    let source = source.strip_prefix('^').unwrap_or(source);
    match source.strip_suffix('$') {
        Some(shorter) if !shorter.ends_with('\\') => shorter,
        _ => source,
    }
}

/// Patterns compiled so far: the same few recur in hundreds of types.
#[derive(Debug, Default)]
pub struct PatternCache {
    patterns: HashMap<String, Result<Arc<Pattern>, String>>,
}

impl PatternCache {
    /// The compiled form of a pattern.
    pub fn compile(&mut self, source: &str, limits: &ImportLimits) -> Result<Arc<Pattern>, String> {
        if let Some(known) = self.patterns.get(source) {
            return known.clone();
        }
        let compiled = Pattern::new(source, limits).map(Arc::new);
        self.patterns.insert(source.to_owned(), compiled.clone());
        compiled
    }
}

fn last_line(error: &regex_syntax::Error) -> String {
    error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// The same language over ASCII characters alone.
fn ascii_only(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => {
            let mut class = class.clone();
            class.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\x7f')]));
            match class.to_byte_class() {
                Some(bytes) => Hir::class(Class::Bytes(bytes)),
                None => Hir::class(Class::Bytes(ClassBytes::empty())),
            }
        }
        HirKind::Literal(literal) if !literal.0.is_ascii() => Hir::fail(),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            min: repetition.min,
            max: repetition.max,
            greedy: true,
            sub: Box::new(ascii_only(&repetition.sub)),
        }),
        HirKind::Capture(Capture { sub, .. }) => ascii_only(sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(ascii_only).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(ascii_only).collect()),
        _ => hir.clone(),
    }
}

#[cfg(test)]
mod tests;
