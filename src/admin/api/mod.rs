//! The HTTP API under `/api/v1`, and its description. Every path stands in one table, which a test holds against
//! `/openapi.json`; the description is made from the handlers' own parameter and reply types.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{MethodRouter, delete, get, post};
use axum::{Json, Router};
use serde_json::Value;

use super::Admin;

mod advice;
pub mod catalogue;
pub mod connection;
pub mod contracts;
#[cfg(test)]
mod described;
pub mod exchange;
pub mod exchanges;
pub mod explain;
pub mod fan_out;
pub mod filter;
pub mod message;
pub mod platform;
pub mod problem;
pub mod producers;
pub mod stream;
pub mod summary;

/// The description of the API, as the handlers' own types give it (`described.rs`), written down: the types' description is
/// made by code as large as all handlers together, of which a running platform would need nothing but its result.
const DESCRIPTION: &str = include_str!("../../../docs/openapi.json");

/// Every path of the API with its methods.
fn paths() -> Vec<(&'static str, MethodRouter<Arc<Admin>>)> {
    let message = || DefaultBodyLimit::max(contracts::messages::MESSAGE_BYTES_MAX);
    let judge = post(contracts::messages::judge).layer(message());
    let judge_by = post(contracts::messages::judge_by).layer(message());
    let lint = post(contracts::lint::brought).layer(DefaultBodyLimit::max(contracts::lint::ZIP_BYTES_MAX));
    let import = post(contracts::import::take).layer(DefaultBodyLimit::max(contracts::lint::ZIP_BYTES_MAX));
    let mut paths = vec![
        ("/api/v1/exchanges", get(exchanges::list)),
        ("/api/v1/exchanges/stream", get(stream::watch)),
        ("/api/v1/exchanges/{id}", get(exchanges::one)),
        ("/api/v1/explain", get(explain::explain)),
        ("/api/v1/records", get(platform::records)),
        ("/api/v1/platform", get(platform::platform)),
        ("/api/v1/contracts", get(contracts::list)),
        ("/api/v1/contracts/diff", get(contracts::compare)),
        ("/api/v1/contracts/validate", judge),
        ("/api/v1/contracts/coverage", get(contracts::coverage::list)),
        ("/api/v1/contracts/import", import),
        ("/api/v1/contracts/lint", get(contracts::lint::own).merge(lint)),
        ("/api/v1/contracts/{contract}", get(contracts::one)),
        ("/api/v1/contracts/{contract}/coverage", get(contracts::coverage::one)),
        ("/api/v1/contracts/{contract}/wsdl", get(contracts::files::wsdl)),
        ("/api/v1/contracts/{contract}/zip", get(contracts::files::zip)),
        ("/api/v1/contracts/{contract}/sample", get(contracts::messages::make)),
        ("/api/v1/contracts/{contract}/validate", judge_by),
        ("/api/v1/catalogue/versions", get(catalogue::versions)),
        ("/api/v1/catalogue/versions/{version}", get(catalogue::version)),
        ("/api/v1/catalogue/history", get(catalogue::history)),
        ("/api/v1/catalogue/consumers/{hsaId}", get(catalogue::consumer)),
        ("/api/v1/catalogue/pending", get(catalogue::pending)),
        ("/api/v1/catalogue/publish", post(catalogue::publish)),
        ("/api/v1/catalogue/rollback", post(catalogue::rollback)),
        ("/api/v1/catalogue/discard", post(catalogue::discard)),
        ("/api/v1/catalogue/rows", post(catalogue::save)),
        ("/api/v1/catalogue/rows/{table}/{id}", delete(catalogue::delete)),
    ];
    paths.extend(connection::paths());
    paths.extend(producers::paths());
    paths
}

pub(super) fn router() -> Router<Arc<Admin>> {
    paths()
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods))
        .route("/openapi.json", get(openapi))
}

/// Name and value pairs as the query of a URL.
pub(in crate::admin) fn query_of<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => query.push(byte.into()),
                _ => {
                    // Writing to a string cannot fail.
                    let _ = write!(query, "%{byte:02X}");
                }
            }
        }
    }
    query
}

/// The description, with what others bring to the listener.
async fn openapi(State(admin): State<Arc<Admin>>) -> Json<Value> {
    let mut document: Value = serde_json::from_str(DESCRIPTION).expect("a test has read it");
    if let Some(paths) = document["paths"].as_object_mut() {
        paths.extend(admin.beside.described.clone());
    }
    Json(document)
}
