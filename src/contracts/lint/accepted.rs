//! What stands though it is worth mending, in `contracts/lint.toml`, a reason each. Only for the contracts that ship: what
//! somebody brings is theirs to mend.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Finding;

/// A finding, or several of a kind, and why they stand.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accepted {
    /// The rules.
    rules: Vec<String>,
    /// How the file's path below `contracts/` begins; every file, where it is empty.
    #[serde(default)]
    under: String,
    /// What the message names, such as types; everything, where there are none.
    #[serde(default)]
    naming: Vec<String>,
    /// Why they stand.
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    accepted: Vec<Accepted>,
}

static SHIPPED: LazyLock<Vec<Accepted>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../../contracts/lint.toml")).expect("a test has read it");
    file.accepted
});

/// How the paths of what ships begin.
const BUILT_IN: &str = "built-in/";

/// Why a finding stands.
pub(super) fn reason(finding: &Finding) -> Option<String> {
    let path = finding.path.strip_prefix(BUILT_IN)?;
    SHIPPED.iter().find(|one| one.covers(finding, path)).map(|one| one.reason.clone())
}

impl Accepted {
    fn covers(&self, finding: &Finding, path: &str) -> bool {
        let mut words = finding.message.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        self.rules.iter().any(|rule| rule == finding.rule)
            && path.starts_with(&self.under)
            && (self.naming.is_empty() || words.any(|word| self.naming.iter().any(|name| name == word)))
    }
}

/// The entries that cover none of these findings, as they are written.
#[cfg(test)]
pub(super) fn unused(findings: &[Finding]) -> Vec<String> {
    let covers = |one: &Accepted, finding: &Finding| {
        finding.path.strip_prefix(BUILT_IN).is_some_and(|path| one.covers(finding, path))
    };
    let idle = SHIPPED.iter().filter(|one| !findings.iter().any(|finding| covers(one, finding)));
    idle.map(|one| format!("{one:?}")).collect()
}
