//! Messages against contracts: one pass over the bytes, in whatever pieces they come, without building a tree
//! (`contracts.md` §4).
//!
//! A compiled contract is shared by all who validate; a [`Validation`] owns nothing but where it is: a stack of open
//! elements with the state of each one's automaton, the prefixes in scope, and the value being read.

mod attributes;
mod content;
mod envelope;
pub mod finding;
mod identity;
mod input;
mod machine;
mod place;
mod scan;
mod scope;
mod unexpected;
mod value;

use std::sync::Arc;

use serde::Serialize;

use self::finding::Finding;
use self::input::Input;
use self::machine::Machine;
use super::contract::{Contract, Direction};
use super::registry::Registry;
use crate::config::contracts::MessageLimits;

/// What a message is held against.
#[derive(Clone, Debug)]
pub enum Target {
    /// This contract, in this direction, or in either.
    Contract(Arc<Contract>, Option<Direction>),
    /// Whichever contract the element in the body belongs to.
    Registry(Arc<Registry>),
}

/// How a message is validated.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Limits on the message.
    pub limits: MessageLimits,
    /// The `charset` of the content type, where there is one.
    pub charset: Option<String>,
    /// Whether the message came with attachments, so that `xop:Include` may stand for binary content.
    pub has_attachments: bool,
}

/// What a validation found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Namespace of the contract, if one was found.
    pub contract: Option<String>,
    /// Its version.
    #[serde(rename = "minor")]
    pub version: Option<String>,
    /// Which of its messages it is.
    pub direction: Option<Direction>,
    /// Why the contract cannot judge anything: it is broken, and this is its first error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unusable: Option<String>,
    /// Whether the message follows the contract.
    pub valid: bool,
    /// What does not, up to the limit.
    pub errors: Vec<Finding>,
    /// What is worth a remark and makes nothing invalid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Finding>,
    /// How many errors were counted.
    pub error_count: usize,
    /// Whether errors were left out, or validation stopped.
    pub truncated: bool,
    /// Bytes that were read.
    pub bytes: u64,
}

/// A validation in progress. Fed with bytes as they come; says at the end what it found.
#[derive(Debug)]
pub struct Validation {
    input: Input,
    machine: Machine,
    bytes: u64,
}

impl Validation {
    /// Starts on a message.
    pub fn new(target: Target, options: Options) -> Self {
        let Options { limits, charset, has_attachments } = options;
        Self { input: Input::new(charset), machine: Machine::new(target, limits, has_attachments), bytes: 0 }
    }

    /// Takes the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.input.feed(bytes, &mut self.machine);
    }

    /// Whether nothing more needs to be fed: the message cannot be read further, or enough errors were counted.
    pub fn is_stopped(&self) -> bool {
        self.machine.is_stopped()
    }

    /// Ends the message.
    pub fn finish(mut self) -> Report {
        self.input.finish(&mut self.machine);
        self.machine.report(self.bytes)
    }
}

/// Validates a message that is in memory.
pub fn validate(target: Target, options: Options, message: &[u8]) -> Report {
    let mut validation = Validation::new(target, options);
    validation.feed(message);
    validation.finish()
}

#[cfg(test)]
mod tests;
