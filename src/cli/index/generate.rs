//! `anslut index generate`: a made-up national index.

use std::path::PathBuf;

use clap::Args;

use super::progress::Bar;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::index::bulk::generate::{Mix, generate};

/// `anslut index generate`.
#[derive(Debug, Args)]
pub struct GenerateArguments {
    /// How many residents
    #[arg(long, value_name = "N")]
    pub residents: u64,
    /// How many engagements each has on average; a few have far more
    #[arg(long, value_name = "M")]
    pub engagements_per_resident: u64,
    /// The same seed gives the same file, byte for byte
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// The file to write, compressed where its name ends in .zst
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Runs the command.
pub fn run(arguments: &GenerateArguments, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let mix = Mix {
        residents: arguments.residents,
        engagements_per_resident: arguments.engagements_per_resident,
        seed: arguments.seed,
    };
    mix.check()?;
    let expected = mix.residents * mix.engagements_per_resident;
    let bar = Bar::new(terminal, expected);
    let made = generate(mix, &arguments.out, &mut |told| bar.tell(told.lines, expected, told.lines))?;
    let done = bar.done(&arguments.out.display().to_string(), made);
    match terminal.json {
        true => terminal.print_json(&done)?,
        false => terminal.print(&done.text("made up"))?,
    }
    Ok(Exit::Done)
}
