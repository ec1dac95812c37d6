//! The only place that asks the operating system what time it is.
//!
//! Civil time decides what a route or permission is worth, so it is injected; a [`Clock::fixed`] clock stands still until
//! it is told otherwise. Durations are measured with [`Clock::instant`], which is always the machine's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Where "now" comes from. Cheap to clone; clones of a fixed clock share their hands.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that is set by hand, in milliseconds since 1970-01-01T00:00:00Z.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `at` until [`Clock::set`].
    pub fn fixed(at: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.as_millisecond())))
    }

    /// Moves a fixed clock; the machine's clock is left alone.
    pub fn set(&self, at: Timestamp) {
        if let Self::Fixed(hands) = self {
            hands.store(at.as_millisecond(), Ordering::Relaxed);
        }
    }

    /// Civil time.
    #[expect(clippy::disallowed_methods, reason = "this module owns the clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Fixed(hands) => Timestamp::from_millisecond(hands.load(Ordering::Relaxed))
                .expect("the hands are only ever set from a Timestamp"),
        }
    }

    /// A point to measure a duration from.
    #[expect(clippy::disallowed_methods, reason = "this module owns the clock")]
    pub fn instant() -> Instant {
        Instant::now()
    }
}

/// The zone in which a catalogue day begins and ends, and in which the reference writes local times.
pub fn stockholm() -> TimeZone {
    TimeZone::get("Europe/Stockholm").expect("the zone data is compiled in")
}
