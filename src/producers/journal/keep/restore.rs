//! What is read back at the start.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use super::writer::{Writer, disk_bytes_max};
use super::{DATA_FOLDER, Item, Keeper, record};
use crate::producers::settings::JOURNAL_SEGMENT_BYTES;
use crate::producers::space::Spaces;
use crate::store::disk::Disk;
use crate::store::disk::real::RealDisk;
use crate::store::journal::Journal as StoredJournal;
use crate::store::log::{Log, LogError};

/// Segments beyond what the rows need before they are written anew: each start begins one.
const SPARE_SEGMENTS: u64 = 4;
/// Rows that are written at once when they are written anew.
const ROWS_AT_ONCE: usize = 256;

/// Opens the log below a data directory, fills workspaces with what it holds, and goes on with it.
pub fn open(data: &Path, bytes_max: usize) -> Result<Spaces, LogError> {
    let folder = data.join(DATA_FOLDER);
    let file = || folder.display().to_string();
    let disk = RealDisk::open(&folder).map_err(|source| LogError::Disk { action: "open", file: file(), source })?;
    only_for_us(&folder).map_err(|source| LogError::Disk { action: "protect", file: file(), source })?;
    on(Arc::new(disk), bytes_max)
}

/// What was sent is nobody's business but his who keeps it.
#[cfg(unix)]
fn only_for_us(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn only_for_us(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// As [`open`], on a disk.
pub fn on(disk: Arc<dyn Disk>, bytes_max: usize) -> Result<Spaces, LogError> {
    let keeper = Arc::new(Keeper::default());
    let spaces = Spaces::kept(bytes_max, Arc::clone(&keeper));
    let mut log = StoredJournal::open(Arc::clone(&disk), JOURNAL_SEGMENT_BYTES)?;
    let mut writes = VecDeque::new();
    // Rows that were written anew may stand there twice.
    let mut seen = HashSet::new();
    let mut unreadable = 0_u64;
    let replayed = log.replay(1, &mut |number, bytes| {
        writes.push_back(number);
        match record::decode(bytes) {
            Ok(item) => restored(&spaces, item, &mut seen),
            Err(why) => {
                if unreadable == 0 {
                    tracing::warn!(number, why, "a row of the producers' journal cannot be read and is passed over");
                }
                unreadable += 1;
            }
        }
        Ok(())
    })?;
    for skipped in replayed.skipped {
        tracing::warn!(%skipped, "part of the producers' journal could not be read");
    }
    let totals = HashMap::new();
    let (log, disk_bytes_max) = (Box::new(log), disk_bytes_max(bytes_max));
    let mut writer = Writer { disk, log, writes, disk_bytes_max, totals, broken: None };
    write_anew(&mut writer, &spaces)?;
    let writing = Arc::clone(&keeper);
    let thread = std::thread::Builder::new().name("producers-journal".to_owned()).spawn(move || writer.run(&writing));
    let thread = thread.map_err(|source| LogError::Disk {
        action: "start the thread of",
        file: DATA_FOLDER.to_owned(),
        source,
    })?;
    *keeper.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
    Ok(spaces)
}

fn restored(spaces: &Spaces, item: Item, seen: &mut HashSet<String>) {
    // More workspaces than there may be cannot have been written, but for those that were dropped in between.
    let journal = |key: &str| spaces.open(key).ok().map(|space| Arc::clone(&space.journal));
    match item {
        Item::Row(row, totals) => {
            if let Some(journal) = journal(&row.workspace)
                && seen.insert(row.id.clone())
            {
                journal.restore(row, totals);
            }
        }
        Item::Removed(key, ids) => {
            let ids: HashSet<String> = ids.into_iter().collect();
            journal(&key).iter().for_each(|journal| journal.restore_removed(|row| ids.contains(&row.id)));
        }
        Item::Cleared(key) => journal(&key).iter().for_each(|journal| journal.restore_removed(|_| true)),
        Item::Totals(key, totals) => journal(&key).iter().for_each(|journal| journal.restore_totals(totals)),
        Item::Dropped(key) => spaces.forget(&key),
        Item::Everything => {
            spaces.keys().iter().for_each(|key| spaces.forget(key));
            spaces.shared().journal.restore_removed(|_| true);
        }
    }
}

/// Writes what is left anew where the log holds much that is gone, so that starts, each of which begins a segment, do not
/// fill the disk. Should it end in the middle, rows stand there twice, and the next start reads them once.
fn write_anew(writer: &mut Writer, spaces: &Spaces) -> Result<(), LogError> {
    let all = spaces.all();
    for space in &all {
        writer.totals.insert(Arc::clone(space.key()), space.journal.totals());
    }
    let live: usize = all.iter().map(|space| space.journal.bytes()).sum();
    let wanted = live as u64 + SPARE_SEGMENTS * JOURNAL_SEGMENT_BYTES;
    if writer.log.bytes() <= wanted.min(writer.disk_bytes_max) {
        return Ok(());
    }
    let mut items: Vec<Item> = Vec::new();
    for space in &all {
        let totals = space.journal.totals();
        items.extend(space.journal.rows().into_iter().map(|row| Item::Row(row, totals)));
        items.push(Item::Totals(Arc::clone(space.key()), totals));
    }
    // The oldest goes first when it is too much again.
    items.sort_by_key(|item| match item {
        Item::Row(row, _) => row.at,
        _ => jiff::Timestamp::MAX,
    });
    let behind = writer.writes.back().map_or(0, |first| *first);
    let limit = std::mem::replace(&mut writer.disk_bytes_max, u64::MAX);
    for part in items.chunks(ROWS_AT_ONCE) {
        writer.write(part)?;
    }
    writer.disk_bytes_max = limit;
    writer.forget(behind + 1)
}
