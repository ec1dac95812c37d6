//! Servers that the TLS library cannot be: they read the caller's first message and answer it with bytes of their own.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::fault::TlsFault;

/// Kinds of record.
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
/// Kinds of handshake message.
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
/// Versions as they stand in records.
const TLS_10: [u8; 2] = [3, 1];
const TLS_12: [u8; 2] = [3, 3];
/// Alerts.
const FATAL: u8 = 2;
const HANDSHAKE_FAILURE: u8 = 40;
const INTERNAL_ERROR: u8 = 80;
/// Cipher suites that version 1.0 has, the usual one first: with another, a caller would complain of the suite instead of the
/// version.
const OLD_SUITES: [[u8; 2]; 6] = [[0xc0, 0x13], [0xc0, 0x14], [0xc0, 0x09], [0xc0, 0x0a], [0x00, 0x2f], [0x00, 0x35]];
/// Longest record.
const RECORD_BYTES_MAX: usize = 16_384 + 256;
/// How long a caller may take to read what it was told.
const LINGER: Duration = Duration::from_secs(1);

/// What is needed of the caller's first message to answer it.
#[derive(Debug, PartialEq, Eq)]
struct Hello {
    suites: Vec<[u8; 2]>,
}

/// Whether a fault is one of these servers.
pub(super) fn is_played(fault: TlsFault) -> bool {
    matches!(fault, TlsFault::OldVersion | TlsFault::NoSharedCipher | TlsFault::AlertMidHandshake)
}

/// Reads the caller's first message, answers it as the fault has it, and waits for the caller to go.
pub(super) async fn play(fault: TlsFault, stream: &mut TcpStream) {
    let Some(hello) = read_hello(stream).await else { return };
    // Suites of version 1.3 cannot be chosen in an older one.
    let suite = hello.suites.iter().find(|suite| suite[0] != 0x13 && suite[0] != 0).copied();
    let mut answer = Vec::new();
    match fault {
        TlsFault::OldVersion => {
            let old = OLD_SUITES.into_iter().find(|old| hello.suites.contains(old)).or(suite);
            record_into(&mut answer, HANDSHAKE, TLS_10, &server_hello(TLS_10, old.unwrap_or(OLD_SUITES[0])));
        }
        TlsFault::AlertMidHandshake => {
            if let Some(suite) = suite {
                record_into(&mut answer, HANDSHAKE, TLS_12, &server_hello(TLS_12, suite));
            }
            record_into(&mut answer, ALERT, TLS_12, &[FATAL, INTERNAL_ERROR]);
        }
        _ => record_into(&mut answer, ALERT, TLS_12, &[FATAL, HANDSHAKE_FAILURE]),
    }
    if stream.write_all(&answer).await.is_err() || stream.shutdown().await.is_err() {
        return;
    }
    let mut ignored = [0_u8; 256];
    let gone = async { while matches!(stream.read(&mut ignored).await, Ok(1..)) {} };
    // Who stays longer is left.
    let _ = tokio::time::timeout(LINGER, gone).await;
}

async fn read_hello(stream: &mut TcpStream) -> Option<Hello> {
    let mut head = [0_u8; 5];
    stream.read_exact(&mut head).await.ok()?;
    let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
    if head[0] != HANDSHAKE || length > RECORD_BYTES_MAX {
        return None;
    }
    let mut record = vec![0; length];
    stream.read_exact(&mut record).await.ok()?;
    hello(&record)
}

/// Reads the message as far as the cipher suites.
fn hello(record: &[u8]) -> Option<Hello> {
    // Kind, length, version and random number.
    let (head, rest) = record.split_at_checked(4 + 2 + 32)?;
    let (length, rest) = rest.split_first()?;
    let (_session, rest) = rest.split_at_checked(usize::from(*length))?;
    let (length, rest) = rest.split_at_checked(2)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    let suites = rest.get(..length)?.chunks_exact(2).map(|suite| [suite[0], suite[1]]).collect();
    (head[0] == CLIENT_HELLO).then_some(Hello { suites })
}

/// The only extension of the first message: its length, and that renegotiation is done as it is to be. Without it, a caller may
/// complain of that before it looks at anything else.
const EXTENSIONS: [u8; 7] = [0, 5, 0xff, 0x01, 0, 1, 0];

/// The server's first message: this version, this suite, a session that cannot be taken up again.
fn server_hello(version: [u8; 2], suite: [u8; 2]) -> Vec<u8> {
    let random = [*uuid::Uuid::new_v4().as_bytes(), *uuid::Uuid::new_v4().as_bytes()].concat();
    let mut body = [version.as_slice(), &random].concat();
    body.push(0);
    body.extend_from_slice(&suite);
    // No compression.
    body.push(0);
    body.extend_from_slice(&EXTENSIONS);
    let length = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
    [&[SERVER_HELLO], &length[1..], &body].concat()
}

fn record_into(out: &mut Vec<u8>, kind: u8, version: [u8; 2], contents: &[u8]) {
    out.push(kind);
    out.extend_from_slice(&version);
    out.extend_from_slice(&u16::try_from(contents.len()).unwrap_or_default().to_be_bytes());
    out.extend_from_slice(contents);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_message_is_read_to_its_suites_and_one_cut_short_is_none() {
        let mut message = vec![CLIENT_HELLO, 0, 0, 47, 3, 3];
        message.extend_from_slice(&[7; 32]);
        message.extend_from_slice(&[2, 9, 9, 0, 4, 0x13, 1, 0xc0, 0x2b, 1, 0]);
        let expected = Hello { suites: vec![[0x13, 1], [0xc0, 0x2b]] };
        assert_eq!(hello(&message), Some(expected));
        for length in 0..message.len() - 2 {
            assert_eq!(hello(&message[..length]), None, "{length}");
        }
    }
}
