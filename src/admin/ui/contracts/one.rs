//! One service contract: its names, its elements, messages of it, what stands around it and what has become of its calls.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::{around, href, messages, source, state, tree, versions};
use crate::admin::Admin;
use crate::admin::api::contracts::coverage::covered;
use crate::admin::api::contracts::{MinorQuery, OneContract, select, told};
use crate::admin::api::problem::Problem;
use crate::contracts::browse::Shown;
use crate::contracts::contract::Contract;
use crate::contracts::diagnostic::{Diagnostic, Severity};

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
    let OneContract { shown, calls, neighbours } = told(admin, Arc::clone(&contract)).await?;
    let samples = messages::samples(admin, &contract, &neighbours).await;
    let compared = versions::compared(&registry, &contract).await?;
    // A broken contract has no items; its remarks say why.
    let coverage = covered(admin, Arc::clone(&contract)).await.ok();
    let invalid = around::last_invalid(admin, &contract.namespace);
    let hub = admin.parts.addresses.iter().find(|(name, _)| name.ends_with("hub_http")).map(|(_, url)| url.as_str());
    let title = format!("{} {}", contract.operation, contract.version);
    let markup = html! {
        div.title {
            h1 { (title) }
            p { code { (contract.namespace) } " " (state(contract.state)) }
        }
        (facts(&shown, hub))
        @if !shown.deviations.is_empty() {
            section {
                h2 { "Not as published" }
                ul { @for deviation in &shown.deviations { li { (deviation) } } }
            }
        }
        (remarks(&shown.diagnostics))
        @for (title, root) in [("Request", &shown.types.request), ("Response", &shown.types.response)] {
            @if let Some(root) = root { section { h2 { (title) } (tree::shown(root, &contract)) } }
        }
        (messages::shown(&contract.namespace, &samples))
        (around::neighbours(&neighbours))
        (around::traffic(&contract.namespace, calls, invalid.as_ref(), coverage.as_ref()))
        (versions::shown(&contract, &shown.listed.versions, &compared))
        (files(&shown, &contract))
    };
    Ok((title, markup))
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

/// What it reaches, to look at and to save.
fn files(shown: &Shown, contract: &Contract) -> Markup {
    let api = format!("/api/v1/contracts/{}", href(&contract.namespace).trim_start_matches("/contracts/"));
    let minor = contract.version.minor;
    html! {
        section aria-labelledby="files" {
            h2 #files { "Files" }
            p {
                a href={ (api) "/wsdl?minor=" (minor) } { "Description (WSDL)" } " · "
                a href={ (api) "/zip?minor=" (minor) } { "Everything it reaches (zip)" }
                " · " a href={ (api) "?minor=" (minor) } { "All of this page as JSON" }
            }
            table.headers { tbody {
                @for file in &shown.closure {
                    @let name = file.path.rsplit(['/', '!']).next().unwrap_or(&file.path);
                    tr {
                        th scope="row" { a href=(source::link(&contract.namespace, minor, &format!("{name}:1")).unwrap_or_default()) { (file.path) } }
                        td { (file.namespace) } td { (file.version.as_deref().unwrap_or("")) } td title=(file.sha256) { (file.sha256.get(..12).unwrap_or_default()) "…" }
                    }
                }
            } }
        }
    }
}
