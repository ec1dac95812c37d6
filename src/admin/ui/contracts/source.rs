//! A file of a contract with its lines numbered, so that what is said of line 88 can be looked at.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;

use super::href;
use crate::admin::Admin;
use crate::admin::api::contracts::{away, select};
use crate::admin::api::problem::Problem;
use crate::contracts::contract::Contract;
use crate::contracts::tree::decode;

/// Most of a file that is shown, in bytes; the zip has all of it.
const SHOWN_BYTES_MAX: usize = 2 << 20;

/// Which file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin::ui) struct FileQuery {
    name: String,
    minor: Option<String>,
}

/// Where a declaration can be looked at: `file.xsd:88`, in the version that is shown.
pub(super) fn link(namespace: &str, minor: u32, declared_at: &str) -> Option<String> {
    let (file, line) = declared_at.rsplit_once(':')?;
    let query = crate::admin::api::query_of([("name", file), ("minor", &minor.to_string())].into_iter());
    Some(format!("{}/file?{query}#L{line}", href(namespace)))
}

pub(in crate::admin::ui) async fn page(
    State(admin): State<Arc<Admin>>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<FileQuery>, QueryRejection>,
) -> Response {
    match content(&admin, name, query).await {
        Ok((title, content)) => super::super::answer(&admin, StatusCode::OK, &title, &content),
        Err(problem) => super::super::refuse(&admin, &problem),
    }
}

async fn content(
    admin: &Admin,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<FileQuery>, QueryRejection>,
) -> Result<(String, Markup), Problem> {
    let (Path(name), Query(query)) = (name?, query?);
    let contract = select(&admin.parts.contracts.registry(), "contract", &name, query.minor.as_deref())?;
    let wanted = query.name.clone();
    let of = Arc::clone(&contract);
    let (path, text) = away(move || file(&of, &wanted)).await?.ok_or_else(|| {
        let text = format!("{} {} reaches no such file", contract.short_name(), contract.version);
        Problem::new(StatusCode::NOT_FOUND, text).named("name", &query.name)
    })?;
    let markup = html! {
        h1 { (query.name) }
        p { code { (path) } " of " a href=(href(&contract.namespace)) { (contract.short_name()) } }
        ol.source { @for (at, line) in text.lines().enumerate() { li id={ "L" (at + 1) } { code { (line) } } } }
        @if text.len() >= SHOWN_BYTES_MAX { p.note { "The rest is in the zip." } }
    };
    Ok((query.name, markup))
}

/// The first file of that name, with its path, as text.
fn file(contract: &Contract, name: &str) -> Option<(String, String)> {
    let closure = contract.closure();
    let mut files = std::iter::once(&closure.wsdl).chain(&closure.files);
    let (path, bytes) = files.find(|(path, _)| path.rsplit('/').next() == Some(name))?;
    let mut text = decode(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned());
    let cut = text.floor_char_boundary(SHOWN_BYTES_MAX);
    text.truncate(cut);
    Some((path.clone(), text))
}
