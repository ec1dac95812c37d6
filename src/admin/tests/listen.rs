//! The listener itself, over a real connection.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

async fn read(stream: &mut TcpStream, until: &str) -> String {
    let mut all = Vec::new();
    let reading = async {
        while stream.read_buf(&mut all).await.unwrap() > 0 {
            if !until.is_empty() && String::from_utf8_lossy(&all).contains(until) {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("the answer");
    String::from_utf8(all).unwrap()
}

#[tokio::test]
async fn the_peer_counts_large_heads_do_not_pass_and_a_drain_ends_open_streams() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let parts = AdminParts { token: Some("s3cret".to_owned()), ..parts() };
    let records = Arc::clone(&parts.records);
    let task = tokio::spawn(serve(listener, parts, Beside::default(), shutdown.clone()));
    let open = async |target: &str, extra: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n{extra}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    // From loopback: no token needed to read.
    let mut reading = open("/api/v1/records", "Connection: close\r\n").await;
    assert!(read(&mut reading, "").await.starts_with("HTTP/1.1 200 OK\r\n"));
    let large = format!("X-Large: {}\r\n", "x".repeat(32 * 1024));
    let mut too_large = open("/", &large).await;
    assert!(read(&mut too_large, "\r\n").await.starts_with("HTTP/1.1 431 "));

    let mut watching = open("/api/v1/exchanges/stream", "").await;
    read(&mut watching, "\r\n\r\n").await;
    records.push(samples::answered(9));
    assert!(read(&mut watching, "\n\n").await.contains("id: 9\n"));
    shutdown.cancel();
    read(&mut watching, "").await;
    tokio::time::timeout(PATIENCE, task).await.expect("the drain has an end").unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
