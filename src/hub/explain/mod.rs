//! Why a call would go where it goes, or be refused: the decision for (contract, address, sender, time), candidate by
//! candidate.
//!
//! The decision is the one that `hub/route` and `hub/authorise` make; the candidates are what their searches meet on the
//! way. Only the hints look further.

mod candidates;
mod distance;
mod hints;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::Serialize;

use crate::catalogue::snapshot::Snapshot;
use crate::config::checked::LookupSettings;
use crate::domain::profile::Profile;
use crate::domain::vp_code::VpCode;
use crate::hub::answer::failure::{self, Facts, Failure};
use crate::hub::authorise::authorise;
use crate::hub::call::{ProfileError, address};
use crate::hub::route::route;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Service contract namespace.
    pub contract: String,
    /// Logical address.
    pub address: String,
    /// HSA-id of the consumer.
    pub sender: String,
    /// The moment the decision is asked for.
    pub at: Timestamp,
    /// Profile of the message; without one, the conversion is not judged.
    pub profile: Option<Profile>,
}

/// The decision, and all that led to it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Explanation {
    /// Service contract namespace asked for.
    pub contract: String,
    /// Logical address asked for.
    pub address: String,
    /// Consumer asked for.
    pub sender: String,
    /// The moment asked for.
    #[cfg_attr(test, schema(value_type = String))]
    pub at: Timestamp,
    /// `ok`, the VP code, or `fault` for a refusal without one.
    pub outcome: String,
    /// The VP code, where the call would be refused.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub code: Option<VpCode>,
    /// The fault string the consumer would get.
    pub fault_string: Option<String>,
    /// The detail of the fault.
    pub detail: Option<String>,
    /// How the route is looked for (`vp.md` §9), comma-joined.
    pub route_trace: String,
    /// How the permission is looked for; empty where routing already refuses.
    pub permission_trace: String,
    /// Every route that was considered, in the order of consideration.
    pub routes: Vec<Candidate>,
    /// Every permission that was considered, in the order of consideration.
    pub permissions: Vec<Candidate>,
    /// Address of the producer, where exactly one route was found.
    pub producer_address: Option<String>,
    /// Profile of the chosen route, as the catalogue spells it.
    pub producer_profile: Option<String>,
    /// Whether the message would be converted to another profile; `None` where no profile was asked for.
    pub converts: Option<bool>,
    /// Near misses, and what to do about the refusal.
    pub hints: Vec<String>,
}

/// One route or permission that was looked at.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Candidate {
    /// How the search came here: `exact`, `token`, `climbed to …`, `default`.
    pub step: String,
    /// Its logical address, as the catalogue spells it.
    pub address: String,
    /// Its contract.
    pub contract: String,
    /// Its consumer, for a permission.
    pub consumer: Option<String>,
    /// Its profile, for a route.
    pub profile: Option<String>,
    /// Its producer's address, for a route.
    pub url: Option<String>,
    /// First moment of validity as written in the catalogue.
    pub from: String,
    /// Last moment of validity as written in the catalogue.
    pub to: String,
    /// Where it is written: file and line.
    pub origin: String,
    /// Whether it decided the call.
    pub taken: bool,
    /// Why it was taken or not.
    pub why: String,
}

/// Explains what would become of a call, in the reference's order: route, permission, profile (`vp.md` §0).
pub fn explain(snapshot: &Snapshot, rules: &LookupSettings, instance_name: &str, question: &Question) -> Explanation {
    let Question { contract, address, sender, at, profile } = question;
    let (found, route_trace) = route(snapshot, rules, contract, address, *at);
    let routed = found.map_err(Failure::from).and_then(|route| {
        address::parse(&route.url, None)?;
        Ok(route)
    });
    let (permission_trace, permissions, failure) = match routed {
        Err(failure) => (String::new(), Vec::new(), Some(failure)),
        Ok(route) => {
            let (permit, trace) = authorise(snapshot, rules, contract, address, sender, *at);
            let failure = match permit {
                Err(error) => Some(Failure::from(error)),
                Ok(_) => profile.filter(|_| Profile::parse(&route.profile).is_none()).map(not_supported),
            };
            (trace, candidates::permissions(snapshot, rules, question), failure)
        }
    };
    let facts = Facts { contract, receiver: address, sender, ..Facts::default() };
    let refusal = failure.map(|failure| failure::refusal(&failure, &facts, instance_name));
    let code = refusal.as_ref().and_then(|refusal| refusal.code);
    let routes = candidates::routes(snapshot, rules, question);
    let hints = hints::hints(snapshot, rules, question, code, (&routes, &permissions));
    let route = found.ok();
    Explanation {
        contract: contract.clone(),
        address: address.clone(),
        sender: sender.clone(),
        at: *at,
        outcome: code.map_or(if refusal.is_some() { "fault" } else { "ok" }, VpCode::as_str).to_owned(),
        code,
        fault_string: refusal.as_ref().map(|refusal| refusal.text.clone()),
        detail: refusal.map(|refusal| refusal.detail),
        route_trace,
        permission_trace,
        routes,
        permissions,
        producer_address: route.map(|route| route.url.to_string()),
        producer_profile: route.map(|route| route.profile.to_string()),
        converts: profile
            .zip(route)
            .map(|(profile, route)| Profile::parse(&route.profile).is_some_and(|of_route| of_route != profile)),
        hints,
    }
}

/// A profile that the message can neither have nor be converted to (`vp.md` §4.7).
fn not_supported(profile: Profile) -> Failure {
    Failure::Profile(ProfileError::NotSupported(profile))
}
