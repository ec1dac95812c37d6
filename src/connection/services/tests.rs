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

/// `connection.md` §8, row by row: number, id, whether it goes over the platform, how many contracts (`None`: not known),
/// whether the index is kept, and what it depends on; † is inferred, ? is not given by name.
type Row = (u32, &'static str, &'static str, Option<usize>, &'static str, &'static str);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    (1, "ntjp", "yes", Some(3), "?", "siths†, hsa†"),
    (2, "ei", "yes", Some(4), "no", "ntjp"),
    (3, "inkorg", "yes", Some(3), "yes", "portal, hsa, ntjp"),
    (4, "inkorg_v1", "yes", Some(2), "no", "etjanster"),
    (5, "portal", "no", None, "no", ""),
    (6, "etjanster", "yes", Some(23), "yes", "hsa†, pu†"),
    (7, "telefon", "yes", Some(2), "yes", "?"),
    (8, "radgivning", "?", None, "?", "telefon†"),
    (9, "hsa", "yes", Some(21), "no", ""),
    (10, "autent", "no", Some(0), "no", "siths†, hsa†"),
    (11, "sak", "yes", Some(34), "no", "hsa†"),
    (12, "siths", "no", Some(0), "no", "hsa"),
    (13, "sjunet", "no", Some(0), "no", ""),
    (14, "npo", "yes", Some(24), "yes", "sak†, hsa†, siths†, pu†"),
    (15, "journalen", "yes", Some(26), "yes", "portal†, sak†"),
    (16, "iutkr", "yes", Some(25), "no", ""),
    (17, "inca", "yes", Some(25), "no", "iutkr†"),
    (18, "kvalreg", "yes", Some(25), "no", ""),
    (19, "intyg", "yes", Some(42), "no", "hsa†, siths†, pu†"),
    (20, "fmu", "yes", Some(6), "no", "hsa†"),
    (21, "statistik", "no", None, "no", "intyg†"),
    (22, "remiss", "yes", Some(8), "yes", "hsa†, utbud†"),
    (23, "tidbok", "yes", Some(12), "yes", "etjanster†, hsa†"),
    (24, "fritidbok", "yes", Some(12), "yes", "etjanster†"),
    (25, "fodelse", "yes", Some(1), "no", "sjunet from 2022-06-17, ?"),
    (26, "infektion", "yes", Some(18), "no", ""),
    (27, "pu", "yes", Some(17), "no", "siths†, hsa†"),
    (28, "utbud", "yes", Some(12), "no", "hsa†, ?"),
    (29, "utomlan", "yes", Some(1), "no", "hsa from 2022-06-17"),
    (30, "svevac", "yes", Some(3), "yes", ""),
    (31, "sob", "yes", Some(12), "no", "portal†, inkorg†"),
    (32, "pascal", "yes", Some(21), "no", "siths†, hsa†, sak†"),
    (33, "formular", "yes", Some(12), "yes", "inkorg†, etjanster†"),
    (34, "screening", "yes", Some(1), "no", ""),
    (35, "sebra", "yes", Some(1), "?", ""),
    (36, "sbr", "no", Some(0), "no", ""),
    (37, "ombud", "?", None, "?", "portal†"),
    (38, "digitalt", "?", None, "no", ""),
    (39, "video", "no", None, "no", ""),
    (40, "egenprov", "?", None, "?", "portal†"),
    (41, "vis", "yes", Some(4), "no", ""),
    (42, "oppna", "yes", Some(4), "no", ""),
    (43, "rgs_api", "?", None, "?", "telefon"),
    (44, "bild", "no", None, "no", "telefon"),
    (45, "1177", "?", Some(37), "?", ""),
];

#[test]
fn every_row_of_the_table_has_its_profile() {
    let services = shipped();
    let told = |fact: Option<bool>| fact.map_or("?", |is| if is { "yes" } else { "no" });
    let ids: Vec<_> = services.iter().map(|profile| profile.id.as_str()).collect();
    assert_eq!(ids, TABLE.iter().map(|row| row.1).collect::<Vec<_>>());
    for (row, id, over_ntjp, contracts, ei, depends_on) in TABLE {
        let profile = services.get(id).unwrap();
        let named = profile.depends_on.iter().map(|dependency| {
            let mark = if dependency.confidence == Confidence::Inferred { "†" } else { "" };
            let from = dependency.from.map(|from| format!(" from {from}")).unwrap_or_default();
            format!("{}{mark}{from}", dependency.service)
        });
        let unnamed = profile.unknown_dependencies.iter().map(|_| "?".to_owned());
        let dependencies: Vec<_> = named.chain(unnamed).collect();
        let known = (!profile.contracts_unknown()).then_some(profile.contracts.len());
        let found =
            (profile.row, id, told(profile.over_ntjp.get()), known, told(profile.ei.get()), dependencies.join(", "));
        assert_eq!(found, (*row, id, *over_ntjp, *contracts, *ei, (*depends_on).to_owned()));
        assert!(!profile.purposes.is_empty() && !profile.name.is_empty(), "{id}");
    }
}

#[test]
fn every_fact_has_its_confidence_and_no_namespace_is_made_up() {
    for profile in shipped().iter() {
        let json = serde_json::to_value(profile).unwrap();
        for (name, confidence) in &profile.facts {
            let Some(value) = json.get(name) else { continue };
            let is_unknown = *confidence == Confidence::Unknown;
            let says_something = !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
            if name == "unknownDependencies" {
                continue;
            }
            assert!(!is_unknown || !says_something, "{}.{name} is unknown and {value}", profile.id);
        }
        assert!(!profile.contracts_unknown() || profile.contracts.is_empty(), "{}", profile.id);
        for contract in &profile.contracts {
            let parts: Vec<_> = contract.namespace.split(':').collect();
            assert_eq!(parts[0], "urn", "{}", contract.namespace);
            assert!(["riv", "riv-application", "riv-skl"].contains(&parts[1]), "{}", contract.namespace);
            assert!(parts[parts.len() - 2].ends_with("Responder"), "{}", contract.namespace);
            assert_eq!(profile.contracts.iter().filter(|other| other.namespace == contract.namespace).count(), 1);
            assert!(["RIVTABP20", "RIVTABP21"].contains(&contract.profile.as_str()), "{}", contract.namespace);
        }
    }
}

#[test]
fn what_single_rows_say() {
    let services = shipped();
    let inkorg = serde_json::to_value(services.get("inkorg").unwrap()).unwrap();
    for (key, expected) in [
        ("dpa", serde_json::json!("SKR")),
        ("eligible", serde_json::json!(["REGION", "KOMMUN", "STATLIG_MYNDIGHET", "PRIVAT_VARDGIVARE"])),
        ("from", serde_json::json!("2020-10-12")),
        ("lifecycle", serde_json::json!("active")),
        ("agentAllowed", serde_json::json!(false)),
        ("dependsOn", serde_json::json!(["portal", "hsa", "ntjp"])),
        ("securityServices", serde_json::json!([])),
        ("ei", serde_json::json!(true)),
        ("nmi", serde_json::json!(true)),
        ("feeBearing", serde_json::json!(false)),
        ("e2eApp", serde_json::json!(null)),
        ("targetAvailability", serde_json::json!(99.8)),
    ] {
        assert_eq!(inkorg[key], expected, "{key}");
    }
    let first = &inkorg["contracts"][0];
    assert_eq!(
        first["namespace"],
        "urn:riv-application:infrastructure:eservicesupply:patientportal:AddMessageResponder:2"
    );
    assert_eq!(
        (&first["customerRole"], &first["profile"], &first["addressing"]),
        (&"consumer".into(), &"RIVTABP21".into(), &"system".into())
    );
    let fodelse = serde_json::to_value(services.get("fodelse").unwrap()).unwrap();
    assert_eq!(fodelse["dependsOn"], serde_json::json!([{"service": "sjunet", "from": "2022-06-17"}]));
    assert_eq!(fodelse["unknownDependencies"].as_array().unwrap().len(), 1);
    assert!(services.needs("fodelse", date(2022, 6, 16)).is_empty());
    assert_eq!(services.needs("fodelse", date(2022, 6, 17)), ["sjunet"]);
    let bearing: Vec<_> = services
        .iter()
        .filter(|profile| profile.fee_bearing.get() == Some(true))
        .map(|profile| profile.id.as_str())
        .collect();
    assert_eq!(bearing, ["npo", "journalen", "iutkr"]);
    let remiss = services.get("remiss").unwrap();
    assert_eq!(remiss.uses_index("urn:riv:clinicalprocess:activity:request:GetRequestStatusResponder:2"), Some(true));
    assert_eq!(remiss.uses_index("urn:riv:clinicalprocess:activity:request:ProcessRequestResponder:1"), Some(false));
}
