//! Validation of messages by shape, and compilation of contracts.
//!
//! Estimate before the code: about 60 elements in 2.4 KB at 60–80 ns each, so 4–5 µs; 350–500 MB/s on 5 MB.
//! With `ANSLUT_CORPUS` set, every valid message of the corpus is validated as well, and the corpus is compiled.

#![allow(missing_docs, reason = "criterion's macros")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anslut::config::contracts::ImportLimits;
use anslut::contracts::builtin;
use anslut::contracts::contract::{Contract, Direction};
use anslut::contracts::import::Importer;
use anslut::contracts::registry::Registry;
use anslut::contracts::sample::{Variant, Wanted, sample};
use anslut::contracts::validate::{Options, Target, validate};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn registry(contracts: Vec<Contract>) -> Arc<Registry> {
    Arc::new(Registry::new(contracts, &HashMap::new(), &ImportLimits::default()).0)
}

/// The message with its first record repeated until it has that size.
fn grown(message: &str, record: &str, bytes: usize) -> String {
    let (open, close) = (format!("<{record}>"), format!("</{record}>"));
    let start = message.find(&open).expect("the message has the record");
    let end = message.find(&close).expect("the record ends") + close.len();
    let one = &message[start..end];
    format!("{}{}{}", &message[..start], one.repeat(bytes / one.len() + 1), &message[end..])
}

fn shapes(c: &mut Criterion) {
    let registry = registry(builtin::contracts(&mut Importer::default()).0);
    let answer = |name: &str| {
        let contract = registry.select(name, None).expect("the contract ships");
        let wanted = Wanted { direction: Direction::Response, variant: Variant::Typical, seed: 1, ..Wanted::default() };
        sample(&contract, &wanted).expect("the contract has samples").remove(0)
    };
    let (diagnosis, note) = (answer("GetDiagnosis:2"), answer("GetCareDocumentation:2"));
    let large = grown(&diagnosis, "n1:diagnosis", 5 << 20);
    let messages = [
        (format!("diagnosis answer, {} bytes", diagnosis.len()), diagnosis),
        (format!("care documentation answer, {} bytes", note.len()), note),
        ("diagnosis answer, 5 MB".to_owned(), large),
    ];
    let mut group = c.benchmark_group("validate");
    for (name, message) in messages {
        let target = Target::Registry(registry.clone());
        assert!(validate(target.clone(), Options::default(), message.as_bytes()).valid);
        group.throughput(Throughput::Bytes(message.len() as u64));
        group.bench_function(name, |b| b.iter(|| validate(target.clone(), Options::default(), message.as_bytes())));
    }
    group.finish();
    c.bench_function("compile/shipped contracts", |b| {
        b.iter_batched(Importer::default, |mut importer| builtin::contracts(&mut importer), BatchSize::LargeInput);
    });
}

/// Messages of the corpus that are valid, with the registry that holds their contracts.
fn corpus_messages(root: &Path, registry: &Arc<Registry>) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for domain in fs::read_dir(root.join("messages")).into_iter().flatten().flatten() {
        for file in fs::read_dir(domain.path()).into_iter().flatten().flatten() {
            let message = fs::read(file.path()).unwrap_or_default();
            if validate(Target::Registry(registry.clone()), Options::default(), &message).valid {
                found.push(message);
            }
        }
    }
    found
}

fn corpus(c: &mut Criterion) {
    let Some(root) = std::env::var_os("ANSLUT_CORPUS").map(PathBuf::from) else { return };
    let contracts = root.join("contracts");
    let registry = registry(Importer::default().import_path(&contracts).into_contracts());
    let messages = corpus_messages(&root, &registry);
    let bytes: usize = messages.iter().map(Vec::len).sum();
    let mut group = c.benchmark_group("corpus");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function(format!("{} valid messages, {bytes} bytes", messages.len()), |b| {
        b.iter(|| {
            for message in &messages {
                validate(Target::Registry(registry.clone()), Options::default(), message);
            }
        });
    });
    group.throughput(Throughput::Elements(1));
    group.bench_function("compile", |b| {
        b.iter_batched(Importer::default, |mut importer| importer.import_path(&contracts), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, shapes, corpus);
criterion_main!(benches);
