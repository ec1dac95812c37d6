//! The contracts over the API: listed, shown, compared, sampled, and messages held against them.

use super::*;

#[tokio::test]
async fn the_list_is_narrowed_and_counts_calls() {
    let router = router(parts());
    let all = get(&router, "/api/v1/contracts").await.json();
    assert_eq!(all.as_array().unwrap().len(), 44);
    let cases = [
        ("?domain=crm:scheduling&q=booking", 4),
        ("?q=GETDIAGNOSIS", 1),
        ("?state=broken", 0),
        ("?state=&q=&domain=", 44),
        ("?domain=crm", 0),
    ];
    for (query, count) in cases {
        let found = get(&router, &format!("/api/v1/contracts{query}")).await.json();
        assert_eq!(found.as_array().unwrap().len(), count, "{query}: {found}");
    }
    let care = &get(&router, "/api/v1/contracts?q=GetCareDocumentation").await.json()[0];
    assert_eq!(care["wsdlPath"], "vp/clinicalprocess/healthcond/description/GetCareDocumentation/2/rivtabp21");
    assert_eq!((care["source"]["kind"].as_str(), care["calls"].as_u64()), (Some("builtin"), Some(3)));
    assert!(care["lastCall"].as_str().is_some_and(|at| at.starts_with("2026-11-22T")), "{care}");
}

#[tokio::test]
async fn one_contract_has_its_elements_with_cardinality() {
    let router = router(parts());
    for name in
        ["urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2", "getdiagnosis:2", "GetDiagnosis"]
    {
        let shown = get(&router, &format!("/api/v1/contracts/{name}")).await.json();
        assert_eq!(shown["operation"], "GetDiagnosis");
        let diagnosis = &shown["responseTree"]["children"][0];
        assert_eq!((diagnosis["name"].as_str(), diagnosis["cardinality"].as_str()), (Some("diagnosis"), Some("0..*")));
        assert!(shown["closure"].as_array().unwrap().iter().all(|file| file["sha256"].as_str().unwrap().len() == 64));
    }
}

#[tokio::test]
async fn two_contracts_are_compared() {
    let router = router(parts());
    let same = get(&router, "/api/v1/contracts/diff?before=GetDiagnosis:2").await.json();
    assert_eq!((same["verdict"].as_str(), same["changes"].as_array().unwrap().len()), (Some("identical"), 0));
    let majors = get(&router, "/api/v1/contracts/diff?before=GetCareContacts:2&after=GetCareContacts:3").await.json();
    assert_eq!((majors["verdict"].as_str(), majors["breaksVersionRule"].as_bool()), (Some("major"), Some(false)));
}

#[tokio::test]
async fn a_sample_is_valid_and_what_is_changed_in_it_is_found() {
    let router = router(parts());
    let target = "/api/v1/contracts/GetDiagnosis:2/sample?direction=response&seed=7";
    let sample = get(&router, target).await.json();
    assert_eq!(sample, get(&router, target).await.json(), "the same seed gives the same message");
    let message = sample["messages"][0].as_str().unwrap();
    let judged = judge(&router, &serde_json::json!({ "message": message })).await.json();
    assert_eq!((judged["valid"].as_bool(), judged["direction"].as_str()), (Some(true), Some("response")), "{judged}");
    let wrong = message.replace("approvedForPatient>true<", "approvedForPatient>ja<");
    let judged = judge(&router, &serde_json::json!({ "message": wrong, "contract": "GetDiagnosis:2" })).await.json();
    let error = &judged["errors"][0];
    assert_eq!((judged["valid"].as_bool(), error["rule"].as_str()), (Some(false), Some("cvc-datatype-valid")));
    assert!(error["path"].as_str().unwrap().ends_with("/approvedForPatient"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_done_is_said_with_the_value() {
    let router = router(parts());
    let cases = [
        ("/api/v1/contracts?state=good", 400, "ok, warnings or broken"),
        ("/api/v1/contracts?colour=red", 400, "unknown field"),
        ("/api/v1/contracts/nothing", 404, "no contract is named"),
        ("/api/v1/contracts/GetCareContacts", 400, "names several contracts"),
        ("/api/v1/contracts/GetDiagnosis?minor=9", 404, "no contract is named"),
        ("/api/v1/contracts/GetDiagnosis?minor=x", 400, "a whole number"),
        ("/api/v1/contracts/diff", 400, "parameter before is missing"),
        ("/api/v1/contracts/diff?before=GetDiagnosis:2&after=nothing", 404, "no contract is named"),
        ("/api/v1/contracts/GetDiagnosis/sample?variant=most", 400, "min, typical, max or cover"),
        ("/api/v1/contracts/GetDiagnosis/sample?direction=up", 400, "request or response"),
        ("/api/v1/contracts/GetDiagnosis/sample?seed=-1", 400, "a whole number"),
        ("/api/v1/contracts/GetDiagnosis/sample?envelope=blue", 400, "own or none"),
    ];
    for (target, status, said) in cases {
        let answer = get(&router, target).await;
        assert_eq!(answer.status, status, "{target}: {}", answer.text);
        assert!(answer.text.contains(said), "{target}: {}", answer.text);
    }
    for (body, status, said) in [
        (serde_json::json!({ "text": "<a/>" }), 400, "unknown field"),
        (serde_json::json!({ "message": "<a/>", "contract": "nothing" }), 404, "no contract is named"),
    ] {
        let answer = judge(&router, &body).await;
        assert_eq!((answer.status.as_u16(), answer.text.contains(said)), (status, true), "{}", answer.text);
    }
}

/// A message for validation, as the pages' own origin sends it.
async fn judge(router: &Router, body: &Value) -> Answer {
    let request = Request::post("/api/v1/contracts/validate").header("content-type", "application/json");
    let mut request = request.body(Body::from(body.to_string())).unwrap();
    request.extensions_mut().insert(Peer("127.0.0.1:50000".parse().unwrap()));
    let answer = TowerToHyperService::new(router.clone()).call(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer { status: head.status, headers: head.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}
