//! PostgreSQL: one table, a btree on person, domain and categorization; a prepared statement over its own protocol, by
//! itself and behind the index's HTTP server.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use anslut::index::engagement::Field;
use anslut::index::request::{self, Call};
use anslut::soap::responder::{Answer, Responder};
use bytes::Bytes;
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Connection, Socket};
use crate::rows::{DOMAIN, People};
use crate::xml;

#[derive(Clone)]
pub struct Store {
    port: String,
    pub bytes: u64,
}

struct Prepared(Socket);

const COLUMNS: &str = "person, domain, categorization, address, instance, process, system, controller, owner, content, created, updated";

impl Store {
    pub fn fill(port: &str, folder: &Path, people: &People) -> Self {
        let path = folder.join("rows.tsv");
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path).expect("a file"));
        people.each_row(&mut |columns| {
            let line = columns.map(|text| if text.is_empty() { "\\N" } else { text }).join("\t");
            writeln!(file, "{line}").expect("written");
        });
        file.flush().expect("written");
        drop(file);
        let columns = COLUMNS.replace(", ", " text, ");
        sql(port, &format!("create table engagement ({columns} text)"));
        sql(port, &format!("\\copy engagement from '{}'", path.display()));
        sql(port, "create index on engagement (person, domain, categorization)");
        sql(port, "vacuum (analyze, freeze) engagement");
        std::fs::remove_file(&path).expect("it was there");
        let bytes = sql(port, "select pg_total_relation_size('engagement')").trim().parse().expect("a size");
        Self { port: port.to_owned(), bytes }
    }

    pub fn connect(&self) -> Box<dyn Connection> {
        let mut socket = Socket::connect(&format!("127.0.0.1:{}", self.port));
        for bytes in hello() {
            socket.send(&bytes);
            ready(&mut socket);
        }
        Box::new(Prepared(socket))
    }
}

/// What opens a connection and prepares the statement; each is answered with being ready.
fn hello() -> [Vec<u8>; 2] {
    let mut start = Vec::from(196_608_u32.to_be_bytes());
    start.extend_from_slice(b"user\0postgres\0database\0postgres\0\0");
    let length = (start.len() as u32 + 4).to_be_bytes();
    let query = format!("select {COLUMNS} from engagement where person = $1 and domain = $2");
    let mut prepare = Vec::new();
    message(&mut prepare, b'P', &[b"find\0", query.as_bytes(), b"\0", &[0, 0]]);
    message(&mut prepare, b'S', &[]);
    [[&length[..], &start].concat(), prepare]
}

fn question(id: &str, domain: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    let text = |text: &str| [&(text.len() as u32).to_be_bytes()[..], text.as_bytes()].concat();
    message(&mut bytes, b'B', &[b"\0find\0", &[0, 0], &[0, 2], &text(id), &text(domain), &[0, 0]]);
    message(&mut bytes, b'E', &[b"\0", &[0; 4]]);
    message(&mut bytes, b'S', &[]);
    bytes
}

impl Connection for Prepared {
    fn look(&mut self, id: &str) -> usize {
        self.0.send(&question(id, DOMAIN));
        ready(&mut self.0)
    }
}

fn message(out: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    let length: usize = 4 + parts.iter().map(|part| part.len()).sum::<usize>();
    out.push(kind);
    out.extend_from_slice(&(length as u32).to_be_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// FindContent from PostgreSQL: as many connections as calls came at once, each with its statement prepared.
pub struct FindInPostgres {
    store: Store,
    idle: Mutex<Vec<Open>>,
}

struct Open {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl FindInPostgres {
    pub fn new(store: Store) -> Self {
        Self { store, idle: Mutex::default() }
    }
}

impl Open {
    async fn new(port: &str) -> Self {
        let stream = TcpStream::connect(format!("127.0.0.1:{port}")).await.expect("PostgreSQL");
        stream.set_nodelay(true).expect("a socket");
        let mut open = Self { stream, buffer: Vec::with_capacity(16 * 1024) };
        for bytes in hello() {
            open.ask(&bytes).await;
        }
        open
    }

    /// Everything up to the server's being ready, in `buffer`.
    async fn ask(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("PostgreSQL reads");
        self.buffer.clear();
        let mut at = 0;
        loop {
            while let Some((kind, body)) = next(&self.buffer, &mut at) {
                match kind {
                    b'Z' => return,
                    b'E' => panic!("PostgreSQL: {}", String::from_utf8_lossy(body)),
                    _ => {}
                }
            }
            assert_ne!(self.stream.read_buf(&mut self.buffer).await.expect("an answer"), 0, "PostgreSQL closed");
        }
    }
}

/// The whole message that begins here, if it is there.
fn next<'a>(bytes: &'a [u8], at: &mut usize) -> Option<(u8, &'a [u8])> {
    let rest = &bytes[*at..];
    let length = u32::from_be_bytes(rest.get(1..5)?.try_into().expect("four bytes")) as usize;
    let body = rest.get(5..length + 1)?;
    *at += length + 1;
    Some((rest[0], body))
}

impl Responder for FindInPostgres {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(async move {
            let body = request.into_body();
            let Call::FindContent(query) = request::read(&body).expect("a call").call else { panic!("a query") };
            let text = |field| query.field(field).expect("it is there");
            let question = question(text(Field::RegisteredResidentIdentification), text(Field::ServiceDomain));
            let idle = self.idle.lock().expect("nobody panicked").pop();
            let mut open = match idle {
                Some(open) => open,
                None => Open::new(&self.store.port).await,
            };
            open.ask(&question).await;
            let mut out = xml::begin();
            let mut at = 0;
            while let Some((kind, body)) = next(&open.buffer, &mut at) {
                if kind == b'D' {
                    xml::engagement(&row(body), &mut out);
                }
            }
            self.idle.lock().expect("nobody panicked").push(open);
            Ok(xml::answer(out))
        })
    }
}

/// The columns of a row, empty where they are null.
fn row(body: &[u8]) -> [&str; 12] {
    let mut rest = &body[2..];
    std::array::from_fn(|_| {
        let (length, behind) = rest.split_at(4);
        let length = i32::from_be_bytes(length.try_into().expect("four bytes")).max(0) as usize;
        let (text, behind) = behind.split_at(length);
        rest = behind;
        std::str::from_utf8(text).expect("text")
    })
}

/// Reads up to the server's being ready; how many rows there were.
fn ready(socket: &mut Socket) -> usize {
    let mut rows = 0;
    loop {
        let head: [u8; 5] = socket.take(5).try_into().expect("five bytes");
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4;
        let body = socket.take(length);
        match head[0] {
            b'Z' => return rows,
            b'D' => rows += 1,
            b'E' => panic!("PostgreSQL: {}", String::from_utf8_lossy(body)),
            _ => {}
        }
    }
}

fn sql(port: &str, text: &str) -> String {
    let out = Command::new("psql")
        .args(["-h", "127.0.0.1", "-p", port, "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-qAtc", text, "postgres"])
        .output()
        .expect("psql runs");
    assert!(out.status.success(), "{text}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("text")
}
