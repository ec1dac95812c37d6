//! Redis: a hash per person, a field per engagement; what is not of the domain is left out by the client.

use crate::client::{Connection, Socket};
use crate::rows::{DOMAIN, People};

pub struct Store {
    address: String,
    pub bytes: u64,
}

struct Asking(Socket);

impl Store {
    pub fn fill(port: &str, people: &People) -> Self {
        let address = format!("127.0.0.1:{port}");
        let mut socket = Socket::connect(&address);
        let before = used(&mut socket);
        let (mut bytes, mut sent) = (Vec::new(), 0);
        people.each_row(&mut |columns| {
            let field = columns[1..9].join("|");
            let value = columns[9..].join("|");
            command(&mut bytes, &["HSET", columns[0], &field, &value]);
            sent += 1;
            if sent == 1_000 {
                flush(&mut socket, &mut bytes, &mut sent);
            }
        });
        flush(&mut socket, &mut bytes, &mut sent);
        let bytes = used(&mut socket) - before;
        Self { address, bytes }
    }

    pub fn connect(&self) -> Box<dyn Connection> {
        Box::new(Asking(Socket::connect(&self.address)))
    }
}

impl Connection for Asking {
    fn look(&mut self, id: &str) -> usize {
        let mut bytes = Vec::with_capacity(64);
        command(&mut bytes, &["HGETALL", id]);
        self.0.send(&bytes);
        let texts = count(&mut self.0, b'*');
        let mut hits = 0;
        for _ in 0..texts / 2 {
            let field = bulk(&mut self.0);
            hits += usize::from(field.strip_prefix(DOMAIN.as_bytes()).is_some_and(|rest| rest[0] == b'|'));
            bulk(&mut self.0);
        }
        hits
    }
}

fn flush(socket: &mut Socket, bytes: &mut Vec<u8>, sent: &mut usize) {
    socket.send(bytes);
    bytes.clear();
    for _ in 0..std::mem::take(sent) {
        assert_eq!(count(socket, b':'), 1, "every row is a new one");
    }
}

fn command(out: &mut Vec<u8>, words: &[&str]) {
    out.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        out.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
}

fn count(socket: &mut Socket, kind: u8) -> usize {
    let line = socket.take_until(b"\r\n");
    assert_eq!(line[0], kind, "{}", String::from_utf8_lossy(line));
    std::str::from_utf8(&line[1..line.len() - 2]).ok().and_then(|text| text.parse().ok()).expect("a number")
}

fn bulk(socket: &mut Socket) -> &[u8] {
    let length = count(socket, b'$');
    let text = socket.take(length + 2);
    &text[..length]
}

fn used(socket: &mut Socket) -> u64 {
    let mut bytes = Vec::new();
    command(&mut bytes, &["INFO", "memory"]);
    socket.send(&bytes);
    let text = String::from_utf8_lossy(bulk(socket)).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("used_memory:")).expect("Redis tells");
    line.trim().parse().expect("a number")
}
