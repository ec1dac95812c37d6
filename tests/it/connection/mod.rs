//! The road to a connection: the twenty scenarios of `connection.md` §11, and what the two platforms say meanwhile
//! (`connection-api.md` §1 and §5), all by the HTTP API of one process with two platforms.
//!
//! What cannot be met stands in `../conformance/not_met.toml` with its reason, and must fail there.

mod command;
mod hubs;
mod road;
mod runs;
mod scenarios;

use crate::conformance::{NotMet, not_met_by_connection, not_met_by_gates};
use crate::support::rows::{Row, complaint, outcomes};

/// The scenarios of §11.
const SCENARIOS: std::ops::RangeInclusive<u16> = 1..=20;

#[test]
fn every_scenario_is_a_row_or_has_a_reason() {
    let not_met = not_met_by_connection();
    let has_row = |number: u16| scenarios::ROWS.iter().any(|row| row.label == number);
    let excused = |number: u16| not_met.iter().any(|statement| statement.number == number);
    let missing: Vec<_> = SCENARIOS.filter(|number| !has_row(*number) && !excused(*number)).collect();
    assert!(missing.is_empty(), "scenarios without a row or a reason: {missing:?}");
    let strange: Vec<_> =
        scenarios::ROWS.iter().map(|row| row.label).filter(|number| !SCENARIOS.contains(number)).collect();
    assert!(strange.is_empty(), "rows of scenarios that do not exist: {strange:?}");
    assert!(not_met.iter().all(|statement| statement.reason.trim().len() > 10), "{not_met:?}");
    let gates = not_met_by_gates();
    let has_reason = |gate: &NotMet| (1..=72).contains(&gate.number) && gate.reason.trim().len() > 10;
    assert!(gates.iter().all(has_reason), "{gates:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_holds() {
    let unmet: Vec<u16> = not_met_by_connection()
        .into_iter()
        .filter(|statement| statement.part.is_none())
        .map(|statement| statement.number)
        .collect();
    let outcomes = outcomes(scenarios::ROWS.iter()).await;
    let mut complaints = Vec::new();
    for number in &unmet {
        let mut of_number = outcomes.iter().filter(|outcome| outcome.row.label == *number).peekable();
        if of_number.peek().is_some() && of_number.all(|outcome| outcome.failure.is_none()) {
            complaints.push(format!("{number}: stands in not_met.toml, and every row of it holds"));
        }
    }
    complaints.extend(outcomes.iter().filter(|outcome| !unmet.contains(&outcome.row.label)).filter_map(complaint));
    assert!(complaints.is_empty(), "{} of {} rows:\n{}", complaints.len(), outcomes.len(), complaints.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_hubs_say_on_the_way() {
    hold(hubs::ROWS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_command_does() {
    hold(command::ROWS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_add_themselves() {
    hold(runs::ROWS).await;
}

async fn hold(rows: &'static [Row<&'static str>]) {
    let outcomes = outcomes(rows.iter()).await;
    let complaints: Vec<_> = outcomes.iter().filter_map(complaint).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
