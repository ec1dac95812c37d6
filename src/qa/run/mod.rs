//! A run: chosen cases, executed in order against a system (`qa.md` §2).

mod auditing;
mod call;
mod case;
pub mod exchange;
mod judge;
mod load;
pub mod messages;
mod native;
mod scopes;
#[cfg(test)]
mod tests;
mod transfer;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::Poll;

use jiff::{Timestamp, Zoned};

use super::consumer::hub::Hub;
use super::consumer::waits::Waits;
use super::native::parameters::Parameters;
use super::result::{CaseResult, NotRun, RunDocument, SCHEMA, SuiteReference, Target, Totals};
use super::suite::data::DataFile;
use super::suite::expansion::{Notice, Properties};
use super::suite::folder::PublishedProject;
use super::suite::project::Case;
use super::verdict::Verdict;
use crate::domain::clock::{Clock, stockholm};
use crate::soap::responder::Responder;
use messages::Messages;

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only cases whose name matches one of these patterns, `*` being any run of characters; empty is all.
    pub cases: Vec<String>,
    /// Only cases of themes beginning so; empty is all.
    pub themes: Vec<String>,
    /// Overrides `webServiceUrl`.
    pub target: Option<String>,
    /// In the place of the suite's own data file.
    pub data: Option<DataFile>,
    /// Values that override data: variables, and the `Global`, `System` and `Env` scopes.
    pub set: BTreeMap<String, String>,
    /// Scripts that cannot fail turn their findings into failures.
    pub strict: bool,
    /// What rule files report is a failure, as what they assert is; else it is a notice.
    pub reports_fail: bool,
    /// Platform rules count, instead of being observations.
    pub rules: bool,
    /// The first case that does not pass ends the run.
    pub fail_fast: bool,
    /// A trial, never evidence.
    pub preparatory: bool,
    /// Pauses are shown, not waited for.
    pub virtual_clock: bool,
    /// Name of the platform the target is reached in.
    pub environment: Option<String>,
    /// The session it is made for.
    pub session: Option<String>,
    /// Cases not executed are listed, without making the run red.
    pub not_run_is_skipped: bool,
    /// Customer parameters of native suites, in the place of their own.
    pub parameters: Option<Parameters>,
    /// Parameters that do not apply to the system, each with the reason, beside those the suite says so of.
    pub not_applicable: BTreeMap<String, String>,
    /// How long cases wait for calls, where not as long as they say.
    pub wait_seconds: Option<u64>,
    /// Fingerprint of the client certificate that calls are made with.
    pub certificate_sha256: Option<String>,
    /// Cases at once, in suites that allow it.
    pub parallel: usize,
    /// By how much the durations of load are shortened: 1 is not at all.
    pub load_scale: f64,
    /// By how much limits on answers are shortened, with a producer whose delays are: 1 is not at all.
    pub limit_scale: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cases: Vec::new(),
            themes: Vec::new(),
            target: None,
            data: None,
            set: BTreeMap::new(),
            strict: false,
            reports_fail: false,
            rules: false,
            fail_fast: false,
            preparatory: false,
            virtual_clock: false,
            environment: None,
            session: None,
            not_run_is_skipped: false,
            parameters: None,
            not_applicable: BTreeMap::new(),
            wait_seconds: None,
            parallel: 4,
            certificate_sha256: None,
            load_scale: 1.0,
            limit_scale: 1.0,
        }
    }
}

impl Options {
    /// A limit of native cases as this run has it.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "limits are seconds, written in milliseconds"
    )]
    pub fn limit_ms(&self, limit: u64) -> u64 {
        ((limit as f64) * self.limit_scale).ceil() as u64
    }
}

/// What is needed from outside.
#[derive(Clone)]
pub struct World {
    /// Carries requests to where their URL says.
    pub carrier: Arc<dyn Responder>,
    /// The same without our client certificate, where we have one.
    pub bare: Option<Arc<dyn Responder>>,
    /// The hub whose calls are waited for.
    pub hub: Option<Hub>,
    /// Who waits for them.
    pub waits: Waits,
    /// Civil time.
    pub clock: Clock,
    /// Told of each case as it ends.
    pub told: Arc<dyn Fn(&CaseResult) + Send + Sync>,
    /// Whether somebody wants the run to end.
    pub is_cancelled: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl World {
    /// A world that nobody watches and nobody ends.
    pub fn new(carrier: Arc<dyn Responder>, clock: Clock) -> Self {
        Self {
            carrier,
            bare: None,
            hub: None,
            waits: Waits::default(),
            clock,
            told: Arc::new(|_| {}),
            is_cancelled: Arc::new(|| false),
        }
    }
}

/// A finished run, and the messages it exchanged by file name.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The document.
    pub document: RunDocument,
    /// Requests and answers as they were on the wire.
    pub messages: BTreeMap<String, Vec<u8>>,
    /// Identities in messages that are not kept whole.
    pub unkept_identities: BTreeSet<String>,
}

/// Properties of project, suites and cases: they live for the whole run, and cases may depend on what earlier ones left.
#[derive(Clone, Debug, Default)]
struct Remembered {
    project: Properties,
    suites: BTreeMap<String, Properties>,
    cases: BTreeMap<(String, String), Properties>,
}

/// Runs projects, one after the other.
pub async fn run(id: &str, projects: &[Arc<PublishedProject>], options: &Options, world: &World) -> Finished {
    let started = world.clock.now();
    let platform = match &world.hub {
        Some(hub) => Some(hub.seen(options.environment.as_deref(), &contracts(projects)).await),
        None => None,
    };
    let mut messages = Messages::default();
    let mut results: Vec<CaseResult> = Vec::new();
    let mut not_run: Vec<NotRun> = Vec::new();
    let mut idioms: BTreeMap<String, usize> = BTreeMap::new();
    'projects: for project in projects {
        let mut remembered = Remembered {
            project: project.project.properties.clone(),
            suites: project.project.suites.iter().map(|suite| (suite.name.clone(), suite.properties.clone())).collect(),
            cases: BTreeMap::new(),
        };
        let mut unselected: Vec<String> = Vec::new();
        for suite in &project.project.suites {
            let mut chosen: Vec<Chosen<'_>> = Vec::new();
            for case in &suite.cases {
                let themes = super::themes::of(&case.name, project, case);
                if is_selected(&case.name, &themes, options) {
                    chosen.push(Chosen { case, themes, is_after_unselected: !unselected.is_empty() });
                } else {
                    unselected.push(case.name.clone());
                }
            }
            // Cases of a suite that allows it run side by side; they are reported in the order they stand.
            let at_once = if suite.parallel { options.parallel.max(1) } else { 1 };
            for some in chosen.chunks(at_once) {
                let surroundings = case::Surroundings { project, suite, options, world, now: now(&world.clock) };
                let parts =
                    side_by_side(some.iter().map(|chosen| part(&surroundings, chosen, remembered.clone())).collect());
                for (chosen, mut part) in some.iter().zip(parts.await) {
                    remembered.learn(part.remembered);
                    messages.absorb(part.messages, &mut part.result);
                    not_run.extend(part.not_run);
                    for (idiom, count) in part.idioms {
                        *idioms.entry(idiom).or_default() += count;
                    }
                    let mut result = part.result;
                    result.themes.clone_from(&chosen.themes);
                    let is_unresolved = result.notices.iter().any(|notice| notice.code == "unresolved-property");
                    if chosen.is_after_unselected && is_unresolved {
                        result.notices.push(Notice::new(
                            "unselected-cases",
                            "cases before this one were not selected; a property may come from one of them",
                        ));
                    }
                    (world.told)(&result);
                    let is_red = matches!(result.verdict, Verdict::Fail | Verdict::Error | Verdict::NotRun);
                    results.push(result);
                    if options.fail_fast && is_red {
                        break 'projects;
                    }
                }
            }
        }
    }
    let document = RunDocument {
        schema: SCHEMA.to_owned(),
        id: id.to_owned(),
        verdict: Verdict::of(results.iter().map(|case| case.verdict)),
        started,
        finished: world.clock.now(),
        preparatory: options.preparatory,
        session: options.session.clone(),
        suite: projects.iter().map(|project| reference(project)).collect(),
        target: Target {
            url: options.target.clone(),
            environment: options.environment.clone(),
            certificate_sha256: options.certificate_sha256.clone(),
        },
        platform,
        test_identities: test_identities(projects, options),
        totals: Totals::of(&results),
        cases: results,
        idioms,
        not_run,
        program: format!("anslut {}", env!("CARGO_PKG_VERSION")),
    };
    let (messages, unkept_identities) = messages.into_files();
    Finished { document, messages, unkept_identities }
}

/// A case that is run.
struct Chosen<'c> {
    case: &'c Case,
    themes: Vec<String>,
    is_after_unselected: bool,
}

/// What one case leaves.
struct Part {
    result: CaseResult,
    remembered: Remembered,
    messages: Messages,
    idioms: BTreeMap<String, usize>,
    not_run: Vec<NotRun>,
}

async fn part(surroundings: &case::Surroundings<'_>, chosen: &Chosen<'_>, mut remembered: Remembered) -> Part {
    let (mut messages, mut idioms, mut not_run) = (Messages::default(), BTreeMap::new(), Vec::new());
    let result = if (surroundings.world.is_cancelled)() {
        case::cancelled(surroundings.suite, chosen.case)
    } else {
        case::run(surroundings, chosen.case, &mut remembered, &mut messages, &mut idioms, &mut not_run).await
    };
    Part { result, remembered, messages, idioms, not_run }
}

/// Waits for all of them; they go on by turns.
async fn side_by_side<T, F: Future<Output = T>>(futures: Vec<F>) -> Vec<T> {
    let mut going: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = going.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        let mut is_pending = false;
        for (future, slot) in going.iter_mut().zip(&mut done).filter(|(_, slot)| slot.is_none()) {
            match future.as_mut().poll(context) {
                Poll::Ready(value) => *slot = Some(value),
                Poll::Pending => is_pending = true,
            }
        }
        if is_pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    done.into_iter().flatten().collect()
}

impl Remembered {
    /// Takes over what a case has set.
    fn learn(&mut self, case: Self) {
        self.project.extend(case.project);
        for (suite, properties) in case.suites {
            self.suites.entry(suite).or_default().extend(properties);
        }
        self.cases.extend(case.cases);
    }
}

/// Whether any case of the projects is chosen.
pub fn selects_any(projects: &[Arc<PublishedProject>], options: &Options) -> bool {
    projects.iter().any(|project| {
        let cases = project.project.suites.iter().flat_map(|suite| &suite.cases);
        cases.into_iter().any(|case| is_selected(&case.name, &super::themes::of(&case.name, project, case), options))
    })
}

fn is_selected(name: &str, themes: &[String], options: &Options) -> bool {
    let by_name = options.cases.is_empty() || options.cases.iter().any(|pattern| glob(pattern, name));
    let wanted = |theme: &String| options.themes.iter().any(|wanted| plain(theme).starts_with(&plain(wanted)));
    by_name && (options.themes.is_empty() || themes.iter().any(wanted))
}

/// `TF-1.2` and `TF 1.2` are the same theme.
fn plain(theme: &str) -> String {
    theme.chars().filter(|c| !matches!(c, ' ' | '-')).flat_map(char::to_lowercase).collect()
}

/// `*` is any run of characters; all else stands for itself.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = pattern.contains('*').then(|| parts.next_back()).flatten() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

/// Identities that the parameters in force declare to be test identities.
fn test_identities(projects: &[Arc<PublishedProject>], options: &Options) -> Vec<String> {
    let own = projects.iter().filter_map(|project| project.project.native.as_ref()).map(|native| &native.parameters);
    let all: BTreeSet<&String> = match &options.parameters {
        Some(parameters) => parameters.test_identities.iter().collect(),
        None => own.flat_map(|parameters| &parameters.test_identities).collect(),
    };
    all.into_iter().cloned().collect()
}

/// The contracts of all projects, each once.
fn contracts(projects: &[Arc<PublishedProject>]) -> Vec<String> {
    let all: BTreeSet<&String> = projects.iter().filter_map(|project| project.contract.as_ref()).collect();
    all.into_iter().cloned().collect()
}

fn reference(project: &PublishedProject) -> SuiteReference {
    SuiteReference {
        name: project.name().to_owned(),
        contract: project.contract.clone(),
        contract_version: project.contract_version(),
        files: project.files.clone(),
    }
}

fn now(clock: &Clock) -> Zoned {
    zoned(clock.now())
}

fn zoned(at: Timestamp) -> Zoned {
    at.to_zoned(stockholm())
}
