//! Lookups of ten engagements of a person in one service domain, in every store that holds the same rows, in one run.
//!
//! Rounds alternate, so that whatever else the machine does falls on all; the median of the rounds is told. Clients of
//! PostgreSQL, Redis and HTTP are alike: a blocking connection each, prepared bytes out, the whole answer in.

mod client;
mod ours;
mod postgres;
mod redis;
mod rows;
mod sqlite;
mod xml;

use std::env;
use std::time::{Duration, Instant};

use client::{Connection, Measured};
use rows::People;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn number(name: &str, default: u64) -> u64 {
    env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is {text}, expected a number")))
}

fn main() {
    let residents = number("RESIDENTS", 42_000);
    let rounds = number("ROUNDS", 5) as usize;
    let each = Duration::from_millis(number("MILLISECONDS_EACH", 2_000));
    let connections = env::var("CONNECTIONS").unwrap_or_else(|_| "8 64 256".into());
    let connections = connections
        .split_whitespace()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("CONNECTIONS has {text}, expected numbers with spaces between")));
    let connections: Vec<usize> = connections.collect();
    let folder = tempfile::tempdir_in(env::var("FOLDER").unwrap_or_else(|_| ".".into())).expect("a folder");

    let people = People::make_up(residents);
    let index = ours::filled(folder.path(), &people);
    let lite = sqlite::Store::fill(&folder.path().join("rows.sqlite"), &people);
    let pg = env::var("PG_PORT").ok().map(|port| postgres::Store::fill(&port, folder.path(), &people));
    let redis = env::var("REDIS_PORT").ok().map(|port| redis::Store::fill(&port, &people));
    let servers = ours::Servers::start(&index, &lite, pg.as_ref(), &people);

    for connections in connections {
        let mut table = Table { rounds, lines: Vec::new() };
        for round in 0..rounds {
            table.add("in process: index", in_process(each, &people, &mut |id| ours::look(&index, id)));
            let mut connection = lite.connect();
            table.add("in process: SQLite", in_process(each, &people, &mut |id| connection.look(id)));
            let over = |connect: &(dyn Fn() -> Box<dyn Connection> + Sync)| client::closed_loop(connections, each, &people, connect);
            table.add("sockets: the same bytes, no HTTP", over(&|| servers.sockets.connect()));
            table.add("HTTP: the same bytes, request not looked at", over(&|| servers.fixed.connect()));
            table.add("HTTP: FindContent", over(&|| servers.find.connect()));
            let updates = ours::Updates::start(&servers, &people, round);
            table.add("HTTP: FindContent, 5 000 updates/s beside", over(&|| servers.find.connect()));
            table.note(updates.stop());
            table.add("HTTP: SQLite", over(&|| servers.sqlite.connect()));
            if let (Some(pg), Some(behind)) = (&pg, &servers.postgres) {
                table.add("HTTP: PostgreSQL", over(&|| behind.connect()));
                table.add("PostgreSQL", over(&|| pg.connect()));
            }
            if let Some(redis) = &redis {
                table.add("Redis", over(&|| redis.connect()));
            }
        }
        println!("{} engagements of {residents} persons, {connections} connections, {rounds} rounds of {each:?}", people.rows);
        table.print();
        println!();
    }
    println!("bytes per engagement");
    println!("  index, in memory    {:6.1}", ours::bytes(&index) / people.rows as f64);
    println!("  SQLite, file        {:6.1}", lite.bytes as f64 / people.rows as f64);
    pg.iter().for_each(|pg| println!("  PostgreSQL, files   {:6.1}", pg.bytes as f64 / people.rows as f64));
    redis.iter().for_each(|redis| println!("  Redis, in memory    {:6.1}", redis.bytes as f64 / people.rows as f64));
}

/// One thread that looks up one person after the other.
fn in_process(each: Duration, people: &People, look: &mut dyn FnMut(&str) -> usize) -> Measured {
    let (began, mut nanoseconds) = (Instant::now(), Vec::new());
    let mut last = began;
    for id in people.in_turn(0) {
        let hits = look(id);
        assert_eq!(hits, rows::HITS, "hits of {id}");
        let now = Instant::now();
        nanoseconds.push((now - last).as_nanos() as u64);
        last = now;
        if now - began > each {
            break;
        }
    }
    Measured::new(nanoseconds, last - began)
}

struct Table {
    rounds: usize,
    lines: Vec<(String, Vec<Measured>)>,
}

impl Table {
    fn add(&mut self, name: &str, measured: Measured) {
        eprintln!("{name}: {measured:?}");
        match self.lines.iter_mut().find(|(known, _)| known == name) {
            Some((_, all)) => all.push(measured),
            None => self.lines.push((name.to_owned(), vec![measured])),
        }
    }

    fn note(&self, text: String) {
        eprintln!("  {text}");
    }

    fn print(&self) {
        println!("{:46} {:>11} {:>9} {:>9}", "", "lookups/s", "p50 µs", "p99 µs");
        for (name, all) in &self.lines {
            let median = |of: &dyn Fn(&Measured) -> f64| {
                let mut values: Vec<f64> = all.iter().map(of).collect();
                values.sort_by(f64::total_cmp);
                values[self.rounds / 2]
            };
            let (rate, p50, p99) = (median(&|m| m.rate), median(&|m| m.p50_us), median(&|m| m.p99_us));
            println!("{name:46} {rate:11.0} {p50:9.2} {p99:9.2}");
        }
        let rate = |name: &str| {
            let all = &self.lines.iter().find(|(known, _)| known == name)?.1;
            let mut rates: Vec<f64> = all.iter().map(|measured| measured.rate).collect();
            rates.sort_by(f64::total_cmp);
            Some(rates[rates.len() / 2])
        };
        println!();
        for (one, other) in [
            ("HTTP: FindContent", "HTTP: the same bytes, request not looked at"),
            ("HTTP: FindContent, 5 000 updates/s beside", "HTTP: FindContent"),
            ("in process: index", "in process: SQLite"),
            ("HTTP: FindContent", "HTTP: PostgreSQL"),
            ("HTTP: FindContent", "PostgreSQL"),
            ("sockets: the same bytes, no HTTP", "PostgreSQL"),
            ("HTTP: FindContent", "HTTP: SQLite"),
            ("HTTP: FindContent", "Redis"),
        ] {
            if let (Some(a), Some(b)) = (rate(one), rate(other)) {
                println!("{:6.2}  {one} / {other}", a / b);
            }
        }
    }
}
