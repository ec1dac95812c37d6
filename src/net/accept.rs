//! The accept loop: so many connections, so many of one client, and an end to all of them.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long to wait before accepting again when the operating system refused a connection: the usual cause, no free
/// file descriptor, does not go away by asking again at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The bounds of one listener.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The listener's name, for the log.
    pub listener: &'static str,
    /// Connections open at the same time; more wait in the operating system's queue.
    pub connections_max: usize,
    /// Of those, how many one client may hold; more are closed at once, so that others still get in. `None` sets no bound.
    pub connections_per_client_max: Option<usize>,
    /// How long connections may last once the listener drains; then they are cut.
    pub drain_timeout: Duration,
}

/// Accepts until `shutdown`, then waits for the open connections. `connection` carries one connection to its end; it is
/// expected to hear of `shutdown` itself, and is dropped where it lasts beyond the drain.
pub async fn serve<C>(
    listener: TcpListener,
    bounds: Bounds,
    shutdown: CancellationToken,
    connection: impl Fn(TcpStream, SocketAddr) -> C,
) where
    C: Future<Output = ()> + Send + 'static,
{
    let here = Handle::current();
    serve_on(listener, bounds, shutdown, |stream, peer| (here.clone(), connection(stream, peer))).await;
}

/// As [`serve`]; drops `listens` as soon as the socket is closed, when connections may still be draining.
pub async fn serve_while<C, L>(
    (listener, listens): (TcpListener, L),
    bounds: Bounds,
    shutdown: CancellationToken,
    connection: impl Fn(TcpStream, SocketAddr) -> C,
) where
    C: Future<Output = ()> + Send + 'static,
{
    let here = Handle::current();
    let carrying = |stream, peer| (here.clone(), connection(stream, peer));
    accept_and_drain((listener, listens), bounds, shutdown, carrying).await;
}

/// As [`serve`], with a choice for each connection of the runtime that carries it.
pub async fn serve_on<C>(
    listener: TcpListener,
    bounds: Bounds,
    shutdown: CancellationToken,
    connection: impl Fn(TcpStream, SocketAddr) -> (Handle, C),
) where
    C: Future<Output = ()> + Send + 'static,
{
    accept_and_drain((listener, ()), bounds, shutdown, connection).await;
}

async fn accept_and_drain<C, L>(
    (listener, listens): (TcpListener, L),
    bounds: Bounds,
    shutdown: CancellationToken,
    connection: impl Fn(TcpStream, SocketAddr) -> (Handle, C),
) where
    C: Future<Output = ()> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(bounds.connections_max.min(Semaphore::MAX_PERMITS)));
    let clients = bounds.connections_per_client_max.map(Clients::new);
    let mut open = JoinSet::new();
    while let Some((stream, peer, permit)) = tokio::select! {
        biased;
        () = shutdown.cancelled() => None,
        accepted = accept(&listener, &room, bounds.listener) => Some(accepted),
    } {
        // Connections that have ended are forgotten here, so that there are never more than may be open.
        while open.try_join_next().is_some() {}
        let place = match &clients {
            None => None,
            Some(clients) => match clients.enter(peer.ip().to_canonical()) {
                Some(place) => Some(place),
                None => {
                    tracing::debug!(listener = bounds.listener, %peer, "too many connections from one client");
                    continue;
                }
            },
        };
        let (runtime, connection) = connection(stream, peer);
        let held = (permit, place);
        let carried = async move {
            connection.await;
            drop(held);
        };
        open.spawn_on(carried, &runtime);
    }
    drop(listener);
    drop(listens);
    let all_ended = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(bounds.drain_timeout, all_ended).await.is_err() {
        let left = open.len();
        tracing::warn!(listener = bounds.listener, left, "connections are cut, the drain timeout has passed");
        open.shutdown().await;
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    name: &'static str,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    let permit = Arc::clone(room).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, permit),
            Err(error) => {
                tracing::warn!(listener = name, %error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// How many connections, or other things in progress, each client has.
#[derive(Debug)]
pub struct Clients {
    open: Mutex<HashMap<IpAddr, usize>>,
    each_max: usize,
}

/// One of a client's; gives the place back when dropped.
#[derive(Debug)]
pub struct Place {
    clients: Arc<Clients>,
    client: IpAddr,
}

impl Clients {
    /// Nobody yet; each client may have so many.
    pub fn new(each_max: usize) -> Arc<Self> {
        Arc::new(Self { open: Mutex::default(), each_max })
    }

    /// A place for one more of a client's, unless it has its share.
    pub fn enter(self: &Arc<Self>, client: IpAddr) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(client).or_default();
        if *count >= self.each_max {
            return None;
        }
        *count += 1;
        Some(Place { clients: Arc::clone(self), client })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.clients.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);
    /// How long something that must not happen is given to happen.
    const NOTHING: Duration = Duration::from_millis(100);

    /// Says one byte on every connection, then waits for the client to close it; `x` asks it to stay beyond the drain.
    async fn started(
        connections_max: usize,
        connections_per_client_max: Option<usize>,
    ) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let bounds = Bounds {
            listener: "test",
            connections_max,
            connections_per_client_max,
            drain_timeout: Duration::from_millis(200),
        };
        let told = shutdown.clone();
        let task = tokio::spawn(serve(listener, bounds, shutdown.clone(), move |mut stream, _| {
            let told = told.clone();
            async move {
                stream.write_all(b"!").await.unwrap();
                let mut byte = [0];
                let stays = tokio::select! {
                    read = stream.read(&mut byte) => matches!(read, Ok(1)),
                    () = told.cancelled() => false,
                };
                if stays {
                    std::future::pending::<()>().await;
                }
            }
        }));
        (address, shutdown, task)
    }

    /// The next byte; `None` where the other side closed.
    async fn heard(stream: &mut TcpStream) -> Option<u8> {
        tokio::time::timeout(PATIENCE, stream.read_u8()).await.expect("a byte or the end").ok()
    }

    #[tokio::test]
    async fn connections_beyond_the_bound_wait_until_one_ends() {
        let (address, ..) = started(1, None).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        assert_eq!(heard(&mut first).await, Some(b'!'));
        let mut second = TcpStream::connect(address).await.unwrap();
        assert!(tokio::time::timeout(NOTHING, second.read_u8()).await.is_err(), "the second waits");
        drop(first);
        assert_eq!(heard(&mut second).await, Some(b'!'));
    }

    #[tokio::test]
    async fn a_client_with_its_share_is_turned_away_until_one_of_its_connections_ends() {
        let (address, ..) = started(8, Some(2)).await;
        let mut held = Vec::new();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            assert_eq!(heard(&mut stream).await, Some(b'!'));
            held.push(stream);
        }
        let mut third = TcpStream::connect(address).await.unwrap();
        assert_eq!(heard(&mut third).await, None, "turned away");
        held.pop();
        // The place is given back when the other side has noticed.
        let again = async {
            loop {
                let mut stream = TcpStream::connect(address).await.unwrap();
                if let Some(byte) = heard(&mut stream).await {
                    return byte;
                }
            }
        };
        assert_eq!(tokio::time::timeout(PATIENCE, again).await.unwrap(), b'!');
    }

    #[tokio::test]
    async fn the_drain_waits_for_those_that_end_and_cuts_those_that_do_not() {
        let (address, shutdown, task) = started(8, None).await;
        let mut ends = TcpStream::connect(address).await.unwrap();
        let mut stays = TcpStream::connect(address).await.unwrap();
        assert_eq!((heard(&mut ends).await, heard(&mut stays).await), (Some(b'!'), Some(b'!')));
        stays.write_all(b"x").await.unwrap();
        tokio::time::sleep(NOTHING).await;
        shutdown.cancel();
        assert_eq!(heard(&mut ends).await, None);
        assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
        tokio::time::timeout(PATIENCE, task).await.expect("the drain has an end").unwrap();
        assert_eq!(heard(&mut stays).await, None, "cut");
    }
}
