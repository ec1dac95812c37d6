//! What an aggregated call costs beside the slowest of its sources, through the whole platform: consumer and sources over
//! sockets, index and hub in this process.
//!
//! Figures are wall-clock medians and worst of `ROUNDS` calls, so it prints them itself:
//! `cargo bench --bench aggregate`, with a part of a line's name behind `--` for that line alone.

use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anslut::app::Platform;
use anslut::app::serve::{ServeLimits, serve};
use anslut::config::environment::Environment;
use anslut::config::raw;
use anslut::domain::clock::Clock;
use anslut::net::bind::listen;
use anslut::soap::responder::{Answer, Responder};
use bytes::Bytes;
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// The program's own: how much memory an answer costs is also a question of who hands it out.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONTRACT: &str = "urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2";
const CORE: &str = "urn:riv:clinicalprocess:healthcond:description:2";
const SENDER: &str = "SENDER";
const ROUNDS: usize = 40;
/// A source that is this slow is late.
const LATE: Duration = Duration::from_secs(2);

/// How the sources of one patient behave: so many, each with so many bytes, after its delay.
struct Case {
    patient: &'static str,
    sources: usize,
    bytes: usize,
    delay: fn(usize) -> Duration,
}

const SPREAD: Case = Case {
    patient: "191212121212",
    sources: 20,
    bytes: 50 * 1024,
    delay: |number| Duration::from_millis(20 + 2 * number as u64),
};
const TOGETHER: Case =
    Case { patient: "195404039801", sources: 20, bytes: 50 * 1024, delay: |_| Duration::from_millis(40) };
const HALF_LATE: Case = Case {
    patient: "198908219887",
    sources: 300,
    bytes: 2 * 1024,
    delay: |number| if number.is_multiple_of(2) { Duration::from_millis(20) } else { LATE },
};
const LARGE: Case = Case { patient: "200409149812", sources: 20, bytes: 5 << 20, delay: |_| Duration::ZERO };
const CASES: [&Case; 4] = [&SPREAD, &TOGETHER, &HALF_LATE, &LARGE];

/// All sources: an address is the case's patient and a number.
#[derive(Default)]
struct Sources {
    answers: Mutex<std::collections::HashMap<usize, Bytes>>,
    /// The longest time from a call's arrival until its answer was handed over, since this was last asked.
    slowest: Mutex<Duration>,
}

impl Responder for Sources {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        let began = Clock::instant();
        let text = String::from_utf8_lossy(request.body()).into_owned();
        let address = text.split("LogicalAddress").nth(1).and_then(|rest| rest.split(['>', '<']).nth(1));
        let (patient, number) = address.and_then(|address| address.split_once('-')).expect("an address");
        let case = CASES.iter().find(|case| case.patient == patient).expect("a case");
        let delay = (case.delay)(number.parse().expect("a number"));
        let body = self
            .answers
            .lock()
            .expect("never poisoned")
            .entry(case.bytes)
            .or_insert_with(|| answer(case.bytes))
            .clone();
        Box::pin(async move {
            tokio::time::sleep(delay).await;
            let mut slowest = self.slowest.lock().expect("never poisoned");
            *slowest = slowest.max(Clock::instant() - began);
            Ok(Response::builder().header("content-type", "text/xml;charset=UTF-8").body(body).expect("valid"))
        })
    }
}

/// An answer of about so many bytes, in records of about a kilobyte.
fn answer(bytes: usize) -> Bytes {
    let mut out = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:r=\"{CONTRACT}\" xmlns:c=\"{CORE}\"><s:Body>\
         <r:GetDiagnosisResponse>"
    );
    while out.len() < bytes {
        out.push_str("<r:diagnosis><c:diagnosisHeader><c:documentId>1</c:documentId><c:sourceSystemHSAId>SE1</c:sourceSystemHSAId></c:diagnosisHeader><c:diagnosisBody>");
        for _ in 0..8 {
            out.push_str(
                "<c:diagnosisCode><c:code>I10</c:code><c:codeSystem>1.2.752.116.1.1.1</c:codeSystem></c:diagnosisCode>",
            );
        }
        out.push_str("</c:diagnosisBody></r:diagnosis>");
    }
    out.push_str("</r:GetDiagnosisResponse></s:Body></s:Envelope>");
    out.into()
}

/// An environment whose index knows every case, and whose catalogue leads to the sources.
fn environment(folder: &Path, sources: &str) {
    let mut rows = String::new();
    for case in CASES {
        for number in 0..case.sources {
            let address = format!("{}-{number}", case.patient);
            writeln!(
                rows,
                "{{\"registeredResidentIdentification\":\"{}\",\"serviceDomain\":\"riv:clinicalprocess:healthcond:description\",\
                 \"categorization\":\"dia\",\"logicalAddress\":\"{address}\",\"businessObjectInstanceIdentifier\":\"NA\",\
                 \"clinicalProcessInterestId\":\"NA\",\"mostRecentContent\":\"20260101000000\",\"sourceSystem\":\"{address}\",\
                 \"dataController\":\"x\"}}",
                case.patient
            )
            .expect("memory");
        }
    }
    let tak = format!(
        "[[route]]\ncontract = \"{CONTRACT}\"\naddress = \"AGP\"\nprofile = \"RIVTABP21\"\nurl = \"aggregation:GD\"\n\
         [[route]]\ncontract = \"{CONTRACT}\"\naddress = \"*\"\nprofile = \"RIVTABP21\"\nurl = \"{sources}\"\n\
         [[permission]]\nconsumer = \"{SENDER}\"\ncontract = \"{CONTRACT}\"\naddress = \"*\"\n"
    );
    for (name, contents) in [("index/rows.ndjson", rows), ("tak/tak.toml", tak)] {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        std::fs::write(path, contents).expect("writable");
    }
}

fn request(case: &Case) -> Vec<u8> {
    let body = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:h=\"urn:riv:itintegration:registry:1\" \
         xmlns:r=\"{CONTRACT}\" xmlns:c=\"{CORE}\"><s:Header><h:LogicalAddress>AGP</h:LogicalAddress></s:Header><s:Body>\
         <r:GetDiagnosis><r:patientId><c:id>{}</c:id></r:patientId></r:GetDiagnosis></s:Body></s:Envelope>",
        case.patient
    );
    format!(
        "POST /vp HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nx-vp-instance-id: dev_env\r\nx-vp-sender-id: {SENDER}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// One call over a kept connection: how long it took, and the answer's body.
async fn call(stream: &mut TcpStream, request: &[u8]) -> (Duration, Vec<u8>) {
    let began: Instant = Clock::instant();
    stream.write_all(request).await.expect("taken");
    let mut received = Vec::with_capacity(2 << 20);
    let (head_end, end) = loop {
        assert_ne!(stream.read_buf(&mut received).await.expect("an answer"), 0);
        if let Some(lengths) = whole_length(&received) {
            break lengths;
        }
    };
    while received.len() < end {
        assert_ne!(stream.read_buf(&mut received).await.expect("the rest"), 0);
    }
    let took = Clock::instant() - began;
    received.drain(..head_end);
    (took, received)
}

/// Where an answer's body begins and ends, once its head is there.
fn whole_length(received: &[u8]) -> Option<(usize, usize)> {
    let at = received.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&received[..at]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).expect("a length");
    Some((at + 4, at + 4 + length.trim().parse::<usize>().expect("a number")))
}

fn count(body: &[u8], part: &str) -> usize {
    String::from_utf8_lossy(body).matches(part).count()
}

/// Why sources gave nothing: each reason and how often it stands in the status.
fn reasons(body: &[u8]) -> std::collections::BTreeMap<String, usize> {
    let mut reasons = std::collections::BTreeMap::new();
    for part in String::from_utf8_lossy(body).split("<text>").skip(1) {
        let text: String = part.split('<').next().unwrap_or_default().chars().filter(|c| !c.is_ascii_digit()).collect();
        *reasons.entry(text).or_default() += 1;
    }
    reasons
}

/// Median and worst, in milliseconds.
fn shown(mut figures: Vec<Duration>) -> String {
    figures.sort();
    let milliseconds = |figure: &Duration| figure.as_secs_f64() * 1e3;
    let (median, worst) = (&figures[figures.len() / 2], &figures[figures.len() - 1]);
    format!("median {:.2} ms, worst {:.2} ms of {}", milliseconds(median), milliseconds(worst), figures.len())
}

/// Largest resident memory of this process so far, in bytes.
fn resident_peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|text| text.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or(0) * 1_024
}

struct Bench {
    platform: Option<Platform>,
    sources: Arc<Sources>,
    hub: std::net::SocketAddr,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn start(properties: &[(&str, &str)]) -> Self {
        let sources = Arc::new(Sources::default());
        let listener = listen(([127, 0, 0, 1], 0).into()).expect("an address");
        let folder = tempfile::tempdir().expect("a folder");
        environment(folder.path(), &format!("http://{}/", listener.local_addr().expect("bound")));
        tokio::spawn(serve(listener, "sources", sources.clone(), limits(), CancellationToken::new()));
        let off = ["hub_https", "catalogue", "aggregation", "index_update", "index_find", "producers", "admin"];
        let mut sets: Vec<String> = off.iter().map(|name| format!("listen.{name}=off")).collect();
        sets.extend(["listen.hub_http=127.0.0.1:0".to_owned(), "log.messages=off".to_owned()]);
        sets.extend(properties.iter().map(|(key, value)| format!("properties.{key}={value}")));
        let environment = Environment::Folder(folder.path().to_owned());
        let settings = raw::load(&environment, &sets, &[]).settings.expect("usable");
        let (platform, problems) =
            Platform::start(environment, settings, None, Clock::System).await.expect("a platform");
        assert!(problems.is_empty(), "{problems:?}");
        let hub = platform.address("hub_http").expect("the hub");
        Self { platform: Some(platform), sources, hub, _folder: folder }
    }

    /// Added time over the slowest source.
    async fn added(&self, name: &str, case: &Case) {
        if !is_wanted(name) {
            return;
        }
        let request = request(case);
        let mut stream = TcpStream::connect(self.hub).await.expect("the hub");
        stream.set_nodelay(true).expect("a socket");
        let mut added = Vec::new();
        for round in 0..ROUNDS + 5 {
            *self.sources.slowest.lock().expect("never poisoned") = Duration::ZERO;
            let (took, body) = call(&mut stream, &request).await;
            assert_eq!(count(&body, ">DataFromSource<"), case.sources, "{}", String::from_utf8_lossy(&body[..400]));
            let slowest = *self.sources.slowest.lock().expect("never poisoned");
            // The first rounds open connections.
            if round >= 5 {
                added.push(took.saturating_sub(slowest));
            }
        }
        eprintln!("{name}: added to the slowest source: {}", shown(added));
    }

    /// Time behind the deadline, with the code that late sources must get.
    async fn late(&self, name: &str, deadline: Duration, code: &str) {
        if !is_wanted(name) {
            return;
        }
        let request = request(&HALF_LATE);
        let mut behind = Vec::new();
        for _ in 0..5 {
            let mut stream = TcpStream::connect(self.hub).await.expect("the hub");
            let (took, body) = call(&mut stream, &request).await;
            assert_eq!(count(&body, ">DataFromSource<"), 150, "{:?}", reasons(&body));
            assert_eq!(count(&body, &format!("<code>{code}</code>")), 150);
            behind.push(took.saturating_sub(deadline));
            // Calls that were given up go on to their end, and count among those to one producer until then.
            tokio::time::sleep(LATE).await;
        }
        eprintln!("{name}: behind the deadline: {}", shown(behind));
    }

    async fn memory(&self) {
        if !is_wanted("20 sources of 5 MB") {
            return;
        }
        let mut stream = TcpStream::connect(self.hub).await.expect("the hub");
        let before = resident_peak();
        let began = Clock::instant();
        stream.write_all(&request(&LARGE)).await.expect("taken");
        // The consumer is in this process as well, so it keeps nothing of what it reads.
        let (mut piece, mut received, mut expected) = (vec![0; 1 << 20], 0, usize::MAX);
        while received < expected {
            let length = stream.read(&mut piece).await.expect("an answer");
            assert_ne!(length, 0, "the answer broke off behind {received} bytes");
            if received == 0 {
                expected = whole_length(&piece[..length]).expect("a head in one piece").1;
            }
            received += length;
        }
        let took = Clock::instant() - began;
        let grown = resident_peak().saturating_sub(before);
        let held = LARGE.sources * LARGE.bytes;
        eprintln!(
            "20 sources of 5 MB: {:.0} ms; answer {:.1} MB; resident memory grew by {:.1} MB, {:.2} times what was held back",
            took.as_secs_f64() * 1e3,
            received as f64 / 1e6,
            grown as f64 / 1e6,
            grown as f64 / held as f64
        );
    }

    async fn stop(mut self) {
        if let Some(platform) = self.platform.take() {
            platform.drain().await;
        }
    }
}

fn limits() -> ServeLimits {
    let long = Duration::from_secs(60);
    ServeLimits {
        body_bytes_max: 1 << 24,
        too_large: |_| unreachable!("nobody sends as much"),
        connections_max: 1_024,
        connections_per_client_max: 1_024,
        idle_timeout: long,
        body_timeout: long,
        write_timeout: long,
        drain_timeout: Duration::ZERO,
    }
}

/// What is measured: all, or what the arguments name.
fn is_wanted(name: &str) -> bool {
    let mut names = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    names.peek().is_none() || names.any(|wanted| name.contains(&wanted))
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let bench = Bench::start(&[]).await;
        bench.added("20 sources of 50 KB, 20 to 58 ms", &SPREAD).await;
        bench.added("20 sources of 50 KB, all after 40 ms", &TOGETHER).await;
        bench.memory().await;
        bench.stop().await;
        let deadline = Duration::from_secs(1);
        let bench = Bench::start(&[("vp.defaultReceiveTimeout", "1000")]).await;
        bench.late("300 sources, half late, time for one source", deadline, "504").await;
        drop(bench);
        let bench = Bench::start(&[("aggregate.timeout", "1000")]).await;
        bench.late("300 sources, half late, time for all", deadline, "43000").await;
        // What was given up still waits for its source; the process need not.
        std::process::exit(0);
    });
}
