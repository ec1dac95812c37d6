//! What a step that is taken changes: where it leads, and what it leaves behind for later ones.

use std::sync::Arc;

use super::book::{Book, Kept};
use super::document::{Decision, Document};
use super::file::{ConnectionFile, Entry, Progress};
use super::gates::{self, Failed};
use super::holdings::Change;
use super::order::OrderType;
use super::papers::new_order;
use super::refusal::Refusal;
use super::state::{Event, State, reviewed};
use super::steps::Taken;

impl Book {
    /// What a step that is taken changes.
    pub(super) fn changes(
        &self,
        kept: &Kept,
        id: &str,
        taken: &Taken<'_>,
        warnings: Vec<Failed>,
    ) -> Result<Vec<Change>, Refusal> {
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
}

/// A line of the log.
pub(super) fn entry(file: &ConnectionFile, taken: &Taken<'_>, to: State, warnings: Vec<Failed>) -> Entry {
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
