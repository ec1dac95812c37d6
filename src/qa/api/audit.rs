//! Index and producers beside each other (`qa.md` §6.3): a finding a line, and on request the Updates that would put the
//! index right. Nothing is changed, and no Update is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{Problem, body};
use crate::contracts::builtin;
use crate::contracts::contract::Contract;
use crate::contracts::import::Importer;
use crate::domain::clock::stockholm;
use crate::qa::desk::Desk;
use crate::qa::index::ask::ProducerOf;
use crate::qa::index::audit::{self, Finding, Order};
use crate::qa::index::filing::Filing;
use crate::qa::index::proposal::{self, Proposal};
use crate::qa::index::sample::{Draw, Sample};
use crate::qa::report::zip;

/// Producers of one audit.
const PRODUCERS_MAX: usize = 1_000;

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Identities.
    #[serde(default)]
    patients: Vec<String>,
    /// Or residents of a source system, drawn by a seed.
    sample: Option<Sampled>,
    /// Name or namespace of the producers' contract.
    contract: String,
    /// Whom to ask.
    producers: Vec<ProducerOf>,
    /// Where FindContent is asked; of the platform itself where nothing is said.
    #[serde(default)]
    index: String,
    /// What the contract's engagements are filed under; as the platform knows it where nothing is said.
    service_domain: Option<String>,
    /// The same; several with commas between.
    categorization: Option<String>,
    /// The address of the index itself.
    #[serde(default = "audit::index_address")]
    index_address: String,
    /// Whether the answer holds the Updates that would put the index right.
    #[serde(default)]
    update: bool,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "sample is a number of residents, or {source_system, count, seed}")]
enum Sampled {
    Count(usize),
    Wanted(Sample),
}

/// How the answer is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A finding a line, and what came of it all on the last one.
    Lines,
    /// One document.
    Document,
    /// The Updates alone.
    Update,
}

impl Form {
    fn of(query: &BTreeMap<String, String>, headers: &HeaderMap) -> Result<Self, Problem> {
        let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match query.get("format").map(String::as_str) {
            None if accepted.contains("application/json") => Ok(Self::Document),
            None | Some("ndjson") => Ok(Self::Lines),
            Some("json") => Ok(Self::Document),
            Some("update") => Ok(Self::Update),
            Some(other) => Err(Problem::wrong(format!("format is {other:?}, expected ndjson, json or update"))),
        }
    }
}

pub(super) async fn audit(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Response, Problem> {
    let form = Form::of(&query, &headers)?;
    let wanted: Wanted = body(&bytes)?;
    let is_wanted = wanted.update;
    let contract = contract(&wanted.contract)?;
    let order = order(&desk, wanted, &contract).await?;
    let now = desk.clock.now().to_zoned(stockholm());
    let findings = audit::run(&order, &contract, &desk.host.carrier(), &now).await.map_err(unreachable)?;
    let mut proposal = proposal::of(&findings, &order.index_address);
    if form == Form::Update {
        return update_file(proposal);
    }
    if !is_wanted {
        proposal.updates.clear();
    }
    Ok(told(form, &order, &findings, &proposal))
}

fn unreachable(why: String) -> Problem {
    Problem::new(StatusCode::BAD_GATEWAY, why)
}

fn contract(name: &str) -> Result<Arc<Contract>, Problem> {
    let known = builtin::contracts(&mut Importer::default()).0;
    let is_named = |known: &Contract| {
        known.namespace == name
            || known.short_name().eq_ignore_ascii_case(name)
            || known.operation.eq_ignore_ascii_case(name)
    };
    let mut found = known.into_iter().filter(is_named);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(Arc::new(one)),
        (Some(one), Some(other)) => {
            let (one, other) = (one.short_name(), other.short_name());
            Err(Problem::wrong(format!("contract {name} may be {one} or {other}")))
        }
        (None, _) => Err(Problem::wrong(format!("contract {name} is not known"))),
    }
}

/// What is compared, with what the platform knows in the place of what nobody said.
async fn order(desk: &Desk, mut wanted: Wanted, contract: &Contract) -> Result<Order, Problem> {
    let producers = wanted.producers.len();
    if producers == 0 || producers > PRODUCERS_MAX {
        return Err(Problem::wrong(format!("producers are {producers}, expected 1 to {PRODUCERS_MAX}")));
    }
    let index = match wanted.index.is_empty() {
        false => std::mem::take(&mut wanted.index),
        true => match &desk.hub {
            Some(hub) => hub.index().await.map_err(unreachable)?,
            None => None,
        }
        .ok_or_else(|| Problem::wrong("index is missing: this platform answers no FindContent itself"))?,
    };
    let filing = filing(desk, &wanted, contract).await?;
    let patients = match wanted.sample.take() {
        Some(sample) if wanted.patients.is_empty() => residents(desk, sample, &wanted.producers, &filing).await?,
        Some(_) => return Err(Problem::wrong("patients and sample are both there, expected one of them")),
        None => std::mem::take(&mut wanted.patients),
    };
    if patients.is_empty() || patients.len() > audit::PATIENTS_MAX {
        let count = patients.len();
        return Err(Problem::wrong(format!("patients are {count}, expected 1 to {}", audit::PATIENTS_MAX)));
    }
    Ok(Order { patients, producers: wanted.producers, index, filing, index_address: wanted.index_address })
}

async fn filing(desk: &Desk, wanted: &Wanted, contract: &Contract) -> Result<Filing, Problem> {
    let list = |text: &str| text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect();
    let said: Option<Vec<String>> = wanted.categorization.as_deref().map(list);
    if let (Some(domain), Some(categorizations)) = (&wanted.service_domain, &said) {
        let (service_domain, categorizations) = (domain.clone(), categorizations.clone());
        return Ok(Filing { service_domain, categorizations, others: Vec::new() });
    }
    let known = match &desk.hub {
        Some(hub) => hub.filing(&contract.namespace, &contract.domain).await.map_err(unreachable)?,
        None => None,
    };
    let mut filing = known.ok_or_else(|| {
        let name = contract.short_name();
        Problem::wrong(format!(
            "service_domain and categorization are missing: this platform has no aggregating service of {name}, which would know them"
        ))
    })?;
    if let Some(domain) = wanted.service_domain.as_ref().filter(|domain| **domain != filing.service_domain) {
        // What is known is about another domain.
        filing = Filing { service_domain: domain.clone(), ..Filing::default() };
    }
    if let Some(categorizations) = said {
        filing.categorizations = categorizations;
    }
    Ok(filing)
}

async fn residents(
    desk: &Desk,
    sample: Sampled,
    producers: &[ProducerOf],
    filing: &Filing,
) -> Result<Vec<String>, Problem> {
    let Sample { source_system, count, seed } = match sample {
        Sampled::Count(count) => Sample { count, ..Sample::default() },
        Sampled::Wanted(sample) => sample,
    };
    if count == 0 || count > audit::PATIENTS_MAX {
        return Err(Problem::wrong(format!("sample.count is {count}, expected 1 to {}", audit::PATIENTS_MAX)));
    }
    let systems: Vec<String> = match source_system {
        Some(system) => vec![system],
        None => producers.iter().map(|producer| producer.logical_address.clone()).collect(),
    };
    let hub = desk.hub.as_ref();
    let hub = hub.ok_or_else(|| Problem::wrong("sample needs a running platform with an index: name patients"))?;
    let draw = hub.offer_residents(Draw::new(seed, count), &systems, &filing.service_domain).await;
    let residents = draw.map_err(unreachable)?.residents();
    match residents.is_empty() {
        true => Err(Problem::wrong(format!(
            "the index has nobody of {} in {}: there is nothing to draw from",
            systems.join(", "),
            filing.service_domain
        ))),
        false => Ok(residents),
    }
}

fn told(form: Form, order: &Order, findings: &[Finding], proposal: &Proposal) -> Response {
    let mut summary = json!({
        "verdict": audit::verdict(findings),
        "patients": order.patients.len(),
        "filed": {"service_domain": order.filing.service_domain, "categorizations": order.filing.categorizations},
        "transactions": proposal.transactions,
        "left_out": proposal.left_out,
    });
    if !proposal.updates.is_empty() {
        summary["updates"] = json!(proposal.updates);
    }
    if form == Form::Document {
        summary["findings"] = json!(findings);
        return Json(summary).into_response();
    }
    summary["findings"] = json!(findings.len());
    let lines = findings.iter().map(|finding| json!(finding)).chain([summary]);
    let lines: String = lines.map(|line: Value| line.to_string() + "\n").collect();
    ([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response()
}

/// One Update as it is, several in a zip; 204 where the index needs none.
fn update_file(proposal: Proposal) -> Result<Response, Problem> {
    let Proposal { mut updates, .. } = proposal;
    if updates.len() > 1 {
        let named = updates.into_iter().enumerate();
        let files: Vec<_> =
            named.map(|(place, text)| (format!("update-{:04}.xml", place + 1), text.into_bytes())).collect();
        let bytes =
            zip::write(&files).map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        return Ok(([(header::CONTENT_TYPE, "application/zip")], bytes).into_response());
    }
    Ok(match updates.pop() {
        Some(update) => ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], update).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}
