//! `anslut index dump`: an index into a file.

use std::path::{Path, PathBuf};

use clap::Args;

use super::place::{Place, PlaceArguments};
use super::progress::Bar;
use super::running::Running;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::index::bulk::Progress;
use crate::index::bulk::dump::dump;
use crate::index::bulk::line;
use crate::index::bulk::stream::Output;
use crate::index::memory::SHARDS;
use crate::index::peek::Question;

/// `anslut index dump`.
#[derive(Debug, Args)]
pub struct DumpArguments {
    /// The file to write, compressed where its name ends in .zst; none = standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub place: PlaceArguments,
}

/// Runs the command. Updates that come meanwhile may be in it or not.
pub fn run(
    arguments: &DumpArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let place = Place::open(&arguments.place, true, variables, terminal)?;
    let Some(out) = &arguments.out else {
        for piece in 0..SHARDS {
            terminal.print_bytes(&lines(&place, piece)?)?;
        }
        return Ok(Exit::Done);
    };
    let bar = Bar::new(terminal, 0);
    let written = match &place {
        Place::Directory(opened) => {
            let memory = opened.index.memory();
            dump(memory, out, &mut |told| bar.tell(told.lines, memory.engagements(), told.lines))?
        }
        Place::Running(running) => of_running(running, out, &bar)?,
    };
    let done = bar.done(&out.display().to_string(), written);
    match terminal.json {
        true => terminal.print_json(&done)?,
        false => terminal.print(&done.text("written"))?,
    }
    Ok(Exit::Done)
}

pub(super) fn lines(place: &Place, piece: usize) -> Result<Vec<u8>, Failure> {
    match place {
        Place::Directory(opened) => {
            let mut lines = Vec::new();
            opened.index.memory().visit_shard(piece, &mut |row| line::write(row, &mut lines));
            Ok(lines)
        }
        Place::Running(running) => Ok(running.engagements(&Question::Piece { piece })?.into()),
    }
}

/// As [`dump`], piece by piece.
fn of_running(running: &Running, out: &Path, bar: &Bar) -> Result<Progress, Failure> {
    let mut output = Output::create(out)?;
    let mut told = Progress::default();
    for piece in 0..SHARDS {
        let lines = running.engagements(&Question::Piece { piece })?;
        told.lines += memchr::memchr_iter(b'\n', &lines).count() as u64;
        output.write(&lines)?;
        bar.tell(piece as u64 + 1, SHARDS as u64, told.lines);
    }
    output.finish()?;
    Ok(told)
}
