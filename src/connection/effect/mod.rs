//! What a step does to a platform's catalogue. It is written down before it is done: where the process ends between the
//! catalogue and the log, what was begun is found at the next start, and brought to an end or taken back.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::connection::book::{Book, Kept};
use crate::connection::file::{Arguments, ConnectionFile};
use crate::connection::gates::{self, Failed, Verdict};
use crate::connection::holdings::Change;
use crate::connection::moment::Moment;
use crate::connection::platforms::{PlatformError, Rows};
use crate::connection::refusal::Refusal;
use crate::connection::residue::{others_rows, own_rows};
use crate::connection::seen::Seen;
use crate::connection::state::Event;
use crate::connection::steps::{Taken, Wanted};

/// A step that has begun to change a catalogue. The step itself, taken or refused, does away with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Begun {
    /// Which.
    pub event: Event,
    /// Who takes it.
    pub actor: String,
    /// When it is said to have happened.
    pub at: Moment,
    /// When the platform was told.
    pub recorded_at: Timestamp,
    /// With what.
    pub arguments: Arguments,
    /// Gates that failed and refused nothing.
    pub warnings: Vec<Failed>,
    /// The platform whose catalogue it changes.
    pub env: String,
    /// Rows that it adds there.
    pub adds: Rows,
}

impl Book {
    /// The platform that a step changes, if any.
    fn changed(&self, file: &ConnectionFile, taken: &Taken<'_>) -> Option<String> {
        let arguments = &taken.wanted.arguments;
        match taken.wanted.event {
            Event::AssignTestEnv => arguments.env.clone(),
            Event::AcceptChange if arguments.requalify == Some(true) => file.progress.assigned_env.clone(),
            Event::Publish | Event::AcceptChange => self.production(),
            _ => None,
        }
    }

    /// Does what a step does to a platform. What the catalogue refuses is returned as the gate that it fails.
    pub(super) fn effect(
        &self,
        kept: &mut Kept,
        id: &str,
        taken: &Taken<'_>,
        warnings: &[Failed],
    ) -> Result<Option<Failed>, Refusal> {
        let file = kept.connection(id)?;
        let Some(env) = self.changed(file, taken) else { return Ok(None) };
        let wanted = ordered(file, &env);
        if wanted.is_empty() && own_rows(&kept.holdings, file, &env).is_empty() {
            return Ok(None);
        }
        let adds = wanted.clone().without(&self.platforms.stands(&env, &wanted, taken.now));
        let begun = Begun {
            event: taken.wanted.event,
            actor: taken.actor.clone(),
            at: taken.at,
            recorded_at: taken.now,
            arguments: taken.wanted.arguments.clone(),
            warnings: warnings.to_vec(),
            env: env.clone(),
            adds,
        };
        kept.commit(taken.now, vec![Change::Begun(id.to_owned(), Box::new(begun))])?;
        match self.bring(kept, kept.connection(id)?, &env, taken) {
            Ok(()) => Ok(None),
            Err(PlatformError::Refused(texts)) => {
                self.take_back(kept, kept.connection(id)?)?;
                Ok(not_published(texts))
            }
            Err(PlatformError::Failed(text)) => Err(Refusal::Platform(text)),
        }
    }

    /// Makes a platform's catalogue say what the connection's lines say: new rows in, rows that are ordered no more out.
    fn bring(&self, kept: &Kept, file: &ConnectionFile, env: &str, taken: &Taken<'_>) -> Result<(), PlatformError> {
        let wanted = ordered(file, env);
        let gone = own_rows(&kept.holdings, file, env).without(&wanted);
        if !wanted.is_empty() {
            // Not later than today: what is published holds at once, whatever day the step is said to be of.
            let from = taken.at.day().min(Moment::Instant(taken.now).day());
            self.platforms.publish(env, &wanted, from, false)?;
            let standing = self.platforms.stands(env, &wanted, taken.now);
            let missing = wanted.clone().without(&standing);
            if !missing.is_empty() {
                let routes = missing.routes.iter().map(|route| format!("{} {}", route.contract, route.address));
                let permissions = missing.permissions.iter();
                let permissions = permissions.map(|row| format!("{} {} {}", row.consumer, row.contract, row.address));
                return Err(PlatformError::Refused(routes.chain(permissions).collect()));
            }
        }
        if !gone.is_empty() {
            self.platforms.remove(env, &gone)?;
        }
        Ok(())
    }

    /// Takes out of the catalogue what a step that has begun added there and nobody else lives on.
    fn take_back(&self, kept: &Kept, file: &ConnectionFile) -> Result<(), Refusal> {
        let Some(Begun { env, adds, .. }) = &file.begun else { return Ok(()) };
        let published = Rows::of(file.progress.published.get(env).into_iter().flatten());
        let rows = adds.clone().without(&published).without(&others_rows(&kept.holdings, file, env));
        if rows.is_empty() {
            return Ok(());
        }
        match self.platforms.remove(env, &rows) {
            Ok(_) => Ok(()),
            Err(error) => Err(Refusal::Platform(error.to_string())),
        }
    }

    /// Brings what was begun to an end: taken, where the catalogue has what the step was to publish, else taken back and
    /// written down as refused.
    pub(super) fn settle(&self, kept: &mut Kept, id: &str) -> Result<(), Refusal> {
        let file = kept.connection(id)?;
        let Some(begun) = file.begun.clone() else { return Ok(()) };
        let Begun { event, actor, at, recorded_at, arguments, warnings, env, .. } = begun;
        let wanted = Wanted { event, actor: Some(actor), at: Some(at), arguments };
        let mut taken = self.filled_in(&wanted, Seen::default());
        let rows = ordered(file, &env);
        let missing = rows.clone().without(&self.platforms.stands(&env, &rows, taken.now));
        if missing.is_empty() {
            self.bring(kept, file, &env, &taken).map_err(|error| Refusal::Platform(error.to_string()))?;
            taken.now = recorded_at;
            let changes = self.changes(kept, id, &taken, warnings)?;
            return kept.commit(self.clock.now(), changes);
        }
        self.take_back(kept, file)?;
        taken.now = recorded_at;
        let failed = not_published(vec!["broken off before it was published".to_owned()]);
        self.refuse(kept, id, &taken, (failed.into_iter().collect(), warnings), false).map(drop)
    }

    /// Brings everything to an end that had begun when the process ended. To be called once the catalogues are open.
    pub fn recover(&self) {
        let mut kept = self.kept();
        let begun = kept.holdings.connections.values().filter(|file| file.begun.is_some());
        let ids: Vec<String> = begun.map(|file| file.document.id.clone()).collect();
        for id in ids {
            match self.settle(&mut kept, &id) {
                Ok(()) => tracing::info!(connection = id, "a step that was broken off was brought to an end"),
                // It is tried again with the connection's next step.
                Err(refusal) => tracing::error!(connection = id, %refusal, "a step that was broken off is still open"),
            }
        }
    }
}

/// What a connection's lines come to on a platform.
fn ordered(file: &ConnectionFile, env: &str) -> Rows {
    Rows::of(file.document.lines_of(env).collect::<Vec<_>>().into_iter())
}

/// The catalogue's own words, as the gate that they fail.
fn not_published(texts: Vec<String>) -> Option<Failed> {
    let gate = gates::gate(53)?;
    match gates::complete(texts) {
        Verdict::Fails(fault) => Some(gate.complaint(&fault, true)),
        Verdict::Holds | Verdict::Open => None,
    }
}
