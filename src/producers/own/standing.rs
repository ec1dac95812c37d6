//! What a system does to every call, whatever it asks: two behaviours of a connection (`producers.md` §7.2, §7.4) that a
//! listener of the system's own shows for what they are, since no request has to be read first.

use std::time::Duration;

use crate::producers::behaviour::act::Act;
use crate::producers::chaos::ForAll;
use crate::producers::system::System;

/// A behaviour of the listener itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Nobody listens (`refuse`).
    Closed,
    /// What is accepted is not read for a while (`slow-accept`).
    Unread(Held),
}

/// Put among the extensions of what comes over a connection that was left unread first: by which behaviour, so that its
/// wait is not waited twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Held(Act);

impl Held {
    /// How long nothing is read.
    pub fn wait(&self) -> Duration {
        self.0.delay
    }

    /// Whether the connection was left unread by this behaviour.
    pub fn is_by(&self, act: &Act) -> bool {
        self.0 == *act
    }
}

impl System {
    /// What is done to every call at this moment: by a running plan's row for the whole system, else by a first rule
    /// without conditions. `None` where a request decides.
    pub fn standing(&self) -> Option<Standing> {
        let act = self.done_to_all()?;
        match act.id {
            "refuse" => Some(Standing::Closed),
            "slow-accept" => Some(Standing::Unread(Held(act))),
            _ => None,
        }
    }

    fn done_to_all(&self) -> Option<Act> {
        // As `decide` has it: a plan goes before every rule.
        if let Some(running) = self.shared.chaos.load_full() {
            let elapsed = running.since.elapsed();
            for plan in &running.plans {
                match plan.for_all(self.name(), elapsed) {
                    ForAll::Nothing => {}
                    ForAll::Depends => return None,
                    ForAll::Act(act) => return Some(act.clone()),
                }
            }
        }
        let files = self.files();
        files.producer.rules.first().filter(|rule| rule.is_for_all()).and_then(|rule| rule.act.clone())
    }
}
