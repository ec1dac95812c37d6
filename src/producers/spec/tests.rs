//! What files say, and what is said about files that cannot be used.

use std::time::Duration;

use crate::domain::problem::Severity;
use crate::producers::behaviour::delay::Delay;
use crate::producers::tests::{answered, get_diagnosis, loaded, post, sound, text_of};

/// The problems of one mapping file, as `line severity message`.
fn complaints(mapping: &str) -> Vec<String> {
    let (_, problems) = loaded(&[("x/mappings/a.json", mapping), ("x/__files/ok.xml", "<ok/>")]);
    let word = |severity| if severity == Severity::Error { "error" } else { "warning" };
    problems.iter().map(|found| format!("{} {} {}", found.line, word(found.severity), found.message)).collect()
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_its_line() {
    let cases = [
        ("{\n\"request\": {},\n", "3 error not JSON: EOF while parsing"),
        ("[]", "1 error expected one stub, or an object with \"mappings\""),
        ("{\"mappings\":\n 7}", "2 error \"mappings\" is not a list"),
        ("{\"mappings\": [\n 7]}", "2 error a stub is an object"),
        ("{\"name\": \"n\",\n\"request\": {}}", "1 error stub \"n\" is inactive: it has no \"response\""),
    ];
    for (mapping, expected) in cases {
        let found = complaints(mapping);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{mapping}\n{found:?}\n{expected}");
    }
}

#[test]
fn a_field_that_cannot_be_honoured_is_named_with_its_line_and_what_was_expected() {
    let cases = [
        (r#""color": 1"#, r#"3 warning stub "n": unknown field "color" has no effect"#),
        (
            r#""requiredScenarioState": "s""#,
            r#"1 error stub "n" is inactive: it names a scenario state and no scenarioName"#,
        ),
        (r#""postServeActions": [{}]"#, r#"3 warning stub "n" is inactive: "postServeActions" is not supported"#),
        (r#""priority": 0"#, r#"3 error stub "n" is inactive: priority is 0, expected a number, 1 or more"#),
        (r#""request": {"customMatcher": {}}"#, r#"3 warning stub "n" is inactive: request field "customMatcher" is"#),
        (
            r#""request": {"riv": {"contrakt": "A"}}"#,
            r#"3 error stub "n" is inactive: unknown condition "riv.contrakt", expected contract,"#,
        ),
        (
            r#""request": {"riv": {"contract": "Get Diagnosis"}}"#,
            r#"3 error stub "n" is inactive: riv.contract "Get Diagnosis" is no contract, expected"#,
        ),
        (
            r#""request": {"urlPattern": "("}"#,
            r#"3 error stub "n" is inactive: urlPattern "(" is not a regular expression we can run: unclosed group"#,
        ),
        (
            r#""request": {"url": "/a", "urlPath": "/a"}"#,
            r#"3 error stub "n" is inactive: only one of url, urlPath, urlPattern, urlPathPattern and urlPathTemplate may"#,
        ),
        (
            r#""request": {"bodyPatterns": [{"equalToXml": "<a>"}]}"#,
            r#"3 error stub "n" is inactive: equalToXml is not XML: "#,
        ),
        (
            r#""request": {"bodyPatterns": [{"matchesXPath": "//p:a", "xPathNamespaces": {"q": "urn:q"}}]}"#,
            r#"3 error stub "n" is inactive: matchesXPath "//p:a" cannot be used: the prefix "p" is not in"#,
        ),
        (
            r#""request": {"bodyPatterns": [{"sounds": "like"}]}"#,
            r#"3 warning stub "n" is inactive: condition "sounds" on bodyPatterns is not supported"#,
        ),
    ];
    for (field, expected) in cases {
        let found = complaints(&format!("{{\n\"name\": \"n\", \"response\": {{}},\n{field}}}"));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{field}\n{found:?}\n{expected}");
    }
}

#[test]
fn a_response_that_cannot_be_given_is_named_with_what_was_expected() {
    let cases = [
        (r#""status": 99"#, "status is 99, expected a status from 200 to 599"),
        (r#""bodyFileName": "a/../../b""#, r#"bodyFileName "a/../../b" leads out of __files"#),
        (r#""bodyFileName": "none.xml""#, r#"bodyFileName "none.xml" is not among the files of __files"#),
        (r#""fault": "BANG""#, r#"fault is "BANG", expected EMPTY_RESPONSE, MALFORMED_RESPONSE_CHUNK,"#),
        (r#""transformers": ["webhook"]"#, r#"transformer "webhook" is not supported"#),
        (r#""delayDistribution": {"type": "uniform", "lower": 2, "upper": 1}"#, "delayDistribution is {"),
        (r#""body": "a", "bodyFileName": "ok.xml""#, "only one of body and bodyFileName may be given"),
        (
            r#""body": "{{never}}", "transformers": ["response-template"]"#,
            r#"line 1 of its body: template expression "never" is not supported, only"#,
        ),
    ];
    for (field, expected) in cases {
        let found = complaints(&format!("{{\"response\": {{{field}}}}}"));
        let inactive = format!("stub \"a\" is inactive: {expected}");
        assert!(found.len() == 1 && found[0].contains(&inactive), "{field}\n{found:?}\n{expected}");
    }
    let framing = complaints(r#"{"response": {"headers": {"Content-Length": "7"}}}"#);
    assert_eq!(framing, [r#"1 warning stub "a": response header "Content-Length" has no effect"#]);
}

#[tokio::test]
async fn an_inactive_stub_never_serves_and_says_why() {
    let mapping = r#"{"name": "n", "request": {"customMatcher": {}}, "response": {"body": "served"}}"#;
    let (producers, problems) = loaded(&[("x/mappings/a.json", mapping)]);
    assert_eq!(problems.len(), 1);
    let (status, text) = text_of(&producers, "x", post("/", "")).await;
    assert_eq!(status, 500);
    assert!(text.contains("anslut: x has no answer for POST /; it has no stubs"), "{text}");
    let system = producers.system("x").unwrap();
    assert_eq!(system.inactive()[0].why, "request field \"customMatcher\" is not supported");
    assert!(system.index().contains("inactive: request field"));
}

#[test]
fn producer_toml_names_the_nearest_key_and_keeps_a_system_that_cannot_be_read_out() {
    let cases = [
        ("nam = \"A\"", 1, "unknown key \"nam\", the nearest known one is \"name\""),
        (
            "\n[limits]\nbody_byte_max = 1",
            3,
            "unknown key \"body_byte_max\", the nearest known one is \"body_bytes_max\"",
        ),
        ("miss = \"fault\"", 1, "miss is \"fault\", expected \"soap-fault\" or \"404\""),
        ("contracts = [\n\"Get:Diagnosis\"]", 1, "contracts: \"Get:Diagnosis\" is no contract, expected"),
        ("limits = { delayed_max = 0 }", 1, "limits.delayed_max: expected a whole number, 1 or more"),
        ("delay = { distribution = \"uniform\", lower = 5, upper = 1 }", 1, "delay: expected a table with"),
        ("name = ", 1, "not TOML:"),
        ("[tls]", 1, "tls.listen is missing"),
    ];
    for (toml, line, expected) in cases {
        let (producers, problems) = loaded(&[("x/producer.toml", toml)]);
        assert!(producers.system("x").is_none(), "{toml}");
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!((problems[0].line, problems[0].is_error()), (line, true), "{toml}");
        assert!(problems[0].message.starts_with(expected), "{toml}: {}", problems[0].message);
    }
    let (_, problems) = loaded(&[("Journal A/producer.toml", "")]);
    assert!(problems[0].message.contains("is no name for a system"), "{problems:?}");
}

#[test]
fn producer_toml_is_read_into_units_and_bounds() {
    let toml = "name = \"Journal\"\nhsa_id = \"SE-1\"\nlogical_addresses = [\"SE-1\"]\naddress_miss = \"serve\"\n\
                contracts = \"all\"\nmiss = \"404\"\n[delay]\ndistribution = \"fixed\"\nmilliseconds = 0x10\n\
                [limits]\nconcurrency_max = 3\ndelayed_max = 4\nbody_bytes_max = 5\n";
    let producers = sound(&[("x/producer.toml", toml)]);
    let read = producers.system("x").unwrap().files();
    let read = &read.producer;
    assert_eq!((read.name.as_deref(), read.hsa_id.as_deref()), (Some("Journal"), Some("SE-1")));
    assert!(read.serves_other_addresses && read.contracts.is_none());
    assert_eq!(read.delay, Delay::Fixed(16));
    assert_eq!((read.limits.concurrency_max, read.limits.delayed_max, read.limits.body_bytes_max), (3, 4, 5));
}

#[tokio::test]
async fn contracts_and_addresses_that_are_not_the_systems_get_a_fault() {
    let stub = r#"{"request": {}, "response": {"body": "served"}}"#;
    let ask = |toml: &str| {
        let producers = sound(&[("x/mappings/a.json", stub), ("x/producer.toml", toml)]);
        async move { text_of(&producers, "x", post("/", &get_diagnosis("SE-1", "191212121212"))).await }
    };
    assert_eq!(ask("contracts = [\"GetDiagnosis:2\"]\nlogical_addresses = [\"se-1\"]").await, (200, "served".into()));
    let (status, text) = ask("contracts = [\"GetDiagnosis:3\"]").await;
    assert_eq!(status, 500);
    assert!(text.contains("anslut: x does not have the contract GetDiagnosis 2; it has GetDiagnosis:3"), "{text}");
    let (_, text) = ask("logical_addresses = [\"SE-2\"]").await;
    assert!(text.contains("anslut: x does not answer for SE-1; it answers for SE-2"), "{text}");
    assert_eq!(ask("logical_addresses = [\"SE-2\"]\naddress_miss = \"serve\"").await.1, "served");
}

#[tokio::test]
async fn a_miss_names_system_operation_address_and_nearest_stub_but_no_patient() {
    let stub =
        |name: &str, riv: &str| format!(r#"{{"name": "{name}", "request": {{"riv": {{{riv}}}}}, "response": {{}}}}"#);
    let far = stub("vaccinations", r#""contract": "GetVaccinationHistory:2""#);
    let near = stub("of 191212121212", r#""contract": "GetDiagnosis:2", "patient": "191212121212""#);
    let files = [("x/mappings/a.json", far.as_str()), ("x/mappings/b.json", near.as_str())];
    let request = || post("/", &get_diagnosis("SE-1", "195404039801"));
    let (status, text) = text_of(&sound(&files), "x", request()).await;
    assert_eq!(status, 500);
    let expected = "<faultcode>SOAP-ENV:Client</faultcode><faultstring>anslut: x has no answer for GetDiagnosis 2 at SE-1; \
                    nearest: of 19xxxxxx-xxxx (riv.patient is another)</faultstring>";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("vaccinations (") && !text.contains("195404039801") && !text.contains("191212121212"));

    let plain = sound(&[files[0], files[1], ("x/producer.toml", "miss = \"404\"")]);
    let response = answered(&plain, "x", request()).await.unwrap();
    assert_eq!(response.status().as_u16(), 404);
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");

    let other = stub("n", r#""contract": "urn:riv:other:GetDiagnosisResponder:2""#);
    let (_, text) = text_of(&sound(&[("x/mappings/a.json", &other)]), "x", request()).await;
    assert!(text.contains("namespace differs: is urn:riv:clinicalprocess"), "{text}");
}

#[tokio::test]
async fn a_miss_quotes_the_beginning_of_what_it_was_asked_and_cuts_no_identity_in_two() {
    let stub = r#"{"request": {"riv": {"logicalAddress": "SE-2"}}, "response": {}}"#;
    let address = format!("{}191212121212{}", "A".repeat(110), "B".repeat(1_000_000));
    let call = post("/", &get_diagnosis(&address, "191212121212"));
    let (_, text) = text_of(&sound(&[("x/mappings/a.json", stub)]), "x", call).await;
    assert!(text.len() < 2_000 && text.contains("A19xxxxxx-x…"), "{} bytes: {:.900}", text.len(), text);
}

#[tokio::test]
async fn limits_answer_with_the_reason() {
    let slow = r#"{"request": {}, "response": {"body": "late", "fixedDelayMilliseconds": 200}}"#;
    let toml = "[limits]\ndelayed_max = 1\nbody_bytes_max = 10\n";
    let producers = sound(&[("x/mappings/a.json", slow), ("x/producer.toml", toml)]);
    let (status, text) = text_of(&producers, "x", post("/", "eleven byte")).await;
    assert_eq!((status, text.as_str()), (413, "anslut: x takes bodies of at most 10 bytes (limits.body_bytes_max)\n"));

    let call = || text_of(&producers, "x", post("/", ""));
    let (first, second) = tokio::join!(call(), call());
    assert_eq!(first, (200, "late".to_owned()));
    assert_eq!(second, (503, "anslut: x has 1 delayed calls already (limits.delayed_max)\n".to_owned()));
    assert_eq!(call().await.0, 200, "the place is free again");
}

#[tokio::test]
async fn an_answer_in_xml_has_a_content_type_and_keeps_its_own() {
    let own = r#"{"body": "<a/>", "headers": {"Content-Type": "text/plain", "b": ["1", "2"]}}"#;
    let mapping = format!(
        r#"{{"mappings": [
        {{"request": {{"urlPath": "/file"}}, "response": {{"bodyFileName": "./sub/a.xml", "status": 201}}}},
        {{"request": {{"urlPath": "/own"}}, "response": {own}}}]}}"#
    );
    let producers = sound(&[("x/mappings/a.json", &mapping), ("x/__files/sub/a.xml", "\n<å/>")]);
    let file = answered(&producers, "x", post("/x/file", "")).await.unwrap();
    assert_eq!((file.status().as_u16(), file.body().as_ref()), (201, "\n<å/>".as_bytes()));
    assert_eq!(file.headers()["content-type"], "text/xml; charset=UTF-8");
    let own = answered(&producers, "x", post("/x/own", "")).await.unwrap();
    assert_eq!(own.headers()["content-type"], "text/plain");
    assert_eq!(own.headers().get_all("b").iter().count(), 2);
}

#[test]
fn a_delay_beyond_the_limit_is_cut_and_said_to_be() {
    let (producers, problems) =
        loaded(&[("x/mappings/a.json", r#"{"response": {"fixedDelayMilliseconds": 99999999}}"#)]);
    assert!(problems[0].message.contains("what exceeds 600000 ms of a delay of 99999999 ms has no effect"));
    let decision = producers.system("x").unwrap().decide(post("/", ""));
    assert_eq!(decision.delay, Duration::from_secs(600));
}
