//! Whether a client hangs up while it is being answered. The HTTP library does not look: for it, a client that has said
//! everything may still read. Nor does one end of a stream tell the two apart that matter here: who closes only what it
//! writes still reads the answer, who closes the socket does not, and at first both look the same. So the moment is noted
//! when it comes, and what it meant is settled when the answer has been taken, or refused.
//!
//! What it costs a call whose client stays: one look at flags the runtime keeps anyway, and one waker that it already had.
//! No system call, no memory.

use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::stall::StallGuard;
use crate::domain::clock::Clock;

/// Longest time the other side is given to refuse what it was sent. It has been told by then that we are done.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(1);
/// How often it is looked at meanwhile.
const SETTLE_INTERVAL: Duration = Duration::from_millis(20);
/// How often an end is looked for behind bytes that nobody reads yet: over TLS, the client's last word comes before its end.
const BEHIND_INTERVAL: Duration = Duration::from_millis(250);

/// A stream over a socket.
pub trait Socket {
    /// The socket, where it is still open.
    fn socket(&self) -> Option<&TcpStream>;
}

impl Socket for TcpStream {
    fn socket(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl<S: Socket> Socket for StallGuard<S> {
    fn socket(&self) -> Option<&TcpStream> {
        self.stream().socket()
    }
}

/// What a client's end of the line meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It has closed what it writes; whether it still reads has not been seen.
    Unsettled,
    /// It has closed what it writes, and took the answer.
    ClosedWriting,
    /// It has closed the socket: there was nobody to answer.
    Gone,
}

impl Left {
    const fn code(self) -> u8 {
        match self {
            Self::Unsettled => 0,
            Self::ClosedWriting => 1,
            Self::Gone => 2,
        }
    }

    const fn of(code: u8) -> Self {
        match code {
            0 => Self::Unsettled,
            1 => Self::ClosedWriting,
            _ => Self::Gone,
        }
    }
}

/// One connection's other side: told by whoever watches the stream, asked by whoever answers.
#[derive(Debug, Default)]
pub struct Line {
    is_answering: AtomicBool,
    left: OnceLock<(Instant, AtomicU8)>,
}

impl Line {
    /// Watches for as long as the answer of this guard takes.
    pub fn answering(&self) -> Answering<'_> {
        self.is_answering.store(true, Ordering::Relaxed);
        Answering(self)
    }

    /// Since when the client has been closing, and what that meant.
    pub fn left(&self) -> Option<(Instant, Left)> {
        self.left.get().map(|(at, left)| (*at, Left::of(left.load(Ordering::Relaxed))))
    }

    fn is_watched(&self) -> bool {
        self.is_answering.load(Ordering::Relaxed) && self.left.get().is_none()
    }

    fn is_unsettled(&self) -> bool {
        self.left().is_some_and(|(_, left)| left == Left::Unsettled)
    }

    fn leave(&self, left: Left) {
        let _ = self.left.set((Clock::instant(), AtomicU8::new(left.code())));
    }

    /// Says what it meant, unless that is known.
    fn settle(&self, meant: Left) {
        if let Some((_, left)) = self.left.get() {
            let unsettled = Left::Unsettled.code();
            let _ = left.compare_exchange(unsettled, meant.code(), Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

/// Somebody is being answered, for as long as this lives.
#[derive(Debug)]
pub struct Answering<'l>(&'l Line);

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.is_answering.store(false, Ordering::Relaxed);
    }
}

/// Watches a stream for its line.
#[derive(Debug)]
pub struct Watched<S: Socket> {
    stream: S,
    line: Arc<Line>,
    /// Something is there already that is not read yet: nobody is woken for an end behind it, so it is looked for.
    behind: Option<Pin<Box<Sleep>>>,
    /// Only while it is settled what a client's end meant.
    settling: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl<S: Socket> Watched<S> {
    /// Watches a stream.
    pub fn new(stream: S, line: Arc<Line>) -> Self {
        Self { stream, line, behind: None, settling: None }
    }

    /// Looks whether the client has closed, and has the task woken when it does.
    fn listen(&mut self, context: &mut Context<'_>) {
        let Some(socket) = self.stream.socket() else { return };
        if socket.poll_read_ready(context).is_pending() {
            return;
        }
        let flags = flags(socket);
        if flags.is_read_closed() || flags.is_write_closed() {
            return self.line.leave(if flags.is_write_closed() { Left::Gone } else { Left::Unsettled });
        }
        if self.behind.is_some() {
            return self.look_behind(context);
        }
        // A last read that filled its buffer leaves the flag behind, and nobody is woken while it stands: it is taken down
        // by looking, which is what a request of exactly that size costs.
        match socket.poll_peek(context, &mut ReadBuf::new(&mut [0])) {
            Poll::Pending => {}
            Poll::Ready(Ok(0)) => self.line.leave(Left::Unsettled),
            Poll::Ready(Ok(_)) => self.look_behind(context),
            Poll::Ready(Err(_)) => self.line.leave(Left::Gone),
        }
    }

    /// Has the task woken in a while, to look again.
    fn look_behind(&mut self, context: &mut Context<'_>) {
        let timer = self.behind.get_or_insert_with(|| Box::pin(sleep(BEHIND_INTERVAL)));
        while timer.as_mut().poll(context).is_ready() {
            timer.set(sleep(BEHIND_INTERVAL));
        }
    }

    /// What became of a write; a refused one says what the client's end meant.
    fn heard<T>(&self, progress: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &progress
            && is_refused(error.kind())
        {
            self.line.settle(Left::Gone);
        }
        progress
    }

    /// Whether it is settled by now what the client's end meant.
    fn is_settled(&self) -> bool {
        if !self.line.is_unsettled() {
            return true;
        }
        let Some(socket) = self.stream.socket() else { return true };
        // A connection without another side is over: everything was taken and acknowledged, or it was refused. Asked before
        // the error, so that a refusal in between is not taken for an acknowledgement.
        let is_over = socket.peer_addr().is_err();
        if !matches!(socket.take_error(), Ok(None)) {
            self.line.settle(Left::Gone);
        } else if is_over {
            self.line.settle(Left::ClosedWriting);
        }
        !self.line.is_unsettled()
    }
}

/// What the runtime knows of a socket, without asking the system.
fn flags(socket: &TcpStream) -> Ready {
    let asking = pin!(socket.ready(Interest::READABLE | Interest::WRITABLE));
    match asking.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(ready)) => ready,
        _ => Ready::EMPTY,
    }
}

/// Whether a write failed because nobody is there.
fn is_refused(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    matches!(kind, BrokenPipe | ConnectionReset | ConnectionAborted | NotConnected)
}

impl<S: Socket> Drop for Watched<S> {
    /// The last look. What neither took nor refused the answer until now stays unsettled.
    fn drop(&mut self) {
        self.is_settled();
    }
}

impl<S: Socket + AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.behind = None;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Socket + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.heard(progress)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.heard(progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The HTTP library asks for this whenever it has nothing to do but wait for the answer.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.line.is_watched() {
            self.listen(context);
        }
        let progress = Pin::new(&mut self.stream).poll_flush(context);
        self.heard(progress)
    }

    /// Says that we are done, and then, for a client that had closed before it was answered, waits for its word on that.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.settling.is_none() {
            let done = ready!(Pin::new(&mut this.stream).poll_shutdown(context));
            ready!(this.heard(Poll::Ready(done)))?;
            if this.is_settled() {
                return Poll::Ready(Ok(()));
            }
            this.settling = Some((Clock::instant() + SETTLE_TIMEOUT, Box::pin(sleep(SETTLE_INTERVAL))));
        }
        loop {
            let Some((until, mut timer)) = this.settling.take() else { return Poll::Ready(Ok(())) };
            if timer.as_mut().poll(context).is_pending() {
                this.settling = Some((until, timer));
                return Poll::Pending;
            }
            if this.is_settled() || Clock::instant() >= until {
                return Poll::Ready(Ok(()));
            }
            this.settling = Some((until, Box::pin(sleep(SETTLE_INTERVAL))));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// A client that has asked `?`, and a server that will say `!` when told to.
    async fn asked() -> (TcpStream, Arc<Line>, tokio::sync::oneshot::Sender<()>, JoinHandle<Watched<TcpStream>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        client.write_all(b"?").await.unwrap();
        let line = Arc::<Line>::default();
        let (tell, told) = tokio::sync::oneshot::channel::<()>();
        let mut watched = Watched::new(stream, Arc::clone(&line));
        let answering = Arc::clone(&line);
        let server = tokio::spawn(async move {
            // A read that fills its buffer leaves the flag behind.
            let mut asked = [0; 1];
            watched.read_exact(&mut asked).await.unwrap();
            {
                let _answering = answering.answering();
                let mut told = pin!(told);
                std::future::poll_fn(|context| {
                    // As the HTTP library does: the answer first, then what there is to flush.
                    let is_told = told.as_mut().poll(context);
                    let _ = Pin::new(&mut watched).poll_flush(context);
                    is_told
                })
                .await
                .unwrap();
            }
            // Both may fail where nobody is there.
            let _ = watched.write_all(b"!").await;
            let _ = watched.shutdown().await;
            watched
        });
        (client, line, tell, server)
    }

    async fn until_left(line: &Line) -> (Instant, Left) {
        let noted = async {
            loop {
                if let Some(left) = line.left() {
                    return left;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, noted).await.expect("it is noted while nobody writes")
    }

    #[tokio::test]
    async fn who_stays_has_not_left() {
        let (mut client, line, tell, server) = asked().await;
        tell.send(()).unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'!');
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        drop(client);
        server.await.unwrap();
        assert_eq!(line.left(), None, "an end after the answer is no hanging up");
    }

    #[tokio::test]
    async fn who_closes_what_it_writes_still_takes_the_answer() {
        let (mut client, line, tell, server) = asked().await;
        client.shutdown().await.unwrap();
        assert_eq!(until_left(&line).await.1, Left::Unsettled);
        tell.send(()).unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'!');
        server.await.unwrap();
        assert_eq!(line.left().unwrap().1, Left::ClosedWriting);
    }

    #[tokio::test]
    async fn who_closes_the_socket_is_gone_when_the_answer_is_refused() {
        let (client, line, tell, server) = asked().await;
        drop(client);
        let (at, left) = until_left(&line).await;
        assert_eq!(left, Left::Unsettled);
        tell.send(()).unwrap();
        server.await.unwrap();
        assert_eq!(line.left(), Some((at, Left::Gone)));
    }

    #[tokio::test]
    async fn who_resets_the_connection_is_gone_at_once() {
        let (client, line, tell, server) = asked().await;
        client.set_zero_linger().unwrap();
        drop(client);
        assert_eq!(until_left(&line).await.1, Left::Gone);
        tell.send(()).unwrap();
        server.await.unwrap();
    }

    #[tokio::test]
    async fn who_says_a_last_word_before_its_end_is_heard_to_end() {
        let (mut client, line, tell, server) = asked().await;
        // As TLS does: a message that says it is over, and then the end of the stream.
        client.write_all(b"?").await.unwrap();
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(line.left(), None);
        client.shutdown().await.unwrap();
        assert_eq!(until_left(&line).await.1, Left::Unsettled);
        tell.send(()).unwrap();
        server.await.unwrap();
    }

    #[tokio::test]
    async fn who_has_asked_the_next_thing_already_is_still_there() {
        let (mut client, line, tell, server) = asked().await;
        client.write_all(b"?").await.unwrap();
        tell.send(()).unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'!');
        server.await.unwrap();
        assert_eq!(line.left(), None);
    }
}
