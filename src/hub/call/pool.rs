//! Kept-alive connections to producers: one small stack a host and port, last in, first out.
//!
//! The newest connection is the likeliest to be alive, and the oldest at the bottom grow old enough to be let go. A
//! producer holds at most its share: calls in flight and idle connections are bounded for each.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::heard::Heard;
use super::stream::ProducerStream;
use crate::config::checked::{HubLimits, ProducerCallSettings, Transport};
use crate::domain::clock::Clock;
use crate::hub::listen::lanes::{self, LANES_MAX};
use crate::tls::cause::Cause;
use crate::tls::client::ClientTls;
use crate::tls::moving::MoveHere;

/// Producers that are remembered at once; beyond it, those without calls in flight are forgotten.
const PRODUCERS_MAX: usize = 4_096;

/// The connections to every producer.
pub struct Pools {
    by_target: RwLock<HashMap<String, Arc<Pool>>>,
    http: Transport,
    https: Transport,
    tls: Option<Arc<ClientTls>>,
    calls_max: usize,
    idle_max: usize,
    idle_timeout: Duration,
}

/// The connections to one host and port.
#[derive(Debug, Default)]
pub struct Pool {
    /// Idle connections by lane: what another thread's runtime watches would have to be waited for across threads.
    idle: [Mutex<Vec<Idle>>; LANES_MAX],
    /// Idle connections of all lanes.
    idle_count: AtomicUsize,
    calls: AtomicUsize,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

/// A connection that is ready for one request.
#[derive(Debug)]
pub struct Connection {
    /// Sends the request.
    pub sender: SendRequest<Outgoing>,
    /// Moves the bytes.
    pub driver: Driver,
    /// Whether it carried a call before: then its end may only mean that the producer had tired of waiting.
    pub reused: bool,
    /// Bytes the producer has sent on it.
    pub heard: Arc<AtomicU64>,
    /// The number of the TLS files it was made with; `None` without TLS.
    tls_number: Option<u64>,
}

impl Connection {
    async fn over(stream: ProducerStream, tls_number: Option<u64>) -> hyper::Result<Self> {
        let heard = stream.bytes();
        let (sender, connection) = http1::Builder::new().handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, driver: Driver { connection: Some(Box::new(connection)) }, reused: false, heard, tls_number })
    }

    /// The same idle connection, watched by this thread's runtime from now on; `None` where it is not idle after all.
    async fn moved_here(self) -> Option<Self> {
        let parts = self.driver.connection?.into_parts();
        if !parts.read_buf.is_empty() {
            return None;
        }
        let mut stream = parts.io.into_inner();
        stream.move_here().ok()?;
        Self::over(stream, self.tls_number).await.ok()
    }

    /// Lets the connection notice what has happened to it meanwhile; whether it is still open.
    async fn is_open(&mut self) -> bool {
        self.driver.wait_for(std::future::ready(())).await;
        self.driver.connection.is_some() && !self.sender.is_closed()
    }
}

type Http1 = http1::Connection<TokioIo<ProducerStream>, Outgoing>;

/// The moving part of a connection.
///
/// It is polled by the very task that waits for the answer: a task of its own would cost every call two switches between
/// threads.
#[derive(Debug)]
pub struct Driver {
    /// `None` once the connection has ended.
    connection: Option<Box<Http1>>,
}

impl Driver {
    /// Waits for something that only comes when the connection moves: an answer's head, or a piece of its body.
    pub async fn wait_for<F: Future>(&mut self, awaited: F) -> F::Output {
        let mut awaited = std::pin::pin!(awaited);
        poll_fn(|context| {
            // The request is handed over, the connection moved, and only then is there anything to be had.
            let early = awaited.as_mut().poll(context);
            self.poll(context);
            match early {
                Poll::Ready(output) => Poll::Ready(output),
                Poll::Pending => awaited.as_mut().poll(context),
            }
        })
        .await
    }

    /// Moves the connection; one that ends, well or badly, is dropped. Whoever waits on it is told by the sender.
    fn poll(&mut self, context: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && Pin::new(connection.as_mut()).poll(context).is_ready()
        {
            self.connection = None;
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Refused, unreachable, unknown host, or too slow.
    #[error("cannot connect")]
    Failed(#[source] Option<std::io::Error>),
    /// The TLS handshake failed.
    #[error("the TLS handshake failed: {0}")]
    Tls(Cause),
}

/// The right to one call in flight to a producer; given back when dropped.
#[derive(Debug)]
pub struct Slot(Arc<Pool>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    /// The newest idle connection of the calling thread's lane, else one of another, and whose it is.
    fn pop(&self) -> Option<(Idle, usize)> {
        let lanes = (0..LANES_MAX).map(|step| (lanes::current() + step) % LANES_MAX);
        let popped = lanes.filter(|_| self.idle_count.load(Ordering::Relaxed) > 0).find_map(|lane| {
            let mut idle = self.idle[lane].lock().unwrap_or_else(PoisonError::into_inner);
            idle.pop().map(|idle| (idle, lane))
        });
        popped.inspect(|_| {
            self.idle_count.fetch_sub(1, Ordering::Relaxed);
        })
    }

    /// Keeps a connection of this lane, unless all lanes together have `count_max`.
    fn push(&self, connection: Connection, count_max: usize) {
        if self.idle_count.fetch_add(1, Ordering::Relaxed) >= count_max {
            self.idle_count.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let mut idle = self.idle[lanes::current()].lock().unwrap_or_else(PoisonError::into_inner);
        idle.push(Idle { connection, since: Clock::instant() });
    }
}

impl Pools {
    /// No connections yet.
    pub fn new(producer: &ProducerCallSettings, limits: &HubLimits, tls: Option<Arc<ClientTls>>) -> Self {
        Self {
            by_target: RwLock::default(),
            http: producer.http,
            https: producer.https,
            tls,
            calls_max: limits.calls_per_producer_max,
            idle_max: limits.pool_idle_max,
            idle_timeout: limits.pool_idle_timeout,
        }
    }

    /// The connections to `host:port`.
    pub fn pool(&self, target: &str) -> Arc<Pool> {
        if let Some(pool) = self.by_target.read().unwrap_or_else(PoisonError::into_inner).get(target) {
            return Arc::clone(pool);
        }
        let mut by_target = self.by_target.write().unwrap_or_else(PoisonError::into_inner);
        if by_target.len() >= PRODUCERS_MAX {
            by_target.retain(|_, pool| pool.calls.load(Ordering::Relaxed) > 0);
        }
        Arc::clone(by_target.entry(target.to_owned()).or_default())
    }

    /// The right to one more call in flight, unless the producer has its share already.
    pub fn slot(&self, pool: &Arc<Pool>) -> Option<Slot> {
        let slot = Slot(Arc::clone(pool));
        let before = pool.calls.fetch_add(1, Ordering::Relaxed);
        (before < self.calls_max).then_some(slot)
    }

    /// How many calls to one producer may be in flight.
    pub fn calls_max(&self) -> usize {
        self.calls_max
    }

    /// A kept connection that is still open, if there is one: the lane's own, else one that it takes over from another.
    pub async fn kept(&self, pool: &Pool) -> Option<Connection> {
        while let Some((Idle { mut connection, since }, lane)) = pool.pop() {
            let too_old = Clock::instant().saturating_duration_since(since) >= self.idle_timeout;
            if too_old || !self.is_current(&connection) || !connection.is_open().await {
                continue;
            }
            if lane != lanes::current() {
                match connection.moved_here().await {
                    Some(moved) => connection = moved,
                    None => continue,
                }
            }
            connection.reused = true;
            return Some(connection);
        }
        None
    }

    /// Whether a connection speaks TLS as the files in force have it, or none.
    fn is_current(&self, connection: &Connection) -> bool {
        connection.tls_number.is_none_or(|number| self.tls.as_ref().is_some_and(|tls| tls.number() == number))
    }

    /// Connections with or without TLS.
    pub fn transport(&self, tls: bool) -> Transport {
        if tls { self.https } else { self.http }
    }

    /// A new connection.
    pub async fn connect(&self, host: &str, port: u16, tls: bool) -> Result<Connection, ConnectError> {
        let connecting = TcpStream::connect((host, port));
        let stream = match tokio::time::timeout(self.transport(tls).connect_timeout, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(ConnectError::Failed(Some(error))),
            Err(_) => return Err(ConnectError::Failed(None)),
        };
        // Without it, small messages wait for the other side's acknowledgement; a socket that refuses it still works.
        let _ = stream.set_nodelay(true);
        let plain = Heard::new(stream);
        let (stream, tls_number) = match (tls, &self.tls) {
            (false, _) => (ProducerStream::Plain(plain), None),
            (true, None) => return Err(ConnectError::Tls(Cause::Other("there is no TLS here".to_owned()))),
            (true, Some(tls)) => {
                let number = tls.number();
                let secured = tls.connect(host, port, plain).await.map_err(ConnectError::Tls)?;
                (ProducerStream::Secured(Box::new(secured)), Some(number))
            }
        };
        let connection = Connection::over(stream, tls_number).await;
        connection.map_err(|error| ConnectError::Failed(Some(std::io::Error::other(error))))
    }

    /// Takes a connection back whose answer has been read to its end.
    pub async fn keep(&self, pool: &Pool, mut connection: Connection) {
        if !self.is_current(&connection) || !connection.is_open().await {
            return;
        }
        pool.push(connection, self.idle_max);
    }

    /// Closes connections that have been idle for too long. To be called now and then.
    pub fn sweep(&self) {
        let pools: Vec<_> = self.by_target.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for pool in pools {
            let now = Clock::instant();
            for idle in &pool.idle {
                let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
                let before = idle.len();
                idle.retain(|idle| now.saturating_duration_since(idle.since) < self.idle_timeout);
                pool.idle_count.fetch_sub(before - idle.len(), Ordering::Relaxed);
            }
        }
    }

    /// Calls in flight to all producers.
    pub fn calls(&self) -> usize {
        let by_target = self.by_target.read().unwrap_or_else(PoisonError::into_inner);
        by_target.values().map(|pool| pool.calls.load(Ordering::Relaxed)).sum()
    }
}

/// The body of a producer's request: one piece, with or without its length announced.
#[derive(Debug, Clone)]
pub struct Outgoing {
    bytes: Option<Bytes>,
    chunked: bool,
}

impl Outgoing {
    /// A body; `chunked` hides its length, so that it goes out in chunks.
    pub fn new(bytes: Bytes, chunked: bool) -> Self {
        Self { bytes: (!bytes.is_empty()).then_some(bytes), chunked }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match self.chunked {
            true => SizeHint::default(),
            false => SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
        }
    }
}

/// How collecting a body can end badly.
#[derive(Debug)]
pub enum CollectError {
    /// More than the limit.
    TooLarge,
    /// Nothing arrived for too long.
    Silent,
    /// The connection failed; what had arrived until then comes along.
    Broken(hyper::Error, Bytes),
}

/// Collects a body of at most `bytes_max`; each piece must come within `patience`.
pub async fn collect(body: &mut Incoming, bytes_max: usize, patience: Duration) -> Result<Bytes, CollectError> {
    let announced = body.size_hint().lower();
    if announced > bytes_max as u64 {
        return Err(CollectError::TooLarge);
    }
    let mut first: Option<Bytes> = None;
    let mut rest: Vec<u8> = Vec::new();
    while !body.is_end_stream() {
        // What is here already needs no timer.
        let here = body.frame().now_or_never();
        let next = match here {
            Some(next) => next,
            None => match tokio::time::timeout(patience, body.frame()).await {
                Ok(next) => next,
                Err(_) => return Err(CollectError::Silent),
            },
        };
        let frame = match next {
            None => break,
            Some(Err(error)) => return Err(CollectError::Broken(error, joined(first, rest))),
            Some(Ok(frame)) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        let so_far = first.as_ref().map_or(rest.len(), Bytes::len);
        if so_far + data.len() > bytes_max {
            return Err(CollectError::TooLarge);
        }
        // One piece is the common case and is passed on uncopied.
        match first.take() {
            None if rest.is_empty() => first = Some(data),
            None => rest.extend_from_slice(&data),
            Some(one) => {
                rest.reserve_exact((announced as usize).max(one.len() + data.len()));
                rest.extend_from_slice(&one);
                rest.extend_from_slice(&data);
            }
        }
    }
    Ok(joined(first, rest))
}

fn joined(first: Option<Bytes>, rest: Vec<u8>) -> Bytes {
    first.unwrap_or_else(|| rest.into())
}
