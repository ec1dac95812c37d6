//! `anslut qa suites convert|export|generate`: suites as files of their own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::json;

use super::suites::SuitesArguments;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::qa::generate;
use crate::qa::native::convert::{convert, frame};
use crate::qa::native::export::{data, data_xml};
use crate::qa::native::read::{PARAMETERS_FILE, SUITE_FILE};
use crate::qa::suite::folder::{Published, PublishedProject};

/// Runs the subcommand on one suite.
pub(super) fn run(
    word: &str,
    all: &[Published],
    arguments: &SuitesArguments,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let projects: Vec<_> = all.iter().flat_map(|published| &published.projects).collect();
    let [project] = projects.as_slice() else {
        return Err(Failure::usage(format!("{word} takes one suite, found {}", projects.len())));
    };
    match word {
        "export" => export(project, arguments, terminal),
        "convert" => {
            let converted = convert(project).map_err(Failure::environment)?;
            let out = folder(arguments)?;
            write(out, &converted.files)?;
            if terminal.json {
                let kept: Vec<_> =
                    converted.kept.iter().map(|(case, why)| json!({"case": case, "reason": why})).collect();
                terminal.print_json(&json!({"files": converted.files.len(), "kept": kept}))?;
                return Ok(Exit::Done);
            }
            for (case, why) in &converted.kept {
                terminal.print(&format!("kept in the original: {}: {}\n", printable(case), printable(why)))?;
            }
            terminal.print(&format!("{} files in {}\n", converted.files.len(), out.display()))?;
            Ok(Exit::Done)
        }
        _ => {
            let made = generate::made(project).map_err(Failure::usage)?;
            let files = generate::files::all(&made).map_err(Failure::environment)?;
            let mut files: BTreeMap<String, Vec<u8>> =
                files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
            let (suite, description) = frame(project);
            files.extend(description);
            let suite = toml::to_string(&suite).map_err(Failure::environment)?;
            files.insert(SUITE_FILE.to_owned(), suite.into_bytes());
            let out = folder(arguments)?;
            // What somebody has filled in or added to stays.
            let is_own = |name: &str| [SUITE_FILE, PARAMETERS_FILE].contains(&name);
            let fresh = files.into_iter().filter(|(name, _)| !is_own(name) || !out.join(name).exists()).collect();
            write(out, &fresh)?;
            terminal.print(&format!("{} cases in {}; fill in data.toml\n", made.len(), out.display()))?;
            Ok(Exit::Done)
        }
    }
}

fn folder(arguments: &SuitesArguments) -> Result<&Path, Failure> {
    arguments.out.as_deref().ok_or_else(|| Failure::usage("--out names the folder to write into"))
}

fn write(out: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    for (name, bytes) in files {
        let path = out.join(name);
        let failed = |error: std::io::Error| Failure::environment(format!("{}: {error}", path.display()));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        fs::write(&path, bytes).map_err(failed)?;
    }
    Ok(())
}

fn export(
    project: &PublishedProject,
    arguments: &SuitesArguments,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let text = data_xml(&data(project)).map_err(Failure::usage)?;
    match &arguments.data_xml {
        Some(path) => {
            fs::write(path, text).map_err(|error| Failure::environment(format!("{}: {error}", path.display())))?;
        }
        None => terminal.print(&text)?,
    }
    Ok(Exit::Done)
}
