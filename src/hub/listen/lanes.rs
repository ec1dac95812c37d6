//! Threads that carry connections, one a processor: a call stays on one of them from its first byte to its last.
//!
//! A runtime that shares its work between threads moves calls from one to the other at every wait, and with them all
//! they have touched. Here a connection is given to a lane once, and the producer connections it uses are the lane's own.

use std::cell::Cell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Most lanes of one process.
pub const LANES_MAX: usize = 16;

thread_local! {
    static LANE: Cell<usize> = const { Cell::new(0) };
}

/// The lane of this thread, below [`LANES_MAX`]; 0 for every thread that is none.
pub fn current() -> usize {
    LANE.get()
}

/// The lanes of one listener. Dropping them cuts what they carry.
pub(super) struct Lanes {
    lanes: Vec<Lane>,
}

struct Lane {
    handle: Handle,
    /// Connections it carries.
    load: Arc<AtomicUsize>,
    stop: DropGuard,
    ended: oneshot::Receiver<()>,
}

/// One connection on a lane; gives the place back when dropped.
pub(super) struct Load(Arc<AtomicUsize>);

impl Drop for Load {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lanes {
    /// Starts a lane for each processor.
    pub(super) fn start() -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, usize::from).min(LANES_MAX);
        Ok(Self { lanes: (0..count).map(Lane::start).collect::<io::Result<_>>()? })
    }

    /// A place for one more connection, on the lane that has the fewest.
    pub(super) fn place(&self) -> (Handle, Load) {
        let lane = self.lanes.iter().min_by_key(|lane| lane.load.load(Ordering::Relaxed));
        let lane = lane.expect("there is a lane for each processor");
        lane.load.fetch_add(1, Ordering::Relaxed);
        (lane.handle.clone(), Load(Arc::clone(&lane.load)))
    }

    /// Cuts what is still carried, and waits until it is.
    pub(super) async fn stop(self) {
        for Lane { stop, ended, .. } in self.lanes {
            drop(stop);
            // An error says the same: the thread has ended.
            let _ = ended.await;
        }
    }
}

impl Lane {
    fn start(number: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, (ending, ended)) = (CancellationToken::new(), oneshot::channel());
        let stopped = stop.clone();
        thread::Builder::new().name(format!("lane-{number}")).spawn(move || {
            LANE.set(number);
            runtime.block_on(stopped.cancelled());
            // Its tasks are dropped with it; only then has it ended.
            drop(runtime);
            let _ = ending.send(());
        })?;
        Ok(Self { handle, load: Arc::default(), stop: stop.drop_guard(), ended })
    }
}
