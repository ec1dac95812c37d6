//! How the parts of the process are.

use super::index::{self, IndexSlot};
use crate::admin::health::{Component, Health};
use crate::catalogue::Catalogue;
use crate::contracts::library::Library;
use std::sync::Arc;

/// How they are: ready, when every platform's catalogue is loaded, and the contracts and the index are.
pub(super) fn health(catalogues: &[(String, Arc<Catalogue>)], contracts: &Library, index: &IndexSlot) -> Health {
    let (mut tak, mut hsa) = (Component::up("takCache"), Component::up("hsaCache"));
    for (name, catalogue) in catalogues {
        let snapshot = catalogue.snapshot();
        let (tak_status, hsa_status) = (snapshot.tak_status(), snapshot.hsa_status());
        // A platform that is alone has the reference's names.
        let named = |detail: &str| match catalogues.len() {
            1 => detail.to_owned(),
            _ => format!("{name}.{detail}"),
        };
        let refreshed = tak_status.last.map_or("Not initialized", |last| last.status.as_str()).to_owned();
        tak.up &= tak_status.initialised;
        tak.details.push((named("refreshStatus"), refreshed));
        hsa.up &= hsa_status.initialised;
        if !hsa_status.initialised {
            hsa.details.push((named("hsaCacheStatus"), "Not initialized".to_owned()));
        }
    }
    let index = index::health(index.load().as_deref());
    let known = contracts.known();
    let counts = [("contracts", known.registry.active().len()), ("broken", known.broken)];
    let contracts = Component {
        name: "contracts".to_owned(),
        up: known.is_loaded,
        details: counts.iter().map(|(name, count)| ((*name).to_owned(), count.to_string())).collect(),
    };
    Health { ready: tak.up && hsa.up && known.is_loaded && index.up, components: vec![tak, hsa, contracts, index] }
}
