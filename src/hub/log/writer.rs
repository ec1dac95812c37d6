//! A thread that writes what calls leave for it, so that no call ever waits for a disk or a terminal.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::config::checked::LogTarget;

/// How long the writer lets events gather before it takes them: one write for many events, and few wake-ups under load.
const GATHER: Duration = Duration::from_millis(2);
/// A buffer that once grew beyond this is given back instead of kept.
const BUFFER_BYTES_KEPT: usize = 1024 * 1024;

/// The writing end that calls see.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    bytes_max: usize,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<u8>,
    reopen: bool,
    closing: bool,
    closed: bool,
}

enum Sink {
    Stdout(io::Stdout),
    Stderr(io::Stderr),
    File(PathBuf, File),
}

impl Writer {
    /// Opens the target and starts the thread; `None` for a target that is off.
    pub fn open(target: &LogTarget, bytes_max: usize) -> io::Result<Option<Self>> {
        let sink = match target {
            LogTarget::Off => return Ok(None),
            LogTarget::Stdout => Sink::Stdout(io::stdout()),
            LogTarget::Stderr => Sink::Stderr(io::stderr()),
            LogTarget::File(path) => Sink::File(path.clone(), open(path)?),
        };
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            bytes_max,
            dropped: AtomicU64::new(0),
        });
        let for_thread = Arc::clone(&shared);
        thread::Builder::new().name("message-log".to_owned()).spawn(move || run(&for_thread, sink))?;
        Ok(Some(Self { shared }))
    }

    /// Leaves `events` events to be written. What does not fit in the queue is dropped and counted.
    pub fn push(&self, lines: &[u8], events: u64) {
        let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.waiting.len() + lines.len() > self.shared.bytes_max || queue.closing {
            drop(queue);
            self.shared.dropped.fetch_add(events, Ordering::Relaxed);
            return;
        }
        let was_empty = queue.waiting.is_empty();
        queue.waiting.extend_from_slice(lines);
        drop(queue);
        if was_empty {
            self.shared.changed.notify_one();
        }
    }

    /// Events dropped since start.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Opens a file again before the next event is written.
    pub fn reopen(&self) {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).reopen = true;
    }

    /// Writes what waits, and stops; gives up after `patience`, for a target that takes nothing.
    pub fn close(&self, patience: Duration) {
        let mut queue = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.closing = true;
        self.shared.changed.notify_all();
        let waited = self.shared.changed.wait_timeout_while(queue, patience, |queue| !queue.closed);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

fn run(shared: &Shared, mut sink: Sink) {
    let mut batch = Vec::new();
    loop {
        let mut queue = shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        while queue.waiting.is_empty() && !queue.closing {
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if !queue.closing {
            drop(queue);
            thread::sleep(GATHER);
            queue = shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut queue.waiting, &mut batch);
        let (reopen, closing) = (std::mem::take(&mut queue.reopen), queue.closing);
        drop(queue);
        if reopen {
            sink = reopened(sink);
        }
        if let Err(error) = write(&mut sink, &batch) {
            tracing::warn!(%error, bytes = batch.len(), "message log cannot be written; events are lost");
        }
        batch.clear();
        batch.shrink_to(BUFFER_BYTES_KEPT);
        let mut queue = shared.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if closing && queue.waiting.is_empty() {
            queue.closed = true;
            shared.changed.notify_all();
            return;
        }
    }
}

fn write(sink: &mut Sink, batch: &[u8]) -> io::Result<()> {
    let target: &mut dyn Write = match sink {
        Sink::Stdout(stdout) => stdout,
        Sink::Stderr(stderr) => stderr,
        Sink::File(_, file) => file,
    };
    target.write_all(batch)?;
    target.flush()
}

fn reopened(sink: Sink) -> Sink {
    let Sink::File(path, old) = sink else { return sink };
    match open(&path) {
        Ok(new) => Sink::File(path, new),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "message log cannot be opened again; the old file is kept");
            Sink::File(path, old)
        }
    }
}
