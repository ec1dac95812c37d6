//! Route plus authorise in a catalogue of national size and beyond: `cargo bench --bench route`.
//!
//! Inputs are named by shape: routes, permissions, and how the answer is found. Each iteration asks another of 4 096
//! questions in shuffled order, so that the tables do not sit in the nearest cache. The catalogue is read from files, as
//! always; the time that takes is printed, not judged.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;

use anslut::catalogue::Catalogue;
use anslut::catalogue::snapshot::Snapshot;
use anslut::config::checked::{ClimbSwitch, LookupSettings};
use anslut::config::environment::Environment;
use anslut::domain::clock::Clock;
use anslut::hub::authorise::authorise;
use anslut::hub::route::route;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use jiff::Timestamp;

const CONTRACTS: usize = 200;
const QUESTIONS: usize = 4_096;
const LEVELS: usize = 5;
const SEED: u64 = 0x5eed;

/// Numbers that are the same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).expect("below a usize")
    }
}

/// How many rows there are. Every contract has routes to `routes / CONTRACTS` addresses and, if even, one to `*`.
#[derive(Clone, Copy)]
struct Shape {
    routes: usize,
    permissions: usize,
}

impl Shape {
    fn addresses(self) -> usize {
        self.routes / CONTRACTS
    }

    fn consumers(self) -> usize {
        self.permissions / self.routes
    }

    fn json(self) -> String {
        let mut json = String::from(
            "{\"formatVersion\":\"1\",\"version\":\"1\",\"data\":{\"rivtaprofil\":[{\"id\":1,\"namn\":\"RIVTABP21\"}],",
        );
        section(&mut json, "tjanstekontrakt", CONTRACTS, |id| format!("\"id\":{id},\"namnrymd\":\"{}\"", contract(id)));
        let star = self.addresses();
        section(&mut json, "logiskadress", star + 1, |id| {
            let name = if id == star { "*".to_owned() } else { address(id) };
            format!("\"id\":{id},\"hsaId\":\"{name}\"")
        });
        section(&mut json, "tjanstekomponent", self.consumers(), |id| {
            format!("\"id\":{id},\"hsaId\":\"{}\"", consumer(id))
        });
        section(&mut json, "anropsadress", CONTRACTS, |id| {
            format!(
                "\"id\":{id},\"adress\":\"https://producer-{id}.example.se:443/service\",\"relationships\":{{\"rivtaprofil\":1}}"
            )
        });
        let days = "\"fromTidpunkt\":\"2020-01-01T00:00:00+0100\",\"tomTidpunkt\":\"2120-01-01T00:00:00+0100\"";
        let standard_routes = CONTRACTS / 2;
        section(&mut json, "vagval", self.routes + standard_routes, |id| {
            let (contract, address) =
                if id < self.routes { (id % CONTRACTS, id / CONTRACTS) } else { ((id - self.routes) * 2, star) };
            format!(
                "\"id\":{id},{days},\"relationships\":{{\"anropsadress\":{contract},\"logiskadress\":{address},\"tjanstekontrakt\":{contract}}}"
            )
        });
        let standard_permissions = standard_routes * self.consumers();
        section(&mut json, "anropsbehorighet", self.permissions + standard_permissions, |id| {
            let (row, consumer) = (id / self.consumers(), id % self.consumers());
            let (contract, address) =
                if row < self.routes { (row % CONTRACTS, row / CONTRACTS) } else { ((row - self.routes) * 2, star) };
            format!(
                "\"id\":{id},{days},\"relationships\":{{\"logiskAdress\":{address},\"tjanstekomponent\":{consumer},\"tjanstekontrakt\":{contract}}}"
            )
        });
        json.pop();
        json.push_str("}}");
        json
    }

    /// Below every address with routes stand five units without, each below the one before.
    fn hsa(self) -> String {
        let mut xml = String::from("<hsaUnits>");
        for id in 0..self.addresses() {
            unit(&mut xml, &address(id), &format!("ou=unit {id},o=Region"));
            let mut dn = format!("ou=unit {id},o=Region");
            for level in (0..LEVELS).rev() {
                dn = format!("ou=level {level},{dn}");
                unit(&mut xml, &below(id, level), &dn);
            }
        }
        xml.push_str("</hsaUnits>");
        xml
    }
}

fn section(json: &mut String, name: &str, rows: usize, row: impl Fn(usize) -> String) {
    let rows: Vec<String> = (0..rows).map(|id| format!("{{{}}}", row(id))).collect();
    write!(json, "\"{name}\":[{}],", rows.join(",\n")).expect("a String takes all");
}

fn unit(xml: &mut String, id: &str, dn: &str) {
    writeln!(xml, "<hsaUnit><hsaIdentity>{id}</hsaIdentity><DN>{dn}</DN><name>{id}</name></hsaUnit>")
        .expect("a String takes all");
}

fn contract(id: usize) -> String {
    format!("urn:riv:clinicalprocess:healthcond:description:GetCareDocumentation{id}Responder:2")
}

fn address(id: usize) -> String {
    format!("SE2321000016-{id:06X}")
}

fn below(id: usize, level: usize) -> String {
    format!("SE2321000016-{id:06X}-{level}")
}

fn consumer(id: usize) -> String {
    format!("SE5565594230-B{id:03X}")
}

struct Question {
    contract: String,
    receiver: String,
    sender: String,
}

fn questions(shape: Shape, kind: &str) -> Vec<Question> {
    let mut random = Random(SEED);
    let question = |_| {
        let (id, asked) = (random.below(shape.addresses()), random.below(CONTRACTS));
        let (asked, receiver) = match kind {
            "exact" => (asked, address(id)),
            "climb of five" => (asked | 1, below(id, 0)),
            "default" => (asked & !1, format!("SE9999999999-{id:06X}")),
            _ => (asked | 1, format!("SE9999999999-{id:06X}")),
        };
        Question { contract: contract(asked), receiver, sender: consumer(random.below(shape.consumers())) }
    };
    (0..QUESTIONS).map(question).collect()
}

fn rules() -> LookupSettings {
    let climb = ClimbSwitch { enabled: true, excepted: Vec::new() };
    LookupSettings {
        delimiter: "#".to_owned(),
        allowed_contracts: Vec::new(),
        allowed_senders: Vec::new(),
        route_climb: climb.clone(),
        permission_climb: climb,
    }
}

fn ask(snapshot: &Snapshot, rules: &LookupSettings, question: &Question, now: Timestamp) -> bool {
    let (found, route_trace) = route(snapshot, rules, &question.contract, &question.receiver, now);
    let (permit, trace) = authorise(snapshot, rules, &question.contract, &question.receiver, &question.sender, now);
    black_box((route_trace, trace));
    black_box(found).is_ok() && black_box(permit).is_ok()
}

fn benches(criterion: &mut Criterion) {
    for shape in [Shape { routes: 1_000, permissions: 5_000 }, Shape { routes: 100_000, permissions: 500_000 }] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, contents) in [("tak/snapshot.json", shape.json()), ("hsa/tree.xml", shape.hsa())] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("in a folder")).expect("a folder");
            fs::write(path, contents).expect("a file");
        }
        let clock = Clock::default();
        let catalogue = Catalogue::new(Environment::Folder(folder.path().to_owned()), None, None, clock.clone());
        let start = Clock::instant();
        let (tak, hsa) = (catalogue.reset_tak(), catalogue.reset_hsa());
        eprintln!(
            "{} routes, {} permissions, {} units: read in {:?}",
            shape.routes,
            shape.permissions,
            hsa.size_now,
            start.elapsed()
        );
        assert!(tak.successful && tak.problems.is_empty(), "{:?}", tak.problems.first());
        let (snapshot, rules, now) = (catalogue.snapshot(), rules(), clock.now());
        let mut group =
            criterion.benchmark_group(format!("{} routes, {} permissions", shape.routes, shape.permissions));
        for kind in ["exact", "climb of five", "default", "miss"] {
            let questions = questions(shape, kind);
            for question in &questions {
                assert_eq!(ask(&snapshot, &rules, question, now), kind != "miss", "{kind}");
            }
            let mut next = questions.iter().cycle();
            group.bench_function(BenchmarkId::new("route and authorise", kind), |bencher| {
                bencher.iter(|| ask(&snapshot, &rules, next.next().expect("a cycle does not end"), now));
            });
            group.bench_function(BenchmarkId::new("route", kind), |bencher| {
                bencher.iter(|| {
                    let question = next.next().expect("a cycle does not end");
                    black_box(route(&snapshot, &rules, &question.contract, &question.receiver, now).1.len())
                });
            });
        }
        group.finish();
    }
}

criterion_group!(route_benches, benches);
criterion_main!(route_benches);
