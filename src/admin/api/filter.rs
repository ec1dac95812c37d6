//! Which calls are wanted: the query as written, and as understood.

use serde::Deserialize;

use super::problem::Problem;
use crate::domain::identifiers::operation_of;
use crate::domain::vp_code::VpCode;
use crate::hub::exchange::CallRecord;

/// Calls in one answer when the query does not say.
const LIMIT_DEFAULT: usize = 50;

/// Most calls in one answer.
const LIMIT_MAX: usize = 500;

/// The query of a list of calls. A parameter without a value counts as not given.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct FilterQuery {
    /// Name of one of several platforms.
    pub platform: Option<String>,
    /// HSA-id of the consumer; letter case does not matter, as in the catalogue.
    pub sender: Option<String>,
    /// Service contract namespace, or just the operation's name.
    pub contract: Option<String>,
    /// Logical address.
    pub address: Option<String>,
    /// VP code of the refusal, `VP001` to `VP015`.
    pub code: Option<String>,
    /// How the call ended: `ok`, `failed` (anything else), `fault` (without a VP code: an internal error, or a fault of the producer's own), or a VP code.
    pub outcome: Option<String>,
    /// `x-skltp-correlation-id` of the call.
    pub correlation_id: Option<String>,
    /// Only calls recorded after the one with this id.
    #[cfg_attr(test, param(value_type = Option<u64>))]
    pub since_id: Option<String>,
    /// Most calls to answer with.
    #[cfg_attr(test, param(value_type = Option<u32>, minimum = 1, maximum = 500))]
    pub limit: Option<String>,
}

/// The query, understood.
#[derive(Clone, Debug)]
pub struct Filter {
    platform: Option<String>,
    sender: Option<String>,
    contract: Option<String>,
    address: Option<String>,
    code: Option<VpCode>,
    outcome: Option<Outcome>,
    correlation_id: Option<String>,
    /// Only calls recorded after this one.
    pub since_id: Option<u64>,
    /// Most calls to answer with.
    pub limit: usize,
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Ok,
    Failed,
    Fault,
    Code(VpCode),
}

impl FilterQuery {
    /// Reads every value, and names the first that cannot be used.
    pub fn understood(&self) -> Result<Filter, Problem> {
        let text =
            |value: &Option<String>| value.as_deref().map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned);
        let expected_code = "a VP code, VP001 to VP015";
        Ok(Filter {
            platform: text(&self.platform),
            sender: text(&self.sender),
            contract: text(&self.contract),
            // A logical address is taken as it stands: a blank at its end is a common mistake to look for.
            address: self.address.clone().filter(|address| !address.is_empty()),
            code: parsed("code", &self.code, expected_code, VpCode::parse)?,
            outcome: parsed("outcome", &self.outcome, "ok, failed, fault, or a VP code", outcome)?,
            correlation_id: text(&self.correlation_id),
            since_id: parsed("since_id", &self.since_id, "the id of a call, a whole number", |v| v.parse().ok())?,
            limit: parsed("limit", &self.limit, format!("a whole number from 1 to {LIMIT_MAX}"), |v| {
                v.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit))
            })?
            .unwrap_or(LIMIT_DEFAULT),
        })
    }

    /// The query in a URL, without the leading `?`; what is not given is left out.
    pub fn to_query(&self) -> String {
        let given = [
            ("platform", &self.platform),
            ("sender", &self.sender),
            ("contract", &self.contract),
            ("address", &self.address),
            ("code", &self.code),
            ("outcome", &self.outcome),
            ("correlation_id", &self.correlation_id),
        ];
        let given = given.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        super::query_of(given.filter(|(_, value)| !value.is_empty()))
    }
}

fn parsed<T>(
    name: &'static str,
    value: &Option<String>,
    expected: impl Into<String>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Problem> {
    match value.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(value) => parse(value).map(Some).ok_or_else(|| Problem::parameter(name, value, expected)),
    }
}

fn outcome(text: &str) -> Option<Outcome> {
    match text.to_ascii_lowercase().as_str() {
        "ok" => Some(Outcome::Ok),
        "failed" => Some(Outcome::Failed),
        "fault" => Some(Outcome::Fault),
        code => VpCode::parse(code).map(Outcome::Code),
    }
}

impl Filter {
    /// Whether a call is wanted, as far as the call itself tells.
    pub fn wants(&self, call: &CallRecord) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| match wanted {
            None => true,
            Some(wanted) => found.is_some_and(|found| found.eq_ignore_ascii_case(wanted)),
        };
        let code = call.refusal.as_ref().and_then(|refusal| refusal.code);
        let ended = match self.outcome {
            None => true,
            Some(Outcome::Ok) => call.outcome() == "ok",
            Some(Outcome::Failed) => call.outcome() != "ok",
            Some(Outcome::Fault) => call.outcome() == "fault",
            Some(Outcome::Code(wanted)) => code == Some(wanted),
        };
        let contract = call.contract.as_deref();
        ended
            && self.code.is_none_or(|wanted| code == Some(wanted))
            && same(&self.platform, Some(&call.platform))
            && same(&self.sender, call.sender.as_deref())
            && same(&self.address, call.receiver.as_deref())
            && same(&self.correlation_id, Some(&call.correlation_id))
            && (same(&self.contract, contract)
                || same(&self.contract, contract.map(operation_of))
                || same(&self.contract, call.operation.as_deref()))
    }
}
