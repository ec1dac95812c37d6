//! The HTTP API under `/api/v1`, and its description. Every path stands in one table, which a test holds against
//! `/openapi.json`; the description is made from the handlers' own parameter and reply types.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{MethodRouter, delete, get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::Value;
use utoipa::OpenApi;

use super::Admin;
use problem::Problem;

mod advice;
pub mod catalogue;
pub mod connection;
pub mod contracts;
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

/// The document's frame; the paths name their handlers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "anslut",
        description = "What the platform did with every message, and why. Identity numbers outside the official test \
                       series are masked in every answer. Errors are problem documents (RFC 9457)."
    ),
    paths(
        exchanges::list,
        exchanges::one,
        stream::watch,
        explain::explain,
        platform::records,
        platform::platform,
        contracts::list,
        contracts::compare,
        contracts::one,
        contracts::messages::make,
        contracts::messages::judge,
        catalogue::versions,
        catalogue::version,
        catalogue::history,
        catalogue::pending,
        catalogue::publish,
        catalogue::rollback,
        catalogue::discard,
        catalogue::save,
        catalogue::delete,
        connection::parties::list,
        connection::parties::add,
        connection::parties::one,
        connection::parties::change,
        connection::parties::contacts,
        connection::parties::put_contacts,
        connection::parties::caregivers,
        connection::parties::put_caregivers,
        connection::parties::components,
        connection::parties::put_components,
        connection::parties::assignments,
        connection::parties::put_assignments,
        connection::papers::agreements,
        connection::papers::add_agreement,
        connection::papers::agreement,
        connection::papers::change_agreement,
        connection::papers::orders,
        connection::papers::add_order,
        connection::papers::order,
        connection::papers::step_order,
        connection::services::list,
        connection::services::one,
        connection::services::operator,
        connection::connections::list,
        connection::connections::add,
        connection::connections::one,
        connection::connections::change,
        connection::connections::events,
        connection::connections::step,
        connection::connections::next,
        connection::connections::removal,
        connection::connections::invoice,
        connection::quality::runs,
        connection::quality::add_run,
        connection::quality::items,
        connection::quality::declaration,
        connection::quality::put_declaration,
        connection::incidents::list,
        connection::incidents::add,
        connection::incidents::one,
        connection::incidents::change,
        connection::incidents::step,
        connection::sums::price,
        connection::sums::availability,
        producers::systems,
        producers::problems,
        producers::audit,
        producers::records,
        producers::add_record,
        producers::take_record,
        producers::verify_requests,
        producers::make,
        producers::reset,
        producers::plan,
        producers::start_plan,
        producers::stop_plan,
        producers::workspaces,
        producers::drop_workspace,
    ),
    components(schemas(connection::GateProblem, crate::connection::gates::Failed)),
    tags(
        (name = "exchanges", description = "Finished calls"),
        (name = "platform", description = "The platform itself"),
        (name = "contracts", description = "Service contracts, and messages held against them"),
        (name = "catalogue", description = "What the catalogue publishes, has published, and will publish"),
        (name = "connection", description = "The road to a connection: parties, agreements, steps, gates, incidents"),
        (name = "producers", description = "The mocked producers; WireMock's own paths are at /__admin")
    )
)]
struct Described;

/// Every path of the API with its methods.
fn paths() -> Vec<(&'static str, MethodRouter<Arc<Admin>>)> {
    let judge = post(contracts::messages::judge).layer(DefaultBodyLimit::max(contracts::messages::MESSAGE_BYTES_MAX));
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
        ("/api/v1/contracts/{contract}", get(contracts::one)),
        ("/api/v1/contracts/{contract}/sample", get(contracts::messages::make)),
        ("/api/v1/catalogue/versions", get(catalogue::versions)),
        ("/api/v1/catalogue/versions/{version}", get(catalogue::version)),
        ("/api/v1/catalogue/history", get(catalogue::history)),
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
async fn openapi(State(admin): State<Arc<Admin>>) -> Result<Json<Value>, Problem> {
    let document = serde_json::to_value(Described::openapi());
    let mut document = document.map_err(|error| {
        tracing::error!(%error, "the description of the API cannot be written");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the description cannot be written")
    })?;
    if let Some(paths) = document["paths"].as_object_mut() {
        paths.extend(admin.beside.described.clone());
    }
    Ok(Json(document))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_path_is_described_and_every_description_has_a_path() {
        let document = serde_json::to_value(Described::openapi()).unwrap();
        let described: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(described, paths().iter().map(|(path, _)| *path).collect());
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, described) in methods.as_object().unwrap() {
                let done = ["200", "201"].iter().any(|status| described["responses"][*status].is_object());
                assert!(done, "{method} {path}: 200 or 201");
                assert!(described["responses"]["401"].is_object(), "{method} {path}: 401");
                assert!(described["summary"].is_string(), "{method} {path}: summary");
                for parameter in described["parameters"].as_array().unwrap_or(&Vec::new()) {
                    assert!(parameter["description"].is_string(), "{method} {path}: {}", parameter["name"]);
                }
            }
        }
    }

    #[test]
    fn every_reference_in_the_document_leads_somewhere() {
        let document = serde_json::to_value(Described::openapi()).unwrap();
        let text = document.to_string();
        let references: BTreeSet<&str> =
            text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(references.len() > 5, "{references:?}");
        for reference in references {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
    }
}
