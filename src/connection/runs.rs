//! Runs of test cases (`connection-api.md` §5): handed in for a connection, or made by the platform itself and taken by every
//! connection they are about.

use std::collections::BTreeSet;

use super::book::{Book, ENTRIES_MAX, Kept, new_id};
use super::document::{Line, Role, Run};
use super::dossier::Dossier;
use super::file::{Arguments, ConnectionFile};
use super::gates;
use super::holdings::Change;
use super::moment::Moment;
use super::refusal::{Refusal, Refused};
use super::seen::Seen;
use super::state::{Event, State};

/// What is known of the system that a run was made against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tested {
    /// The logical addresses that were asked.
    pub addresses: BTreeSet<String>,
    /// Whose session of quality assurance it was made in.
    pub session: Option<Session>,
}

/// A session of quality assurance, as far as it tells of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Whose system it is.
    pub party: String,
    /// The system's HSA-id.
    pub system: Option<String>,
    /// The service it is for.
    pub service: Option<String>,
}

impl Tested {
    /// Whether it is the system of a line: by the session, by where a producer was called, or by the address it was asked at.
    fn is(&self, file: &ConnectionFile, line: &Line, run: &Run) -> bool {
        let document = &file.document;
        if let Some(session) = &self.session {
            let is_or_unsaid = |said: &Option<String>, own: &str| said.as_deref().is_none_or(|said| said == own);
            return session.party == document.party
                && is_or_unsaid(&session.service, &document.service)
                && is_or_unsaid(&session.system, &document.component);
        }
        let is_asked = |line: &Line| {
            let own = line.logical_address.as_deref();
            own.is_some_and(|own| self.addresses.iter().any(|address| address.eq_ignore_ascii_case(own)))
        };
        line.role == Some(Role::Producer) && (is_called(line, run) || (run.env.is_some() && is_asked(line)))
    }
}

/// Whether a run called the very place that a producer's line names.
fn is_called(line: &Line, run: &Run) -> bool {
    let place = |url: &Option<String>| url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
    place(&line.url).is_some_and(|own| place(&run.target).is_some_and(|target| target == own))
}

/// Lines for the assigned environment that a run is about.
fn lines<'f>(file: &'f ConnectionFile, run: &'f Run) -> impl Iterator<Item = &'f Line> {
    let assigned = file.progress.assigned_env.as_deref().unwrap_or_default();
    let of_contract = |line: &&Line| line.contract.as_ref() == Some(&run.contract) && line.role == Some(run.role);
    file.document.lines_of(assigned).filter(of_contract)
}

impl Book {
    /// Hands in a run of test cases.
    pub fn add_run(&self, id: &str, run: Run) -> Result<Run, Refusal> {
        self.hand_in(&mut self.kept(), id, run)
    }

    /// Has every connection take a run that is about it: of its contract in its role, made of its system in the environment
    /// that it is tested in, while it is in quality assurance. Which connections those are, and what came of it.
    pub fn take_run(&self, run: &Run, tested: &Tested) -> Vec<(String, Result<Run, Refusal>)> {
        let mut kept = self.kept();
        let is_in_quality_assurance =
            |file: &&ConnectionFile| matches!(file.progress.state, State::QaConnected | State::QaTesting);
        let is_its = |file: &&ConnectionFile| {
            let elsewhere = run.env.is_some() && run.env != file.progress.assigned_env;
            !elsewhere && lines(file, run).any(|line| tested.is(file, line, run))
        };
        let files = kept.holdings.connections.values().filter(is_in_quality_assurance).filter(is_its);
        let ids: Vec<String> = files.map(|file| file.document.id.clone()).collect();
        let mut taken = Vec::new();
        for id in ids {
            let mut run = run.clone();
            if tested.session.is_some() && run.env.is_none() {
                // A session of a connection's own is about the environment that the connection is tested in.
                run.env = kept.connection(&id).ok().and_then(|file| file.progress.assigned_env.clone());
            }
            let outcome = self.hand_in(&mut kept, &id, run);
            taken.push((id, outcome));
        }
        taken
    }

    fn hand_in(&self, kept: &mut Kept, id: &str, run: Run) -> Result<Run, Refusal> {
        let file = kept.connection(id)?;
        for (what, count) in [("runs", file.runs.len()), ("cases", run.cases.len().max(run.planned.len()))] {
            if count >= ENTRIES_MAX {
                return Err(Refusal::Full { what, count, count_max: ENTRIES_MAX });
            }
        }
        let now = self.clock.now();
        let run = Run { id: run_id(file, &run)?, at: Some(run.at.unwrap_or(now)), ..filled_in(kept, file, run) };
        let failed = self.judge_run(kept, file, &run)?;
        if !failed.is_empty() {
            let state = file.progress.state;
            return Err(Refusal::Gates(Box::new(Refused {
                event: "run".to_owned(),
                state: state.name().to_owned(),
                allowed: state.allowed().into_iter().map(|event| event.name().to_owned()).collect(),
                failed,
                warnings: Vec::new(),
                illegal: false,
            })));
        }
        kept.commit(now, vec![Change::Run(id.to_owned(), run.clone())])?;
        Ok(run)
    }

    /// A run is judged as if it were handed in alone: what was handed in before has been judged.
    fn judge_run(&self, kept: &Kept, file: &ConnectionFile, run: &Run) -> Result<Vec<gates::Failed>, Refusal> {
        let alone = ConnectionFile { runs: vec![run.clone()], ..file.clone() };
        let now = self.clock.now();
        let dossier = Dossier {
            holdings: &kept.holdings,
            services: &self.services,
            platforms: &*self.platforms,
            terms: &self.terms,
            file: &alone,
            party: kept.party(&file.document.party)?,
            event: Event::StartTests,
            arguments: &Arguments::default(),
            day: Moment::Instant(now).day(),
            now,
            seen: &Seen::default(),
            incident: None,
        };
        Ok(gates::judge(&dossier, &[39, 43], false).0)
    }
}

/// The id of a run: the client's, that of the run of `anslut qa` that it was made of, or the next of ours.
fn run_id(file: &ConnectionFile, run: &Run) -> Result<String, Refusal> {
    let is_taken = |id: &str| file.runs.iter().any(|run| run.id == id);
    let Some(made_of) = run.qa_run.as_ref().filter(|_| run.id.is_empty()) else {
        return new_id("run", &run.id, is_taken, file.runs.len());
    };
    let is_same = |other: &Run| {
        let is_of_it = other.qa_run.as_ref() == Some(made_of);
        is_of_it && other.contract == run.contract && other.role == run.role && other.cases == run.cases
    };
    if file.runs.iter().any(is_same) {
        return Err(Refusal::Taken { what: "run", id: made_of.clone() });
    }
    let own = made_of.to_ascii_lowercase();
    match is_taken(&own) {
        // One run may be of several contracts.
        true => new_id("run", &format!("{own}.{}", file.runs.len() + 1), is_taken, file.runs.len()),
        false => new_id("run", &own, is_taken, file.runs.len()),
    }
}

/// A run with what the connection knows of it: the version of its system as it is registered, and the environment where the
/// place that was called is a line's of the environment that was assigned.
fn filled_in(kept: &Kept, file: &ConnectionFile, run: Run) -> Run {
    let env = run.env.clone().or_else(|| {
        let is_there = lines(file, &run).any(|line| is_called(line, &run));
        file.progress.assigned_env.clone().filter(|_| is_there)
    });
    let version = run.version.clone().or_else(|| {
        let document = &file.document;
        let mut components = kept.holdings.components_of(&document.party).iter();
        components.find(|component| component.hsa_id.eq_ignore_ascii_case(&document.component))?.version.clone()
    });
    Run { env, version, ..run }
}
