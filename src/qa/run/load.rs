//! Load, endurance and recovery (`qa.md` §5.5, TF 6): many callers at once, and what became of their calls.
//!
//! The load is open: each call has the moment it is due at, and its time counts from then, so that a producer that stops
//! answering cannot hide the calls it kept from being made.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::Options;
use super::call::outgoing_bytes;
use super::case::CaseRun;
use super::exchange::{Exchange, Outgoing, send};
use crate::domain::clock::Clock;
use crate::qa::native::written::LoadFile;
use crate::qa::records::Field;
use crate::qa::result::{AssertionResult, StepResult};
use crate::qa::rules::{Asked, Facts, observe};
use crate::qa::suite::project::{Request, Step};
use crate::qa::tree;
use crate::qa::verdict::Verdict;

/// Callers at once, whatever a file asks for.
const CALLERS_MAX: u32 = 200;
/// Shortest pause between two calls of a caller, however much a load is shortened.
const DELAY_MIN: Duration = Duration::from_millis(200);
/// Calls of one case.
const CALLS_MAX: usize = 200_000;
/// Calls whose answers are judged whole; of the rest, patient and validity of the envelope.
const JUDGED_EVERY: usize = 10;
/// Findings that are listed.
const LISTED_MAX: usize = 5;

/// A load with its durations as they are run.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    threads: u32,
    peak: u32,
    delay: Duration,
    duration: Duration,
    p95_ms: u64,
    drift: f64,
}

impl Plan {
    /// The plan of a case, shortened as the run asks.
    pub(super) fn of(file: LoadFile, options: &Options) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "durations of hours are far from what a double cannot hold")]
        let scaled = |ms: u64| Duration::from_secs_f64((ms as f64 / 1_000.0 * options.load_scale).max(0.001));
        Self {
            threads: file.threads.clamp(1, CALLERS_MAX),
            peak: file.peak.max(file.threads).clamp(1, CALLERS_MAX),
            // Shortened load is not more of it at once.
            delay: scaled(file.delay_ms).max(DELAY_MIN.min(Duration::from_millis(file.delay_ms))),
            duration: scaled(file.seconds * 1_000),
            p95_ms: options.limit_ms(file.p95_ms),
            drift: file.drift,
        }
    }

    /// How many callers there are, so far into the load: up to the peak by the middle, and back.
    fn callers(&self, share: f64) -> u32 {
        if self.peak <= self.threads || share >= 0.75 {
            return self.threads;
        }
        let up = (share / 0.5).min(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between threads and peak")]
        let more = (f64::from(self.peak - self.threads) * up) as u32;
        self.threads + more
    }
}

/// One call.
struct Called {
    /// When it was due, since the start.
    due: Duration,
    /// From then to its answer.
    took: Duration,
    /// Which variant of the request.
    variant: usize,
    outcome: Result<Exchange, String>,
}

/// Runs the load and judges it.
pub(super) async fn run(case: &mut CaseRun<'_>, step: &Step, request: &Request, plan: &Plan, result: &mut StepResult) {
    let variants = match variants(case, step, request) {
        Ok(variants) => variants,
        Err(reason) => {
            case.note_not_run(&reason, step.line);
            return (result.verdict, result.reason) = (Verdict::NotRun, reason);
        }
    };
    let calls = called(case, plan, &variants).await;
    result.ms = u64::try_from(plan.duration.as_millis()).unwrap_or(u64::MAX);
    judge(case, request, plan, &variants, &calls, result);
    if let Some(Called { outcome: Ok(exchange), .. }) = calls.first() {
        result.status = Some(exchange.status);
        case.messages.keep(exchange.request.as_bytes(), Some(&exchange.body), result);
    }
    result.verdict = Verdict::of(result.assertions.iter().map(|assertion| assertion.verdict));
}

/// A request that is sent many times.
struct Variant {
    endpoint: String,
    headers: Vec<(String, String)>,
    text: String,
    patient: Option<String>,
}

/// The request for each patient there is: answers that are mixed up show only between different ones.
fn variants(case: &mut CaseRun<'_>, _step: &Step, request: &Request) -> Result<Vec<Variant>, String> {
    let mut variants = Vec::new();
    let own = |case: &CaseRun<'_>, name: &str| case.variables.get(name).cloned().unwrap_or_default();
    let (id, kind) = (own(case, "patientId"), own(case, "patientIdType"));
    let names = ["", "patient.samordningsnummer", "patient.personnummer", "patient.empty"];
    for name in names {
        let other = (own(case, &format!("{name}.id")), own(case, &format!("{name}.type")));
        if !name.is_empty() && (other.0.is_empty() || other.0 == id) {
            continue;
        }
        if !name.is_empty() {
            case.variables.insert("patientId".to_owned(), other.0);
            case.variables.insert("patientIdType".to_owned(), other.1);
        }
        let headers = case.headers_of(request)?;
        let text = case.expand_text(&request.envelope)?;
        let patient = Asked::of(&text).patient;
        variants.push(Variant { endpoint: case.expand_text(&request.endpoint)?, headers, text, patient });
    }
    case.variables.insert("patientId".to_owned(), id);
    case.variables.insert("patientIdType".to_owned(), kind);
    Ok(variants)
}

async fn called(case: &CaseRun<'_>, plan: &Plan, variants: &[Variant]) -> Vec<Called> {
    let carrier = Arc::clone(&case.surroundings.world.carrier);
    let cancelled = Arc::clone(&case.surroundings.world.is_cancelled);
    let began = Clock::instant();
    let mut running: JoinSet<Called> = JoinSet::new();
    let mut calls = Vec::new();
    let mut round = 0_u32;
    let mut count = 0;
    while began.elapsed() < plan.duration && count < CALLS_MAX && !(cancelled)() {
        let due = plan.delay * round;
        let share = due.as_secs_f64() / plan.duration.as_secs_f64();
        let callers = plan.callers(share);
        for _ in 0..callers {
            // The callers of a round call at once: what that does to a producer is what is looked for.
            let at = due;
            let variant = count % variants.len();
            let Variant { endpoint, headers, text, .. } = &variants[variant];
            let (endpoint, headers, text) = (endpoint.clone(), headers.clone(), text.clone());
            let carrier = Arc::clone(&carrier);
            running.spawn(async move {
                let wait = at.saturating_sub(began.elapsed());
                if wait > Duration::ZERO {
                    tokio::time::sleep(wait).await;
                }
                let body = outgoing_bytes(&text, "UTF-8");
                let outgoing = Outgoing { method: "POST", endpoint: &endpoint, headers, text: &text, body };
                let outcome = send(&carrier, outgoing).await;
                Called { due: at, took: began.elapsed().saturating_sub(at), variant, outcome }
            });
            count += 1;
        }
        round += 1;
        let next = plan.delay * round;
        while let Some(wait) = next.checked_sub(began.elapsed()) {
            tokio::select! {
                Some(Ok(call)) = running.join_next(), if !running.is_empty() => calls.push(call),
                () = tokio::time::sleep(wait) => break,
            }
        }
    }
    while let Some(call) = running.join_next().await {
        calls.extend(call.ok());
    }
    calls.sort_by_key(|call| call.due);
    calls
}

fn judge(
    case: &CaseRun<'_>,
    request: &Request,
    plan: &Plan,
    variants: &[Variant],
    calls: &[Called],
    result: &mut StepResult,
) {
    let has_peak = plan.peak > plan.threads;
    // At the peak errors are allowed, and for a while after it.
    let settled = plan.duration.mul_f64(0.9);
    let counted: Vec<&Called> = calls.iter().filter(|call| !has_peak || call.due >= settled).collect();
    let mut add = |name: &str, rule: Option<&str>, messages: Vec<String>| {
        let verdict = if messages.is_empty() { Verdict::Pass } else { Verdict::Fail };
        result.assertions.push(AssertionResult {
            name: name.to_owned(),
            type_name: "load".to_owned(),
            rule: rule.map(str::to_owned),
            verdict,
            messages: messages.into_iter().take(LISTED_MAX).collect(),
            ..AssertionResult::default()
        });
    };
    let failed = counted.iter().filter_map(|call| match &call.outcome {
        Err(reason) => Some(reason.clone()),
        Ok(exchange) if exchange.status != 200 => Some(format!("status {}", exchange.status)),
        Ok(_) => None,
    });
    let mut failures: BTreeMap<String, usize> = BTreeMap::new();
    failed.for_each(|reason| *failures.entry(reason).or_default() += 1);
    let shown = failures.iter().map(|(reason, n)| format!("{n} of {} calls: {reason}", counted.len())).collect();
    add("errors", None, shown);
    let mut took: Vec<u64> = counted.iter().map(|call| ms(call.took)).collect();
    took.sort_unstable();
    let p95 = took.get((took.len() * 95).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0);
    let slow = (p95 > plan.p95_ms || took.is_empty())
        .then(|| format!("95 % of {} calls were answered within {p95} ms, limit {} ms", took.len(), plan.p95_ms));
    add("p95", None, slow.into_iter().collect());
    let slowest = counted.iter().filter(|call| ms(call.took) > plan.p95_ms).count();
    let late = (slowest > 0).then(|| format!("{slowest} of {} calls took more than {} ms", counted.len(), plan.p95_ms));
    add("time", Some("RT-09"), late.into_iter().filter(|_| !has_peak).collect());
    if plan.drift > 0.0 {
        add("drift", None, drift(calls, plan.drift).into_iter().collect());
    }
    for (rule, messages) in judged(case, request, variants, &counted) {
        add(&rule, Some(&rule), messages);
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How much slower calls are at some moments on a busy machine, in milliseconds.
const UNSTEADY_MS: f64 = 2.0;

/// Whether the last tenth is so much slower than the first, and by more than a busy machine differs.
fn drift(calls: &[Called], limit: f64) -> Option<String> {
    let tenth = calls.len() / 10;
    if tenth == 0 {
        return None;
    }
    let middle = |part: &[Called]| {
        let mut took: Vec<Duration> = part.iter().map(|call| call.took).collect();
        took.sort_unstable();
        took[took.len() / 2].as_secs_f64() * 1_000.0
    };
    let (first, last) = (middle(&calls[..tenth]), middle(&calls[calls.len() - tenth..]));
    (last > first * limit + UNSTEADY_MS).then(|| format!("the last tenth took {last:.1} ms, the first {first:.1} ms"))
}

/// What the answers break: other patients than were asked for in all of them, all rules in some.
fn judged(
    case: &CaseRun<'_>,
    request: &Request,
    variants: &[Variant],
    calls: &[&Called],
) -> BTreeMap<String, Vec<String>> {
    let project = case.surroundings.project;
    let schemas = project.schemas(&request.interface);
    let layout = &project.project.layout;
    let now = &case.surroundings.now;
    // A rule that was not broken is listed too: it was looked for.
    let mut found: BTreeMap<String, Vec<String>> =
        ["RT-03", "RT-07", "RT-18"].into_iter().map(|rule| (rule.to_owned(), Vec::new())).collect();
    for (number, call) in calls.iter().enumerate() {
        let Ok(exchange) = &call.outcome else { continue };
        if exchange.status != 200 {
            continue;
        }
        let text = exchange.text();
        let patient = variants[call.variant].patient.as_deref();
        let foreign = tree::parse(&text).ok().and_then(|document| {
            let records = layout.records(&document, now);
            records
                .iter()
                .filter_map(|record| record.text(Field::Patient))
                .find(|found| Some(found.as_str()) != patient)
        });
        if foreign.is_some() {
            let mixed = format!("call {number} got records of a patient that another call asked for");
            found.entry("RT-18".to_owned()).or_default().push(mixed);
        }
        if number % JUDGED_EVERY != 0 && foreign.is_none() {
            continue;
        }
        let facts = Facts {
            exchange,
            schemas: schemas.as_ref().map(|schemas| (schemas, request.operation.as_str())),
            layout,
            sla_ms: u64::MAX,
            now,
            personal: &[],
        };
        for broken in observe(&facts) {
            found.entry(broken.rule).or_default().push(broken.text);
        }
    }
    found
}
