//! `anslut qa audit`: what the index says beside what producers answer, a finding a line.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use http::Method;
use serde_json::{Value, json};

use super::session::place::{Desk, PlaceArguments};
use crate::cli::arguments::key_and_value;
use crate::cli::failure::{Exit, Failure};
use crate::cli::json_text::items;
use crate::cli::terminal::{Terminal, printable};

/// `anslut qa audit`.
#[derive(Debug, Args)]
pub struct AuditArguments {
    /// Name or namespace of the producers' contract
    #[arg(long, value_name = "CONTRACT")]
    pub contract: String,
    /// A producer: the logical address it answers for, and where
    #[arg(long = "producer", value_name = "ADDRESS=URL", required = true, value_parser = key_and_value)]
    pub producers: Vec<String>,
    /// A patient
    #[arg(long = "patient", value_name = "ID", required_unless_present = "sample")]
    pub patients: Vec<String>,
    /// Draw so many residents of the source system from the platform's index, instead
    #[arg(long, value_name = "N", conflicts_with = "patients")]
    pub sample: Option<usize>,
    /// The source system; default the producers' addresses
    #[arg(long, value_name = "HSA-ID", requires = "sample")]
    pub source_system: Option<String>,
    /// What decides who is drawn
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Who asks first, for producers that want to know
    #[arg(long, value_name = "HSA-ID")]
    pub original_consumer: Option<String>,
    /// Where FindContent is asked; default the platform's own index
    #[arg(long, value_name = "URL")]
    pub index: Option<String>,
    /// What the contract's engagements are filed under; default as the contract's aggregating service asks for them
    #[arg(long, value_name = "DOMAIN")]
    pub service_domain: Option<String>,
    /// The same; several with commas between
    #[arg(long, value_name = "CATEGORY")]
    pub categorization: Option<String>,
    /// Write the Update that would put the index right here; never sent. More than fit in one go to FILE-2 and so on
    #[arg(long, value_name = "FILE")]
    pub update: Option<PathBuf>,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArguments,
}

/// Runs the command: exit 1 where index and producers do not agree, or could not be asked.
pub fn run(
    arguments: &AuditArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let desk = Desk::open(&arguments.place, variables)?;
    let answer = desk.send(Method::POST, "/audit?format=json", &order(arguments))?;
    match terminal.json {
        true => terminal.print_json(&answer)?,
        false => {
            for finding in items(&answer["findings"]) {
                terminal.print(&format!("{finding}\n"))?;
            }
        }
    }
    let left_out = items(&answer["left_out"]);
    for one in left_out {
        terminal.complain(&format!("no Update can be made of {}", printable(one.as_str().unwrap_or_default())));
    }
    if let Some(path) = &arguments.update {
        write(path, items(&answer["updates"]), terminal)?;
    }
    let verdict = answer["verdict"].as_str().unwrap_or_default();
    let count = items(&answer["findings"]).len();
    terminal.complain(&format!("{}: {count} findings about {} patients", printable(verdict), answer["patients"]));
    Ok(if verdict == "pass" { Exit::Done } else { Exit::Failed })
}

fn order(arguments: &AuditArguments) -> Value {
    let producers = arguments.producers.iter().filter_map(|pair| pair.split_once('='));
    let original = &arguments.original_consumer;
    let producers: Vec<Value> = producers
        .map(|(address, url)| json!({"logical_address": address, "url": url, "original_consumer": original}))
        .collect();
    let mut order = json!({
        "contract": arguments.contract,
        "producers": producers,
        "service_domain": arguments.service_domain,
        "categorization": arguments.categorization,
        "update": arguments.update.is_some(),
    });
    if let Some(index) = &arguments.index {
        order["index"] = json!(index);
    }
    match arguments.sample {
        Some(count) => {
            order["sample"] = json!({"source_system": arguments.source_system, "count": count, "seed": arguments.seed});
        }
        None => order["patients"] = json!(arguments.patients),
    }
    order
}

fn write(path: &Path, updates: &[Value], terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    if updates.is_empty() {
        terminal.complain(&format!("{} is not written: no Update is needed", path.display()));
    }
    for (place, update) in updates.iter().filter_map(Value::as_str).enumerate() {
        let path = if place == 0 { path.to_owned() } else { numbered(path, place + 1) };
        fs::write(&path, update).map_err(|error| Failure::environment(format!("{}: {error}", path.display())))?;
        terminal.complain(&format!("{} is written; nobody sends it", path.display()));
    }
    Ok(())
}

/// `update.xml` as `update-2.xml`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{number}{ending}"))
}
