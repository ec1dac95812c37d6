//! A file of `__files` (`producers.md` §2.3, §12): in memory where it is small, else on disk, from where it is sent piece by
//! piece. Only what must have all of it at once reads it whole: a mutation, an envelope around it, a caller in this process,
//! and, once for each contract, validation.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::SystemTime;

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
    /// All of it, for as long as anybody has it: calls at the same time have the same bytes.
    whole: Mutex<Weak<Whole>>,
    /// What each contract says of it: asked once, for the file is read again as another one when it changes.
    verdicts: Mutex<BTreeMap<String, Arc<OnceLock<Verdict>>>>,
}

/// Errors by a contract; `None` where nothing could be said.
type Verdict = Option<Vec<String>>;

/// A whole file, and when it was written.
#[derive(Debug)]
struct Whole {
    bytes: Vec<u8>,
    modified: Option<SystemTime>,
}

/// Somebody's hold on it.
struct Held(Arc<Whole>);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.0.bytes
    }
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
        let (whole, verdicts) = (Mutex::default(), Mutex::default());
        Ok(Self::Large(Arc::new(LargeFile { path, head: head.into(), whole, verdicts })))
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

    /// Reads it, unless somebody has it; who asks meanwhile waits for what is being read. Waits for the disk.
    fn whole(&self) -> Result<Bytes, String> {
        let (file, length) = self.open()?;
        let modified = file.metadata().and_then(|metadata| metadata.modified()).ok();
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |known: &Arc<Whole>| known.bytes.len() as u64 == length && known.modified == modified;
        if let Some(known) = whole.upgrade().filter(is_same) {
            return Ok(Bytes::from_owner(Held(known)));
        }
        if length > FILE_WHOLE_BYTES_MAX {
            let path = self.path.display();
            return Err(format!("{path} is {length} bytes, and at most {FILE_WHOLE_BYTES_MAX} are read whole"));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        let read = file.take(FILE_WHOLE_BYTES_MAX).read_to_end(&mut bytes);
        read.map_err(|error| format!("cannot read {}: {error}", self.path.display()))?;
        let read = Arc::new(Whole { bytes, modified });
        *whole = Arc::downgrade(&read);
        Ok(Bytes::from_owner(Held(read)))
    }

    /// What a contract says of it. The first who asks finds out, and who asks for the same waits for what he finds. Waits
    /// for the disk.
    pub fn verdict(&self, contract: &str, validated: impl FnOnce(&[u8]) -> Verdict) -> Verdict {
        let verdict = {
            let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
            if verdicts.len() >= FILE_VERDICTS_MAX && !verdicts.contains_key(contract) {
                verdicts.pop_first();
            }
            Arc::clone(verdicts.entry(contract.to_owned()).or_default())
        };
        verdict.get_or_init(|| self.whole().ok().and_then(|bytes| validated(&bytes))).clone()
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;
    use crate::config::environment::Environment;
    use crate::producers::mounted::Producers;
    use crate::producers::settings::FILE_HELD_BYTES_MAX;
    use crate::producers::tests::{post, text_of};

    const PATIENCE: Duration = Duration::from_secs(20);

    fn large(folder: &TempDir, fill: u8) -> (PathBuf, Vec<u8>) {
        let contents = vec![fill; 1 + usize::try_from(FILE_HELD_BYTES_MAX).unwrap()];
        let path = folder.path().join("large.txt");
        std::fs::write(&path, &contents).unwrap();
        (path, contents)
    }

    #[test]
    fn calls_at_the_same_time_have_the_same_bytes_and_a_later_one_those_of_the_file_as_it_is() {
        let folder = TempDir::new().unwrap();
        let (path, contents) = large(&folder, b'a');
        let file = FileBody::on_disk(path.clone()).unwrap();
        let all: Vec<Bytes> = thread::scope(|scope| {
            let calls: Vec<_> = (0..8).map(|_| scope.spawn(|| file.whole().unwrap())).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        assert!(
            all.iter().all(|bytes| *bytes == contents && bytes.as_ptr() == all[0].as_ptr()),
            "it is in memory once"
        );
        let FileBody::Large(kept) = &file else { panic!("it is on disk") };
        std::fs::write(&path, b"shorter").unwrap();
        assert_eq!(file.whole().unwrap(), &b"shorter"[..], "it has changed, whoever has it as it was");
        assert_eq!(all[0], contents);
        drop(all);
        assert!(kept.whole.lock().unwrap().upgrade().is_none(), "nobody has it");
    }

    #[test]
    fn each_contract_is_asked_once_and_none_waits_for_another() {
        let folder = TempDir::new().unwrap();
        let FileBody::Large(file) = FileBody::on_disk(large(&folder, b'a').0).unwrap() else { panic!("it is on disk") };
        let (done, other) = mpsc::channel();
        thread::scope(|scope| {
            let (asked, first) = mpsc::channel();
            let slow = scope.spawn({
                let file = &file;
                move || {
                    file.verdict("slow", |_| {
                        asked.send(()).unwrap();
                        Some(vec![format!("{:?}", other.recv_timeout(PATIENCE))])
                    })
                }
            });
            first.recv_timeout(PATIENCE).unwrap();
            assert_eq!(file.verdict("quick", |bytes| Some(vec![bytes.len().to_string()])).unwrap(), ["262145"]);
            done.send(()).unwrap();
            assert_eq!(slow.join().unwrap().unwrap(), ["Ok(())"], "the other was done first");
        });
        let mut asked = 0;
        for number in (0..200).chain(0..200) {
            let verdict = file.verdict(&number.to_string(), |_| {
                asked += 1;
                Some(vec![number.to_string()])
            });
            assert_eq!(verdict.unwrap(), [number.to_string()]);
        }
        assert_eq!(asked, 200);
    }

    /// One thread carries all calls here.
    #[tokio::test]
    async fn no_call_waits_while_another_reads_a_large_file() {
        let folder = TempDir::new().unwrap();
        let at = |path: &str| folder.path().join("producers/x").join(path);
        for path in ["mappings", "__files"] {
            std::fs::create_dir_all(at(path)).unwrap();
        }
        let stubs = r#"{"mappings": [
            {"request": {"urlPath": "/dribble"}, "response": {"bodyFileName": "large.txt",
                "chunkedDribbleDelay": {"numberOfChunks": 2, "totalDuration": 1}}},
            {"request": {"urlPath": "/small"}, "response": {"body": "small"}}
        ]}"#;
        std::fs::write(at("mappings/a.json"), stubs).unwrap();
        let contents = large(&folder, b'a').1;
        std::fs::write(at("__files/large.txt"), &contents).unwrap();
        let (producers, problems) = Producers::load(&Environment::Folder(folder.path().to_owned()));
        assert_eq!(problems, []);
        let producers = Arc::new(producers);
        let files = producers.system("x").unwrap().files();
        let FileBody::Large(file) = files.bodies["large.txt"].clone() else { panic!("it is on disk") };
        // Somebody reads it for as long as it takes.
        let (held, is_held) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let reader = thread::spawn(move || {
            let _reading = file.whole.lock().unwrap();
            held.send(()).unwrap();
            released.recv_timeout(PATIENCE).is_ok()
        });
        is_held.recv_timeout(PATIENCE).unwrap();
        let calling = Arc::clone(&producers);
        let waiting = tokio::spawn(async move { text_of(&calling, "x", post("/dribble", "")).await });
        tokio::task::yield_now().await;
        assert_eq!(text_of(&producers, "x", post("/small", "")).await, (200, "small".to_owned()));
        assert!(!waiting.is_finished());
        release.send(()).ok();
        assert!(reader.join().unwrap(), "the other call was answered while the file was read");
        let (status, body) = waiting.await.unwrap();
        assert_eq!((status, body.as_bytes()), (200, contents.as_slice()));
    }
}
