//! Two runs beside each other: the cases whose verdicts differ.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::qa::result::RunDocument;
use crate::qa::verdict::Verdict;

/// What two runs differ in.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// Their ids: before, after.
    pub runs: [String; 2],
    /// Cases by suite and name.
    pub changed: Vec<Changed>,
}

/// A case whose verdict is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Suite and name.
    pub case: String,
    /// None where the run did not have the case.
    pub before: Option<Verdict>,
    /// The same.
    pub after: Option<Verdict>,
}

/// Compares.
pub fn compare(before: &RunDocument, after: &RunDocument) -> Compared {
    let verdicts = |run: &RunDocument| -> BTreeMap<String, Verdict> {
        run.cases.iter().map(|case| (format!("{}/{}", case.suite, case.name), case.verdict)).collect()
    };
    let (was, is) = (verdicts(before), verdicts(after));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let changed = names.into_iter().filter_map(|name| {
        let (before, after) = (was.get(name).copied(), is.get(name).copied());
        (before != after).then(|| Changed { case: name.clone(), before, after })
    });
    Compared { runs: [before.id.clone(), after.id.clone()], changed: changed.collect() }
}
