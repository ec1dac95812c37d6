//! `anslut producers chaos`: a plan, and what it decides for a key: the same as it does while it runs.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::config::environment::{self, DEMO, Environment};
use crate::producers::chaos::{self, Call, Fired, Plan};
use crate::producers::mounted::Producers;

/// `anslut producers chaos`.
#[derive(Debug, Args)]
pub struct ChaosArguments {
    /// The plan's file, or the name of one of the environment or the program
    #[arg(value_name = "PLAN")]
    pub plan: String,
    /// Show what is decided for this key: a correlation id, or the running number of a call
    #[arg(long, value_name = "KEY")]
    pub explain: Option<String>,
    /// Another seed than the plan's
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// The plan must have this digest
    #[arg(long, value_name = "HEX")]
    pub digest: Option<String>,
    /// The system that is called; may be given several times; default: all of the environment
    #[arg(long = "system", value_name = "NAME")]
    pub systems: Vec<String>,
    /// The contract that is called, such as GetDiagnosis:2
    #[arg(long, value_name = "C", default_value = "")]
    pub contract: String,
    /// When it is called: milliseconds since the plan was started, or requests before it
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub at: u64,
    /// The environment whose systems and plans are meant
    #[arg(long = "env", value_name = "ENV", default_value = DEMO)]
    pub environment: String,
}

/// What is printed.
#[derive(Debug, Serialize)]
struct Report {
    plan: String,
    seed: u64,
    digest: String,
    rows: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    decisions: Vec<Decision>,
    repeat: String,
}

/// What is decided for a system.
#[derive(Debug, Serialize)]
struct Decision {
    system: String,
    fired: Option<Fired>,
    rows: Vec<Judged>,
}

/// How one row judges.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Judged {
    row: usize,
    concerns: bool,
    is_due: bool,
    draw: f64,
    share: f64,
    fires: bool,
}

/// Runs the command: exit 1 where the plan has another digest than was asked for.
pub(super) fn run(arguments: &ChaosArguments, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let environment = Environment::open(&arguments.environment)?;
    let (producers, _) = Producers::load(&environment);
    let mut plan = find(&arguments.plan, &producers)?;
    if let Some(seed) = arguments.seed {
        plan = plan.with_seed(seed);
    }
    let is_other = arguments.digest.as_ref().is_some_and(|digest| *digest != plan.digest);
    if is_other {
        let wanted = arguments.digest.as_deref().unwrap_or_default();
        terminal.complain(&format!("the plan has the digest {}, expected {}", plan.digest, printable(wanted)));
    }
    let systems = match arguments.systems.as_slice() {
        [] => producers.systems().iter().map(|system| system.name().to_owned()).collect(),
        named => named.to_vec(),
    };
    let decided = arguments
        .explain
        .as_ref()
        .map(|key| systems.iter().map(|system| decision(&plan, system, key, arguments)).collect::<Vec<_>>());
    let report = Report {
        plan: plan.name.clone(),
        seed: plan.seed,
        digest: plan.digest.clone(),
        rows: plan.rows.iter().map(shown).collect(),
        key: arguments.explain.clone(),
        decisions: decided.unwrap_or_default(),
        repeat: plan.repeat(),
    };
    if terminal.json {
        terminal.print_json(&report)?;
    } else {
        let text = report.text();
        terminal.print(&text)?;
    }
    Ok(if is_other { Exit::Failed } else { Exit::Done })
}

/// A file, else a plan of the environment, else one of the program.
fn find(named: &str, producers: &Producers) -> Result<Plan, Failure> {
    if let Some(file) = environment::read(Path::new(named).to_owned())? {
        return chaos::read_file(&file.path, &file.contents).map_err(|problem| Failure::usage(problem.to_string()));
    }
    let of_environment = producers.plans().into_iter().find(|plan| plan.name == named);
    of_environment.or_else(|| chaos::by_name(named)).ok_or_else(|| {
        let known: Vec<_> = chaos::named().collect();
        Failure::usage(format!("{named:?} is no file and no plan; there are {}", known.join(", ")))
    })
}

fn decision(plan: &Plan, system: &str, key: &str, arguments: &ChaosArguments) -> Decision {
    let call = Call {
        system,
        contract: &arguments.contract,
        key,
        elapsed: Duration::from_millis(arguments.at),
        number: arguments.at,
    };
    let rows = plan.rows.iter().enumerate().filter_map(|(row, of)| {
        let judged = plan.judge(row, &call)?;
        let chaos::Judged { concerns, is_due, draw, fires } = judged;
        Some(Judged { row, concerns, is_due, draw, share: of.share, fires })
    });
    Decision { system: system.to_owned(), fired: plan.decide(&call).map(|(fired, _)| fired), rows: rows.collect() }
}

fn shown(row: &chaos::Row) -> String {
    let to = if row.to == u64::MAX { "…".to_owned() } else { row.to.to_string() };
    format!("{} {} {}–{to} share {} → {}", row.system, row.contract, row.from, row.share, row.act)
}

impl Report {
    fn text(&self) -> String {
        let mut text = format!("{}  seed {}  digest {}\n", self.plan, self.seed, self.digest);
        for (place, row) in self.rows.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  row {place}  {row}");
        }
        if let Some(key) = &self.key {
            let _ = writeln!(text, "\nkey {}", printable(key));
        }
        for decision in &self.decisions {
            let decided = match &decision.fired {
                Some(fired) => format!("row {}: {}", fired.row, fired.behaviour),
                None => "nothing".to_owned(),
            };
            let _ = writeln!(text, "{}  {decided}", printable(&decision.system));
            for row in decision.rows.iter().filter(|row| row.concerns) {
                let sign = if row.fires { '✓' } else { '✗' };
                let due = if row.is_due { "" } else { ", not due" };
                let _ = writeln!(text, "  {sign} row {}: {:.6} of {}{due}", row.row, row.draw, row.share);
            }
        }
        let _ = writeln!(text, "\nagain: {}", printable(&self.repeat));
        text
    }
}
