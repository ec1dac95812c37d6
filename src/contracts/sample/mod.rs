//! Messages made from contracts: valid by construction and checked before they are given out, plausible to a reader, and
//! the same bytes for the same seed on any machine (`contracts.md` §5).

mod content;
mod pattern;
mod tables;
mod values;
mod write;

use std::sync::Arc;

use jiff::civil::DateTime;

pub use pattern::matching;

use self::content::{Cover, Making};
use super::contract::{Contract, Direction};
use super::validate::{Options, Target, validate};
use crate::domain::profile::Profile;

/// How much of a contract a sample uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// What is mandatory, and the first branch of every choice.
    Min,
    /// What is mandatory, and what readers expect to find.
    Typical,
    /// Everything once, lists twice, an extension in every open slot.
    Max,
    /// A list of messages that together use everything.
    Cover,
}

impl Envelope {
    /// Reads the name a user writes.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "own" => Some(Self::Own),
            "2.0" => Some(Self::Of(Profile::Rivtabp20)),
            "2.1" => Some(Self::Of(Profile::Rivtabp21)),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

impl Variant {
    /// Reads the name a user writes.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "min" => Some(Self::Min),
            "typical" => Some(Self::Typical),
            "max" => Some(Self::Max),
            "cover" => Some(Self::Cover),
            _ => None,
        }
    }
}

/// What stands around the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// SOAP with the header of the contract's own profile.
    Own,
    /// SOAP with the header of this profile.
    Of(Profile),
    /// Nothing.
    None,
}

/// What sample is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which of the contract's messages.
    pub direction: Direction,
    /// How much of it.
    pub variant: Variant,
    /// What decides between values that are equally good.
    pub seed: u64,
    /// The patient's identity, instead of one from the test series chosen by the seed.
    pub patient: Option<String>,
    /// What stands around it.
    pub envelope: Envelope,
    /// What it is to agree with.
    pub given: Given,
}

/// What a sample is to agree with, such as what a request asked for. Whatever a type does not admit is passed over: a
/// sample always follows its contract.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Values by the name of their element or attribute, or by `parent/name`; in lower case. Elements that have one are
    /// made though they are optional. `header/logicaladdress` is the address in the envelope's header.
    pub values: Vec<(String, String)>,
    /// First and last moment at which something in the records may happen.
    pub period: Option<(DateTime, DateTime)>,
    /// How many records each list of an answer has, as far as the contract allows.
    pub records: Option<u32>,
}

impl Given {
    /// The value for an element of that name in that parent, both in any case.
    fn value(&self, parent: &str, local: &str) -> Option<&str> {
        let is_for = |key: &str| match key.split_once('/') {
            None => key.eq_ignore_ascii_case(local),
            Some((outer, inner)) => inner.eq_ignore_ascii_case(local) && outer.eq_ignore_ascii_case(parent),
        };
        self.values.iter().find(|(key, _)| is_for(key)).map(|(_, value)| value.as_str())
    }
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            direction: Direction::Request,
            variant: Variant::Typical,
            seed: 0,
            patient: None,
            envelope: Envelope::Own,
            given: Given::default(),
        }
    }
}

/// Why no sample can be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// The contract did not compile.
    #[error("the contract is broken: {0}")]
    Broken(String),
    /// There is no message in that direction.
    #[error("{0} has no response")]
    NoMessage(String),
    /// A type that no value was found for.
    #[error("no value was found for {path}: {why}")]
    NoValue {
        /// The element.
        path: String,
        /// What its type asks for.
        why: String,
    },
    /// What was made does not follow the contract; it is not given out.
    #[error("what was made for {path} does not follow the contract: {why}")]
    Invalid {
        /// The first element that is wrong.
        path: String,
        /// Why.
        why: String,
    },
}

/// Most messages of a [`Variant::Cover`].
const COVER_MAX: usize = 64;

/// Makes the messages: one, or a list for [`Variant::Cover`].
pub fn sample(contract: &Arc<Contract>, wanted: &Wanted) -> Result<Vec<String>, SampleError> {
    if let Some(error) = contract.first_error() {
        return Err(SampleError::Broken(error.to_string()));
    }
    let element = contract.element(wanted.direction).ok_or_else(|| SampleError::NoMessage(contract.short_name()))?;
    let mut cover = Cover::default();
    let mut messages = Vec::new();
    loop {
        let before = cover.used.len();
        let seed = wanted.seed.wrapping_add(messages.len() as u64);
        let mut making = Making::new(contract.schema(), wanted, seed, std::mem::take(&mut cover));
        let made = making.root(element)?;
        cover = making.cover;
        let is_new = cover.used.len() > before || messages.is_empty();
        if is_new {
            let message = write::message(contract, &made, wanted);
            check(contract, wanted.direction, &message)?;
            messages.push(message);
        }
        if wanted.variant != Variant::Cover || !is_new || messages.len() == COVER_MAX {
            return Ok(messages);
        }
    }
}

fn check(contract: &Arc<Contract>, direction: Direction, message: &str) -> Result<(), SampleError> {
    let target = Target::Contract(contract.clone(), Some(direction));
    let report = validate(target, Options::default(), message.as_bytes());
    match report.errors.first() {
        Some(error) => Err(SampleError::Invalid { path: error.path.clone(), why: error.en.clone() }),
        None => Ok(()),
    }
}

/// SplitMix64: small, and the same everywhere.
pub(super) fn mixed(mut state: u64) -> u64 {
    state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// A number for a text under a seed.
pub fn hashed(seed: u64, text: &str) -> u64 {
    let fnv = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    mixed(seed ^ mixed(fnv))
}

#[cfg(test)]
mod tests;
