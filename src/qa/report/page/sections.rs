//! What a page says of the run as a whole: deviations by how bad they are, and which rules and themes were looked at.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::Language;
use crate::qa::desk::deviation::{Class, Deviation};
use crate::qa::result::{CaseResult, RunDocument};
use crate::qa::verdict::Verdict;

/// Classes, the worst first; last what nobody has classified.
const CLASSES: [Option<Class>; 4] = [Some(Class::Stoppande), Some(Class::KraverAtgard), Some(Class::Godkand), None];

/// Deviations of the run or of its session, by class.
pub(super) fn deviations(all: &[Deviation], language: Language) -> Markup {
    let say = |swedish, english| language.say(swedish, english);
    let title = |class| match class {
        Some(Class::Stoppande) => say("Stoppande", "Blocking (stoppande)"),
        Some(Class::KraverAtgard) => {
            say("Ej stoppande, kräver åtgärd", "Not blocking, to be put right (kräver åtgärd)")
        }
        Some(Class::Godkand) => say("Godkända avvikelser", "Accepted (godkänd avvikelse)"),
        None => say("Ännu inte klassade", "Not classified yet"),
    };
    html! {
        h2 { (say("Avvikelser", "Deviations")) }
        @if all.is_empty() { p { (say("Inga avvikelser är registrerade.", "No deviations are registered.")) } }
        @for class in CLASSES {
            @let of_class: Vec<&Deviation> = all.iter().filter(|one| one.class == class).collect();
            @if !of_class.is_empty() {
                h3 { (title(class)) ": " (of_class.len()) }
                table {
                    thead { tr {
                        th { "Id" } th { (say("Avvikelse", "Deviation")) } th { (say("Regel, element", "Rule, element")) }
                        th { (say("Status", "Status")) } th { (say("Klar senast", "Due")) } th { (say("Beslut", "Decision")) }
                    } }
                    tbody { @for one in of_class { (deviation(one)) } }
                }
            }
        }
    }
}

fn deviation(one: &Deviation) -> Markup {
    let status = serde_json::to_value(one.status).ok();
    html! {
        tr {
            td { (one.id) }
            td { (one.title) @if !one.description.is_empty() { br; (one.description) } }
            td { @for about in [&one.rule, &one.element].into_iter().flatten() { code { (about) } " " } }
            td { (status.as_ref().and_then(|status| status.as_str()).unwrap_or_default()) }
            td { @if let Some(due) = one.due { (due) } @if let Some(owner) = &one.owner { " " (owner) } }
            td { @for said in [&one.decision, &one.decided_by].into_iter().flatten() { (said) " " } }
        }
    }
}

/// Rules and themes, and the cases that were about them.
pub(super) fn coverage(run: &RunDocument, language: Language) -> Markup {
    let say = |swedish, english| language.say(swedish, english);
    let rows = covered(&run.cases);
    html! {
        h2 { (say("Täckning", "Coverage")) }
        @if rows.is_empty() {
            p { (say("Inget testfall nämner något tema eller någon regel.", "No case names a theme or a rule.")) }
        } @else {
            table {
                thead { tr { th { (say("Tema eller regel", "Theme or rule")) } th { (say("Utfall", "Outcome")) } th { (say("Testfall", "Cases")) } } }
                tbody {
                    @for (about, cases) in rows {
                        @let worst = Verdict::of(cases.iter().map(|(_, verdict)| *verdict));
                        tr {
                            td { (about) }
                            td.v.(worst.word()) { (language.verdict(worst)) }
                            td { @for (name, verdict) in cases { (name) " (" (language.verdict(verdict)) ") " } }
                        }
                    }
                }
            }
        }
    }
}

/// What cases are about, and the verdict each came to on it: of a theme that of the case, of a rule that of what judged it.
fn covered(cases: &[CaseResult]) -> BTreeMap<&str, Vec<(&str, Verdict)>> {
    let mut rows: BTreeMap<&str, Vec<(&str, Verdict)>> = BTreeMap::new();
    for case in cases {
        let counts = case.overridden.as_ref().map_or(case.verdict, |decided| decided.verdict);
        for theme in &case.themes {
            rows.entry(theme).or_default().push((&case.name, counts));
        }
        let judged = || case.steps.iter().flat_map(|step| &step.assertions).filter(|one| one.rule.is_some());
        let rules: BTreeSet<&str> = judged().filter_map(|one| one.rule.as_deref()).collect();
        for rule in rules {
            let verdict = Verdict::of(judged().filter(|one| one.rule.as_deref() == Some(rule)).map(|one| one.verdict));
            rows.entry(rule).or_default().push((&case.name, verdict));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qa::result::{AssertionResult, StepResult};

    #[test]
    fn deviations_stand_by_class_the_worst_first() {
        let of = |id: &str, class| Deviation { id: id.to_owned(), class, ..Deviation::default() };
        let all = [of("AVV-1", None), of("AVV-2", Some(Class::Godkand)), of("AVV-3", Some(Class::Stoppande))];
        let page = deviations(&all, Language::Swedish).into_string();
        let places = ["Stoppande: 1", "AVV-3", "Godkända avvikelser: 1", "AVV-2", "Ännu inte klassade: 1", "AVV-1"];
        let found: Vec<_> =
            places.iter().map(|text| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"))).collect();
        assert!(found.is_sorted(), "{page}");
        assert!(!page.contains("kräver åtgärd"));
        assert!(deviations(&[], Language::English).into_string().contains("No deviations"));
    }

    #[test]
    fn coverage_is_by_theme_of_the_case_and_by_rule_of_what_judged_it() {
        let judged = |rule: &str, verdict| AssertionResult {
            rule: Some(rule.to_owned()),
            verdict,
            ..AssertionResult::default()
        };
        let step = StepResult {
            assertions: vec![
                judged("RT-03", Verdict::Pass),
                judged("RT-07", Verdict::Fail),
                judged("RT-03", Verdict::Pass),
            ],
            ..StepResult::default()
        };
        let case = CaseResult {
            name: "c".to_owned(),
            themes: vec!["TF 1.2".to_owned()],
            verdict: Verdict::Fail,
            steps: vec![step],
            ..CaseResult::default()
        };
        let expected = [("RT-03", Verdict::Pass), ("RT-07", Verdict::Fail), ("TF 1.2", Verdict::Fail)];
        let found = covered(std::slice::from_ref(&case));
        assert_eq!(found, expected.into_iter().map(|(about, verdict)| (about, vec![("c", verdict)])).collect());
    }
}
