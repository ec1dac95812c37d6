//! `anslut producers audit`: whether the index knows what the records say.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use crate::cli::failure::{Exit, Failure};
use crate::cli::index::place::PlaceArguments;
use crate::cli::index::{audit_of_running, rows_of_systems};
use crate::cli::terminal::{Terminal, printable};
use crate::config::environment::Environment;
use crate::domain::identity_number::{Hide, masked};
use crate::producers::mounted::Producers;
use crate::producers::records::RecordSource;
use crate::producers::records::audit::{Difference, compare};
use crate::producers::records::book::Book;
use crate::producers::records::rows::Row;
use crate::producers::schema::Contracts;

/// `anslut producers audit`.
#[derive(Debug, Args)]
pub struct AuditArguments {
    #[command(flatten)]
    pub place: PlaceArguments,
}

#[derive(Debug, Serialize)]
struct Report {
    clean: bool,
    /// Engagements that follow from the records, where they were counted here.
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<usize>,
    differences: Vec<Difference>,
}

/// Runs the command: the records of the environment's files against the index of a data directory or a running platform;
/// exit 1 where they differ.
pub(super) fn run(
    arguments: &AuditArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    // A running platform knows what calls and the API have changed since its files were read.
    if let Some(told) = audit_of_running(&arguments.place, variables, terminal)? {
        let differences: Vec<Difference> =
            serde_json::from_value(told["differences"].clone()).map_err(Failure::environment)?;
        return Report { clean: differences.is_empty(), records: None, differences }.end(terminal);
    }
    let environment = Environment::open(&arguments.place.environment)?;
    let (producers, _) = Producers::load(&environment);
    let (records, problems) = RecordSource::load_for(&environment, Contracts::default(), &producers.record_holders());
    for problem in problems.iter().filter(|problem| problem.is_error()) {
        terminal.complain(&printable(&problem.to_string()));
    }
    let books = records.books();
    let systems: BTreeSet<String> = books.all().flat_map(Book::systems).map(str::to_owned).collect();
    let known: Vec<Row> = rows_of_systems(&arguments.place, &systems, variables, terminal)?;
    let said = books.rows();
    let differences = compare(&said, &known);
    Report { clean: differences.is_empty(), records: Some(said.len()), differences }.end(terminal)
}

impl Report {
    fn end(&self, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
        if terminal.json {
            terminal.print_json(self)?;
        } else {
            let text = self.text();
            terminal.print(&text)?;
        }
        Ok(if self.clean { Exit::Done } else { Exit::Failed })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for difference in &self.differences {
            let row = &difference.engagement;
            let who = masked(&row.registered_resident_identification, Hide::OutsideTestSeries);
            let found = difference.found.as_ref().map_or_else(String::new, |found| format!(", the index has {found}"));
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{}: {who} {} {} at {} ({}, {}){found}",
                difference.kind.as_str(),
                printable(&row.service_domain),
                printable(&row.categorization),
                printable(&row.logical_address),
                printable(&row.data_controller),
                row.most_recent_content
            );
        }
        let _ = match self.differences.len() {
            0 => writeln!(text, "✓ the index knows what the records say, and no more{}", self.counted()),
            count => writeln!(text, "✗ {count} differences{}", self.counted()),
        };
        text
    }
    fn counted(&self) -> String {
        self.records.map_or_else(String::new, |count| format!(" ({count} engagements)"))
    }
}
