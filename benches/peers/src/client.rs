//! Clients that wait for an answer before they ask again, and what they saw.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::rows::{HITS, People};

/// One connection to a store.
pub trait Connection {
    /// How many engagements the person has.
    fn look(&mut self, id: &str) -> usize;
}

/// What came of a round.
#[derive(Debug)]
pub struct Measured {
    pub rate: f64,
    pub p50_us: f64,
    pub p99_us: f64,
}

impl Measured {
    pub fn new(mut nanoseconds: Vec<u64>, lasted: Duration) -> Self {
        nanoseconds.sort_unstable();
        let at = |share: f64| nanoseconds[(nanoseconds.len() as f64 * share) as usize] as f64 / 1_000.0;
        Self { rate: nanoseconds.len() as f64 / lasted.as_secs_f64(), p50_us: at(0.5), p99_us: at(0.99) }
    }
}

/// So many connections, a thread each, for so long.
pub fn closed_loop(
    connections: usize,
    each: Duration,
    people: &People,
    connect: &(dyn Fn() -> Box<dyn Connection> + Sync),
) -> Measured {
    let connected = Barrier::new(connections);
    let connected = &connected;
    let (nanoseconds, lasted) = thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|number| {
                scope.spawn(move || {
                    let mut connection = connect();
                    let mut nanoseconds = Vec::with_capacity(100_000);
                    connected.wait();
                    let began = Instant::now();
                    let mut last = began;
                    for id in people.in_turn(number * 7_919) {
                        assert_eq!(connection.look(id), HITS, "hits of {id}");
                        let now = Instant::now();
                        nanoseconds.push((now - last).as_nanos() as u64);
                        last = now;
                        if now - began > each {
                            break;
                        }
                    }
                    (nanoseconds, last - began)
                })
            })
            .collect();
        let (mut all, mut longest) = (Vec::new(), Duration::ZERO);
        for thread in threads {
            let (nanoseconds, lasted) = thread.join().expect("a client that did not fail");
            all.extend(nanoseconds);
            longest = longest.max(lasted);
        }
        (all, longest)
    });
    Measured::new(nanoseconds, lasted)
}

/// A connection, and what has been read of it.
pub struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    taken: usize,
}

impl Socket {
    pub fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        stream.set_nodelay(true).expect("a socket");
        Self { stream, buffer: vec![0; 256 * 1024], filled: 0, taken: 0 }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the other side reads");
    }

    /// The next so many bytes.
    pub fn take(&mut self, count: usize) -> &[u8] {
        while self.filled - self.taken < count {
            self.more();
        }
        self.taken += count;
        &self.buffer[self.taken - count..self.taken]
    }

    /// Up to and with a mark.
    pub fn take_until(&mut self, mark: &[u8]) -> &[u8] {
        let mut looked = 0;
        loop {
            let there = &self.buffer[self.taken..self.filled];
            let found = there[looked..].windows(mark.len()).position(|part| part == mark);
            if let Some(at) = found {
                return self.take(looked + at + mark.len());
            }
            looked = there.len().saturating_sub(mark.len() - 1);
            self.more();
        }
    }

    fn more(&mut self) {
        if self.taken > 0 && (self.taken == self.filled || self.filled == self.buffer.len()) {
            self.buffer.copy_within(self.taken..self.filled, 0);
            self.filled -= self.taken;
            self.taken = 0;
        }
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let read = self.stream.read(&mut self.buffer[self.filled..]).expect("the other side answers");
        assert_ne!(read, 0, "the other side closed");
        self.filled += read;
    }
}
