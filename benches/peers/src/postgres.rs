//! PostgreSQL: one table, a btree on person, domain and categorization; a prepared statement over its own protocol.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::client::{Connection, Socket};
use crate::rows::{DOMAIN, People};

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
        let mut start = Vec::from(196_608_u32.to_be_bytes());
        start.extend_from_slice(b"user\0postgres\0database\0postgres\0\0");
        let length = (start.len() as u32 + 4).to_be_bytes();
        socket.send(&[&length[..], &start].concat());
        ready(&mut socket);
        let query = format!("select {COLUMNS} from engagement where person = $1 and domain = $2");
        let mut bytes = Vec::new();
        message(&mut bytes, b'P', &[b"find\0", query.as_bytes(), b"\0", &[0, 0]]);
        message(&mut bytes, b'S', &[]);
        socket.send(&bytes);
        ready(&mut socket);
        Box::new(Prepared(socket))
    }
}

impl Connection for Prepared {
    fn look(&mut self, id: &str) -> usize {
        let mut bytes = Vec::with_capacity(128);
        let text = |text: &str| [&(text.len() as u32).to_be_bytes()[..], text.as_bytes()].concat();
        let (id, domain) = (text(id), text(DOMAIN));
        message(&mut bytes, b'B', &[b"\0find\0", &[0, 0], &[0, 2], &id, &domain, &[0, 0]]);
        message(&mut bytes, b'E', &[b"\0", &[0; 4]]);
        message(&mut bytes, b'S', &[]);
        self.0.send(&bytes);
        ready(&mut self.0)
    }
}

fn message(out: &mut Vec<u8>, kind: u8, parts: &[&[u8]]) {
    let length: usize = 4 + parts.iter().map(|part| part.len()).sum::<usize>();
    out.push(kind);
    out.extend_from_slice(&(length as u32).to_be_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
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
