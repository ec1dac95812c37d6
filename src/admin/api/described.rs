//! The description of the API, from the handlers' own parameter and reply types. What it says is written down in
//! `docs/openapi.json`, which the platform answers with; a test holds the two against each other.

use std::collections::BTreeSet;

use utoipa::OpenApi;

use super::*;

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
        contracts::coverage::list,
        contracts::coverage::one,
        contracts::import::take,
        contracts::lint::own,
        contracts::lint::brought,
        contracts::files::wsdl,
        contracts::files::zip,
        contracts::messages::make,
        contracts::messages::judge,
        contracts::messages::judge_by,
        catalogue::versions,
        catalogue::version,
        catalogue::history,
        catalogue::consumer,
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

#[test]
fn what_is_written_down_is_what_the_handlers_say() {
    let mut now = serde_json::to_string_pretty(&Described::openapi()).unwrap();
    now.push('\n');
    if now != DESCRIPTION {
        let made = concat!(env!("CARGO_MANIFEST_DIR"), "/target/openapi.json");
        std::fs::write(made, now).unwrap();
        panic!("docs/openapi.json is not what the handlers say: put target/openapi.json, just made, in its place");
    }
}

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
