//! The rest of a request that is refused for its size. A socket closed on bytes that nobody read resets the connection,
//! and a client that still sends may then never see the answer that says why.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// Most that is read for nobody. Who announces more is answered at once; who sends more is cut off.
const BYTES_MAX: u64 = 64 << 20;
/// Longest time it may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a body to its end and forgets it, within bounds.
pub async fn swallow<B: Body<Data = Bytes> + Unpin>(body: &mut B) {
    let rest = async {
        let mut bytes: u64 = 0;
        while body.size_hint().lower().saturating_add(bytes) <= BYTES_MAX {
            let Some(Ok(frame)) = body.frame().await else { return };
            bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
    };
    // Who takes longer is cut off, too.
    let _ = tokio::time::timeout(TIMEOUT, rest).await;
}

/// A request's body, lent to those who read it: what they drop unread comes back.
#[derive(Debug)]
pub struct Lent {
    body: Option<Incoming>,
    back: Arc<Unread>,
}

/// Where a lent body comes back to.
#[derive(Debug, Default)]
pub struct Unread(Mutex<Option<Incoming>>);

impl Lent {
    /// Lends a body.
    pub fn new(body: Incoming) -> (Self, Arc<Unread>) {
        let back = Arc::<Unread>::default();
        (Self { body: Some(body), back: Arc::clone(&back) }, back)
    }
}

impl Unread {
    /// Swallows what came back.
    pub async fn swallow(&self) {
        let body = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut body) = body {
            swallow(&mut body).await;
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        *self.back.0.lock().unwrap_or_else(PoisonError::into_inner) = self.body.take();
    }
}

impl Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[tokio::test]
    async fn a_body_is_read_to_its_end() {
        let mut body = Full::new(Bytes::from(vec![0; 1 << 20]));
        swallow(&mut body).await;
        assert!(body.is_end_stream());
    }

    #[tokio::test]
    async fn who_announces_too_much_is_not_listened_to() {
        let mut body = Full::new(Bytes::from(vec![0; BYTES_MAX as usize + 1]));
        swallow(&mut body).await;
        assert!(!body.is_end_stream());
    }
}
