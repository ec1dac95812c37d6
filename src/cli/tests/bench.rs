//! `anslut bench` on a platform of its own: what is counted, and what is said of calls that were refused.

use serde_json::Value;

use super::anslut;
use crate::cli::failure::Exit;

const VP007: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo/requests/get-care-documentation-vp007.xml");
const FEW: [&str; 7] = ["--rate", "20", "--seconds", "1", "--connections", "4", "--json"];

fn told(arguments: &[&str]) -> (Exit, Value) {
    let ran = anslut(&[&["bench"], arguments, &FEW[..]].concat(), &[]);
    (ran.exit, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err)))
}

#[test]
fn each_part_answers_every_call_that_was_due() {
    let residents = ["--residents", "50"];
    for part in [&["hub"][..], &["find"], &["update", "--rows", "30"]] {
        let mix: &[&str] = if part[0] == "hub" { &[] } else { &residents };
        let (exit, told) = told(&[part, mix].concat());
        assert_eq!((exit, &told["answered"], &told["never_sent"]), (Exit::Done, &20.into(), &0.into()), "{told}");
        assert_eq!(told["refused"], serde_json::json!({}));
        assert!(told["latency_us"]["p50"].as_u64() > Some(0) && told["answer_bytes"].as_u64() > Some(4_000), "{told}");
    }
}

#[test]
fn a_call_that_is_refused_fails_the_command_and_says_why() {
    let (exit, told) = told(&["hub", "--request", VP007]);
    assert_eq!((exit, &told["answered"]), (Exit::Failed, &0.into()));
    let refused = told["refused"].as_object().unwrap();
    let (why, count) = refused.iter().next().unwrap();
    assert!(refused.len() == 1 && why.starts_with("500: VP007 ") && *count == 20, "{told}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (arguments, named) in [
        (&["bench", "hub", "--rate", "0"][..], "0"),
        (&["bench", "hub", "--header", "no colon"], "no colon"),
        (&["bench", "hub", "--request", "/none/such"], "/none/such"),
        (&["bench", "update", "--rows", "1001"], "1001"),
    ] {
        let ran = anslut(arguments, &[]);
        assert_eq!(ran.exit, Exit::Usage, "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(named), "{arguments:?}: {}", ran.err);
    }
}
