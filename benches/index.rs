//! Lookups in process, and updates that are durable.
//!
//! `ANSLUT_BENCH_ENGAGEMENTS` sets how many engagements stand in the index (default 1 million); the rows are those of
//! `anslut index generate`, put in without a journal. Beside the times it prints what an engagement costs in memory,
//! once as the index counts and once as the operating system does.

use std::hint::black_box;
use std::sync::Arc;

use anslut::domain::clock::Clock;
use anslut::index::bulk::generate::{Mix, identity, resident_lines};
use anslut::index::bulk::{inspect, line};
use anslut::index::engagement::{Field, Transaction};
use anslut::index::open::Index;
use anslut::index::record::{Accepted, Clears, Load, Record, Source};
use anslut::index::settings::IndexSettings;
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

/// An index with the generator's rows, without a journal.
fn filled() -> Index {
    let index = Index::ephemeral(IndexSettings::default(), Clock::System);
    let before = resident_bytes();
    let (mix, now) = (mix(), index.now());
    let mut lines = String::new();
    for resident in 0..mix.residents {
        resident_lines(mix, resident, &mut lines);
        if lines.len() > 4 << 20 || resident + 1 == mix.residents {
            let rows = lines.lines().map(|text| line::read(text, "ei-hsa-id", now).expect("made up to be good"));
            index.load(Load { name: "bench".into(), lines: resident, rows: rows.collect() }).expect("memory takes it");
            lines.clear();
        }
    }
    let stat = inspect::stat(&index);
    let held = resident_bytes().saturating_sub(before);
    let unique = stat.unique_text_bytes;
    eprintln!(
        "{} engagements of {} residents: {:.1} bytes each as counted, unique text apart; resident {:.1} with it, {:.1} \
         without",
        stat.engagements,
        stat.residents,
        stat.bytes_per_engagement,
        held as f64 / stat.engagements as f64,
        held.saturating_sub(unique) as f64 / stat.engagements as f64,
    );
    index
}

/// Residents with exactly ten rows, in no order.
fn of_ten(index: &Index) -> Vec<String> {
    let residents = mix().residents;
    let ids = (0..residents).map(|number| identity(SEED, (number.wrapping_mul(2_654_435_761)) % residents));
    ids.filter(|id| {
        let mut rows = 0;
        index.memory().visit(id, &mut |_| rows += 1);
        rows == 10
    })
    .take(100_000)
    .collect()
}

fn lookup(criterion: &mut Criterion) {
    let index = filled();
    let residents = of_ten(&index);
    let mut next = residents.iter().cycle();
    criterion.bench_function(&format!("lookup/10_hits_of_{}", engagements()), |bencher| {
        bencher.iter(|| {
            let mut bytes = 0;
            index.memory().visit(next.next().expect("the cycle has no end"), &mut |row| {
                bytes += row.text(Field::LogicalAddress).len() + row.text(Field::SourceSystem).len();
            });
            black_box(bytes)
        });
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

criterion_group!(benches, lookup, durable);
criterion_main!(benches);
