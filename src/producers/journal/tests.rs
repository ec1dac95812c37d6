//! The journal on disk: what is read back, whatever happened to it in between.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode};

use super::keep::{DATA_FOLDER, Item, Keeper, Totals, restore};
use super::{Answered, Kept, NamedStub, Outcome, RivFacts, Row, Sent};
use crate::producers::chaos::Fired;
use crate::producers::settings::{JOURNAL_QUEUE_BYTES_MAX, JOURNAL_SEGMENT_BYTES};
use crate::producers::space::Spaces;
use crate::store::disk::fake::{FakeDisk, Unsynced};

const MIB: usize = 1024 * 1024;

/// A row whose body is its number, filled up to a length.
fn row(workspace: &str, number: usize, length: usize) -> Row {
    let digits = number.to_string();
    let body = "0".repeat(length - digits.len()) + &digits;
    let request = Request::post("/x/?a=%C3%A5").header("x-n", number).body(Bytes::from(body)).unwrap();
    Row { was_matched: number.is_multiple_of(2), ..Row::of("x".into(), workspace.into(), Arc::new(request)) }
}

fn opened(data: &Path, bytes_max: usize) -> Spaces {
    restore::open(data, bytes_max).unwrap()
}

/// Numbers of the rows of a workspace, oldest first.
fn numbers(spaces: &Spaces, key: &str) -> Vec<usize> {
    let of = |row: &Arc<Row>| row.request.headers()["x-n"].to_str().unwrap().parse().unwrap();
    spaces.open(key).unwrap().journal.rows().iter().map(of).collect()
}

/// Adds rows with these numbers.
fn added(spaces: &Spaces, key: &str, numbers: std::ops::Range<usize>, length: usize) {
    let journal = Arc::clone(&spaces.open(key).unwrap().journal);
    for number in numbers {
        journal.add(row(key, number, length));
    }
}

fn segments(data: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(data.join(DATA_FOLDER)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn disk_bytes(data: &Path) -> u64 {
    segments(data).iter().map(|path| path.metadata().unwrap().len()).sum()
}

#[test]
fn every_part_of_a_row_is_read_back() {
    let data = tempfile::tempdir().unwrap();
    let mut headers = HeaderMap::new();
    headers.append("x-latin", HeaderValue::from_bytes(b"\xe5\xe4\xf6").unwrap());
    headers.append("x-two", HeaderValue::from_static("1"));
    headers.append("x-two", HeaderValue::from_static("2"));
    let mut request = Request::new(Bytes::from_static(b"<a>\xff\x00</a>"));
    *request.uri_mut() = "/x/sub?q=1".parse().unwrap();
    *request.headers_mut() = headers.clone();
    let whole = Row {
        at: "2026-03-02T12:00:00.123Z".parse().unwrap(),
        request_body: Kept { whole: Some((300_000, "ab12".to_owned())) },
        client: Some("::1".parse().unwrap()),
        riv: RivFacts {
            contract: Some("urn:x:GetDiagnosisResponder:2".to_owned()),
            profile: Some("rivtabp21".into()),
            patient: Some("191212121212".to_owned()),
            ..RivFacts::default()
        },
        request_validation: Some(Vec::new()),
        response_validation: Some(vec!["V05 bad".to_owned()]),
        answered: Answered {
            source: Some("mapping".to_owned()),
            earlier: Some(NamedStub { id: "id-1".to_owned(), name: "the stub".to_owned() }),
            rule: Some(2),
            behaviour: Some("slow;ms=3".to_owned()),
            chaos: Some(Fired {
                plan: "p".to_owned(),
                seed: 7,
                row: 1,
                key: "k".to_owned(),
                behaviour: "slow;ms=3".to_owned(),
            }),
            note: Some("noted".to_owned()),
            stub: None,
        },
        sent: Some(Sent {
            status: StatusCode::ACCEPTED,
            headers,
            body: Bytes::from_static(b"\xfe answer"),
            kept: Kept::default(),
        }),
        added_delay: Duration::from_millis(3),
        process_time: Duration::from_micros(250),
        send_time: Duration::from_millis(1),
        was_matched: true,
        outcome: Outcome::ClientGone,
        explanation: Some("because".to_owned()),
        ..Row::of("x".into(), "w-1".into(), Arc::new(request))
    };
    let spaces = opened(data.path(), MIB);
    spaces.open("w-1").unwrap().journal.add(whole.clone());
    spaces.close();
    let found = opened(data.path(), MIB).open("w-1").unwrap().journal.rows();
    assert_eq!((found.len(), found[0].view()), (1, whole.view()));
    assert_eq!((found[0].request.body(), found[0].request.headers()), (whole.request.body(), whole.request.headers()));
    assert_eq!(found[0].bytes(), whole.bytes());
}

#[test]
fn rows_counters_and_removals_of_each_workspace_are_those_before_the_restart() {
    let data = tempfile::tempdir().unwrap();
    let spaces = opened(data.path(), MIB);
    for key in ["", "tester", "gone", "came-back"] {
        added(&spaces, key, 0..10, 100);
    }
    let tester = spaces.open("tester").unwrap();
    tester.journal.remove(|row| row.request.headers()["x-n"] == "3");
    spaces.shared().journal.remove(|_| true);
    added(&spaces, "", 10..12, 100);
    spaces.drop_space("gone");
    spaces.drop_space("came-back");
    added(&spaces, "came-back", 20..21, 100);
    let before = ["", "tester", "came-back"].map(|key| spaces.open(key).unwrap().journal.totals());
    assert_eq!(before[0], Totals { served: 12, unmatched: 6, dropped: 0 });
    spaces.close();
    for _ in 0..2 {
        let spaces = opened(data.path(), MIB);
        assert_eq!(spaces.keys(), ["came-back", "tester"]);
        assert_eq!(numbers(&spaces, ""), [10, 11]);
        assert_eq!(numbers(&spaces, "tester"), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        assert_eq!(numbers(&spaces, "came-back"), [20]);
        assert_eq!(["", "tester", "came-back"].map(|key| spaces.open(key).unwrap().journal.totals()), before);
        spaces.close();
    }
}

#[test]
fn a_call_that_outlives_its_workspace_does_not_bring_it_back() {
    let data = tempfile::tempdir().unwrap();
    let spaces = opened(data.path(), MIB);
    let keys = ["gone", "came-back"];
    let outlived = keys.map(|key| {
        added(&spaces, key, 0..3, 100);
        spaces.open(key).unwrap()
    });
    keys.iter().for_each(|key| assert!(spaces.drop_space(key)));
    added(&spaces, "came-back", 20..24, 100);
    let totals = spaces.open("came-back").unwrap().journal.totals();
    for (space, key) in outlived.iter().zip(keys) {
        space.journal.add(row(key, 3, 100));
        space.journal.remove(|row| row.request.headers()["x-n"] == "1");
        space.journal.tell_totals();
    }
    spaces.close();
    let spaces = opened(data.path(), MIB);
    assert_eq!(spaces.keys(), ["came-back"]);
    assert_eq!(numbers(&spaces, "came-back"), [20, 21, 22, 23]);
    assert_eq!(spaces.open("came-back").unwrap().journal.totals(), totals);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_look_into_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let data = tempfile::tempdir().unwrap();
    opened(data.path(), MIB).close();
    let mode = data.path().join(DATA_FOLDER).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_torn_end_costs_what_stood_in_it_and_nothing_before() {
    let data = tempfile::tempdir().unwrap();
    let spaces = opened(data.path(), MIB);
    added(&spaces, "", 0..50, 200);
    spaces.close();
    let path = segments(data.path()).pop().unwrap();
    let whole = fs::read(&path).unwrap();
    let written = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let mut fewest = 50;
    for end in (0..written).rev().step_by(written / 40) {
        let mut torn = whole.clone();
        torn[end..].fill(0);
        fs::write(&path, &torn).unwrap();
        // A start writes nothing of its own before a call: the file is as it was for the next.
        let spaces = opened(data.path(), MIB);
        let found = numbers(&spaces, "");
        assert_eq!(found, (0..found.len()).collect::<Vec<_>>(), "torn at {end}");
        assert!(found.len() <= fewest, "torn at {end}: {}", found.len());
        fewest = found.len();
    }
    assert_eq!(fewest, 0, "down to nothing");
    // Cut off as well as overwritten; and what comes behind it is read.
    fs::write(&path, &whole[..written / 2]).unwrap();
    let spaces = opened(data.path(), MIB);
    let left = numbers(&spaces, "");
    assert!(!left.is_empty() && left.len() < 50, "{left:?}");
    added(&spaces, "", 90..92, 200);
    spaces.close();
    assert_eq!(numbers(&opened(data.path(), MIB), ""), [left, vec![90, 91]].concat());
}

#[test]
fn the_disk_holds_no_more_than_it_may_and_the_newest_rows() {
    let data = tempfile::tempdir().unwrap();
    let bytes_max = 2 * MIB;
    let spaces = opened(data.path(), bytes_max);
    added(&spaces, "idle", 0..3, 100);
    let idle = spaces.open("idle").unwrap().journal.totals();
    let most = bytes_max as u64 + 3 * JOURNAL_SEGMENT_BYTES;
    // Seventy megabytes, in portions that the queue takes.
    for portion in 0..7 {
        added(&spaces, "", portion * 100..(portion + 1) * 100, 100_000);
        while spaces.queued() > 0 {
            std::thread::yield_now();
        }
        assert!(disk_bytes(data.path()) <= most, "{} bytes", disk_bytes(data.path()));
    }
    let (totals, newest) = (spaces.shared().journal.totals(), numbers(&spaces, ""));
    assert_eq!(spaces.shared().journal.counts().unkept, Some(0));
    spaces.close();
    assert!(disk_bytes(data.path()) <= most);
    let spaces = opened(data.path(), bytes_max);
    assert_eq!((numbers(&spaces, ""), spaces.shared().journal.totals()), (newest, totals));
    assert!(spaces.shared().journal.bytes() <= bytes_max);
    // Its rows have gone with the oldest pieces; how many there were is known.
    assert_eq!((numbers(&spaces, "idle"), spaces.open("idle").unwrap().journal.totals()), (Vec::new(), idle));
    spaces.close();
    // Less may be kept from now on.
    let spaces = opened(data.path(), MIB);
    assert!(spaces.shared().journal.bytes() <= MIB && numbers(&spaces, "").last() == Some(&699));
}

#[test]
fn starts_do_not_fill_the_disk() {
    let data = tempfile::tempdir().unwrap();
    for start in 0..12 {
        let spaces = opened(data.path(), 64 * MIB);
        assert_eq!(numbers(&spaces, "w"), (0..start).collect::<Vec<_>>());
        added(&spaces, "w", start..start + 1, 1_000);
        spaces.close();
        let segments = segments(data.path()).len();
        assert!(segments <= 7, "{segments} segments after {} starts", start + 1);
    }
}

#[test]
fn what_the_queue_has_no_room_for_is_counted_and_nobody_waits() {
    // Nobody writes.
    let keeper = Arc::new(Keeper::default());
    let fits = JOURNAL_QUEUE_BYTES_MAX / row("", 0, 200_000).bytes();
    for number in 0..fits + 5 {
        keeper.put(Item::Row(Arc::new(row("", number, 200_000)), Totals::default()));
    }
    assert_eq!(keeper.unkept(), 5);
    keeper.put(Item::Removed("".into(), vec!["id".to_owned()]));
    assert_eq!(keeper.unkept(), 5, "rows leave room for what says that rows are gone");
    for _ in 0..3 {
        keeper.put(Item::Removed("".into(), vec!["x".repeat(JOURNAL_QUEUE_BYTES_MAX)]));
    }
    assert_eq!(keeper.unkept(), 5, "the first of them has room, and the others are owed");
    keeper.put(Item::Row(Arc::new(row("", 0, 1)), Totals::default()));
    assert_eq!(keeper.unkept(), 6, "nothing comes behind what is owed until that is written");
    keeper.close();
    keeper.put(Item::Dropped("".into()));
    assert_eq!(keeper.unkept(), 7, "behind the end");
}

#[test]
fn what_was_deleted_while_the_disk_failed_stays_deleted() {
    let disk = FakeDisk::default();
    let spaces = restore::on(Arc::new(disk.clone()), MIB).unwrap();
    for key in ["", "tester", "gone"] {
        added(&spaces, key, 0..4, 100);
    }
    while spaces.queued() > 0 {
        std::thread::yield_now();
    }
    disk.fail_writes();
    spaces.shared().journal.remove(|row| row.request.headers()["x-n"] == "2");
    spaces.open("tester").unwrap().journal.remove(|_| true);
    spaces.drop_space("gone");
    while spaces.queued() > 0 {
        std::thread::yield_now();
    }
    // It is lost if it comes while the disk fails, and not what was deleted.
    added(&spaces, "", 4..5, 100);
    while spaces.queued() > 0 {
        std::thread::yield_now();
    }
    // The writes are taken again before the end; had they not been, the rows would be there.
    assert_eq!(numbers(&restore::on(Arc::new(disk.after_crash(Unsynced::Kept)), MIB).unwrap(), ""), [0, 1, 2, 3]);
    disk.mend_writes();
    spaces.close();
    let spaces = restore::on(Arc::new(disk.after_crash(Unsynced::Kept)), MIB).unwrap();
    assert_eq!((numbers(&spaces, ""), numbers(&spaces, "tester")), (vec![0, 1, 3], Vec::new()));
    assert_eq!(spaces.keys(), ["tester"]);
    assert_eq!(spaces.open("tester").unwrap().journal.totals(), Totals { served: 4, unmatched: 2, dropped: 0 });
}
