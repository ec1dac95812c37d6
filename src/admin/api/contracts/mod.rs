//! The service contracts that are known: the list, one with its elements, two compared (`contracts.md` §2.8, §6).

pub mod coverage;
pub mod files;
pub mod import;
pub mod lint;
pub mod messages;
pub mod neighbours;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::neighbours::Neighbours;
use super::problem::Problem;
use crate::admin::Admin;
use crate::contracts::browse::{self, Shown};
use crate::contracts::contract::{Contract, State as Imported};
use crate::contracts::diff::{Comparison, diff};
use crate::contracts::listed::{self, Line};
use crate::contracts::registry::{Registry, SelectionError};

/// Which contracts are wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct ContractsQuery {
    /// Service domain, such as `clinicalprocess:healthcond:description`.
    pub domain: Option<String>,
    /// Text that the namespace contains, in any case.
    pub q: Option<String>,
    /// How the contract imported: `ok`, `warnings` or `broken`.
    pub state: Option<String>,
}

/// A contract of the list, and who has called it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ListedContract {
    /// What the contract says.
    #[serde(flatten)]
    pub line: Line,
    /// Who has called it.
    #[serde(flatten)]
    pub calls: Calls,
}

/// The calls of a contract among those that are remembered.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Calls {
    /// How many there are.
    pub calls: usize,
    /// When the newest of them began.
    #[cfg_attr(test, schema(value_type = Option<String>, format = DateTime))]
    pub last_call: Option<Timestamp>,
}

/// Lists the contracts that are known, by domain, operation and major
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/contracts", tag = "contracts", params(ContractsQuery),
    responses(
        (status = 200, description = "The contracts", body = [ListedContract]),
        (status = 400, description = "A parameter cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn list(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<ContractsQuery>, QueryRejection>,
) -> Result<Json<Vec<ListedContract>>, Problem> {
    let Query(query) = query?;
    listed(&admin, &query).map(Json)
}

/// The list, narrowed; blank values narrow nothing, as an empty field of a form.
pub(in crate::admin) fn listed(admin: &Admin, query: &ContractsQuery) -> Result<Vec<ListedContract>, Problem> {
    let given = |value: &'_ Option<String>| value.clone().filter(|text| !text.trim().is_empty());
    let state = match given(&query.state) {
        None => None,
        Some(text) => Some(state_of(&text)?),
    };
    let registry = admin.parts.contracts.registry();
    let found = listed::list(&registry, given(&query.domain).as_deref(), given(&query.q).as_deref());
    let wanted = found.into_iter().filter(|line| state.is_none_or(|state| line.listed.state == state));
    let calls = calls(admin);
    let counted = wanted.map(|line| {
        let calls = calls.get(&line.listed.namespace).copied().unwrap_or_default();
        ListedContract { line, calls }
    });
    Ok(counted.collect())
}

/// The calls that are remembered, by contract.
fn calls(admin: &Admin) -> HashMap<String, Calls> {
    let mut counted: HashMap<String, Calls> = HashMap::new();
    admin.parts.records.each(&mut |call| {
        if let Some(contract) = &call.contract {
            let calls = counted.entry(contract.clone()).or_default();
            calls.calls += 1;
            calls.last_call = calls.last_call.max(Some(call.started));
        }
    });
    counted
}

fn state_of(text: &str) -> Result<Imported, Problem> {
    match text.to_lowercase().as_str() {
        "ok" => Ok(Imported::Ok),
        "warnings" => Ok(Imported::Warnings),
        "broken" => Ok(Imported::Broken),
        _ => Err(Problem::parameter("state", text, "ok, warnings or broken")),
    }
}

/// Which version of a contract.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct MinorQuery {
    /// Minor version, instead of the active one.
    pub minor: Option<String>,
}

/// A contract, who has called it, and what stands around it.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct OneContract {
    /// What the contract says.
    #[serde(flatten)]
    pub shown: Shown,
    /// Who has called it.
    #[serde(flatten)]
    pub calls: Calls,
    /// What stands around it.
    pub neighbours: Neighbours,
}

/// Shows one contract: its names and versions, what its import found out, the files it reaches, its elements with how often
/// each occurs, and what stands around it on this platform
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/contracts/{contract}", tag = "contracts",
    params(("contract" = String, Path, description = "Namespace, `GetDiagnosis:2`, or `GetDiagnosis` where there is one major"), MinorQuery),
    responses(
        (status = 200, description = "The contract", body = OneContract),
        (status = 400, description = "The name fits several contracts, or a parameter cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No contract has that name", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn one(
    State(admin): State<Arc<Admin>>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<MinorQuery>, QueryRejection>,
) -> Result<Json<OneContract>, Problem> {
    let (Path(name), Query(query)) = (name?, query?);
    let contract = select(&admin.parts.contracts.registry(), "contract", &name, query.minor.as_deref())?;
    told(&admin, contract).await.map(Json)
}

/// Everything about one contract.
pub(in crate::admin) async fn told(admin: &Admin, contract: Arc<Contract>) -> Result<OneContract, Problem> {
    let neighbours = neighbours::neighbours(admin, &contract).await;
    let calls = calls(admin).get(&contract.namespace).copied().unwrap_or_default();
    let registry = admin.parts.contracts.registry();
    let shown = away(move || browse::show(&registry, &contract)).await?;
    Ok(OneContract { shown, calls, neighbours })
}

/// The two contracts of a comparison.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct DiffQuery {
    /// The earlier contract, named as elsewhere.
    #[cfg_attr(test, param(required, value_type = String))]
    pub before: Option<String>,
    /// Its minor version, instead of the active one.
    pub before_minor: Option<String>,
    /// The later contract; without it, the same.
    pub after: Option<String>,
    /// Its minor version, instead of the active one.
    pub after_minor: Option<String>,
}

/// Compares two contracts or versions: what changed, whom it breaks, and why
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/contracts/diff", tag = "contracts", params(DiffQuery),
    responses(
        (status = 200, description = "The comparison", body = Comparison),
        (status = 400, description = "A parameter is missing or cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No contract has that name", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "A contract is broken", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn compare(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<DiffQuery>, QueryRejection>,
) -> Result<Json<Comparison>, Problem> {
    let Query(query) = query?;
    let registry = admin.parts.contracts.registry();
    let before = query.before.as_deref().filter(|name| !name.is_empty());
    let before = before.ok_or_else(|| Problem::parameter("before", "", "the name of a contract"))?;
    let after = query.after.as_deref().filter(|name| !name.is_empty()).unwrap_or(before);
    let before = select(&registry, "before", before, query.before_minor.as_deref())?;
    let after = select(&registry, "after", after, query.after_minor.as_deref())?;
    for contract in [&before, &after] {
        usable(contract)?;
    }
    away(move || diff(&before, &after)).await.map(Json)
}

/// The contract a name leads to.
pub(in crate::admin) fn select(
    registry: &Registry,
    parameter: &'static str,
    name: &str,
    minor: Option<&str>,
) -> Result<Arc<Contract>, Problem> {
    let minor = match minor.filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(
            text.parse().map_err(|_| Problem::parameter("minor", text, "a whole number, such as 1 of version 2.1"))?,
        ),
    };
    registry.select(name, minor).map_err(|error| {
        let status = match error {
            SelectionError::Unknown(_) => StatusCode::NOT_FOUND,
            SelectionError::Ambiguous(..) => StatusCode::BAD_REQUEST,
        };
        Problem::new(status, error.to_string()).named(parameter, name).expected("a contract /api/v1/contracts lists")
    })
}

/// A broken contract judges and makes no messages; its first error says why.
pub(in crate::admin) fn usable(contract: &Contract) -> Result<(), Problem> {
    match contract.first_error() {
        None => Ok(()),
        Some(error) => Err(Problem::new(StatusCode::CONFLICT, format!("the contract is broken: {error}"))),
    }
}

/// Work that takes milliseconds and more, off the threads that serve connections.
pub(in crate::admin) async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("the work was not finished: {error}")))
}
