//! Which engagements lead to a call, and to whom (`aggregation.md` §1.4, §1.5).

use std::collections::HashSet;

use jiff::Timestamp;

use super::find::Engagement;
use super::names::QName;
use super::request::Asked;
use super::row::AddressFrom;
use super::service::{Field, Service};
use crate::catalogue::keys::ContractKey;
use crate::catalogue::snapshot::{STANDARD, Snapshot};
use crate::soap::fan_out::PassedOver;
use crate::soap::xml::text::escape_into;

/// Most engagements without a call that the call's record names.
const PASSED_OVER_MAX: usize = 200;

/// A call to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// Logical address of the call.
    pub(super) address: String,
    /// Its body, where it is not the request's own.
    pub(super) body: Option<String>,
}

/// Whom to call, and which engagements were passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) sources: Vec<Source>,
    pub(super) passed_over: Vec<PassedOver>,
}

/// An engagement without a logical address: no index that keeps to its schema gives one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an engagement of the index has no logicalAddress")]
pub(super) struct NoAddress;

/// Why an engagement is passed over: the catalogue does not let anybody there.
pub(super) const NOT_PERMITTED: &str = "no route, or no permission for sender or original consumer";
/// The request names another source.
pub(super) const OTHER_SOURCE: &str = "another source than the request's";
/// The request names other categories.
pub(super) const OTHER_REQUEST_CATEGORIZATION: &str = "another categorization than the request's";

/// What decides beside the request.
pub(super) struct Rules<'r> {
    /// `agp.logicalAddress`.
    pub(super) own_address: &'r str,
    pub(super) catalogue: &'r Snapshot,
    /// Who may call: the sender, then the original consumer.
    pub(super) callers: [&'r str; 2],
    pub(super) now: Timestamp,
}

/// Applies the filters in their order, and makes one call of all engagements with the same address.
pub(super) fn select(
    service: &Service,
    asked: &Asked,
    engagements: Vec<Engagement>,
    rules: &Rules<'_>,
) -> Result<Selection, NoAddress> {
    let mut selection = Selection::default();
    let (mut seen, mut passed) = (HashSet::new(), HashSet::new());
    let permissions = Permissions::of(service, rules);
    for engagement in engagements {
        let address = match (&engagement.logical_address, service.address_from) {
            (Some(address), _) => address.as_str(),
            // Who is called by the logical address is not called without one.
            (None, AddressFrom::LogicalAddress) => continue,
            (None, _) => return Err(NoAddress),
        };
        if let Some(why) = objection(service, asked, &engagement, address, rules, &permissions) {
            if selection.passed_over.len() < PASSED_OVER_MAX && passed.insert((address.to_owned(), why)) {
                selection.passed_over.push(PassedOver { address: address.to_owned(), why });
            }
            continue;
        }
        let called = match service.address_from {
            AddressFrom::LogicalAddress => address,
            _ => engagement.source_system.as_str(),
        };
        if seen.insert(called.to_owned()) {
            let body = service.rebuilt.as_ref().map(|fields| rebuilt(&service.request, fields, &engagement));
            selection.sources.push(Source { address: called.to_owned(), body });
        }
    }
    Ok(selection)
}

/// Why an engagement leads to no call.
fn objection(
    service: &Service,
    asked: &Asked,
    engagement: &Engagement,
    address: &str,
    rules: &Rules<'_>,
    permissions: &Permissions<'_>,
) -> Option<&'static str> {
    let wanted = service.lookup.as_ref().map_or(&[][..], |lookup| lookup.categorizations.as_slice());
    if wanted.len() > 1 && !wanted.contains(&engagement.categorization.to_lowercase()) {
        return Some("another categorization than the service's");
    }
    if address == rules.own_address {
        return Some("the aggregating services' own address");
    }
    if !permissions.allow(address) {
        return Some(NOT_PERMITTED);
    }
    if asked.source.as_ref().is_some_and(|source| source != address) {
        return Some(OTHER_SOURCE);
    }
    if !asked.categorizations.is_empty() && !asked.categorizations.contains(&engagement.categorization) {
        return Some(OTHER_REQUEST_CATEGORIZATION);
    }
    None
}

/// What the catalogue says of a contract. There is no climbing here, and no old-style addressing.
struct Permissions<'p> {
    rules: &'p Rules<'p>,
    contract: Option<ContractKey>,
}

impl<'p> Permissions<'p> {
    fn of(service: &Service, rules: &'p Rules<'p>) -> Self {
        Self { rules, contract: rules.catalogue.contract(&service.permission_contract) }
    }

    /// Whether sender or original consumer may call the address, and there is a way there.
    fn allow(&self, address: &str) -> bool {
        let Rules { catalogue, callers, now, .. } = self.rules;
        let Some(contract) = self.contract else { return false };
        let addresses = || [catalogue.address(address), catalogue.standard()].into_iter().flatten();
        let is_routed = || {
            let mut routes = addresses().flat_map(|address| catalogue.routes_of(contract, address));
            routes.any(|route| route.validity.period.contains(*now))
        };
        let mut consumers = callers.iter().filter_map(|caller| catalogue.consumer(caller));
        let is_permitted = consumers
            .any(|consumer| addresses().any(|address| catalogue.is_permitted(contract, address, consumer, *now)));
        is_permitted && is_routed()
    }
}

/// Whom the catalogue permits a consumer to call: for the service that asks no index.
pub(super) fn everybody(service: &Service, rules: &Rules<'_>) -> Selection {
    let permissions = Permissions::of(service, rules);
    let mut seen = HashSet::new();
    let named = rules.catalogue.permissions().iter().filter(|permission| {
        let contract: &str = &permission.contract;
        contract.eq_ignore_ascii_case(&service.permission_contract) && &*permission.address != STANDARD
    });
    let allowed = named.filter(|permission| permissions.allow(&permission.address));
    let sources = allowed.filter(|permission| seen.insert(permission.address.to_lowercase()));
    let sources = sources.map(|permission| Source { address: permission.address.to_string(), body: None });
    let mut sources: Vec<_> = sources.filter(|source| source.address != rules.own_address).collect();
    sources.sort_by(|one, other| one.address.cmp(&other.address));
    Selection { sources, passed_over: Vec::new() }
}

/// The request's element with fields of an engagement in it.
fn rebuilt(request: &QName, fields: &[(QName, Field)], engagement: &Engagement) -> String {
    let mut out = format!("<{} xmlns=\"{}\">", request.local, request.namespace);
    for (element, field) in fields {
        let text = match field {
            Field::LogicalAddress => engagement.logical_address.as_deref().unwrap_or_default(),
            Field::RegisteredResidentIdentification => &engagement.resident,
        };
        out.push_str(&format!("<{}", element.local));
        if element.namespace != request.namespace {
            out.push_str(&format!(" xmlns=\"{}\"", element.namespace));
        }
        out.push('>');
        escape_into(&mut out, text);
        out.push_str(&format!("</{}>", element.local));
    }
    out.push_str(&format!("</{}>", request.local));
    out
}
