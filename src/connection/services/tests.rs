use std::path::PathBuf;

use jiff::civil::date;

use super::Services;
use super::fact::Confidence;

fn shipped() -> Services {
    let (services, problems) = Services::shipped();
    assert!(problems.is_empty(), "{problems:?}");
    services
}

#[test]
fn what_a_service_needs_is_told_once_each_and_never_itself() {
    let services = shipped();
    assert_eq!(services.needs("ntjp", date(2025, 1, 1)), ["siths", "hsa"]);
    assert!(services.needs("hsa", date(2025, 1, 1)).is_empty());
    assert!(services.needs("no-such", date(2025, 1, 1)).is_empty());
}

#[test]
fn the_unknown_is_said_to_be_unknown() {
    let services = shipped();
    let hsa = services.get("hsa").unwrap();
    assert_eq!((hsa.agent_allowed.get(), hsa.facts["agentAllowed"]), (None, Confidence::Unknown));
    let json = serde_json::to_value(hsa).unwrap();
    assert!(json["agentAllowed"].is_null(), "{json}");
    assert_eq!(json["eligible"], serde_json::json!([]));
    assert_eq!(json["facts"]["eligible"], "unknown");
    assert_eq!(json["from"], "2020-10-12");
}

/// The profile of SITHS as a file says it, with changes.
fn file(changes: &[(&str, &str)]) -> String {
    let mut text = include_str!("../../../contracts/services/siths.toml").to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "{old:?} is not there");
        text = text.replacen(old, new, 1);
    }
    text
}

#[test]
fn what_is_wrong_is_told_with_file_and_line() {
    let hsa = include_str!("../../../contracts/services/hsa.toml");
    let cases: &[(&[(&str, &str)], &str, &str)] = &[
        (&[("[facts]", "colour = 1\n[facts]")], "colour = 1", "unknown field `colour`"),
        (&[("\"siths\"", "\"other\"")], "id = ", "id is \"other\"; expected the file's own name without .toml"),
        (&[("row = 12", "row = 9")], "row = ", "row 9 is that of contracts/services/hsa.toml too"),
        (&[("service = \"hsa\"", "service = \"has\"")], "[[dependsOn]]", "service \"has\" has no profile"),
        (&[("service = \"hsa\"", "service = \"siths\"")], "[[dependsOn]]", "\"siths\" depends on itself"),
        (
            &[("agentAllowed = { confidence = \"unknown\" }", "agentAllowed = { confidence = \"stated\" }")],
            "agentAllowed",
            "a fact without a value",
        ),
        (
            &[(
                "overNtjp = { value = false, confidence = \"public\" }",
                "overNtjp = { value = false, confidence = \"unknown\" }",
            )],
            "overNtjp",
            "a fact with a value has confidence \"unknown\"",
        ),
        (&[("agentAllowed = { confidence = \"unknown\" }\n", "")], "[facts]", "missing field `agentAllowed`"),
    ];
    for (changes, place, message) in cases {
        let text = file(changes);
        let line = 1 + text.lines().position(|line| line.starts_with(place)).unwrap();
        let path = |id: &str| PathBuf::from(format!("contracts/services/{id}.toml"));
        let (services, problems) = Services::read([(path("hsa"), hsa.to_owned()), (path("siths"), text)]);
        assert!(services.get("siths").is_none() && services.get("other").is_none(), "{message}");
        let found = problems.iter().find(|problem| problem.message.contains(message));
        let found = found.unwrap_or_else(|| panic!("{message}: {problems:?}"));
        assert_eq!((found.file.clone(), found.line), (path("siths"), line), "{found}");
    }
}
