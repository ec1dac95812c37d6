//! The index's subscribers as our own catalogue knows them: what GetLogicalAddresseesByServiceContract would answer
//! (`tak.md` §6.3), without a call.

use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::catalogue::entry::Permission;
use crate::domain::clock::Clock;
use crate::domain::identifiers::LogicalAddress;
use crate::domain::subscriber::{Fetched, Subscriber, SubscriberFilter, Subscribers};
use crate::index::request::PROCESS_NOTIFICATION;

/// Those whom a consumer may send ProcessNotification to.
pub(super) struct CatalogueSubscribers {
    pub(super) catalogue: Arc<Catalogue>,
    /// The index's own identity.
    pub(super) consumer: String,
    pub(super) clock: Clock,
}

impl CatalogueSubscribers {
    fn now(&self) -> Result<Vec<Subscriber>, String> {
        let snapshot = self.catalogue.snapshot();
        if !snapshot.tak_status().initialised {
            return Err("the catalogue is not initialised".to_owned());
        }
        let now = self.clock.now();
        let is_meant = |permission: &&Permission| {
            &*permission.contract == PROCESS_NOTIFICATION
                && permission.consumer.to_lowercase() == self.consumer.to_lowercase()
                && permission.validity.period.contains(now)
        };
        let mut subscribers: Vec<Subscriber> = Vec::new();
        for permission in snapshot.permissions().iter().filter(is_meant) {
            let filters = permission.filters.iter().map(|filter| SubscriberFilter {
                service_domain: filter.service_domain.clone(),
                categorizations: filter.categorizations.clone(),
            });
            let logical_address = LogicalAddress::new(&*permission.address);
            let known = subscribers.iter_mut().find(|subscriber| subscriber.logical_address == logical_address);
            match known {
                None => subscribers.push(Subscriber { logical_address, filters: filters.collect() }),
                // Two permissions for one address are one subscriber; the one without filters wants everything.
                Some(known) if known.filters.is_empty() || permission.filters.is_empty() => known.filters.clear(),
                Some(known) => known.filters.extend(filters),
            }
        }
        Ok(subscribers)
    }
}

impl Subscribers for CatalogueSubscribers {
    fn fetch(&self) -> Fetched<'_> {
        let now = self.now();
        Box::pin(async move { now })
    }
}
