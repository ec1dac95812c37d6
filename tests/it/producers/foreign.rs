//! Mapping files of others' making (statement 1): in the shapes that WireMock's recorder, its API and people write, each
//! either does what it does there or is refused with its file, its line and what is not supported.

use std::fs;
use std::path::{Path, PathBuf};

use anslut::cli::failure::Exit;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::faults::cli;
use super::{diagnosis, exchanged};
use crate::support::client::Ask;
use crate::support::world::{Plan, World};

/// Every file below a folder of `fixtures/wiremock`, as files of a system.
fn system(plan: Plan, folder: &str, system: &str) -> Plan {
    let root = Path::new("fixtures/wiremock").join(folder);
    let mut folders = vec![root.clone()];
    let mut plan = plan;
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let below: PathBuf = path.strip_prefix(&root).unwrap().to_owned();
                    plan = plan.file(&format!("producers/{system}/{}", below.display()), fs::read(&path).unwrap());
                }
            }
        }
    }
    plan.file(&format!("producers/{system}/producer.toml"), "answers = [\"mapping\"]\nmiss = \"404\"\n")
}

async fn started(folder: &str) -> World {
    let plan = Plan::bare().set("listen.producers", "127.0.0.1:0").set("listen.admin", "127.0.0.1:0");
    system(plan, folder, "foreign").start().await
}

const RESERVE: &str = "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header/><e:Body>\
    <Reserve xmlns='urn:booking'><id>anything</id><count>COUNT</count><at>2025-03-04T08:12:31Z</at><code>ABC</code>\
    </Reserve></e:Body></e:Envelope>";
const PERSON: &str = "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>\
    <GetPerson xmlns='NAMESPACE'><id>191212121212</id></GetPerson></e:Body></e:Envelope>";
const THING: &str = r#"{"name": "a thing", "sizes": [1, 2], "extra": true, "owner": [{"id": "OWNER"}]}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_file_does_what_it_does_there() {
    let world = started("sound").await;
    let errors: Vec<_> = world.problems.iter().filter(|one| one.is_error()).map(ToString::to_string).collect();
    assert_eq!(errors, [] as [String; 0]);
    let producers = world.platform.address("producers").unwrap();
    let reserve = |count: &str| {
        let ask = Ask::post(RESERVE.replace("COUNT", count)).at("/ws/booking").content_type("text/xml; charset=UTF-8");
        ask.header("SOAPAction", "\"urn:booking:Reserve\"")
    };
    let person = |namespace: &str| {
        Ask::post(PERSON.replace("NAMESPACE", namespace)).at("/ws/person").header("X-Request-Id", "r-1")
    };
    let thing = |owner: &str, query: &str| Ask::post(THING.replace("OWNER", owner)).at(&format!("/things{query}"));
    let login = |password: &str| {
        let value = format!("Basic {}", STANDARD.encode(format!("anna:{password}")));
        Ask::get("/login/deep?x=1").header("Authorization", value)
    };
    let token = |kind: &str| {
        let form = "application/x-www-form-urlencoded";
        Ask::post(format!("grant_type={kind}&x=1")).at("/token?scope=read").content_type(form)
    };
    let cases: Vec<(&str, Ask, u16, &str)> = vec![
        ("recorded", Ask::get("/api/orders?status=open"), 200, "[{\"id\": 1}]"),
        ("url has the query", Ask::get("/api/orders"), 404, ""),
        ("urlPathPattern", Ask::get("/api/patients/191212121212?fields=name&tag=ab&tag=a"), 200, "Tolvan"),
        ("hasExactly", Ask::get("/api/patients/191212121212?fields=name&tag=a"), 404, ""),
        ("behind it by priority", Ask::get("/api/patients/1?fields=name"), 404, ""),
        ("placeholders", reserve("12"), 200, "<reserved/>"),
        ("isNumber", reserve("many"), 404, ""),
        ("XPath with namespaces", person("urn:person:v1"), 200, "<id>191212121212</id><path>/ws/person</path>"),
        ("another namespace", person("urn:person:v2"), 404, ""),
        ("local-name()", Ask::post("<a xmlns='urn:x'><orderId>42</orderId></a>").at("/ws/any"), 202, "\"received\""),
        ("no such value", Ask::post("<a xmlns='urn:x'><orderId>43</orderId></a>").at("/ws/any"), 404, ""),
        ("a comment is no member", login("http://not-a-comment"), 200, "/* kept */ // kept"),
        ("another password", login("x"), 404, ""),
        ("in a subfolder", Ask::get("/health"), 200, "{ \"status\": \"UP\" }"),
        ("cookie absent", Ask::get("/health").header("Cookie", "probe=1"), 404, ""),
        ("form and query", token("client_credentials"), 200, "\"scope\": \"read\""),
        ("another form", token("password"), 404, ""),
        ("equalToJson and paths", thing("x", ""), 201, "short POST things"),
        ("a condition in a template", thing("x", "?verbose=1"), 201, "long POST things"),
        ("filter of a path", thing("y", ""), 404, ""),
        ("file by template", Ask::get("/units/SE2321-1/staff/anna"), 200, "anna works here"),
        ("or", Ask::get("/units/SE2321-1/staff/anna").header("Accept", "text/plain"), 404, ""),
        ("before now", Ask::get("/since?from=2026-03-01"), 200, "past"),
        ("not before now", Ask::get("/since?from=2027-03-01"), 404, ""),
        ("scenario begins", Ask::get("/order"), 200, "open"),
        ("and goes on", Ask::post("").at("/order/pay"), 204, ""),
        ("to another state", Ask::get("/order"), 200, "paid"),
        ("uniform", Ask::get("/delay/uniform"), 200, ""),
        ("lognormal", Ask::get("/delay/lognormal"), 200, ""),
    ];
    let mut complaints = Vec::new();
    for (what, ask, status, text) in cases {
        // Paths stand below the system, and below the root as in the files.
        let target = format!("/foreign{}", ask.target);
        let answer = ask.at(&target).header("Connection", "close").send(producers).await;
        if answer.status != status || !answer.text().contains(text) {
            complaints.push(format!("{what}: {} {}", answer.status, answer.text()));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    let answer = Ask::post(PERSON.replace("NAMESPACE", "urn:person:v1"))
        .at("/foreign/ws/person")
        .header("X-Request-Id", "r-1")
        .send(producers)
        .await;
    assert_eq!(answer.header("x-request"), Some("r-1"));
    let request = |path: &str| format!("GET /foreign{path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
    assert_eq!(exchanged(producers, &request("/fault/empty")).await.unwrap(), b"");
    let dribbled = exchanged(producers, &request("/delay/dribble")).await.unwrap();
    let dribbled = String::from_utf8(dribbled).unwrap();
    assert!(dribbled.ends_with("2\r\n01\r\n2\r\n23\r\n2\r\n45\r\n2\r\n67\r\n2\r\n89\r\n0\r\n\r\n"), "{dribbled}");
    let reset = exchanged(producers, &request("/fault/reset")).await.unwrap_err();
    assert_eq!(reset.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_is_refused_by_file_line_and_name() {
    let world = started("refused").await;
    let told: Vec<String> = world.problems.iter().map(ToString::to_string).collect();
    let expected = [
        ("custom-matcher.json:4: ", "request field \"customMatcher\""),
        ("other-transformer.json:5: ", "transformer \"our-jwt-transformer\""),
        ("webhook.json:4: ", "\"serveEventListeners\""),
        ("lookahead.json:3: ", "urlPattern \"/(?!private).*\" is not a regular expression we can run: look-around"),
        ("other-helper.json:5: ", "line 2 of its body: "),
        ("schema-matcher.json:5: ", "condition \"matchesJsonSchema\" on bodyPatterns"),
        ("missing-file.json:5: ", "bodyFileName \"not-here.xml\" is not among the files of __files"),
        ("cut-off.json:", "not JSON: EOF while parsing"),
        ("two-bodies.json:3: ", "only one of body and jsonBody may be given"),
    ];
    for (place, why) in expected {
        let found = told.iter().any(|one| one.contains(&format!("/foreign/mappings/{place}")) && one.contains(why));
        assert!(found, "{place}{why} not among\n{}", told.join("\n"));
    }
    let producers = world.platform.address("producers").unwrap();
    for path in ["/own", "/hook", "/helper", "/schema", "/file", "/two", "/whatever"] {
        let answer = Ask::get(&format!("/foreign{path}")).send(producers).await;
        assert_eq!(answer.status, 404, "{path}: a refused stub serves nothing: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_of_soapui_becomes_a_system_that_answers_as_its_mock_service() {
    let folder = tempfile::TempDir::new().unwrap();
    let (environment, project) =
        (folder.path().display().to_string(), "fixtures/soapui/GetDiagnosis-mock-soapui-project.xml");
    let line = ["anslut", "producers", "import", project, "--env", &environment, "--system", "mocked"];
    let (exit, out, told) = cli(&line);
    assert_eq!(exit, Exit::Done, "{told}");
    assert!(out.contains("6 mappings in "), "{out}");
    for remark in [
        "its startScript is not run",
        "its response script is not run",
        "${#MockService#id} is no property of a request",
    ] {
        assert!(told.contains(remark), "{remark} not in {told}");
    }
    let (exit, out, _) = cli(&["anslut", "check", &environment]);
    assert_eq!(exit, Exit::Done, "{out}");
    let file = "producers/mocked/mappings/GetDiagnosis-mock-soapui-project.json";
    let plan =
        Plan::bare().set("listen.producers", "127.0.0.1:0").file(file, fs::read(folder.path().join(file)).unwrap());
    let world = plan.start().await;
    let producers = world.platform.address("producers").unwrap();
    let ask = |patient: &'static str, named: Option<&'static str>| async move {
        let ask = Ask::post(diagnosis(patient)).at("/mocked/");
        let answer = named.into_iter().fold(ask, |ask, name| ask.header("x-mock-response", name)).send(producers).await;
        (answer.status, answer.header("x-hits").map(str::to_owned), answer.text())
    };
    let (status, _, text) = ask("191212121212", None).await;
    assert!(
        status == 200 && text.contains("<urn1:logId>191212121212</urn1:logId>"),
        "a property of the request: {text}"
    );
    let (status, hits, _) = ask("191001219805", None).await;
    assert_eq!((status, hits.as_deref()), (200, Some("0")), "its query matches");
    let (status, hits, _) = ask("191212121212", Some("NoHits")).await;
    assert_eq!((status, hits.as_deref()), (200, Some("0")), "by its name");
    let (status, _, text) = ask("191212121212", Some("SoapFault")).await;
    assert!(status == 500 && text.contains("not today"), "{text}");
    let alert = diagnosis("191212121212").replace("GetDiagnosis", "GetAlertInformation");
    for expected in ["first", "second", "first"] {
        let text = Ask::post(alert.clone()).at("/mocked/").send(producers).await.text();
        assert!(text.contains(&format!("<!--{expected}-->")), "{expected}: {text}");
    }
}

#[test]
fn a_folder_of_wiremocks_is_taken_in_as_it_is() {
    let folder = tempfile::TempDir::new().unwrap();
    let environment = folder.path().display().to_string();
    let import = |of: &str| {
        cli(&[
            "anslut",
            "producers",
            "import",
            &format!("fixtures/wiremock/{of}"),
            "--env",
            &environment,
            "--system",
            of,
        ])
    };
    let (exit, out, told) = import("sound");
    assert_eq!(exit, Exit::Done, "{told}");
    assert!(out.contains("20 mappings in "), "{out}");
    assert!(
        told.contains("recorded-get-orders.json:") && told.contains("response header \"Transfer-Encoding\""),
        "{told}"
    );
    let file = "__files/responses/orders.json";
    let (here, there) =
        (folder.path().join("producers/sound").join(file), Path::new("fixtures/wiremock/sound").join(file));
    assert_eq!(fs::read(here).unwrap(), fs::read(there).unwrap());
    let (_, out, told) = import("refused");
    assert!(out.contains("0 mappings in ") && told.contains("webhook.json:4: "), "{out}{told}");
    let (exit, _, told) = cli(&["anslut", "producers", "import", "fixtures/soapui"]);
    assert!(exit == Exit::Failed && told.contains("there is no mappings/ in it"), "{told}");
}
