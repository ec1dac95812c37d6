//! How an answer came about that was made of others' answers: a tree of the calls behind one call.

use serde::Serialize;

use super::summary::micros;
use crate::admin::hide::hidden;
use crate::soap::fan_out::{Branch, FanOut, Outcome};

/// The calls behind one call. Times are counted from when the service began on it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ShownFanOut {
    /// Name of the service that asked.
    pub service: String,
    /// The lookup in the index, where there was one.
    pub lookup: Option<ShownBranch>,
    /// Every source that was asked, in the order of the calls.
    pub sources: Vec<ShownBranch>,
    /// The source that was waited for longest.
    pub slowest: Option<String>,
    /// From the first call until the last answer that was waited for, in microseconds.
    pub waited_us: Option<f64>,
    /// Engagements that led to no call: the consumer sees nothing of them.
    pub passed_over: Vec<ShownPassedOver>,
}

/// One of the calls.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ShownBranch {
    /// Logical address.
    pub address: String,
    /// `ok` or `failed`.
    pub outcome: &'static str,
    /// The code the consumer was told, where it failed.
    pub code: Option<String>,
    /// The text the consumer was told, where it failed.
    pub text: Option<String>,
    /// When it was made, in microseconds.
    pub begin_us: f64,
    /// How long it took, in microseconds.
    pub took_us: f64,
    /// Records, or engagements, in the answer.
    pub items: usize,
    /// Size of the answer.
    pub bytes: usize,
    /// The call's own record in the API, where it went through this platform's hub.
    pub exchange: Option<String>,
    /// The page of that record.
    pub page: Option<String>,
}

/// An engagement that led to no call.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ShownPassedOver {
    /// Its logical address.
    pub address: String,
    /// Why.
    pub why: &'static str,
}

impl ShownFanOut {
    /// The tree, with identity numbers hidden.
    pub fn of(fan_out: &FanOut) -> Self {
        let slowest = fan_out.sources.iter().max_by_key(|branch| branch.end.saturating_sub(branch.begin));
        Self {
            service: hidden(&fan_out.service),
            lookup: fan_out.lookup.as_ref().map(ShownBranch::of),
            sources: fan_out.sources.iter().map(ShownBranch::of).collect(),
            slowest: slowest.map(|branch| hidden(&branch.address)),
            waited_us: fan_out.waited.map(|(begin, end)| micros(end.saturating_sub(begin))),
            passed_over: fan_out
                .passed_over
                .iter()
                .map(|passed| ShownPassedOver { address: hidden(&passed.address), why: passed.why })
                .collect(),
        }
    }
}

impl ShownBranch {
    fn of(branch: &Branch) -> Self {
        let failure = match &branch.outcome {
            Outcome::Answered => None,
            Outcome::Failed { code, text } => Some((hidden(code), hidden(text))),
        };
        Self {
            address: hidden(&branch.address),
            outcome: if failure.is_none() { "ok" } else { "failed" },
            code: failure.as_ref().map(|(code, _)| code.clone()).filter(|code| !code.is_empty()),
            text: failure.map(|(_, text)| text),
            begin_us: micros(branch.begin),
            took_us: micros(branch.end.saturating_sub(branch.begin)),
            items: branch.items,
            bytes: branch.bytes,
            exchange: branch.record.map(|number| format!("/api/v1/exchanges/{number}")),
            page: branch.record.map(|number| format!("/calls/{number}")),
        }
    }
}
