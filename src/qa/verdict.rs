//! What came of an assertion, a step, a case, a run (`qa.md` §8.1).

use serde::{Deserialize, Serialize};

/// In order of weight, the lightest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Executed, and as it should be.
    Pass,
    /// Left out on purpose, with a reason.
    #[default]
    Skip,
    /// Armed, or awaiting somebody's word.
    Waiting,
    /// Not executed by us, or nobody called.
    NotRun,
    /// Could not be observed: no connection, missing data, a broken rule.
    Error,
    /// Seen, and wrong.
    Fail,
}

impl Verdict {
    /// The verdict of a whole: the worst of its parts; skipped parts do not count beside any that were executed, and a
    /// whole with nothing in it was skipped.
    pub fn of(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().filter(|part| *part != Self::Skip).max().unwrap_or(Self::Skip)
    }

    /// As written in documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Skip => "skip",
            Self::Waiting => "waiting",
            Self::NotRun => "not-run",
            Self::Error => "error",
            Self::Fail => "fail",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Error, Fail, NotRun, Pass, Skip, Waiting};
    use super::*;

    #[test]
    fn a_whole_is_as_bad_as_its_worst_part() {
        for (parts, whole) in [
            (vec![], Skip),
            (vec![Skip, Skip], Skip),
            (vec![Pass, Skip], Pass),
            (vec![Pass, Waiting], Waiting),
            (vec![NotRun, Waiting], NotRun),
            (vec![NotRun, Error], Error),
            (vec![Error, Fail, Pass], Fail),
        ] {
            assert_eq!(Verdict::of(parts.clone()), whole, "{parts:?}");
        }
    }
}
