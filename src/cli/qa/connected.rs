//! `anslut qa run --connection`: a finished run is handed in for a connection of a running platform.

use std::sync::Arc;

use serde_json::Value;

use super::tests_run::RunArguments;
use crate::app::quality::run_of;
use crate::cli::connection::client::Client;
use crate::cli::connection::{ServerArguments, path, shown};
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::connection::document::Run;
use crate::qa::evidence;
use crate::qa::run::Finished;
use crate::qa::suite::folder::PublishedProject;

/// Where a platform is, if nobody says.
const USUAL: &str = "http://127.0.0.1:9090";

/// Hands in what the run shows of each contract and role.
pub(super) fn add(
    arguments: &RunArguments,
    finished: &Finished,
    projects: &[Arc<PublishedProject>],
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let id = arguments.connection.as_deref().unwrap_or_default();
    let server = ServerArguments {
        url: arguments.url.clone().or_else(|| arguments.hub.clone()).unwrap_or_else(|| USUAL.to_owned()),
        token: arguments.token.clone().or_else(|| arguments.hub_token.clone()),
    };
    let client = Client::new(&server, variables)?;
    let runs: Vec<Run> = evidence::of(finished, projects).into_iter().map(run_of).collect();
    let document = client.get(&path(id, "")?)?;
    let (own, others): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(|run| is_ordered(&document, run));
    for run in &others {
        let (contract, role) = (&run.contract, run.role.name());
        terminal.complain(&format!("not added to {id}: it has no line for {contract} as {role}"));
    }
    if own.is_empty() {
        return Err(Failure::usage(format!("the run shows nothing of any contract and role that {id} has a line for")));
    }
    let mut exit = if others.is_empty() { Exit::Done } else { Exit::Failed };
    for run in own {
        let (contract, role, cases) = (run.contract.clone(), run.role.name(), run.cases.len());
        let body = serde_json::to_value(run).map_err(Failure::environment)?;
        let (taken, answer) = client.post(&path(id, "/runs")?, &body)?;
        if !taken {
            exit = Exit::Failed;
            terminal.complain(&format!("not added to {id}: {}", shown::refused(&answer).trim_end()));
        } else if !terminal.json {
            let run = printable(answer["id"].as_str().unwrap_or_default());
            terminal.print(&format!("added to {id}: run {run}, {contract} as {role}, {cases} cases\n"))?;
        }
    }
    Ok(exit)
}

/// Whether a connection has a line for a run's contract in its role.
fn is_ordered(connection: &Value, run: &Run) -> bool {
    let lines = connection["lines"].as_array();
    lines.is_some_and(|lines| {
        lines.iter().any(|line| line["contract"] == run.contract.as_str() && line["role"] == run.role.name())
    })
}
