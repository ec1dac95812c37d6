//! Runs that go on beside: queued, running, finished; cancelled when somebody wants that.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokio::sync::Notify;

use super::{Desk, RUNS_WAITING_MAX};
use crate::qa::evidence;
use crate::qa::generate;
use crate::qa::result::{CaseResult, RunDocument};
use crate::qa::run::{Options, World, run, selects_any};
use crate::qa::suite::folder::PublishedProject;

/// What is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Id or name of a suite.
    pub suite: String,
    /// Patterns of names.
    #[serde(default)]
    pub cases: Vec<String>,
    /// Beginnings of themes.
    #[serde(default)]
    pub themes: Vec<String>,
    /// Where calls go.
    #[serde(default)]
    pub target: Option<String>,
    /// Variables.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
    /// The session it is made for.
    #[serde(default)]
    pub session: Option<String>,
    /// A trial.
    #[serde(default)]
    pub preparatory: bool,
    /// With the cases that are made from the contract.
    #[serde(default)]
    pub generated: bool,
    /// The platform the target is reached in.
    #[serde(default)]
    pub environment: Option<String>,
    /// Parameters that do not apply to the system, each with the reason: cases that need them are skipped.
    #[serde(default)]
    pub not_applicable: BTreeMap<String, String>,
    /// Platform rules count.
    #[serde(default)]
    pub rules: bool,
    /// What rule files report is a failure.
    #[serde(default)]
    pub reports_fail: bool,
    /// How long cases wait for calls, where not as long as they say.
    #[serde(default)]
    pub wait_seconds: Option<u64>,
}

/// Orders that are remembered, for cases that are armed again.
const ORDERS_MAX: usize = 1_000;

/// A run on its way.
#[derive(Debug, Default)]
pub struct Going {
    stage: AtomicU8,
    cancelled: AtomicBool,
    /// Cases as they end.
    pub done: Mutex<Vec<CaseResult>>,
    /// The end.
    pub document: Mutex<Option<RunDocument>>,
    /// Told of every case, and of the end.
    pub news: Notify,
}

impl Going {
    /// `queued`, `running` or `finished`.
    pub fn state(&self) -> &'static str {
        match self.stage.load(Ordering::Acquire) {
            0 => "queued",
            1 => "running",
            _ => "finished",
        }
    }

    /// Wants it to end.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    /// The cases that have ended so far.
    pub fn so_far(&self) -> Vec<CaseResult> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Why a run is not started.
#[derive(Debug, PartialEq, Eq)]
pub enum NotStarted {
    /// No suite of this name.
    Unknown(String),
    /// The order asks for nothing that is there.
    Nothing(String),
    /// Too many wait already.
    Full,
}

impl Desk {
    /// Starts a run beside; the answer is its id.
    pub fn start(self: &Arc<Self>, order: Order) -> Result<String, NotStarted> {
        let published = self.suite(&order.suite).ok_or_else(|| NotStarted::Unknown(order.suite.clone()))?;
        let mut projects = published.projects.clone();
        if order.generated {
            projects = projects.iter().map(with_generated).collect::<Result<_, _>>().map_err(NotStarted::Nothing)?;
        }
        let options = Options {
            cases: order.cases.clone(),
            themes: order.themes.clone(),
            target: order.target.clone(),
            set: order.data.clone(),
            not_applicable: order.not_applicable.clone(),
            rules: order.rules,
            reports_fail: order.reports_fail,
            preparatory: order.preparatory,
            environment: order.environment.clone(),
            session: order.session.clone(),
            wait_seconds: order.wait_seconds,
            ..Options::default()
        };
        if !selects_any(&projects, &options) {
            return Err(NotStarted::Nothing("no case matches".to_owned()));
        }
        let id = self.new_id();
        let going = Arc::new(Going::default());
        {
            let mut state = self.state();
            let waiting = state.runs.values().filter(|run| run.state() == "queued").count();
            if waiting >= RUNS_WAITING_MAX {
                return Err(NotStarted::Full);
            }
            // Finished ones are in the archive.
            state.runs.retain(|_, run| run.state() != "finished");
            state.runs.insert(id.clone(), Arc::clone(&going));
            // An id begins with the moment it was given: the oldest go first.
            state.orders.insert(id.clone(), order.clone());
            while state.orders.len() > ORDERS_MAX {
                state.orders.pop_first();
            }
        }
        let desk = Arc::clone(self);
        let own = id.clone();
        tokio::spawn(async move { desk.carry_out(&own, &going, &projects, options, order.session).await });
        Ok(id)
    }

    /// Arms a case again that nobody called in time: the same order, with that case alone. The answer is the new run's id;
    /// nothing where there is no such case, or its order is no longer known.
    pub fn arm_again(self: &Arc<Self>, number: u64) -> Option<Result<String, NotStarted>> {
        let (run, case) = self.waits.take_expired(number)?;
        let order = self.state().orders.get(&run).cloned()?;
        Some(self.start(Order { cases: vec![case], themes: Vec::new(), ..order }))
    }

    fn new_id(&self) -> String {
        let random = uuid::Uuid::new_v4().simple().to_string();
        format!("{}-{}", self.clock.now().strftime("%Y%m%dT%H%M%S"), &random[..8])
    }

    async fn carry_out(
        self: Arc<Self>,
        id: &str,
        going: &Arc<Going>,
        projects: &[Arc<PublishedProject>],
        options: Options,
        session: Option<String>,
    ) {
        let _turn = self.turns.acquire().await;
        going.stage.store(1, Ordering::Release);
        let (told, asked) = (Arc::clone(going), Arc::clone(going));
        let world = World {
            told: Arc::new(move |case| {
                told.done.lock().unwrap_or_else(PoisonError::into_inner).push(case.clone());
                told.news.notify_waiters();
            }),
            is_cancelled: Arc::new(move || asked.cancelled.load(Ordering::Acquire)),
            hub: self.hub.clone(),
            waits: self.waits.of_run(id),
            ..World::new(self.host.carrier(), self.clock.clone())
        };
        let finished = run(id, projects, &options, &world).await;
        let suite: Vec<(String, Vec<u8>)> = projects
            .iter()
            .flat_map(|project| project.contents())
            .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
            .collect();
        if let Err(error) = self.archive.keep(&finished, &suite) {
            tracing::error!(%error, run = id, "a run cannot be kept");
        }
        let mut made_for = None;
        if let Some(session) = session {
            let added = self.change(|register| {
                let session = register.sessions.get_mut(&session);
                Ok::<_, std::io::Error>(session.map(|session| {
                    session.runs.push(id.to_owned());
                    session.clone()
                }))
            });
            match added {
                Ok(session) => made_for = session,
                Err(error) => tracing::error!(%error, run = id, "a run cannot be added to its session"),
            }
        }
        if let Some(follower) = self.follower.clone() {
            let shown = evidence::of(&finished, projects);
            if let Err(error) = tokio::task::spawn_blocking(move || follower(shown, made_for)).await {
                tracing::error!(%error, run = id, "whoever follows the runs did not take this one");
            }
        }
        *going.document.lock().unwrap_or_else(PoisonError::into_inner) = Some(finished.document);
        going.stage.store(2, Ordering::Release);
        going.news.notify_waiters();
    }
}

/// A suite with the cases that are made from its contract.
pub fn with_generated(project: &Arc<PublishedProject>) -> Result<Arc<PublishedProject>, String> {
    let mut cases: Vec<_> = project.project.suites.first().map(|suite| suite.cases.clone()).unwrap_or_default();
    cases.extend(generate::cases(project).map_err(|error| error.to_string())?);
    Ok(Arc::new(project.with_cases(cases)))
}
