//! Taking a step (`connection-api.md` §5): look at the platforms (`seen.rs`), judge the gates, do what the step does to
//! platforms (`effect.rs`), write down what it changes (`advance.rs`).

use jiff::Timestamp;
use serde::Serialize;

use super::advance::entry;
use super::book::{Book, ENTRIES_MAX, Kept};
use super::document::Decision;
use super::dossier::Dossier;
use super::file::{Arguments, ConnectionFile};
use super::gates::{self, Failed};
use super::holdings::Change;
use super::moment::Moment;
use super::party::INERA;
use super::refusal::{Refusal, Refused};
use super::seen::Seen;
use super::state::{Event, Side};
use super::view::View;

/// A step that is to be taken.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which.
    pub event: Event,
    /// Who takes it; whose step it is, where nobody is named.
    pub actor: Option<String>,
    /// When; now, where nothing is said.
    pub at: Option<Moment>,
    /// With what.
    pub arguments: Arguments,
}

/// What gates say of a step that is not taken.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Judged {
    /// The step.
    pub event: Event,
    /// Gates that would refuse it.
    pub failed: Vec<Failed>,
    /// Gates that fail and would refuse nothing.
    pub warnings: Vec<Failed>,
}

/// A step with everything that has a default filled in.
pub(super) struct Taken<'w> {
    pub(super) wanted: &'w Wanted,
    pub(super) actor: String,
    pub(super) at: Moment,
    by_inera: bool,
    pub(super) now: Timestamp,
    pub(super) seen: Seen,
}

impl Book {
    /// What gates would say of a step, in any state. Nothing changes.
    pub fn judge(&self, id: &str, wanted: &Wanted) -> Result<Judged, Refusal> {
        let taken = self.filled_in(wanted, self.look(id, &[wanted.event], wanted.at)?);
        let (failed, warnings) = self.judged(&self.kept(), id, &taken)?;
        Ok(Judged { event: wanted.event, failed, warnings })
    }

    /// Takes a step, or writes down that it was refused.
    pub fn step(&self, id: &str, wanted: &Wanted) -> Result<View, Refusal> {
        if wanted.event == Event::Removal {
            self.remove(id, wanted)?;
            return self.connection(id, None);
        }
        let taken = self.filled_in(wanted, self.look(id, &[wanted.event], wanted.at)?);
        let mut kept = self.kept();
        self.take(&mut kept, id, &taken)?;
        self.shown(&kept, id)
    }

    pub(super) fn filled_in<'w>(&self, wanted: &'w Wanted, seen: Seen) -> Taken<'w> {
        let now = self.clock.now();
        let side = wanted.event.row().side;
        let actor = wanted.actor.clone().unwrap_or_else(|| side.name().to_owned());
        let by_inera = side == Side::Inera || actor == INERA;
        Taken { wanted, actor, at: wanted.at.unwrap_or(Moment::Instant(now)), by_inera, now, seen }
    }

    pub(super) fn judged(
        &self,
        kept: &Kept,
        id: &str,
        taken: &Taken<'_>,
    ) -> Result<(Vec<Failed>, Vec<Failed>), Refusal> {
        self.with_dossier(kept, id, taken, |dossier| {
            let row = taken.wanted.event.row();
            let (failed, mut warnings) = gates::judge(dossier, row.gates, taken.by_inera);
            warnings.extend(gates::watch(dossier, row.watched));
            (failed, warnings)
        })
    }

    pub(super) fn with_dossier<T>(
        &self,
        kept: &Kept,
        id: &str,
        taken: &Taken<'_>,
        look: impl FnOnce(&Dossier<'_>) -> T,
    ) -> Result<T, Refusal> {
        let file = kept.connection(id)?;
        let dossier = Dossier {
            holdings: &kept.holdings,
            services: &self.services,
            platforms: &*self.platforms,
            terms: &self.terms,
            file,
            party: kept.party(&file.document.party)?,
            event: taken.wanted.event,
            arguments: &taken.wanted.arguments,
            day: taken.at.day(),
            now: taken.now,
            seen: &taken.seen,
            incident: None,
        };
        Ok(look(&dossier))
    }

    fn take(&self, kept: &mut Kept, id: &str, taken: &Taken<'_>) -> Result<(), Refusal> {
        // An earlier step may have been broken off while a catalogue was changed.
        self.settle(kept, id)?;
        let (file, wanted) = (kept.connection(id)?, taken.wanted);
        check_order(file, taken.at)?;
        check_arguments(wanted)?;
        let (mut failed, warnings) = self.judged(kept, id, taken)?;
        let illegal = !wanted.event.is_allowed(kept.connection(id)?.progress.state);
        if !illegal && failed.is_empty() {
            failed.extend(self.effect(kept, id, taken, &warnings)?);
        }
        if illegal || !failed.is_empty() {
            return Err(self.refuse(kept, id, taken, (failed, warnings), illegal)?);
        }
        let changes = self.changes(kept, id, taken, warnings)?;
        kept.commit(taken.now, changes)
    }

    /// Writes down that a step was refused.
    pub(super) fn refuse(
        &self,
        kept: &mut Kept,
        id: &str,
        taken: &Taken<'_>,
        (failed, warnings): (Vec<Failed>, Vec<Failed>),
        illegal: bool,
    ) -> Result<Refusal, Refusal> {
        let file = kept.connection(id)?;
        let state = file.progress.state;
        let mut entry = entry(file, taken, state, warnings.clone());
        entry.refused = true;
        entry.failed.clone_from(&failed);
        let step = Change::Step(id.to_owned(), Box::new(entry), Box::new(file.progress.clone()));
        kept.commit(taken.now, vec![step])?;
        Ok(Refusal::Gates(Box::new(Refused {
            event: taken.wanted.event.name().to_owned(),
            state: state.name().to_owned(),
            allowed: state.allowed().into_iter().map(|event| event.name().to_owned()).collect(),
            failed,
            warnings,
            illegal,
        })))
    }
}

/// Time does not run backwards, and a log does not grow without end.
pub(super) fn check_order(file: &ConnectionFile, at: Moment) -> Result<(), Refusal> {
    if let Some(last) = file.last_at().filter(|last| at.is_before(*last)) {
        return Err(Refusal::Earlier { at, last });
    }
    match file.entries.len() {
        count if count >= ENTRIES_MAX => Err(Refusal::Full { what: "steps", count, count_max: ENTRIES_MAX }),
        _ => Ok(()),
    }
}

fn check_arguments(wanted: &Wanted) -> Result<(), Refusal> {
    let Arguments { decision, due, .. } = &wanted.arguments;
    if wanted.event == Event::Review {
        let decisions = "GODKAND, GODKAND_AVVIKELSER, GODKAND_FORBEHALL or UNDERKAND";
        let decision = decision.ok_or_else(|| Refusal::field("decision", "missing", decisions))?;
        if decision == Decision::GodkandForbehall && due.is_none() {
            return Err(Refusal::field("due", "missing", "the day by which the reservation is to be met"));
        }
    }
    Ok(())
}
