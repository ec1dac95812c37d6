//! What the newest runs of a session say of each case, for the gates that ask for more than a verdict. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::qa::result::{CaseResult, RunDocument};
use crate::qa::verdict::Verdict;

/// The theme of a case in which somebody attests that data was seen end to end, in the application that consumes it.
pub(super) const END_TO_END: &str = "CONN-45";
/// The theme of a case in which a caregiver approves the mapping of its information.
pub(super) const MAPPING: &str = "CONN-46";

/// Each case as the newest of these runs in the environment has it; the oldest run comes first.
pub(super) fn newest<'r>(runs: &[&'r RunDocument], environment: Option<&str>) -> Vec<&'r CaseResult> {
    let mut newest: BTreeMap<(&str, &str), &CaseResult> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.target.environment.as_deref() == environment) {
        newest.extend(run.cases.iter().map(|case| ((case.suite.as_str(), case.name.as_str()), case)));
    }
    newest.into_values().collect()
}

/// Whether a case of this theme passed.
pub(super) fn is_attested(cases: &[&CaseResult], theme: &str) -> bool {
    cases.iter().any(|case| case.verdict == Verdict::Pass && case.themes.iter().any(|own| own == theme))
}

/// Rules of consumers (CR) and of RIV-TA (RT) that some case broke, as part of it or beside it; nothing where no case was
/// judged at all.
pub(super) fn broken_rules(cases: &[&CaseResult]) -> Option<BTreeSet<String>> {
    if !cases.iter().any(|case| matches!(case.verdict, Verdict::Pass | Verdict::Fail)) {
        return None;
    }
    let assertions = cases.iter().flat_map(|case| &case.steps).flat_map(|step| &step.assertions);
    let failed = assertions.filter(|one| one.verdict == Verdict::Fail).filter_map(|one| one.rule.as_deref());
    let beside = cases.iter().flat_map(|case| &case.observations).map(|one| one.rule.as_str());
    let ours = failed.chain(beside).filter(|rule| rule.starts_with("CR-") || rule.starts_with("RT-"));
    Some(ours.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qa::result::{AssertionResult, Observation, StepResult};

    fn case(verdict: Verdict, theme: &str, rule: Option<(&str, Verdict)>, beside: Option<&str>) -> CaseResult {
        let judged = rule.map(|(rule, verdict)| AssertionResult {
            rule: Some(rule.to_owned()),
            verdict,
            ..AssertionResult::default()
        });
        CaseResult {
            verdict,
            themes: vec![theme.to_owned()],
            steps: vec![StepResult { assertions: judged.into_iter().collect(), ..StepResult::default() }],
            observations: beside
                .map(|rule| Observation { rule: rule.to_owned(), text: String::new() })
                .into_iter()
                .collect(),
            ..CaseResult::default()
        }
    }

    #[test]
    fn rules_are_broken_by_a_case_or_beside_it() {
        let (pass, fail, waiting) = (Verdict::Pass, Verdict::Fail, Verdict::Waiting);
        let broken = |cases: &[CaseResult]| {
            broken_rules(&cases.iter().collect::<Vec<_>>()).map(|rules| rules.into_iter().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(broken(&[]), None);
        assert_eq!(broken(&[case(waiting, "CR", None, None)]), None, "nothing was judged");
        assert_eq!(broken(&[case(pass, "CR", Some(("CR-04", pass)), None)]).as_deref(), Some(""));
        let cases = [
            case(fail, "CR", Some(("CR-08", fail)), None),
            case(pass, "TF 1.2", None, Some("RT-07")),
            case(fail, "EI_TF 2.2", Some(("EI_TF 2.2", fail)), None),
        ];
        assert_eq!(broken(&cases).as_deref(), Some("CR-08 RT-07"));
        let attested = case(pass, END_TO_END, None, None);
        let open = case(waiting, MAPPING, None, None);
        assert!(is_attested(&[&attested, &open], END_TO_END) && !is_attested(&[&attested, &open], MAPPING));
    }
}
