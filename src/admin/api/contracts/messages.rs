//! Messages of a contract: made, and held against it.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};

use super::{MinorQuery, away, select, usable};
use crate::admin::Admin;
use crate::admin::api::problem::Problem;
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::sample::{Envelope, Variant, Wanted, sample};
use crate::contracts::validate::{Options, Report, Target, validate};

/// Largest message that is validated through the API, in bytes; `anslut contracts validate` has no such bound.
pub(in crate::admin) const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// Which sample is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct SampleQuery {
    /// `request`, the default, or `response`.
    pub direction: Option<String>,
    /// `min`, `typical`, the default, `max` or `cover`.
    pub variant: Option<String>,
    /// A whole number that decides between values that are equally good; 0, where not given.
    pub seed: Option<String>,
    /// The patient's identity, instead of one from the official test series.
    pub patient: Option<String>,
    /// `own`, the default: SOAP with the header of the contract's profile; `2.0` or `2.1`: with that profile's; `none`: the
    /// payload by itself.
    pub envelope: Option<String>,
    /// Minor version, instead of the active one.
    pub minor: Option<String>,
}

impl SampleQuery {
    /// Reads every value, and names the first that cannot be used.
    pub(in crate::admin) fn wanted(&self) -> Result<Wanted, Problem> {
        let given = |value: &'_ Option<String>| value.clone().filter(|text| !text.is_empty());
        let mut wanted = Wanted { patient: given(&self.patient), ..Wanted::default() };
        if let Some(text) = given(&self.direction) {
            wanted.direction = match text.as_str() {
                "request" => Direction::Request,
                "response" => Direction::Response,
                _ => return Err(Problem::parameter("direction", &text, "request or response")),
            };
        }
        if let Some(text) = given(&self.variant) {
            let variant = Variant::parse(&text);
            wanted.variant =
                variant.ok_or_else(|| Problem::parameter("variant", &text, "min, typical, max or cover"))?;
        }
        if let Some(text) = given(&self.seed) {
            wanted.seed = text.parse().map_err(|_| Problem::parameter("seed", &text, "a whole number"))?;
        }
        if let Some(text) = given(&self.envelope) {
            let envelope = Envelope::parse(&text);
            wanted.envelope = envelope.ok_or_else(|| Problem::parameter("envelope", &text, "own, 2.0, 2.1 or none"))?;
        }
        Ok(wanted)
    }
}

/// Messages that follow a contract.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Samples {
    /// Namespace of the contract.
    pub contract: String,
    /// Its version.
    pub version: String,
    /// Which of its messages.
    pub direction: Direction,
    /// What decided between values.
    pub seed: u64,
    /// One message; for `cover`, as many as it takes to use everything.
    pub messages: Vec<String>,
}

/// Makes messages that follow a contract; the same seed gives the same bytes
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/contracts/{contract}/sample", tag = "contracts",
    params(("contract" = String, Path, description = "Namespace, `GetDiagnosis:2`, or `GetDiagnosis` where there is one major"), SampleQuery),
    responses(
        (status = 200, description = "The messages", body = Samples),
        (status = 400, description = "A parameter cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No contract has that name", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "No message can be made: the contract is broken, or has none in that direction", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn make(
    State(admin): State<Arc<Admin>>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<SampleQuery>, QueryRejection>,
) -> Result<Json<Samples>, Problem> {
    let (Path(name), Query(query)) = (name?, query?);
    let wanted = query.wanted()?;
    let contract = select(&admin.parts.contracts.registry(), "contract", &name, query.minor.as_deref())?;
    let made = made(&contract, &wanted).await?;
    Ok(Json(Samples {
        contract: contract.namespace.clone(),
        version: contract.version.to_string(),
        direction: wanted.direction,
        seed: wanted.seed,
        messages: made,
    }))
}

/// The messages themselves.
pub(in crate::admin) async fn made(contract: &Arc<Contract>, wanted: &Wanted) -> Result<Vec<String>, Problem> {
    usable(contract)?;
    let (contract, wanted) = (Arc::clone(contract), wanted.clone());
    let made = away(move || sample(&contract, &wanted)).await?;
    made.map_err(|error| Problem::new(StatusCode::CONFLICT, error.to_string()))
}

/// A message to hold against its contract.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// A SOAP envelope, or a payload by itself.
    pub message: String,
    /// The contract, instead of whichever the first element of the body belongs to.
    pub contract: Option<String>,
    /// Its minor version, instead of the active one.
    pub minor: Option<u32>,
}

/// Holds a message against its contract
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/contracts/validate", tag = "contracts", request_body = Message,
    responses(
        (status = 200, description = "What was found: `valid`, and `errors` with line, column, path, rule and message", body = serde_json::Value),
        (status = 400, description = "The body cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No contract has that name", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The contract is broken", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The message is too large", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn judge(
    State(admin): State<Arc<Admin>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Report>, Problem> {
    let asked = asked(&headers, body)?;
    let registry = admin.parts.contracts.registry();
    let target = match &asked.contract {
        None => Target::Registry(registry),
        Some(name) => {
            let minor = asked.minor.map(|minor| minor.to_string());
            let contract = select(&registry, "contract", name, minor.as_deref())?;
            usable(&contract)?;
            Target::Contract(contract, None)
        }
    };
    judged(&admin, target, asked.message).await
}

/// Holds a message against the contract that is named
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/contracts/{contract}/validate", tag = "contracts", request_body = Message,
    params(("contract" = String, Path, description = "Namespace, `GetDiagnosis:2`, or `GetDiagnosis` where there is one major"), MinorQuery),
    responses(
        (status = 200, description = "What was found: `valid`, and `errors` with line, column, path, rule and message", body = serde_json::Value),
        (status = 400, description = "The body cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No contract has that name", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The contract is broken", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The message is too large", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn judge_by(
    State(admin): State<Arc<Admin>>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<MinorQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Report>, Problem> {
    let (Path(name), Query(query)) = (name?, query?);
    let asked = asked(&headers, body)?;
    if let Some(other) = asked.contract {
        let text = "the path names the contract already, and the body names one too";
        return Err(Problem::new(StatusCode::BAD_REQUEST, text)
            .named("contract", &other)
            .expected("it in the path alone"));
    }
    let minor = query.minor.filter(|text| !text.is_empty()).or(asked.minor.map(|minor| minor.to_string()));
    let contract = select(&admin.parts.contracts.registry(), "contract", &name, minor.as_deref())?;
    usable(&contract)?;
    judged(&admin, Target::Contract(contract, None), asked.message).await
}

async fn judged(admin: &Admin, target: Target, message: Bytes) -> Result<Json<Report>, Problem> {
    let options = Options { limits: admin.parts.contracts.settings().message.clone(), ..Options::default() };
    away(move || validate(target, options, &message)).await.map(Json)
}

/// A message as it is, or JSON around it.
fn asked(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Asked, Problem> {
    let body = body.map_err(|rejection| {
        let text = format!("the body cannot be used: {}", rejection.body_text());
        Problem::new(rejection.status(), text).expected(format!("at most {MESSAGE_BYTES_MAX} bytes"))
    })?;
    let given = headers.get(header::CONTENT_TYPE).and_then(|given| given.to_str().ok()).unwrap_or_default();
    match given.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
        true => understood(&body),
        false => Ok(Asked { message: body, contract: None, minor: None }),
    }
}

struct Asked {
    message: Bytes,
    contract: Option<String>,
    minor: Option<u32>,
}

fn understood(body: &Bytes) -> Result<Asked, Problem> {
    let Message { message, contract, minor } = serde_json::from_slice(body).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, format!("the body cannot be used: {error}"))
            .expected("{\"message\": \"<…>\", \"contract\": \"GetDiagnosis:2\"}, the contract if need be")
    })?;
    Ok(Asked { message: message.into(), contract, minor })
}
