//! What an answer was made of, where whoever answered asked others first: handed to the caller beside the answer, for its
//! call record. The consumer sees nothing of it.

use std::time::Duration;

/// How an answer came about. Travels as an extension of the response, in an `Arc`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FanOut {
    /// Name of the service that asked.
    pub service: String,
    /// The lookup that said whom to ask; `None` where there was none to make.
    pub lookup: Option<Branch>,
    /// Engagements that lead to no call, and why.
    pub passed_over: Vec<PassedOver>,
    /// Everybody who was asked, in the order of the calls.
    pub sources: Vec<Branch>,
    /// From the first call until the last answer that was waited for, both counted from the service's own start.
    pub waited: Option<(Duration, Duration)>,
}

/// One call of a fan-out. Times are counted from the service's own start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branch {
    /// Logical address that was asked.
    pub address: String,
    /// When the call was made.
    pub begin: Duration,
    /// When it was answered or given up.
    pub end: Duration,
    /// What came of it.
    pub outcome: Outcome,
    /// Records, or engagements, in the answer.
    pub items: usize,
    /// Size of the answer, in bytes.
    pub bytes: usize,
    /// Number of the call's own record, where it went through this platform's hub.
    pub record: Option<u64>,
}

/// What came of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered.
    #[default]
    Answered,
    /// It failed, or no answer came in time.
    Failed {
        /// The code the consumer is told.
        code: String,
        /// The text the consumer is told.
        text: String,
    },
}

/// An engagement that leads to no call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// Its logical address.
    pub address: String,
    /// Why, in a few words.
    pub why: &'static str,
}

impl FanOut {
    /// What it holds, in bytes.
    pub fn weight(&self) -> usize {
        let branch = |branch: &Branch| {
            let failure = match &branch.outcome {
                Outcome::Answered => 0,
                Outcome::Failed { code, text } => code.len() + text.len(),
            };
            size_of::<Branch>() + branch.address.len() + failure
        };
        let passed_over = |passed: &PassedOver| size_of::<PassedOver>() + passed.address.len();
        size_of::<Self>()
            + self.service.len()
            + self.lookup.iter().chain(&self.sources).map(branch).sum::<usize>()
            + self.passed_over.iter().map(passed_over).sum::<usize>()
    }
}
