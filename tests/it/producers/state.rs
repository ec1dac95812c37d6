//! §11: what systems keep account of, and §6.3: records that change while they are served.

use anslut::producers::schema::element::Element;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};
use serde_json::{Value, json};

use super::demo::{Demo, allowed, envelope};
use crate::support::client::{Answer, Ask};
use crate::support::rows::rows;
use crate::support::world::Plan;

rows! {
    u16;
    31 "careUnitHSAId leaves out records without a unit" => without_unit;
    36 "an entry added by API changes answer and row, and a row that is deleted is missing" => added_entry;
    38 "the same seed makes up the same people, to the byte, and another others" => made_up;
    60 "of two bookings of one time at once, one is made, a thousand times" => one_of_two;
    61 "a cancelled time is free again, and its row is deleted" => cancelled;
    62 "a referral that was sent is shown, and what becomes of it" => referral;
}

const TOLVAN: &str = "191212121212";
const BOOKING: &str = "SE2321000016-S010";
const UNIT: &str = "SE2321000016-1004";
const PERFORMER: &str = "SE2321000016-P001";

/// A call of a mocked system over its listener, in a body that its contract allows.
async fn asked(demo: &Demo, system: &str, name: &str, address: &str, fields: &str) -> Element {
    let contract = demo.contract(name);
    let ask = Ask::post(envelope(&contract, address, fields)).at(&format!("/{system}/"));
    let answer = ask.send(demo.platform.address("producers").expect("the producers")).await;
    assert_eq!(answer.status, 200, "{name}: {}", answer.text());
    allowed(&contract, &answer.text())
}

async fn admin(demo: &Demo, method: &str, target: &str, body: Value) -> (u16, Value) {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let ask = Ask::post(text).method(method).at(target).content_type("application/json").header("Host", "localhost");
    let answer: Answer = ask.send(demo.platform.address("admin").expect("admin")).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
}

async fn audit(demo: &Demo) -> Vec<Value> {
    let (status, told) = admin(demo, "GET", "/api/v1/producers/audit", Value::Null).await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["clean"], told["differences"] == json!([]), "{told}");
    told["differences"].as_array().expect("a list").clone()
}

async fn added_entry() {
    const SYSTEM: &str = "SE2321000016-S001";
    let demo = Demo::start().await;
    assert_eq!(audit(&demo).await, [] as [Value; 0]);
    let entry = json!({
        "id": "JA-DIA-NY", "kind": "diagnosis", "system": SYSTEM, "unit": UNIT, "author": PERFORMER,
        "authored": "2026-11-20T10:15:00", "type": "Huvuddiagnos", "time": "2026-11-20T10:15:00",
        "code": {"code": "I10", "system": "icd10", "text": "Essentiell hypertoni"}
    });
    let (status, told) =
        admin(&demo, "POST", "/api/v1/patients/entries", json!({"patient": TOLVAN, "entry": entry})).await;
    assert_eq!(status, 201, "{told}");
    assert_eq!(demo.ids("GetDiagnosis:2", SYSTEM, TOLVAN, "").await[0], "JA-DIA-NY");
    let row = || async {
        let known = demo.find(TOLVAN, "clinicalprocess:healthcond:description").await;
        known.into_iter().find(|row| row[0] == "dia" && row[2] == SYSTEM).map(|row| row[4].clone())
    };
    assert_eq!(row().await.as_deref(), Some("20261120101500"));
    assert_eq!(audit(&demo).await, [] as [Value; 0]);
    // What is wrong with an entry is said, and nothing of it is kept.
    let mut wrong = entry.clone();
    wrong["unit"] = json!("SE2321000016-NOBODY");
    let (status, told) =
        admin(&demo, "POST", "/api/v1/patients/entries", json!({"patient": TOLVAN, "entry": wrong})).await;
    assert!(status == 422 && told.to_string().contains("no unit has the HSA-id"), "{status} {told}");
    assert_eq!(audit(&demo).await, [] as [Value; 0]);
    // The row is deleted behind the records' back.
    let fields = format!(
        "<engagementTransaction><c:deleteFlag>true</c:deleteFlag><c:engagement>\
         <c:registeredResidentIdentification>{TOLVAN}</c:registeredResidentIdentification>\
         <c:serviceDomain>riv:clinicalprocess:healthcond:description</c:serviceDomain><c:categorization>dia</c:categorization>\
         <c:logicalAddress>{SYSTEM}</c:logicalAddress><c:businessObjectInstanceIdentifier>NA</c:businessObjectInstanceIdentifier>\
         <c:clinicalProcessInterestId>NA</c:clinicalProcessInterestId><c:sourceSystem>{SYSTEM}</c:sourceSystem>\
         <c:dataController>2321000016</c:dataController></c:engagement></engagementTransaction>"
    );
    let message = envelope(&demo.contract("Update:1"), "5565594230", &fields)
        .replace("<Update ", "<Update xmlns:c='urn:riv:itintegration:engagementindex:1' ");
    let answer = Ask::post(message).send(demo.platform.address("hub_http").expect("the hub")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let differences = audit(&demo).await;
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert_eq!(differences[0]["kind"], "missing");
    assert_eq!(differences[0]["engagement"]["sourceSystem"], SYSTEM);
    // Taken out again, the answer is as it was, and the row of what is left is back.
    let gone = json!({"patient": TOLVAN, "kind": "diagnosis", "id": "JA-DIA-NY", "system": SYSTEM});
    assert_eq!(admin(&demo, "DELETE", "/api/v1/patients/entries", gone.clone()).await.0, 200);
    assert_eq!(admin(&demo, "DELETE", "/api/v1/patients/entries", gone).await.0, 404);
    assert!(!demo.ids("GetDiagnosis:2", SYSTEM, TOLVAN, "").await.contains(&"JA-DIA-NY".to_owned()));
    assert_eq!(audit(&demo).await, [] as [Value; 0]);
}

/// MakeBooking of a time at the unit.
async fn book(demo: &Demo, patient: &str, start: DateTime) -> (String, Option<String>) {
    let text = |at: DateTime| at.strftime("%Y%m%d%H%M%S").to_string();
    let fields = format!(
        "<healthcare_facility_med>{UNIT}</healthcare_facility_med><requestedTimeslot>\
         <startTimeInclusive>{}</startTimeInclusive><endTimeExclusive>{}</endTimeExclusive>\
         <healthcare_facility>{UNIT}</healthcare_facility><performer>{PERFORMER}</performer>\
         <subject_of_care>{patient}</subject_of_care></requestedTimeslot><subject_of_care_info/>",
        text(start),
        text(start.saturating_add(30.minutes()))
    );
    let answer = asked(demo, "booking", "MakeBooking:1", UNIT, &fields).await;
    let code = answer.text_at("resultCode").expect("a code").to_owned();
    assert_eq!(answer.text_at("resultText").is_some(), code == "ERROR");
    (code, answer.text_at("bookingId").map(str::to_owned))
}

/// Half hours on weekdays, from a day on.
fn times(first: Date) -> impl Iterator<Item = DateTime> {
    let days = first.series(1.day()).filter(|day| day.weekday().to_monday_zero_offset() < 5);
    days.flat_map(|day| (0..16).map(move |n| day.at(8, 0, 0, 0).saturating_add((30 * n).minutes())))
}

async fn one_of_two() {
    // A thousand are made beside the code; here they go all the way, and the index is told.
    const REPETITIONS: usize = 200;
    let demo = Demo::start().await;
    let times: Vec<_> = times(date(2028, 1, 3)).take(REPETITIONS).collect();
    let people = demo.people();
    for (turn, some) in times.chunks(10).enumerate() {
        let (demo, people) = (&demo, &people);
        let pairs = some.iter().enumerate().map(|(place, at)| async move {
            let [one, other] = [0, 1].map(|n| people[(2 * (10 * turn + place) + n) % people.len()].as_str());
            let (one, other) = tokio::join!(book(demo, one, *at), book(demo, other, *at));
            let mut codes = [one.0, other.0];
            codes.sort();
            assert_eq!(codes, ["ERROR", "OK"], "{at}");
        });
        futures_util::future::join_all(pairs).await;
    }
    let mut starts = Vec::new();
    for patient in &people {
        let fields =
            format!("<healthcare_facility>{UNIT}</healthcare_facility><subject_of_care>{patient}</subject_of_care>");
        let booked = asked(&demo, "booking", "GetSubjectOfCareSchedule:1", UNIT, &fields).await;
        let of_2028 = |start: &&str| start[..4] >= *"2028";
        let booked = booked.all("timeslotDetail").filter_map(|one| one.text_at("startTimeInclusive"));
        starts.extend(booked.filter(of_2028).map(str::to_owned));
    }
    let mut expected: Vec<_> = times.iter().map(|at| at.strftime("%Y%m%d%H%M%S").to_string()).collect();
    starts.sort_unstable();
    expected.sort_unstable();
    assert_eq!(starts, expected, "each time is booked once");
    assert_eq!(audit(&demo).await, [] as [Value; 0]);
}

async fn cancelled() {
    let demo = Demo::start().await;
    let at = date(2027, 3, 1).at(9, 30, 0, 0);
    let is_free = || async {
        let fields = format!(
            "<healthcare_facility>{UNIT}</healthcare_facility><startDateInclusive>20270301</startDateInclusive>\
             <endDateInclusive>20270301</endDateInclusive><performer>{PERFORMER}</performer>\
             <s:subject_of_care xmlns:s='urn:riv:crm:scheduling:GetAvailableTimeslotsResponder:1.1'>{TOLVAN}</s:subject_of_care>"
        );
        let free = asked(&demo, "booking", "GetAvailableTimeslots:1", UNIT, &fields).await;
        free.all("timeslotDetail").any(|one| one.text_at("startTimeInclusive") == Some("20270301093000"))
    };
    let row = |id: String| {
        let demo = &demo;
        async move {
            let fields = format!(
                "<registeredResidentIdentification>{TOLVAN}</registeredResidentIdentification>\
                 <serviceDomain>riv:crm:scheduling</serviceDomain>"
            );
            let message = envelope(&demo.contract("FindContent:1"), "5565594230", &fields);
            Ask::post(message).send(demo.platform.address("hub_http").expect("the hub")).await.text().contains(&id)
        }
    };
    assert!(is_free().await);
    let (code, id) = book(&demo, TOLVAN, at).await;
    let id = id.expect("an id");
    assert_eq!(code, "OK");
    assert!(!is_free().await && row(id.clone()).await);
    assert_eq!(book(&demo, TOLVAN, at).await.0, "ERROR", "it is taken");
    assert_eq!(book(&demo, TOLVAN, date(2027, 3, 6).at(9, 30, 0, 0)).await.0, "ERROR", "a Saturday");
    assert_eq!(book(&demo, TOLVAN, date(2027, 3, 1).at(16, 0, 0, 0)).await.0, "ERROR", "after hours");
    assert_eq!(book(&demo, TOLVAN, date(2027, 3, 1).at(9, 10, 0, 0)).await.0, "ERROR", "no time begins then");
    // It is moved, and the time it had is free; then cancelled.
    let fields = format!(
        "<requestedTimeslot><startTimeInclusive>20270301100000</startTimeInclusive>\
         <healthcare_facility>{UNIT}</healthcare_facility><bookingId>{id}</bookingId></requestedTimeslot>"
    );
    assert_eq!(asked(&demo, "booking", "UpdateBooking:1", UNIT, &fields).await.text_at("resultCode"), Some("OK"));
    assert!(is_free().await && row(id.clone()).await);
    let details = format!("<healthcare_facility>{UNIT}</healthcare_facility><bookingId>{id}</bookingId>");
    let found = asked(&demo, "booking", "GetBookingDetails:1", UNIT, &details).await;
    assert_eq!(found.text_at("timeslotDetail/startTimeInclusive"), Some("20270301100000"));
    let cancel = || asked(&demo, "booking", "CancelBooking:1", UNIT, &details);
    assert_eq!(cancel().await.text_at("resultCode"), Some("OK"));
    assert!(!row(id).await);
    assert_eq!(cancel().await.text_at("resultCode"), Some("ERROR"), "it is gone");
    assert_eq!(audit(&demo).await, [] as [Value; 0]);
    // What stands in the files is there again after a reset, and a workspace has times of its own.
    assert_eq!(book(&demo, TOLVAN, at).await.0, "OK");
    assert_eq!(admin(&demo, "POST", "/api/v1/producers/booking/reset", Value::Null).await.0, 200);
    assert!(is_free().await);
    let fields =
        format!("<healthcare_facility>{UNIT}</healthcare_facility><subject_of_care>195404039801</subject_of_care>");
    asked(&demo, "booking", "GetSubjectOfCareSchedule:1", UNIT, &fields).await;
    assert_eq!(audit(&demo).await, [] as [Value; 0], "of {BOOKING}");
}

async fn referral() {
    const ADDRESS: &str = "SE2321000016-S020";
    let demo = Demo::start().await;
    let unit = |id: &str| format!("<careUnitId extension='{id}'/>");
    let request = |version: u32, text: &str| {
        format!(
            "<request><requestId extension='{ADDRESS}#NY-1'/><typeOfRequest><code>4</code>\
             <codeSystem>1.2.752.129.2.2.2.11</codeSystem><displayName>Remiss</displayName></typeOfRequest>\
             <versionNumber>{version}</versionNumber><patient><personId root='1.2.752.129.2.1.3.1' extension='{TOLVAN}'/></patient>\
             <requestOrganisation>{0}</requestOrganisation><author><healthcareProfessional><id extension='{PERFORMER}'/>\
             <name>Läkare Ett</name></healthcareProfessional><healthcareProfessionalOrganisation>{0}\
             </healthcareProfessionalOrganisation></author><recipient><organisation>{1}</organisation></recipient>\
             <questionFormulation><text>{text}</text></questionFormulation></request>",
            unit(UNIT),
            unit("SE2321000016-1010")
        )
    };
    let send = |name: &'static str, fields: String| {
        let demo = &demo;
        async move {
            let answer = asked(demo, "referrals", name, ADDRESS, &fields).await;
            answer.text_at("result/resultCode").expect("a code").to_owned()
        }
    };
    let statuses = || async {
        let fields = format!(
            "<requestId extension='{ADDRESS}#NY-1'/><personId root='1.2.752.129.2.1.3.1' extension='{TOLVAN}'/>"
        );
        let found = asked(&demo, "referrals", "GetRequestStatus:1", ADDRESS, &fields).await;
        let mut shown: Vec<_> = found
            .all("requestStatus")
            .map(|one| {
                let text = |path: &str| one.text_at(path).expect(path).to_owned();
                (text("requestStatusId/@extension"), text("requestStatus/displayName"), text("requestVersionNumber"))
            })
            .collect();
        shown.sort();
        shown.into_iter().map(|(_, words, version)| (words, version)).collect::<Vec<_>>()
    };
    let shown = |words: &str, version: &str| (words.to_owned(), version.to_owned());
    assert_eq!(statuses().await, []);
    let confirm = |fields: &str| {
        format!(
            "<requestConfirmation><requestId extension='{ADDRESS}#NY-1'/>{fields}<requestVersionNumber>2</requestVersionNumber>\
                 <confirmingOrganisation>{0}</confirmingOrganisation><author><healthcareProfessional><id extension='{PERFORMER}'/>\
                 <name>Läkare Två</name></healthcareProfessional><healthcareProfessionalOrganisation>{0}\
                 </healthcareProfessionalOrganisation></author></requestConfirmation>",
            unit("SE2321000016-1010")
        )
    };
    assert_eq!(send("ProcessRequestConfirmation:1", confirm("")).await, "ERROR", "nobody sent it");
    assert_eq!(send("ProcessRequest:1", request(2, "Bedömning?")).await, "OK");
    assert_eq!(statuses().await, [shown("Skickad", "2")]);
    assert_eq!(send("ProcessRequest:1", request(2, "Bedömning?")).await, "OK", "sent again");
    assert_eq!(send("ProcessRequest:1", request(2, "Något annat?")).await, "ERROR", "with other content");
    assert_eq!(send("ProcessRequest:1", request(1, "Bedömning?")).await, "ERROR", "a lower version");
    assert_eq!(statuses().await, [shown("Skickad", "2")]);
    assert_eq!(send("ProcessRequest:1", request(3, "Ny fråga?")).await, "OK");
    assert_eq!(send("ProcessRequestConfirmation:1", confirm("")).await, "OK");
    let all = statuses().await;
    assert_eq!(all, [shown("Skickad", "2"), shown("Skickad", "3"), shown("Mottagen", "3")]);
}

async fn made_up() {
    let ask = |seed: u32| async move {
        let producer = |n: u32| {
            format!("hsa_id = \"SE2321000016-X{n}\"\n[records]\ngenerate = {{ patients = 30, seed = {seed} }}\n")
        };
        let plan = Plan::bare().set("listen.producers", "127.0.0.1:0").set("listen.admin", "127.0.0.1:0");
        let plan = plan.set("records.index", "load").file("producers/one/producer.toml", producer(1));
        let world = plan.file("producers/two/producer.toml", producer(2)).start().await;
        let errors: Vec<_> = world.problems.iter().map(ToString::to_string).collect();
        assert_eq!(errors, [] as [String; 0]);
        let admin = world.platform.address("admin").expect("admin");
        let get = |target: &'static str| async move {
            let answer = Ask::get(target).header("Host", "localhost").send(admin).await;
            serde_json::from_slice::<Value>(&answer.body).expect("JSON")
        };
        let entries = get("/api/v1/patients/entries").await["entries"].as_array().expect("a list").clone();
        assert_eq!(get("/api/v1/producers/audit").await["clean"], true);
        let contracts = world.platform.contracts().registry();
        let mut answers = String::new();
        for entry in &entries {
            let (patient, system) = (entry["patient"].as_str().expect("one"), entry["system"].as_str().expect("one"));
            let contract = contracts.select("GetDiagnosis:2", None).expect("known");
            let name = if system.ends_with('1') { "one" } else { "two" };
            let ask = Ask::post(super::demo::message(&contract, system, patient, "")).at(&format!("/{name}/"));
            let answer = ask.send(world.platform.address("producers").expect("the producers")).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            allowed(&contract, &answer.text());
            answers.push_str(&answer.text());
        }
        (entries, answers)
    };
    let (first, again, other) = tokio::join!(ask(7), ask(7), ask(8));
    assert!(first.0.len() > 60, "{} entries", first.0.len());
    assert!(first == again, "the same seed");
    assert!(first.0 != other.0 && first.1 != other.1, "another seed");
}

async fn without_unit() {
    const SYSTEM: &str = "SE2321000016-X1";
    let entry = |id: &str, unit: &str| {
        format!(
            "[[entry]]\nid = \"{id}\"\nkind = \"diagnosis\"\nsystem = \"{SYSTEM}\"\n{unit}authored = 2026-01-02T10:00:00\n\
             type = \"Huvuddiagnos\"\ncode = {{ code = \"I10\", system = \"icd10\", text = \"Hypertoni\" }}\n"
        )
    };
    let organisation = format!(
        "[[giver]]\nhsa_id = \"SE2321000016-G\"\nname = \"G\"\norg_no = \"2321000016\"\n\
         [[unit]]\nhsa_id = \"{UNIT}\"\nname = \"U\"\ngiver = \"SE2321000016-G\"\n\
         [[system]]\nhsa_id = \"{SYSTEM}\"\nname = \"S\"\ngiver = \"SE2321000016-G\"\n"
    );
    let patient = format!(
        "[patient]\nid = \"{TOLVAN}\"\n{}{}",
        entry("WITH", &format!("unit = \"{UNIT}\"\n")),
        entry("WITHOUT", "")
    );
    let plan = Plan::bare().set("listen.producers", "127.0.0.1:0").set("listen.admin", "127.0.0.1:0");
    let plan = plan.set("records.index", "load").file("patients/organisation.toml", organisation);
    let plan = plan
        .file("patients/tolvan.toml", patient)
        .file("producers/one/producer.toml", format!("hsa_id = \"{SYSTEM}\"\n"));
    let world = plan.start().await;
    assert_eq!(world.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [] as [String; 0]);
    let contract = world.platform.contracts().registry().select("GetDiagnosis:2", None).expect("known");
    let ids = |fields: String| {
        let (world, contract) = (&world, &contract);
        async move {
            let ask = Ask::post(super::demo::message(contract, SYSTEM, TOLVAN, &fields)).at("/one/");
            let answer = ask.send(world.platform.address("producers").expect("the producers")).await;
            let body = allowed(contract, &answer.text());
            let id = |one: &Element| one.children[0].text_at("documentId").expect("an id").to_owned();
            body.all("diagnosis").map(id).collect::<Vec<_>>()
        }
    };
    assert_eq!(ids(String::new()).await, ["WITH", "WITHOUT"]);
    assert_eq!(ids(format!("<careUnitHSAId>{UNIT}</careUnitHSAId>")).await, ["WITH"]);
}
