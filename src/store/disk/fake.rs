//! A disk in memory that loses what was not synced, for crash tests.
//!
//! It can stop after any number of syncs, as a machine that loses power does; [`FakeDisk::after_crash`] is what is found
//! afterwards. Bytes that were written but not synced may have reached the platter in any order, sector by sector.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Disk, DiskFile};

/// Unsynced bytes survive or are lost in pieces of this size.
const SECTOR_BYTES: usize = 64;

/// Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakeDisk(Arc<Mutex<Inner>>);

#[derive(Clone, Debug, Default)]
struct Inner {
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    files: Vec<Contents>,
    syncs: usize,
    stop_after_syncs: Option<usize>,
    writes_fail: bool,
}

#[derive(Clone, Debug, Default)]
struct Contents {
    seen: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<(usize, usize)>,
}

/// What became of bytes that were written and not synced.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unsynced {
    Lost,
    Kept,
    /// Each sector by the toss of a coin that is seeded with this.
    Some(u64),
}

impl FakeDisk {
    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Power goes out right behind the sync with this number, counted from 1.
    pub(crate) fn stop_after_syncs(&self, syncs: usize) {
        self.with(|inner| inner.stop_after_syncs = Some(syncs));
    }

    /// From now on every write fails, as on a full disk.
    pub(crate) fn fail_writes(&self) {
        self.with(|inner| inner.writes_fail = true);
    }

    /// Writes are taken again.
    pub(crate) fn mend_writes(&self) {
        self.with(|inner| inner.writes_fail = false);
    }

    pub(crate) fn syncs(&self) -> usize {
        self.with(|inner| inner.syncs)
    }

    /// The disk as it is found after the power comes back.
    pub(crate) fn after_crash(&self, unsynced: Unsynced) -> Self {
        let mut inner = self.with(|inner| inner.clone());
        let mut coin = match unsynced {
            Unsynced::Some(seed) => seed.wrapping_mul(2).wrapping_add(1),
            _ => 1,
        };
        let mut survives = || match unsynced {
            Unsynced::Lost => false,
            Unsynced::Kept => true,
            Unsynced::Some(_) => {
                coin = coin.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                coin >> 63 == 1
            }
        };
        for file in &mut inner.files {
            for (start, end) in std::mem::take(&mut file.unsynced) {
                let mut at = start;
                while at < end {
                    let sector_end = end.min((at / SECTOR_BYTES + 1) * SECTOR_BYTES);
                    if survives() {
                        file.durable.resize(file.durable.len().max(sector_end), 0);
                        file.durable[at..sector_end].copy_from_slice(&file.seen[at..sector_end]);
                    }
                    at = sector_end;
                }
            }
            file.seen = file.durable.clone();
        }
        inner.names = inner.durable_names.clone();
        inner.stop_after_syncs = None;
        inner.writes_fail = false;
        inner.syncs = 0;
        Self(Arc::new(Mutex::new(inner)))
    }

    /// Changes a file behind everybody's back, as a failing disk does.
    pub(crate) fn tamper(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        self.with(|inner| {
            let file = inner.names[name];
            change(&mut inner.files[file].seen);
            inner.files[file].durable = inner.files[file].seen.clone();
        });
    }

    pub(crate) fn contents(&self, name: &str) -> Vec<u8> {
        self.with(|inner| inner.files[inner.names[name]].seen.clone())
    }
}

impl Inner {
    fn alive(&self) -> io::Result<()> {
        match self.stop_after_syncs {
            Some(limit) if self.syncs >= limit => Err(io::Error::other("the power is out")),
            _ => Ok(()),
        }
    }

    fn writable(&self) -> io::Result<()> {
        if self.writes_fail {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.alive()
    }

    fn file(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

impl Disk for FakeDisk {
    fn create(&self, name: &str, bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        self.with(|inner| {
            inner.writable()?;
            if inner.names.contains_key(name) {
                return Err(io::Error::from(io::ErrorKind::AlreadyExists));
            }
            inner.files.push(Contents {
                seen: vec![0; bytes as usize],
                durable: vec![0; bytes as usize],
                unsynced: Vec::new(),
            });
            inner.names.insert(name.to_owned(), inner.files.len() - 1);
            Ok(())
        })?;
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = self.with(|inner| inner.alive().and_then(|()| inner.file(name)))?;
        Ok(Box::new(FakeFile { disk: self.clone(), file }))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        self.with(|inner| inner.alive().map(|()| inner.names.keys().cloned().collect()))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.with(|inner| {
            inner.writable()?;
            let file = inner.file(from)?;
            inner.names.remove(from);
            inner.names.insert(to.to_owned(), file);
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.with(|inner| {
            inner.writable()?;
            inner.file(name)?;
            inner.names.remove(name);
            Ok(())
        })
    }

    fn sync_names(&self) -> io::Result<()> {
        self.with(|inner| {
            inner.writable()?;
            inner.durable_names = inner.names.clone();
            inner.syncs += 1;
            Ok(())
        })
    }
}

#[derive(Debug)]
struct FakeFile {
    disk: FakeDisk,
    file: usize,
}

impl DiskFile for FakeFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.disk.with(|inner| {
            inner.writable()?;
            let file = &mut inner.files[self.file];
            let (start, end) = (offset as usize, offset as usize + bytes.len());
            file.seen.resize(file.seen.len().max(end), 0);
            file.seen[start..end].copy_from_slice(bytes);
            file.unsynced.push((start, end));
            Ok(())
        })
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.disk.with(|inner| {
            inner.alive()?;
            let seen = &inner.files[self.file].seen;
            let start = seen.len().min(offset as usize);
            let read = into.len().min(seen.len() - start);
            into[..read].copy_from_slice(&seen[start..start + read]);
            Ok(read)
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.with(|inner| {
            inner.writable()?;
            let file = &mut inner.files[self.file];
            for (start, end) in std::mem::take(&mut file.unsynced) {
                file.durable.resize(file.durable.len().max(end), 0);
                file.durable[start..end].copy_from_slice(&file.seen[start..end]);
            }
            inner.syncs += 1;
            Ok(())
        })
    }

    fn bytes(&self) -> io::Result<u64> {
        self.disk.with(|inner| inner.alive().map(|()| inner.files[self.file].seen.len() as u64))
    }
}
