//! `anslut tak diff`: the rows two catalogues differ in, and who gets another answer because of it.
//!
//! Rows are compared by what they say, not by their numbers. The answers are the hub's own: the same decision that a call
//! would meet, asked of both catalogues, for every consumer, contract and address that a changed row could concern.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::catalogue::snapshot::{STANDARD, Snapshot};
use crate::cli::arguments::{SettingsArguments, moment};
use crate::cli::failure::{Exit, Failure};
use crate::cli::opening;
use crate::cli::terminal::{Palette, Terminal, Tone, printable};
use crate::config::checked::Settings;
use crate::config::environment::{self, DEMO, Environment};
use crate::domain::clock::Clock;
use crate::hub::explain::{Question, explain};

/// Most answers that are told; the rest are counted.
const ANSWERS_MAX: usize = 10_000;

/// `anslut tak diff`.
#[derive(Debug, Args)]
pub struct DiffArguments {
    /// An environment, or a catalogue file: snapshot, local TAK copy or TOML
    #[arg(value_name = "A")]
    pub before: String,
    /// The same
    #[arg(value_name = "B")]
    pub after: String,
    /// When the answers are asked for: RFC 3339, or Swedish local time; default now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub at: Option<Timestamp>,
    #[command(flatten)]
    pub settings: SettingsArguments,
}

/// A row, by everything it says.
type Key = (String, String, String, String);

/// What was found.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Rows only the second has.
    pub added: Vec<String>,
    /// Rows only the first has.
    pub removed: Vec<String>,
    /// Calls with another outcome.
    pub answers: Vec<Answer>,
    /// Further ones that are not told.
    pub answers_left_out: usize,
}

/// A call with another outcome.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Who calls.
    pub consumer: String,
    /// What.
    pub contract: String,
    /// Where.
    pub address: String,
    /// What became of it: an address, or a VP code.
    pub before: String,
    /// What becomes of it.
    pub after: String,
}

/// Runs the command: exit 1 where they differ, as of any comparison.
pub fn run(
    arguments: &DiffArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let (before, settings) = load(&arguments.before, arguments, variables, terminal)?;
    let (after, _) = load(&arguments.after, arguments, variables, terminal)?;
    let at = arguments.at.unwrap_or_else(|| Clock::System.now());
    let difference = difference(&before.snapshot(), &after.snapshot(), &settings, at);
    match terminal.json {
        true => terminal.print_json(&difference)?,
        false => {
            let text = text(&difference, terminal.palette());
            terminal.print(&text)?;
        }
    }
    let same = difference.added.is_empty() && difference.removed.is_empty() && difference.answers.is_empty();
    Ok(if same { Exit::Done } else { Exit::Failed })
}

fn load(
    name: &str,
    arguments: &DiffArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<(Catalogue, Settings), Failure> {
    let is_file = Path::new(name).is_file();
    // A file has no settings; those of the built-in environment are the reference's defaults but for its own identity.
    let (environment, loaded) = opening::open(if is_file { DEMO } else { name }, &arguments.settings.sets, variables)?;
    let settings = opening::usable(loaded, terminal)?;
    let environment = if is_file { Environment::Folder(Path::new(name).join("-")) } else { environment };
    let catalogue = Catalogue::new(environment, settings.hsa_files.clone(), None, Clock::System)
        .with_platform(settings.platform.tak_platform.clone());
    let problems = if is_file {
        let file = environment::read(name.into())?;
        let file = file.ok_or_else(|| Failure::environment(format!("there is no file {name}")))?;
        catalogue.load(&file).map_err(Failure::environment)?
    } else {
        let (tak, hsa) = (catalogue.reset_tak(), catalogue.reset_hsa());
        tak.problems.into_iter().chain(hsa.problems).collect()
    };
    for problem in &problems {
        terminal.complain(&printable(&problem.to_string()));
    }
    if is_file && problems.iter().any(crate::domain::problem::Problem::is_error) {
        return Err(Failure::environment(format!("{name} cannot be used")));
    }
    Ok((catalogue, settings))
}

/// Contract and address, in lower case, with every consumer a change may concern; none = all of the pair.
type Touched = BTreeMap<(String, String), Option<BTreeSet<String>>>;

/// Compares two catalogues.
pub fn difference(before: &Snapshot, after: &Snapshot, settings: &Settings, at: Timestamp) -> Difference {
    let mut difference = Difference::default();
    let mut touched = Touched::new();
    let (old, new) = (routes(before), routes(after));
    for (key, rows) in [(&old, &new), (&new, &old)].into_iter().zip([&mut difference.removed, &mut difference.added]) {
        for (contract, address, target, period) in key.0.difference(key.1) {
            rows.push(format!("vägval: {address} - {contract} - {target} ({period})"));
            touched.insert((contract.to_lowercase(), address.to_lowercase()), None);
        }
    }
    let (old, new) = (permissions(before), permissions(after));
    for (key, rows) in [(&old, &new), (&new, &old)].into_iter().zip([&mut difference.removed, &mut difference.added]) {
        for (contract, address, consumer, period) in key.0.difference(key.1) {
            rows.push(format!("anropsbehörighet: {address} - {consumer} - {contract} ({period})"));
            let consumers = touched.entry((contract.to_lowercase(), address.to_lowercase()));
            if let Some(consumers) = consumers.or_insert_with(|| Some(BTreeSet::new())) {
                consumers.insert(consumer.clone());
            }
        }
    }
    for (consumer, contract, address) in concerned(before, after, &touched) {
        let (was, is) = (
            answer(before, settings, at, &consumer, &contract, &address),
            answer(after, settings, at, &consumer, &contract, &address),
        );
        if was == is {
            continue;
        }
        match difference.answers.len() < ANSWERS_MAX {
            true => difference.answers.push(Answer { consumer, contract, address, before: was, after: is }),
            false => difference.answers_left_out += 1,
        }
    }
    difference
}

fn routes(snapshot: &Snapshot) -> BTreeSet<Key> {
    let key = |route: &crate::catalogue::entry::Route| {
        let target = format!("{} - {}", route.profile, route.url);
        (route.contract.to_string(), route.address.to_string(), target, route.validity.shown())
    };
    snapshot.routes().iter().map(key).collect()
}

fn permissions(snapshot: &Snapshot) -> BTreeSet<Key> {
    let key = |permission: &crate::catalogue::entry::Permission| {
        let filters: String = permission
            .filters
            .iter()
            .map(|filter| format!(" [{}: {}]", filter.service_domain, filter.categorizations.join(", ")))
            .collect();
        let period = format!("{}{filters}", permission.validity.shown());
        (permission.contract.to_string(), permission.address.to_string(), permission.consumer.to_string(), period)
    };
    snapshot.permissions().iter().map(key).collect()
}

/// Every call that a changed row may concern: its own address, and for the standard address all there are of the contract.
fn concerned(before: &Snapshot, after: &Snapshot, touched: &Touched) -> BTreeSet<(String, String, String)> {
    let mut spelling: BTreeMap<String, &str> = BTreeMap::new();
    let mut addresses: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut consumers: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let contracts: BTreeSet<&str> = touched.keys().map(|(contract, _)| contract.as_str()).collect();
    for snapshot in [before, after] {
        let routes = snapshot.routes().iter().map(|route| (&route.contract, &route.address, None));
        let permissions = snapshot.permissions().iter();
        let permissions = permissions.map(|row| (&row.contract, &row.address, Some(&row.consumer)));
        for (contract, address, consumer) in routes.chain(permissions) {
            let written: &str = contract;
            let contract = contract.to_lowercase();
            if !contracts.contains(contract.as_str()) {
                continue;
            }
            spelling.entry(contract.clone()).or_insert(written);
            if let Some(consumer) = consumer {
                consumers.entry(contract.clone()).or_default().insert(consumer);
            }
            addresses.entry(contract).or_default().insert(address);
        }
    }
    let mut calls = BTreeSet::new();
    let none = BTreeSet::new();
    for ((contract, address), only) in touched {
        let written = spelling.get(contract).copied().unwrap_or(contract);
        let all_addresses = addresses.get(contract).unwrap_or(&none);
        let all_consumers = consumers.get(contract).unwrap_or(&none);
        let meant = all_addresses.iter().filter(|known| address == STANDARD || known.to_lowercase() == *address);
        for address in meant {
            let wanted =
                all_consumers.iter().filter(|consumer| only.as_ref().is_none_or(|only| only.contains(**consumer)));
            for consumer in wanted {
                calls.insert(((*consumer).to_owned(), written.to_owned(), (*address).to_owned()));
            }
        }
    }
    calls
}

/// What a call would come to: the producer's address, or the code it is refused with.
fn answer(
    snapshot: &Snapshot,
    settings: &Settings,
    at: Timestamp,
    consumer: &str,
    contract: &str,
    address: &str,
) -> String {
    let (contract, address, sender) = (contract.to_owned(), address.to_owned(), consumer.to_owned());
    let question = Question { contract, address, sender, at, profile: None };
    let explanation = explain(snapshot, &settings.lookup, &settings.hub.instance_name, &question);
    match (explanation.code, explanation.producer_address) {
        (Some(code), _) => code.to_string(),
        (None, Some(address)) => match explanation.producer_profile {
            Some(profile) => format!("{profile} {address}"),
            None => address,
        },
        (None, None) => explanation.outcome,
    }
}

fn text(difference: &Difference, palette: Palette) -> String {
    let mut text = String::new();
    for row in &difference.removed {
        text.push_str(&palette.paint(Tone::Bad, &format!("- {}", printable(row))));
        text.push('\n');
    }
    for row in &difference.added {
        text.push_str(&palette.paint(Tone::Good, &format!("+ {}", printable(row))));
        text.push('\n');
    }
    if !difference.answers.is_empty() {
        text.push_str(&format!("\n{}\n", palette.paint(Tone::Heading, "Who gets another answer")));
    }
    for answer in &difference.answers {
        let Answer { consumer, contract, address, before, after } = answer;
        text.push_str(&printable(&format!("{consumer} → {address} ({contract}): {before} → {after}")));
        text.push('\n');
    }
    if difference.answers_left_out > 0 {
        text.push_str(&format!("… and {} more\n", difference.answers_left_out));
    }
    if text.is_empty() {
        text.push_str(&palette.paint(Tone::Good, "✓ no difference"));
        text.push('\n');
    }
    text
}
