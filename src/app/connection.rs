//! What the book of connections does to the platforms of this process and sees of them: orders in their catalogues, rows
//! of the index.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::index::IndexSlot;
use super::member::{Member, Shared};
use crate::catalogue::Catalogue;
use crate::catalogue::book::core::Refusal;
use crate::catalogue::book::rows::{AnyRow, ProfileRow, Row as CatalogueRow};
use crate::catalogue::order::{OrderError, read};
use crate::config::checked::{ConnectionSettings, PlatformRole as Configured};
use crate::connection::book::Book;
use crate::connection::moment::Moment;
use crate::connection::platforms::{
    Counted, OrderedPermission, OrderedRoute, PackageParts, PlatformError, PlatformName, PlatformRole, Platforms, Rows,
};
use crate::connection::services::Services;
use crate::connection::terms::Terms;
use crate::contracts::contract::State;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::domain::profile::Profile;
use crate::index::engagement::{Field, Key, Transaction};
use crate::index::memory::SHARDS;
use crate::index::memory::row::Row;
use crate::index::record::{Accepted, Clears, Record, Source};
use crate::store::log::LogError;

/// Whose the orders are. Nobody else's pending rows are published along with them.
const USER: &str = "anslutning";
/// Most rows of the index that are taken out with one record.
const DELETED_AT_ONCE_MAX: usize = 1_000;

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

    /// Carries out an order and publishes it.
    fn order(
        &self,
        catalogue: &Catalogue,
        (include, exclude): (&Rows, &Rows),
        day: Date,
        dry: bool,
    ) -> Result<(), PlatformError> {
        let today = Moment::Instant(self.clock.now()).day();
        let order = json!({
            "plattform": catalogue.platform(), "formatVersion": 1, "version": 1,
            "bestallningsTidpunkt": moment(today), "genomforandeTidpunkt": moment(day), "utforare": USER,
            "kommentar": "anslutning", "inkludera": part(include, true), "exkludera": part(exclude, false),
        });
        let failed = |error: &dyn std::error::Error| PlatformError::Failed(error.to_string());
        let ordered = read::read(&order.to_string()).map_err(|error| failed(&error))?;
        if !dry {
            // What an earlier order left behind when it was broken off is not to be published with this one.
            catalogue.discard(USER).map_err(|error| failed(&error))?;
            add_profiles(catalogue, include).map_err(|error| failed(&error))?;
        }
        let outcome = match catalogue.order(catalogue.platform(), USER, &ordered, dry) {
            Ok(outcome) => outcome,
            Err(OrderError::Refused(mut texts)) => {
                if dry {
                    // What is added before the order is carried out is not there yet.
                    let added = new_profiles(catalogue, include);
                    let of_added =
                        |text: &String| added.iter().any(|name| text.contains(&format!("= {name} finns inte")));
                    texts.retain(|text| !of_added(text));
                }
                if !dry {
                    catalogue.discard(USER).map_err(|error| failed(&error))?;
                }
                return if texts.is_empty() { Ok(()) } else { Err(PlatformError::Refused(texts)) };
            }
            Err(other) => return Err(failed(&other)),
        };
        if dry || outcome.changes == 0 {
            return Ok(());
        }
        match catalogue.publish(USER, "anslutning") {
            Ok(_) => Ok(()),
            Err(error @ (Refusal::Log(_) | Refusal::Locked)) => Err(failed(&error)),
            Err(error) => Err(PlatformError::Refused(vec![error.to_string()])),
        }
    }

    /// Shows every row of the index that names a system as source or as address.
    fn visit(&self, component: &str, each: &mut dyn FnMut(&Row<'_>)) {
        let Some(open) = self.index.load_full() else { return };
        // What was acknowledged counts, also where it still waits for its collect window to close.
        if let Ok(runtime) = tokio::runtime::Handle::try_current()
            && let Err(error) = runtime.block_on(open.index.settle())
        {
            tracing::warn!(%error, "the index's collect window could not be closed");
        }
        let is_its = |row: &Row<'_>| {
            [Field::SourceSystem, Field::LogicalAddress].iter().any(|field| row.text(*field) == component)
        };
        for shard in 0..SHARDS {
            open.index.memory().visit_shard(shard, &mut |row| {
                if is_its(row) {
                    each(row);
                }
            });
        }
    }
}

/// Profiles that are ordered, exist, and that the catalogue has no row of yet: those of a platform without any route.
fn new_profiles<'r>(catalogue: &Catalogue, rows: &'r Rows) -> BTreeSet<&'r str> {
    let live = catalogue.live();
    let known = |name: &str| live.profiles.rows().iter().any(|row| *row.value.name == *name);
    let named = rows.routes.iter().map(|route| route.profile.as_str());
    named.filter(|name| Profile::parse(name).is_some() && !known(name)).collect()
}

/// Adds them: an order may name a profile and cannot make one.
fn add_profiles(catalogue: &Catalogue, rows: &Rows) -> Result<(), Refusal> {
    for name in new_profiles(catalogue, rows) {
        let value = ProfileRow { name: Arc::from(name), description: Arc::from(name) };
        catalogue.save(USER, AnyRow::Profile(CatalogueRow { id: 0, published: 0, value }))?;
    }
    Ok(())
}

/// The beginning of a day, as orders write it.
fn moment(day: Date) -> String {
    format!("{day}T00:00:00+0100")
}

/// What is to be there, with everything it refers to, or to be there no more.
fn part(rows: &Rows, with_objects: bool) -> Value {
    let routes = rows.routes.iter().map(|route| {
        let OrderedRoute { component, contract, address, profile, url } = route;
        json!({"adress": url, "logiskAdress": address, "tjanstekontrakt": contract, "rivtaprofil": profile, "tjanstekomponent": component})
    });
    let permissions = rows.permissions.iter().map(|permission| {
        let OrderedPermission { consumer, contract, address } = permission;
        json!({"logiskAdress": address, "tjanstekontrakt": contract, "tjanstekonsument": consumer})
    });
    let mut part = json!({"vagval": routes.collect::<Vec<_>>(), "anropsbehorigheter": permissions.collect::<Vec<_>>()});
    if with_objects {
        let contracts =
            distinct(rows.routes.iter().map(|row| &row.contract), rows.permissions.iter().map(|row| &row.contract));
        let addresses =
            distinct(rows.routes.iter().map(|row| &row.address), rows.permissions.iter().map(|row| &row.address));
        let components =
            distinct(rows.routes.iter().map(|row| &row.component), rows.permissions.iter().map(|row| &row.consumer));
        let party = |id: &&String| json!({"hsaId": id, "beskrivning": id});
        let contract = |namespace: &&String| {
            let major = namespace.rsplit(':').next().and_then(|major| major.parse::<i64>().ok()).unwrap_or_default();
            json!({"namnrymd": namespace, "beskrivning": namespace, "majorVersion": major})
        };
        part["tjanstekontrakt"] = contracts.iter().map(contract).collect();
        part["logiskadresser"] = addresses.iter().map(party).collect();
        part["tjanstekomponenter"] = components.iter().map(party).collect();
    }
    part
}

/// Names, each once whatever its case.
fn distinct<'r>(one: impl Iterator<Item = &'r String>, other: impl Iterator<Item = &'r String>) -> Vec<&'r String> {
    let mut seen = BTreeSet::new();
    one.chain(other).filter(|name| seen.insert(name.to_lowercase())).collect()
}

impl Platforms for OwnPlatforms {
    fn all(&self) -> Vec<PlatformName> {
        self.members.iter().map(|own| own.name.clone()).collect()
    }

    fn publish(&self, env: &str, rows: &Rows, from: Date, dry: bool) -> Result<(), PlatformError> {
        self.order(self.catalogue(env)?, (rows, &Rows::default()), from, dry)
    }

    fn remove(&self, env: &str, rows: &Rows) -> Result<Counted, PlatformError> {
        let now = self.clock.now();
        let standing = self.stands(env, rows, now);
        if !standing.is_empty() {
            let today = Moment::Instant(now).day();
            self.order(self.catalogue(env)?, (&Rows::default(), &standing), today, false)?;
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
        let mut count = 0;
        self.visit(component, &mut |_| count += 1);
        count
    }

    fn remove_engagements(&self, component: &str) -> Result<u64, PlatformError> {
        let Some(open) = self.index.load_full() else { return Ok(0) };
        let mut transactions = Vec::new();
        self.visit(component, &mut |row| {
            let key = Key(Field::ALL.map(|field| row.text(field).to_owned().into()));
            transactions.push(Transaction { delete: true, has_engagement: true, key, ..Transaction::default() });
        });
        let failed = |error: &dyn std::error::Error| PlatformError::Failed(error.to_string());
        let runtime = tokio::runtime::Handle::try_current().map_err(|error| failed(&error))?;
        let count = transactions.len() as u64;
        for some in transactions.chunks(DELETED_AT_ONCE_MAX) {
            // As a notification: a row is taken out whoever owns it, and those who follow the index are told.
            let record = Record::Apply(Accepted {
                at: open.index.now(),
                clears: Clears::Nothing,
                source: Source::Notification,
                ignore_older: false,
                own_id: open.index.settings().own_id.as_str().into(),
                correlation_id: "".into(),
                transactions: some.to_vec(),
            });
            runtime.block_on(open.index.write(&record)).map_err(|error| failed(&error))?;
        }
        Ok(count)
    }

    fn package(&self, contract: &str) -> Option<PackageParts> {
        let contract = self.contracts.registry().select(contract, None).ok()?;
        // Test cases are made of any contract that can be read, and its description is what it reads as.
        let is_whole = contract.state != State::Broken;
        Some(PackageParts { wsdl: is_whole, schemas: is_whole, test_cases: is_whole, description: is_whole })
    }
}
