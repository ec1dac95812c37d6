//! `anslut index load`: files into an index.

use std::path::{Path, PathBuf};

use clap::Args;

use super::place::{Opened, Place, PlaceArguments};
use super::progress::{Bar, Done};
use super::running::Running;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::index::bulk::Progress;
use crate::index::bulk::error::BulkError;
use crate::index::bulk::load::{BadLines, Told, load};
use crate::index::bulk::send::{Receiver, send};

/// `anslut index load`.
#[derive(Debug, Args)]
pub struct LoadArguments {
    /// Files of engagements, one JSON object to a line, compressed where the name ends in .zst
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Pass over lines that are no engagements; each is named
    #[arg(long)]
    pub skip_bad_lines: bool,
    /// Begin here, in the first file; a data directory knows by itself how far it has come
    #[arg(long, value_name = "LINE", default_value_t = 1, requires = "url")]
    pub from_line: u64,
    #[command(flatten)]
    pub place: PlaceArguments,
}

/// Runs the command: exit 1 where a line, or a running platform, refuses.
pub fn run(
    arguments: &LoadArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let bad = if arguments.skip_bad_lines { BadLines::Skip } else { BadLines::Stop };
    let place = Place::open(&arguments.place, false, variables, terminal)?;
    let mut from_line = arguments.from_line;
    for file in &arguments.files {
        let done = match &place {
            Place::Directory(opened) => into_directory(opened, file, bad, terminal)?,
            Place::Running(running) => into_running(running, file, from_line, bad, terminal)?,
        };
        from_line = 1;
        match terminal.json {
            true => terminal.print_json(&done)?,
            false => terminal.print(&done.text("loaded"))?,
        }
    }
    if let Place::Directory(opened) = place {
        finish(&opened)?;
    }
    Ok(Exit::Done)
}

fn into_directory(opened: &Opened, file: &Path, bad: BadLines, terminal: &mut Terminal<'_>) -> Result<Done, Failure> {
    let mut bar = Bar::new(terminal, 0);
    let mut begun = false;
    let loaded = load(&opened.index, file, bad, &mut |told| {
        if let (Told::Progress(progress), false) = (&told, begun) {
            // What the first batch is ahead of a whole one was done before.
            begun = true;
            bar.begin_behind(progress.lines.saturating_sub(crate::index::bulk::load::BATCH_ROWS as u64));
        }
        show(told, &bar, file, terminal);
    });
    if !begun {
        // All of it was in before.
        bar.begin_behind(u64::MAX);
    }
    finished(loaded, bar, file)
}

fn into_running(
    running: &Running,
    file: &Path,
    from_line: u64,
    bad: BadLines,
    terminal: &mut Terminal<'_>,
) -> Result<Done, Failure> {
    let receiver =
        Receiver { target: format!("{}/skltp-ei/update-service/v1", running.url), own_id: running.own_id.clone() };
    let mut bar = Bar::new(terminal, 0);
    bar.begin_behind(from_line - 1);
    let mut acknowledged = from_line.saturating_sub(1);
    // Lines are shown when the sending is over, or the terminal would have to be sent along.
    let mut skipped = Vec::new();
    let sent =
        running.runtime.block_on(send(file, from_line, &receiver, &running.remote, bad, &mut |told| match told {
            Told::Progress(progress) => {
                acknowledged = progress.lines;
                bar.tell(progress.bytes, progress.bytes_total, progress.lines);
            }
            Told::Skipped(line) => skipped.push(line),
        }));
    for line in skipped {
        show(Told::Skipped(line), &bar, file, terminal);
    }
    if sent.is_err() {
        terminal.complain(&format!("{acknowledged} lines are in; go on with --from-line {}", acknowledged + 1));
    }
    finished(sent, bar, file)
}

fn finished(outcome: Result<Progress, BulkError>, bar: Bar, file: &Path) -> Result<Done, Failure> {
    let progress = outcome.as_ref().copied().unwrap_or_default();
    let done = bar.done(&file.display().to_string(), progress);
    outcome.map(|_| done).map_err(Failure::from)
}

fn show(told: Told, bar: &Bar, file: &Path, terminal: &mut Terminal<'_>) {
    match told {
        Told::Progress(progress) => bar.tell(progress.bytes, progress.bytes_total, progress.lines),
        Told::Skipped(skipped) => {
            let cause = std::error::Error::source(&skipped.why).map_or_else(String::new, |cause| format!(": {cause}"));
            let text = format!("{}:{}: passed over: {}{cause}", file.display(), skipped.line, skipped.why);
            bar.aside(|| terminal.complain(&printable(&text)));
        }
    }
}

/// A snapshot, so that the next start is quick; what is loaded is in the journal already.
fn finish(opened: &Opened) -> Result<(), Failure> {
    opened.index.snapshot_blocking().map_err(BulkError::from)?;
    opened.index.close();
    Ok(())
}
