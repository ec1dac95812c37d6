//! Why something is not done.

use super::gates::Failed;
use super::moment::Moment;
use crate::store::log::LogError;

/// A step that gates or the state refuse.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The step.
    pub event: String,
    /// Where things are.
    pub state: String,
    /// What may be done there.
    pub allowed: Vec<String>,
    /// Gates that refuse it.
    pub failed: Vec<Failed>,
    /// Gates that fail and refuse nothing.
    pub warnings: Vec<Failed>,
    /// Whether the state does not allow it, whatever the gates say.
    pub illegal: bool,
}

impl Refused {
    /// What is wrong, in one sentence.
    pub fn detail(&self) -> String {
        let gates: Vec<&str> = self.failed.iter().map(|failed| failed.gate.as_str()).collect();
        let gates = gates.join(", ");
        match (self.illegal, gates.is_empty()) {
            (false, _) => format!("{} refused: {gates}", self.event),
            (true, true) => format!("{} is not allowed in {}", self.event, self.state),
            (true, false) => format!("{} is not allowed in {}: {gates}", self.event, self.state),
        }
    }
}

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is nothing of that id.
    #[error("there is no {what} {id}")]
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The id is taken.
    #[error("{what} {id} is there already")]
    Taken {
        /// What was to be made.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// A field that cannot be used.
    #[error("{field} is {value}: expected {expected}")]
    Field {
        /// Its name.
        field: String,
        /// Its value.
        value: String,
        /// What would do.
        expected: String,
    },
    /// It contradicts something that is there.
    #[error("{0}")]
    Conflict(String),
    /// Gates or the state refuse it.
    #[error("{}", .0.detail())]
    Gates(Box<Refused>),
    /// A step before the last one.
    #[error("at is {at:?}, which lies before the last step's {last:?}")]
    Earlier {
        /// When it is said to have happened.
        at: Moment,
        /// When the last step did.
        last: Moment,
    },
    /// There is no room for more.
    #[error("{what} are {count}, the limit is {count_max}")]
    Full {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        count_max: usize,
    },
    /// A platform cannot do it now.
    #[error("the platform cannot do it: {0}")]
    Platform(String),
    /// It cannot be kept.
    #[error("connections cannot be written")]
    Log(#[from] LogError),
}

impl Refusal {
    /// A field that cannot be used.
    pub fn field(field: &str, value: impl ToString, expected: impl Into<String>) -> Self {
        Self::Field { field: field.to_owned(), value: value.to_string(), expected: expected.into() }
    }
}
