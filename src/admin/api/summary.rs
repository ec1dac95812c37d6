//! A call in a few words: a row of the list, an event of the stream.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::admin::hide::{hidden, hidden_option};
use crate::domain::identifiers::operation_of;
use crate::hub::exchange::{CallRecord, Stage};

/// A finished call.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Summary {
    /// Its number; larger arrived later.
    pub id: u64,
    /// Which of the process's platforms it was made to.
    pub platform: String,
    /// When its request had arrived, RFC 3339, to the microsecond.
    pub started: String,
    /// Correlation id, given or made.
    pub correlation_id: String,
    /// HSA-id of the consumer, once identified.
    pub sender: Option<String>,
    /// Logical address of the message.
    pub address: Option<String>,
    /// Service contract namespace.
    pub contract: Option<String>,
    /// The operation's name.
    pub operation: Option<String>,
    /// `ok`, a VP code, or `fault` for a fault without one.
    pub outcome: &'static str,
    /// HTTP status of the answer.
    pub status: u16,
    /// From the request's arrival until the answer was ready, in microseconds.
    pub total_us: f64,
    /// Waiting for the producer, in microseconds.
    pub producer_us: Option<f64>,
    /// The seven stages, in order.
    pub stages: Vec<StageReached>,
}

/// One stage of a call.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct StageReached {
    /// `listen`, `identify`, `read`, `route`, `authorise`, `call` or `answer`.
    pub name: &'static str,
    /// What became of the call there.
    pub state: StageState,
    /// When it began, in microseconds from the call's start.
    pub begin_us: Option<f64>,
    /// When it ended.
    pub end_us: Option<f64>,
}

/// What became of a call at a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    /// It went on.
    Passed,
    /// It was refused or failed.
    Refused,
    /// It did not come that far.
    NotReached,
}

impl StageState {
    /// The state's name in the API, which is also its class on the pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Refused => "refused",
            Self::NotReached => "not_reached",
        }
    }
}

impl Summary {
    /// The call in a few words.
    pub fn of(call: &CallRecord) -> Self {
        let operation = call.operation.as_deref().or_else(|| call.contract.as_deref().map(operation_of));
        Self {
            id: call.id,
            platform: call.platform.to_string(),
            started: moment(call.started).to_string(),
            correlation_id: hidden(&call.correlation_id),
            sender: hidden_option(call.sender.as_deref()),
            address: hidden_option(call.receiver.as_deref()),
            contract: hidden_option(call.contract.as_deref()),
            operation: hidden_option(operation),
            outcome: call.outcome(),
            status: call.answer.status,
            total_us: micros(call.total),
            producer_us: call.producer_time.map(micros),
            stages: stages(call),
        }
    }
}

/// The stages with what became of the call at each.
pub fn stages(call: &CallRecord) -> Vec<StageReached> {
    let refused_at = refused_at(call);
    let state = |stage: Stage| match refused_at {
        Some(refused) if stage == refused => StageState::Refused,
        Some(refused) if stage as usize > refused as usize && stage != Stage::Answer => StageState::NotReached,
        _ if call.stages[stage as usize].is_some() => StageState::Passed,
        // A stage that took no time of its own lies behind a call that came further.
        Some(refused) if (stage as usize) < refused as usize => StageState::Passed,
        _ => StageState::NotReached,
    };
    let reached = |stage: Stage| {
        let span = call.stages[stage as usize];
        StageReached {
            name: stage.as_str(),
            state: state(stage),
            begin_us: span.map(|span| micros(span.begin)),
            end_us: span.map(|span| micros(span.end)),
        }
    };
    Stage::ALL.into_iter().map(reached).collect()
}

/// The stage a call failed at: the last one it reached before its answer was made. A fault of the producer's own, passed
/// on, counts against the stage that called the producer.
fn refused_at(call: &CallRecord) -> Option<Stage> {
    if call.outcome() == "ok" {
        return None;
    }
    let before_answer = Stage::ALL.into_iter().filter(|stage| *stage != Stage::Answer);
    Some(before_answer.filter(|stage| call.stages[*stage as usize].is_some()).last().unwrap_or(Stage::Listen))
}

/// The moment to the microsecond: more digits than that not every reader of RFC 3339 takes.
pub fn moment(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// Microseconds, with decimals: routing takes less than one.
pub fn micros(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1000.0
}
