//! What a plan decides, and that it decides the same again.

use std::time::Duration;

use serde_json::json;

use super::*;

fn call<'c>(system: &'c str, contract: &'c str, key: &'c str) -> Call<'c> {
    Call { system, contract, key, elapsed: Duration::from_secs(1), number: 3 }
}

#[test]
fn the_same_seed_decides_the_same_for_each_key_whatever_the_order() {
    let plan = read("p", &json!({"seed": 7, "plan": [{"share": 0.05, "behaviour": "soap-fault"}]})).unwrap();
    let keys: Vec<String> = (0..20_000).map(|n| format!("c-{n}")).collect();
    let decide = |key: &String| plan.decide(&call("a", "GetX:1", key)).is_some();
    let forwards: Vec<bool> = keys.iter().map(decide).collect();
    let threads: Vec<bool> = std::thread::scope(|scope| {
        let parts: Vec<_> =
            keys.chunks(1_250).map(|part| scope.spawn(|| part.iter().map(decide).collect::<Vec<_>>())).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    assert_eq!(forwards, threads);
    let share = forwards.iter().filter(|fired| **fired).count() as f64 / keys.len() as f64;
    assert!((0.045..0.055).contains(&share), "{share}");
    let other = read("p", &json!({"seed": 8, "plan": [{"share": 0.05, "behaviour": "soap-fault"}]})).unwrap();
    assert!(keys.iter().any(|key| other.decide(&call("a", "GetX:1", key)).is_some() != decide(key)));
}

#[test]
fn rows_concern_systems_contracts_and_times() {
    let plan = read(
        "p",
        &json!({"plan": [
            {"from": "0s", "to": "0.5s", "behaviour": "hang"},
            {"system": "journal-*", "contract": "GetDiagnosis", "behaviour": "soap-fault"},
            {"contract": "GetX:1", "behaviour": "slow;ms=7"},
        ]}),
    )
    .unwrap();
    let decided = |system, contract| plan.decide(&call(system, contract, "k")).map(|(fired, _)| fired.row);
    assert_eq!(decided("journal-a", "GetDiagnosis:2"), Some(1));
    assert_eq!(decided("other", "GetDiagnosis:2"), None);
    assert_eq!(decided("other", "GetX:1"), Some(2));
    let early = Call { elapsed: Duration::from_millis(499), ..call("x", "", "k") };
    assert_eq!(plan.decide(&early).unwrap().0.row, 0);
}

#[test]
fn a_plan_that_cannot_be_read_is_said_to_be() {
    let cases = [
        (json!({"sed": 1}), "the nearest known one is \"seed\""),
        (json!({"plan": [{"share": 2, "behaviour": "hang"}]}), "row 0 of plan: share is 2"),
        (json!({"plan": [{"behaviour": "hangs"}]}), "the nearest is \"hang\""),
        (json!({"plan": [{"behaviour": "cert-expire"}]}), "the nearest is \"cert-expired\""),
        (json!({"plan": [{}]}), "it has no behaviour"),
        (json!({"clock": "sun"}), "clock is \"sun\""),
    ];
    for (plan, expected) in cases {
        let why = read("p", &plan).unwrap_err();
        assert!(why.contains(expected), "{plan}: {why}");
    }
    assert_eq!(named().filter_map(by_name).count(), 5);
}

#[test]
fn what_is_done_to_every_call_needs_no_call() {
    let plan = |text: &str| read("p", &toml::from_str(text).unwrap()).unwrap();
    let refusing = |plan: &Plan, system: &str, seconds: u64| match plan.for_all(system, Duration::from_secs(seconds)) {
        ForAll::Nothing => "nothing".to_owned(),
        ForAll::Depends => "depends".to_owned(),
        ForAll::Act(act) => act.to_string(),
    };
    let rolling = by_name("rolling-restart").unwrap();
    for (system, seconds, expected) in [
        ("journal-a", 0, "refuse"),
        ("journal-a", 29, "refuse"),
        ("journal-a", 30, "nothing"),
        ("journal-b", 29, "nothing"),
        ("journal-b", 30, "refuse"),
        ("booking", 30, "nothing"),
    ] {
        assert_eq!(refusing(&rolling, system, seconds), expected, "{system} after {seconds} s");
    }
    for (text, expected) in [
        ("plan = [{ behaviour = \"slow-accept;ms=5\" }]", "slow-accept;ms=5"),
        ("plan = [{ share = 0.0, behaviour = \"hang\" }, { behaviour = \"refuse\" }]", "refuse"),
        ("plan = [{ share = 0.9, behaviour = \"hang\" }, { behaviour = \"refuse\" }]", "depends"),
        ("plan = [{ contract = \"GetDiagnosis:2\", behaviour = \"hang\" }, { behaviour = \"refuse\" }]", "depends"),
        ("clock = \"requests\"\nplan = [{ from = 5, behaviour = \"refuse\" }]", "depends"),
        ("clock = \"requests\"\nplan = [{ behaviour = \"refuse\" }]", "refuse"),
        ("plan = [{ behaviour = \"lognormal\" }]", "depends"),
    ] {
        assert_eq!(refusing(&plan(text), "any", 0), expected, "{text}");
    }
}
