//! What a suite notices of the mutants, and whether it leaves a well-behaved producer alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::source::{About, Source};
use super::table::{MUTANTS, Mutant, Wrong};
use super::{Dataset, Producer};
use crate::domain::clock::{Clock, stockholm};
use crate::qa::consumer::hub::Hub;
use crate::qa::generate::{self, shape::ShapeError};
use crate::qa::index::ask;
use crate::qa::native::parameters::Parameters;
use crate::qa::native::written::CaseKind;
use crate::qa::result::{CaseResult, RunDocument};
use crate::qa::run::{Options, World, run};
use crate::qa::suite::folder::PublishedProject;
use crate::qa::suite::project::Case;
use crate::qa::verdict::Verdict;
use crate::soap::responder::{Responder, SharedResponder};

/// Mutants that are tried at the same time.
const AT_ONCE: usize = 3;
/// Endurance is shortened by this more than other load: half an hour is long, and what it looks for shows sooner here.
const ENDURANCE: f64 = 0.1;
/// The theme of endurance.
const ENDURANCE_THEME: &str = "TF 6.1.2";
/// A request of fifty megabytes is made once, not eighty times.
const HUGE: &str = "GEN-N-huge";

/// Who listens for producers.
pub trait Host: Send + Sync {
    /// Starts to listen; the answer is the URL.
    fn start(&self, responder: SharedResponder) -> Pin<Box<dyn Future<Output = io::Result<String>> + Send + '_>>;
    /// Who carries calls there.
    fn carrier(&self) -> Arc<dyn Responder>;
}

/// How mutants are tried.
#[derive(Clone, Debug)]
pub struct Settings {
    /// By how much delays and limits are shortened.
    pub scale: f64,
    /// What the records are made from.
    pub seed: u64,
    /// Whether cases are made from the contract beside those of the suite.
    pub generated: bool,
    /// Only these mutants; empty is all.
    pub only: Vec<String>,
    /// Whether load is tried too.
    pub load: bool,
}

/// Why nothing was tried.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// The contract does not allow it.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// No records can be made.
    #[error("no records can be made: {0}")]
    Records(#[from] crate::contracts::sample::SampleError),
    /// A producer cannot listen.
    #[error("a producer cannot listen")]
    Listen(#[from] io::Error),
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Score {
    /// The producer that does everything right.
    pub golden: Golden,
    /// All mutants, in their order.
    pub mutants: Vec<Tried>,
    /// Counts.
    pub totals: ScoreTotals,
}

/// What was found at the well-behaved producer.
#[derive(Clone, Debug, Serialize)]
pub struct Golden {
    /// Must be none.
    pub findings: Vec<Found>,
    /// Cases that passed.
    pub passed: usize,
    /// Cases that were left out.
    pub skipped: usize,
}

/// A finding that should not be.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// The case.
    pub case: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Rules and themes.
    pub by: Vec<String>,
    /// Why.
    pub text: String,
}

/// One mutant.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    /// `MP-01`
    pub id: &'static str,
    /// What it does.
    pub title: &'static str,
    /// Whether the contract gives it an opportunity.
    pub applicable: bool,
    /// `caught` by what should, `other` by something else, `missed`; none where it is not applicable.
    pub outcome: Option<&'static str>,
    /// Rules and themes that noticed.
    pub by: Vec<String>,
    /// Those one of which should.
    pub expected: &'static [&'static str],
    /// The first thing that was said.
    pub said: String,
}

/// Counts of mutants.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ScoreTotals {
    /// Those with an opportunity.
    pub applicable: usize,
    /// Noticed by what should.
    pub caught: usize,
    /// Noticed by something else.
    pub other: usize,
    /// Not noticed.
    pub missed: usize,
    /// Caught of the applicable, cut to three digits.
    pub score: f64,
}

/// What all trials share.
#[derive(Clone)]
struct Bench {
    suite: Arc<PublishedProject>,
    data: Arc<Dataset>,
    parameters: Parameters,
    host: Arc<dyn Host>,
    clock: Clock,
    scale: f64,
}

/// Tries the suite on a well-behaved producer, and on each mutant.
pub async fn score(
    project: &Arc<PublishedProject>,
    settings: &Settings,
    host: Arc<dyn Host>,
    clock: &Clock,
) -> Result<Score, ScoreError> {
    let data = Arc::new(dataset(project, settings, clock)?);
    let mut cases: Vec<Case> = project.project.suites.iter().flat_map(|suite| suite.cases.clone()).collect();
    if settings.generated {
        cases.extend(generate::cases(project)?);
    }
    if !settings.load {
        cases.retain(|case| kind(case) != CaseKind::Load);
    }
    let parameters = parameters(&data);
    let suite = Arc::new(project.with_cases(cases));
    let bench = Bench { suite, data, parameters, host, clock: clock.clone(), scale: settings.scale };
    let is_chosen = |mutant: &&Mutant| {
        settings.only.is_empty() || settings.only.iter().any(|only| mutant.id.eq_ignore_ascii_case(only))
    };
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    // The producer that does nothing wrong is tried first and alone: what is slow there would be our own doing.
    let golden = bench.tried(Wrong::Nothing, |case| kind(case) != CaseKind::Load, false).await?;
    let mut found = golden.cases;
    for theme in bench.load_themes() {
        found.extend(bench.tried(Wrong::Nothing, |case| has_theme(case, &theme), false).await?.cases);
    }
    found.extend(bench.told(Wrong::Nothing).await?.unwrap_or_default());
    let mut running = JoinSet::new();
    for (number, mutant) in MUTANTS.iter().enumerate().filter(|(_, mutant)| is_chosen(mutant)) {
        let (bench, turns) = (bench.clone(), Arc::clone(&turns));
        running.spawn(async move {
            let _turn = turns.acquire().await;
            (number, bench.mutant(mutant).await)
        });
    }
    let mut mutants = Vec::new();
    for (number, tried) in running.join_all().await {
        mutants.push((number, tried?));
    }
    mutants.sort_by_key(|(number, _)| *number);
    let mutants: Vec<Tried> = mutants.into_iter().map(|(_, tried)| tried).collect();
    let totals = totals(&mutants);
    Ok(Score { golden: summary(&found), mutants, totals })
}

/// The records that producers of a suite's contract hold.
pub fn dataset(project: &PublishedProject, settings: &Settings, clock: &Clock) -> Result<Dataset, ScoreError> {
    let shape = generate::shape_of(project)?;
    let native = project.project.native.as_ref();
    let known: BTreeMap<String, String> = native.map(|native| native.parameters.common.clone()).unwrap_or_default();
    let now = clock.now().to_zoned(stockholm());
    Ok(Dataset::new(shape, Arc::clone(&project.project.layout), &known, settings.seed, now)?)
}

/// What the customer would have said, for a run. The patient is the lightest: cases ask for others.
fn parameters(data: &Dataset) -> Parameters {
    let is_patient = |name: &str| name.starts_with("patientId");
    let (aliases, common) = data.parameters.clone().into_iter().partition(|(name, _)| is_patient(name));
    Parameters { aliases, common, ..Parameters::default() }
}

impl Bench {
    /// Runs the cases that are wanted against a producer.
    async fn tried(&self, wrong: Wrong, wanted: impl Fn(&Case) -> bool, fail_fast: bool) -> io::Result<RunDocument> {
        let cases: Vec<Case> = self
            .suite
            .project
            .suites
            .iter()
            .flat_map(|suite| &suite.cases)
            .filter(|case| wanted(case))
            .cloned()
            .collect();
        let is_endurance = cases.iter().all(|case| has_theme(case, ENDURANCE_THEME));
        let scale = if is_endurance { self.scale * ENDURANCE } else { self.scale };
        let producer = Arc::new(Producer::new(Arc::clone(&self.data), wrong, scale));
        let url = self.host.start(producer).await?;
        let options = Options {
            target: Some(url),
            parameters: Some(self.parameters.clone()),
            preparatory: true,
            virtual_clock: true,
            fail_fast,
            load_scale: scale,
            limit_scale: self.scale,
            ..Options::default()
        };
        let world = World::new(self.host.carrier(), self.clock.clone());
        let projects = [Arc::new(self.suite.with_cases(cases))];
        Ok(run("mutants", &projects, &options, &world).await.document)
    }

    fn load_themes(&self) -> BTreeSet<String> {
        let cases = self.suite.project.suites.iter().flat_map(|suite| &suite.cases);
        cases.filter(|case| kind(case) == CaseKind::Load).flat_map(themes).collect()
    }

    async fn mutant(&self, mutant: &'static Mutant) -> io::Result<Tried> {
        let Mutant { id, title, expected, wrong } = *mutant;
        let idle =
            || Tried { id, title, applicable: false, outcome: None, by: Vec::new(), expected, said: String::new() };
        if wrong.is_of_index() {
            let cases = self.told(wrong).await?;
            return Ok(cases.map_or_else(idle, |cases| judged(mutant, &cases)));
        }
        if !Producer::is_applicable(&self.data, wrong) {
            return Ok(idle());
        }
        // A producer that is slow at everything is noticed by the first case; the rest would only be waited for.
        let is_functional = |case: &Case| kind(case) != CaseKind::Load && case.name != HUGE;
        let functional = self.tried(wrong, is_functional, wrong == Wrong::Slow).await?;
        let mut cases = functional.cases;
        for theme in self.load_themes() {
            if mutant.is_expected(&theme) {
                cases.extend(self.tried(wrong, |case| has_theme(case, &theme), false).await?.cases);
            }
        }
        Ok(judged(mutant, &cases))
    }

    /// Runs the cases of the index against a source system that tells it so; nothing where the contract has no records
    /// with moments that an index could be told of.
    async fn told(&self, wrong: Wrong) -> io::Result<Option<Vec<CaseResult>>> {
        let get = |name: &str| self.data.parameters.get(name).cloned().filter(|text| !text.is_empty());
        let contract = Arc::clone(&self.data.shape.contract);
        let (Some(patient), Some(removed), Some(address)) =
            (get("patientId"), get("patient.empty.id"), get("logicalAddress"))
        else {
            return Ok(None);
        };
        let Ok(template) = ask::template(&contract) else { return Ok(None) };
        let (carrier, now) = (self.host.carrier(), self.clock.now());
        let url = self.host.start(Arc::new(Producer::new(Arc::clone(&self.data), Wrong::Nothing, self.scale))).await?;
        let producer = ask::ProducerOf {
            logical_address: address.clone(),
            url: url.clone(),
            original_consumer: get("httpHeaderHsaId"),
        };
        let zoned = now.to_zoned(stockholm());
        let asked = |who: String| {
            let (template, producer, contract, carrier, zoned) = (&template, &producer, &contract, &carrier, &zoned);
            async move { ask::answered(template, &who, producer, contract, carrier, zoned).await }
        };
        let (own, others) = (asked(patient.clone()).await, asked(removed.clone()).await);
        let (ask::Answered::Records(own), ask::Answered::Records(others)) = (own, others) else { return Ok(None) };
        let Some(newest) = ask::newest(&own).filter(|_| others.is_empty()) else { return Ok(None) };
        let system = get("sourceSystemHSAId").unwrap_or_else(|| address.clone());
        let (service_domain, categorization) = ("riv:qa".to_owned(), "qa".to_owned());
        let about = About {
            system: system.clone(),
            address,
            patient,
            removed: removed.clone(),
            newest,
            service_domain: service_domain.clone(),
            categorization: categorization.clone(),
            began: now,
        };
        let index = self.host.start(Arc::new(Source::new(about, wrong))).await?;
        let mut parameters = self.parameters.clone();
        parameters.common.extend(
            [
                ("index.sender", system),
                ("index.url", index.clone()),
                ("index.serviceDomain", service_domain),
                ("index.categorization", categorization),
                ("index.removedPatientId", removed),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let options = Options {
            target: Some(url),
            parameters: Some(parameters),
            preparatory: true,
            wait_seconds: Some(1),
            ..Options::default()
        };
        let hub = Hub::new(&index, None, Arc::clone(&carrier));
        let world = World { hub: Some(hub), ..World::new(carrier, self.clock.clone()) };
        // What moved, and a first load, cannot be told from the rest by one wrong system more.
        let mut cases = generate::index_cases(&self.suite).map_err(io::Error::other)?;
        cases.retain(|case| !["EI-moved", "EI-initial-load"].contains(&case.name.as_str()));
        let projects = [Arc::new(self.suite.with_cases(cases))];
        Ok(Some(run("mutants", &projects, &options, &world).await.document.cases))
    }
}

/// What came of a mutant.
fn judged(mutant: &'static Mutant, cases: &[CaseResult]) -> Tried {
    let red: Vec<&CaseResult> = cases.iter().filter(|case| is_red(case)).collect();
    let by: BTreeSet<String> = red.iter().flat_map(|case| noticed(case)).collect();
    let outcome = match (by.is_empty(), by.iter().any(|by| mutant.is_expected(by))) {
        (true, _) => "missed",
        (_, true) => "caught",
        (false, false) => "other",
    };
    let said = red.first().map(|case| format!("{}: {}", case.name, case.reason)).unwrap_or_default();
    let Mutant { id, title, expected, .. } = *mutant;
    Tried { id, title, applicable: true, outcome: Some(outcome), by: by.into_iter().collect(), expected, said }
}

fn kind(case: &Case) -> CaseKind {
    case.native.as_ref().map(|native| native.kind).unwrap_or_default()
}

fn themes(case: &Case) -> Vec<String> {
    case.native.as_ref().map(|native| native.themes.clone()).unwrap_or_default()
}

fn has_theme(case: &Case, theme: &str) -> bool {
    themes(case).iter().any(|own| own == theme)
}

fn is_red(case: &CaseResult) -> bool {
    matches!(case.verdict, Verdict::Fail | Verdict::Error)
}

/// Rules that were broken, and the themes of a case in which something else was.
fn noticed(case: &CaseResult) -> Vec<String> {
    let failed = case.steps.iter().flat_map(|step| &step.assertions);
    let failed: Vec<_> = failed.filter(|one| matches!(one.verdict, Verdict::Fail | Verdict::Error)).collect();
    let mut by: Vec<String> = failed.iter().filter_map(|one| one.rule.clone()).collect();
    by.extend(failed.iter().filter(|one| one.type_name == "schematron").map(|_| "Schematron".to_owned()));
    by.extend(case.themes.clone());
    by
}

fn summary(cases: &[CaseResult]) -> Golden {
    let findings = cases
        .iter()
        .filter(|case| is_red(case) || case.verdict == Verdict::NotRun && !case.reason.starts_with("parameter "));
    Golden {
        findings: findings
            .map(|case| Found {
                case: case.name.clone(),
                verdict: case.verdict,
                by: noticed(case),
                text: case.reason.clone(),
            })
            .collect(),
        passed: cases.iter().filter(|case| case.verdict == Verdict::Pass).count(),
        skipped: cases.iter().filter(|case| matches!(case.verdict, Verdict::Skip | Verdict::NotRun)).count(),
    }
}

fn totals(mutants: &[Tried]) -> ScoreTotals {
    let count = |outcome: &str| mutants.iter().filter(|tried| tried.outcome == Some(outcome)).count();
    let mut totals = ScoreTotals {
        applicable: mutants.iter().filter(|tried| tried.applicable).count(),
        caught: count("caught"),
        other: count("other"),
        missed: count("missed"),
        score: 0.0,
    };
    #[expect(clippy::cast_precision_loss, reason = "there are eighty")]
    if totals.applicable > 0 {
        totals.score = (totals.caught as f64 / totals.applicable as f64 * 1000.0).floor() / 1000.0;
    }
    totals
}
