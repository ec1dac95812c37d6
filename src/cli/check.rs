//! `anslut check`: everything is loaded, and every problem printed with file and line.

use std::sync::Arc;

use serde::Serialize;

use crate::aggregation::service;
use crate::app::{aggregation, index, tls};
use crate::catalogue::Catalogue;
use crate::config::checked::Settings;
use crate::config::environment::Environment;
use crate::config::platforms::apart;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::domain::problem::{Problem, Severity};
use crate::index::bulk::environment as engagements;
use crate::producers::mounted::Producers;
use crate::producers::records::RecordSource;
use crate::producers::schema::Contracts;

use super::arguments::CheckArguments;
use super::failure::{Exit, Failure};
use super::opening;
use super::terminal::{Palette, Terminal, Tone, printable};

/// The result of a check.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the environment.
    pub environment: String,
    /// How many of the problems are errors.
    pub errors: usize,
    /// How many are not.
    pub warnings: usize,
    /// All of them, loader by loader.
    pub problems: Vec<Problem>,
}

/// Runs the command: exit 1 where a problem is an error.
pub fn run(
    arguments: &CheckArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let (environment, loaded) = opening::open(&arguments.environment, &arguments.settings.sets, variables)?;
    let mut problems = loaded.problems;
    problems.extend(file_problems(&environment, loaded.settings.as_ref().ok()));
    let report = Report::new(environment.name(), problems);
    if terminal.json {
        terminal.print_json(&report)?;
    } else {
        let text = report.text(terminal.palette());
        terminal.print(&text)?;
    }
    Ok(if report.errors == 0 { Exit::Done } else { Exit::Failed })
}

/// What is wrong in `tak/`, `hsa/`, `contracts/`, `patients/`, `producers/`, `chaos/`, `index/` and `aggregators.toml`, and
/// with the certificates that the settings name. Without usable settings everything is loaded from its usual place.
fn file_problems(environment: &Environment, settings: Option<&Settings>) -> Vec<Problem> {
    let contract_settings = settings.map(|settings| settings.contracts.clone()).unwrap_or_default();
    let contracts = Library::new(environment.clone(), contract_settings).refresh();
    let (systems, producers) = Producers::load(environment);
    let (_, records) = RecordSource::load_for(environment, Contracts::default(), &systems.record_holders());
    let services =
        settings.map(|settings| service::load(environment, &settings.properties, &settings.aggregation.sources));
    let (services, service_problems) = services.unwrap_or_default();
    let complaint = |address: &str| index::complaint(address).or_else(|| aggregation::complaint(address, &services));
    let catalogues = match settings {
        Some(settings) => apart(settings).iter().map(|own| checked(environment, own)).collect(),
        None => vec![Catalogue::new(environment.clone(), None, None, Clock::System)],
    };
    let mut of_catalogues = Vec::new();
    for problem in catalogues.iter().flat_map(|catalogue| catalogue.problems(&complaint)) {
        // The HSA tree is that of every platform.
        if !of_catalogues.contains(&problem) {
            of_catalogues.push(problem);
        }
    }
    let engagements = engagements::check(environment);
    let certificates = settings.map(|settings| tls::check(&settings.tls)).unwrap_or_default();
    let found = [of_catalogues, contracts, records, producers, engagements, service_problems, certificates];
    found.into_iter().flatten().collect()
}

/// A platform's catalogue as a check looks at it: one that is elsewhere is not asked, and then no folder is missed.
fn checked(environment: &Environment, settings: &Settings) -> Catalogue {
    let catalogue = catalogue_of(environment, settings);
    match &settings.catalogue.outside {
        Some(_) => catalogue.with_outside(Arc::new(|| Err("a check asks nobody".to_owned()))),
        None => catalogue,
    }
}

/// The catalogue of one platform, by its settings: what its files say, and nothing kept.
pub(super) fn catalogue_of(environment: &Environment, settings: &Settings) -> Catalogue {
    Catalogue::new(environment.clone(), settings.hsa_files.clone(), None, Clock::System)
        .with_folder(settings.platform.tak.clone())
        .with_platform(settings.platform.tak_platform.clone())
}

impl Report {
    /// Counts the problems.
    pub fn new(environment: String, problems: Vec<Problem>) -> Self {
        let errors = problems.iter().filter(|problem| problem.is_error()).count();
        Self { environment, errors, warnings: problems.len() - errors, problems }
    }

    /// The report for people: a line for each problem, and one for all.
    pub fn text(&self, palette: Palette) -> String {
        let mut text = String::new();
        for problem in &self.problems {
            let tone = match problem.severity {
                Severity::Error => Tone::Bad,
                Severity::Warning => Tone::Warning,
            };
            text.push_str(&palette.paint(tone, &printable(&problem.to_string())));
            text.push('\n');
        }
        let summary = match (self.errors, self.warnings) {
            (0, 0) => palette.paint(Tone::Good, &format!("✓ {}: no problems", self.environment)),
            (0, warnings) => {
                palette.paint(Tone::Warning, &format!("✓ {}: {}", self.environment, count(warnings, "warning")))
            }
            (errors, 0) => palette.paint(Tone::Bad, &format!("✗ {}: {}", self.environment, count(errors, "error"))),
            (errors, warnings) => palette.paint(
                Tone::Bad,
                &format!("✗ {}: {}, {}", self.environment, count(errors, "error"), count(warnings, "warning")),
            ),
        };
        text.push_str(&summary);
        text.push('\n');
        text
    }
}

fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
