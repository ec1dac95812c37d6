//! What an assertion says of an answer: one file for each kind. All are pure; scripts are judged in `script`.

pub mod json;
pub mod schema;
pub mod soap;
pub mod text;
pub mod xpath_match;

use crate::qa::suite::expansion::Notice;
use crate::qa::verdict::Verdict;

/// What one assertion came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// What was found.
    pub messages: Vec<String>,
    /// What is worth knowing beside it.
    pub notices: Vec<Notice>,
    /// The first place in the message that is wrong.
    pub xpath: Option<String>,
}

impl Judgement {
    /// Passed.
    pub fn pass() -> Self {
        Self { verdict: Verdict::Pass, ..Self::default() }
    }

    /// Failed, for this reason.
    pub fn fail(message: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, messages: vec![message.into()], ..Self::default() }
    }

    /// Not judged, for this reason.
    pub fn of(verdict: Verdict, message: impl Into<String>) -> Self {
        Self { verdict, messages: vec![message.into()], ..Self::default() }
    }

    /// Passed when `holds`, else failed for this reason.
    pub fn when(holds: bool, message: impl FnOnce() -> String) -> Self {
        if holds { Self::pass() } else { Self::fail(message()) }
    }

    /// With a notice.
    #[must_use]
    pub fn noting(mut self, code: &str, text: impl Into<String>) -> Self {
        self.notices.push(Notice::new(code, text));
        self
    }
}
