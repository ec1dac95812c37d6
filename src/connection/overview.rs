//! How every gate on a connection's road stands today, step by step: for people who want to see all of it at once.

use super::book::Book;
use super::file::Arguments;
use super::gates::{Failed, Gate, Verdict, all};
use super::refusal::Refusal;
use super::seen::Seen;
use super::state::{Event, State};
use super::steps::Wanted;

/// How a gate stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It holds, or concerns something else.
    Met,
    /// It fails.
    Missing(Failed),
    /// Too little is known to judge it.
    Open,
}

/// A gate of a step.
pub struct GateNow {
    /// Which.
    pub gate: &'static Gate,
    /// How it stands.
    pub standing: Standing,
}

/// A step of the road.
pub struct StepNow {
    /// Which.
    pub event: Event,
    /// Whether it has been taken.
    pub is_taken: bool,
    /// Whether it may be taken now.
    pub is_next: bool,
    /// Its gates, by number.
    pub gates: Vec<GateNow>,
}

/// The road to operation.
const ROAD: [Event; 10] = [
    Event::Qualify,
    Event::Sign,
    Event::OrderService,
    Event::Prepare,
    Event::AssignTestEnv,
    Event::StartTests,
    Event::Declare,
    Event::OrderProduction,
    Event::Publish,
    Event::GoLive,
];

/// What is worth a look in a state beside the road.
fn beside(state: State) -> &'static [Event] {
    match state {
        State::Live => &[Event::Check, Event::Change],
        State::Changing => &[Event::Check],
        State::Suspended => &[Event::Check, Event::Remedy],
        State::Decommissioning | State::Closed => &[Event::Close],
        _ => &[],
    }
}

impl Book {
    /// Every step with its gates as they stand, on the road and beside it. Nothing changes.
    pub fn overview(&self, id: &str) -> Result<Vec<StepNow>, Refusal> {
        let events_in = |state: State| ROAD.iter().chain(beside(state)).copied().collect::<Vec<_>>();
        let events = events_in(self.kept().connection(id)?.progress.state);
        let seen = self.look(id, &events, None)?;
        let kept = self.kept();
        let file = kept.connection(id)?;
        // It may have gone on meanwhile.
        let events = events_in(file.progress.state);
        events
            .into_iter()
            .map(|event| {
                let arguments: Arguments = self.supposed(file, event);
                let wanted = Wanted { event, actor: None, at: None, arguments };
                let mut taken = self.filled_in(&wanted, Seen::clone(&seen));
                taken.at = file.last_at().filter(|last| taken.at.is_before(*last)).unwrap_or(taken.at);
                let gates = self.with_dossier(&kept, id, &taken, |dossier| {
                    let row = event.row();
                    let own =
                        all().filter(|gate| row.gates.contains(&gate.number) || row.watched.contains(&gate.number));
                    let standing = |gate: &'static Gate| match gate.judge(dossier) {
                        Verdict::Holds => Standing::Met,
                        Verdict::Open => Standing::Open,
                        Verdict::Fails(fault) => Standing::Missing(gate.complaint(&fault, !gate.inera)),
                    };
                    own.map(|gate| GateNow { gate, standing: standing(gate) }).collect()
                })?;
                let is_taken = file.entries.iter().any(|entry| entry.event == event && !entry.refused);
                Ok(StepNow { event, is_taken, is_next: event.is_allowed(file.progress.state), gates })
            })
            .collect()
    }
}
