//! A file on its way out: read piece by piece on threads that may wait for the disk, one piece at a time, and the next only
//! when the connection has room for it.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::task::JoinHandle;

use crate::producers::journal::Seen;
use crate::producers::settings::FILE_PIECE_BYTES;

/// What is left of a file.
pub(super) struct FileLeft {
    /// Not here while a piece is read.
    file: Option<File>,
    reading: Option<JoinHandle<(File, io::Result<Bytes>)>>,
    left: u64,
    /// What went out.
    seen: Seen,
}

impl FileLeft {
    pub(super) fn new((file, length): (File, u64)) -> Self {
        Self { file: Some(file), reading: None, left: length, seen: Seen::default() }
    }

    pub(super) fn left(&self) -> u64 {
        self.left
    }

    pub(super) fn seen(&mut self) -> Seen {
        std::mem::take(&mut self.seen)
    }

    /// The next piece; `None` at the end. A file that has become shorter is an error: its length was told.
    pub(super) fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Some(mut file) = self.file.take().filter(|_| self.left > 0) {
            let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(FILE_PIECE_BYTES);
            self.reading = Some(tokio::task::spawn_blocking(move || {
                let mut piece = vec![0; wanted];
                let read = file.read_exact(&mut piece).map(|()| Bytes::from(piece));
                (file, read)
            }));
        }
        let Some(reading) = &mut self.reading else { return Poll::Ready(None) };
        let read = ready!(Pin::new(reading).poll(context));
        self.reading = None;
        Poll::Ready(Some(match read {
            Ok((file, Ok(piece))) => {
                self.left -= piece.len() as u64;
                self.seen.take(&piece);
                self.file = Some(file);
                Ok(piece)
            }
            Ok((_, Err(error))) => Err(error),
            Err(error) => Err(io::Error::other(error)),
        }))
    }
}
