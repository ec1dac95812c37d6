//! `anslut qa suites`: what is in published folders and zips, and how much of it runs.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::config::data::usual;
use crate::config::environment::DEMO;
use crate::domain::clock::{Clock, stockholm};
use crate::qa::archive::Archive;
use crate::qa::result::FileReference;
use crate::qa::shelf::Shelf;
use crate::qa::suite::folder::{Published, PublishedProject, Skipped};
use crate::qa::survey::{self, Unrunnable};

/// `anslut qa suites`.
#[derive(Debug, Args)]
pub struct SuitesArguments {
    /// list, import, check, show, params, convert, export, generate, then paths or names of imported suites; paths alone are
    /// listed (`./list` for such a folder), and what is imported where there is none
    #[arg(value_name = "PATH")]
    pub words: Vec<String>,
    /// With import: what the suite is called from now on
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// With show: every script, and the idiom it was recognised as
    #[arg(long)]
    pub scripts: bool,
    /// With convert and generate: write the native suite into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The data directory: where suites are imported to and found by name, and with check the earlier runs whose answers
    /// the rule files are tried on
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// With export: write the suite's data here
    #[arg(long, value_name = "FILE")]
    pub data_xml: Option<PathBuf>,
}

/// Recorded answers that rule files are tried on.
const ANSWERS_MAX: usize = 200;
/// What can stand before the paths.
const WORDS: [&str; 8] = ["list", "import", "check", "show", "params", "convert", "export", "generate"];

#[derive(Serialize)]
pub(super) struct Listing {
    pub(super) suites: Vec<Suite>,
    pub(super) skipped: Vec<Skipped>,
}

#[derive(Serialize)]
pub(super) struct Suite {
    /// The id of an imported one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// The name that was given to an imported one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) imported_as: Option<String>,
    pub(super) file: String,
    pub(super) name: String,
    contract: Option<String>,
    runnable_share: f64,
    files: Vec<FileReference>,
    pub(super) cases: Vec<Case>,
    mocks: Vec<Mock>,
}

#[derive(Serialize)]
pub(super) struct Case {
    suite: String,
    name: String,
    disabled: bool,
    runnable: bool,
}

#[derive(Serialize)]
pub(super) struct Mock {
    name: String,
    responses: Vec<String>,
}

/// Runs the command. What cannot be read is a wrong command line; cases that cannot run fail `check`.
pub fn run(
    arguments: &SuitesArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let (word, paths) = match arguments.words.split_first() {
        Some((first, rest)) if WORDS.contains(&first.as_str()) => (first.as_str(), rest),
        _ => ("list", arguments.words.as_slice()),
    };
    let data = || match &arguments.data {
        Some(data) => Ok(data.clone()),
        None => usual(DEMO, variables).map_err(Failure::environment),
    };
    if paths.is_empty() {
        return match word {
            "list" => super::imported::list(&Shelf::of(&data()?.join("qa")), terminal),
            _ => Err(Failure::usage(format!("{word} needs a path: a project file, a folder or a zip"))),
        };
    }
    if word == "import" {
        return super::imported::import(&Shelf::of(&data()?.join("qa")), paths, arguments.name.as_deref(), terminal);
    }
    if arguments.name.is_some() {
        return Err(Failure::usage("--name belongs to import"));
    }
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let all = read(&paths, data().ok().as_deref())?;
    for warning in all.iter().flat_map(|published| &published.warnings) {
        terminal.complain(&printable(&warning.to_string()));
    }
    match word {
        "check" => check(&all, data().ok().map(|data| Archive::in_data(&data)).as_ref(), terminal),
        "show" => show(&all, arguments.scripts, terminal),
        "params" => parameters(&all, terminal),
        "convert" | "generate" | "export" => super::native::run(word, &all, arguments, terminal),
        _ => list(&all, terminal),
    }
}

fn list(all: &[Published], terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let listing = Listing {
        suites: all.iter().flat_map(|published| &published.projects).map(|project| suite(project)).collect(),
        skipped: all.iter().flat_map(|published| published.skipped.clone()).collect(),
    };
    print(&listing, terminal)
}

/// Prints a listing.
pub(super) fn print(listing: &Listing, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    if terminal.json {
        terminal.print_json(listing)?;
        return Ok(Exit::Done);
    }
    for suite in &listing.suites {
        let share = (suite.runnable_share * 100.0).floor();
        let mocks =
            if suite.mocks.is_empty() { String::new() } else { format!(", {} mock services", suite.mocks.len()) };
        let id = suite.id.iter().chain(&suite.imported_as).map(|text| format!("{}  ", printable(text)));
        terminal.print(&format!(
            "{}{}  {}: {} cases, {share} % can run{mocks}\n",
            id.collect::<String>(),
            printable(&suite.file),
            printable(&suite.name),
            suite.cases.len()
        ))?;
        for case in &suite.cases {
            let mark = match (case.disabled, case.runnable) {
                (true, _) => "disabled",
                (false, true) => "",
                (false, false) => "cannot run",
            };
            terminal.print(&format!("  {} / {}  {mark}\n", printable(&case.suite), printable(&case.name)))?;
        }
    }
    for skipped in &listing.skipped {
        terminal.print(&format!("{}: skipped, {}\n", printable(&skipped.file), skipped.reason))?;
    }
    Ok(Exit::Done)
}

/// What there is to tell of one.
pub(super) fn suite(project: &PublishedProject) -> Suite {
    let unrunnable = survey::unrunnable(project);
    let mut cases = Vec::new();
    for suite in &project.project.suites {
        for case in &suite.cases {
            let hindered = unrunnable.iter().any(|one| one.suite == suite.name && one.case == case.name);
            cases.push(Case {
                suite: suite.name.clone(),
                name: case.name.clone(),
                disabled: suite.disabled || case.disabled,
                runnable: !hindered,
            });
        }
    }
    let runnable = cases.iter().filter(|case| case.runnable).count();
    #[expect(clippy::cast_precision_loss, reason = "a suite has fewer cases than a double has digits")]
    let runnable_share = if cases.is_empty() { 1.0 } else { runnable as f64 / cases.len() as f64 };
    Suite {
        id: None,
        imported_as: None,
        file: project.file.clone(),
        name: project.project.suites.first().map_or(&project.project.name, |suite| &suite.name).clone(),
        contract: project.contract.clone(),
        runnable_share,
        files: project.files.clone(),
        cases,
        mocks: project
            .project
            .mocks
            .iter()
            .map(|mock| Mock {
                name: mock.name.clone(),
                responses: mock
                    .operations
                    .iter()
                    .flat_map(|operation| &operation.responses)
                    .map(|response| response.name.clone())
                    .collect(),
            })
            .collect(),
    }
}

#[derive(Serialize)]
struct Checked {
    unrunnable: Vec<Unrunnable>,
    placeholders: Vec<survey::Placeholder>,
    problems: Vec<String>,
    dead_rules: Vec<survey::DeadRule>,
}

fn check(all: &[Published], archive: Option<&Archive>, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let projects = || all.iter().flat_map(|published| &published.projects);
    let now = Clock::System.now().to_zoned(stockholm());
    let mut dead_rules = Vec::new();
    for project in projects() {
        let answers = archive.map(|archive| archive.answers_of(project.name(), ANSWERS_MAX)).transpose();
        dead_rules.extend(survey::dead_rules(
            project,
            &answers.map_err(Failure::environment)?.unwrap_or_default(),
            &now,
        ));
    }
    let checked = Checked {
        unrunnable: projects().flat_map(|project| survey::unrunnable(project)).collect(),
        placeholders: projects().flat_map(|project| survey::placeholders(project)).collect(),
        problems: projects().flat_map(|project| survey::problems(project)).collect(),
        dead_rules,
    };
    if terminal.json {
        terminal.print_json(&checked)?;
    } else {
        for one in &checked.unrunnable {
            terminal.print(&format!(
                "{}:{}: {} / {}: {}\n",
                printable(&one.file),
                one.line,
                printable(&one.suite),
                printable(&one.case),
                printable(&one.reason)
            ))?;
        }
        for problem in &checked.problems {
            terminal.print(&format!("{}\n", printable(problem)))?;
        }
        for one in &checked.dead_rules {
            terminal.print(&format!(
                "{}: pattern {}: {} fits nothing in any recorded answer\n",
                printable(&one.file),
                printable(&one.pattern),
                printable(&one.context)
            ))?;
        }
        for one in &checked.placeholders {
            terminal.print(&format!(
                "{}: {} = {} is as published; say your own with --data or --set\n",
                printable(&one.file),
                printable(&one.name),
                printable(&one.value)
            ))?;
        }
    }
    Ok(if checked.unrunnable.is_empty() { Exit::Done } else { Exit::Failed })
}

fn show(all: &[Published], scripts: bool, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let found: Vec<survey::Recognised> =
        all.iter().flat_map(|published| &published.projects).flat_map(|project| survey::scripts(project)).collect();
    if terminal.json {
        terminal.print_json(&found)?;
        return Ok(Exit::Done);
    }
    list(all, terminal)?;
    for one in found.iter().filter(|_| scripts) {
        terminal.print(&format!(
            "{}:{}: {} / {}: {}\n",
            printable(&one.file),
            one.line,
            printable(&one.case),
            printable(&one.place),
            one.idiom.as_deref().unwrap_or("not recognised")
        ))?;
    }
    Ok(Exit::Done)
}

fn parameters(all: &[Published], terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let found: Vec<survey::Parameter> =
        all.iter().flat_map(|published| &published.projects).flat_map(|project| survey::parameters(project)).collect();
    if terminal.json {
        terminal.print_json(&found)?;
        return Ok(Exit::Done);
    }
    for one in &found {
        let place = one.case.as_deref().unwrap_or("all cases");
        terminal.print(&format!("{}: {} = {}\n", printable(place), printable(&one.name), printable(&one.value)))?;
    }
    Ok(Exit::Done)
}

/// Reads suites: at a path, or by the name of one that was imported into the data directory.
pub(super) fn read(paths: &[PathBuf], data: Option<&Path>) -> Result<Vec<Published>, Failure> {
    let shelf = data.map(|data| Shelf::of(&data.join("qa")));
    let read = |path: &PathBuf| {
        let imported = || shelf.as_ref()?.find(path.to_str()?);
        match Published::read(path) {
            Ok(published) => Ok(published),
            Err(_) if !path.exists() && shelf.is_some() => imported().map(|kept| kept.published).ok_or_else(|| {
                let place = data.unwrap_or(Path::new("")).display();
                Failure::usage(format!(
                    "{}: there is no such path, and no suite of that name in {place}",
                    path.display()
                ))
            }),
            Err(why) => Err(Failure::usage(format!("{}: {why}", path.display()))),
        }
    };
    paths.iter().map(read).collect()
}
