//! The body of an answer as it goes out: whole, or in pieces over a while. Its end is the end of the call.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::domain::clock::Clock;
use crate::producers::journal::{Entry, Outcome};

/// A body with the entry of its call.
pub(super) struct ReplyBody {
    left: Bytes,
    pieces: Option<Pieces>,
    entry: Option<Entry>,
    is_done: bool,
}

/// Pieces of equal size, evenly over a duration; the last one gets the rest.
struct Pieces {
    size: usize,
    left: usize,
    every: Duration,
    due: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl ReplyBody {
    pub(super) fn whole(body: Bytes, entry: Option<Entry>) -> Self {
        Self { left: body, pieces: None, entry, is_done: false }
    }

    pub(super) fn dribbled(body: Bytes, chunks: usize, total: Duration, entry: Option<Entry>) -> Self {
        let chunks = chunks.clamp(1, body.len().max(1));
        let every = total / u32::try_from(chunks).unwrap_or(u32::MAX);
        let due = Instant::from_std(Clock::instant()) + every;
        let sleep = Box::pin(tokio::time::sleep_until(due));
        let pieces = Pieces { size: body.len() / chunks, left: chunks, every, due, sleep };
        Self { left: body, pieces: Some(pieces), entry, is_done: false }
    }

    fn end(&mut self) {
        self.is_done = true;
        if let Some(mut entry) = self.entry.take() {
            entry.end(Outcome::Sent);
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if this.is_done {
            return Poll::Ready(None);
        }
        let Some(pieces) = &mut this.pieces else {
            let body = std::mem::take(&mut this.left);
            this.end();
            return Poll::Ready(if body.is_empty() { None } else { Some(Ok(Frame::data(body))) });
        };
        if pieces.sleep.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        pieces.left -= 1;
        if pieces.left == 0 {
            let rest = std::mem::take(&mut this.left);
            this.end();
            return Poll::Ready(if rest.is_empty() { None } else { Some(Ok(Frame::data(rest))) });
        }
        pieces.due += pieces.every;
        let due = pieces.due;
        pieces.sleep.as_mut().reset(due);
        let piece = this.left.split_to(pieces.size);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_done
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.pieces, self.is_done) {
            // The length of what comes in pieces is not told, so that each piece is a chunk.
            (Some(_), false) => SizeHint::default(),
            _ => SizeHint::with_exact(self.left.len() as u64),
        }
    }
}
