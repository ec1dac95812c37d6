//! Cases that wait at a running platform: its mocked producers misbehave for as long as a case waits, and its record of
//! calls is what Updates are read from.

use std::sync::Arc;

use anslut::app::{Platform, quality};
use anslut::config::contracts::MessageLimits;
use anslut::config::environment::Environment;
use anslut::config::raw;
use anslut::contracts::builtin;
use anslut::contracts::contract::Direction;
use anslut::contracts::import::Importer;
use anslut::contracts::validate::{Options as Judging, Target, validate};
use anslut::domain::clock::Clock;
use anslut::producers::behaviour::act::Act;
use anslut::qa::consumer::faults::FAULTS;
use anslut::qa::consumer::hub::Hub;
use anslut::qa::result::{CaseResult, PartKind, RunDocument};
use anslut::qa::run::{Options, World, run};
use anslut::qa::suite::folder::Published;
use serde_json::{Value, json};

use crate::support::client::{Answer, Ask, Wire};
use crate::support::pki::{Ca, Holder};
use crate::support::world::Plan;
use crate::support::{soon, until};

/// Who calls the demo without saying so.
const SENDER: &str = "SE5565594230-K001";
const DIAGNOSIS: &str = "urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2";
const UPDATE: &str = "urn:riv:itintegration:engagementindex:UpdateResponder:1";

struct Running {
    platform: Platform,
    world: World,
}

impl Running {
    /// The demo, keeping whole messages, and a world that looks at it over its admin listener.
    async fn start() -> Self {
        let off = ["hub_https", "index_update", "index_find", "catalogue", "aggregation", "producers"];
        let off = off.map(|name| format!("listen.{name}=off"));
        let on = ["listen.hub_http=127.0.0.1:0", "listen.admin=127.0.0.1:0"].map(str::to_owned);
        let others = ["log.messages=off", "records.body_bytes_max=2097152"].map(str::to_owned);
        let sets: Vec<_> = off.into_iter().chain(on).chain(others).collect();
        let settings = raw::load(&Environment::Demo, &sets, &[]).settings.unwrap();
        let carrier = quality::carrier(&settings.hub, None);
        let started = Platform::start(Environment::Demo, settings, None, Clock::System);
        let (platform, _) = soon("the demo to start", started).await.unwrap();
        let admin = format!("http://{}", platform.address("admin").unwrap());
        let hub = Hub::new(&admin, None, Arc::clone(&carrier));
        Self { world: World { hub: Some(hub), ..World::new(carrier, Clock::System) }, platform }
    }

    async fn call(&self, message: String) -> Answer {
        Ask::post(message).send(self.platform.address("hub_http").unwrap()).await
    }

    async fn chaos(&self) -> Value {
        let ask = Ask::get("/api/v1/chaos").header("Host", "127.0.0.1");
        serde_json::from_slice(&ask.send(self.platform.address("admin").unwrap()).await.body).unwrap()
    }

    /// Runs a case that waits so, and what the consumer does once it waits.
    async fn waited(&self, contract: &str, waits_for: &str, consumer: impl Future<Output = ()>) -> CaseResult {
        self.ran(contract, waits_for, consumer).await.cases.into_iter().next().unwrap()
    }

    /// The whole run of it.
    async fn ran(&self, contract: &str, waits_for: &str, consumer: impl Future<Output = ()>) -> RunDocument {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("cases")).unwrap();
        let suite = format!("schema = 1\nid = \"Waits\"\nrole = \"consumer\"\ncontract = \"{contract}\"\n");
        std::fs::write(folder.path().join("suite.toml"), suite).unwrap();
        let case = format!("id = \"W1\"\nkind = \"await\"\n[await]\nsender = \"{SENDER}\"\n{waits_for}\n");
        std::fs::write(folder.path().join("cases/w1.toml"), case).unwrap();
        let published = Published::read(folder.path()).unwrap();
        let options = Options::default();
        let running = run("run-1", &published.projects, &options, &self.world);
        let (finished, ()) = tokio::join!(running, async {
            until("the case to wait", || !self.world.waits.shown().is_empty()).await;
            consumer.await;
        });
        finished.document
    }
}

fn request(name: &str) -> String {
    let file = Environment::Demo.file(&format!("requests/{name}.xml")).unwrap().expect(name);
    String::from_utf8(file.contents).unwrap()
}

fn rules(case: &CaseResult) -> Vec<&str> {
    case.steps[0].assertions.iter().filter_map(|assertion| assertion.rule.as_deref()).collect()
}

#[tokio::test]
async fn statement_66_a_case_makes_the_mocked_producer_misbehave_and_puts_it_right_again() {
    let running = Running::start().await;
    let ask = || request("get-diagnosis");
    assert_eq!(running.call(ask()).await.status, 200);
    let case = running
        .waited(DIAGNOSIS, "seconds = 2\nfault = \"FT-01\"\nsystem = \"journal-*\"", async {
            // The plan starts once the case waits.
            let mut answer = running.call(ask()).await;
            while answer.status == 200 {
                answer = running.call(ask()).await;
            }
            assert!(answer.text().contains("<faultcode>soap:Server</faultcode>"), "{}", answer.text());
            running.call(ask()).await;
        })
        .await;
    assert!(case.verdict.word() == "fail" && rules(&case).contains(&"CR-09"), "{case:#?}");
    assert!(case.steps[0].assertions.iter().any(|one| one.name.starts_with("the producer did FT-01 to ")), "{case:#?}");
    assert_eq!((case.steps[1].type_name.as_str(), case.steps[1].verdict.word()), ("attest", "waiting"));
    // It is right again.
    assert_eq!(running.chaos().await["plan"], Value::Null);
    assert_eq!(running.call(ask()).await.status, 200);
    // A consumer that asks once copes: what is left is for somebody to say what its system showed.
    let once = running
        .waited(DIAGNOSIS, "seconds = 2\nbehaviour = \"soap-fault\"", async {
            let plan = || async { running.chaos().await["name"].is_string() };
            while !plan().await {}
            running.call(ask().replace("191212121212", "195404039801")).await;
        })
        .await;
    assert_eq!((once.verdict.word(), rules(&once)), ("waiting", vec![]), "{once:#?}");
    // A consumer whose call no misbehaving producer met shows nothing.
    let elsewhere = running
        .waited(DIAGNOSIS, "seconds = 1\nfault = \"FT-01\"\nsystem = \"nobody\"", async {
            running.call(ask()).await;
        })
        .await;
    assert_eq!(elsewhere.verdict.word(), "error", "{elsewhere:#?}");
    running.platform.drain().await;
}

/// What a mocked producer says in other words (FT-10), or of records that were taken back (FT-17), its contract allows.
#[tokio::test]
async fn answers_in_other_words_and_of_nullified_records_follow_their_contract() {
    let running = Running::start().await;
    let contracts: Vec<_> = builtin::contracts(&mut Importer::default()).0.into_iter().map(Arc::new).collect();
    let call = async |name: &str, behaviour: &str| {
        let hub = running.world.hub.as_ref().unwrap();
        let row = json!({"system": "*", "contract": "*", "share": 1.0, "behaviour": behaviour});
        hub.start_plan(&json!({"name": behaviour, "seed": 1, "plan": [row]})).await.unwrap();
        let answer = running.call(request(name)).await;
        hub.stop_plan().await.unwrap();
        answer
    };
    let plain = |answer: &Answer| {
        let text = answer.text();
        let document = roxmltree::Document::parse(&text).unwrap();
        let names = document.descendants().filter(roxmltree::Node::is_element).map(|element| element.tag_name());
        let texts =
            document.descendants().filter_map(|node| node.text()).map(str::trim).filter(|text| !text.is_empty());
        (names.map(|name| format!("{name:?}")).collect::<Vec<_>>(), texts.map(str::to_owned).collect::<Vec<_>>())
    };
    for (name, operation, can_be_nullified) in [
        ("get-diagnosis", "GetDiagnosis", true),
        ("get-care-documentation", "GetCareDocumentation", true),
        ("get-alert-information", "GetAlertInformation", true),
        ("get-laboratory-order-outcome", "GetLaboratoryOrderOutcome", true),
        ("get-subject-of-care-schedule", "GetSubjectOfCareSchedule", false),
    ] {
        let normal = call(name, "normal").await;
        let other = call(name, "other-prefixes").await;
        assert_eq!((other.status, plain(&other)), (200, plain(&normal)), "{name}");
        assert!(other.text().contains("<annat1:Envelope") && !normal.text().contains("annat"), "{}", other.text());
        let nullified = call(name, "nullified").await;
        if !can_be_nullified {
            let why = "no record of the answer can say that it was nullified";
            assert!(nullified.status == 500 && nullified.text().contains(why), "{}", nullified.text());
            continue;
        }
        let (text, records) = (nullified.text(), |text: &str| text.matches("documentId>").count() / 2);
        assert_eq!(text.matches("nullified>true</").count(), records(&normal.text()), "{name}: {text}");
        for answer in [&other, &nullified] {
            let valid = contracts.iter().filter(|contract| contract.operation == operation).any(|contract| {
                let target = Target::Contract(Arc::clone(contract), Some(Direction::Response));
                let limits = MessageLimits::default();
                validate(target, Judging { limits, charset: None, has_attachments: false }, &answer.body).valid
            });
            assert!(valid, "{name}: {}", answer.text());
        }
    }
    running.platform.drain().await;
}

#[tokio::test]
async fn statement_67_updates_are_read_from_the_record_of_a_running_platform() {
    let running = Running::start().await;
    let window = "seconds = 2\ncount = 1\n[await.updates]\nabout = \"window\"";
    let transaction = {
        let update = request("update");
        let (from, to) = ("<r:engagementTransaction>", "</r:engagementTransaction>");
        let (begin, end) = (update.find(from).unwrap(), update.find(to).unwrap() + to.len());
        update[begin..end].to_owned()
    };
    let many = |count: usize| {
        let unit = |number: usize| transaction.replace("SE2321000016-S003<", &format!("SE2321000016-S003-{number}<"));
        request("update").replace(&transaction, &(0..count).map(unit).collect::<String>())
    };
    let too_large = running
        .waited(UPDATE, window, async {
            running.call(many(1_001)).await;
        })
        .await;
    assert_eq!(too_large.verdict.word(), "fail");
    assert!(rules(&too_large).contains(&"EI_TF 2.3"), "{too_large:#?}");
    assert!(too_large.themes.contains(&"EI_TF 2.2".to_owned()));
    let soon_again = running
        .waited(UPDATE, window, async {
            running.call(many(2)).await;
            running.call(many(2)).await;
        })
        .await;
    assert_eq!((soon_again.verdict.word(), rules(&soon_again)), ("fail", vec!["EI_TF 2.2"]), "{soon_again:#?}");
    // One new record, told as it must be; and told as somebody else's.
    let new = "seconds = 5\npatient = \"195404039801\"\n[await.updates]\nabout = \"new\"\nsource_system = ";
    let of = |system: &str| format!("{new}\"{system}\"");
    let update = || async { drop(running.call(request("update")).await) };
    let told = running.waited(UPDATE, &of("SE2321000016-S003"), update()).await;
    assert_eq!(told.verdict.word(), "pass", "{told:#?}");
    let foreign = running.waited(UPDATE, &of("SE2321000016-S001"), update()).await;
    assert_eq!((foreign.verdict.word(), rules(&foreign)), ("fail", vec!["EI_TF 1.1"]), "{foreign:#?}");
    // The same content again is no change.
    let changed = of("SE2321000016-S003").replace("\"new\"", "\"changed\"");
    let unchanged = running.waited(UPDATE, &changed, update()).await;
    assert_eq!((unchanged.verdict.word(), rules(&unchanged)), ("fail", vec!["EI_TF 1.2"]), "{unchanged:#?}");
    let later = || async { drop(running.call(request("update").replace("20191105101000", "20191106101000")).await) };
    let changed = running.waited(UPDATE, &changed, later()).await;
    assert_eq!(changed.verdict.word(), "pass", "{changed:#?}");
    running.platform.drain().await;
}

#[test]
fn every_fault_is_a_behaviour_of_the_mocked_producers_or_nobodys() {
    for (place, fault) in FAULTS.iter().enumerate() {
        assert_eq!(fault.id, format!("FT-{:02}", place + 1));
        if let Some(behaviour) = fault.behaviour {
            Act::parse(behaviour).unwrap_or_else(|why| panic!("{}: {why}", fault.id));
        }
    }
}

#[tokio::test]
async fn a_run_shows_its_certificate_to_a_hub_that_asks_for_one_and_can_do_without() {
    let ca = Ca::new();
    // The program lives in the time of this machine, the hub in that of all tests.
    let ever = |holder: Holder| holder.with(|holder| (holder.from, holder.until) = (-100_000, 1_000_000));
    let hub = ca.issue(&ever(Holder::of_unit("hub").host("localhost")));
    let consumer = ca.issue(&ever(Holder::of_unit("tp")));
    let world = Plan::c0().tls(&ca, &hub).start().await;
    let https = world.platform.address("hub_https").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for sub in ["cases", "requests"] {
        std::fs::create_dir_all(folder.path().join(sub)).unwrap();
    }
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("suite.toml", "schema = 1\nid = \"Secure\"\nrole = \"producer\"\n");
    write("requests/basic.xml", &request("get-diagnosis"));
    // The hub has no catalogue: it takes the call, and says so in a fault of its own.
    write(
        "cases/c1.toml",
        "id = \"C1\"\n[[step]]\nsend = \"requests/basic.xml\"\nexpect = [{ fault = { contains = \"VP008\" } }]\n",
    );
    write(
        "cases/c2.toml",
        "id = \"C2\"\n[[step]]\nsend = \"requests/basic.xml\"\nwithout_certificate = true\nexpect = [{ refused = true }]\n",
    );
    let target = format!("https://localhost:{}/vp", https.port());
    let path = |path: std::path::PathBuf| path.display().to_string();
    let (home, suite) = (path(folder.path().join("home")), path(folder.path().to_owned()));
    let (certificate, key, trust) = (path(consumer.certificate.clone()), path(consumer.key.clone()), path(ca.ca()));
    let output = tokio::task::spawn_blocking(move || {
        let all =
            ["--json", "qa", "run", &suite, "--target", &target, "--cert", &certificate, "--key", &key, "--ca", &trust];
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_anslut"));
        command.args(all).env("ANSLUT_DATA", home).output().unwrap()
    })
    .await
    .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let run: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    let verdicts: Vec<_> =
        run["cases"].as_array().unwrap().iter().map(|case| case["verdict"].as_str().unwrap()).collect();
    assert_eq!((verdicts.as_slice(), output.status.code()), (&["pass", "pass"][..], Some(0)), "{run:#}");
    assert!(run["target"]["certificate_sha256"].as_str().is_some_and(|digest| digest.len() == 64), "{run:#}");
    world.platform.drain().await;
}

#[tokio::test]
async fn the_pages_show_sessions_runs_and_what_waits() {
    let running = Running::start().await;
    let admin = running.platform.address("admin").unwrap();
    let get = async |path: &str| {
        let answer = Ask::get(path).header("Host", "127.0.0.1").send(admin).await;
        (answer.status, answer.text())
    };
    let (status, empty) = get("/qa").await;
    assert!(
        status == 200 && empty.contains("No suite has been run here") && empty.contains("Nobody has begun"),
        "{empty}"
    );
    let new =
        r#"{"id": "s1", "party": "region-x", "contract": "urn:riv:test:qa:GetThingResponder:1", "role": "producer"}"#;
    let post = Ask::post(new).at("/api/v1/qa/sessions").content_type("application/json").header("Host", "127.0.0.1");
    assert_eq!(post.send(admin).await.status, 201);
    assert!(get("/qa").await.1.contains("href=\"/qa/sessions/s1\""));
    let (status, session) = get("/qa/sessions/s1").await;
    assert!(status == 200 && session.contains("PLANNED") && session.contains("CONN-41"), "{session}");
    assert_eq!((get("/qa/sessions/none").await.0, get("/qa/runs/none").await.0), (404, 404));
    // A suite asks for what only the customer knows, and says why.
    let folder = tempfile::tempdir().unwrap();
    super::native::write(folder.path(), "{ no_fault = true }");
    let needing = "id = \"C1\"\nkind = \"manual\"\nneeds = [\"patient.rich\", \"timePeriodStart\"]\n";
    std::fs::write(folder.path().join("cases/c1.toml"), needing).unwrap();
    let names = ["suite.toml", "T.wsdl", "cases/c1.toml", "requests/basic.xml"];
    let files = names.map(|name| (name.to_owned(), std::fs::read(folder.path().join(name)).unwrap()));
    let zip = Ask::post(anslut::qa::report::zip::write(&files).unwrap()).at("/api/v1/qa/suites?name=mine");
    let zip = zip.content_type("application/zip").header("Host", "127.0.0.1").send(admin).await;
    assert_eq!(zip.status, 201, "{}", zip.text());
    let suite: Value = serde_json::from_slice(&zip.body).unwrap();
    let page = format!("/qa/suites/{}", suite["id"].as_str().unwrap());
    assert!(get("/qa").await.1.contains(&format!("href=\"{page}\"")));
    let (status, form) = get(&page).await;
    let asked = [
        "name=\"timePeriodStart\" data-group=\"data\"",
        "name=\"patient.rich\" data-group=\"not_applicable\"",
        "lang=\"sv\"",
    ];
    assert!(status == 200 && asked.iter().all(|part| form.contains(part)), "{form}");
    // The cases made from the contract ask for more.
    let (status, more) = get(&format!("{page}?generated=true")).await;
    assert!(
        status == 200 && more.matches("data-group=\"data\"").count() > form.matches("data-group=\"data\"").count(),
        "{more}"
    );
    assert_eq!((get("/qa/suites/none").await.0, get(&format!("{page}?generated=perhaps")).await.0), (404, 400));
    // What the form sends: one parameter that does not apply, and its case is skipped with the reason.
    let order = json!({"suite": suite["id"], "data": {"timePeriodStart": "20260101"}, "not_applicable": {"patient.rich": "only children"}, "preparatory": true});
    let started = Ask::post(order.to_string()).at("/api/v1/qa/runs").content_type("application/json");
    let started = started.header("Host", "127.0.0.1").send(admin).await;
    assert_eq!(started.status, 202, "{}", started.text());
    let run: Value = serde_json::from_slice(&started.body).unwrap();
    let path = format!("/api/v1/qa/runs/{}", run["id"].as_str().unwrap());
    get(&format!("{path}/events?wait=true")).await;
    let run: Value = serde_json::from_str(&get(&path).await.1).unwrap();
    let case = &run["cases"][0];
    assert_eq!(
        (
            case["verdict"].as_str(),
            case["reason"]
                .as_str()
                .map(|reason| reason.ends_with("parameter patient.rich is not applicable: only children"))
        ),
        (Some("skip"), Some(true)),
        "{run}"
    );
    let described: Value = serde_json::from_str(&get("/openapi.json").await.1).unwrap();
    assert!(described["paths"]["/api/v1/qa/waiting/{id}/extend"]["post"]["summary"].is_string());
    assert!(described["paths"]["/api/v1/exchanges"]["get"].is_object());
    running.platform.drain().await;
}

#[tokio::test]
async fn a_run_tells_what_platform_it_was_made_in_and_what_the_consumer_received() {
    let running = Running::start().await;
    let run = running
        .ran(DIAGNOSIS, "seconds = 5", async {
            assert_eq!(running.call(request("get-diagnosis")).await.status, 200);
        })
        .await;
    let seen = run.platform.expect("the platform was asked");
    assert_eq!((&seen.unknown, seen.certificates.len()), (&Vec::new(), 0), "hub_https is off");
    assert_eq!(seen.program, Some(format!("anslut {}", env!("CARGO_PKG_VERSION"))));
    assert_eq!(seen.catalogue.map(|catalogue| catalogue.version), Some(1));
    // The suite has no contract of its own: it takes what ships, as the platform does.
    let version = run.suite[0].contract_version.clone().expect("the contract ships");
    assert_eq!(
        seen.contracts.iter().map(|one| (&one.namespace[..], &one.version)).collect::<Vec<_>>(),
        [(DIAGNOSIS, &version)]
    );
    let parts = &run.cases[0].steps[0].parts;
    let received = |kind: PartKind, is_received: bool| {
        parts.iter().filter(|part| part.kind == kind && part.is_received == is_received).count()
    };
    assert!(received(PartKind::Element, true) > 5 && received(PartKind::Element, false) > 0, "{parts:#?}");
    running.platform.drain().await;
}

#[tokio::test]
async fn a_consumer_that_hangs_up_on_a_slow_producer_gave_up() {
    let running = Running::start().await;
    let case = running
        .waited(DIAGNOSIS, "seconds = 3\nbehaviour = \"slow;ms=1000\"", async {
            while !running.chaos().await["name"].is_string() {}
            let mut wire = Wire::open(running.platform.address("hub_http").unwrap()).await;
            wire.write(&Ask::post(request("get-diagnosis")).bytes()).await;
            drop(wire);
        })
        .await;
    assert_eq!((case.verdict.word(), rules(&case)), ("fail", vec!["CR-08"]), "{case:#?}");
    running.platform.drain().await;
}
