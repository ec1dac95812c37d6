//! Catalogue → exactly one endpoint, plus the trace of how it was looked for (`vp.md` §4.3).
//!
//! The order is exact address, HSA ancestors, `*`; the first address with any valid route decides. The caller's profile
//! plays no part in the choice (§12.5).

pub(crate) mod search;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::catalogue::entry::Route;
use crate::catalogue::snapshot::Snapshot;
use crate::config::checked::LookupSettings;
use search::{Search, Visit, is_old_style};

/// Why there is no route. `hub/answer` says what the consumer is told of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// The catalogue holds nothing to look up.
    #[error("the catalogue is not initialised")]
    NoContact,
    /// No valid route.
    #[error("no valid route")]
    None,
    /// More than one valid route, whatever their profiles.
    #[error("more than one valid route")]
    Several,
    /// One valid route, without an address to call.
    #[error("the route has no address to call")]
    NoUrl,
}

/// Finds the route for a contract and a logical address; beside it the trace, comma-joined, of the addresses tried.
pub fn route<'s>(
    snapshot: &'s Snapshot,
    rules: &LookupSettings,
    contract: &str,
    receiver: &str,
    now: Timestamp,
) -> (Result<&'s Route, RouteError>, String) {
    if !snapshot.is_initialised() {
        return (Err(RouteError::NoContact), String::new());
    }
    let key = snapshot.contract(contract);
    let mut search = Search::new(snapshot, receiver);
    let found = walk(&mut search, rules, contract, |visit| {
        let routes = snapshot.routes_of(key?, visit.address?);
        let mut valid = routes.iter().filter(|route| route.validity.period.contains(now));
        valid.next().map(|first| (first, valid.next().is_some()))
    });
    let route = match found {
        None => Err(RouteError::None),
        Some((_, true)) => Err(RouteError::Several),
        Some((route, false)) if route.url.trim().is_empty() => Err(RouteError::NoUrl),
        Some((route, false)) => Ok(route),
    };
    (route, search.into_trace())
}

/// Shows every address to `visit`, in the order of routing, until it has found something.
pub(crate) fn walk<'a, T>(
    search: &mut Search<'a>,
    rules: &LookupSettings,
    contract: &str,
    mut visit: impl FnMut(Visit<'a>) -> Option<T>,
) -> Option<T> {
    if is_old_style(rules, search.receiver()) {
        let tokens = search.tokens(&rules.delimiter);
        return search.leaves(&tokens, visit);
    }
    if let Some(found) = search.exact(&mut visit) {
        return Some(found);
    }
    if rules.route_climb.climbs(contract)
        && let Some(found) = search.climb(&mut visit)
    {
        return Some(found);
    }
    search.standard(visit)
}
