//! `anslut qa run --mutants`: the suite tried on producers that are wrong on purpose.

use std::sync::Arc;

use super::tests_run::RunArguments;
use crate::app::quality::Loopback;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::domain::clock::Clock;
use crate::qa::mutants::score::{Host, Score, Settings, score};
use crate::qa::suite::folder::PublishedProject;
use crate::soap::responder::Responder;

/// Tries each suite; exit 1 where a mutant was missed, or a well-behaved producer was not left alone.
pub(super) fn run(
    arguments: &RunArguments,
    projects: &[Arc<PublishedProject>],
    carrier: Arc<dyn Responder>,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let [project] = projects else {
        return Err(Failure::usage(format!("--mutants tries one suite, found {}", projects.len())));
    };
    let settings = Settings {
        scale: arguments.scale,
        seed: arguments.seed,
        generated: arguments.generated,
        only: Vec::new(),
        load: true,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::environment)?;
    let found = runtime.block_on(async {
        let host: Arc<dyn Host> = Arc::new(Loopback::new(carrier));
        score(project, &settings, host, &Clock::System).await
    });
    let found = found.map_err(Failure::usage)?;
    if terminal.json {
        terminal.print_json(&found)?;
    } else {
        show(&found, terminal)?;
    }
    let is_right = found.golden.findings.is_empty() && found.totals.caught == found.totals.applicable;
    Ok(if is_right { Exit::Done } else { Exit::Failed })
}

fn show(found: &Score, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    for finding in &found.golden.findings {
        terminal.print(&format!("false alarm  {}: {}\n", printable(&finding.case), printable(&finding.text)))?;
    }
    for tried in &found.mutants {
        let outcome = tried.outcome.unwrap_or("not applicable");
        let by = if tried.by.is_empty() { String::new() } else { format!("  by {}", tried.by.join(", ")) };
        terminal.print(&format!("{:<14} {} {}{by}\n", outcome, tried.id, tried.title))?;
    }
    let totals = &found.totals;
    terminal.print(&format!(
        "{} of {} mutants caught by what should, {} by something else, {} missed; {} findings at the well-behaved producer\n",
        totals.caught,
        totals.applicable,
        totals.other,
        totals.missed,
        found.golden.findings.len()
    ))?;
    Ok(())
}
