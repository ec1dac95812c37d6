//! What the book of connections does to the platforms of this process and sees of them: orders in their catalogues, rows
//! of the index.

mod engagements;
mod orders;
mod package;
mod traffic;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::index::IndexSlot;
use super::member::{Member, Shared};
use crate::catalogue::Catalogue;
use crate::config::checked::{ConnectionSettings, PlatformRole as Configured};
use crate::connection::book::Book;
use crate::connection::moment::Moment;
use crate::connection::platforms::{
    Counted, OrderedPermission, OrderedRoute, PackageParts, PlatformError, PlatformName, PlatformRole, Platforms, Rows,
};
use crate::connection::services::Services;
use crate::connection::terms::Terms;
use crate::connection::traffic::{Traffic, TrafficOf};
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::hub::records::Records;
use crate::store::log::LogError;

/// One platform and its catalogue.
struct Own {
    /// Its name, and what it is for.
    name: PlatformName,
    /// Its catalogue.
    catalogue: Arc<Catalogue>,
}

/// The platforms of this process.
struct OwnPlatforms {
    /// Each of them.
    members: Vec<Own>,
    /// The index they share.
    index: Arc<IndexSlot>,
    /// The contracts they share.
    contracts: Arc<Library>,
    /// Their finished calls.
    records: Arc<Records>,
    /// What time it is.
    clock: Clock,
}

/// The book of connections of these platforms.
pub(super) fn open(members: &[Member], shared: &Shared, settings: &ConnectionSettings) -> Arc<Book> {
    let days = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
    let terms = Terms {
        caregiver_lead_days: days(settings.caregiver_lead_days),
        caregiver_change_days: settings.caregiver_change_days,
        stop_notice_days: days(settings.stop_notice_days),
    };
    let members = members.iter().map(|member| Own {
        name: PlatformName { name: member.name().to_owned(), role: role_of(member) },
        catalogue: Arc::clone(member.catalogue()),
    });
    let platforms = OwnPlatforms {
        members: members.collect(),
        index: Arc::clone(&shared.index),
        contracts: Arc::clone(&shared.contracts),
        records: Arc::clone(&shared.records),
        clock: shared.clock.clone(),
    };
    let (services, problems) = Services::shipped();
    for problem in problems {
        // They are compiled in, and a test holds that there is none.
        tracing::error!(%problem, "a service profile cannot be used");
    }
    Arc::new(Book::new(services, Arc::new(platforms), terms, shared.clock.clone()))
}

/// Reads back what is known; without a folder for data nothing is kept.
pub(super) async fn keep(book: &Arc<Book>, data: Option<&Path>) -> Result<(), LogError> {
    let Some(data) = data.map(Path::to_owned) else { return Ok(()) };
    let book = Arc::clone(book);
    match tokio::task::spawn_blocking(move || book.keep(&data)).await {
        Ok(kept) => kept,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

/// Brings to an end what had begun when the process ended; the catalogues are open.
pub(super) async fn recover(book: &Arc<Book>) {
    let book = Arc::clone(book);
    if let Err(panicked) = tokio::task::spawn_blocking(move || book.recover()).await {
        std::panic::resume_unwind(panicked.into_panic());
    }
}

/// What a platform is for; the only one of a process is for tests, unless it is called production.
fn role_of(member: &Member) -> PlatformRole {
    match member.role() {
        Some(Configured::Production) => PlatformRole::Production,
        Some(Configured::Qa) => PlatformRole::Qa,
        None if member.name().to_uppercase().contains("PROD") => PlatformRole::Production,
        None => PlatformRole::Qa,
    }
}

impl OwnPlatforms {
    fn catalogue(&self, env: &str) -> Result<&Arc<Catalogue>, PlatformError> {
        let own = self.members.iter().find(|own| own.name.name == env);
        own.map(|own| &own.catalogue).ok_or_else(|| PlatformError::Failed(format!("there is no platform {env}")))
    }

    fn today(&self) -> Date {
        Moment::Instant(self.clock.now()).day()
    }
}

impl Platforms for OwnPlatforms {
    fn all(&self) -> Vec<PlatformName> {
        self.members.iter().map(|own| own.name.clone()).collect()
    }

    fn publish(&self, env: &str, rows: &Rows, from: Date, dry: bool) -> Result<(), PlatformError> {
        orders::carry_out(self.catalogue(env)?, (rows, &Rows::default()), (self.today(), from), dry)
    }

    fn remove(&self, env: &str, rows: &Rows) -> Result<Counted, PlatformError> {
        let now = self.clock.now();
        let standing = self.stands(env, rows, now);
        if !standing.is_empty() {
            let today = self.today();
            orders::carry_out(self.catalogue(env)?, (&Rows::default(), &standing), (today, today), false)?;
        }
        Ok(Counted { routes: standing.routes.len(), permissions: standing.permissions.len() })
    }

    fn stands(&self, env: &str, rows: &Rows, at: Timestamp) -> Rows {
        let Ok(catalogue) = self.catalogue(env) else { return Rows::default() };
        let snapshot = catalogue.snapshot();
        let key = |contract: &str, address: &str| Some((snapshot.contract(contract)?, snapshot.address(address)?));
        let is_route = |row: &&OrderedRoute| {
            key(&row.contract, &row.address).is_some_and(|(contract, address)| {
                let routes = snapshot.routes_of(contract, address).iter();
                routes
                    .filter(|route| route.validity.period.contains(at))
                    .any(|route| *route.url == *row.url && *route.profile == *row.profile)
            })
        };
        let is_permission = |row: &&OrderedPermission| {
            let consumer = snapshot.consumer(&row.consumer);
            key(&row.contract, &row.address).zip(consumer).is_some_and(|((contract, address), consumer)| {
                let mut permissions = snapshot.permissions_of(contract, address, consumer).iter();
                permissions.any(|permission| permission.validity.period.contains(at))
            })
        };
        Rows {
            routes: rows.routes.iter().filter(is_route).cloned().collect(),
            permissions: rows.permissions.iter().filter(is_permission).cloned().collect(),
        }
    }

    fn is_permitted(&self, env: &str, consumer: &str, contract: &str, at: Timestamp) -> bool {
        let Ok(catalogue) = self.catalogue(env) else { return false };
        catalogue.snapshot().permissions().iter().any(|permission| {
            permission.consumer.eq_ignore_ascii_case(consumer)
                && permission.contract.eq_ignore_ascii_case(contract)
                && permission.validity.period.contains(at)
        })
    }

    fn engagements(&self, component: &str) -> u64 {
        engagements::count(&self.index, component)
    }

    fn remove_engagements(&self, component: &str) -> Result<u64, PlatformError> {
        engagements::remove(&self.index, component)
    }

    fn traffic(&self, asked: &TrafficOf) -> Traffic {
        traffic::of(&self.records, asked)
    }

    fn package(&self, contract: &str) -> Option<PackageParts> {
        package::of(&self.contracts, contract)
    }
}
