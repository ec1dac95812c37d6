//! The load of `benches/producers/run.sh`. `write DIR COUNT` writes that many mappings; `rate ADDRESS BASE COUNT RATE
//! SECONDS CONNECTIONS` asks for them in an open loop and prints what was slow; `most` is the same as fast as it goes, and
//! `count ADDRESS BASE COUNT CALLS CONNECTIONS` so many times exactly;
//! `wait ADDRESS TARGET CALLS` makes calls that all wait at once.
//!
//! A request's time runs from the moment it is due where all connections are busy then, and from the moment it is sent where
//! one is free: what counts is the server's, and the queue before it, not how coarsely this process is woken.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on stops here, and reports to a script"
)]
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONTRACT: &str = "urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2";
/// Every so manyth mapping looks the same way for its request.
const KINDS: u64 = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["write", folder, count] => write(Path::new(folder), count.parse().unwrap()),
        [mode @ ("rate" | "most"), address, base, count, rate, seconds, connections] => {
            let asking = Asking {
                address: address.parse().unwrap(),
                base: (*base).to_owned(),
                count: count.parse().unwrap(),
                rate: if *mode == "rate" { rate.parse().unwrap() } else { f64::INFINITY },
                length: Duration::from_secs_f64(seconds.parse().unwrap()),
                calls: u64::MAX,
            };
            asking.run(connections.parse().unwrap()).await;
        }
        ["count", address, base, count, calls, connections] => {
            let asking = Asking {
                address: address.parse().unwrap(),
                base: (*base).to_owned(),
                count: count.parse().unwrap(),
                rate: f64::INFINITY,
                length: Duration::MAX,
                calls: calls.parse().unwrap(),
            };
            asking.run(connections.parse().unwrap()).await;
        }
        ["wait", address, target, calls] => wait(address.parse().unwrap(), target, calls.parse().unwrap()).await,
        // Without arguments it is only built and started, by those who run all benches.
        [] => println!("usage: see benches/producers/run.sh"),
        _ => process::exit(2),
    }
}

fn envelope(n: u64) -> String {
    format!(
        "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header><h:LogicalAddress \
         xmlns:h=\"urn:riv:itintegration:registry:1\">SE-{n}</h:LogicalAddress></e:Header><e:Body><q:GetDiagnosis \
         xmlns:q=\"{CONTRACT}\"><q:patientId><q:id>p-{n}</q:id><q:type>1.2.752.129.2.1.3.1</q:type></q:patientId>\
         </q:GetDiagnosis></e:Body></e:Envelope>"
    )
}

/// The `n`th mapping: by path, by header, by a value in the body, by the whole body, or by a pattern of paths.
fn mapping(n: u64) -> Value {
    let request = match n % KINDS {
        0 => json!({"method": "POST", "urlPath": format!("/service/{n}")}),
        1 => {
            json!({"method": "POST", "urlPath": "/by-header", "headers": {"x-case": {"equalTo": format!("case-{n}")}}})
        }
        2 => json!({"method": "POST", "urlPath": "/by-value", "bodyPatterns": [
            {"matchesXPath": {"expression": "//*[local-name()='id']/text()", "equalTo": format!("p-{n}")}}]}),
        3 => {
            json!({"method": "POST", "urlPath": format!("/by-body/{n}"), "bodyPatterns": [{"equalToXml": envelope(n)}]})
        }
        _ => json!({"method": "POST", "urlPathPattern": format!("/pattern/{n}/[a-z]+")}),
    };
    let body = format!("<a>{n}</a>{}", "<!-- as long as a short answer is -->".repeat(20));
    json!({"request": request, "response": {"status": 200, "body": body, "headers": {"Content-Type": "text/xml"}}})
}

fn request(base: &str, n: u64) -> Vec<u8> {
    let (path, header) = match n % KINDS {
        0 => (format!("/service/{n}"), String::new()),
        1 => ("/by-header".to_owned(), format!("x-case: case-{n}\r\n")),
        2 => ("/by-value".to_owned(), String::new()),
        3 => (format!("/by-body/{n}"), String::new()),
        _ => (format!("/pattern/{n}/abc"), String::new()),
    };
    let body = envelope(n);
    format!(
        "POST {base}{path} HTTP/1.1\r\nhost: h\r\ncontent-type: text/xml\r\n{header}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn write(folder: &Path, count: u64) {
    fs::create_dir_all(folder).unwrap();
    for part in 0..count.div_ceil(1_000) {
        let mappings: Vec<_> = (part * 1_000..((part + 1) * 1_000).min(count)).map(mapping).collect();
        fs::write(folder.join(format!("part-{part:03}.json")), json!({"mappings": mappings}).to_string()).unwrap();
    }
}

struct Asking {
    address: SocketAddr,
    base: String,
    count: u64,
    rate: f64,
    length: Duration,
    /// Most calls.
    calls: u64,
}

impl Asking {
    async fn run(self, connections: usize) {
        let (asking, next) = (Arc::new(self), Arc::new(AtomicU64::new(0)));
        let begin = Instant::now() + Duration::from_millis(200);
        let workers: Vec<_> =
            (0..connections).map(|_| tokio::spawn(Arc::clone(&asking).work(begin, Arc::clone(&next)))).collect();
        let (mut times, mut wrong) = (Vec::new(), 0);
        for worker in workers {
            let (own, failed) = worker.await.unwrap();
            times.extend(own);
            wrong += failed;
        }
        times.sort_unstable();
        let took = begin.elapsed().as_secs_f64();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!(
            "answers={} wrong={wrong} per_second={:.0} p50_us={} p90_us={} p99_us={} p999_us={} max_us={}",
            times.len(),
            times.len() as f64 / took,
            at(0.5),
            at(0.9),
            at(0.99),
            at(0.999),
            at(1.0)
        );
    }

    async fn work(self: Arc<Self>, begin: Instant, next: Arc<AtomicU64>) -> (Vec<u64>, u64) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut times, mut wrong, mut buffer) = (Vec::new(), 0, vec![0; 64 * 1024]);
        tokio::time::sleep_until(begin.into()).await;
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            let due = begin + Duration::from_secs_f64(turn as f64 / self.rate);
            let is_over = begin.checked_add(self.length).is_some_and(|end| due.max(Instant::now()) >= end);
            if is_over || turn >= self.calls {
                return (times, wrong);
            }
            let was_free = due > Instant::now();
            if was_free {
                tokio::time::sleep_until(due.into()).await;
            }
            let from = if was_free || self.rate.is_infinite() { Instant::now() } else { due };
            // A large odd step: neighbours in time are not neighbours among the mappings.
            let n = turn.wrapping_mul(7_919) % self.count;
            stream.write_all(&request(&self.base, n)).await.unwrap();
            let answer = read(&mut stream, &mut buffer).await;
            times.push(from.elapsed().as_micros() as u64);
            let expected = format!("<a>{n}</a>");
            wrong += u64::from(!answer.windows(expected.len()).any(|window| window == expected.as_bytes()));
        }
    }
}

/// An answer with a length or in chunks; nothing where the connection ends.
async fn read<'b>(stream: &mut TcpStream, buffer: &'b mut [u8]) -> &'b [u8] {
    let mut filled = 0;
    loop {
        let length = stream.read(&mut buffer[filled..]).await.unwrap();
        filled += length;
        let head = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n");
        let Some(head) = head else {
            assert!(length > 0, "the server closed the connection");
            continue;
        };
        let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
        let whole = match text.split("content-length: ").nth(1) {
            Some(rest) => head + 4 + rest.lines().next().unwrap().trim().parse::<usize>().unwrap() <= filled,
            None => buffer[..filled].ends_with(b"0\r\n\r\n"),
        };
        if whole || length == 0 {
            return &buffer[..filled];
        }
    }
}

/// Makes calls that all wait, each over a connection of its own.
async fn wait(address: SocketAddr, target: &str, calls: usize) {
    let ask = format!("POST {target} HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\nconnection: close\r\n\r\n<a/>");
    let began = Instant::now();
    let mut running = Vec::with_capacity(calls);
    for _ in 0..calls {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(ask.as_bytes()).await.unwrap();
        running.push(tokio::spawn(async move {
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            answer.starts_with(b"HTTP/1.1 200")
        }));
    }
    println!("sent={calls} after_ms={}", began.elapsed().as_millis());
    let mut answered = 0;
    for one in running {
        answered += usize::from(one.await.unwrap());
    }
    println!("answered={answered} after_ms={}", began.elapsed().as_millis());
}
