//! FindContent from request bytes to response bytes: parsed, looked up, written.

use std::hint::black_box;
use std::sync::Arc;

use anslut::config::index::IndexSettings;
use anslut::domain::clock::Clock;
use anslut::index::bulk::generate::{Mix, identity, resident_lines};
use anslut::index::bulk::line;
use anslut::index::open::Index;
use anslut::index::record::Load;
use anslut::index::request::{self, Call};
use anslut::index::service::{Service, Takes};
use anslut::index::{answer, find};
use anslut::soap::responder::Responder;
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http::Request;

const RESIDENTS: u64 = 42_000;
const SEED: u64 = 1;

/// Ten hits in one service domain for every resident, among the generator's rows.
fn filled() -> Arc<Index> {
    let index = Index::ephemeral(IndexSettings::default(), Clock::System);
    let mix = Mix { residents: RESIDENTS, engagements_per_resident: 14, seed: SEED };
    let now = index.now();
    let mut lines = String::new();
    for resident in 0..mix.residents {
        lines.clear();
        resident_lines(mix, resident, &mut lines);
        for hit in 0..10 {
            let template = lines.lines().next().expect("every resident has a row").to_owned();
            let domain = template.split("\"serviceDomain\":\"").nth(1).and_then(|rest| rest.split('"').next());
            let domain = domain.expect("the generator writes one");
            let row = template.replace(domain, "riv:bench").replace("\"NA\"", &format!("\"hit-{hit}\""));
            lines.push_str(&row);
            lines.push('\n');
        }
        let rows = lines.lines().map(|text| line::read(text, "ei-hsa-id", now).expect("made up to be good"));
        index.load(Load { name: "bench".into(), lines: resident, rows: rows.collect() }).expect("memory takes it");
    }
    Arc::new(index)
}

fn body(resident: &str) -> String {
    format!(
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:urn=\"urn:riv:itintegration:registry:1\" \
         xmlns:urn1=\"urn:riv:itintegration:engagementindex:FindContentResponder:1\"><soapenv:Header>\
         <urn:LogicalAddress>ei-hsa-id</urn:LogicalAddress></soapenv:Header><soapenv:Body><urn1:FindContent>\
         <urn1:registeredResidentIdentification>{resident}</urn1:registeredResidentIdentification>\
         <urn1:serviceDomain>riv:bench</urn1:serviceDomain></urn1:FindContent></soapenv:Body></soapenv:Envelope>"
    )
}

fn find_content(criterion: &mut Criterion) {
    let index = filled();
    let bodies: Vec<Bytes> =
        (0..RESIDENTS).map(|resident| Bytes::from(body(&identity(SEED, resident * 31 % RESIDENTS)))).collect();
    let mut next = bodies.iter().cycle();
    let mut group = criterion.benchmark_group("find_content");
    group.throughput(Throughput::Elements(1));
    let one = |body: &Bytes| match request::read(body).expect("a call").call {
        Call::FindContent(query) => find::find(index.memory(), &query, index.settings()).expect("found"),
        _ => unreachable!("the bench sends queries only"),
    };
    assert_eq!(one(&bodies[0]).windows(12).filter(|part| part == b"<engagement>").count(), 10);
    group.bench_function("parse", |bencher| {
        bencher.iter(|| black_box(request::read(next.next().expect("no end")).is_ok()));
    });
    group.bench_function("request_to_response_10_hits", |bencher| {
        bencher.iter(|| black_box(one(next.next().expect("no end"))));
    });
    let service = Service::new(Arc::clone(&index), None, Takes::FindContent);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    group.bench_function("service_10_hits", |bencher| {
        bencher.iter(|| {
            let request = Request::post("/skltp-ei/find-content-service/v1")
                .header("x-skltp-correlation-id", "bench")
                .body(next.next().expect("no end").clone())
                .expect("a request");
            black_box(runtime.block_on(service.answer(request)).expect("an answer"))
        });
    });
    group.bench_function("empty_answer", |bencher| {
        bencher.iter(|| black_box(answer::Found::new("191212121212").finish()));
    });
    group.finish();
}

criterion_group!(benches, find_content);
criterion_main!(benches);
