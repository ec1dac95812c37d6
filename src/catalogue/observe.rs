//! What is likely a mistake in a catalogue that is taken in verbatim: each observation names the VP code it will cause.

use std::collections::HashMap;

use super::entry::{Origin, Permission, Route};
use crate::domain::problem::Problem;
use crate::domain::profile::Profile;

/// Warnings about rows that are used but will not do what their author hoped.
pub(super) fn observe(
    routes: &[Route],
    permissions: &[Permission],
    complaint: &dyn Fn(&str) -> Option<String>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut by_key: HashMap<(String, String), Vec<&Route>> = HashMap::new();
    for route in routes {
        observe_route(route, &mut problems);
        if let Some(complaint) = complaint(&route.url) {
            let complaint = format!("route to {:?} ({}): {complaint}", route.address, route.contract);
            problems.push(at(&route.origin, complaint));
        }
        by_key.entry((route.contract.to_lowercase(), route.address.to_lowercase())).or_default().push(route);
    }
    for mut same in by_key.into_values() {
        same.sort_by_key(|route| route.origin.line);
        for (place, route) in same.iter().enumerate().skip(1) {
            let simultaneous = |other: &&&Route| route.validity.period.overlaps(other.validity.period);
            if let Some(other) = same[..place].iter().find(simultaneous) {
                let complaint = format!(
                    "route to {:?} ({}) is valid at the same time as the one at {}: calls get VP006",
                    route.address, route.contract, other.origin
                );
                problems.push(at(&route.origin, complaint));
            }
        }
    }
    for permission in permissions {
        blank_around("receiverId", &permission.address, &permission.origin, &mut problems);
        blank_around("senderId", &permission.consumer, &permission.origin, &mut problems);
    }
    problems
}

fn observe_route(route: &Route, problems: &mut Vec<Problem>) {
    blank_around("receiverId", &route.address, &route.origin, problems);
    if route.url.trim().is_empty() {
        let complaint = format!("route to {:?} ({}) has no address: calls get VP010", route.address, route.contract);
        problems.push(at(&route.origin, complaint));
    } else {
        blank_around("adress", &route.url, &route.origin, problems);
    }
    if Profile::parse(&route.profile).is_none() {
        let complaint = format!("profile {:?} is neither RIVTABP20 nor RIVTABP21: calls get VP005", route.profile);
        problems.push(at(&route.origin, complaint));
    }
    if route.validity.period.is_empty() {
        let complaint = format!("the route is never valid: from {:?} to {:?}", route.validity.from, route.validity.to);
        problems.push(at(&route.origin, complaint));
    }
}

fn blank_around(name: &str, text: &str, origin: &Origin, problems: &mut Vec<Problem>) {
    if text.trim() != text {
        problems.push(at(origin, format!("{name} {text:?} begins or ends with white space, which is never trimmed")));
    }
}

fn at(origin: &Origin, complaint: String) -> Problem {
    Problem::warning(&origin.file, usize::try_from(origin.line).unwrap_or_default(), complaint)
}
