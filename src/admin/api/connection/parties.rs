//! Parties, and what each has handed in of itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

#[cfg(test)]
use super::Refusals;
use super::body::{patched, read};
use super::{Created, Trouble, created, with_book};
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
use crate::connection::category::Category;
use crate::connection::holdings::Holdings;
use crate::connection::party::{Assignment, CaregiverList, Component, Contact, Party};
use crate::connection::refusal::Refusal;

/// Which parties.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct PartiesQuery {
    /// Only of this category
    #[cfg_attr(test, param(value_type = Option<String>))]
    category: Option<Category>,
}

/// Lists the parties
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/parties", tag = "connection", params(PartiesQuery),
    responses((status = 200, description = "The parties", body = [Party]), Refusals)
))]
pub(in crate::admin) async fn list(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<PartiesQuery>, QueryRejection>,
) -> Result<Json<Vec<Party>>, Trouble> {
    let Query(query) = query.map_err(Problem::from)?;
    let is_meant = move |party: &&Party| query.category.is_none_or(|category| party.category == Some(category));
    let list = move |holdings: &Holdings| holdings.parties.values().filter(is_meant).cloned().collect();
    with_book(&admin, move |book| Ok(book.read(|holdings, _| list(holdings)))).await.map(Json)
}

/// Takes in a party
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/parties", tag = "connection", request_body = Party,
    responses((status = 201, description = "The party", body = Party), Refusals)
))]
pub(in crate::admin) async fn add(State(admin): State<Arc<Admin>>, body: Bytes) -> Result<Created<Party>, Trouble> {
    let party = read(&body)?;
    let party = with_book(&admin, move |book| Ok(book.add_party(party)?)).await?;
    Ok(created(format!("/api/v1/parties/{}", party.id), party))
}

/// Shows a party
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/parties/{id}", tag = "connection", params(("id" = String, Path, description = "The party")),
    responses((status = 200, description = "The party", body = Party), Refusals)
))]
pub(in crate::admin) async fn one(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<Party>, Trouble> {
    of_party(&admin, id, |holdings, id| holdings.parties.get(id).cloned()).await
}

/// Changes a party with a merge patch
#[cfg_attr(test, utoipa::path(
    patch, path = "/api/v1/parties/{id}", tag = "connection", request_body = Object,
    params(("id" = String, Path, description = "The party")),
    responses((status = 200, description = "The party", body = Party), Refusals)
))]
pub(in crate::admin) async fn change(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Party>, Trouble> {
    let patch: Value = read(&body)?;
    with_book(&admin, move |book| {
        let known = book.read(|holdings, _| holdings.parties.get(&id).cloned());
        let changed = known.map(|known| patched(&known, &patch)).transpose()?;
        Ok(book.change_party(&id, |known| Ok(changed.unwrap_or_else(|| known.clone())))?)
    })
    .await
    .map(Json)
}

/// Something of a party that must be there.
async fn of_party<T: Send + 'static>(
    admin: &Arc<Admin>,
    id: String,
    look: impl FnOnce(&Holdings, &str) -> Option<T> + Send + 'static,
) -> Result<Json<T>, Trouble> {
    let look = move |holdings: &Holdings| {
        match holdings.parties.contains_key(&id) {
            true => look(holdings, &id),
            false => None,
        }
        .ok_or(Refusal::Unknown { what: "party", id })
    };
    with_book(admin, move |book| Ok(book.read(|holdings, _| look(holdings))?)).await.map(Json)
}

/// Shows a party's contacts
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/parties/{id}/contacts", tag = "connection",
    params(("id" = String, Path, description = "The party")),
    responses((status = 200, description = "As they were handed in", body = [Contact]), Refusals)
))]
pub(in crate::admin) async fn contacts(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<Vec<Contact>>, Trouble> {
    of_party(&admin, id, |holdings, id| Some(holdings.contacts.get(id).cloned().unwrap_or_default())).await
}

/// Replaces a party's contacts
#[cfg_attr(test, utoipa::path(
    put, path = "/api/v1/parties/{id}/contacts", tag = "connection", request_body = Vec<Contact>,
    params(("id" = String, Path, description = "The party")),
    responses((status = 200, description = "As they were handed in", body = [Contact]), Refusals)
))]
pub(in crate::admin) async fn put_contacts(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Vec<Contact>>, Trouble> {
    let given: Vec<Contact> = read(&body)?;
    with_book(&admin, move |book| {
        book.put_contacts(&id, given.clone())?;
        Ok(given)
    })
    .await
    .map(Json)
}

/// Shows a party's list of caregivers
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/parties/{id}/caregivers", tag = "connection",
    params(("id" = String, Path, description = "The party")),
    responses((status = 200, description = "As they were handed in", body = CaregiverList), Refusals)
))]
pub(in crate::admin) async fn caregivers(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<CaregiverList>, Trouble> {
    of_party(&admin, id, |holdings, id| Some(holdings.caregivers.get(id).cloned().unwrap_or_default())).await
}

/// Replaces a party's list of caregivers
#[cfg_attr(test, utoipa::path(
    put, path = "/api/v1/parties/{id}/caregivers", tag = "connection", request_body = CaregiverList,
    params(("id" = String, Path, description = "The party")),
    responses((status = 200, description = "As they were handed in", body = CaregiverList), Refusals)
))]
pub(in crate::admin) async fn put_caregivers(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<CaregiverList>, Trouble> {
    let given: CaregiverList = read(&body)?;
    with_book(&admin, move |book| Ok(book.put_caregivers(&id, given)?)).await.map(Json)
}

/// Shows a party's systems
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/parties/{id}/components", tag = "connection",
    params(("id" = String, Path, description = "The party")),
    responses((status = 200, description = "As they were handed in", body = [Component]), Refusals)
))]
pub(in crate::admin) async fn components(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<Vec<Component>>, Trouble> {
    of_party(&admin, id, |holdings, id| Some(holdings.components.get(id).cloned().unwrap_or_default())).await
}

/// Replaces a party's systems
#[cfg_attr(test, utoipa::path(
    put, path = "/api/v1/parties/{id}/components", tag = "connection", request_body = Vec<Component>,
    params(("id" = String, Path, description = "The party")),
    responses((status = 200, description = "As they were handed in", body = [Component]), Refusals)
))]
pub(in crate::admin) async fn put_components(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Vec<Component>>, Trouble> {
    let given: Vec<Component> = read(&body)?;
    with_book(&admin, move |book| {
        book.put_components(&id, given.clone())?;
        Ok(given)
    })
    .await
    .map(Json)
}

/// Shows the services that an Agent may broker
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/parties/{id}/assignments", tag = "connection",
    params(("id" = String, Path, description = "The party")),
    responses((status = 200, description = "As they were handed in", body = [Assignment]), Refusals)
))]
pub(in crate::admin) async fn assignments(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
) -> Result<Json<Vec<Assignment>>, Trouble> {
    of_party(&admin, id, |holdings, id| Some(holdings.assignments.get(id).cloned().unwrap_or_default())).await
}

/// Replaces the services that an Agent may broker
#[cfg_attr(test, utoipa::path(
    put, path = "/api/v1/parties/{id}/assignments", tag = "connection", request_body = Vec<Assignment>,
    params(("id" = String, Path, description = "The party")),
    responses((status = 200, description = "As they were handed in", body = [Assignment]), Refusals)
))]
pub(in crate::admin) async fn put_assignments(
    State(admin): State<Arc<Admin>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Vec<Assignment>>, Trouble> {
    let given: Vec<Assignment> = read(&body)?;
    with_book(&admin, move |book| {
        book.put_assignments(&id, given.clone())?;
        Ok(given)
    })
    .await
    .map(Json)
}
