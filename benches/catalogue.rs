//! The catalogue at national scale: 100 000 routes and 500 000 permissions by order, published while the hub looks up.
//!
//! Not criterion: each figure is one long piece of work, and what matters of the lookups is the worst of them.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on stops here, and talks to people"
)]

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anslut::catalogue::Catalogue;
use anslut::catalogue::formats::stored::{Dialect, Frame, write};
use anslut::catalogue::order::read::read;
use anslut::config::environment::Environment;
use anslut::domain::clock::Clock;
use hdr::Histogram;

mod hdr {
    /// How often each duration was seen, to a microsecond; the worst to the nanosecond.
    #[derive(Default)]
    pub(super) struct Histogram {
        counts: Vec<u64>,
        pub worst: u64,
        pub total: u64,
    }

    impl Histogram {
        pub(super) fn record(&mut self, nanoseconds: u64) {
            let place = usize::try_from(nanoseconds / 1_000).unwrap_or(usize::MAX).min(99_999);
            if self.counts.len() <= place {
                self.counts.resize(place + 1, 0);
            }
            self.counts[place] += 1;
            self.total += 1;
            self.worst = self.worst.max(nanoseconds);
        }

        /// Microseconds that this part of all durations does not exceed.
        pub(super) fn quantile(&self, part: f64) -> usize {
            let wanted = (self.total as f64 * part) as u64;
            let mut seen = 0;
            self.counts
                .iter()
                .position(|count| {
                    seen += count;
                    seen > wanted
                })
                .map_or(0, |place| place + 1)
        }
    }
}

const CONTRACTS: usize = 200;
const ADDRESSES: usize = 500;
/// Of each contract and address.
const CONSUMERS: usize = 5;
const PLATFORM: &str = "NTJP-PROD";

fn order() -> String {
    let mut text = format!(
        "{{\"plattform\":\"{PLATFORM}\",\"formatVersion\":1.0,\"version\":1,\"bestallningsTidpunkt\":\"2026-01-01T00:00:00+0100\",\
         \"genomforandeTidpunkt\":\"2026-01-01T00:00:00+0100\",\"utforare\":\"bench\",\"kommentar\":\"\",\"exkludera\":{{}},\"inkludera\":{{"
    );
    let list = |text: &mut String, name: &str, count: usize, item: &dyn Fn(usize) -> String| {
        write!(text, "\"{name}\":[").unwrap();
        for place in 0..count {
            if place > 0 {
                text.push(',');
            }
            text.push_str(&item(place));
        }
        text.push(']');
    };
    list(&mut text, "tjanstekontrakt", CONTRACTS, &|place| {
        format!("{{\"namnrymd\":\"{}\",\"beskrivning\":\"\",\"majorVersion\":1}}", contract(place))
    });
    text.push(',');
    list(&mut text, "logiskadresser", ADDRESSES, &|place| {
        format!("{{\"hsaId\":\"{}\",\"beskrivning\":\"enhet\"}}", address(place))
    });
    text.push(',');
    list(&mut text, "tjanstekomponenter", 100, &|place| {
        format!("{{\"hsaId\":\"SE2321000016-C{place:03}\",\"beskrivning\":\"\"}}")
    });
    text.push(',');
    list(&mut text, "vagval", CONTRACTS * ADDRESSES, &|place| {
        let (contract, address) = (contract(place / ADDRESSES), address(place % ADDRESSES));
        let component = place % 100;
        format!(
            "{{\"adress\":\"https://p{component}.example.org/{}\",\"logiskAdress\":\"{address}\",\"tjanstekontrakt\":\"{contract}\",\"rivtaprofil\":\"RIVTABP21\",\"tjanstekomponent\":\"SE2321000016-C{component:03}\"}}",
            place / ADDRESSES
        )
    });
    text.push(',');
    list(&mut text, "anropsbehorigheter", CONTRACTS * ADDRESSES * CONSUMERS, &|place| {
        let pair = place / CONSUMERS;
        let consumer = (pair + place % CONSUMERS * 7) % 100;
        format!(
            "{{\"logiskAdress\":\"{}\",\"tjanstekontrakt\":\"{}\",\"tjanstekonsument\":\"SE2321000016-C{consumer:03}\"}}",
            address(pair % ADDRESSES),
            contract(pair / ADDRESSES)
        )
    });
    text.push_str("}}");
    text
}

fn contract(place: usize) -> String {
    format!("urn:riv:clinicalprocess:bench:domain{place:03}:GetSomethingResponder:1")
}

fn address(place: usize) -> String {
    format!("SE2321000016-A{place:04}")
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let began = Clock::instant();
    let done = work();
    println!("{what:<58} {:>9.1} ms", began.elapsed().as_secs_f64() * 1e3);
    done
}

/// Looks up until told to stop: what the hub does of a call here.
fn look_up(catalogue: &Catalogue, stop: &AtomicBool) -> Histogram {
    let mut histogram = Histogram::default();
    let now = Clock::System.now();
    let mut place = 0;
    while !stop.load(Ordering::Relaxed) {
        place = (place + 7_919) % (CONTRACTS * ADDRESSES);
        let (contract, address) = (contract(place / ADDRESSES), address(place % ADDRESSES));
        let began = Clock::instant();
        let snapshot = catalogue.snapshot();
        let (contract, address) = (snapshot.contract(&contract).unwrap(), snapshot.address(&address).unwrap());
        assert_eq!(snapshot.routes_of(contract, address).len(), 1);
        let consumer = snapshot.consumer("SE2321000016-C000").unwrap();
        std::hint::black_box(snapshot.is_permitted(contract, address, consumer, now));
        drop(snapshot);
        histogram.record(began.elapsed().as_nanos() as u64);
    }
    histogram
}

fn looking<T>(what: &str, catalogue: &Arc<Catalogue>, work: impl FnOnce() -> T) -> T {
    let stop = Arc::new(AtomicBool::new(false));
    let (looked_up, told) = (Arc::clone(catalogue), Arc::clone(&stop));
    let looking = thread::spawn(move || look_up(&looked_up, &told));
    let done = work();
    stop.store(true, Ordering::Relaxed);
    let seen = looking.join().unwrap();
    println!(
        "  lookups {what}: {} of them, p50 {} µs, p99.9 {} µs, p99.999 {} µs, worst {:.1} ms",
        seen.total,
        seen.quantile(0.5),
        seen.quantile(0.999),
        seen.quantile(0.99999),
        seen.worst as f64 / 1e6
    );
    done
}

fn main() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir(folder.path().join("tak")).unwrap();
    let environment = Environment::Folder(folder.path().to_owned());
    let profile = "[[route]]\ncontract = \"urn:x:1\"\naddress = \"X\"\nprofile = \"RIVTABP21\"\nurl = \"http://x\"\n";
    std::fs::write(folder.path().join("tak/first.toml"), profile).unwrap();
    let catalogue = Arc::new(Catalogue::new(environment.clone(), None, None, Clock::System));
    catalogue.keep(data.path()).unwrap();
    assert!(catalogue.reset_tak().problems.is_empty());
    let text = order();
    println!("an order of {} MB, data in {}", text.len() / 1_000_000, data.path().display());
    let began = Clock::instant();
    let order = timed("order: read", || read(&text).unwrap());
    let outcome =
        timed("order: check, build, report, keep", || catalogue.order(PLATFORM, "bench", &order, false).unwrap());
    timed("publish all of it", || catalogue.publish("bench", "").unwrap());
    println!("{:<58} {:>9.1} ms", "import, all together", began.elapsed().as_secs_f64() * 1e3);
    println!("  {} rows", outcome.changes);

    looking("with nothing else going on", &catalogue, || thread::sleep(Duration::from_secs(2)));
    let one = |number: usize| {
        let text = format!(
            "{{\"plattform\":\"{PLATFORM}\",\"formatVersion\":1.0,\"version\":1,\"bestallningsTidpunkt\":\"2026-01-01T00:00:00+0100\",\
             \"genomforandeTidpunkt\":\"2026-01-01T00:00:00+0100\",\"utforare\":\"bench\",\"kommentar\":\"\",\"exkludera\":{{}},\"inkludera\":{{\
             \"anropsbehorigheter\":[{{\"logiskAdress\":\"X\",\"tjanstekontrakt\":\"urn:x:1\",\"tjanstekonsument\":\"SE2321000016-C{number:03}\"}}]}}}}"
        );
        read(&text).unwrap()
    };
    looking("while five versions of one row are published", &catalogue, || {
        for number in 0..5 {
            timed("order of one row", || catalogue.order(PLATFORM, "bench", &one(number), false).unwrap());
            timed("publish one row", || catalogue.publish("bench", "").unwrap());
        }
    });
    looking("while a version is taken back", &catalogue, || {
        let newest = catalogue.versions().last().unwrap().id;
        timed("rollback", || catalogue.rollback("bench", newest).unwrap());
    });
    let served = catalogue.served();
    let version = served.version.clone().unwrap();
    let frame = Frame {
        version: version.id,
        time: version.time,
        published: version.time,
        user: String::new(),
        comment: String::new(),
    };
    let stored = timed("write the stored snapshot, pretty", || write(&served.state, &frame, Dialect::Stored, true));
    println!("  {} MB", stored.len() / 1_000_000);
    timed("restart: read back journal and files, and serve", || {
        let again = Catalogue::new(environment.clone(), None, None, Clock::System);
        again.keep(data.path()).unwrap();
        again.reset_tak();
        assert_eq!(again.snapshot().routes().len(), CONTRACTS * ADDRESSES + 1);
    });
    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir(other.path().join("tak")).unwrap();
    std::fs::write(other.path().join("tak/snapshot.json"), stored).unwrap();
    timed("start from tak/snapshot.json, kept in a data directory", || {
        let fresh = Catalogue::new(Environment::Folder(other.path().to_owned()), None, None, Clock::System);
        fresh.keep(&other.path().join("data")).unwrap();
        fresh.reset_tak();
        assert_eq!(fresh.snapshot().permissions().len(), catalogue.snapshot().permissions().len());
    });
}
