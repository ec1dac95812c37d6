//! Runs of test cases that are handed in, and guidance: what is judged beside the steps.

use super::book::{Book, ENTRIES_MAX, new_id};
use super::document::Run;
use super::dossier::Dossier;
use super::file::{Arguments, ConnectionFile};
use super::gates;
use super::holdings::Change;
use super::moment::Moment;
use super::next::{Guidance, guidance, offered};
use super::platforms::PlatformRole;
use super::refusal::{Refusal, Refused};
use super::state::{Event, State};
use super::steps::Wanted;

impl Book {
    /// Hands in a run of test cases.
    pub fn add_run(&self, id: &str, run: Run) -> Result<Run, Refusal> {
        let mut kept = self.kept();
        let file = kept.connection(id)?;
        let count = file.runs.len();
        if count >= ENTRIES_MAX {
            return Err(Refusal::Full { what: "runs", count, count_max: ENTRIES_MAX });
        }
        let now = self.clock.now();
        let run_id = new_id("run", &run.id, |id| file.runs.iter().any(|run| run.id == id), count)?;
        let run = Run { id: run_id, at: Some(run.at.unwrap_or(now)), ..run };
        // The run is judged as if it were handed in, alone: what was handed in before has been judged.
        let alone = ConnectionFile { runs: vec![run.clone()], ..file.clone() };
        let arguments = Arguments::default();
        let dossier = Dossier {
            holdings: &kept.holdings,
            services: &self.services,
            platforms: &*self.platforms,
            terms: &self.terms,
            file: &alone,
            party: kept.party(&file.document.party)?,
            event: Event::StartTests,
            arguments: &arguments,
            day: Moment::Instant(now).day(),
            now,
            incident: None,
        };
        let (failed, _) = gates::judge(&dossier, &[39, 43], false);
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

    /// Guidance: what may be done next, and what each step still needs.
    pub fn next(&self, id: &str) -> Result<(State, Vec<Guidance>), Refusal> {
        let kept = self.kept();
        let file = kept.connection(id)?;
        let state = file.progress.state;
        let mut told = Vec::new();
        for event in offered(state) {
            let wanted = Wanted { event, actor: None, at: None, arguments: Arguments::default() };
            // What a step would be given is not known yet: the first test platform stands for the one to be assigned.
            let wanted = Wanted { arguments: self.supposed(file, event), ..wanted };
            let mut taken = self.filled_in(&wanted);
            // Time does not run backwards: where the last step lies ahead, the next one is judged then.
            taken.at = file.last_at().filter(|last| taken.at.is_before(*last)).unwrap_or(taken.at);
            let (failed, _) = self.judged(&kept, id, &taken)?;
            told.push(guidance(event, failed));
        }
        Ok((state, told))
    }

    fn supposed(&self, file: &ConnectionFile, event: Event) -> Arguments {
        let qa = self.platforms.all().into_iter();
        let mut qa = qa.filter(|platform| platform.role == PlatformRole::Qa);
        let env = file.progress.assigned_env.clone().or_else(|| qa.next().map(|platform| platform.name));
        Arguments {
            env: env.filter(|_| event == Event::AssignTestEnv),
            notice: (event == Event::Change).then(|| "…".to_owned()),
            ..Arguments::default()
        }
    }
}
