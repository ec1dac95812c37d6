//! Ending a connection as a broken system ends it (`producers.md` §2.3, §7.4).

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::producers::behaviour::delay::Numbers;
use crate::producers::behaviour::fault::WireFault;
use crate::producers::behaviour::script::Step;
use crate::producers::journal::{Entry, Outcome};

/// Random bytes sent before the close, in words of eight.
const RANDOM_WORDS: usize = 64;

/// What calls come in over: a socket, or TLS over one.
pub(in crate::producers) trait Wire: AsyncRead + AsyncWrite + Unpin {
    /// Has the connection reset, instead of closed, when it is dropped. Where the operating system refuses, the caller sees
    /// an orderly close.
    fn reset_on_drop(&self);
}

impl Wire for TcpStream {
    fn reset_on_drop(&self) {
        let _ = self.set_zero_linger();
    }
}

impl Wire for TlsStream<TcpStream> {
    fn reset_on_drop(&self) {
        self.get_ref().0.reset_on_drop();
    }
}

/// The steps of a fault of the wire.
pub(super) fn steps(fault: WireFault, mut numbers: Numbers) -> Vec<Step> {
    match fault {
        WireFault::EmptyResponse => Vec::new(),
        WireFault::ConnectionResetByPeer => vec![Step::Reset],
        WireFault::MalformedResponseChunk => {
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n";
            vec![Step::Write([head.as_slice(), b"lskdu018973t09sylgasjkfg1][]'./.sdlv"].concat().into())]
        }
        WireFault::RandomDataThenClose => {
            let garbage: Vec<u8> = (0..RANDOM_WORDS).flat_map(|_| numbers.draw().to_le_bytes()).collect();
            vec![Step::Write(Bytes::from(garbage))]
        }
    }
}

/// Carries out the steps and closes the connection; the caller takes what is written within `write_timeout`. The entry ends
/// before the caller can see the last of it: whoever has an answer, or a reset, finds its row.
pub(super) async fn carry_out(mut stream: impl Wire, steps: Vec<Step>, entry: Option<Entry>, write_timeout: Duration) {
    // Declared behind the stream, so that it is dropped, and its row written, before the connection closes.
    let mut entry = entry;
    let mut end = || {
        if let Some(mut entry) = entry.take() {
            entry.end(Outcome::Fault);
        }
    };
    let last = last_seen(&steps);
    for (place, step) in steps.into_iter().enumerate() {
        if Some(place) == last {
            end();
        }
        match step {
            Step::Write(bytes) => {
                let writing = async {
                    stream.write_all(&bytes).await?;
                    stream.flush().await
                };
                let written = tokio::time::timeout(write_timeout, writing).await;
                if !matches!(written, Ok(Ok(()))) {
                    return;
                }
            }
            Step::Wait(duration) => tokio::time::sleep(duration).await,
            Step::Silence(longest) => {
                // Whatever still comes is read and forgotten; what counts is that the caller goes away.
                let mut ignored = [0_u8; 256];
                let gone = async { while matches!(stream.read(&mut ignored).await, Ok(length) if length > 0) {} };
                let _ = tokio::time::timeout(longest, gone).await;
            }
            Step::Reset => {
                stream.reset_on_drop();
                return;
            }
        }
    }
    end();
    // A caller that has gone misses nothing.
    let _ = tokio::time::timeout(write_timeout, stream.shutdown()).await;
}

/// The last step that the caller sees; `None` where silence follows it, or nothing is seen but the close.
fn last_seen(steps: &[Step]) -> Option<usize> {
    let place = steps.iter().rposition(|step| !matches!(step, Step::Wait(_)))?;
    (!matches!(steps[place], Step::Silence(_))).then_some(place)
}
