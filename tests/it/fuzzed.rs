//! Input that nobody meant: what must hold of any input holds of the seeds changed at random, the same way on every run,
//! and of every input that once broke it. `ci/fuzz.sh` drives the same functions with guidance.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

#[allow(dead_code, reason = "seeds are written to files by the fuzz targets only")]
#[path = "../../fuzz/checks/mod.rs"]
mod checks;

use checks::Check;

/// A change to some bytes: where (as a share of the whole), and what is put there instead of how many.
type Change = (f64, Vec<u8>, usize);

fn changes(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<Change>> {
    let meant = prop::sample::select(pieces).prop_map(|text| text.as_bytes().to_vec());
    let bytes = prop_oneof![meant, prop::collection::vec(any::<u8>(), 0..4)];
    prop::collection::vec((0.0..1.0f64, bytes, 0usize..12), 1..5)
}

fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for (share, put, taken) in changes {
        let at = (out.len() as f64 * share) as usize;
        let end = (at + taken).min(out.len());
        out.splice(at..end, put.iter().copied());
    }
    out
}

/// The same cases on every run: a failure somebody sees is one that everybody sees.
fn drive(check: &Check, cases: u32) {
    let seeds = (check.seeds)();
    assert!(!seeds.is_empty());
    seeds.iter().for_each(|seed| (check.check)(seed));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let strategy = (0..seeds.len(), any::<u8>(), changes(check.pieces));
    runner
        .run(&strategy, |(which, choice, changes)| {
            let mut input = changed(&seeds[which], &changes);
            if let Some(first) = input.first_mut().filter(|_| changes.len() % 2 == 0) {
                *first = choice;
            }
            (check.check)(&input);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{}: {error}", check.name));
}

#[test]
fn envelopes_and_requests() {
    drive(&checks::ENVELOPE, 2_000);
    drive(&checks::PROFILE, 500);
    drive(&checks::REQUEST, 1_000);
}

#[test]
fn messages_are_judged_alike_in_any_pieces() {
    drive(&checks::MESSAGE, 1_000);
}

#[test]
fn schemas_are_refused_or_compiled() {
    drive(&checks::SCHEMA, 300);
}

#[test]
fn zips_are_refused_or_read() {
    drive(&checks::PACKAGE, 500);
}

#[test]
fn what_once_broke_a_promise_does_not_any_more() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions");
    for folder in fs::read_dir(&root).expect("the folder is part of the project").flatten() {
        if !folder.path().is_dir() {
            continue;
        }
        let name = folder.file_name();
        let check = checks::ALL.iter().find(|check| name == check.name);
        let check = check.unwrap_or_else(|| panic!("no check is named {}", name.display()));
        for file in fs::read_dir(folder.path()).expect("a folder for each check").flatten() {
            (check.check)(&fs::read(file.path()).expect("the file can be read"));
        }
    }
}
