//! Lookups in process, and updates that are durable.
//!
//! `ANSLUT_BENCH_ENGAGEMENTS` sets how many engagements stand in the index (default 1 million); the rows are those of
//! `anslut index generate`, put in without a journal. Beside the times it prints what an engagement costs in memory,
//! once as the index counts and once as the operating system does. With `ANSLUT_BENCH_DATA`, the index of a data directory
//! (its folder `index`) is opened instead, into which `anslut index load` has put the generator's rows for seed 1.

use std::hint::black_box;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use anslut::config::index::IndexSettings;
use anslut::domain::clock::Clock;
use anslut::index::bulk::generate::{Mix, identity, resident_lines};
use anslut::index::bulk::{inspect, line};
use anslut::index::engagement::{Field, Transaction};
use anslut::index::open::Index;
use anslut::index::record::{Accepted, Clears, Load, Record, Source};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const MEAN: u64 = 24;
const SEED: u64 = 1;
/// Whom durable updates are about: a unit of a hospital sends about many of them in turn.
const RESIDENTS: u64 = 200_000;

#[expect(clippy::disallowed_methods, reason = "a bench has no settings but its environment")]
fn engagements() -> u64 {
    std::env::var("ANSLUT_BENCH_ENGAGEMENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000)
}

/// Resident memory of this process, in bytes; 0 where the system does not tell.
fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}

fn mix() -> Mix {
    Mix { residents: engagements().div_ceil(MEAN), engagements_per_resident: MEAN, seed: SEED }
}

/// Puts the generator's rows into an index.
fn fill(index: &Index) {
    let (mix, now) = (mix(), index.now());
    let mut lines = String::new();
    for resident in 0..mix.residents {
        resident_lines(mix, resident, &mut lines);
        if lines.len() > 1 << 20 || resident + 1 == mix.residents {
            let rows = lines.lines().map(|text| line::read(text, "ei-hsa-id", now).expect("made up to be good"));
            index.load(Load { name: "bench".into(), lines: resident, rows: rows.collect() }).expect("memory takes it");
            lines.clear();
        }
    }
}

/// An index with the generator's rows, without a journal unless there is one already.
fn filled() -> Index {
    let before = resident_bytes();
    let began = Clock::instant();
    let index = match std::env::var_os("ANSLUT_BENCH_DATA") {
        Some(data) => {
            Index::open(&Path::new(&data).join("index"), IndexSettings::default(), Clock::System).expect("a good index")
        }
        None => {
            let index = Index::ephemeral(IndexSettings::default(), Clock::System);
            fill(&index);
            index
        }
    };
    let took = Clock::instant().saturating_duration_since(began);
    let stat = inspect::stat(&index);
    let held = resident_bytes().saturating_sub(before);
    let unique = stat.unique_text_bytes;
    eprintln!(
        "{} engagements of {} residents in {:.1} s: {:.1} bytes each as counted, unique text apart; resident {:.1} with \
         it, {:.1} without",
        stat.engagements,
        stat.residents,
        took.as_secs_f64(),
        stat.bytes_per_engagement,
        held as f64 / stat.engagements as f64,
        held.saturating_sub(unique) as f64 / stat.engagements as f64,
    );
    index
}

/// Loaded into a data directory, with a snapshot, and opened again; then opened without the snapshot of the last part.
fn restart(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("restart");
    group.sample_size(10);
    let folder = tempfile::tempdir_in("target").expect("a folder");
    let open = || Index::open(folder.path(), IndexSettings::default(), Clock::System).expect("a good index");
    let filled = LazyLock::new(|| {
        let began = Clock::instant();
        let index = open();
        fill(&index);
        let loaded = Clock::instant().saturating_duration_since(began);
        index.snapshot_blocking().expect("a snapshot");
        let total = Clock::instant().saturating_duration_since(began);
        let status = index.status();
        eprintln!(
            "{} engagements loaded durably in {:.1} s, with a snapshot of {} MB in {:.1} s",
            status.engagements,
            loaded.as_secs_f64(),
            status.snapshot.map_or(0, |snapshot| snapshot.bytes / 1_000_000),
            total.as_secs_f64()
        );
        drop(index);
    });
    group.bench_function(format!("from_snapshot_of_{}", engagements()), |bencher| {
        LazyLock::force(&filled);
        bencher.iter(|| black_box(open().status().engagements));
    });
    group.finish();
}

/// Residents with eight to twelve rows, in no order. Side by side, so that reading them costs a lookup nothing.
fn of_ten(index: &Index) -> Vec<[u8; 12]> {
    let residents = mix().residents;
    let ids = (0..residents).map(|number| identity(SEED, (number.wrapping_mul(2_654_435_761)) % residents));
    ids.filter(|id| {
        let mut rows = 0;
        index.memory().visit(id, &mut |_| rows += 1);
        (8..=12).contains(&rows)
    })
    .map(|id| id.as_bytes().try_into().expect("identities have twelve characters"))
    .take(200_000)
    .collect()
}

/// One lookup: every row is seen, with where its information is.
fn look(index: &Index, resident: &[u8; 12]) -> usize {
    let mut bytes = 0;
    index.memory().visit(std::str::from_utf8(resident).expect("ASCII"), &mut |row| {
        let holder = row.dictionary().holder_fragment(row.packed().holder);
        bytes += holder.address().len() + holder.system().len();
    });
    bytes
}

/// Each lookup by itself, so that what a busy machine does to some of them does not hide the rest.
fn percentiles(index: &Index, residents: &[[u8; 12]]) {
    const LOOKUPS: usize = 500_000;
    let mut nanoseconds: Vec<u128> = residents
        .iter()
        .cycle()
        .take(LOOKUPS)
        .map(|resident| {
            let began = Clock::instant();
            black_box(look(index, resident));
            Clock::instant().saturating_duration_since(began).as_nanos()
        })
        .collect();
    nanoseconds.sort_unstable();
    let at = |share: f64| nanoseconds[(nanoseconds.len() as f64 * share) as usize];
    eprintln!(
        "lookup of 8 to 12 hits, {} residents in turn: median {} ns, p90 {} ns, p99 {} ns",
        residents.len(),
        at(0.5),
        at(0.9),
        at(0.99)
    );
}

fn lookup(criterion: &mut Criterion) {
    // Filled only where this bench is asked for.
    let filled = LazyLock::new(|| {
        let index = filled();
        let residents = of_ten(&index);
        percentiles(&index, &residents);
        (index, residents)
    });
    criterion.bench_function(&format!("lookup/8_to_12_hits_of_{}", engagements()), |bencher| {
        let (index, residents) = &*filled;
        let mut next = residents.iter().cycle();
        bencher.iter(|| black_box(look(index, next.next().expect("the cycle has no end"))));
    });
}

fn message(rows: usize, number: u64) -> Accepted<'static> {
    let transaction = |row: usize| {
        let mut transaction = Transaction { has_engagement: true, ..Transaction::default() };
        for field in Field::ALL {
            transaction.key.0[field as usize] = field.name().into();
        }
        transaction.key.0[Field::RegisteredResidentIdentification as usize] =
            identity(SEED, (number * 1_000 + row as u64).wrapping_mul(2_654_435_761) % RESIDENTS).into();
        transaction.key.0[Field::LogicalAddress as usize] = format!("SE99-{}", number % 900).into();
        transaction
    };
    Accepted {
        at: anslut::index::timestamp::LocalTime::parse("20261122120000").expect("a time"),
        clears: Clears::Nothing,
        source: Source::Update,
        ignore_older: false,
        own_id: "ei-hsa-id".into(),
        correlation_id: "bench".into(),
        transactions: (0..rows).map(transaction).collect(),
    }
}

/// On the disk of the temporary directory; syncs are real.
fn durable(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let folder = tempfile::tempdir_in("target").expect("a folder");
    let index = Arc::new(Index::open(folder.path(), IndexSettings::default(), Clock::System).expect("an empty index"));
    let mut number = 0;
    let mut group = criterion.benchmark_group("durable");
    group.throughput(Throughput::Elements(1_000)).sample_size(50);
    group.bench_function("update_of_1000", |bencher| {
        bencher.iter_batched(
            || {
                number += 1;
                Record::Apply(message(1_000, number))
            },
            |record| runtime.block_on(index.write(&record)).expect("written"),
            BatchSize::SmallInput,
        );
    });
    group.throughput(Throughput::Elements(64));
    group.bench_function("update_of_1_by_64_callers", |bencher| {
        bencher.iter(|| {
            number += 1;
            let callers: Vec<_> = (0..64)
                .map(|caller| {
                    let index = Arc::clone(&index);
                    let record = Record::Apply(message(1, number * 64 + caller));
                    runtime.spawn(async move { index.write(&record).await.expect("written") })
                })
                .collect();
            runtime.block_on(async {
                for caller in callers {
                    caller.await.expect("no panic");
                }
            });
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("sync_of_the_disk", |bencher| {
        use std::io::Write;
        let mut file = std::fs::File::create(folder.path().join("sync")).expect("a file");
        bencher.iter(|| {
            file.write_all(&[1; 256]).expect("written");
            file.sync_data().expect("synced");
        });
    });
    group.finish();
}

criterion_group!(benches, lookup, durable, restart);
criterion_main!(benches);
