//! What a stub does once it is chosen: wait, answer, or fail as a broken system fails (`producers.md` §2.3, §7.4).

pub mod delay;
pub mod fault;
pub mod template;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use self::delay::Delay;
use self::fault::WireFault;
use self::template::Template;

/// A stub's answer. The delay comes first, whatever follows.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// The stub's own wait.
    pub delay: Delay,
    /// What follows it.
    pub outcome: Outcome,
}

/// What follows the delay.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// An HTTP answer.
    Answer {
        /// Its status.
        status: StatusCode,
        /// Its headers; framing is left to the listener.
        headers: HeaderMap,
        /// Its body.
        body: Body,
    },
    /// A failing connection.
    Fault(WireFault),
}

/// A body as the stub gives it.
#[derive(Clone, Debug)]
pub enum Body {
    /// The same bytes every time.
    Fixed(Bytes),
    /// Filled in from the request.
    Template(Template),
}
