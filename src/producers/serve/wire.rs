//! Ending a connection as a broken system ends it (`producers.md` §2.3).

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::producers::behaviour::delay::Numbers;
use crate::producers::behaviour::fault::WireFault;

/// Random bytes sent before the close, in words of eight.
const RANDOM_WORDS: usize = 64;

/// Carries out the fault and closes the connection; the caller takes what is written within `write_timeout`.
pub(super) async fn end(mut stream: TcpStream, fault: WireFault, mut numbers: Numbers, write_timeout: Duration) {
    let bytes = match fault {
        WireFault::EmptyResponse => Vec::new(),
        WireFault::ConnectionResetByPeer => {
            // Where the operating system refuses, the caller sees an orderly close instead.
            let _ = stream.set_zero_linger();
            return;
        }
        WireFault::MalformedResponseChunk => {
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n";
            [head.as_slice(), b"lskdu018973t09sylgasjkfg1][]'./.sdlv"].concat()
        }
        WireFault::RandomDataThenClose => {
            (0..RANDOM_WORDS).flat_map(|_| numbers.draw().to_le_bytes()).collect::<Vec<u8>>()
        }
    };
    // A caller that has gone misses nothing.
    let _ = tokio::time::timeout(write_timeout, async {
        stream.write_all(&bytes).await?;
        stream.shutdown().await
    })
    .await;
}
