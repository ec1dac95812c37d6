//! Sender × contract × address → [`Permit`] (`vp.md` §5).
//!
//! The order is exact address, `*`, HSA ancestors: not that of routing (§12.4). What is asked about is the address of the
//! message, not the node at which its route was found.

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::catalogue::snapshot::Snapshot;
use crate::config::checked::LookupSettings;
use crate::hub::route::search::{Search, Visit, is_old_style};

/// Most distinct tokens of an old-style address that can be authorised.
const TOKENS_MAX: usize = 2;
/// What the trace says of an old-style address that cannot be authorised at all.
const INVALID_PARAMETERS: &str = "Invalid parameters";

/// Proof that the sender may call: only this module can make one, and no producer is called without.
#[derive(Debug)]
pub struct Permit(());

/// Why there is no permit. `hub/answer` says what the consumer is told of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthoriseError {
    /// The catalogue holds nothing to look up.
    #[error("the catalogue is not initialised")]
    NoContact,
    /// No valid permission.
    #[error("no valid permission")]
    Missing,
}

/// Asks whether a sender may call a contract at a logical address; beside the answer the trace, comma-joined, of the
/// addresses tried.
pub fn authorise(
    snapshot: &Snapshot,
    rules: &LookupSettings,
    contract: &str,
    receiver: &str,
    sender: &str,
    now: Timestamp,
) -> (Result<Permit, AuthoriseError>, String) {
    if !snapshot.is_initialised() {
        return (Err(AuthoriseError::NoContact), String::new());
    }
    let keys = snapshot.contract(contract).zip(snapshot.consumer(sender));
    let mut search = Search::new(snapshot, receiver);
    let found = walk(&mut search, rules, contract, sender, |visit| {
        let (contract, sender) = keys?;
        snapshot.is_permitted(contract, visit.address?, sender, now).then_some(Permit(()))
    });
    (found.ok_or(AuthoriseError::Missing), search.into_trace())
}

/// Shows every address to `visit`, in the order of authorisation, until it has found something.
pub(crate) fn walk<'a, T>(
    search: &mut Search<'a>,
    rules: &LookupSettings,
    contract: &str,
    sender: &str,
    mut visit: impl FnMut(Visit<'a>) -> Option<T>,
) -> Option<T> {
    if is_old_style(rules, search.receiver()) {
        let tokens = search.tokens(&rules.delimiter);
        if old_style_refusal(rules, tokens.len(), contract, sender).is_none() {
            return search.leaves(&tokens, visit);
        }
        search.note("(leaf)");
        search.note(INVALID_PARAMETERS);
        return None;
    }
    if let Some(found) = search.exact(&mut visit).or_else(|| search.standard(&mut visit)) {
        return Some(found);
    }
    if rules.permission_climb.climbs(contract) { search.climb(visit) } else { None }
}

/// Why an old-style address cannot be authorised, whatever the catalogue says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OldStyleRefusal {
    /// More than [`TOKENS_MAX`] distinct tokens.
    TooManyTokens,
    /// Not one of `defaultrouting.allowedContracts`.
    Contract,
    /// Not one of `defaultrouting.allowedSenderIds`.
    Sender,
}

/// Whether an old-style address is refused out of hand. The lists are compared exactly, unlike the catalogue.
pub(crate) fn old_style_refusal(
    rules: &LookupSettings,
    tokens: usize,
    contract: &str,
    sender: &str,
) -> Option<OldStyleRefusal> {
    let allows = |list: &[String], text: &str| list.is_empty() || list.iter().any(|entry| entry == text);
    if tokens > TOKENS_MAX {
        Some(OldStyleRefusal::TooManyTokens)
    } else if !allows(&rules.allowed_contracts, contract) {
        Some(OldStyleRefusal::Contract)
    } else if !allows(&rules.allowed_senders, sender) {
        Some(OldStyleRefusal::Sender)
    } else {
        None
    }
}
