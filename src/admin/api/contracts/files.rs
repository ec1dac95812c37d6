//! A contract's files, to be saved: its description as published, and everything it reaches as a zip.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;

use super::{away, select};
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
use crate::contracts::contract::Contract;
use crate::contracts::registry::Registry;
use crate::contracts::repacked::repacked;
use crate::domain::profile::Profile;

/// Which description of a contract.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct FileQuery {
    /// Minor version, instead of the active one.
    pub minor: Option<String>,
    /// `rivtabp20` or `rivtabp21`, for a contract that is described in both; 2.1, where not given.
    pub profile: Option<String>,
}

/// Gives the contract's description (WSDL) as published, byte for byte
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/contracts/{contract}/wsdl", tag = "contracts",
    params(("contract" = String, Path, description = "Namespace, `GetDiagnosis:2`, or `GetDiagnosis` where there is one major"), FileQuery),
    responses(
        (status = 200, description = "The file", body = String, content_type = "application/xml"),
        (status = 400, description = "The name fits several contracts, or a parameter cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No contract has that name, or none in that profile", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn wsdl(
    State(admin): State<Arc<Admin>>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<FileQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let (Path(name), Query(query)) = (name?, query?);
    let contract = described(&admin.parts.contracts.registry(), &name, &query)?;
    // What ships is compiled on first use.
    away(move || {
        let (path, bytes) = &contract.closure().wsdl;
        let name = path.rsplit('/').next().unwrap_or(path);
        saved("application/xml", name, bytes.to_vec())
    })
    .await
}

/// Gives everything the contract's description reaches, as a zip in the published layout, which can be imported again
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/contracts/{contract}/zip", tag = "contracts",
    params(("contract" = String, Path, description = "Namespace, `GetDiagnosis:2`, or `GetDiagnosis` where there is one major"), FileQuery),
    responses(
        (status = 200, description = "The zip; with both descriptions of a contract that has two profiles, unless one is named", body = Vec<u8>, content_type = "application/zip"),
        (status = 400, description = "The name fits several contracts, or a parameter cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No contract has that name, or none in that profile", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The files do not fit in a zip", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn zip(
    State(admin): State<Arc<Admin>>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<FileQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let (Path(name), Query(query)) = (name?, query?);
    let registry = admin.parts.contracts.registry();
    let contract = described(&registry, &name, &query)?;
    let has_profile = query.profile.is_some_and(|profile| !profile.is_empty());
    let packed = away(move || {
        let others = registry.profiles(&contract).filter(|other| !has_profile && other.version == contract.version);
        repacked(&contract, others)
    })
    .await?
    .map_err(|error| Problem::new(StatusCode::CONFLICT, error))?;
    Ok(saved("application/zip", &packed.file_name, packed.bytes))
}

/// The description that is meant.
fn described(registry: &Registry, name: &str, query: &FileQuery) -> Result<Arc<Contract>, Problem> {
    let contract = select(registry, "contract", name, query.minor.as_deref())?;
    let Some(text) = query.profile.as_deref().filter(|text| !text.is_empty()) else { return Ok(contract) };
    let profile = Profile::parse(text).ok_or_else(|| Problem::parameter("profile", text, "rivtabp20 or rivtabp21"))?;
    let mut versions = registry.profiles(&contract).flat_map(|active| registry.versions(active));
    let found = versions.find(|one| one.profile == profile && one.version == contract.version);
    found.cloned().ok_or_else(|| {
        let text = format!("{} {} has no description in {profile}", contract.short_name(), contract.version);
        Problem::new(StatusCode::NOT_FOUND, text).named("profile", profile.as_str())
    })
}

/// A file with its name. Never shown in place: a stranger wrote what is in it.
fn saved(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && c != '"' && c != '\\' { c } else { '_' }).collect();
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{plain}\"")),
    ];
    (headers, bytes).into_response()
}
