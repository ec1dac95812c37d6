//! Taking a step (`connection-api.md` §5): judge the gates, do what the step does to platforms, write it down.
//!
//! What is published before the log is written is published again when the step is repeated after a crash in between:
//! orders may be carried out any number of times.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use super::book::{Book, ENTRIES_MAX, Kept, new_id};
use super::document::{Decision, Declaration, Document, Invoice};
use super::dossier::Dossier;
use super::file::{Arguments, ConnectionFile, Entry, Progress};
use super::gates::{self, Failed, Verdict};
use super::holdings::Change;
use super::moment::Moment;
use super::order::OrderType;
use super::papers::{check_same_id, new_order};
use super::party::INERA;
use super::platforms::{PlatformError, Rows};
use super::refusal::{Refusal, Refused};
use super::residue::{own_rows, shares_component};
use super::state::{Event, Side, State, reviewed};
use super::view::{self, View};

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
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Judged {
    /// The step.
    pub event: Event,
    /// Gates that would refuse it.
    pub failed: Vec<Failed>,
    /// Gates that fail and would refuse nothing.
    pub warnings: Vec<Failed>,
}

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Removed {
    /// Routes.
    pub routes: usize,
    /// Permissions.
    pub permissions: usize,
    /// Rows of the index.
    pub engagements: u64,
}

impl Kept {
    /// A connection that must be there.
    pub(super) fn connection(&self, id: &str) -> Result<&ConnectionFile, Refusal> {
        let known = self.holdings.connections.get(id);
        known.ok_or_else(|| Refusal::Unknown { what: "connection", id: id.to_owned() })
    }
}

/// A step with everything that has a default filled in.
pub(super) struct Taken<'w> {
    wanted: &'w Wanted,
    actor: String,
    pub(super) at: Moment,
    by_inera: bool,
    now: Timestamp,
}

impl Book {
    /// Takes in a connection.
    pub fn add_connection(&self, document: Document) -> Result<View, Refusal> {
        let mut kept = self.kept();
        kept.check_room()?;
        kept.named_party("party", &document.party)?;
        let connections = &kept.holdings.connections;
        let id = new_id("connection", &document.id, |id| connections.contains_key(id), connections.len())?;
        let document = Document { id: id.clone(), ..document };
        kept.commit(self.clock.now(), vec![Change::Document(Box::new(document))])?;
        self.shown(&kept, &id)
    }

    /// Says something else of a connection.
    pub fn change_connection(
        &self,
        id: &str,
        change: impl FnOnce(&Document) -> Result<Document, Refusal>,
    ) -> Result<View, Refusal> {
        let mut kept = self.kept();
        let document = change(&kept.connection(id)?.document)?;
        check_same_id(id, &document.id)?;
        kept.named_party("party", &document.party)?;
        kept.commit(self.clock.now(), vec![Change::Document(Box::new(document))])?;
        self.shown(&kept, id)
    }

    /// Replaces the self-declaration.
    pub fn put_declaration(&self, id: &str, declaration: Declaration) -> Result<view::Declared, Refusal> {
        self.change_connection(id, |document| Ok(Document { declaration: Some(declaration), ..document.clone() }))?;
        Ok(view::declared(self.kept().connection(id)?))
    }

    /// Adds an invoice.
    pub fn add_invoice(&self, id: &str, invoice: Invoice) -> Result<(), Refusal> {
        let add = |document: &Document| {
            let mut document = document.clone();
            if document.invoices.len() >= ENTRIES_MAX {
                let count = document.invoices.len();
                return Err(Refusal::Full { what: "invoices", count, count_max: ENTRIES_MAX });
            }
            document.invoices.push(invoice);
            Ok(document)
        };
        self.change_connection(id, add).map(drop)
    }

    /// How a connection stands.
    pub fn connection(&self, id: &str, day: Option<Date>) -> Result<View, Refusal> {
        let kept = self.kept();
        match day {
            None => self.shown(&kept, id),
            Some(day) => Ok(view::at(&kept.holdings, &self.services, kept.connection(id)?, day)),
        }
    }

    fn shown(&self, kept: &Kept, id: &str) -> Result<View, Refusal> {
        Ok(view::now(&kept.holdings, &self.services, kept.connection(id)?))
    }

    /// What gates would say of a step, in any state. Nothing changes.
    pub fn judge(&self, id: &str, wanted: &Wanted) -> Result<Judged, Refusal> {
        let kept = self.kept();
        let taken = self.filled_in(wanted);
        let (failed, warnings) = self.judged(&kept, id, &taken)?;
        Ok(Judged { event: wanted.event, failed, warnings })
    }

    /// Takes a step, or writes down that it was refused.
    pub fn step(&self, id: &str, wanted: &Wanted) -> Result<View, Refusal> {
        let mut kept = self.kept();
        if wanted.event == Event::Removal {
            self.removal(&mut kept, id, wanted)?;
        } else {
            self.take(&mut kept, id, wanted)?;
        }
        self.shown(&kept, id)
    }

    /// Takes what a connection owns out of catalogues and index: Inera's part of a decommissioning.
    pub fn remove(&self, id: &str, wanted: &Wanted) -> Result<Removed, Refusal> {
        self.removal(&mut self.kept(), id, wanted)
    }

    pub(super) fn filled_in<'w>(&self, wanted: &'w Wanted) -> Taken<'w> {
        let now = self.clock.now();
        let side = wanted.event.row().side;
        let actor = wanted.actor.clone().unwrap_or_else(|| side.name().to_owned());
        let by_inera = side == Side::Inera || actor == INERA;
        Taken { wanted, actor, at: wanted.at.unwrap_or(Moment::Instant(now)), by_inera, now }
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

    fn with_dossier<T>(
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
            incident: None,
        };
        Ok(look(&dossier))
    }

    fn take(&self, kept: &mut Kept, id: &str, wanted: &Wanted) -> Result<(), Refusal> {
        let taken = self.filled_in(wanted);
        let file = kept.connection(id)?;
        check_order(file, taken.at)?;
        check_arguments(wanted)?;
        let (mut failed, warnings) = self.judged(kept, id, &taken)?;
        let illegal = !wanted.event.is_allowed(kept.connection(id)?.progress.state);
        if !illegal && failed.is_empty() {
            match self.effect(kept, id, &taken) {
                Ok(()) => {}
                Err(PlatformError::Refused(texts)) => failed.extend(not_published(texts)),
                Err(PlatformError::Failed(text)) => return Err(Refusal::Platform(text)),
            }
        }
        if illegal || !failed.is_empty() {
            return Err(self.refuse(kept, id, &taken, (failed, warnings), illegal)?);
        }
        let changes = self.changes(kept, id, &taken, warnings)?;
        kept.commit(taken.now, changes)
    }

    /// Writes down that a step was refused.
    fn refuse(
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

    /// What a step does to platforms.
    fn effect(&self, kept: &Kept, id: &str, taken: &Taken<'_>) -> Result<(), PlatformError> {
        let Ok(file) = kept.connection(id) else { return Ok(()) };
        let arguments = &taken.wanted.arguments;
        match taken.wanted.event {
            Event::AssignTestEnv => self.bring(kept, file, arguments.env.as_deref(), taken),
            Event::Publish => self.bring(kept, file, self.production().as_deref(), taken),
            Event::AcceptChange if arguments.requalify == Some(true) => {
                self.bring(kept, file, file.progress.assigned_env.as_deref(), taken)
            }
            Event::AcceptChange => self.bring(kept, file, self.production().as_deref(), taken),
            _ => Ok(()),
        }
    }

    fn production(&self) -> Option<String> {
        let mut all = self.platforms.all().into_iter();
        all.find(|platform| platform.role == super::platforms::PlatformRole::Production).map(|platform| platform.name)
    }

    /// Makes a platform's catalogue say what the connection's lines say: new rows in, rows that are ordered no more out.
    fn bring(
        &self,
        kept: &Kept,
        file: &ConnectionFile,
        env: Option<&str>,
        taken: &Taken<'_>,
    ) -> Result<(), PlatformError> {
        let Some(env) = env else { return Ok(()) };
        let wanted = Rows::of(file.document.lines_of(env).collect::<Vec<_>>().into_iter());
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

    /// What a step that is taken changes.
    fn changes(&self, kept: &Kept, id: &str, taken: &Taken<'_>, warnings: Vec<Failed>) -> Result<Vec<Change>, Refusal> {
        let file = kept.connection(id)?;
        let (event, arguments) = (taken.wanted.event, &taken.wanted.arguments);
        let mut changes = Vec::new();
        let mut progress = file.progress.clone();
        self.advance(kept, file, taken, &warnings, &mut progress);
        match event {
            Event::OrderService => {
                let Document { party, service, .. } = &*file.document;
                let is_ordered = kept.holdings.orders_of(party, service).any(super::order::Order::is_ordered);
                if !is_ordered {
                    let day = taken.at.day();
                    let order = new_order(kept, "", party, service, OrderType::New, day, &taken.actor)?;
                    changes.push(Change::Order(order));
                }
            }
            Event::Decommission => {
                let mut document = (*file.document).clone();
                document.evidence.end_date = arguments.end_date.or(document.evidence.end_date);
                document.evidence.plan = arguments.plan.clone().or(document.evidence.plan);
                changes.push(Change::Document(Box::new(document)));
            }
            _ => {}
        }
        progress.warnings.clone_from(&warnings);
        let entry = entry(file, taken, progress.state, warnings);
        changes.push(Change::Step(id.to_owned(), Box::new(entry), Box::new(progress)));
        Ok(changes)
    }

    /// Where a step leads, and what it leaves behind for later ones.
    fn advance(
        &self,
        kept: &Kept,
        file: &ConnectionFile,
        taken: &Taken<'_>,
        warnings: &[Failed],
        progress: &mut Progress,
    ) {
        let (event, arguments, day) = (taken.wanted.event, &taken.wanted.arguments, taken.at.day());
        let lines_of = |env: &str| file.document.lines_of(env).cloned().collect::<Vec<_>>();
        let number = file.entries.len() as u32 + 1;
        let from = progress.state;
        if !matches!(event, Event::Check | Event::Removal) {
            progress.state = event.row().to;
        }
        match event {
            Event::Prepare => progress.prepared = Some(day),
            Event::AssignTestEnv => {
                progress.assigned_env.clone_from(&arguments.env);
                let env = arguments.env.clone().unwrap_or_default();
                let lines = lines_of(&env);
                progress.published.insert(env, lines);
            }
            Event::Review => {
                if let Some(decision) = arguments.decision {
                    progress.state = reviewed(decision);
                    let pairs = file.document.assured().into_iter();
                    progress.assured = pairs.map(|(contract, role)| (contract.to_owned(), role)).collect();
                }
                progress.decision = arguments.decision;
                progress.due = arguments.due.filter(|_| arguments.decision == Some(Decision::GodkandForbehall));
                (progress.fix_verified, progress.overdue) = (false, false);
            }
            Event::Publish => {
                if let Some(env) = self.production() {
                    let lines = lines_of(&env);
                    progress.published.insert(env, lines);
                }
            }
            Event::GoLive => progress.live_since = number,
            Event::AcceptChange => {
                let used = self.with_dossier(kept, &file.document.id, taken, gates::changes_scope);
                progress.orders_used += usize::from(used.unwrap_or(false));
                let env = match arguments.requalify {
                    Some(true) => {
                        progress.state = State::QaTesting;
                        progress.assigned_env.clone()
                    }
                    _ => {
                        progress.live_since = number;
                        self.production()
                    }
                };
                if let Some(env) = env {
                    let lines = lines_of(&env);
                    progress.published.insert(env, lines);
                }
            }
            Event::Remedy => {
                progress.live_since = number;
                if arguments.fix_verified == Some(true) {
                    (progress.fix_verified, progress.overdue) = (true, false);
                }
            }
            Event::Decommission => progress.leaving = Some(day),
            Event::Check => {
                progress.overdue |= warnings.iter().any(|failed| failed.gate == "CONN-48");
                if from == State::Live && warnings.iter().any(|failed| failed.gate == "CONN-48") {
                    progress.state = State::Suspended;
                }
            }
            _ => {}
        }
    }

    fn removal(&self, kept: &mut Kept, id: &str, wanted: &Wanted) -> Result<Removed, Refusal> {
        let mut taken = self.filled_in(wanted);
        let file = kept.connection(id)?;
        if wanted.at.is_none() {
            // It is part of the decommissioning: where steps are told of as of days long past, so is this.
            taken.at = file.last_at().unwrap_or(taken.at);
        }
        check_order(file, taken.at)?;
        if !Event::Removal.is_allowed(file.progress.state) {
            return Err(self.refuse(kept, id, &taken, (Vec::new(), Vec::new()), true)?);
        }
        let failed = |error: PlatformError| Refusal::Platform(error.to_string());
        let mut removed = Removed::default();
        for platform in self.platforms.all() {
            let rows = own_rows(&kept.holdings, file, &platform.name);
            if !rows.is_empty() {
                let counted = self.platforms.remove(&platform.name, &rows).map_err(failed)?;
                removed.routes += counted.routes;
                removed.permissions += counted.permissions;
            }
        }
        let component = &file.document.component;
        if !component.is_empty() && !shares_component(&kept.holdings, file) {
            removed.engagements = self.platforms.remove_engagements(component).map_err(failed)?;
        }
        let mut progress = file.progress.clone();
        progress.published.clear();
        let entry = entry(file, &taken, progress.state, Vec::new());
        kept.commit(taken.now, vec![Change::Step(id.to_owned(), Box::new(entry), Box::new(progress))])?;
        Ok(removed)
    }
}

/// Time does not run backwards, and a log does not grow without end.
fn check_order(file: &ConnectionFile, at: Moment) -> Result<(), Refusal> {
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

fn entry(file: &ConnectionFile, taken: &Taken<'_>, to: State, warnings: Vec<Failed>) -> Entry {
    Entry {
        n: file.entries.len() as u32 + 1,
        event: taken.wanted.event,
        from: file.progress.state,
        to,
        at: taken.at,
        recorded_at: taken.now,
        actor: taken.actor.clone(),
        arguments: taken.wanted.arguments.clone(),
        refused: false,
        failed: Vec::new(),
        warnings,
        seen: Arc::clone(&file.document),
    }
}

/// The catalogue's own words, as the gate that they fail.
fn not_published(texts: Vec<String>) -> Option<Failed> {
    let gate = gates::gate(53)?;
    match gates::complete(texts) {
        Verdict::Fails(fault) => Some(gate.complaint(&fault, true)),
        Verdict::Holds | Verdict::Open => None,
    }
}
