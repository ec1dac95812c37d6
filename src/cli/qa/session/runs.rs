//! `anslut qa session run`: a run that belongs to a session, told case by case as it goes.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use http::Method;
use serde_json::{Map, Value, json};

use super::arguments::RunArguments;
use super::place::Desk;
use super::{at, segment, shown};
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::qa::report::zip;

/// How often is asked how far the run has come.
const LOOK: Duration = Duration::from_millis(100);
/// Files of a suite that is handed in.
const FILES_MAX: usize = 10_000;

/// A suite that is at hand is handed in; anything else is one that the desk has.
pub(super) fn handed_in(desk: &Desk, suite: &str) -> Result<String, Failure> {
    let path = Path::new(suite);
    let failed = |error: io::Error| Failure::usage(format!("{suite}: {error}"));
    let bytes = if path.is_dir() {
        let files = below(path).map_err(failed)?;
        zip::write(&files).map_err(|error| Failure::usage(format!("{suite}: {error}")))?
    } else if path.is_file() {
        fs::read(path).map_err(failed)?
    } else {
        return Ok(suite.to_owned());
    };
    let answer = desk.ask(Method::POST, "/suites", bytes)?;
    let document = desk.told("/suites", answer)?;
    Ok(document["id"].as_str().unwrap_or_default().to_owned())
}

/// Files below a folder, by their paths in it.
fn below(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let (mut files, mut folders) = (Vec::new(), vec![(folder.to_owned(), String::new())]);
    while let Some((folder, prefix)) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), format!("{name}/")));
            } else {
                files.push((name, fs::read(entry.path())?));
            }
            if files.len() > FILES_MAX {
                return Err(io::Error::other(format!("more than {FILES_MAX} files")));
            }
        }
    }
    files.sort();
    Ok(files)
}

pub(super) fn run(arguments: &RunArguments, desk: &Desk, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let order = order(arguments, desk)?;
    let started = desk.send(Method::POST, "/runs", &order)?;
    let path = format!("/runs/{}", segment(started["id"].as_str().unwrap_or_default())?);
    let mut told = 0;
    let document = loop {
        desk.pause(LOOK);
        let document = desk.get(&path)?;
        let cases = document["cases"].as_array().map_or(&[][..], Vec::as_slice);
        let news: String = cases.iter().skip(told).map(shown::case).collect();
        if !terminal.json {
            terminal.print(&news)?;
        }
        told = told.max(cases.len());
        if document["state"] == "finished" {
            break document;
        }
    };
    match terminal.json {
        true => terminal.print_json(&document)?,
        false => terminal.print(&shown::run(&document))?,
    }
    Ok(if matches!(document["verdict"].as_str(), Some("pass" | "skip")) { Exit::Done } else { Exit::Failed })
}

fn order(arguments: &RunArguments, desk: &Desk) -> Result<Value, Failure> {
    let session = desk.get(&at(&arguments.id, "")?)?;
    let suite = match &arguments.suite {
        Some(suite) => handed_in(desk, suite)?,
        None => session["suite"]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| Failure::usage(format!("session {} has no suite; name one", arguments.id)))?,
    };
    let mut cases = arguments.cases.clone();
    if arguments.retry {
        let plan = desk.get(&at(&arguments.id, "/plan")?)?;
        let again =
            |case: &&Value| case["status"] == "planned" && !matches!(case["verdict"].as_str(), Some("pass" | "skip"));
        let open = plan["cases"].as_array().into_iter().flatten().filter(again);
        cases = open.filter_map(|case| case["case"].as_str().map(str::to_owned)).collect();
        if cases.is_empty() {
            return Err(Failure::usage(format!("every planned case of {} has passed", arguments.id)));
        }
    }
    let pair = |set: &String| {
        let (name, value) = set.split_once('=').ok_or_else(|| Failure::usage(format!("{set} is not NAME=VALUE")))?;
        Ok((name.to_owned(), json!(value)))
    };
    let data: Map<String, Value> = arguments.sets.iter().map(pair).collect::<Result<_, Failure>>()?;
    let environment = arguments.environment.as_deref().or(session["environment"].as_str());
    Ok(json!({
        "suite": suite,
        "cases": cases,
        "themes": arguments.themes,
        "target": arguments.target,
        "data": data,
        "session": arguments.id,
        "preparatory": arguments.preparatory,
        // A case that was made from the contract is planned with the rest, and has to be made to be run again.
        "generated": arguments.generated || arguments.retry,
        "environment": environment,
        "rules": arguments.rules,
        "wait_seconds": arguments.wait,
    }))
}
