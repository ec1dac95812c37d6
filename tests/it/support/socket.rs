//! A producer that misbehaves: it does to the connection whatever its script says.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::client::find;
use super::soon;

/// What to do with a request that has arrived.
#[derive(Clone, Debug)]
pub enum Act {
    /// Write these bytes and await the next request.
    Write(Vec<u8>),
    /// Write these bytes and close in good order.
    WriteAndClose(Vec<u8>),
    /// Write these bytes and reset the connection.
    WriteAndReset(Vec<u8>),
    /// Reset the connection.
    Reset,
    /// Close in good order, without a byte.
    Close,
    /// Say nothing until the other side gives up.
    Silence,
    /// Say nothing until [`Socket::release`], then write these bytes.
    Hold(Vec<u8>),
    /// Write these pieces with a pause before each.
    Slowly(Vec<Vec<u8>>, Duration),
}

/// A whole answer with status 200.
pub fn ok(body: &str) -> Vec<u8> {
    answer("200 OK", &[("Content-Type", "text/xml;charset=UTF-8")], body)
}

/// A whole answer.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

struct Shared {
    script: Box<dyn Fn(usize) -> Act + Send + Sync>,
    asked: Mutex<Vec<Vec<u8>>>,
    connections: AtomicUsize,
    /// Connections the other side has ended.
    ended: AtomicUsize,
    released: Notify,
    arrived: Notify,
}

/// A producer that follows a script.
pub struct Socket {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Socket {
    /// Starts; `script` is given the number of the request, from 0.
    pub async fn start(script: impl Fn(usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            asked: Mutex::default(),
            connections: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            released: Notify::new(),
            arrived: Notify::new(),
        });
        let accepting = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                accepting.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&accepting);
                tokio::spawn(async move {
                    let _ = connection(&shared, stream).await;
                    shared.ended.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, shared, task }
    }

    /// Always does the same.
    pub async fn always(act: Act) -> Self {
        Self::start(move |_| act.clone()).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests that arrived, as they came.
    pub fn asked(&self) -> Vec<Vec<u8>> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Waits until as many requests have arrived.
    pub async fn arrived(&self, count: usize) {
        let waiting = async {
            loop {
                let arrived = self.shared.arrived.notified();
                if self.shared.asked.lock().unwrap().len() >= count {
                    return;
                }
                arrived.await;
            }
        };
        soon("calls to arrive at the producer", waiting).await;
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Connections that have come to their end.
    pub fn ended(&self) -> usize {
        self.shared.ended.load(Ordering::SeqCst)
    }

    /// Lets every held answer go.
    pub fn release(&self) {
        self.shared.released.notify_waiters();
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connection(shared: &Shared, mut stream: TcpStream) -> std::io::Result<()> {
    let mut unread = Vec::new();
    while let Some(request) = request(&mut stream, &mut unread).await? {
        // Who is to be released must be waiting before the request is known to have arrived.
        let released = shared.released.notified();
        tokio::pin!(released);
        released.as_mut().enable();
        let number = {
            let mut asked = shared.asked.lock().unwrap();
            asked.push(request);
            asked.len() - 1
        };
        shared.arrived.notify_waiters();
        match (shared.script)(number) {
            Act::Write(bytes) => stream.write_all(&bytes).await?,
            Act::WriteAndClose(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Act::WriteAndReset(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.set_zero_linger();
            }
            Act::Reset => return stream.set_zero_linger(),
            Act::Close => return stream.shutdown().await,
            Act::Silence => while stream.read_buf(&mut unread).await? > 0 {},
            Act::Hold(bytes) => {
                released.await;
                stream.write_all(&bytes).await?;
            }
            Act::Slowly(pieces, pause) => {
                for piece in pieces {
                    tokio::time::sleep(pause).await;
                    stream.write_all(&piece).await?;
                }
            }
        }
    }
    Ok(())
}

/// The next whole request; `None` at the end of the connection.
async fn request(stream: &mut TcpStream, unread: &mut Vec<u8>) -> std::io::Result<Option<Vec<u8>>> {
    loop {
        if let Some(length) = whole(unread) {
            let rest = unread.split_off(length);
            return Ok(Some(std::mem::replace(unread, rest)));
        }
        if stream.read_buf(unread).await? == 0 {
            return Ok(None);
        }
    }
}

/// The length of the first request, once it has arrived in full.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head_end = find(bytes, b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
    if head.contains("transfer-encoding: chunked") {
        return find(&bytes[head_end..], b"0\r\n\r\n").map(|at| head_end + at + 5);
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    (bytes.len() >= head_end + length).then_some(head_end + length)
}

/// The body of a request.
pub fn body(request: &[u8]) -> &[u8] {
    &request[find(request, b"\r\n\r\n").unwrap() + 4..]
}

/// An address at which nobody listens, for as long as this is kept.
pub struct Nobody {
    pub address: SocketAddr,
    socket: TcpSocket,
}

impl Nobody {
    pub fn there() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self { address: socket.local_addr().unwrap(), socket }
    }

    /// Somebody listens from now on.
    pub fn opens(self) -> TcpListener {
        self.socket.listen(16).unwrap()
    }
}

/// Answers the first request that comes.
pub async fn serve_one(listener: &TcpListener, answer: Vec<u8>) {
    let (mut stream, _) = soon("a connection", listener.accept()).await.unwrap();
    let mut unread = Vec::new();
    soon("a request", request(&mut stream, &mut unread)).await.unwrap();
    stream.write_all(&answer).await.unwrap();
}
