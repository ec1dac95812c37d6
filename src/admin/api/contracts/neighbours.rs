//! What stands around a contract on this platform: the aggregating service that answers it, the routes of the catalogue, how
//! the index has its engagements, and the suites that test it (`contracts.md` §2.8).

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::admin::Admin;
use crate::admin::within;
use crate::catalogue::snapshot::Snapshot;
use crate::contracts::contract::Contract;

/// Most routes that are told of a contract on one platform; `catalogueRowsTotal` says how many there are.
const ROUTES_MAX: usize = 500;

/// What stands around a contract.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Neighbours {
    /// The services that put one question of the contract to all sources.
    pub aggregating_services: Vec<AggregatingService>,
    /// Where calls of it go, on every platform.
    pub catalogue_rows: Vec<CatalogueRow>,
    /// How many such rows there are, of which at most 500 are told for each platform.
    pub catalogue_rows_total: usize,
    /// How many permissions name it.
    pub permissions: usize,
    /// How the index has what it is asked for.
    pub index_categorization: Option<Categorization>,
    /// Suites of test cases that were handed in, and what lies in the contract's own package.
    pub qa: QaSuites,
}

/// An aggregating service (*aggregerande tjänst*).
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct AggregatingService {
    /// The platform it is a part of.
    pub platform: String,
    /// Its name in logs and status.
    pub name: String,
    /// Its path on the listener `aggregation`.
    pub path: String,
}

/// A route (*vägval*) of the contract.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct CatalogueRow {
    /// The platform whose catalogue has it.
    pub platform: String,
    /// Logical address.
    pub address: String,
    /// RIV-TA profile, as written.
    pub profile: String,
    /// Address of the producer.
    pub url: String,
    /// The first day or moment, as written; empty for open.
    pub from: String,
    /// The last one.
    pub to: String,
    /// Whether it holds now.
    pub is_valid: bool,
    /// File and line, or the version it was published in.
    pub origin: String,
}

/// How the index has a contract's engagements.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Categorization {
    /// Service domain, such as `riv:clinicalprocess:healthcond:description`.
    pub service_domain: String,
    /// Categories; none where every category of the domain is meant.
    pub categorizations: Vec<String>,
}

/// Test cases of a contract.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct QaSuites {
    /// Whether the contract's own package has test cases of it.
    pub in_package: bool,
    /// The suites.
    pub suites: Vec<QaSuite>,
}

/// A suite of test cases that was handed in.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct QaSuite {
    /// What it was handed in as.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many cases it has.
    pub cases: u64,
    /// How many of them can be run.
    pub runnable: u64,
}

/// Looks around. The catalogues are read through, which of a large one takes milliseconds.
pub(in crate::admin) async fn neighbours(admin: &Admin, contract: &Contract) -> Neighbours {
    let now = admin.parts.clock.now();
    let mut found = Neighbours::default();
    for platform in &admin.parts.platforms {
        for service in (platform.aggregating)(&contract.namespace) {
            if let Some((domain, categorizations)) = service.asks().filter(|_| found.index_categorization.is_none()) {
                let (service_domain, categorizations) = (domain.to_owned(), categorizations.to_vec());
                found.index_categorization = Some(Categorization { service_domain, categorizations });
            }
            let (name, path) = (service.name, service.path);
            found.aggregating_services.push(AggregatingService { platform: platform.name.clone(), name, path });
        }
        found.look_up(&platform.name, &platform.catalogue.snapshot(), &contract.namespace, now);
    }
    found.qa.in_package = contract.sources.iter().any(|source| source.has_test_cases);
    // Without quality assurance on the listener there are no suites.
    if let Ok(told) = within::quality(admin, "/suites").await {
        found.qa.suites = suites(&told, &contract.namespace);
    }
    found
}

impl Neighbours {
    /// The rows of one catalogue. Contracts are the same whatever their case, as for the hub.
    fn look_up(&mut self, platform: &str, snapshot: &Snapshot, namespace: &str, now: Timestamp) {
        if snapshot.contract(namespace).is_none() {
            return;
        }
        let own = snapshot.routes().iter().filter(|route| route.contract.eq_ignore_ascii_case(namespace));
        let before = self.catalogue_rows.len();
        for route in own {
            self.catalogue_rows_total += 1;
            if self.catalogue_rows.len() - before < ROUTES_MAX {
                self.catalogue_rows.push(CatalogueRow {
                    platform: platform.to_owned(),
                    address: route.address.to_string(),
                    profile: route.profile.to_string(),
                    url: route.url.to_string(),
                    from: route.validity.from.to_string(),
                    to: route.validity.to.to_string(),
                    is_valid: route.validity.period.contains(now),
                    origin: route.origin.to_string(),
                });
            }
        }
        let permissions = snapshot.permissions().iter();
        self.permissions += permissions.filter(|one| one.contract.eq_ignore_ascii_case(namespace)).count();
    }
}

/// The suites of a contract among all that were handed in.
fn suites(told: &Value, namespace: &str) -> Vec<QaSuite> {
    let packages = told.as_array().map(Vec::as_slice).unwrap_or_default();
    let all = packages.iter().flat_map(|package| {
        let suites = package["suites"].as_array().map(Vec::as_slice).unwrap_or_default();
        suites.iter().map(move |suite| (package, suite))
    });
    let own = all.filter(|(_, suite)| suite["contract"] == namespace);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    own.map(|(package, suite)| QaSuite {
        id: text(&package["id"]),
        name: text(&suite["name"]),
        cases: number(&suite["cases"]),
        runnable: number(&suite["runnable"]),
    })
    .collect()
}
