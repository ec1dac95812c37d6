//! Why a call would go where it goes, or be refused.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use jiff::Timestamp;
use serde::Deserialize;

use super::problem::Problem;
use super::summary::moment;
use crate::admin::Admin;
use crate::admin::hide::hidden;
use crate::domain::profile::Profile;
use crate::hub::explain::{Candidate, Explanation, Question};

/// The query of an explanation.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct ExplainQuery {
    /// Service contract namespace.
    #[cfg_attr(test, param(required, value_type = String))]
    pub contract: Option<String>,
    /// Logical address, exactly as it stands in the message.
    #[cfg_attr(test, param(required, value_type = String))]
    pub address: Option<String>,
    /// HSA-id of the consumer.
    #[cfg_attr(test, param(required, value_type = String))]
    pub sender: Option<String>,
    /// The moment the decision is asked for, RFC 3339 (write + as %2B); now, where not given.
    #[cfg_attr(test, param(value_type = Option<String>, format = DateTime))]
    pub at: Option<String>,
    /// Profile of the message, `rivtabp20` or `rivtabp21`; without one, the conversion is not judged.
    pub profile: Option<String>,
    /// Name of one of several platforms; the one for production, where not given.
    pub platform: Option<String>,
}

impl ExplainQuery {
    /// Reads every value, and names the first that cannot be used.
    pub fn question(&self, now: Timestamp) -> Result<Question, Problem> {
        let required = |name, value: &Option<String>, expected: &str| match value.as_deref() {
            None | Some("") => Err(Problem::parameter(name, "", expected)),
            Some(value) => Ok(value.to_owned()),
        };
        let optional =
            |value: &Option<String>| value.as_deref().map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned);
        Ok(Question {
            contract: required("contract", &self.contract, "a service contract namespace")?,
            address: required("address", &self.address, "a logical address")?,
            sender: required("sender", &self.sender, "the HSA-id of a consumer")?,
            at: match optional(&self.at) {
                None => moment(now),
                Some(text) => text.parse().map_err(|_| {
                    Problem::parameter("at", &text, "a time as 2026-11-22T10:00:00Z, or with +01:00 written %2B01:00")
                })?,
            },
            profile: match optional(&self.profile) {
                None => None,
                Some(text) => Some(
                    Profile::parse(&text)
                        .ok_or_else(|| Problem::parameter("profile", &text, "rivtabp20 or rivtabp21"))?,
                ),
            },
        })
    }
}

/// Explains a routing decision, candidate by candidate
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/explain", tag = "platform", params(ExplainQuery),
    responses(
        (status = 200, description = "The decision", body = Explanation),
        (status = 400, description = "A parameter is missing or cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn explain(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<ExplainQuery>, QueryRejection>,
) -> Result<Json<Explanation>, Problem> {
    let Query(query) = query?;
    let question = query.question(admin.parts.clock.now())?;
    explained(&admin, query.platform.as_deref(), &question).map(Json)
}

/// The decision, with identity numbers hidden: a logical address can be one.
pub(in crate::admin) fn explained(
    admin: &Admin,
    platform: Option<&str>,
    question: &Question,
) -> Result<Explanation, Problem> {
    let mut found = (admin.platform(platform)?.explain)(question);
    let texts = [
        &mut found.contract,
        &mut found.address,
        &mut found.sender,
        &mut found.route_trace,
        &mut found.permission_trace,
    ];
    let optional =
        [&mut found.fault_string, &mut found.detail, &mut found.producer_address, &mut found.producer_profile];
    let all = texts.into_iter().chain(optional.into_iter().flatten()).chain(found.hints.iter_mut());
    all.for_each(|text| *text = hidden(text));
    found.routes.iter_mut().chain(&mut found.permissions).for_each(hide_candidate);
    Ok(found)
}

fn hide_candidate(candidate: &mut Candidate) {
    let texts = [&mut candidate.step, &mut candidate.address, &mut candidate.contract, &mut candidate.why];
    let optional = [&mut candidate.consumer, &mut candidate.profile, &mut candidate.url];
    texts.into_iter().chain(optional.into_iter().flatten()).for_each(|text| *text = hidden(text));
}
