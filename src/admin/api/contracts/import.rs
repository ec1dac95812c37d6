//! A published zip taken into the environment while the platform runs (`contracts.md` §2.1).

use std::path::Path;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{Query, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::away;
use super::lint::ZIP_BYTES_MAX;
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
use crate::contracts::command::install;
use crate::contracts::diagnostic::Diagnostic;
use crate::contracts::import::{Import, Importer};
use crate::contracts::library::Library;
use crate::contracts::package::Package;
use crate::contracts::repacked::file_name;

/// How the release is called.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct ImportQuery {
    /// The zip's file name, such as `ServiceContracts_crm_scheduling_1.1.zip`; made of domain and version, where not given.
    /// What has that name in the environment is replaced.
    pub name: Option<String>,
}

/// What became of a zip.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Taken {
    /// What it is called in the environment's `contracts/`.
    pub name: String,
    /// Every description in it.
    pub descriptions: Vec<TakenDescription>,
    /// What concerns no single description.
    pub problems: Vec<Diagnostic>,
    /// Files that are neither description nor schema.
    pub ignored: usize,
}

/// What became of one description.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct TakenDescription {
    /// The file.
    pub wsdl: String,
    /// Whether its contracts can be used; else the problems say why not.
    pub compiled: bool,
    /// Namespaces of its contracts.
    pub contracts: Vec<String>,
    /// What was found out.
    pub problems: Vec<Diagnostic>,
}

/// Takes a published zip into the environment, as it was downloaded; its contracts are known at once
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/contracts/import", tag = "contracts", params(ImportQuery),
    request_body(content = Vec<u8>, content_type = "application/zip"),
    responses(
        (status = 200, description = "It is taken; descriptions that cannot be used say why", body = Taken),
        (status = 400, description = "The zip is refused or holds no description, or a parameter cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The environment is built in, or its folder cannot be written to", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The zip is too large", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn take(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<ImportQuery>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Taken>, Problem> {
    let Query(query) = query?;
    let named = match query.name.as_deref().filter(|name| !name.is_empty()) {
        None => None,
        Some(name) if is_plain(name) => Some(name.to_owned()),
        Some(name) => return Err(Problem::parameter("name", name, "a file name such as ServiceContracts_a_b_1.0.zip")),
    };
    let body = body.map_err(|rejection| {
        let text = format!("the body cannot be used: {}", rejection.body_text());
        Problem::new(rejection.status(), text).expected(format!("at most {ZIP_BYTES_MAX} bytes"))
    })?;
    let library = Arc::clone(&admin.parts.contracts);
    away(move || taken(&library, named, &body)).await?.map(Json)
}

fn taken(library: &Library, named: Option<String>, zip: &[u8]) -> Result<Taken, Problem> {
    let cannot = |text: String| Problem::new(StatusCode::CONFLICT, text);
    let folder = library.folder().ok_or_else(|| {
        cannot("the built-in environment takes no contracts; serve a folder, such as a copy of it".to_owned())
    })?;
    let settings = library.settings();
    let shown = named.as_deref().unwrap_or("zip");
    let refused = |refusal: Diagnostic| Problem::new(StatusCode::BAD_REQUEST, format!("the zip is refused: {refusal}"));
    let (package, notes) = Package::read_zip(shown, zip, &settings.import).map_err(refused)?;
    let import = Importer::with(settings).import(&package, notes);
    if import.descriptions.is_empty() {
        let text = "the zip holds no description (WSDL)";
        return Err(Problem::new(StatusCode::BAD_REQUEST, text).expected("a release as it was downloaded"));
    }
    let contracts = || import.descriptions.iter().flat_map(|description| &description.contracts);
    let made =
        || contracts().max_by_key(|contract| contract.version).map_or_else(|| "release.zip".to_owned(), file_name);
    let name = named.unwrap_or_else(made);
    install::install_zip(zip, &name, folder).map_err(|error| cannot(format!("{}: {error}", folder.display())))?;
    // What is wrong with the other files of the environment is told where they are read.
    library.refresh();
    Ok(told(name, import))
}

fn told(name: String, import: Import) -> Taken {
    let descriptions = import.descriptions.into_iter().map(|one| TakenDescription {
        wsdl: one.path,
        compiled: one.is_usable,
        contracts: one.contracts.into_iter().map(|contract| contract.namespace).collect(),
        problems: one.diagnostics,
    });
    Taken { name, descriptions: descriptions.collect(), problems: import.diagnostics, ignored: import.ignored }
}

/// A visible zip in a folder, nowhere else.
fn is_plain(name: &str) -> bool {
    let is_zip = Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    let is_usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    is_zip && name.len() <= 200 && !name.starts_with('.') && name.chars().all(is_usual)
}
