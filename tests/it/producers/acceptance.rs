//! `aggregation.md` §5.3: the patients of the acceptance tests, asked for through the hub and its aggregating services of
//! the demo, by every contract that its catalogue leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anslut::config::environment::Environment;
use anslut::contracts::contract::{Contract, Direction};
use anslut::contracts::sample::{Envelope, Given, Variant, Wanted, sample};

use super::demo::{CLINICAL, Demo, envelope};
use crate::support::client::Ask;
use crate::support::rows::rows;

rows! {
    u16;
    37 "the patients whose sources answer are answered by every contract (§5.3)" => who_is_answered;
    37 "one source knows a thousand records, and twenty know five each (§5.3)" => many_records;
    37 "sources that say no are told from those that fail (§5.3)" => errors_and_faults;
    37 "sources that do not answer in time (§5.3)" => timeouts;
    37 "version 3 of care documentation, and exemption statuses (§5.3)" => written_contracts;
    37 "an engagement at an address that is unknown, or not permitted, leaves no trace (§5.3)" => nobody_there;
    37 "the index file of the acceptance tests says what their table says" => engagements;
    37 "who asks CERT-MOCK has to say who it is" => certificate;
}

/// Contracts with a list of records each, which the demo aggregates.
fn contracts() -> impl Iterator<Item = (&'static str, &'static str)> {
    let clinical = CLINICAL.iter().copied().filter(|(name, _)| *name != "GetMaternityMedicalHistory:3");
    clinical.chain([("GetSubjectOfCareSchedule:1", "timeslotDetail")])
}

/// A part of the answer's header in the order of its sources: address and status.
type Sources = BTreeMap<String, String>;

/// What came back about a patient.
struct Told {
    text: String,
    records: usize,
    sources: Sources,
}

impl Told {
    fn of(text: String, list: &str) -> Self {
        // Of a thousand records a tree is not read.
        let ends = text.split("</").skip(1).filter_map(|rest| rest.split('>').next());
        let records = ends.filter(|name| name.rsplit(':').next() == Some(list)).count();
        let entries = text.split("<logicalAddress>").skip(1).map(|entry| {
            let address = entry.split('<').next().unwrap_or_default().to_owned();
            let of = |name: &str| entry.split(&format!("<{name}>")).nth(1).and_then(|rest| rest.split('<').next());
            let status = [of("statusCode"), of("code")].into_iter().flatten().collect::<Vec<_>>().join(" ");
            (address, status)
        });
        let sources = entries.collect();
        Self { records, sources, text }
    }

    fn failed(&self) -> usize {
        self.sources.values().filter(|status| status.starts_with("NoDataSynchFailed")).count()
    }
}

/// The smallest request about a patient that a contract allows.
fn request(contract: &Arc<Contract>, patient: &str) -> String {
    let wanted = Wanted {
        direction: Direction::Request,
        variant: Variant::Min,
        seed: 1,
        patient: Some(patient.to_owned()),
        envelope: Envelope::None,
        given: Given::default(),
    };
    let body = sample(contract, &wanted).expect("a request").swap_remove(0);
    let body = body.split_once("?>").map_or(body.as_str(), |(_, body)| body);
    format!(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header>\
         <h:LogicalAddress xmlns:h='urn:riv:itintegration:registry:1'>5565594230</h:LogicalAddress></e:Header>\
         <e:Body>{body}</e:Body></e:Envelope>"
    )
}

async fn told(demo: &Demo, message: String, list: &str) -> Told {
    let answer = Ask::post(message).send(demo.platform.address("hub_http").expect("the hub")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    Told::of(answer.text(), list)
}

async fn about(demo: &Demo, name: &str, list: &str, patient: &str) -> Told {
    told(demo, request(&demo.contract(name), patient), list).await
}

async fn diagnoses(demo: &Demo, patient: &str) -> Told {
    about(demo, "GetDiagnosis:2", "diagnosis", patient).await
}

fn addresses(told: &Told) -> Vec<&str> {
    told.sources.keys().map(String::as_str).collect()
}

const THREE: [&str; 3] = ["SKLTP-MOCK01", "SKLTP-MOCK02", "SKLTP-MOCK03"];

async fn who_is_answered() {
    let demo = Demo::start().await;
    for (name, list) in contracts() {
        let nobody = about(&demo, name, list, "191001219805").await;
        assert_eq!((nobody.records, nobody.sources.len()), (0, 0), "{name}: {}", nobody.text);
        let loaded = about(&demo, name, list, "196711222940").await;
        assert_eq!(
            (loaded.records, addresses(&loaded)),
            (2, vec!["CERT-MOCK", "LOAD-MOCKS"]),
            "{name}: {}",
            loaded.text
        );
        let three = about(&demo, name, list, "191001209814").await;
        assert_eq!(
            (three.records, addresses(&three), three.failed()),
            (3, THREE.to_vec(), 0),
            "{name}: {}",
            three.text
        );
        assert!(
            THREE.iter().all(|system| three.text.matches(system).count() > 1),
            "{name}: each in a record of its own"
        );
        let two = about(&demo, name, list, "191001249810").await;
        assert_eq!((two.records, addresses(&two), two.failed()), (2, THREE.to_vec(), 0), "{name}: {}", two.text);
        let lower = about(&demo, name, list, "191003249800").await;
        assert_eq!((lower.records, addresses(&lower)), (1, vec!["gemenlogiskadress"]), "{name}: {}", lower.text);
    }
}

async fn many_records() {
    let demo = Demo::start().await;
    for (name, list) in contracts().filter(|(name, _)| ["GetDiagnosis:2", "GetECGOutcome:1"].contains(name)) {
        let is_ecg = name == "GetECGOutcome:1";
        let one = about(&demo, name, list, "191001229812").await;
        assert_eq!((one.records, addresses(&one)), (if is_ecg { 200 } else { 1_000 }, vec!["SKLTP-MOCK100"]), "{name}");
        let twenty = about(&demo, name, list, "191001239803").await;
        assert_eq!((twenty.records, twenty.sources.len()), (if is_ecg { 40 } else { 100 }, 20), "{name}");
        assert_eq!(twenty.failed(), 0, "{name}: {:?}", twenty.sources);
    }
}

async fn errors_and_faults() {
    let demo = Demo::start().await;
    // One whose contract knows results, two whose answers have none, and one of another kind.
    let some = ["GetCareContacts:3", "GetDiagnosis:2", "GetAlertInformation:2", "GetSubjectOfCareSchedule:1"];
    for (name, list) in contracts().filter(|(name, _)| some.contains(name)) {
        let one = about(&demo, name, list, "191001259827").await;
        assert_eq!((one.records, one.sources.len()), (2, 3), "{name}: {}", one.text);
        let all = about(&demo, name, list, "191001269818").await;
        assert_eq!((all.records, all.sources.len()), (0, 3), "{name}: {}", all.text);
        // Where the contract has a result, it is the aggregating service's own, and the sources' errors are not seen.
        let has_result = one.text.contains("resultCode>INFO<");
        assert_eq!(has_result, all.text.contains("resultCode>INFO<"), "{name}");
        let fault = about(&demo, name, list, "191001279809").await;
        assert_eq!((fault.records, fault.failed()), (2, 1), "{name}: {}", fault.text);
        assert_eq!(fault.sources["SKLTP-MOCK03"], "NoDataSynchFailed 500", "{name}");
        let faults = about(&demo, name, list, "191001289816").await;
        assert_eq!(faults.records, 0, "{name}");
        let expected = THREE.map(|system| (system.to_owned(), "NoDataSynchFailed 500".to_owned()));
        assert_eq!(faults.sources, BTreeMap::from(expected), "{name}");
    }
    let (name, list) = ("GetCareContacts:3", "careContact");
    let informed = about(&demo, name, list, "191001269818").await;
    assert!(informed.text.contains("resultCode>INFO<") && informed.failed() == 0, "{}", informed.text);
}

async fn timeouts() {
    let demo = Demo::start_with(&["properties.vp.defaultReceiveTimeout=4000"]).await;
    let one = diagnoses(&demo, "191001299807").await;
    assert_eq!((one.records, one.failed()), (2, 1), "{}", one.text);
    assert_eq!(one.sources["SKLTP-MOCK03"], "NoDataSynchFailed 504");
    let all = diagnoses(&demo, "191001309812").await;
    assert_eq!((all.records, all.failed()), (0, 3), "{}", all.text);
}

async fn written_contracts() {
    let demo = Demo::start().await;
    let wrapped = |namespace: &str, operation: &str, fields: &str| {
        format!(
            "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header>\
             <h:LogicalAddress xmlns:h='urn:riv:itintegration:registry:1'>5565594230</h:LogicalAddress></e:Header><e:Body>\
             <r:{operation} xmlns:r='{namespace}' xmlns:c='{}'>{fields}</r:{operation}></e:Body></e:Envelope>",
            if operation == "GetCareDocumentation" {
                "urn:riv:clinicalprocess:healthcond:description:3"
            } else {
                "urn:riv:financial:patientfees:exemption:1"
            }
        )
    };
    let patient = |id: &str| {
        format!("<r:patientId><c:root>1.2.752.129.2.1.3.1</c:root><c:extension>{id}</c:extension></r:patientId>")
    };
    let namespace = "urn:riv:clinicalprocess:healthcond:description:GetCareDocumentationResponder:3";
    let message = wrapped(namespace, "GetCareDocumentation", &patient("191001229812"));
    let documents = told(&demo, message, "careDocumentation").await;
    assert_eq!((documents.records, documents.sources.len()), (1_000, 1), "{:?}", documents.sources);
    for more in ["<r:logicalAddress>hasMore_logicalAddress</", "<r:reference>hasMore_reference</"] {
        assert_eq!(documents.text.matches(more).count(), 1, "{more}");
    }

    let namespace = "urn:riv:financial:patientfees:exemption:RequestExemptionStatusesResponder:1";
    let message = wrapped(namespace, "RequestExemptionStatuses", &patient("191003259817"));
    let statuses = told(&demo, message, "none").await;
    assert_eq!(addresses(&statuses), ["LOAD-MOCKS"], "{}", statuses.text);
    assert_eq!(statuses.failed(), 0, "{}", statuses.text);
}

/// An Update with one engagement: a diagnosis.
fn engagement(patient: &str, address: &str) -> String {
    let file = Environment::Demo.file("requests/update.xml").expect("readable").expect("update.xml");
    let known = String::from_utf8(file.contents).expect("UTF-8");
    known.replace("195404039801", patient).replace("SE2321000016-S003", address)
}

async fn nobody_there() {
    let demo = Demo::start().await;
    let hub = demo.platform.address("hub_http").expect("the hub");
    for address in ["TSTNMT2321000156-9999", "HSA-ID-4"] {
        let updated = Ask::post(engagement("191001209814", address)).send(hub).await;
        assert!(updated.status == 200 && updated.text().contains(">OK<"), "{}", updated.text());
    }
    let known = demo.find("191001209814", "clinicalprocess:healthcond:description").await;
    assert_eq!(known.iter().filter(|row| row[0] == "dia").count(), 5, "{known:?}");
    let answered = diagnoses(&demo, "191001209814").await;
    assert_eq!((answered.records, addresses(&answered)), (3, THREE.to_vec()));
    for absent in ["VP007", "HSA-ID-4", "TSTNMT2321000156-9999"] {
        assert!(!answered.text.contains(absent), "{absent}: {}", answered.text);
    }
}

/// The domains and categorizations of what the demo aggregates.
const CATEGORIES: &[(&str, &[&str])] = &[
    ("clinicalprocess:healthcond:description", &["voo", "dia", "upp", "fun-fun"]),
    ("clinicalprocess:logistics:logistics", &["vko", "cll-cp"]),
    ("clinicalprocess:healthcond:actoutcome", &["und-kkm-ure", "und-bdi-ure", "und-ekg-ure", "und-kon-ure"]),
    ("clinicalprocess:activityprescription:actoutcome", &["caa-gmh", "caa-gvh"]),
    ("crm:scheduling", &["Booking"]),
];

/// The file is packed, and this is what stands in it.
async fn engagements() {
    let twenty: Vec<_> = (1..=20).map(|number| format!("SKLTP-MOCK{number:02}")).collect();
    let (three, at) = (&twenty[..3], |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let mut people = vec![
        ("196711222940", at(&["LOAD-MOCKS", "CERT-MOCK"])),
        ("191001209814", three.to_vec()),
        ("191001229812", at(&["SKLTP-MOCK100"])),
        ("191001239803", twenty.clone()),
        ("191003249800", at(&["gemenlogiskadress"])),
        ("191003259817", at(&["LOAD-MOCKS"])),
    ];
    let failing = ["191001249810", "191001259827", "191001269818", "191001279809", "191001289816", "191001299807"];
    people.extend(failing.into_iter().chain(["191001309812"]).map(|patient| (patient, three.to_vec())));
    let mut expected = BTreeSet::new();
    for (patient, addresses) in &people {
        for (domain, categories) in CATEGORIES {
            for (category, address) in categories.iter().flat_map(|one| addresses.iter().map(move |at| (one, at))) {
                let domain = format!("riv:{domain}");
                expected.insert([*patient, &domain, *category, address.as_str(), "20260115120000"].map(str::to_owned));
            }
        }
    }
    let exemption = ["191003259817", "riv:financial:patientfees:exemption", "fpe-es", "LOAD-MOCKS", "20991231000000"];
    expected.insert(exemption.map(str::to_owned));
    let file = Environment::Demo.file("index/acceptance.ndjson.zst").expect("readable").expect("there");
    let text = String::from_utf8(zstd::decode_all(&*file.contents).expect("packed")).expect("UTF-8");
    let keys =
        ["registeredResidentIdentification", "serviceDomain", "categorization", "logicalAddress", "mostRecentContent"];
    let row = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("an object");
        assert_eq!(
            (&row["sourceSystem"], row["dataController"].as_str()),
            (&row["logicalAddress"], Some("5565594230"))
        );
        keys.map(|key| row[key].as_str().expect(key).to_owned())
    };
    let found: Vec<_> = text.lines().map(row).collect();
    assert_eq!(found.len(), expected.len());
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected);
}

async fn certificate() {
    let demo = Demo::start().await;
    let contract = demo.contract("GetDiagnosis:2");
    let patient = "<patientId><id>196711222940</id><type>1.2.752.129.2.1.3.1</type></patientId>";
    let direct = Ask::post(envelope(&contract, "CERT-MOCK", patient)).at("/cert-mock/");
    let producers = demo.platform.address("producers").expect("the producers");
    let refused = direct.send(producers).await;
    assert_eq!(refused.status, 500);
    assert!(refused.text().contains("CERT-MOCK: the caller has shown no certificate"), "{}", refused.text());
    let through = demo.ask("GetDiagnosis:2", "CERT-MOCK", "196711222940", "").await;
    assert_eq!(through.all("diagnosis").count(), 1);
}
