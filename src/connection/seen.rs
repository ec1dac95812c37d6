//! What platforms are looked through for before a step is judged: rows of the index and recorded calls are many, and
//! nobody waits for the book while they are read.

use jiff::{Timestamp, ToSpan};

use super::book::Book;
use super::file::ConnectionFile;
use super::moment::Moment;
use super::platforms::{PlatformRole, Rows};
use super::refusal::Refusal;
use super::state::Event;
use super::traffic::{Traffic, TrafficOf};
use crate::domain::clock::stockholm;

/// Gates that ask for rows of the index.
const OF_ENGAGEMENTS: [u8; 2] = [36, 70];
/// Gates that ask for recorded calls; whoever gives a cause (60) may give one of them.
const OF_TRAFFIC: [u8; 4] = [54, 55, 60, 61];

/// What was seen before the book was taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// A system, and how many rows of the index name it.
    engagements: Option<(String, u64)>,
    /// What production recorded of the system's calls; nothing, where it was not looked for.
    pub traffic: Traffic,
}

impl Seen {
    /// How many rows of the index name a system; `None` where nobody has counted.
    pub fn engagements(&self, component: &str) -> Option<u64> {
        self.engagements.as_ref().filter(|(counted, _)| counted == component).map(|(_, count)| *count)
    }
}

impl Book {
    /// Looks for what the gates of these steps ask for.
    pub(super) fn look(&self, id: &str, events: &[Event], at: Option<Moment>) -> Result<Seen, Refusal> {
        let asks = |wanted: &[u8]| {
            let mut rows = events.iter().map(|event| event.row());
            rows.any(|row| row.gates.iter().chain(row.watched).any(|gate| wanted.contains(gate)))
        };
        if !asks(&OF_ENGAGEMENTS) && !asks(&OF_TRAFFIC) {
            return Ok(Seen::default());
        }
        let production = self.production();
        let (component, asked) = {
            let kept = self.kept();
            let file = kept.connection(id)?;
            let asked = production.and_then(|env| asked(file, env, at, self.clock.now()));
            (file.document.component.clone(), asked)
        };
        // Here the book is free: this may take its time.
        let mut seen = Seen::default();
        if asks(&OF_ENGAGEMENTS) && !component.is_empty() {
            let count = self.platforms.engagements(&component);
            seen.engagements = Some((component, count));
        }
        if let Some(asked) = asked.filter(|_| asks(&OF_TRAFFIC)) {
            seen.traffic = self.platforms.traffic(&asked);
        }
        Ok(seen)
    }

    /// The platform for production.
    pub(super) fn production(&self) -> Option<String> {
        let mut all = self.platforms.all().into_iter();
        all.find(|platform| platform.role == PlatformRole::Production).map(|platform| platform.name)
    }
}

/// The traffic that a connection answers for: since it was last let into production, and until the day that is judged.
fn asked(file: &ConnectionFile, env: String, at: Option<Moment>, now: Timestamp) -> Option<TrafficOf> {
    let published = file.progress.published.get(&env)?;
    let lets_in = |event: Event| matches!(event, Event::Publish | Event::GoLive | Event::AcceptChange | Event::Remedy);
    let mut entries = file.entries.iter().rev().filter(|entry| !entry.refused);
    let from = entries.find(|entry| lets_in(entry.event))?.recorded_at;
    let judged = at.map(Moment::day).filter(|day| *day < Moment::Instant(now).day());
    let end_of = |day: jiff::civil::Date| Some(day.checked_add(1.day()).ok()?.to_zoned(stockholm()).ok()?.timestamp());
    let to = judged.and_then(end_of).unwrap_or(now);
    let routes = Rows::of(published.iter()).routes;
    Some(TrafficOf { env, component: file.document.component.clone(), routes, from, to })
}
