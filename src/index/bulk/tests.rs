//! Engagements are made up the same each time, go in, come out as they were, and bad lines are told by their number.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tempfile::TempDir;

use super::generate::{Mix, identity};
use super::load::{BadLines, Told};
use super::send::Receiver;
use super::*;
use crate::config::index::IndexSettings;
use crate::domain::clock::Clock;
use crate::domain::identity_number::in_test_series;
use crate::index::open::Index;
use crate::soap::responder::{Answer, Responder};

const MIX: Mix = Mix { residents: 300, engagements_per_resident: 12, seed: 7 };

fn generated(folder: &TempDir, name: &str, mix: Mix) -> PathBuf {
    let file = folder.path().join(name);
    generate::generate(mix, &file, &mut |_| {}).unwrap();
    file
}

fn opened(folder: &TempDir) -> Index {
    Index::open(&folder.path().join("index"), IndexSettings::default(), Clock::System).unwrap()
}

fn sorted_lines(bytes: &[u8]) -> Vec<String> {
    let mut lines: Vec<_> = std::str::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn the_same_seed_gives_the_same_file_and_another_another() {
    let folder = tempfile::tempdir().unwrap();
    let [one, same, other] = [("a", 7), ("b", 7), ("c", 8)]
        .map(|(name, seed)| fs::read(generated(&folder, name, Mix { seed, ..MIX })).unwrap());
    assert_eq!(one, same);
    assert_ne!(one, other);
    let lines = sorted_lines(&one).len() as u64;
    assert!((MIX.residents * 8..MIX.residents * 16).contains(&lines), "{lines} lines");
    for mix in [Mix { residents: 0, ..MIX }, Mix { engagements_per_resident: 1_001, ..MIX }] {
        assert!(generate::generate(mix, &folder.path().join("d"), &mut |_| {}).is_err());
    }
    assert!(!folder.path().join("d").exists());
}

#[test]
fn no_resident_can_be_a_living_person_and_none_is_twice() {
    let ids: HashSet<String> = (0..200_000).map(|resident| identity(3, resident)).collect();
    assert_eq!(ids.len(), 200_000);
    for id in ids {
        assert!(id.len() == 12 && id.as_bytes()[8].is_ascii_uppercase() && !in_test_series(id.as_bytes()), "{id}");
        let date = jiff::civil::Date::strptime("%Y%m%d", &id[..8]);
        assert!(date.is_ok(), "{id}");
    }
}

#[test]
fn what_was_loaded_is_dumped_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["plain.ndjson", "small.ndjson.zst"] {
        let file = generated(&folder, name, MIX);
        let plain = fs::read(generated(&folder, "again.ndjson", MIX)).unwrap();
        let data = tempfile::tempdir().unwrap();
        let opened = opened(&data);
        let progress = load::load(&opened, &file, BadLines::Stop, &mut |_| {}).unwrap();
        assert_eq!(progress.lines, sorted_lines(&plain).len() as u64);
        let dumped = folder.path().join("dumped.ndjson");
        dump::dump(opened.memory(), &dumped, &mut |_| {}).unwrap();
        // The owner was left out and is the index.
        let own = |line: String| line.replace("\"}", "\",\"owner\":\"ei-hsa-id\"}");
        let mut expected: Vec<_> = sorted_lines(&plain).into_iter().map(own).collect();
        expected.sort();
        assert_eq!(sorted_lines(&fs::read(&dumped).unwrap()), expected);
        let resident = identity(MIX.seed, 5);
        let found = inspect::find(opened.memory(), &resident, None);
        let his = expected.iter().filter(|line| line.contains(&resident)).count();
        assert!(his > 0 && sorted_lines(&found).len() == his);
        let stat = inspect::stat(&opened);
        assert_eq!((stat.engagements, stat.residents), (progress.lines, MIX.residents));
    }
}

#[test]
fn bad_lines_are_told_by_number_and_a_load_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let good = fs::read_to_string(generated(&folder, "good.ndjson", MIX)).unwrap();
    let mut lines: Vec<String> = good.lines().map(str::to_owned).collect();
    let bad = [
        (3, "{}".to_owned(), "registeredResidentIdentification is missing"),
        (5, "not json".to_owned(), "not an engagement"),
        (9, lines[0].replace("\"NA\"", &format!("\"{}\"", "x".repeat(129))), "has 129 characters, at most 128"),
        (12, lines[0].replace("\"creationTime\":\"", "\"creationTime\":\"x"), "creationTime"),
        (14, "x".repeat(70_000), "longer than 65536 bytes"),
    ];
    for (line, text, _) in &bad {
        lines.insert(line - 1, text.clone());
    }
    let file = folder.path().join("bad.ndjson");
    fs::write(&file, lines.join("\n")).unwrap();
    let first = opened(&folder);
    let error = load::load(&first, &file, BadLines::Stop, &mut |_| {}).unwrap_err();
    assert!(error.to_string().ends_with("bad.ndjson:3"), "{error}");
    assert_eq!(first.status().engagements, 2, "what stands before is in");
    drop(first);
    let again = opened(&folder);
    let mut told = Vec::new();
    let progress = load::load(&again, &file, BadLines::Skip, &mut |tell| match tell {
        Told::Skipped(skipped) => {
            let source = std::error::Error::source(&skipped.why).map(ToString::to_string).unwrap_or_default();
            told.push((skipped.line, format!("{}: {source}", skipped.why)));
        }
        Told::Progress(_) => {}
    });
    assert_eq!(progress.unwrap().skipped, 5);
    told.sort();
    for ((line, _, expected), (told_line, text)) in bad.iter().zip(&told) {
        assert_eq!(*line as u64, *told_line);
        assert!(text.contains(expected), "{line}: {text}");
    }
    assert_eq!(again.status().engagements, good.lines().count() as u64);
    let mut reports = 0;
    load::load(&again, &file, BadLines::Stop, &mut |_| reports += 1).unwrap();
    assert_eq!(reports, 0, "all of it is in");
}

/// Counts transactions and refuses every third call.
#[derive(Default)]
struct Platform {
    calls: Mutex<Vec<usize>>,
}

impl Responder for Platform {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        let body = String::from_utf8(request.body().to_vec()).unwrap();
        let mut calls = self.calls.lock().unwrap();
        calls.push(body.matches("<p:engagementTransaction>").count());
        let mut answer = Response::new(Bytes::from_static(b"<a><faultstring>no more</faultstring></a>"));
        if calls.len().is_multiple_of(3) {
            *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        Box::pin(async move { Ok(answer) })
    }
}

#[tokio::test]
async fn a_file_is_sent_as_updates_of_a_thousand_and_a_refusal_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = generated(&folder, "a.ndjson.zst", MIX);
    let to = Receiver { target: "/skltp-ei/update-service/v1".into(), own_id: "ei-hsa-id".into() };
    let platform = Platform::default();
    let error = send::send(&file, 1, &to, &platform, BadLines::Stop, &mut |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("answered 500 at line 3000: no more"), "{error}");
    assert_eq!(*platform.calls.lock().unwrap(), [1_000, 1_000, 1_000]);
    let rest = Platform::default();
    let progress = send::send(&file, 2_001, &to, &rest, BadLines::Stop, &mut |_| {}).await.unwrap();
    let sent: usize = rest.calls.lock().unwrap().iter().sum();
    assert_eq!(sent as u64, progress.lines - 2_000);
}
