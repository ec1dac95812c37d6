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
        let diagnosis = &shown["types"]["response"]["children"][0];
        assert_eq!((diagnosis["name"].as_str(), diagnosis["cardinality"].as_str()), (Some("diagnosis"), Some("0..*")));
        assert!(shown["closure"].as_array().unwrap().iter().all(|file| file["sha256"].as_str().unwrap().len() == 64));
        assert!(
            shown["closure"].as_array().unwrap().iter().any(|file| file["version"] == "2.0"),
            "{}",
            shown["closure"]
        );
        assert_eq!(shown["diagnostics"], serde_json::json!([]), "what was found out, not how much");
    }
}

#[tokio::test]
async fn one_contract_has_what_stands_around_it() {
    let router = router(parts());
    let care = get(&router, "/api/v1/contracts/GetCareDocumentation:2").await.json();
    assert_eq!((care["calls"].as_u64(), care["lastCall"].is_string()), (Some(3), true));
    let neighbours = &care["neighbours"];
    assert_eq!(neighbours["indexCategorization"]["serviceDomain"], "riv:clinicalprocess:healthcond:description");
    assert_eq!(neighbours["indexCategorization"]["categorizations"], serde_json::json!(["voo"]));
    let service = &neighbours["aggregatingServices"][0];
    assert_eq!(service["path"], "/GetAggregatedCareDocumentation/service/v2");
    let rows = neighbours["catalogueRows"].as_array().unwrap();
    assert!(rows.len() > 1 && neighbours["catalogueRowsTotal"] == rows.len(), "{neighbours}");
    assert!(rows.iter().all(|row| row["platform"] == "NTjP Develop" && row["profile"] == "RIVTABP21"), "{rows:?}");
    assert!(rows.iter().any(|row| row["address"] == "5565594230" && row["isValid"] == true), "{rows:?}");
    assert!(neighbours["permissions"].as_u64().unwrap() > 0);
    // Nobody is wired to the listener who could have suites.
    assert_eq!(neighbours["qa"], serde_json::json!({ "inPackage": false, "suites": [] }));
    let unrouted = get(&router, "/api/v1/contracts/CancelBooking:1").await.json();
    assert_eq!(unrouted["neighbours"]["catalogueRowsTotal"], 0, "{}", unrouted["neighbours"]);
}

#[tokio::test]
async fn suites_that_were_handed_in_are_neighbours() {
    let namespace = "urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2";
    let told = serde_json::json!([{ "id": "s1", "suites": [
        { "name": "Diagnosis", "contract": namespace, "cases": 9, "runnable": 8 },
        { "name": "Other", "contract": "urn:other", "cases": 1, "runnable": 1 },
    ] }]);
    let others = Router::new().route("/api/v1/qa/suites", axum::routing::get(move || async { axum::Json(told) }));
    let beside = Beside { router: others, described: Map::new() };
    let router = router_until(parts(), beside, CancellationToken::new());
    let shown = get(&router, "/api/v1/contracts/GetDiagnosis").await.json();
    let expected = serde_json::json!([{ "id": "s1", "name": "Diagnosis", "cases": 9, "runnable": 8 }]);
    assert_eq!(shown["neighbours"]["qa"]["suites"], expected);
}

#[tokio::test]
async fn files_are_given_as_published_and_packed_so_that_they_import_again() {
    let router = router(parts());
    for (query, file) in [
        ("", "PingForConfigurationInteraction_1.0_RIVTABP21.wsdl"),
        ("?profile=rivtabp21", "PingForConfigurationInteraction_1.0_RIVTABP21.wsdl"),
        ("?profile=RIVTABP20", "PingForConfigurationInteraction_1.0_RIVTABP20.wsdl"),
    ] {
        let target = format!("/api/v1/contracts/PingForConfiguration/wsdl{query}");
        let answer = get(&router, &target).await;
        assert_eq!(answer.headers["content-type"], "application/xml");
        assert_eq!(answer.headers["content-disposition"].to_str().unwrap(), format!("attachment; filename=\"{file}\""));
        assert!(answer.text.contains("PingForConfigurationResponder:1"), "{}", answer.text);
    }
    for (query, descriptions) in [("", 2), ("?profile=rivtabp20", 1)] {
        let (headers, bytes) = bytes(&router, &format!("/api/v1/contracts/PingForConfiguration/zip{query}")).await;
        assert_eq!(headers["content-type"], "application/zip");
        let name = headers["content-disposition"].to_str().unwrap();
        assert!(name.contains("ServiceContracts_itintegration_monitoring_1.0.zip"), "{name}");
        let limits = crate::config::contracts::ImportLimits::default();
        let (package, notes) = crate::contracts::package::Package::read_zip("zip", &bytes, &limits).unwrap();
        let import = crate::contracts::import::Importer::default().import(&package, notes);
        assert!(import.is_usable(), "{:?}", import.diagnostics);
        assert_eq!(import.into_contracts().len(), descriptions, "{query}");
    }
}

#[tokio::test]
async fn coverage_is_of_the_calls_that_are_remembered() {
    let router = router(parts());
    let all = get(&router, "/api/v1/contracts/coverage").await.json();
    let (namespace, list) = (&all[0]["namespace"], &all[0]["request"]["list"]);
    assert_eq!((all.as_array().unwrap().len(), namespace.as_str(), list.is_null()), (1, Some(samples::CONTRACT), true));
    let care = get(&router, "/api/v1/contracts/GetCareDocumentation:2/coverage").await.json();
    let request = &care["request"];
    let (used, items, share) = (&request["used"], &request["items"], &request["share"]);
    assert!(used.as_u64().unwrap() > 1 && used.as_u64() < items.as_u64() && share.as_f64().unwrap() < 1.0, "{care}");
    let item = |path: &str| {
        let mut items = request["list"].as_array().unwrap().iter();
        items.find(|item| item["path"] == path).unwrap_or_else(|| panic!("{path} in {request}"))["messages"].as_u64()
    };
    assert_eq!(item("/GetCareDocumentation/patientId"), request["messages"].as_u64());
    assert_eq!(item("/GetCareDocumentation/patientId/id"), Some(0), "sent in a namespace that is not the contract's");
    assert_eq!(item("/GetCareDocumentation/timePeriod/start"), Some(0));
    let never = get(&router, "/api/v1/contracts/GetDiagnosis:2/coverage").await.json();
    assert_eq!((never["request"]["messages"].as_u64(), never["response"]["used"].as_u64()), (Some(0), Some(0)));
    assert!(never["response"]["items"].as_u64().unwrap() > 50);
}

#[tokio::test]
async fn contracts_are_looked_at_for_what_is_worth_mending() {
    let router = router(parts());
    let own = get(&router, "/api/v1/contracts/lint?contract=GetDiagnosis:2").await.json();
    assert!(own.as_array().unwrap().iter().all(|finding| finding["accepted"].is_string()), "{own}");
    let (_, zip) = bytes(&router, "/api/v1/contracts/GetDiagnosis:2/zip").await;
    let target = "/api/v1/contracts/lint?format=sarif";
    let sent = send(&router, target, "application/zip", zip).await;
    let document = sent.json();
    assert_eq!(
        (&document["version"], &sent.headers["content-type"]),
        (&"2.1.0".into(), &"application/sarif+json".parse().unwrap())
    );
    assert_eq!(document["runs"][0]["results"].as_array().unwrap().len(), own.as_array().unwrap().len());
    let refused = post(&router, target, "application/zip", "PK".to_owned()).await;
    assert_eq!((refused.status.as_u16(), refused.text.contains("IE14")), (400, true), "{}", refused.text);
    let wrong = get(&router, "/api/v1/contracts/lint?format=html").await;
    assert_eq!((wrong.status.as_u16(), wrong.text.contains("json or sarif")), (400, true), "{}", wrong.text);
}

#[tokio::test]
async fn a_zip_is_taken_into_the_environment_and_known_at_once() {
    let built_in = router(parts());
    let (_, zip) = bytes(&built_in, "/api/v1/contracts/GetDiagnosis:2/zip").await;
    let target = "/api/v1/contracts/import";
    let refused = send(&built_in, target, "application/zip", zip.clone()).await;
    assert_eq!((refused.status.as_u16(), refused.text.contains("serve a folder")), (409, true), "{}", refused.text);

    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::Folder(folder.path().to_owned());
    let contracts = Arc::new(Library::loaded(environment, ContractSettings::default()));
    let router = router(AdminParts { contracts, ..parts() });
    let own = "ServiceContracts_clinicalprocess_healthcond_description_2.0.zip";
    for (query, name) in [("", own), ("?name=again.zip", "again.zip"), ("", own)] {
        let taken = send(&router, &format!("{target}{query}"), "application/zip", zip.clone()).await;
        assert_eq!(taken.status, 200, "{}", taken.text);
        let taken = taken.json();
        let description = &taken["descriptions"][0];
        assert_eq!((taken["name"].as_str(), &description["compiled"]), (Some(name), &Value::Bool(true)), "{taken}");
        assert_eq!(std::fs::read(folder.path().join("contracts").join(name)).unwrap(), zip);
    }
    assert_eq!(std::fs::read_dir(folder.path().join("contracts")).unwrap().count(), 2, "nothing is left beside");
    let shown = get(&router, "/api/v1/contracts/GetDiagnosis:2").await.json();
    assert_eq!(
        (shown["source"]["kind"].as_str(), shown["sources"].as_array().unwrap().len()),
        (Some("zip"), 2),
        "{shown}"
    );
    for (query, body, said) in [
        ("?name=../x.zip", zip.clone(), "parameter name"),
        ("?name=.hidden.zip", zip.clone(), "parameter name"),
        ("?name=x.tar", zip, "parameter name"),
        ("", b"PK".to_vec(), "IE14"),
        ("", crate::store::zip::write(&[("a.txt", b"a")]).unwrap(), "no description"),
    ] {
        let refused = send(&router, &format!("{target}{query}"), "application/zip", body).await;
        assert_eq!((refused.status.as_u16(), refused.text.contains(said)), (400, true), "{query}: {}", refused.text);
    }
}

#[tokio::test]
async fn a_message_is_held_against_the_contract_of_the_path() {
    let router = router(parts());
    let sample = get(&router, "/api/v1/contracts/GetDiagnosis:2/sample").await.json();
    let message = sample["messages"][0].as_str().unwrap();
    let target = "/api/v1/contracts/GetDiagnosis:2/validate";
    for (kind, body) in
        [("text/xml", message.to_owned()), ("application/json", serde_json::json!({ "message": message }).to_string())]
    {
        let judged = post(&router, target, kind, body).await;
        assert_eq!(judged.json()["valid"], true, "{kind}: {}", judged.text);
    }
    // Valid by itself, and no message of the contract that is named.
    let other = post(&router, "/api/v1/contracts/GetCareContacts:3/validate", "text/xml", message.to_owned()).await;
    assert_eq!(
        (other.json()["valid"].as_bool(), other.json()["errors"][0]["code"].as_str()),
        (Some(false), Some("V02"))
    );
    let twice = serde_json::json!({ "message": message, "contract": "GetDiagnosis:2" }).to_string();
    let twice = post(&router, target, "application/json", twice).await;
    assert_eq!((twice.status.as_u16(), twice.text.contains("names one too")), (400, true), "{}", twice.text);
    let unknown = post(&router, "/api/v1/contracts/nothing/validate", "text/xml", "<a/>".to_owned()).await;
    assert_eq!(unknown.status, 404, "{}", unknown.text);
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
        ("/api/v1/contracts/GetDiagnosis/wsdl?profile=rivtabp30", 400, "rivtabp20 or rivtabp21"),
        ("/api/v1/contracts/GetDiagnosis/zip?profile=rivtabp20", 404, "has no description in rivtabp20"),
        ("/api/v1/contracts/GetDiagnosis/zip?minor=7", 404, "no contract is named"),
        ("/api/v1/contracts/nothing/wsdl", 404, "no contract is named"),
        ("/api/v1/contracts/diff", 400, "parameter before is missing"),
        ("/api/v1/contracts/diff?before=GetDiagnosis:2&after=nothing", 404, "no contract is named"),
        ("/api/v1/contracts/GetDiagnosis/sample?variant=most", 400, "min, typical, max or cover"),
        ("/api/v1/contracts/GetDiagnosis/sample?direction=up", 400, "request or response"),
        ("/api/v1/contracts/GetDiagnosis/sample?seed=-1", 400, "a whole number"),
        ("/api/v1/contracts/GetDiagnosis/sample?envelope=blue", 400, "own, 2.0, 2.1 or none"),
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
    post(router, "/api/v1/contracts/validate", "application/json", body.to_string()).await
}

/// A GET whose answer is no text.
async fn bytes(router: &Router, target: &str) -> (HeaderMap, Vec<u8>) {
    let mut request = Request::get(target).body(Body::empty()).unwrap();
    request.extensions_mut().insert(Peer("127.0.0.1:50000".parse().unwrap()));
    let answer = TowerToHyperService::new(router.clone()).call(request).await.unwrap();
    let (head, body) = answer.into_parts();
    assert_eq!(head.status, 200, "{target}");
    (head.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

async fn post(router: &Router, target: &str, kind: &str, body: String) -> Answer {
    send(router, target, kind, body.into_bytes()).await
}

async fn send(router: &Router, target: &str, kind: &str, body: Vec<u8>) -> Answer {
    let request = Request::post(target).header("content-type", kind);
    let mut request = request.body(Body::from(body)).unwrap();
    request.extensions_mut().insert(Peer("127.0.0.1:50000".parse().unwrap()));
    let answer = TowerToHyperService::new(router.clone()).call(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer { status: head.status, headers: head.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}
