//! `anslut qa run`: suites against a system, a verdict for each case.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;

use super::carriers::{self, Carriers, TlsArguments};
use super::connected;
use crate::cli::arguments::key_and_value;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::config::data::usual;
use crate::config::environment::DEMO;
use crate::domain::clock::Clock;
use crate::qa::archive::Archive;
use crate::qa::consumer::hub::Hub;
use crate::qa::consumer::waits::Waits;
use crate::qa::desk::register::Register;
use crate::qa::generate;
use crate::qa::report::identities::{Known, redact};
use crate::qa::report::{junit, page};
use crate::qa::result::CaseResult;
use crate::qa::run::{Finished, Options, World, run as run_suites, selects_any};
use crate::qa::suite::data::DataFile;
use crate::qa::suite::folder::PublishedProject;
use crate::qa::verdict::Verdict;

/// `anslut qa run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// Project files, folders or zips, or names of imported suites
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// Only cases whose name matches; * is any run of characters
    #[arg(long = "case", value_name = "GLOB")]
    pub cases: Vec<String>,
    /// Only cases of themes that begin so, such as TF-1
    #[arg(long = "theme", value_name = "THEME")]
    pub themes: Vec<String>,
    /// The system under test, in the place of webServiceUrl
    #[arg(long, value_name = "URL")]
    pub target: Option<String>,
    /// Customer parameters, in the place of the suite's data.xml; a folder is the data directory, as with --out
    #[arg(long = "data", alias = "parameters", value_name = "FILE|DIR")]
    pub parameters: Option<PathBuf>,
    /// Set a variable of the suite
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = key_and_value)]
    pub sets: Vec<String>,
    /// Scripts that only log their findings fail on them
    #[arg(long)]
    pub strict: bool,
    /// What rule files report is a failure, as what they assert is
    #[arg(long)]
    pub reports_fail: bool,
    /// Platform rules count, instead of being observations
    #[arg(long)]
    pub rules: bool,
    /// Stop at the first case that does not pass
    #[arg(long)]
    pub fail_fast: bool,
    /// A trial: never evidence
    #[arg(long)]
    pub preparatory: bool,
    /// virtual: pauses are shown, not waited for
    #[arg(long, value_name = "CLOCK", default_value = "real", value_parser = ["real", "virtual"])]
    pub clock: String,
    /// What a case that was not executed counts as
    #[arg(long, value_name = "AS", default_value = "error", value_parser = ["error", "skipped"])]
    pub not_run: String,
    /// The platform the target is reached in, for the report
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Write JUnit XML here
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write the report as a page here
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Language of the page
    #[arg(long, default_value = "sv", value_parser = ["sv", "en"])]
    pub lang: String,
    /// Add the cases that are made from the suite's contract
    #[arg(long)]
    pub generated: bool,
    /// Try the suite on producers that are wrong on purpose
    #[arg(long)]
    pub mutants: bool,
    /// Shorten the durations of load, with --mutants also delays and the limits they are judged by
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor)]
    pub scale: f64,
    /// What decides between values that are equally good
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Cases at once, in suites that allow it
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub parallel: usize,
    /// The admin listener of the platform whose calls are waited for
    #[arg(long, value_name = "URL")]
    pub hub: Option<String>,
    /// Its token, where it has one
    #[arg(long, value_name = "TOKEN", requires = "hub")]
    pub hub_token: Option<String>,
    /// Wait so long for each call, instead of as long as the case says
    #[arg(long, value_name = "SECONDS")]
    pub wait: Option<u64>,
    /// Add the run to this connection of a running platform
    #[arg(long, value_name = "ID", conflicts_with_all = ["preparatory", "mutants"])]
    pub connection: Option<String>,
    /// The listener `admin` of that platform; default --hub, else http://127.0.0.1:9090
    #[arg(long, value_name = "URL", requires = "connection")]
    pub url: Option<String>,
    /// Its admin.token; default --hub-token
    #[arg(long, value_name = "TOKEN", requires = "connection")]
    pub token: Option<String>,
    /// Who we are to the target
    #[command(flatten)]
    pub tls: TlsArguments,
    /// The session it is made for, of that data directory
    #[arg(long, value_name = "ID", conflicts_with = "mutants")]
    pub session: Option<String>,
    /// The data directory: the run is kept in it, not in the usual one, and suites that are named are found there
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

impl RunArguments {
    /// The data directory, where `--data` names one: elsewhere it does, and a file of parameters is no folder.
    fn folder(&self) -> Option<&Path> {
        self.parameters.as_deref().filter(|path| path.is_dir())
    }
}

/// Runs the command.
pub fn run(
    arguments: &RunArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let data = match (&arguments.out, arguments.folder()) {
        (Some(_), Some(folder)) => {
            let text = format!("--data {} and --out both name the data directory", folder.display());
            return Err(Failure::usage(text));
        }
        (Some(folder), None) => Ok(folder.clone()),
        (None, Some(folder)) => Ok(folder.to_owned()),
        (None, None) => usual(DEMO, variables),
    };
    let published = super::suites::read(&arguments.paths, data.as_deref().ok())?;
    let projects: Vec<Arc<PublishedProject>> = published.into_iter().flat_map(|one| one.projects).collect();
    if arguments.mutants {
        let carriers = carriers::of(&arguments.tls, variables, terminal)?;
        return super::mutants::run(arguments, &projects, carriers.own, terminal);
    }
    let projects = if arguments.generated { with_generated(&projects)? } else { projects };
    let data = data?;
    if let Some(session) = &arguments.session {
        let register = Register::read(&data.join("qa")).map_err(Failure::environment)?;
        if !register.sessions.contains_key(session) {
            return Err(Failure::usage(format!("there is no session {session} in {}", data.display())));
        }
    }
    let mut options = options(arguments)?;
    if !selects_any(&projects, &options) {
        return Err(Failure::usage("no case matches"));
    }
    let carriers = carriers::of(&arguments.tls, variables, terminal)?;
    options.certificate_sha256.clone_from(&carriers.certificate_sha256);
    let finished = execute(arguments, &projects, options, carriers, terminal)?;
    let suite: Vec<(String, Vec<u8>)> = projects
        .iter()
        .flat_map(|project| project.contents())
        .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
        .collect();
    Archive::in_data(&data).keep(&finished, &suite).map_err(Failure::environment)?;
    reports(arguments, &finished, &data)?;
    summarise(&finished, terminal)?;
    let exit = exit(&finished, arguments.not_run == "skipped");
    if arguments.connection.is_some() {
        let added = connected::add(arguments, &finished, &projects, variables, terminal)?;
        return Ok(if exit == Exit::Done { added } else { exit });
    }
    Ok(exit)
}

/// The suites with the cases that are made from their contracts.
fn with_generated(projects: &[Arc<PublishedProject>]) -> Result<Vec<Arc<PublishedProject>>, Failure> {
    let with = |project: &Arc<PublishedProject>| {
        let mut cases: Vec<_> = project.project.suites.first().map(|suite| suite.cases.clone()).unwrap_or_default();
        cases.extend(generate::cases(project).map_err(|error| Failure::usage(format!("{}: {error}", project.file)))?);
        Ok(Arc::new(project.with_cases(cases)))
    };
    projects.iter().map(with).collect()
}

/// Between nothing and one.
fn factor(text: &str) -> Result<f64, String> {
    let factor: f64 = text.parse().map_err(|_| format!("{text} is not a number"))?;
    if factor > 0.0 && factor <= 1.0 { Ok(factor) } else { Err(format!("{text} is not more than 0 and at most 1")) }
}

fn options(arguments: &RunArguments) -> Result<Options, Failure> {
    let data = match arguments.parameters.as_ref().filter(|path| !path.is_dir()) {
        None => None,
        Some(path) => {
            let text =
                fs::read_to_string(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            let (data, _) =
                DataFile::read(Path::new(path), &text).map_err(|problem| Failure::usage(problem.to_string()))?;
            Some(data)
        }
    };
    let set: BTreeMap<String, String> = arguments
        .sets
        .iter()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Ok(Options {
        cases: arguments.cases.clone(),
        themes: arguments.themes.clone(),
        target: arguments.target.clone(),
        data,
        set,
        strict: arguments.strict,
        reports_fail: arguments.reports_fail,
        rules: arguments.rules,
        fail_fast: arguments.fail_fast,
        // A trial with shortened durations is never evidence.
        preparatory: arguments.preparatory || arguments.scale < 1.0,
        load_scale: arguments.scale,
        wait_seconds: arguments.wait,
        parallel: arguments.parallel,
        virtual_clock: arguments.clock == "virtual",
        environment: arguments.environment.clone(),
        session: arguments.session.clone(),
        not_run_is_skipped: arguments.not_run == "skipped",
        ..Options::default()
    })
}

/// Runs the suites, telling of each case as it ends.
fn execute(
    arguments: &RunArguments,
    projects: &[Arc<PublishedProject>],
    options: Options,
    carriers: Carriers,
    terminal: &mut Terminal<'_>,
) -> Result<Finished, Failure> {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = Arc::clone(&lines);
    let world = World {
        hub: arguments.hub.as_ref().map(|url| Hub::new(url, arguments.hub_token.clone(), Arc::clone(&carriers.own))),
        waits: Waits::default(),
        bare: carriers.bare,
        carrier: carriers.own,
        clock: Clock::System,
        told: Arc::new(move |case| told.lock().unwrap_or_else(PoisonError::into_inner).push(line(case))),
        is_cancelled: Arc::new(|| false),
    };
    let id = run_id(&world.clock);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::environment)?;
    let quiet = terminal.json;
    let (waits, mut told_of) = (world.waits.clone(), 0);
    let mut failed = None;
    let finished = runtime.block_on(async {
        let running = run_suites(&id, projects, &options, &world);
        tokio::pin!(running);
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        loop {
            let done = tokio::select! {
                finished = &mut running => Some(finished),
                _ = tick.tick() => None,
            };
            let news = std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner));
            // Whoever is to call must know that somebody waits, and for what.
            let before = told_of;
            for (number, waiting) in waits.shown().into_iter().filter(|(number, _)| *number > before && !quiet) {
                told_of = number;
                if let Err(error) = terminal.print(&waits_for(&waiting)) {
                    failed.get_or_insert(error);
                }
            }
            for line in news.iter().filter(|_| !quiet) {
                if let Err(error) = terminal.print(line) {
                    failed.get_or_insert(error);
                }
            }
            if let Some(finished) = done {
                return finished;
            }
        }
    });
    match failed {
        Some(error) => Err(error.into()),
        None => Ok(finished),
    }
}

/// Sortable by time, and unlike any other.
fn run_id(clock: &Clock) -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{}-{}", clock.now().strftime("%Y%m%dT%H%M%S"), &random[..8])
}

fn waits_for(waiting: &serde_json::Value) -> String {
    let text = |value: &serde_json::Value| printable(value.as_str().unwrap_or("any"));
    let call = &waiting["call"];
    let optional =
        |name: &str| call[name].as_str().map(|value| format!(", {} {}", name.replace('_', " "), printable(value)));
    let more: String = ["logical_address", "patient"].into_iter().filter_map(optional).collect();
    let ask = waiting["ask"].as_str().map_or_else(String::new, |ask| format!("; {}", printable(ask)));
    format!(
        "waiting  {} / {}  {} s for {} of {} from {}{more}{ask}\n",
        text(&waiting["suite"]),
        text(&waiting["case"]),
        waiting["remaining_seconds"],
        waiting["of"],
        text(&call["contract"]),
        text(&call["sender"]),
    )
}

fn line(case: &CaseResult) -> String {
    let reason = if case.reason.is_empty() { String::new() } else { format!("  {}", printable(&case.reason)) };
    format!(
        "{:<8} {} / {}  {} ms{reason}\n",
        case.verdict.word(),
        printable(&case.suite),
        printable(&case.name),
        case.ms
    )
}

fn reports(arguments: &RunArguments, finished: &Finished, data: &Path) -> Result<(), Failure> {
    // Whatever leaves holds nobody's identity that is not known to be a test identity.
    let known = Known::of_folder(&data.join("qa")).map_err(Failure::environment)?;
    let known = known.and(&finished.document.test_identities);
    let write = |path: &Path, text: String| {
        fs::write(path, redact(text.as_bytes(), &known))
            .map_err(|error| Failure::environment(format!("{}: {error}", path.display())))
    };
    if let Some(path) = &arguments.junit {
        write(path, junit::write(&finished.document, arguments.not_run == "skipped"))?;
    }
    if let Some(path) = &arguments.html {
        let material = page::Material { run: &finished.document, messages: &finished.messages, deviations: &[] };
        write(path, page::write(&material, language(&arguments.lang)))?;
    }
    Ok(())
}

pub(super) fn language(code: &str) -> page::Language {
    if code == "en" { page::Language::English } else { page::Language::Swedish }
}

fn summarise(finished: &Finished, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    let run = &finished.document;
    if terminal.json {
        terminal.print_json(run)?;
        return Ok(());
    }
    let totals = &run.totals;
    for one in &run.not_run {
        terminal.print(&format!(
            "not run: {} ({}): {}\n",
            printable(&one.case),
            printable(&one.place),
            printable(&one.reason)
        ))?;
    }
    terminal.print(&format!(
        "{}: {} of {} passed, {} failed, {} errors, {} not run, {} skipped; run {}\n",
        run.verdict.word(),
        totals.pass,
        totals.cases,
        totals.fail,
        totals.error,
        totals.not_run,
        totals.skip,
        run.id
    ))?;
    Ok(())
}

/// 3 where no request at all reached the target, else by the verdicts.
fn exit(finished: &Finished, not_run_is_skipped: bool) -> Exit {
    let run = &finished.document;
    let calls = || run.cases.iter().flat_map(|case| &case.steps).filter(|step| step.request.is_some());
    if calls().next().is_some() && calls().all(|step| step.response.is_none()) {
        return Exit::Environment;
    }
    let red = |verdict: Verdict| match verdict {
        Verdict::Pass | Verdict::Skip => false,
        Verdict::NotRun => !not_run_is_skipped,
        Verdict::Waiting | Verdict::Error | Verdict::Fail => true,
    };
    if run.cases.iter().any(|case| red(case.verdict)) { Exit::Failed } else { Exit::Done }
}
