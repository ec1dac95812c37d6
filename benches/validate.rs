//! Validation of messages, by shape: a small request or answer as most calls carry, and a large answer of many records.
//!
//! Estimate before the code: about 60 elements in 2.4 KB at 60–80 ns each, so 4–5 µs; 350–500 MB/s on 5 MB.
//! With `ANSLUT_CORPUS` set, every valid message of the corpus is validated as well, and the corpus is imported.

#![allow(missing_docs, reason = "criterion's macros")]

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anslut::contracts::import::Importer;
use anslut::contracts::limits::ImportLimits;
use anslut::contracts::registry::Registry;
use anslut::contracts::validate::{Options, Target, validate};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn registry(root: &std::path::Path) -> Arc<Registry> {
    let contracts = Importer::default().import_path(root).into_contracts();
    Arc::new(Registry::new(contracts, &HashMap::new(), &ImportLimits::default()).0)
}

/// The message with its first record repeated until it has that size.
fn grown(message: &str, record: &str, bytes: usize) -> String {
    let (open, close) = (format!("<{record}>"), format!("</{record}>"));
    let start = message.find(&open).expect("the message has the record");
    let end = message.find(&close).expect("the record ends") + close.len();
    let one = &message[start..end];
    let times = bytes / one.len() + 1;
    format!("{}{}{}", &message[..start], one.repeat(times), &message[end..])
}

fn corpus(c: &mut Criterion) {
    let Some(corpus) = std::env::var_os("ANSLUT_CORPUS").map(PathBuf::from) else { return };
    let registry = registry(&corpus.join("contracts"));
    let target = Target::Registry(registry);
    let folder = corpus.join("messages/clinicalprocess_healthcond_description");
    let mut group = c.benchmark_group("validate");
    for file in ["GetFunctionalStatus.response.gen-rand.01.xml", "GetDiagnosis.response.real.02.xml"] {
        let message = fs::read_to_string(folder.join(file)).expect("the corpus has the message");
        let name = format!("small, {} bytes", message.len());
        group.throughput(Throughput::Bytes(message.len() as u64));
        group.bench_function(name, |b| b.iter(|| validate(target.clone(), Options::default(), message.as_bytes())));
    }
    for (file, record) in [
        ("GetDiagnosis.response.real.02.xml", "diagnosis"),
        ("GetCareDocumentation.response.real.04.xml", "careDocumentation"),
    ] {
        let message =
            grown(&fs::read_to_string(folder.join(file)).expect("the corpus has the message"), record, 5 << 20);
        let report = validate(target.clone(), Options::default(), message.as_bytes());
        assert!(report.errors.len() < 100, "{:?}", report.errors.first());
        group.throughput(Throughput::Bytes(message.len() as u64));
        group.bench_function(format!("5 MB of {record}"), |b| {
            b.iter(|| validate(target.clone(), Options::default(), message.as_bytes()))
        });
    }
    group.finish();
}

criterion_group!(benches, corpus);
criterion_main!(benches);
