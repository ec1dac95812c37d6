//! Which parts of the contracts the remembered calls have used (`contracts.md` §5).

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};

use super::{MinorQuery, away, select, usable};
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
use crate::contracts::contract::Contract;
use crate::contracts::coverage::{Coverage, Observed};
use crate::hub::exchange::Message;
use crate::hub::records::Records;

/// Lists, for every contract that was called, how much of it the remembered calls have used
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/contracts/coverage", tag = "contracts",
    responses(
        (status = 200, description = "The contracts, without the list of items each", body = [Coverage]),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn list(State(admin): State<Arc<Admin>>) -> Result<Json<Vec<Coverage>>, Problem> {
    let (records, registry) = (Arc::clone(&admin.parts.records), admin.parts.contracts.registry());
    let summary = away(move || {
        let mut observed = Observed::all(registry);
        see(&records, &mut observed, None);
        observed.summary()
    });
    summary.await.map(Json)
}

/// Shows which elements, attributes, branches, values, types and nils of a contract the remembered calls have used
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/contracts/{contract}/coverage", tag = "contracts",
    params(("contract" = String, Path, description = "Namespace, `GetDiagnosis:2`, or `GetDiagnosis` where there is one major"), MinorQuery),
    responses(
        (status = 200, description = "The contract with every item, used or not", body = Coverage),
        (status = 400, description = "The name fits several contracts, or a parameter cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No contract has that name", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The contract is broken", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn one(
    State(admin): State<Arc<Admin>>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<MinorQuery>, QueryRejection>,
) -> Result<Json<Coverage>, Problem> {
    let (Path(name), Query(query)) = (name?, query?);
    let contract = select(&admin.parts.contracts.registry(), "contract", &name, query.minor.as_deref())?;
    covered(&admin, contract).await.map(Json)
}

/// What the remembered calls have used of a contract.
pub(in crate::admin) async fn covered(admin: &Admin, contract: Arc<Contract>) -> Result<Coverage, Problem> {
    usable(&contract)?;
    let records = Arc::clone(&admin.parts.records);
    let found = away(move || {
        let mut observed = Observed::only(Arc::clone(&contract));
        see(&records, &mut observed, Some(&contract.namespace));
        observed.of(&contract).ok_or(contract)
    });
    // What can be used has its element; whatever else is wrong, it is no fault of who asks.
    found.await?.map_err(|contract| {
        let text = format!("{} has no element that a message could be", contract.short_name());
        Problem::new(http::StatusCode::CONFLICT, text)
    })
}

/// Requests as they came and answers as they went out, of one contract or of all. Bodies that were not kept whole say nothing.
fn see(records: &Records, observed: &mut Observed, namespace: Option<&str>) {
    records.each(&mut |call| {
        if namespace.is_none_or(|namespace| call.contract.as_deref() == Some(namespace)) {
            let is_whole = |message: &&Message| !message.body.is_empty() && message.body.len() == message.body_bytes;
            for message in [&call.request, &call.answer].into_iter().filter(is_whole) {
                observed.see(&message.body);
            }
        }
    });
}
