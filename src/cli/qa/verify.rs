//! `anslut qa verify-bundle`: offline, on the file alone.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::qa::report::bundle::verify;

/// `anslut qa verify-bundle`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// The bundle
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Runs the command: exit 1 where anything differs.
pub fn run(arguments: &VerifyArguments, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let bytes =
        fs::read(&arguments.file).map_err(|error| Failure::usage(format!("{}: {error}", arguments.file.display())))?;
    let outcome = verify(&bytes);
    if terminal.json {
        let (id, wrong) = match &outcome {
            Ok(id) => (Some(id), &Vec::new()),
            Err(wrong) => (None, wrong),
        };
        terminal.print_json(&json!({"whole": outcome.is_ok(), "id": id, "wrong": wrong}))?;
    } else {
        match &outcome {
            Ok(id) => terminal.print(&format!("whole: bundle {id}\n"))?,
            Err(wrong) => {
                for one in wrong {
                    terminal.print(&format!("{}\n", printable(one)))?;
                }
            }
        }
    }
    Ok(if outcome.is_ok() { Exit::Done } else { Exit::Failed })
}
