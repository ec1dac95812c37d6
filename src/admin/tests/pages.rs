//! The pages: what they show, and that nothing a consumer writes becomes markup.

use super::samples::CONTRACT;
use super::*;
use crate::contracts::validate::{Options, Target, validate};

#[tokio::test]
async fn hostile_values_are_shown_and_never_obeyed() {
    let router = router(parts());
    let evil = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22'%26";
    let targets = [
        "/".to_owned(),
        "/calls/3".to_owned(),
        "/calls/5".to_owned(),
        format!("/calls/{evil}"),
        format!("/catalogue/{evil}"),
        format!("/?sender={evil}&contract={evil}&address={evil}&correlation_id={evil}"),
        format!("/?code={evil}&outcome={evil}"),
        format!("/?{evil}=1"),
        format!("/contracts?q={evil}&domain={evil}&state={evil}"),
        format!("/contracts/{evil}?minor={evil}"),
        format!("/contracts/{evil}/file?name={evil}"),
        format!("/contracts/GetDiagnosis:2/file?name={evil}"),
        format!("/explain?contract={evil}&address={evil}&sender={evil}"),
        format!("/connections?party={evil}&service={evil}"),
        format!("/connections?state={evil}"),
        format!("/connections/{evil}"),
        "/connections".to_owned(),
        "/connections/c".to_owned(),
        format!("/explain?contract=c&address=a&sender=s&at={evil}&profile={evil}"),
    ];
    for target in targets {
        let answer = get(&router, &target).await;
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{target}");
        let text = answer.text.replace("<script src=\"/assets/live.js\" defer></script>", "");
        for markup in ["<script", "<img src=x", "<b>unknown", "\"'&\"", "onerror=alert(1)>"] {
            assert!(!text.contains(markup), "{markup} in {target}: {text}");
        }
    }
    let call = get(&router, "/calls/3").await.text;
    assert!(call.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;"), "shown as it was sent");
}

#[tokio::test]
async fn each_page_shows_what_it_is_for() {
    let router = router(parts());
    let explain = format!("/explain?contract={CONTRACT}&address=Nobody&sender=S");
    let cases: &[(&str, u16, &[&str])] = &[
        ("/", 200, &["href=\"/calls/5\"", "VP004", "GetCareDocumentation", "since_id=5", "failed at route"]),
        ("/?code=VP004", 200, &["href=\"/calls/2\"", "code=VP004&amp;since_id=2"]),
        ("/?code=VP001", 200, &["No call matches the filter", "code=VP001&amp;since_id=0"]),
        ("/?limit=0", 400, &["a whole number from 1 to 500"]),
        ("/calls/1", 200, &["passed", "What the hub knew", "Request to the producer", "&lt;urn:LogicalAddress&gt;"]),
        (
            "/calls/2",
            200,
            &["VP004 · Client fault", "VP004 [NTjP Develop]", "What to do next", "[[route]]", "failed after"],
        ),
        ("/calls/4", 200, &["VP015", "there was nothing to decide", "Not text; in base64"]),
        ("/calls/5", 200, &["SOAP fault from the producer", "journal is closed", "What to do next"]),
        ("/calls/99", 404, &["there is no call 99"]),
        ("/calls/%ff", 400, &["the path cannot be used"]),
        (
            "/contracts",
            200,
            &["href=\"/contracts/urn:riv:", "GetDiagnosis:2", "44 contracts", "clinicalprocess:healthcond"],
        ),
        ("/contracts?q=getdiagnosis&state=ok", 200, &["1 contract."]),
        ("/contracts?q=nothing", 200, &["No contract matches"]),
        ("/contracts?state=good", 400, &["ok, warnings or broken"]),
        (
            "/contracts/GetDiagnosis:2",
            200,
            &[
                "rivtabp21?wsdl",
                "typeOfDiagnosis",
                "0..*",
                "&lt;",
                "LogicalAddress",
                "variant=cover",
                "Request, min",
                "Response, max",
                "curl -sS 'http://127.0.0.1:8080/vp/clinicalprocess/healthcond/description/GetDiagnosis/2/rivtabp21'",
                "-H 'SOAPAction: &quot;urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2:GetDiagnosis&quot;'",
                "-H 'x-vp-instance-id: NTJP-TEST'",
                "form class=\"judge\" data-target=\"/api/v1/contracts/urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2/validate\"",
                "GetAggregatedDiagnosis",
                "riv:clinicalprocess:healthcond:description",
                "GetDiagnosisResponder:2/zip?minor=0",
                "/file?name=GetDiagnosisResponder_2.0.xsd&amp;minor=0#L",
                "None that is remembered",
                "Never used:",
            ],
        ),
        (
            "/contracts/GetCareDocumentation:2",
            200,
            &["3 calls", "5565594230", "demo/tak/routes.toml", "No message of it was found invalid"],
        ),
        ("/contracts/GetDiagnosis:2/file?name=GetDiagnosisResponder_2.0.xsd", 200, &["id=\"L9\"", "&lt;xs:schema"]),
        ("/contracts/MakeBooking:1", 200, &["Not as published", "SubjectOfCareIdType was published with ^ and $"]),
        ("/contracts/GetDiagnosis:2/file?name=nothing.xsd", 404, &["reaches no such file"]),
        ("/contracts/GetCareContacts", 400, &["several contracts"]),
        ("/contracts/nothing", 404, &["no contract is named"]),
        ("/contracts/GetDiagnosis:2?minor=x", 400, &["parameter minor"]),
        ("/explain", 200, &["name=\"contract\""]),
        (
            "/connections",
            200,
            &[
                "href=\"/connections/c\"",
                "PREPARED",
                "SE2321000016-S001",
                "1 connection.",
                "value=\"LIVE\"",
                "assign_test_env",
            ],
        ),
        ("/connections?party=&service=&state=PREPARED", 200, &["href=\"/connections/c\""]),
        ("/connections?state=LIVE", 200, &["No connection matches", "0 connections"]),
        ("/connections?state=ASLEEP", 400, &["ASLEEP"]),
        ("/connections/nobody", 404, &["there is no connection nobody"]),
        (
            "/connections/c",
            200,
            &[
                "Nationell patientöversikt",
                "assign_test_env",
                "<p lang=\"sv\">Inera anvisar testmiljö",
                "Inera assigns a test environment",
                "003_9e5e34bfe011a958.txt §7.2",
                "CONN-12",
                "named commercial/technical contact missing",
                "contacts[role=COMM_TECH]",
                "Anmäl minst en namngiven",
                "PROSPECT → QUALIFIED",
                "refused",
                "CONN-13 operative contact missing or unreachable",
                "&lt;script&gt;Anna",
                "PLANNED",
            ],
        ),
        ("/catalogue", 200, &["href=\"/catalogue/1\"", "tak/ inläst", "No row waits"]),
        ("/catalogue/1", 200, &["This is what the catalogue began with"]),
        ("/catalogue/9", 404, &["there is no published version 9"]),
        ("/explain?contract=c", 400, &["parameter address is missing"]),
        (&explain, 200, &["VP004", "Nobody is close to an address", "not taken", "expired 2024-12-31"]),
    ];
    for (target, status, contained) in cases {
        let answer = get(&router, target).await;
        assert_eq!(answer.status, *status, "{target}");
        for text in *contained {
            assert!(answer.text.contains(text), "no {text:?} in {target}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn the_page_of_a_contract_shows_its_last_invalid_message() {
    let parts = parts();
    let mut call = samples::answered(9);
    let target = Target::Registry(parts.contracts.registry());
    call.judged = vec![Arc::new(validate(target, Options::default(), &call.request.body))];
    parts.records.push(call);
    let text = get(&router(parts), "/contracts/GetCareDocumentation:2").await.text;
    for part in ["href=\"/calls/9\"", "The request does not follow its contract", "V26"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test]
async fn seven_stages_light_up_as_the_call_went() {
    let router = router(parts());
    let cases = [
        ("/calls/1", "passed passed passed passed passed passed passed"),
        ("/calls/2", "passed passed passed refused not_reached not_reached passed"),
        ("/calls/4", "passed passed refused not_reached not_reached not_reached passed"),
        ("/calls/5", "passed passed passed passed passed refused passed"),
    ];
    for (target, expected) in cases {
        let text = get(&router, target).await.text;
        let list = text.split_once("<ol class=\"stages\"").unwrap().1.split_once("</ol>").unwrap().0;
        let states: Vec<_> = list.split("<li class=\"").skip(1).map(|item| item.split_once('"').unwrap().0).collect();
        assert_eq!(states.join(" "), expected, "{target}");
    }
}

#[tokio::test]
async fn an_empty_platform_says_how_to_begin() {
    let empty = AdminParts { records: Arc::new(Records::new(1 << 20)), ..parts() };
    let text = get(&router(empty), "/").await.text;
    for part in ["No calls yet", "http://127.0.0.1:8080/vp", "since_id=0"] {
        assert!(text.contains(part), "{part}");
    }
}
