//! The body of an answer as it goes out: whole, or in pieces over a while. Its end is the end of the call.

use std::fs::File;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::file::FileLeft;
use crate::domain::clock::Clock;
use crate::producers::journal::{Entry, Outcome};

/// A body with the entry of its call.
pub(super) struct ReplyBody {
    left: Bytes,
    file: Option<FileLeft>,
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
        Self { left: body, file: None, pieces: None, entry, is_done: false }
    }

    /// What an open file has, of the length it has now.
    pub(super) fn streamed(file: (File, u64), entry: Option<Entry>) -> Self {
        Self { left: Bytes::new(), file: Some(FileLeft::new(file)), pieces: None, entry, is_done: false }
    }

    pub(super) fn dribbled(body: Bytes, chunks: usize, total: Duration, entry: Option<Entry>) -> Self {
        let chunks = chunks.clamp(1, body.len().max(1));
        let every = total / u32::try_from(chunks).unwrap_or(u32::MAX);
        let due = Instant::from_std(Clock::instant()) + every;
        let sleep = Box::pin(tokio::time::sleep_until(due));
        let pieces = Pieces { size: body.len() / chunks, left: chunks, every, due, sleep };
        Self { left: body, file: None, pieces: Some(pieces), entry, is_done: false }
    }

    fn end(&mut self) {
        self.end_as(Outcome::Sent);
    }

    fn end_as(&mut self, outcome: Outcome) {
        self.is_done = true;
        if let Some(mut entry) = self.entry.take() {
            if let Some(file) = &mut self.file {
                entry.answered_with(file.seen());
            }
            entry.end(outcome);
        }
    }

    fn poll_file(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(file) = &mut self.file else { return Poll::Ready(None) };
        let piece = ready!(file.poll_piece(context));
        match &piece {
            Some(Ok(_)) if file.left() > 0 => {}
            // Whoever has the last of it finds the row.
            Some(Ok(_)) | None => self.end(),
            // The connection breaks off: what was promised cannot be had.
            Some(Err(error)) => {
                tracing::warn!(%error, "a file broke off on its way out");
                self.end_as(Outcome::Fault);
            }
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }
}

impl Drop for ReplyBody {
    fn drop(&mut self) {
        // The caller has gone; the row has what was sent until then.
        self.end_as(Outcome::ClientGone);
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if this.is_done {
            return Poll::Ready(None);
        }
        if this.file.is_some() {
            return this.poll_file(context);
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
            _ => SizeHint::with_exact(self.file.as_ref().map_or(self.left.len() as u64, FileLeft::left)),
        }
    }
}
