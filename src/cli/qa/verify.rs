//! `anslut qa verify-bundle`: offline, on the file alone.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::qa::report::bundle::{Whole, verify};
use crate::qa::report::signature::PublicKey;

/// `anslut qa verify-bundle`.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// The bundle
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// It must be signed by this key: PEM, as `openssl pkey -pubout` writes it
    #[arg(long, value_name = "PUB")]
    pub key: Option<PathBuf>,
}

/// Runs the command: exit 1 where anything differs.
pub fn run(arguments: &VerifyArguments, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let bytes =
        fs::read(&arguments.file).map_err(|error| Failure::usage(format!("{}: {error}", arguments.file.display())))?;
    let key = arguments.key.as_ref().map(|path| {
        let said = |why: String| Failure::usage(format!("{}: {why}", path.display()));
        let pem = fs::read_to_string(path).map_err(|error| said(error.to_string()))?;
        PublicKey::from_pem(&pem).map_err(said)
    });
    let outcome = verify(&bytes, key.transpose()?.as_ref());
    if terminal.json {
        let (whole, wrong) = match &outcome {
            Ok(whole) => (Some(whole), &Vec::new()),
            Err(wrong) => (None, wrong),
        };
        let signed_by = whole.and_then(|whole| whole.signed_by.as_ref()).map(PublicKey::as_str);
        let id = whole.map(|whole| &whole.id);
        terminal.print_json(&json!({"whole": outcome.is_ok(), "id": id, "signed_by": signed_by, "wrong": wrong}))?;
    } else {
        match &outcome {
            Ok(Whole { id, signed_by: None }) => terminal.print(&format!("whole: bundle {id}, not signed\n"))?,
            Ok(Whole { id, signed_by: Some(key) }) => {
                terminal.print(&format!("whole: bundle {id}, signed by {}\n", printable(key.as_str())))?;
            }
            Err(wrong) => {
                for one in wrong {
                    terminal.print(&format!("{}\n", printable(one)))?;
                }
            }
        }
    }
    Ok(if outcome.is_ok() { Exit::Done } else { Exit::Failed })
}
