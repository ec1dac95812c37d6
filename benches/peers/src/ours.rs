//! The index: durable, in process and behind its listeners.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anslut::app::serve::{ServeLimits, serve};
use anslut::config::index::IndexSettings;
use anslut::domain::clock::Clock;
use anslut::index::bulk::line;
use anslut::index::engagement::Field;
use anslut::index::listen::{FindListener, UpdateListener};
use anslut::index::open::Index;
use anslut::index::record::Load;
use anslut::index::service;
use anslut::soap::responder::{Answer, Responder, SharedResponder};
use bytes::Bytes;
use http::{Request, Response};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::client::{Connection, Socket};
use crate::rows::{DOMAIN, HITS, People};
use crate::postgres::{self, FindInPostgres};
use crate::sqlite::{self, FindInSqlite};

/// Persons whose answers the server that looks at nothing has in memory.
const ANSWERS: usize = 2_000;
/// Engagements of an update, and updates a second.
const UPDATE_ROWS: usize = 1_000;
const UPDATE_EVERY: Duration = Duration::from_millis(200);

pub fn filled(folder: &Path, people: &People) -> Arc<Index> {
    let index = Index::open(&folder.join("index"), IndexSettings::default(), Clock::System).expect("an empty folder");
    let now = index.now();
    for first in (0..people.ids.len() as u64).step_by(400) {
        let end = (first + 400).min(people.ids.len() as u64);
        let lines: String = (first..end).map(|resident| people.lines(resident)).collect();
        let rows = lines.lines().map(|text| line::read(text, "ei-hsa-id", now).expect("made up to be good"));
        index.load(Load { name: "peers".into(), lines: end, rows: rows.collect() }).expect("loaded");
    }
    assert_eq!(index.status().engagements, people.rows);
    index.snapshot_blocking().expect("a snapshot");
    Arc::new(index)
}

/// Reads every column of every hit.
pub fn look(index: &Index, id: &str) -> usize {
    let (mut hits, mut bytes) = (0, 0);
    index.memory().visit(id, &mut |row| {
        if row.text(Field::ServiceDomain) == DOMAIN {
            hits += 1;
            bytes += Field::ALL.into_iter().map(|field| row.text(field).len()).sum::<usize>();
            let packed = row.packed();
            for time in [Some(packed.created), packed.most_recent_content, packed.updated].into_iter().flatten() {
                bytes += time.digits().len();
            }
        }
    });
    std::hint::black_box(bytes);
    hits
}

/// Bytes in memory, unique text included.
pub fn bytes(index: &Index) -> f64 {
    let size = index.memory().size();
    (size.block_bytes + size.table_bytes + size.dictionary_bytes) as f64
}

/// A listener with what answers on it.
pub struct Server {
    address: String,
    path: &'static str,
    /// By person, written out before the clock runs, as a load generator does.
    requests: Arc<HashMap<String, Vec<u8>>>,
}

pub struct Servers {
    pub find: Server,
    pub fixed: Server,
    pub sqlite: Server,
    pub postgres: Option<Server>,
    /// No HTTP server: a thread for each connection that reads so many bytes and writes so many.
    pub sockets: Server,
    pub update: Server,
    _runtime: Runtime,
}

/// Answers from memory, without looking at the request.
struct Fixed {
    answers: Vec<Bytes>,
    next: AtomicUsize,
}

impl Responder for Fixed {
    fn answer(&self, _: Request<Bytes>) -> Answer<'_> {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.answers.len();
        let mut response = Response::new(self.answers[next].clone());
        let content_type = http::HeaderValue::from_static("text/xml;charset=UTF-8");
        response.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
        Box::pin(async move { Ok(response) })
    }
}

impl Servers {
    pub fn start(index: &Arc<Index>, lite: &sqlite::Store, pg: Option<&postgres::Store>, people: &People) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        const FIND: &str = "/skltp-ei/find-content-service/v1";
        let requests = people.ids.iter().map(|id| (id.clone(), request(FIND, &question(id)))).collect();
        let requests: Arc<HashMap<_, _>> = Arc::new(requests);
        let start = |responder: SharedResponder, path| {
            let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
            let address = listener.local_addr().expect("an address").to_string();
            runtime.spawn(serve(listener, "peers", responder, limits(), CancellationToken::new()));
            Server { address, path, requests: Arc::clone(&requests) }
        };
        let find = start(Arc::new(FindListener::new(Arc::clone(index))), FIND);
        let mut asking = find.dial();
        let answers = people.ids.iter().take(ANSWERS).map(|id| Bytes::copy_from_slice(asking.ask(&requests[id])));
        let answers: Vec<Bytes> = answers.collect();
        let sockets = sockets(answers.clone()).to_string();
        Self {
            fixed: start(Arc::new(Fixed { answers, next: AtomicUsize::new(0) }), FIND),
            sockets: Server { address: sockets, path: FIND, requests: Arc::clone(&requests) },
            postgres: pg.map(|pg| start(Arc::new(FindInPostgres::new(pg.clone())), FIND)),
            sqlite: start(Arc::new(FindInSqlite(lite.clone())), FIND),
            update: start(
                Arc::new(UpdateListener::new(Arc::clone(index), None)),
                "/skltp-ei/update-service/v1",
            ),
            find,
            _runtime: runtime,
        }
    }
}

/// The floor of the machine: no HTTP, nothing looked at but the end of the request, whole answers from memory.
fn sockets(answers: Vec<Bytes>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let answers: Arc<[Vec<u8>]> = answers
        .into_iter()
        .map(|body| {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/xml;charset=UTF-8\r\ncontent-length: {}\r\n\r\n", body.len());
            [head.as_bytes(), &body].concat()
        })
        .collect();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (mut stream, answers) = (stream.expect("a connection"), Arc::clone(&answers));
            stream.set_nodelay(true).expect("a socket");
            thread::spawn(move || {
                let (mut buffer, mut filled, mut next) = (vec![0; 16 * 1024], 0, number);
                while let Ok(read @ 1..) = stream.read(&mut buffer[filled..]) {
                    filled += read;
                    if buffer[..filled].ends_with(b"</soapenv:Envelope>") {
                        next += 1;
                        filled = 0;
                        if stream.write_all(&answers[next % answers.len()]).is_err() {
                            break;
                        }
                    }
                }
            });
        }
    });
    address
}

fn limits() -> ServeLimits {
    let minute = Duration::from_secs(60);
    ServeLimits {
        body_bytes_max: 8 << 20,
        too_large: service::too_large,
        connections_max: 1_000,
        connections_per_client_max: 1_000,
        idle_timeout: minute,
        body_timeout: minute,
        write_timeout: minute,
        drain_timeout: minute,
    }
}

impl Server {
    pub fn connect(&self) -> Box<dyn Connection> {
        let mut http = self.dial();
        for request in self.requests.values().take(20) {
            let hits = http.ask(request).windows(12).filter(|part| part == b"<engagement>").count();
            assert_eq!(hits, HITS, "{}", String::from_utf8_lossy(request));
        }
        Box::new(Finding { http, requests: Arc::clone(&self.requests) })
    }

    fn dial(&self) -> Http {
        Http(Socket::connect(&self.address))
    }
}

fn request(path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: index\r\nContent-Type: text/xml;charset=UTF-8\r\nx-skltp-correlation-id: peers\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// HTTP as far as answers with a length go.
struct Http(Socket);

impl Http {
    fn ask(&mut self, request: &[u8]) -> &[u8] {
        self.0.send(request);
        let head = self.0.take_until(b"\r\n\r\n");
        assert!(head.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(head));
        let head = std::str::from_utf8(head).expect("ASCII");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        let length = length.parse().expect("a number");
        self.0.take(length)
    }
}

struct Finding {
    http: Http,
    requests: Arc<HashMap<String, Vec<u8>>>,
}

impl Connection for Finding {
    fn look(&mut self, id: &str) -> usize {
        let answer = self.http.ask(&self.requests[id]);
        // They were counted once (`Server::connect`); counting them in each answer would measure the client.
        usize::from(answer.len() > 4_000 && answer.ends_with(b"</soap:Envelope>")) * HITS
    }
}

fn envelope(content: &str) -> String {
    format!(
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:urn=\"urn:riv:itintegration:registry:1\" xmlns:ei=\"urn:riv:itintegration:engagementindex:1\" \
         xmlns:find=\"urn:riv:itintegration:engagementindex:FindContentResponder:1\" \
         xmlns:update=\"urn:riv:itintegration:engagementindex:UpdateResponder:1\"><soapenv:Header>\
         <urn:LogicalAddress>{}</urn:LogicalAddress></soapenv:Header><soapenv:Body>{content}</soapenv:Body></soapenv:Envelope>",
        IndexSettings::default().own_id
    )
}

fn question(id: &str) -> String {
    envelope(&format!(
        "<find:FindContent><find:registeredResidentIdentification>{id}</find:registeredResidentIdentification>\
         <find:serviceDomain>{DOMAIN}</find:serviceDomain></find:FindContent>"
    ))
}

/// Updates that come in beside.
pub struct Updates {
    stop: Arc<AtomicBool>,
    sending: JoinHandle<(usize, Duration, Duration)>,
}

impl Updates {
    pub fn start(servers: &Servers, people: &People, round: usize) -> Self {
        // Half of them about engagements that stand since the last round, so that the index does not grow for ever.
        let requests: Vec<Vec<u8>> =
            (0..8).map(|number| request(servers.update.path, &update(people, round / 2 * 8 + number))).collect();
        let mut http = servers.update.dial();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let sending = thread::spawn(move || {
            let (began, mut sent, mut longest) = (Instant::now(), 0, Duration::ZERO);
            while !stopped.load(Ordering::Relaxed) {
                let due = began + UPDATE_EVERY * sent as u32;
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let asked = Instant::now();
                let answer = http.ask(&requests[sent % requests.len()]);
                assert!(answer.windows(4).any(|part| part == b">OK<"), "{}", String::from_utf8_lossy(answer));
                longest = longest.max(asked.elapsed());
                sent += 1;
            }
            (sent, began.elapsed(), longest)
        });
        Self { stop, sending }
    }

    pub fn stop(self) -> String {
        self.stop.store(true, Ordering::Relaxed);
        let (sent, lasted, longest) = self.sending.join().expect("updates went in");
        let rate = (sent * UPDATE_ROWS) as f64 / lasted.as_secs_f64();
        format!("{rate:.0} engagements/s in updates of {UPDATE_ROWS}, the slowest took {longest:?}")
    }
}

fn update(people: &People, number: usize) -> String {
    let rows: String = people
        .in_turn(number * UPDATE_ROWS)
        .take(UPDATE_ROWS)
        .map(|id| {
            format!(
                "<update:engagementTransaction><ei:deleteFlag>false</ei:deleteFlag><ei:engagement>\
                 <ei:registeredResidentIdentification>{id}</ei:registeredResidentIdentification>\
                 <ei:serviceDomain>riv:clinicalprocess:logistics:logistics</ei:serviceDomain><ei:categorization>vko</ei:categorization>\
                 <ei:logicalAddress>SE97-{}</ei:logicalAddress>\
                 <ei:businessObjectInstanceIdentifier>NA</ei:businessObjectInstanceIdentifier>\
                 <ei:clinicalProcessInterestId>NA</ei:clinicalProcessInterestId>\
                 <ei:mostRecentContent>20261122120000</ei:mostRecentContent><ei:sourceSystem>SE97-S1</ei:sourceSystem>\
                 <ei:dataController>SE97</ei:dataController></ei:engagement></update:engagementTransaction>",
                number % 50
            )
        })
        .collect();
    envelope(&format!("<update:Update>{rows}</update:Update>"))
}
