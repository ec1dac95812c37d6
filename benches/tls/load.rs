//! The load of `benches/tls/run.sh`: `full`, `resumed` or `requests`, from as many threads as are asked for, each with one
//! connection at a time. Prints count, seconds, and the median and 99th percentile of each in microseconds.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on stops here, and reports to a script"
)]
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Full,
    Resumed,
    Requests,
}

type Secured = StreamOwned<ClientConnection, TcpStream>;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [mode, address, ca, certificate, key, seconds, threads, body] = arguments.as_slice() else {
        println!(
            "usage: tls_load full|resumed|requests ADDRESS CA CERTIFICATE KEY SECONDS THREADS BODY; see benches/tls/run.sh"
        );
        // Without arguments it is only built and started, by those who run all benches.
        process::exit(if arguments.is_empty() { 0 } else { 2 });
    };
    let mode = match mode.as_str() {
        "full" => Mode::Full,
        "resumed" => Mode::Resumed,
        _ => Mode::Requests,
    };
    let address: SocketAddr = address.parse().unwrap();
    let length = Duration::from_secs_f64(seconds.parse().unwrap());
    let body = Arc::new(fs::read(body).unwrap());
    let began = Instant::now();
    let running: Vec<_> = (0..threads.parse().unwrap())
        .map(|_: usize| {
            let config = Arc::new(config(Path::new(ca), Path::new(certificate), Path::new(key), mode));
            let body = Arc::clone(&body);
            thread::spawn(move || match mode {
                Mode::Requests => requests(&config, address, &body, began + length),
                _ => handshakes(&config, address, mode, began + length),
            })
        })
        .collect();
    let mut times: Vec<u64> = running.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let took = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    println!("{} {took:.3} {} {}", times.len(), at(50), at(99));
}

fn config(ca: &Path, certificate: &Path, key: &Path, mode: Mode) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate).unwrap().collect();
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain.unwrap(), PrivateKeyDer::from_pem_file(key).unwrap())
        .unwrap();
    config.resumption = if mode == Mode::Full { Resumption::disabled() } else { Resumption::in_memory_sessions(8) };
    config
}

fn open(config: &Arc<ClientConfig>, address: SocketAddr) -> Secured {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let connection = ClientConnection::new(Arc::clone(config), ServerName::try_from("localhost").unwrap()).unwrap();
    StreamOwned::new(connection, stream)
}

/// A handshake, the smallest call there is, and the end; over and over.
fn handshakes(config: &Arc<ClientConfig>, address: SocketAddr, mode: Mode, until: Instant) -> Vec<u64> {
    let (mut times, mut first) = (Vec::new(), true);
    while Instant::now() < until {
        let began = Instant::now();
        let mut stream = open(config, address);
        stream.write_all(b"OPTIONS /vp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        // A server that closes without saying so has answered all the same.
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        let expected = if mode == Mode::Resumed && !first { HandshakeKind::Resumed } else { HandshakeKind::Full };
        assert_eq!(stream.conn.handshake_kind(), Some(expected));
        first = false;
        times.push(u64::try_from(began.elapsed().as_micros()).unwrap());
    }
    times
}

/// One call after the other over one connection.
fn requests(config: &Arc<ClientConfig>, address: SocketAddr, body: &[u8], until: Instant) -> Vec<u64> {
    let head = format!(
        "POST /vp HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml; charset=UTF-8\r\n\
         SOAPAction: urn:riv:bench:OpResponder:1:Op\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let request = [head.as_bytes(), body].concat();
    let (mut times, mut stream) = (Vec::new(), open(config, address));
    let mut answer = Vec::new();
    while Instant::now() < until {
        let began = Instant::now();
        stream.write_all(&request).unwrap();
        answer.clear();
        while !is_whole(&answer) {
            let mut piece = [0; 16 * 1024];
            let count = stream.read(&mut piece).unwrap();
            assert!(count > 0, "closed");
            answer.extend_from_slice(&piece[..count]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        times.push(u64::try_from(began.elapsed().as_micros()).unwrap());
    }
    times
}

/// Whether head and announced body are there.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    answer.len() >= end + 4 + length.unwrap_or_default()
}
