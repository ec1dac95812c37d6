//! Chaos plans: which calls get which behaviour, decided by a seed and nothing that the order of calls or the number of
//! threads could change (`producers.md` §8).

mod read;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use read::{by_name, named, read, read_file};

use crate::producers::behaviour::act::Act;
use crate::producers::behaviour::delay::{Delay, Numbers};

/// A plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Its name: the file's, or the shipped one's.
    pub name: String,
    /// What decides.
    pub seed: u64,
    /// What `from` and `to` count.
    pub clock: PlanClock,
    /// Its rows; the first that fires wins.
    pub rows: Vec<Row>,
    /// What makes two plans the same: a digest of seed and rows.
    pub digest: String,
}

/// What a plan's times count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanClock {
    /// Time since the plan was started.
    #[default]
    Wall,
    /// Requests of a system and contract.
    Requests,
}

/// A row of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// From when on, in milliseconds or requests.
    pub from: u64,
    /// Until when; not included.
    pub to: u64,
    /// Systems it concerns; `*` stands for any text.
    pub system: String,
    /// Contracts it concerns, as `GetDiagnosis:2`, `GetDiagnosis` or `*`.
    pub contract: String,
    /// Share of the calls.
    pub share: f64,
    /// What is done to them.
    pub act: Act,
}

/// A decision that fired, as the journal has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fired {
    /// The plan's name.
    pub plan: String,
    /// Its seed.
    pub seed: u64,
    /// The row, counted from 0.
    pub row: usize,
    /// The key it was decided by.
    pub key: String,
    /// What is done.
    pub behaviour: String,
}

/// A call as a plan sees it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'c> {
    /// The system.
    pub system: &'c str,
    /// `GetDiagnosis:2`; empty where the body names no contract.
    pub contract: &'c str,
    /// The correlation id; else the running number of the call for its system and contract.
    pub key: &'c str,
    /// Since the plan was started.
    pub elapsed: Duration,
    /// The running number of the call for its system and contract, from 0.
    pub number: u64,
}

/// How a row of a plan judges a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Whether the call is of a system and contract that the row is about.
    pub concerns: bool,
    /// Whether it comes in the row's time.
    pub is_due: bool,
    /// The number that is compared with the row's share.
    pub draw: f64,
    /// Whether the row fires.
    pub fires: bool,
}

/// What a plan does to every call of a system, whatever it asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ForAll<'p> {
    /// No row is due for any of them.
    Nothing,
    /// A call's contract, key or number decides.
    Depends,
    /// This.
    Act(&'p Act),
}

impl Plan {
    /// A plan of rows.
    pub fn new(name: &str, seed: u64, clock: PlanClock, rows: Vec<Row>) -> Self {
        let mut whole = format!("{seed} {clock:?}");
        for row in &rows {
            // Writing to a string cannot fail.
            let _ = write!(whole, "|{row:?}");
        }
        let digest = Sha256::digest(whole).iter().take(8).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Self { name: name.to_owned(), seed, clock, rows, digest }
    }

    /// The command that shows what it decided, again.
    pub fn repeat(&self) -> String {
        format!("anslut producers chaos {} --seed {} --digest {}", self.name, self.seed, self.digest)
    }

    /// The same plan by another seed.
    pub fn with_seed(self, seed: u64) -> Self {
        Self::new(&self.name, seed, self.clock, self.rows)
    }

    /// How a row judges a call.
    pub fn judge(&self, place: usize, call: &Call<'_>) -> Option<Judged> {
        let row = self.rows.get(place)?;
        let at = match self.clock {
            PlanClock::Wall => u64::try_from(call.elapsed.as_millis()).unwrap_or(u64::MAX),
            PlanClock::Requests => call.number,
        };
        let (concerns, is_due) = (row.concerns(call), (row.from..row.to).contains(&at));
        let draw = self.draw(place, call);
        Some(Judged { concerns, is_due, draw, fires: concerns && is_due && draw < row.share })
    }

    /// The first row that fires for a call.
    pub fn decide(&self, call: &Call<'_>) -> Option<(Fired, Act)> {
        let fires = |place: &usize| self.judge(*place, call).is_some_and(|judged| judged.fires);
        let place = (0..self.rows.len()).find(fires)?;
        let row = &self.rows[place];
        let mut act = row.act.clone();
        if act.id == "lognormal" {
            act.delay = self.lognormal(&act, place, call);
        }
        let fired = Fired {
            plan: self.name.clone(),
            seed: self.seed,
            row: place,
            key: call.key.to_owned(),
            behaviour: act.to_string(),
        };
        Some((fired, act))
    }

    /// What it does to every call of a system at a time.
    pub fn for_all(&self, system: &str, elapsed: Duration) -> ForAll<'_> {
        let now = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        for row in self.rows.iter().filter(|row| row.share > 0.0 && fits(&row.system, system)) {
            let is_always_due = (row.from, row.to) == (0, u64::MAX);
            match self.clock {
                PlanClock::Wall if !(row.from..row.to).contains(&now) => continue,
                PlanClock::Requests if !is_always_due => return ForAll::Depends,
                _ => {}
            }
            let is_every =
                row.contract.bytes().all(|byte| byte == b'*') && !row.contract.is_empty() && row.share >= 1.0;
            // How long a wait by chance is depends on the call.
            return if is_every && row.act.id != "lognormal" { ForAll::Act(&row.act) } else { ForAll::Depends };
        }
        ForAll::Nothing
    }

    /// A number in 0 ≤ x < 1 that depends on seed, row, system and key alone.
    pub fn draw(&self, row: usize, call: &Call<'_>) -> f64 {
        (self.hash(row, call) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn hash(&self, row: usize, call: &Call<'_>) -> u64 {
        let digest = Sha256::digest(format!("{}\u{0}{row}\u{0}{}\u{0}{}", self.seed, call.system, call.key));
        digest[..8].iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte))
    }

    fn lognormal(&self, act: &Act, row: usize, call: &Call<'_>) -> Duration {
        let median = act.number("median").unwrap_or(90) as f64;
        let sigma = act.option("sigma").and_then(|text| text.parse().ok()).unwrap_or(0.8);
        let mut numbers = Numbers::of(call.system, self.hash(row, call));
        Delay::Lognormal { median, sigma, longest: None }.draw(&mut numbers)
    }
}

impl Row {
    fn concerns(&self, call: &Call<'_>) -> bool {
        let operation = call.contract.split(':').next().unwrap_or_default();
        fits(&self.system, call.system) && (fits(&self.contract, call.contract) || fits(&self.contract, operation))
    }
}

/// Whether a text is a pattern's in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => {
            let Some(left) = text.strip_prefix(head) else { return false };
            rest.is_empty()
                || left.char_indices().map(|(at, _)| at).chain([left.len()]).any(|at| fits(rest, &left[at..]))
        }
    }
}
