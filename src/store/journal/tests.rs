//! Whatever happens to the disk, an acknowledged batch is found again and no batch is found in part.

use std::sync::Arc;

use super::*;
use crate::store::disk::fake::{FakeDisk, Unsynced};
use crate::store::log::Skipped;

const SEGMENT: u64 = 1024;

fn journal(disk: &FakeDisk) -> Journal {
    Journal::open(Arc::new(disk.clone()), SEGMENT).unwrap()
}

/// A batch that tells its own number and is not all the same byte.
fn batch(number: u64) -> Vec<u8> {
    let length = (number * 37 % 200) as usize;
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.extend((0..length).map(|place| place as u8 ^ number as u8));
    bytes
}

fn append(journal: &mut Journal, numbers: std::ops::RangeInclusive<u64>) -> Result<u64, LogError> {
    let batches: Vec<_> = numbers.map(batch).collect();
    journal.append(&batches.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

fn read(disk: &FakeDisk, from: u64) -> (Vec<u64>, Replayed) {
    let mut numbers = Vec::new();
    let replayed = journal(disk).replay(from, &mut |sequence, bytes| {
        assert_eq!(bytes, batch(sequence), "batch {sequence}");
        numbers.push(sequence);
        Ok(())
    });
    (numbers, replayed.unwrap())
}

#[test]
fn batches_come_back_in_order_over_segments_and_restarts() {
    let disk = FakeDisk::default();
    for start in [1u64, 11, 21] {
        let mut journal = journal(&disk);
        for number in start..start + 10 {
            assert_eq!(append(&mut journal, number..=number).unwrap(), number);
        }
    }
    assert_eq!(append(&mut journal(&disk), 31..=40).unwrap(), 40);
    assert!(disk.names().unwrap().len() > 3, "several segments");
    for from in 1..=41 {
        let (numbers, replayed) = read(&disk, from);
        assert_eq!(numbers, (from..=40).collect::<Vec<_>>());
        assert_eq!((replayed.last, replayed.skipped), (40, vec![]));
    }
}

#[test]
fn a_last_batch_that_ends_in_zeros_is_whole() {
    for zeros in 0..40 {
        let disk = FakeDisk::default();
        let batch = [&[1][..], &vec![0; zeros]].concat();
        assert_eq!(journal(&disk).append(&[&batch]).unwrap(), 1);
        let mut read = Vec::new();
        let replayed = journal(&disk).replay(1, &mut |_, bytes| {
            read.push(bytes.to_vec());
            Ok(())
        });
        assert_eq!((read, replayed.unwrap().skipped), (vec![batch], vec![]), "{zeros} zeros");
    }
}

#[test]
fn power_lost_at_any_sync_loses_nothing_acknowledged() {
    for stop in 1.. {
        let disk = FakeDisk::default();
        disk.stop_after_syncs(stop);
        let mut writer = journal(&disk);
        let groups = [1..=1, 2..=6, 7..=7, 8..=20, 21..=40, 41..=41];
        let mut acknowledged = 0;
        let mut stopped = false;
        for group in groups.clone() {
            match append(&mut writer, group) {
                Ok(last) => acknowledged = last,
                Err(_) => stopped = true,
            }
        }
        for unsynced in [Unsynced::Lost, Unsynced::Kept, Unsynced::Some(stop as u64), Unsynced::Some(77)] {
            let found = disk.after_crash(unsynced);
            let (numbers, replayed) = read(&found, 1);
            let expected: Vec<_> = (1..=acknowledged).collect();
            assert_eq!(&numbers[..expected.len()], expected, "stopped after sync {stop}, {unsynced:?}");
            assert!(replayed.skipped.iter().all(|skipped| !skipped.acknowledged), "{:?}", replayed.skipped);
            let next = replayed.last + 1;
            assert_eq!(append(&mut journal(&found), next..=next).unwrap(), next);
            assert_eq!(read(&found, next).0, [next]);
        }
        if !stopped {
            assert!(stop > 10, "the loop saw every sync");
            return;
        }
    }
}

#[test]
fn a_file_cut_at_any_byte_gives_its_whole_batches() {
    let disk = FakeDisk::default();
    append(&mut journal(&disk), 1..=5).unwrap();
    let name = segment::name(1);
    let whole = disk.contents(&name);
    let mut ends = vec![];
    let mut at = segment::HEADER_BYTES;
    for number in 1..=5 {
        at += frame::frame_bytes(batch(number).len());
        ends.push(at);
    }
    for kept in 0..whole.len() {
        let cut = disk.after_crash(Unsynced::Lost);
        cut.tamper(&name, |bytes| bytes.truncate(kept));
        let (numbers, _) = read(&cut, 1);
        // The padding behind a batch may be missing.
        let expected = ends.iter().zip(1..).filter(|(end, number)| **end - pad(*number) <= kept).count() as u64;
        assert_eq!(numbers, (1..=expected).collect::<Vec<_>>(), "cut to {kept}");
    }
}

fn pad(number: u64) -> usize {
    frame::frame_bytes(batch(number).len()) - frame::HEADER_BYTES - batch(number).len()
}

#[test]
fn a_damaged_byte_costs_one_batch_and_is_told() {
    let disk = FakeDisk::default();
    let mut writer = journal(&disk);
    for number in 1..=3 {
        append(&mut writer, number..=number).unwrap();
    }
    let name = segment::name(1);
    let second = segment::HEADER_BYTES + frame::frame_bytes(batch(1).len());
    for at in second..second + frame::frame_bytes(batch(2).len()) - pad(2) {
        if (28..32).contains(&(at - second)) {
            continue; // Reserved, unread.
        }
        let tampered = disk.after_crash(Unsynced::Lost);
        tampered.tamper(&name, |bytes| bytes[at] ^= 1);
        let (numbers, replayed) = read(&tampered, 1);
        assert_eq!(numbers, [1, 3], "byte {at}");
        let bytes = frame::frame_bytes(batch(2).len()) as u64;
        let expected =
            Skipped { file: name.clone(), offset: second as u64, bytes, first: 2, last: 2, acknowledged: true };
        assert_eq!(replayed.skipped, [expected]);
        assert_eq!(
            replayed.skipped[0].to_string(),
            format!("{name}: skipped {bytes} bytes at {second}: acknowledged batches 2 to 2 are damaged")
        );
    }
}

#[test]
fn a_torn_end_is_told_and_left_alone() {
    let disk = FakeDisk::default();
    append(&mut journal(&disk), 1..=2).unwrap();
    let end = segment::HEADER_BYTES + frame::frame_bytes(batch(1).len()) + frame::frame_bytes(batch(2).len());
    disk.tamper(&segment::name(1), |bytes| bytes[end + 3] = 9);
    let (numbers, replayed) = read(&disk, 1);
    assert_eq!(numbers, [1, 2]);
    assert_eq!(replayed.skipped.len(), 1);
    assert!(!replayed.skipped[0].acknowledged);
    assert!(replayed.skipped[0].to_string().ends_with("the torn end of the log, behind batch 2"));
    append(&mut journal(&disk), 3..=3).unwrap();
    assert_eq!(read(&disk, 1).0, [1, 2, 3]);
    assert_eq!(disk.contents(&segment::name(1))[end + 3], 9);
}

#[test]
fn a_lost_segment_is_told() {
    let disk = FakeDisk::default();
    let mut writer = journal(&disk);
    for number in 1..=30 {
        append(&mut writer, number..=number).unwrap();
    }
    let second = writer.segments[1].first;
    let third = writer.segments[2].first;
    disk.remove(&segment::name(second)).unwrap();
    let (_, replayed) = read(&disk, 1);
    assert_eq!(replayed.last, 30);
    let [skipped] = &replayed.skipped[..] else { panic!("{:?}", replayed.skipped) };
    assert_eq!((skipped.first, skipped.last, skipped.acknowledged), (second, third - 1, true));
}

#[test]
fn a_failed_write_stops_further_writes_and_says_why() {
    let disk = FakeDisk::default();
    let mut writer = journal(&disk);
    append(&mut writer, 1..=1).unwrap();
    disk.fail_writes();
    assert!(matches!(append(&mut writer, 2..=2), Err(LogError::Disk { .. })));
    let healthy_again = append(&mut writer, 2..=2).unwrap_err();
    assert!(matches!(&healthy_again, LogError::Poisoned(why) if why.contains("cannot write")), "{healthy_again}");
}

#[test]
fn a_batch_that_fits_no_segment_is_refused_and_costs_nothing() {
    let disk = FakeDisk::default();
    let mut writer = journal(&disk);
    let largest = vec![1; writer.payload_bytes_max()];
    assert_eq!(writer.append(&[&largest]).unwrap(), 1);
    assert!(matches!(writer.append(&[&vec![1; largest.len() + 1]]), Err(LogError::TooLarge { .. })));
    assert_eq!(writer.append(&[b"small"]).unwrap(), 2);
}

#[test]
fn what_a_snapshot_covers_is_forgotten_segment_by_segment() {
    let disk = FakeDisk::default();
    let mut writer = journal(&disk);
    for number in 1..=30 {
        append(&mut writer, number..=number).unwrap();
    }
    let before = writer.segments.len();
    writer.forget(20).unwrap();
    assert!(writer.segments.len() < before);
    let (numbers, replayed) = read(&disk, 20);
    assert_eq!(numbers, (20..=30).collect::<Vec<_>>());
    assert_eq!(replayed.skipped, []);
    writer.forget(1_000).unwrap();
    assert_eq!(disk.names().unwrap().len(), 1, "the one that is being written stays");
    append(&mut writer, 31..=31).unwrap();
    assert_eq!(read(&disk, 31).0, [31]);
}
