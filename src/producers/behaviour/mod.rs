//! What a stub does once it is chosen: wait, answer, or fail as a broken system fails (`producers.md` §2.3, §7).

pub mod act;
mod content;
pub mod delay;
pub mod fault;
mod nullified;
pub mod perform;
pub mod script;
pub mod template;
#[cfg(test)]
mod tests;
mod written;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use self::act::Act;
use self::delay::Delay;
use self::fault::WireFault;
use self::template::Template;
use super::file::FileBody;
use super::spec::response::Bodies;

/// A stub's answer. The delay comes first, whatever follows.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// The stub's own wait.
    pub delay: Delay,
    /// What follows it.
    pub outcome: Outcome,
    /// The body comes in so many pieces over so long.
    pub dribble: Option<(usize, Duration)>,
    /// What else is done to the answer (`riv.behaviour`).
    pub act: Option<Act>,
    /// `transformerParameters`.
    pub parameters: Arc<Value>,
}

/// What follows the delay.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// An HTTP answer.
    Answer {
        /// Its status.
        status: StatusCode,
        /// The words behind the status.
        reason: Option<String>,
        /// Its headers; framing is left to the listener.
        headers: Vec<(HeaderName, HeaderText)>,
        /// Its body.
        body: Body,
        /// Whether a body that is no envelope is put in one.
        envelope: bool,
    },
    /// The answer of a source: `record`, `schema:max`, `sample:<name>`.
    Source(String),
    /// A failing connection.
    Fault(WireFault),
    /// Another system's answer.
    Forward(Forwarding),
}

/// Where a request is sent on to, and what is changed on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forwarding {
    /// Scheme, host and path in front.
    pub base: String,
    /// Taken off the path.
    pub remove_prefix: String,
    /// Headers set.
    pub add_headers: Vec<(String, String)>,
    /// Headers left out.
    pub remove_headers: Vec<String>,
}

/// A header's value as the stub gives it.
#[derive(Clone, Debug)]
pub enum HeaderText {
    /// The same every time.
    Fixed(HeaderValue),
    /// Filled in from the request.
    Template(Template),
}

/// A body as the stub gives it.
#[derive(Clone, Debug)]
pub enum Body {
    /// The same bytes every time.
    Fixed(Bytes),
    /// Filled in from the request.
    Template(Template),
    /// A file of its own, as it is on disk.
    File(FileBody),
    /// The file whose name is filled in from the request.
    Named(Template, Bodies),
}
