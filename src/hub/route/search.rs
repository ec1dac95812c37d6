//! The steps of which a search for a route or a permission is made, and the trace they leave.
//!
//! Routing and authorisation take the same steps in different orders (`vp.md` §12.4), and an explanation takes exactly
//! theirs.

use crate::catalogue::keys::AddressKey;
use crate::catalogue::snapshot::{STANDARD, Snapshot};
use crate::config::checked::LookupSettings;

/// How a search came to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is the receiver.
    Exact,
    /// It is a token of the receiver.
    Token,
    /// It is above the receiver in the HSA tree.
    Climbed,
    /// It is `*`.
    Standard,
}

/// One address that is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) step: Step,
    /// The address as it is written in the trace.
    pub(crate) name: &'a str,
    /// The address as the catalogue knows it; `None` where it does not.
    pub(crate) address: Option<AddressKey>,
}

/// Room for the steps behind the receiver, so that a trace is allocated once even when five levels were climbed.
const TRACE_BYTES: usize = 160;

/// A search under way.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    snapshot: &'a Snapshot,
    receiver: &'a str,
    trace: String,
}

impl<'a> Search<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, receiver: &'a str) -> Self {
        Self { snapshot, receiver, trace: String::with_capacity(receiver.len() + TRACE_BYTES) }
    }

    pub(crate) fn receiver(&self) -> &'a str {
        self.receiver
    }

    /// What was tried, comma-joined (`vp.md` §9).
    pub(crate) fn into_trace(self) -> String {
        self.trace
    }

    /// Adds a word to the trace.
    pub(crate) fn note(&mut self, word: &str) {
        if !self.trace.is_empty() {
            self.trace.push(',');
        }
        self.trace.push_str(word);
    }

    /// The distinct tokens of an old-style address (`VG#VE`), last first. Empty ones do not count: `VG#` is `VG`.
    pub(crate) fn tokens(&self, delimiter: &str) -> Vec<&'a str> {
        let mut tokens = Vec::new();
        for token in self.receiver.split(delimiter).filter(|token| !token.is_empty()) {
            if !tokens.contains(&token) {
                tokens.push(token);
            }
        }
        tokens.reverse();
        tokens
    }

    /// Tries the tokens, in the order given.
    pub(crate) fn leaves<T>(&mut self, tokens: &[&'a str], mut visit: impl FnMut(Visit<'a>) -> Option<T>) -> Option<T> {
        self.note("(leaf)");
        tokens.iter().find_map(|token| {
            self.note(token);
            visit(Visit { step: Step::Token, name: token, address: self.snapshot.address(token) })
        })
    }

    /// Tries the receiver itself.
    pub(crate) fn exact<T>(&mut self, mut visit: impl FnMut(Visit<'a>) -> Option<T>) -> Option<T> {
        self.note(self.receiver);
        visit(Visit { step: Step::Exact, name: self.receiver, address: self.snapshot.address(self.receiver) })
    }

    /// Tries everything above the receiver, up to `SE`.
    pub(crate) fn climb<T>(&mut self, mut visit: impl FnMut(Visit<'a>) -> Option<T>) -> Option<T> {
        self.note("(parent)");
        self.snapshot.above(self.receiver).find_map(|(name, address)| {
            self.note(name);
            visit(Visit { step: Step::Climbed, name, address })
        })
    }

    /// Tries `*`.
    pub(crate) fn standard<T>(&mut self, mut visit: impl FnMut(Visit<'a>) -> Option<T>) -> Option<T> {
        self.note("(default)");
        self.note(STANDARD);
        visit(Visit { step: Step::Standard, name: STANDARD, address: self.snapshot.standard() })
    }
}

/// Whether a receiver is made of tokens.
pub(crate) fn is_old_style(rules: &LookupSettings, receiver: &str) -> bool {
    !rules.delimiter.is_empty() && receiver.contains(rules.delimiter.as_str())
}
