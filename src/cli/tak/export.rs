//! `anslut tak export`: a published version as a file.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::place::PlaceArguments;
use crate::catalogue::formats::stored::{Dialect, Frame, write};
use crate::catalogue::{formats, local_copy};
use crate::cli::arguments::moment;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::domain::clock::Clock;

/// What to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The stored snapshot, which can stand in tak/
    Snapshot,
    /// The same compressed, as a published version is downloaded
    Gzip,
    /// Relationships by business keys, as /tak-services/export/pv
    Export,
    /// The nightly dump that the cooperation API reads
    Dump,
    /// The local TAK copy (persistentCache)
    Copy,
}

/// `anslut tak export`.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// What to write
    #[arg(long, value_enum, default_value = "snapshot")]
    pub format: Format,
    /// A version that was published; default the newest
    #[arg(long, conflicts_with = "at")]
    pub version: Option<u32>,
    /// What was published at a time: RFC 3339, or Swedish local time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub at: Option<Timestamp>,
    /// In one line
    #[arg(long)]
    pub compact: bool,
    /// The file to write; none = standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub place: PlaceArguments,
}

/// Runs the command.
pub fn run(
    arguments: &ExportArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let catalogue = arguments.place.open(variables, terminal)?.catalogue;
    let found = match (arguments.version, arguments.at) {
        (Some(version), _) => catalogue.version(version),
        (None, Some(at)) => catalogue.version_at(at),
        (None, None) => {
            let served = catalogue.served();
            served.version.clone().map(|version| (version, served.state.clone()))
        }
    };
    let Some((version, state)) = found else {
        terminal.complain("no such version is published");
        return Ok(Exit::Failed);
    };
    let time = if arguments.format == Format::Dump { Clock::System.now() } else { version.time };
    let frame = Frame {
        version: version.id,
        time,
        published: version.time,
        user: version.user.to_string(),
        comment: version.comment.to_string(),
    };
    let pretty = !arguments.compact;
    let bytes = match arguments.format {
        Format::Snapshot => write(&state, &frame, Dialect::Stored, pretty).into_bytes(),
        Format::Gzip => formats::gzip(&write(&state, &frame, Dialect::Stored, true)),
        Format::Export => write(&state, &frame, Dialect::Export, pretty).into_bytes(),
        Format::Dump => write(&state, &frame, Dialect::Dump, pretty).into_bytes(),
        Format::Copy => local_copy::of_state(&state).into_bytes(),
    };
    match &arguments.out {
        Some(path) => fs::write(path, bytes)
            .map_err(|error| Failure::environment(format!("cannot write {}: {error}", path.display())))?,
        None => terminal.print_bytes(&bytes)?,
    }
    Ok(Exit::Done)
}
