//! `anslut qa report`: what can be made of a finished run.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use super::tests_run::language;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::config::data::usual;
use crate::config::environment::DEMO;
use crate::qa::archive::Archive;
use crate::qa::desk::register::Register;
use crate::qa::report::bundle::{BundleError, Contents, Identities, make};
use crate::qa::report::compare::{Changed, Compared, compare};
use crate::qa::report::identities::{Known, find};
use crate::qa::report::signature::Signer;
use crate::qa::report::{declaration, junit, page};
use crate::qa::verdict::Verdict;

/// `anslut qa report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The run's id, as `anslut qa run` prints it
    #[arg(value_name = "RUN")]
    pub run: String,
    /// What to make
    #[arg(long, default_value = "html", value_parser = ["json", "junit", "html", "md", "declaration", "bundle"])]
    pub format: String,
    /// Language of the page
    #[arg(long, default_value = "sv", value_parser = ["sv", "en"])]
    pub lang: String,
    /// Write here instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace identities that are not known test identities
    #[arg(long, conflicts_with = "accept")]
    pub redact: bool,
    /// Export although there are such identities, for this reason
    #[arg(long, value_name = "REASON")]
    pub accept: Option<String>,
    /// Show the cases whose verdict is another than in this earlier run, instead
    #[arg(long, value_name = "RUN")]
    pub compare: Option<String>,
    /// Sign the bundle with this Ed25519 key (PEM); else with qa/bundle-key.pem of the data directory, where there is one
    #[arg(long, value_name = "KEY")]
    pub sign: Option<PathBuf>,
    /// The data directory the run was kept in
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Runs the command: exit 1 where identities refuse the export.
pub fn run(
    arguments: &ReportArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let data = match &arguments.data {
        Some(data) => data.clone(),
        None => usual(DEMO, variables)?,
    };
    let archive = Archive::in_data(&data);
    let kept =
        archive.find(&arguments.run).map_err(|error| Failure::usage(format!("run {}: {error}", arguments.run)))?;
    if let Some(earlier) = &arguments.compare {
        let before = archive.find(earlier).map_err(|error| Failure::usage(format!("run {earlier}: {error}")))?;
        return compared(&compare(&before.document, &kept.document), terminal);
    }
    let identities = match (&arguments.accept, arguments.redact) {
        (Some(reason), _) => Identities::Accept(reason.clone()),
        (None, true) => Identities::Redact,
        (None, false) => Identities::Refuse,
    };
    let known = Known::of_folder(&data.join("qa")).map_err(Failure::environment)?;
    let known = known.and(&kept.document.test_identities);
    let deviations = || {
        let register = Register::read(&data.join("qa")).map_err(Failure::environment)?;
        Ok::<_, Failure>(register.deviations_of(&kept.document))
    };
    let bytes = match arguments.format.as_str() {
        "json" => serde_json::to_vec_pretty(&kept.document).map_err(Failure::environment)?,
        "junit" => junit::write(&kept.document, false).into_bytes(),
        "declaration" => {
            serde_json::to_vec_pretty(&declaration::of(&[&kept.document])).map_err(Failure::environment)?
        }
        "md" => declaration::markdown(&declaration::of(&[&kept.document]), language(&arguments.lang)).into_bytes(),
        "bundle" => {
            let deviations = deviations()?;
            let contents = Contents { run: &kept.document, messages: &kept.messages, suite: kept.suite, deviations };
            let signer = match &arguments.sign {
                Some(path) => Some(Signer::read(path).map_err(Failure::usage)?),
                None => Signer::of_folder(&data.join("qa")).map_err(Failure::environment)?,
            };
            match make(&contents, &identities, &known, signer.as_ref()) {
                Ok(bundle) => {
                    terminal.complain(&format!("bundle {}", bundle.id));
                    return write(arguments, &bundle.bytes, terminal);
                }
                Err(BundleError::Identities(found)) => return Ok(refused(&found, terminal)),
                Err(error) => return Err(Failure::environment(error)),
            }
        }
        _ => {
            let deviations = deviations()?;
            let material = page::Material { run: &kept.document, messages: &kept.messages, deviations: &deviations };
            page::write(&material, language(&arguments.lang)).into_bytes()
        }
    };
    let bytes = match &identities {
        Identities::Refuse => {
            let found = find(&arguments.format, &bytes, &known);
            if !found.is_empty() {
                return Ok(refused(&found, terminal));
            }
            bytes
        }
        Identities::Redact => crate::qa::report::identities::redact(&bytes, &known),
        Identities::Accept(_) => bytes,
    };
    write(arguments, &bytes, terminal)
}

/// A line for each case that came to something else.
fn compared(found: &Compared, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    if terminal.json {
        terminal.print_json(found)?;
        return Ok(Exit::Done);
    }
    let word = |verdict: Option<Verdict>| verdict.map_or("not in it", Verdict::word);
    let line = |one: &Changed| format!("{}  {} -> {}\n", printable(&one.case), word(one.before), word(one.after));
    let lines: String = found.changed.iter().map(line).collect();
    terminal.print(if lines.is_empty() { "every case came to the same\n" } else { &lines })?;
    Ok(Exit::Done)
}

fn refused(found: &[crate::qa::report::identities::Finding], terminal: &mut Terminal<'_>) -> Exit {
    for one in found {
        terminal.complain(&format!("{}:{}: {} is not a known test identity", one.file, one.line, one.masked));
    }
    terminal.complain("nothing was written; --redact replaces them, --accept REASON keeps them");
    Exit::Failed
}

fn write(arguments: &ReportArguments, bytes: &[u8], terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    match &arguments.out {
        Some(path) => {
            fs::write(path, bytes).map_err(|error| Failure::environment(format!("{}: {error}", path.display())))?
        }
        None => terminal.print_bytes(bytes)?,
    }
    Ok(Exit::Done)
}
