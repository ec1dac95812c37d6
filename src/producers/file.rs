//! A file of `__files` (`producers.md` §2.3, §12): in memory where it is small, else on disk, from where it is sent piece by
//! piece. Only what must have all of it at once reads it whole: a mutation, an envelope around it, a caller in this process,
//! and, once for each contract, validation.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::Response;

use super::reply::{Reply, fault};
use super::settings::{FILE_VERDICTS_MAX, FILE_WHOLE_BYTES_MAX};
use crate::soap::fault::Side;

/// As much as is looked at to tell what a file is.
const HEAD_BYTES: u64 = 1_024;

/// A file.
#[derive(Clone, Debug)]
pub enum FileBody {
    /// In memory.
    Held(Bytes),
    /// On disk.
    Large(Arc<LargeFile>),
}

/// A file that is not kept in memory.
#[derive(Debug)]
pub struct LargeFile {
    path: PathBuf,
    head: Bytes,
    /// What each contract says of it: asked once, for the file is read again as another one when it changes.
    verdicts: Mutex<BTreeMap<String, Option<Vec<String>>>>,
}

/// Put among the extensions of an answer with an empty body: what is to be sent instead.
#[derive(Clone, Debug)]
pub struct Streamed(pub Arc<LargeFile>);

impl FileBody {
    /// A file that stays on disk.
    pub fn on_disk(path: PathBuf) -> Result<Self, String> {
        let mut head = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
        read.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Ok(Self::Large(Arc::new(LargeFile { path, head: head.into(), verdicts: Mutex::default() })))
    }

    /// How it begins, as far as that tells what it is.
    pub fn head(&self) -> &[u8] {
        match self {
            Self::Held(bytes) => bytes,
            Self::Large(file) => &file.head,
        }
    }

    /// All of it; `Err` where it cannot be had, or is more than is ever read whole.
    pub fn whole(&self) -> Result<Bytes, String> {
        match self {
            Self::Held(bytes) => Ok(bytes.clone()),
            Self::Large(file) => file.whole(),
        }
    }

    /// An answer with it.
    pub fn answer(self, mut answer: Response<Bytes>) -> Response<Bytes> {
        match self {
            Self::Held(bytes) => *answer.body_mut() = bytes,
            Self::Large(file) => _ = answer.extensions_mut().insert(Streamed(file)),
        }
        answer
    }
}

impl LargeFile {
    /// Opens it as it is now, with its length.
    pub fn open(&self) -> Result<(File, u64), String> {
        let opened = File::open(&self.path).and_then(|file| file.metadata().map(|metadata| (file, metadata.len())));
        opened.map_err(|error| format!("cannot read {}: {error}", self.path.display()))
    }

    fn whole(&self) -> Result<Bytes, String> {
        let (file, length) = self.open()?;
        if length > FILE_WHOLE_BYTES_MAX {
            let path = self.path.display();
            return Err(format!("{path} is {length} bytes, and at most {FILE_WHOLE_BYTES_MAX} are read whole"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        let read = file.take(FILE_WHOLE_BYTES_MAX).read_to_end(&mut bytes);
        read.map_err(|error| format!("cannot read {}: {error}", self.path.display()))?;
        Ok(bytes.into())
    }

    /// What a contract says of it. The first who asks reads it, and the others wait for what he finds: it is in memory once.
    pub fn verdict(&self, contract: &str, validated: impl FnOnce(&[u8]) -> Option<Vec<String>>) -> Option<Vec<String>> {
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = verdicts.get(contract) {
            return known.clone();
        }
        let verdict = self.whole().ok().and_then(|bytes| validated(&bytes));
        if verdicts.len() < FILE_VERDICTS_MAX {
            verdicts.insert(contract.to_owned(), verdict.clone());
        }
        verdict
    }
}

impl Reply {
    /// The same with all of its body in memory; a fault where that cannot be had.
    pub(super) fn made_whole(self) -> Self {
        let whole = |mut response: Response<Bytes>| -> Result<Response<Bytes>, String> {
            if let Some(Streamed(file)) = response.extensions_mut().remove::<Streamed>() {
                *response.body_mut() = file.whole()?;
            }
            Ok(response)
        };
        let made = match self {
            Self::Answer(response) => whole(response).map(Self::Answer),
            Self::Dribble(response, chunks, total) => {
                whole(response).map(|response| Self::Dribble(response, chunks, total))
            }
            other => return other,
        };
        made.unwrap_or_else(|why| fault(Side::Server, &format!("anslut: {why}"), ""))
    }

    /// Whether it is a file that is still on disk.
    pub(super) fn is_streamed(&self) -> bool {
        matches!(self, Self::Answer(response) if response.extensions().get::<Streamed>().is_some())
    }
}
