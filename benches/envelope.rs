//! Reading envelopes: `cargo bench --bench envelope`.
//!
//! Inputs are named by shape: bytes of the whole message. The head of an envelope is all that a call needs, so reading it
//! must not depend on the size of the body; quick-xml does the same work beside it. The whole message is only gone through
//! where its profile is converted, and where it came in another character set and its well-formedness must be known.

use std::borrow::Cow;
use std::hint::black_box;

use anslut::domain::profile::Profile;
use anslut::hub::call::profile::convert;
use anslut::soap::envelope::scan;
use anslut::soap::xml::reader::check;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

const SIZES: [usize; 3] = [2 * 1024, 50 * 1024, 5 * 1024 * 1024];
const CONTRACT: &str = "urn:riv:clinicalprocess:healthcond:description:GetCareDocumentationResponder:2";

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

fn head(c: &mut Criterion) {
    let mut group = c.benchmark_group("head");
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

fn whole(c: &mut Criterion) {
    let mut group = c.benchmark_group("whole");
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

criterion_group!(benches, head, whole);
criterion_main!(benches);
