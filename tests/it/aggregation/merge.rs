//! `aggregation.md` §6, 45–56: what becomes of the answers.

use std::sync::Arc;

use tokio::sync::Notify;

use super::contracts::{ALL, Result, of};
use super::world::{Act, Merged, PATIENT, ask, child, entry_of, everywhere, fault, hit, setup, texts};
use crate::support::socket::Nobody;

crate::support::rows::rows! {
    u16;
    45 "records of all, in the order of the calls" => records;
    46 "an entry of a source that answered" => answered;
    47 "an entry of a source that faulted" => faulted;
    48 "all fail: no fault, no records" => all_fail;
    49 "a source that is too late" => late;
    50 "the time for all is up first" => budget;
    51 "a logical error is an answer" => logical_error;
    52 "the result is always the services' own" => result;
    53 "care documentation 3: references are kept, and refused" => has_more;
    54 "exemption statuses: an empty answer" => exemption;
    55 "what is no answer" => no_answer;
    56 "letters arrive unbroken" => letters;
    45 "prefixes mean the same, whatever they are" => prefixes;
    45 "a compressed answer, and one in another character set" => encodings;
    47 "an answer that has to be valid and is not" => invalid;
}

async fn records() {
    let contract = of("GD");
    let acts = [
        ("A", Act::ok(contract.answer("A", 1))),
        ("B", Act::ok(contract.answer("B", 2))),
        ("C", Act::ok(contract.answer("C", 0))),
    ];
    let around = setup("GD", vec![hit("C"), hit("B"), hit("A")]).source(&acts).start().await;
    let answer = around.call().await;
    assert_eq!(answer.records(), ["B", "B", "A"]);
    let statuses = answer.statuses();
    assert!(statuses.len() == 3 && statuses.iter().all(|(_, code)| code == "DataFromSource"), "{statuses:?}");
    // The slowest comes where it was called, not when it came.
    let told = Arc::new(Notify::new());
    let acts = [("A", Act::When(Arc::clone(&told), contract.answer("A", 1)))];
    let around = setup("GD", vec![hit("A"), hit("B")])
        .sources(move |seen| {
            if seen.text("LogicalAddress").as_deref() == Some("A") {
                return acts[0].1.clone();
            }
            told.notify_one();
            Act::ok(contract.answer("B", 1))
        })
        .start()
        .await;
    assert_eq!(around.call().await.records(), ["A", "B"]);
}

async fn answered() {
    let around = setup("GD", vec![hit("A")]).start().await;
    let entry = entry_of(&around.call().await, "A");
    let expected = [
        ("logicalAddress", "A"),
        ("statusCode", "DataFromSource"),
        ("isResponseFromCache", "false"),
        ("isResponseInSynch", "true"),
        // The clock stands at 12:00 in UTC.
        ("lastSuccessfulSynch", "20260302130000"),
    ];
    assert_eq!(entry, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

async fn faulted() {
    for status in [500, 200, 400] {
        let act = Act::Say(status, fault("VP009 [X] Fel &lt;hos&gt; producenten"));
        let around = setup("GD", vec![hit("A"), hit("B")]).source(&[("B", act)]).start().await;
        let answer = around.call().await;
        assert_eq!(answer.records(), ["A"]);
        let expected = [
            ("logicalAddress", "B"),
            ("statusCode", "NoDataSynchFailed"),
            ("isResponseFromCache", "false"),
            ("isResponseInSynch", "false"),
            ("lastUnsuccessfulSynch", "20260302130000"),
            ("lastUnsuccessfulSynchError", ""),
            ("causingAgent", "virtualization_platform"),
            ("code", "500"),
            ("text", "VP009 [X] Fel <hos> producenten"),
        ];
        assert_eq!(entry_of(&answer, "B"), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

async fn all_fail() {
    let around = setup("GD", vec![hit("A"), hit("B"), hit("C")]).sources(|_| Act::fault("no")).start().await;
    let answer = around.call().await;
    assert!(answer.records().is_empty() && !answer.text().contains("faultstring"), "{}", answer.text());
    let statuses = answer.statuses();
    assert!(statuses.len() == 3 && statuses.iter().all(|(_, code)| code == "NoDataSynchFailed"), "{statuses:?}");
}

async fn late() {
    let around = setup("GD", vec![hit("A"), hit("B")])
        .source(&[("A", Act::Never)])
        .property("vp.defaultReceiveTimeout", "300")
        .start()
        .await;
    let answer = around.call().await;
    assert_eq!(answer.records(), ["B"]);
    let entry = entry_of(&answer, "A");
    assert_eq!((child(&entry, "code"), child(&entry, "statusCode")), (Some("504"), Some("NoDataSynchFailed")));
    let text = child(&entry, "text").expect("a text").to_lowercase();
    assert!(text.contains("timeout") || text.contains("timed out"), "{text}");
    // One service's own patience.
    let around = setup("GD", vec![hit("A")])
        .source(&[("A", Act::Never)])
        .property("getaggregateddiagnosis.v2.receiveTimeout", "100")
        .start()
        .await;
    assert_eq!(child(&entry_of(&around.call().await, "A"), "code"), Some("504"));
}

async fn budget() {
    let around = setup("GD", vec![hit("A"), hit("B"), hit("C")])
        .source(&[("A", Act::Never)])
        .property("aggregate.timeout", "300")
        .start()
        .await;
    let answer = around.call().await;
    assert_eq!(answer.records(), ["B", "C"]);
    let last = answer.entries().pop().expect("entries");
    assert_eq!(child(&last, "logicalAddress"), Some("A"));
    assert_eq!((child(&last, "code"), child(&last, "text")), (Some("43000"), Some("Unknown error")));
}

async fn logical_error() {
    let contract = of("GLOO3");
    let error = "<r:result><c:resultCode>ERROR</c:resultCode><c:logId>x</c:logId><c:message>Fel</c:message></r:result>";
    let act = Act::ok(contract.answer_with(error));
    let around = setup("GLOO3", vec![hit("A"), hit("B")]).source(&[("A", act)]).start().await;
    let answer = around.call().await;
    assert_eq!(answer.records(), ["B"]);
    assert!(answer.statuses().iter().all(|(_, code)| code == "DataFromSource"));
    assert!(!answer.text().contains("ERROR") && !answer.text().contains("Fel"), "{}", answer.text());
}

async fn result() {
    let tags: Vec<_> = ALL.iter().map(|contract| contract.tag).collect();
    let around = setup("GD", Vec::new()).tak(everywhere(&tags)).start().await;
    for contract in ALL {
        let answer = around.send(ask(contract, contract.request(PATIENT))).await;
        assert_eq!(answer.status, 200, "{}: {}", contract.tag, answer.text());
        let found = |name| texts(&answer.text(), name);
        let (code, log): (&[&str], &[&str]) = match contract.result {
            Result::None => (&[], &[]),
            Result::Info => (&["INFO"], &[]),
            Result::InfoNa => (&["INFO"], &["NA"]),
        };
        assert_eq!((found("resultCode"), found("logId")), (strings(code), strings(log)), "{}", contract.tag);
        assert!(found("errorCode").is_empty() && found("message").is_empty());
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

async fn has_more() {
    let contract = of("GCD3");
    let one = |source: &str| {
        Act::ok(contract.answer_with(&format!(
            "<r:careDocumentation><c:system>{source}</c:system></r:careDocumentation><r:hasMore><r:logicalAddress>{source}\
             </r:logicalAddress><r:reference>more-{source}</r:reference></r:hasMore>"
        )))
    };
    let around = setup("GCD3", vec![hit("A"), hit("B")]).source(&[("A", one("A")), ("B", one("B"))]).start().await;
    let answer = around.call().await;
    assert_eq!(
        (answer.records(), texts(&answer.text(), "reference")),
        (strings(&["A", "B"]), strings(&["more-A", "more-B"]))
    );
    // As the schema has it: documents, then references, then the result.
    let text = answer.text();
    let at = |part: &str| text.rfind(part).expect(part);
    assert!(at("careDocumentation>") < text.find("hasMore>").expect("hasMore") && at("hasMore>") < at("resultCode>"));
    let before = around.index.seen().len();
    let refused = around.call_with("<r:hasMoreReference><r:reference>more-A</r:reference></r:hasMoreReference>").await;
    let expected = "Parametern hasMoreReference skall inte användas i anrop till aggregerande tjänst";
    assert_eq!(refused.fault_string(), expected);
    assert_eq!(around.index.seen().len(), before);
    // It is asked without a patient as well; others are not.
    let answer = around.send(ask(contract, contract.request_with(""))).await;
    assert_eq!((answer.status, around.index.seen().len()), (200, before + 1));
    assert_eq!(around.index.seen()[before].text("registeredResidentIdentification"), None);
    let around = setup("GD", vec![]).start().await;
    assert!(!around.send(ask(around.contract, around.contract.request_with(""))).await.fault_string().is_empty());
}

async fn exemption() {
    let contract = of("RES");
    let full = Act::ok(contract.answer_with("<r:result>x</r:result>"));
    let around = setup("RES", vec![hit("A"), hit("B")]).source(&[("A", full)]).start().await;
    let answer = around.call().await;
    assert_eq!(answer.statuses().len(), 2);
    let empty = format!(
        "<RequestExemptionStatusesResponse xmlns=\"{}\"></RequestExemptionStatusesResponse>",
        contract.responder()
    );
    assert!(answer.text().contains(&empty), "{}", answer.text());
}

async fn no_answer() {
    let acts = [
        ("hello", Act::Raw("text/plain", b"Hello World!".to_vec())),
        ("html", Act::Raw("text/html", b"<html><body>x</body></html>".to_vec())),
        ("cut", Act::ok(of("GD").answer("cut", 1).replace("</e:Envelope>", ""))),
        ("other", Act::ok(of("GIO").answer("other", 1))),
        ("status", Act::Say(503, "away".to_owned())),
        ("close", Act::Close),
        ("latin", Act::Raw("text/xml;charset=UTF-8", b"<a>\xe5</a>".to_vec())),
    ];
    let hits = acts.iter().map(|(address, _)| hit(address)).chain([hit("good")]).collect();
    let around = setup("GD", hits).source(&acts).start().await;
    let answer = around.call().await;
    assert_eq!(answer.records(), ["good"]);
    for (address, _) in acts {
        let entry = entry_of(&answer, address);
        assert_eq!(child(&entry, "code"), Some("43000"), "{address}: {entry:?}");
        assert!(child(&entry, "text").is_some_and(|text| !text.is_empty()), "{address}");
    }
    let nobody = Nobody::there();
    let around = setup("GD", vec![hit("A")]).sources_at(&format!("http://{}/", nobody.address)).start().await;
    let entry = entry_of(&around.call().await, "A");
    assert_eq!(child(&entry, "code"), Some("43000"), "{entry:?}");
    assert!(child(&entry, "text").is_some_and(|text| text.contains("Connection refused")), "{entry:?}");
    // Nothing in the body is an answer without records.
    let empty = "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body/></e:Envelope>";
    let around = setup("GD", vec![hit("A")]).sources(move |_| Act::ok(empty)).start().await;
    assert_eq!(around.call().await.statuses()[0].1, "DataFromSource");
}

async fn letters() {
    let twice = "Felet är åtgärdat".bytes().map(char::from).collect::<String>();
    let acts = [("A", Act::fault("Felet är åtgärdat")), ("B", Act::fault(&twice))];
    let around = setup("GD", vec![hit("A"), hit("B")]).source(&acts).start().await;
    let answer = around.call().await;
    for address in ["A", "B"] {
        assert_eq!(child(&entry_of(&answer, address), "text"), Some("Felet är åtgärdat"));
    }
}

/// What each element of an answer's body means: its namespace and name, in order.
fn meaning(text: &str) -> Vec<String> {
    let mut reader = anslut::soap::xml::reader::Reader::new(text.as_bytes());
    let mut found = Vec::new();
    while let Some(token) = reader.next().expect("well-formed") {
        if let anslut::soap::xml::reader::Token::Start(name) = token {
            let namespace = reader.namespaces().resolve(name.prefix()).unwrap_or_default();
            found.push(format!("{} {}", String::from_utf8_lossy(namespace), String::from_utf8_lossy(name.local())));
        }
    }
    found
}

async fn prefixes() {
    let contract = of("GD");
    let (responder, core) = (contract.responder(), contract.core());
    let inside = |open: &str, record: &str| {
        format!(
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>{open}{record}</{}></s:Body></s:Envelope>",
            open.trim_start_matches('<').split(' ').next().expect("a name")
        )
    };
    let acts = [
        inside(
            &format!("<GetDiagnosisResponse xmlns='{responder}' xmlns:n='{core}'>"),
            "<diagnosis><n:system>A</n:system></diagnosis>",
        ),
        inside(
            &format!("<n:GetDiagnosisResponse xmlns:n='{responder}' xmlns='{core}'>"),
            "<n:diagnosis><system>B</system></n:diagnosis>",
        ),
        inside(
            &format!("<x:GetDiagnosisResponse xmlns:x='{responder}'>"),
            &format!("<x:diagnosis xmlns='{core}'><system>C</system></x:diagnosis>"),
        ),
        inside(
            &format!("<c:GetDiagnosisResponse xmlns:c='{responder}' xmlns:soap='{core}'>"),
            "<c:diagnosis><soap:system>D</soap:system></c:diagnosis>",
        ),
    ];
    let addresses = ["A", "B", "C", "D"];
    let acts: Vec<_> = addresses.into_iter().zip(acts.map(Act::ok)).collect();
    let around = setup("GD", addresses.map(hit).to_vec()).source(&acts).start().await;
    let answer = around.call().await;
    assert_eq!(answer.records(), addresses, "{}", answer.text());
    let meaning = meaning(&answer.text());
    let expected = [format!("{responder} diagnosis"), format!("{core} system")];
    let from =
        meaning.iter().position(|name| *name == format!("{responder} GetDiagnosisResponse")).expect("the response");
    assert_eq!(meaning[from + 1..], expected.iter().cycle().take(8).cloned().collect::<Vec<_>>(), "{}", answer.text());
}

async fn encodings() {
    use std::io::Write;
    let contract = of("GD");
    let latin = contract.answer("åäö", 1).replace("encoding=\"UTF-8\"", "encoding=\"ISO-8859-1\"");
    let latin: Vec<u8> = latin.chars().map(|c| u8::try_from(u32::from(c)).expect("latin")).collect();
    let acts = [("A", Act::Raw("text/xml", latin))];
    let around = setup("GD", vec![hit("A")]).source(&acts).start().await;
    assert_eq!(around.call().await.records(), ["åäö"]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(contract.answer("packed", 3).as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let around = setup("GD", vec![hit("A")]).sources(move |_| Act::Packed(packed.clone())).start().await;
    assert_eq!(around.call().await.records(), ["packed"; 3]);
    assert_eq!(around.sources.only().header("accept-encoding"), Some("gzip"));
}

async fn invalid() {
    let contract = of("GD");
    let bad = contract.answer_with("<r:diagnosis><c:system>bad</c:system></r:diagnosis>");
    let act = Act::ok(bad);
    let around = setup("GD", vec![hit("A")]).source(&[("A", act.clone())]).start().await;
    assert_eq!(around.call().await.records(), ["bad"], "nobody looks unless told to");
    let around = setup("GD", vec![hit("A"), hit("B")])
        .source(&[("A", act), ("B", Act::ok(contract.answer("B", 0)))])
        .property("getaggregateddiagnosis.v2.enableSchemaValidation", "true")
        .start()
        .await;
    let answer = around.call().await;
    assert!(answer.records().is_empty(), "{}", answer.text());
    let entry = entry_of(&answer, "A");
    assert!(child(&entry, "text").is_some_and(|text| text.contains("cvc-")), "{entry:?}");
    assert_eq!(child(&entry_of(&answer, "B"), "statusCode"), Some("DataFromSource"));
}
