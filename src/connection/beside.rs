//! Guidance: what is judged beside the steps.

use super::book::Book;
use super::file::{Arguments, ConnectionFile};
use super::next::{Guidance, guidance, offered};
use super::platforms::PlatformRole;
use super::refusal::Refusal;
use super::state::{Event, State};
use super::steps::Wanted;

impl Book {
    /// Guidance: what may be done next, and what each step still needs.
    pub fn next(&self, id: &str) -> Result<(State, Vec<Guidance>), Refusal> {
        let offered_now = offered(self.kept().connection(id)?.progress.state);
        let seen = self.look(id, &offered_now, None)?;
        let kept = self.kept();
        let file = kept.connection(id)?;
        let state = file.progress.state;
        let mut told = Vec::new();
        for event in offered(state) {
            let wanted = Wanted { event, actor: None, at: None, arguments: Arguments::default() };
            // What a step would be given is not known yet: the first test platform stands for the one to be assigned.
            let wanted = Wanted { arguments: self.supposed(file, event), ..wanted };
            let mut taken = self.filled_in(&wanted, seen.clone());
            // Time does not run backwards: where the last step lies ahead, the next one is judged then.
            taken.at = file.last_at().filter(|last| taken.at.is_before(*last)).unwrap_or(taken.at);
            let (failed, _) = self.judged(&kept, id, &taken)?;
            told.push(guidance(event, failed));
        }
        Ok((state, told))
    }

    /// What a step would be given, as far as that can be said beforehand.
    pub(super) fn supposed(&self, file: &ConnectionFile, event: Event) -> Arguments {
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
