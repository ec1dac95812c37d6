//! What is worth mending in contracts (`contracts.md` §6.2): in those the platform has, and in a zip that is not imported yet.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;

use super::{away, select};
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
use crate::contracts::import::Importer;
use crate::contracts::lint::{Finding, lint, sarif};
use crate::contracts::package::Package;

/// Largest zip that is looked at through the API, in bytes; `anslut contracts lint` has no such bound.
pub(in crate::admin) const ZIP_BYTES_MAX: usize = 64 << 20;

/// Which contracts, and how findings are told.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct LintQuery {
    /// One contract, named as elsewhere; without it, all that the environment brought.
    pub contract: Option<String>,
    /// `json`, the default, or `sarif`.
    pub format: Option<String>,
}

/// Says what is worth mending in the contracts of the environment, or in one that is named; what stands has its reason
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/contracts/lint", tag = "contracts", params(LintQuery),
    responses(
        (status = 200, description = "The findings; with `format=sarif` a document of SARIF 2.1.0", body = [Finding]),
        (status = 400, description = "The name fits several contracts, or a parameter cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No contract has that name", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn own(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<LintQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    let is_sarif = is_sarif(&query)?;
    let registry = admin.parts.contracts.registry();
    let named = query.contract.as_deref().filter(|name| !name.is_empty());
    let contracts = match named {
        Some(name) => {
            let contract = select(&registry, "contract", name, None)?;
            registry.profiles(&contract).flat_map(|one| registry.versions(one)).cloned().collect()
        }
        None => registry.active().into_iter().flat_map(|one| registry.versions(one)).cloned().collect::<Vec<_>>(),
    };
    let findings = away(move || lint(&contracts, &[])).await?;
    Ok(told(&findings, is_sarif))
}

/// Says what is worth mending in a zip of contracts, which is not imported
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/contracts/lint", tag = "contracts",
    params(("format" = Option<String>, Query, description = "`json`, the default, or `sarif`")),
    request_body(content = Vec<u8>, content_type = "application/zip"),
    responses(
        (status = 200, description = "The findings; with `format=sarif` a document of SARIF 2.1.0", body = [Finding]),
        (status = 400, description = "The zip is refused, or a parameter cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The zip is too large", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn brought(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<LintQuery>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query?;
    let is_sarif = is_sarif(&query)?;
    if let Some(name) = query.contract.as_deref().filter(|name| !name.is_empty()) {
        return Err(Problem::parameter("contract", name, "nothing: all of the zip is looked at"));
    }
    let body = body.map_err(|rejection| {
        let text = format!("the body cannot be used: {}", rejection.body_text());
        Problem::new(rejection.status(), text).expected(format!("at most {ZIP_BYTES_MAX} bytes"))
    })?;
    let settings = admin.parts.contracts.settings().clone();
    let findings = away(move || {
        let (package, notes) = Package::read_zip("zip", &body, &settings.import)?;
        let import = Importer::with(&settings).import(&package, notes);
        let mut others = import.diagnostics.clone();
        let without = import.descriptions.iter().filter(|description| description.contracts.is_empty());
        others.extend(without.flat_map(|description| description.diagnostics.clone()));
        let contracts: Vec<_> = import.into_contracts().into_iter().map(Arc::new).collect();
        Ok(lint(&contracts, &others))
    });
    let findings = found(findings.await?)?;
    Ok(told(&findings, is_sarif))
}

fn found(findings: Result<Vec<Finding>, crate::contracts::diagnostic::Diagnostic>) -> Result<Vec<Finding>, Problem> {
    findings.map_err(|refusal| Problem::new(StatusCode::BAD_REQUEST, format!("the zip is refused: {refusal}")))
}

fn is_sarif(query: &LintQuery) -> Result<bool, Problem> {
    match query.format.as_deref().unwrap_or_default() {
        "" | "json" => Ok(false),
        "sarif" => Ok(true),
        other => Err(Problem::parameter("format", other, "json or sarif")),
    }
}

fn told(findings: &[Finding], is_sarif: bool) -> Response {
    match is_sarif {
        false => Json(findings).into_response(),
        true => {
            ([(header::CONTENT_TYPE, "application/sarif+json")], sarif::document(findings).to_string()).into_response()
        }
    }
}
