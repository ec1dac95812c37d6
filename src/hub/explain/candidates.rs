//! Every route and permission that the search meets, and what became of it.

use jiff::Timestamp;

use super::{Candidate, Question};
use crate::catalogue::entry::{Permission, Route};
use crate::catalogue::period::Validity;
use crate::catalogue::snapshot::Snapshot;
use crate::config::checked::LookupSettings;
use crate::hub::authorise;
use crate::hub::route;
use crate::hub::route::search::{Search, Step, Visit};

/// Most candidates of one kind that are shown; a catalogue may hold any number of equal entries.
pub(super) const CANDIDATES_MAX: usize = 200;

/// The routes met, in the order of routing.
pub(super) fn routes(snapshot: &Snapshot, rules: &LookupSettings, question: &Question) -> Vec<Candidate> {
    let contract = snapshot.contract(&question.contract);
    let mut candidates = Vec::new();
    let mut search = Search::new(snapshot, &question.address);
    route::walk(&mut search, rules, &question.contract, |visit| {
        let met = snapshot.routes_of(contract?, visit.address?);
        let valid = met.iter().filter(|route| route.validity.period.contains(question.at)).count();
        candidates.extend(met.iter().map(|route| of_route(visit, route, valid, question.at)));
        (valid > 0).then_some(())
    });
    candidates.truncate(CANDIDATES_MAX);
    candidates
}

/// The permissions met, in the order of authorisation.
pub(super) fn permissions(snapshot: &Snapshot, rules: &LookupSettings, question: &Question) -> Vec<Candidate> {
    let keys = snapshot.contract(&question.contract).zip(snapshot.consumer(&question.sender));
    let mut candidates = Vec::new();
    let mut search = Search::new(snapshot, &question.address);
    authorise::walk(&mut search, rules, &question.contract, &question.sender, |visit| {
        let (contract, sender) = keys?;
        let met = snapshot.permissions_of(contract, visit.address?, sender);
        let first_valid = met.iter().position(|permission| permission.validity.period.contains(question.at));
        let taken = |place: usize| first_valid == Some(place);
        let shown = met.iter().enumerate();
        candidates.extend(shown.map(|(place, permission)| of_permission(visit, permission, taken(place), question.at)));
        first_valid.map(drop)
    });
    candidates.truncate(CANDIDATES_MAX);
    candidates
}

/// The names of the addresses a failed authorisation tries, in order.
pub(super) fn addresses_tried(snapshot: &Snapshot, rules: &LookupSettings, question: &Question) -> Vec<String> {
    let mut names = Vec::new();
    let mut search = Search::new(snapshot, &question.address);
    authorise::walk(&mut search, rules, &question.contract, &question.sender, |visit| {
        names.push(visit.name.to_owned());
        None::<()>
    });
    names
}

/// Why an entry does not hold at a moment; `None` where it does.
pub(super) fn out_of_time(validity: &Validity, at: Timestamp) -> Option<String> {
    let period = validity.period;
    if period.contains(at) {
        None
    } else if period.is_empty() {
        Some(format!("never valid: from {:?} to {:?}", &*validity.from, &*validity.to))
    } else if period.is_over(at) {
        Some(format!("expired: valid until {}", validity.to))
    } else {
        Some(format!("not yet valid: valid from {}", validity.from))
    }
}

fn of_route(visit: Visit<'_>, route: &Route, valid: usize, at: Timestamp) -> Candidate {
    let blank = route.url.trim().is_empty();
    let out = out_of_time(&route.validity, at);
    let why = match (&out, valid) {
        (Some(why), _) => why.clone(),
        (None, 1) if blank => "the only valid route here, but it has no address to call: VP010".to_owned(),
        (None, 1) => "the only valid route of the first address that has one".to_owned(),
        (None, several) => format!("one of {several} routes that are valid here at once: VP006"),
    };
    Candidate {
        step: step(visit),
        address: route.address.to_string(),
        contract: route.contract.to_string(),
        consumer: None,
        profile: Some(route.profile.to_string()),
        url: Some(route.url.to_string()),
        from: route.validity.from.to_string(),
        to: route.validity.to.to_string(),
        origin: route.origin.to_string(),
        taken: out.is_none() && valid == 1 && !blank,
        why,
    }
}

fn of_permission(visit: Visit<'_>, permission: &Permission, taken: bool, at: Timestamp) -> Candidate {
    let why = match out_of_time(&permission.validity, at) {
        Some(why) => why,
        None if taken => "valid".to_owned(),
        None => "valid too, but another one came first".to_owned(),
    };
    Candidate {
        step: step(visit),
        address: permission.address.to_string(),
        contract: permission.contract.to_string(),
        consumer: Some(permission.consumer.to_string()),
        profile: None,
        url: None,
        from: permission.validity.from.to_string(),
        to: permission.validity.to.to_string(),
        origin: permission.origin.to_string(),
        taken,
        why,
    }
}

fn step(visit: Visit<'_>) -> String {
    match visit.step {
        Step::Exact => "exact".to_owned(),
        Step::Token => "token".to_owned(),
        Step::Climbed => format!("climbed to {}", visit.name),
        Step::Standard => "default".to_owned(),
    }
}
