//! Reading envelopes: `cargo bench --bench envelope`.
//!
//! Inputs are named by shape: bytes of the whole message. The head of an envelope is all that a call needs, so reading it
//! must not depend on the size of the body; quick-xml does the same work beside it. The whole message is only gone through
//! where its profile is converted, and where it came in another character set and its well-formedness must be known.
//!
//! What is measured is the processor's time, not the wall's: on a machine that is shared, the neighbours do not count.

use std::borrow::Cow;
use std::fs;
use std::hint::black_box;

use anslut::domain::profile::Profile;
use anslut::hub::call::profile::convert;
use anslut::soap::envelope::scan;
use anslut::soap::xml::reader::check;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

const SIZES: [usize; 3] = [2 * 1024, 50 * 1024, 5 * 1024 * 1024];
const CONTRACT: &str = "urn:riv:clinicalprocess:healthcond:description:GetCareDocumentationResponder:2";

/// Time this thread has spent on a processor, in nanoseconds, as Linux counts it.
struct ThreadTime;

impl Measurement for ThreadTime {
    type Intermediate = u64;
    type Value = u64;

    fn start(&self) -> u64 {
        let counts = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts each thread's time");
        counts.split(' ').next().and_then(|time| time.parse().ok()).expect("the first figure is the time")
    }

    fn end(&self, started: u64) -> u64 {
        self.start() - started
    }

    fn add(&self, one: &u64, other: &u64) -> u64 {
        one + other
    }

    fn zero(&self) -> u64 {
        0
    }

    fn to_f64(&self, time: &u64) -> f64 {
        *time as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// A message of about `bytes` bytes: a head as consumers write it, and a body of small elements as contracts have them.
fn message(bytes: usize) -> Vec<u8> {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:urn=\"urn:riv:itintegration:registry:1\" xmlns:urn1=\"{CONTRACT}\" \
         xmlns:urn2=\"urn:riv:clinicalprocess:healthcond:description:2\">\n  <soapenv:Header>\n    \
         <urn:LogicalAddress>SE2321000016-S001</urn:LogicalAddress>\n  </soapenv:Header>\n  <soapenv:Body>\n    \
         <urn1:GetCareDocumentation>\n"
    );
    let end = "    </urn1:GetCareDocumentation>\n  </soapenv:Body>\n</soapenv:Envelope>\n";
    let mut number = 0;
    while xml.len() + end.len() < bytes {
        xml.push_str(&format!(
            "      <urn1:patientId>\n        <urn2:id root=\"1.2.752.129.2.1.3.1\">191212121212</urn2:id>\n        \
             <urn2:text>anteckning {number} från vården</urn2:text>\n      </urn1:patientId>\n"
        ));
        number += 1;
    }
    xml.push_str(end);
    xml.into_bytes()
}

/// What [`scan`] finds, found with quick-xml: logical address, namespace and name of the body's child.
fn with_quick_xml(input: &[u8]) -> (Option<String>, Option<String>, String) {
    let mut reader = NsReader::from_reader(input);
    let (mut in_header, mut in_body, mut address_open) = (false, false, false);
    let mut address = None;
    loop {
        match reader.read_resolved_event().expect("well-formed") {
            (namespace, Event::Start(start) | Event::Empty(start)) => {
                let local = start.local_name();
                if in_body {
                    let namespace = match namespace {
                        ResolveResult::Bound(namespace) => Some(namespace.as_ref().to_owned()),
                        _ => None,
                    };
                    return (address, namespace, local.as_ref().to_owned());
                }
                in_header |= local.as_ref() == "Header";
                in_body |= local.as_ref() == "Body";
                address_open = in_header && matches!(local.as_ref(), "To" | "LogicalAddress");
            }
            (_, Event::Text(text)) if std::mem::take(&mut address_open) => {
                address = Some(text.to_string());
            }
            (_, Event::Eof) => panic!("the message has a body"),
            _ => address_open = false,
        }
    }
}

fn head(c: &mut Criterion<ThreadTime>) {
    let mut group = c.benchmark_group("head");
    // The count moves in ticks of some milliseconds: every sample must be long.
    group.sampling_mode(SamplingMode::Flat);
    for bytes in SIZES {
        let input = message(bytes);
        let found = scan(&input).expect("well-formed");
        let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        let ours = (owned(found.receiver), owned(found.contract), found.operation.unwrap_or_default().to_owned());
        assert_eq!(ours, with_quick_xml(&input), "both read the same");
        group.bench_with_input(BenchmarkId::new("ours", bytes), &input, |b, input| b.iter(|| scan(black_box(input))));
        group.bench_with_input(BenchmarkId::new("quick-xml", bytes), &input, |b, input| {
            b.iter(|| with_quick_xml(black_box(input)));
        });
    }
    group.finish();
}

fn whole(c: &mut Criterion<ThreadTime>) {
    let mut group = c.benchmark_group("whole");
    group.sampling_mode(SamplingMode::Flat);
    for bytes in SIZES {
        let input = message(bytes);
        group.throughput(Throughput::Bytes(input.len() as u64));
        group.bench_with_input(BenchmarkId::new("well-formedness", bytes), &input, |b, input| {
            b.iter(|| check(black_box(input)).expect("well-formed"));
        });
        group.bench_with_input(BenchmarkId::new("profile-21-to-20", bytes), &input, |b, input| {
            b.iter(|| convert(black_box(input), Profile::Rivtabp21, Profile::Rivtabp20).expect("well-formed"));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(ThreadTime).sample_size(20);
    targets = head, whole
}
criterion_main!(benches);
