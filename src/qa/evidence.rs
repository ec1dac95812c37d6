//! What a finished run shows of a system, one for each contract and role (`qa.md` §7): the part of it that whoever decides
//! on a connection looks at. A trial shows nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::native::written::Role;
use super::report::identities;
use super::result::CaseResult;
use super::run::Finished;
use super::run::exchange::decode;
use super::suite::folder::PublishedProject;
use super::verdict::Verdict;

/// What a run shows of a contract in a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The run's id.
    pub run: String,
    /// Full namespace of the contract.
    pub contract: String,
    /// Whom the cases judged.
    pub role: Role,
    /// The platform the target was reached in, where that was said.
    pub environment: Option<String>,
    /// Where it was called, if one place was named for all.
    pub target: Option<String>,
    /// Cases; those that were skipped assert nothing and are left out.
    pub cases: Vec<CaseSeen>,
    /// Every case of the suites, those that were not chosen included.
    pub planned: Vec<String>,
    /// Identity numbers that were sent or received.
    pub identities: BTreeSet<String>,
    /// Logical addresses that were sent.
    pub addresses: BTreeSet<String>,
}

/// A case of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseSeen {
    /// Its name.
    pub name: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Themes of the declaration it belongs to, as `EI_TF 2.1`.
    pub themes: Vec<String>,
}

/// What a run shows, in the order of its suites. Suites that name no contract show nothing of one.
pub fn of(finished: &Finished, projects: &[Arc<PublishedProject>]) -> Vec<Evidence> {
    let run = &finished.document;
    if run.preparatory {
        return Vec::new();
    }
    let mut found: BTreeMap<(String, Role), Evidence> = BTreeMap::new();
    // Results stand in the order of the suites: what is next there belongs to the case that is looked at, or it was not run.
    let mut results = run.cases.iter().peekable();
    for project in projects {
        let role = project.project.native.as_ref().map_or(Role::Producer, |native| native.role);
        let suites = &project.project.suites;
        for suite in suites {
            for case in &suite.cases {
                let result = results.next_if(|result| result.suite == suite.name && result.name == case.name);
                let Some(contract) = &project.contract else { continue };
                let evidence = found.entry((contract.clone(), role)).or_insert_with(|| Evidence {
                    run: run.id.clone(),
                    contract: contract.clone(),
                    role,
                    environment: run.target.environment.clone(),
                    target: run.target.url.clone(),
                    cases: Vec::new(),
                    planned: Vec::new(),
                    identities: finished.unkept_identities.clone(),
                    addresses: BTreeSet::new(),
                });
                let name = match suites.as_slice() {
                    [_] => case.name.clone(),
                    _ => format!("{} / {}", suite.name, case.name),
                };
                let is_skipped = result.is_some_and(|result| result.verdict == Verdict::Skip);
                let is_left_out = case.disabled || suite.disabled || is_skipped;
                if !is_left_out {
                    evidence.planned.push(name.clone());
                    let seen = |result: &CaseResult| (result.verdict, result.themes.clone());
                    evidence.cases.extend(result.map(seen).map(|(verdict, themes)| CaseSeen { name, verdict, themes }));
                }
                for step in result.iter().flat_map(|result| &result.steps) {
                    let message = |file: &Option<String>| finished.messages.get(file.as_ref()?);
                    if let Some(request) = message(&step.request) {
                        let text = decode(request, None);
                        evidence.identities.extend(identities::alone(&text).map(str::to_owned));
                        evidence.addresses.extend(address(&text).map(str::to_owned));
                    }
                    if let Some(answer) = message(&step.response) {
                        evidence.identities.extend(identities::alone(&decode(answer, None)).map(str::to_owned));
                    }
                }
            }
        }
    }
    found.into_values().filter(|evidence| !evidence.cases.is_empty()).collect()
}

/// The logical address of a request.
fn address(request: &str) -> Option<&str> {
    let (_, after) = request.split_once("LogicalAddress")?;
    let (attributes, after) = after.split_once('>')?;
    if attributes.ends_with('/') {
        return None;
    }
    let text = after.split('<').next()?.trim();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_request_is_read_whatever_its_prefix() {
        assert_eq!(address("<h:LogicalAddress xmlns:h=\"urn:x\">\n SE1 </h:LogicalAddress>"), Some("SE1"));
        assert_eq!(address("<LogicalAddress/><a>SE1</a>"), None);
        assert_eq!(address("<LogicalAddress></LogicalAddress>"), None);
        assert_eq!(address("<a/>"), None);
    }
}
