//! One service contract: its names, its elements, a message of each direction.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::{href, state, tree};
use crate::admin::Admin;
use crate::admin::api::contracts::messages::made;
use crate::admin::api::contracts::{MinorQuery, away, select};
use crate::admin::api::problem::Problem;
use crate::contracts::browse::{self, Shown};
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::diagnostic::{Diagnostic, Severity};
use crate::contracts::sample::Wanted;

pub(in crate::admin::ui) async fn page(
    State(admin): State<Arc<Admin>>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<MinorQuery>, QueryRejection>,
) -> Response {
    match content(&admin, name, query).await {
        Ok((title, content)) => super::super::answer(&admin, StatusCode::OK, &title, &content),
        Err(problem) => super::super::refuse(&admin, &problem),
    }
}

async fn content(
    admin: &Admin,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<MinorQuery>, QueryRejection>,
) -> Result<(String, Markup), Problem> {
    let (Path(name), Query(query)) = (name?, query?);
    let registry = admin.parts.contracts.registry();
    let contract = select(&registry, "contract", &name, query.minor.as_deref())?;
    let shown = {
        let (registry, contract) = (Arc::clone(&registry), Arc::clone(&contract));
        away(move || browse::show(&registry, &contract)).await?
    };
    let mut samples = Vec::new();
    for direction in [Direction::Request, Direction::Response] {
        samples.push((direction, sample(&contract, direction).await));
    }
    let hub = admin.parts.addresses.iter().find(|(name, _)| name.ends_with("hub_http")).map(|(_, url)| url.as_str());
    let title = format!("{} {}", contract.operation, contract.version);
    let markup = html! {
        div.title {
            h1 { (title) }
            p { code { (contract.namespace) } " " (state(contract.state)) }
        }
        (facts(&shown, hub))
        (versions(&shown, &contract))
        (remarks(&shown.diagnostics))
        @for (title, root) in [("Request", &shown.types.request), ("Response", &shown.types.response)] {
            @if let Some(root) = root { section { h2 { (title) } (tree::shown(root)) } }
        }
        section {
            h2 { "Messages" }
            p.note { "Made from the contract, valid, with identities of the official test series only." }
            @for (direction, message) in &samples { (message_of(*direction, message)) }
            (further(&contract.namespace))
        }
        (files(&shown))
    };
    Ok((title, markup))
}

async fn sample(contract: &Arc<Contract>, direction: Direction) -> Result<String, Problem> {
    let wanted = Wanted { direction, ..Wanted::default() };
    made(contract, &wanted).await.map(|messages| messages.concat())
}

fn facts(shown: &Shown, hub: Option<&str>) -> Markup {
    let listed = &shown.listed;
    html! {
        section aria-label="Facts" {
            dl.facts {
                div { dt { "Domain" } dd { (listed.domain) } }
                div { dt { "Operation" } dd { (listed.operation) } }
                div { dt { "Versions" } dd { (listed.versions.join(", ")) } }
                div { dt { "Profiles" } dd { (listed.profiles.join(", ")) } }
                div.wide { dt { "Request" } dd { code { (listed.request) } } }
                @if let Some(response) = &listed.response { div.wide { dt { "Response" } dd { code { (response) } } } }
                div.wide { dt { "soapAction" } dd { code { (listed.soap_action) } } }
                @for header in &listed.headers {
                    div.wide { dt { "Header " (header.part) " (" (header.profile) ")" } dd { code { (header.element) } } }
                }
                @if !shown.faults.is_empty() { div { dt { "Faults" } dd { (shown.faults.join(", ")) } } }
                div.wide { dt { "Description" } dd {
                    @match hub {
                        Some(hub) => { a href={ (hub) "/" (listed.wsdl_path) "?wsdl" } { code { (listed.wsdl_path) "?wsdl" } } },
                        None => code { (listed.wsdl_path) "?wsdl" },
                    }
                } }
                div.wide { dt { "Source" } dd { @for source in &shown.sources { code { (source.path) } " " } } }
            }
        }
    }
}

fn versions(shown: &Shown, contract: &Contract) -> Markup {
    let others: Vec<_> =
        shown.listed.versions.iter().filter(|version| **version != contract.version.to_string()).collect();
    let minor = |version: &str| version.rsplit('.').next().unwrap_or(version).to_owned();
    html! {
        @if !others.is_empty() {
            section {
                h2 { "Other versions" }
                ul { @for version in others {
                    li {
                        a href={ (href(&contract.namespace)) "?minor=" (minor(version)) } { (version) } " · "
                        a href={ "/api/v1/contracts/diff?before=" (contract.namespace) "&before_minor=" (minor(version)) "&after_minor=" (contract.version.minor) } { "what changed to " (contract.version) }
                    }
                } }
            }
        }
    }
}

fn remarks(remarks: &[Diagnostic]) -> Markup {
    let told: Vec<_> = remarks.iter().filter(|remark| remark.severity > Severity::Info).collect();
    html! {
        @if !told.is_empty() {
            section.fault[told.iter().any(|remark| remark.is_error())] {
                h2 { "Remarks from the import" }
                ul { @for remark in told { li { code { (remark.to_string()) } } } }
            }
        }
    }
}

fn message_of(direction: Direction, message: &Result<String, Problem>) -> Markup {
    let title = match direction {
        Direction::Request => "Request",
        Direction::Response => "Response",
    };
    html! {
        @match message {
            Ok(text) => details.message { summary { (title) span.size { (text.len()) " bytes" } } pre.body tabindex="0" { (text) } },
            Err(problem) => p.note { (title) ": " (problem.detail()) "." },
        }
    }
}

fn further(namespace: &str) -> Markup {
    html! {
        p {
            "As JSON: "
            @for direction in ["request", "response"] {
                @for variant in ["min", "typical", "max", "cover"] {
                    a href={ "/api/v1/contracts/" (href(namespace).trim_start_matches("/contracts/")) "/sample?direction=" (direction) "&variant=" (variant) } { (direction) " " (variant) } " "
                }
            }
        }
    }
}

fn files(shown: &Shown) -> Markup {
    html! {
        section {
            h2 { "Files" }
            table.headers { tbody { @for file in &shown.closure { tr { th scope="row" { (file.path) } td { (file.namespace) } } } } }
        }
    }
}
