//! Threads on which handshakes are computed: one costs as much as twenty calls, and no call should wait for it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::AbortOnDropHandle;

use super::cause::Cause;
use crate::config::tls::TlsLimits;

/// Most threads that compute handshakes.
const THREADS_MAX: usize = 16;

/// The threads, and how many handshakes may be under way on them.
pub struct Workers {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    handle: Handle,
    under_way: Arc<Semaphore>,
    timeout: Duration,
}

impl Workers {
    /// Starts as many threads as there are processors.
    pub fn start(limits: &TlsLimits) -> io::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        let runtime =
            Builder::new_multi_thread().worker_threads(threads).thread_name("handshake").enable_all().build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
            under_way: Arc::new(Semaphore::new(limits.handshakes_max.min(Semaphore::MAX_PERMITS))),
            timeout: limits.handshake_timeout,
        })
    }

    /// Where the threads are reached.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Computes a handshake on one of the threads. Dropping the future ends it there.
    pub async fn compute<T: Send + 'static>(
        &self,
        handshake: impl Future<Output = Result<T, Cause>> + Send + 'static,
    ) -> Result<T, Cause> {
        let under_way = Arc::clone(&self.under_way);
        let admitted = async move {
            let _permit = under_way.acquire_owned().await.expect("the semaphore is never closed");
            handshake.await
        };
        let computing = self.handle.spawn(tokio::time::timeout(self.timeout, admitted));
        match AbortOnDropHandle::new(computing).await {
            Ok(computed) => computed.unwrap_or(Err(Cause::TooSlow)),
            Err(error) => Err(Cause::Other(error.to_string())),
        }
    }

    /// The longest time for a handshake.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The right to one handshake, for a task that runs on one of the threads already.
    pub async fn permit(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.under_way).acquire_owned().await.expect("the semaphore is never closed")
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for threads is not allowed in a task, and there is nothing to wait for.
            runtime.shutdown_background();
        }
    }
}
