//! Each matcher, through a stub in a file: what fits gets `yes`, anything else the fallback's `no`.

use bytes::Bytes;
use http::Request;

use crate::producers::tests::{envelope, get_diagnosis, post, sound, text_of};

/// Whether a request fits a stub whose `request` is this JSON.
async fn fits(condition: &str, request: Request<Bytes>) -> bool {
    let yes = format!(r#"{{"request": {condition}, "response": {{"body": "yes"}}}}"#);
    let no = r#"{"priority": 9, "request": {}, "response": {"body": "no"}}"#;
    let producers = sound(&[("x/mappings/a.json", &yes), ("x/mappings/b.json", no)]);
    match text_of(&producers, "x", request).await.1.as_str() {
        "yes" => true,
        "no" => false,
        other => panic!("an answer of neither stub: {other}"),
    }
}

#[tokio::test]
async fn method_and_url() {
    let cases = [
        (r#"{"method": "POST"}"#, "/x/a", true),
        (r#"{"method": "ANY"}"#, "/x/a", true),
        (r#"{"method": "post"}"#, "/x/a", false),
        (r#"{"method": "GET"}"#, "/x/a", false),
        (r#"{"url": "/a?b=1"}"#, "/x/a?b=1", true),
        (r#"{"url": "/a"}"#, "/x/a?b=1", false),
        (r#"{"urlPath": "/a"}"#, "/x/a?b=1", true),
        (r#"{"urlPath": "/x/a"}"#, "/x/a", true),
        (r#"{"urlPath": "/"}"#, "/x", true),
        (r#"{"urlPath": "/a"}"#, "/xa", false),
        (r#"{"urlPattern": "/a\\?b=[0-9]"}"#, "/x/a?b=1", true),
        (r#"{"urlPattern": "/a"}"#, "/x/a/more", false),
        (r#"{"urlPathPattern": "/a/.*"}"#, "/x/a/b?c", true),
    ];
    for (condition, target, expected) in cases {
        assert_eq!(fits(condition, post(target, "")).await, expected, "{condition} {target}");
    }
}

#[tokio::test]
async fn headers() {
    let cases = [
        (r#"{"equalTo": "One"}"#, true),
        (r#"{"equalTo": "one"}"#, false),
        (r#"{"equalTo": "one", "caseInsensitive": true}"#, true),
        (r#"{"equalTo": "Two"}"#, true),
        (r#"{"contains": "ne"}"#, true),
        (r#"{"contains": "four"}"#, false),
        (r#"{"matches": "O.e"}"#, true),
        (r#"{"matches": "O"}"#, false),
        (r#"{"matches": "x|One"}"#, true),
        (r#"{"doesNotMatch": ".*e|.*o"}"#, false),
        (r#"{"absent": true}"#, false),
        (r#"{"absent": false}"#, true),
    ];
    for (matcher, expected) in cases {
        let mut request = post("/x", "");
        request.headers_mut().append("a", "One".parse().unwrap());
        request.headers_mut().append("a", "Two".parse().unwrap());
        assert_eq!(fits(&format!(r#"{{"headers": {{"A": {matcher}}}}}"#), request).await, expected, "{matcher}");
    }
    assert!(fits(r#"{"headers": {"b": {"absent": true}}}"#, post("/x", "")).await);
    // What is missing is accepted by `absent` alone.
    assert!(!fits(r#"{"headers": {"b": {"doesNotContain": "q"}}}"#, post("/x", "")).await);
}

#[tokio::test]
async fn riv_contract_and_address_and_patient() {
    let cases = [
        (r#"{"contract": "GetDiagnosis:2"}"#, true),
        (r#"{"contract": "GetDiagnosis"}"#, true),
        (r#"{"contract": "urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2"}"#, true),
        (r#"{"contract": "urn:riv:other:GetDiagnosisResponder:2"}"#, false),
        (r#"{"contract": "GetDiagnosis:3"}"#, false),
        (r#"{"contract": "getdiagnosis:2"}"#, false),
        (r#"{"contract": "Diagnosis"}"#, false),
        (r#"{"logicalAddress": "se-1"}"#, true),
        (r#"{"logicalAddress": {"matches": "SE-.*"}}"#, true),
        (r#"{"logicalAddress": "SE-2"}"#, false),
        (r#"{"patient": "19121212-1212"}"#, true),
        (r#"{"patient": ["191001219805", "191212121212"]}"#, true),
        (r#"{"patient": {"matches": "1912.*"}}"#, true),
        (r#"{"patient": "191001219805"}"#, false),
        (r#"{"profile": "RIVTABP21"}"#, true),
        (r#"{"contract": "GetDiagnosis:2", "patient": "191001219805"}"#, false),
    ];
    for (riv, expected) in cases {
        let request = post("/x", &get_diagnosis("SE-1", "191212121212"));
        assert_eq!(fits(&format!(r#"{{"riv": {riv}}}"#), request).await, expected, "{riv}");
    }
    let hyphened = post("/x", &get_diagnosis("SE-1", "19121212-1212"));
    assert!(fits(r#"{"riv": {"patient": "191212121212"}}"#, hyphened).await);
}

#[tokio::test]
async fn riv_headers() {
    let with = |name: &'static str, value: &'static str| {
        let mut request = post("/x", "");
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    let sender = r#"{"riv": {"sender": {"matches": "SE-.*"}}}"#;
    assert!(fits(sender, with("x-vp-sender-id", "SE-7")).await);
    assert!(!fits(sender, post("/x", "")).await);
    let absent = r#"{"riv": {"originalConsumer": {"absent": true}}}"#;
    assert!(fits(absent, post("/x", "")).await);
    assert!(!fits(absent, with("x-rivta-original-serviceconsumer-hsaid", "")).await, "an empty header is there");
    let correlated = r#"{"riv": {"correlationId": "c-1"}}"#;
    assert!(fits(correlated, with("x-skltp-correlation-id", "c-1")).await);
}

#[tokio::test]
async fn bodies() {
    let body = "<a>\nåäö 1</a>";
    let cases = [
        (r#"[{"contains": "åäö"}]"#, true),
        (r#"[{"contains": "åäö"}, {"contains": "nej"}]"#, false),
        (r#"[{"matches": "<a>.*[0-9]</a>"}]"#, true),
        (r#"[{"matches": "åäö"}]"#, false),
        (r#"[{"equalTo": "<a>\nåäö 1</a>"}]"#, true),
        (r#"[{"doesNotContain": "åäö"}]"#, false),
    ];
    for (patterns, expected) in cases {
        assert_eq!(fits(&format!(r#"{{"bodyPatterns": {patterns}}}"#), post("/x", body)).await, expected, "{patterns}");
    }
    // No XML at all fails a riv condition, and raises nothing.
    assert!(!fits(r#"{"riv": {"contract": "GetDiagnosis"}}"#, post("/x", "not XML <")).await);
    assert!(!fits(r#"{"riv": {"patient": "191212121212"}}"#, post("/x", "\u{0}<<<")).await);
}

#[tokio::test]
async fn the_patient_is_found_in_every_shape_contracts_give_it() {
    let found = [
        "<o><patientId><id>191212121212</id><type>t</type></patientId></o>",
        "<o><patientId><root>r</root><extension>191212121212</extension></patientId></o>",
        "<o><a><personId root='r' extension='191212121212'/></a></o>",
        "<o><registeredResidentIdentification> 191212121212 </registeredResidentIdentification></o>",
        "<o><subject_of_care>191212121212</subject_of_care></o>",
        "<o><subjectOfCareId><![CDATA[191212121212]]></subjectOfCareId></o>",
        "<o><patientId/><personId>191212121212</personId></o>",
        "<o><subject_of_care_info><phone>0</phone></subject_of_care_info><personId>191212121212</personId></o>",
    ];
    let condition = r#"{"riv": {"patient": "191212121212"}}"#;
    for body in found {
        assert!(fits(condition, post("/x", &envelope("A", body))).await, "{body}");
    }
    let absent = ["<o><patientId/><note>191212121212</note></o>", "<o><id>191212121212</id></o>", "<o/>"];
    for body in absent {
        assert!(!fits(condition, post("/x", &envelope("A", body))).await, "{body}");
    }
    let far = format!("<o>{}<patientId>191212121212</patientId></o>", "<a/>".repeat(5_000));
    assert!(!fits(condition, post("/x", &envelope("A", &far))).await, "the search is bounded");
}

#[tokio::test]
async fn the_lowest_number_wins_then_the_one_added_last() {
    let stub =
        |body: &str, priority: &str| format!(r#"{{{priority} "request": {{}}, "response": {{"body": "{body}"}}}}"#);
    let first = format!(r#"{{"mappings": [{}, {}]}}"#, stub("early", ""), stub("late", ""));
    let files = [("x/mappings/a.json", first.as_str())];
    assert_eq!(text_of(&sound(&files), "x", post("/", "")).await.1, "late");
    let urgent = stub("urgent", "\"priority\": 1,");
    let later = stub("later", "");
    let files = [("x/mappings/0.json", urgent.as_str()), files[0], ("x/mappings/deep/b.json", later.as_str())];
    assert_eq!(text_of(&sound(&files), "x", post("/", "")).await.1, "urgent");
    assert_eq!(text_of(&sound(&files[1..]), "x", post("/", "")).await.1, "later");
}
