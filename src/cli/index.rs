//! `anslut index`: engagements by the million, in files and in a data directory.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::config::data::{DataChoice, DataDirectory};
use crate::config::environment::DEMO;
use crate::domain::clock::Clock;
use crate::index::bulk::error::BulkError;
use crate::index::bulk::generate::{self, Mix};
use crate::index::bulk::load::{self, BadLines, Told};
use crate::index::bulk::{Progress, dump, inspect};
use crate::index::open::Index;
use crate::index::settings::IndexSettings;

use super::failure::{Exit, Failure};
use super::terminal::{Terminal, printable};

/// Lines between two reports of progress.
const REPORT_LINES: u64 = 1_000_000;

/// `anslut index`.
#[derive(Debug, Args)]
pub struct IndexArguments {
    #[command(subcommand)]
    pub command: IndexCommand,
}

/// What to do with engagements.
#[derive(Debug, Subcommand)]
pub enum IndexCommand {
    /// Make up a national index; the same seed gives the same file
    Generate(GenerateArguments),
    /// Load files of JSON lines (.zst: compressed); a load that was broken off goes on
    Load(LoadArguments),
    /// Write every engagement to a file
    Dump(DumpArguments),
    /// Print the engagements of a resident
    Find(FindArguments),
    /// Count engagements, residents and bytes
    Stat(DataArguments),
}

/// Where the index is.
#[derive(Clone, Debug, Args)]
pub struct DataArguments {
    /// The data directory; default $ANSLUT_DATA, else the user's data folder
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// `anslut index generate`.
#[derive(Debug, Args)]
pub struct GenerateArguments {
    /// How many residents; none of them can be a living person
    #[arg(long, value_name = "N")]
    pub residents: u64,
    /// How many engagements each has on average
    #[arg(long, value_name = "M")]
    pub engagements_per_resident: u64,
    /// What everything is drawn from
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// The file; compressed if it ends in .zst
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// `anslut index load`.
#[derive(Debug, Args)]
pub struct LoadArguments {
    /// Files of one JSON object a line, keys named as the contract's elements
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Pass over lines that are no engagement, and name them
    #[arg(long)]
    pub skip_bad_lines: bool,
    #[command(flatten)]
    pub data: DataArguments,
}

/// `anslut index dump`.
#[derive(Debug, Args)]
pub struct DumpArguments {
    /// The file; compressed if it ends in .zst
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    #[command(flatten)]
    pub data: DataArguments,
}

/// `anslut index find`.
#[derive(Debug, Args)]
pub struct FindArguments {
    /// The resident, exactly as in the message
    #[arg(value_name = "RESIDENT")]
    pub resident: String,
    /// Only this service domain
    #[arg(long, value_name = "DOMAIN")]
    pub service_domain: Option<String>,
    #[command(flatten)]
    pub data: DataArguments,
}

/// What a command has done, as JSON.
#[derive(Serialize)]
struct Done {
    lines: u64,
    skipped: u64,
}

impl From<BulkError> for Failure {
    fn from(error: BulkError) -> Self {
        let exit = match &error {
            BulkError::Usage(_) => Exit::Usage,
            BulkError::Line { .. } => Exit::Failed,
            _ => Exit::Environment,
        };
        let mut failure = Self::environment(error);
        failure.exit = exit;
        failure
    }
}

/// Runs the command.
pub fn run(
    arguments: &IndexArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let opened = |data: &DataArguments| opened(data, variables);
    match &arguments.command {
        IndexCommand::Generate(arguments) => make_up(arguments, terminal),
        IndexCommand::Load(arguments) => {
            let (_directory, index) = opened(&arguments.data)?;
            take_in(arguments, &index, terminal)
        }
        IndexCommand::Dump(arguments) => {
            let (_directory, index) = opened(&arguments.data)?;
            let done = dump::dump(index.memory(), &arguments.out, &mut |_| {})?;
            report(done, "written", terminal)
        }
        IndexCommand::Find(arguments) => {
            let (_directory, index) = opened(&arguments.data)?;
            let lines = inspect::find(index.memory(), &arguments.resident, arguments.service_domain.as_deref());
            terminal.print(&String::from_utf8_lossy(&lines))?;
            Ok(Exit::Done)
        }
        IndexCommand::Stat(arguments) => {
            let (_directory, index) = opened(arguments)?;
            count(&index, terminal)
        }
    }
}

/// The data directory, locked, and the index in it.
fn opened(data: &DataArguments, variables: &[(String, String)]) -> Result<(DataDirectory, Index), Failure> {
    let choice = data.data.clone().map_or(DataChoice::Usual, DataChoice::Given);
    let directory = DataDirectory::open(&choice, DEMO, variables)?;
    let index = Index::open(&directory.path().join("index"), IndexSettings::default(), Clock::System);
    Ok((directory, index.map_err(Failure::environment)?))
}

fn make_up(arguments: &GenerateArguments, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let GenerateArguments { residents, engagements_per_resident, seed, out } = arguments;
    let mix = Mix { residents: *residents, engagements_per_resident: *engagements_per_resident, seed: *seed };
    let mut pace = Pace::new();
    let done = generate::generate(mix, out, &mut |progress| pace.tell(progress, terminal))?;
    report(done, "written", terminal)
}

fn take_in(arguments: &LoadArguments, index: &Index, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let bad = if arguments.skip_bad_lines { BadLines::Skip } else { BadLines::Stop };
    let mut all = Progress::default();
    for file in &arguments.files {
        let mut pace = Pace::new();
        let done = load::load(index, file, bad, &mut |told| match told {
            Told::Progress(progress) => pace.tell(progress, terminal),
            Told::Skipped(skipped) => {
                let text = format!("{}:{}: {}", file.display(), skipped.line, skipped.why);
                terminal.complain(&printable(&text));
            }
        })?;
        all.lines += done.lines;
        all.skipped += done.skipped;
    }
    // So that the next start need not replay it all.
    index.snapshot_blocking().map_err(BulkError::from)?;
    report(all, "loaded", terminal)
}

fn report(done: Progress, verb: &str, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let Progress { lines, skipped, .. } = done;
    if terminal.json {
        terminal.print_json(&Done { lines, skipped })?;
    } else if skipped > 0 {
        terminal.print(&format!("{lines} lines {verb}, {skipped} of them skipped\n"))?;
    } else {
        terminal.print(&format!("{lines} lines {verb}\n"))?;
    }
    Ok(Exit::Done)
}

fn count(index: &Index, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let stat = inspect::stat(index);
    if terminal.json {
        terminal.print_json(&stat)?;
        return Ok(Exit::Done);
    }
    let mut text = format!("{} engagements of {} residents\n", stat.engagements, stat.residents);
    text.push_str(&format!(
        "{:.1} bytes an engagement, and {} bytes of unique text\n",
        stat.bytes_per_engagement, stat.unique_text_bytes
    ));
    text.push_str(&format!("{} batches of the journal applied\n", stat.applied));
    stat.skipped.iter().for_each(|skipped| text.push_str(&format!("{skipped}\n")));
    terminal.print(&text)?;
    Ok(Exit::Done)
}

/// Says from time to time how far it has come and how fast.
struct Pace {
    began: std::time::Instant,
    next: u64,
}

impl Pace {
    fn new() -> Self {
        Self { began: Clock::instant(), next: REPORT_LINES }
    }

    fn tell(&mut self, progress: Progress, terminal: &mut Terminal<'_>) {
        if progress.lines < self.next {
            return;
        }
        self.next = progress.lines + REPORT_LINES;
        let seconds = Clock::instant().saturating_duration_since(self.began).as_secs_f64().max(0.001);
        let rate = progress.lines as f64 / seconds;
        let share = match progress.bytes_total {
            0 => String::new(),
            total => format!(", {:.0} %", 100.0 * progress.bytes as f64 / total as f64),
        };
        terminal.complain(&format!("{} lines, {rate:.0} a second{share}", progress.lines));
    }
}
