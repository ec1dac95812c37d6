//! The scenarios, each by its number.

use serde_json::{Value, json};

use super::road::{CONNECTION, PARTY, Road, SYSTEM, caregiver, contacts, gates_of, run, with};
use crate::platforms::world::diagnosis;
use crate::support::rows::rows;

rows! { u16;
    1 "no operative contact: CONN-13 blocks prepare" => operative_contact;
    2 "an indirect caregiver and no list: CONN-17; a list without orgnr: CONN-18" => caregiver_list;
    3 "Kundavtal 2 needs no PuB 1 of its own; Kundavtal 1 without Modellavtal 1: CONN-03" => processor_agreement;
    4 "inkorg without hsa: CONN-23 naming HSA" => dependency;
    5 "fodelse on 2022-06-18 without Sjunet: CONN-23; on 2022-06-01 it passes" => dated_dependency;
    6 "a run in production: CONN-39" => wrong_environment;
    7 "Underkänd: REJECTED, and production is refused by CONN-38 and CONN-47" => rejected;
    8 "a reservation past its day: CONN-48, and SUSPENDED" => overdue;
    9 "two contracts to NPÖ: 50 000 kr" => price;
    10 "a slutkund that reports to Inera: CONN-63, expected Agent" => recipient;
    11 "an investigation without spread: CONN-64" => investigation;
    12 "a permission at an unlisted caregiver's address: CONN-20" => unlisted;
    13 "a new customer of Svevac: CONN-28" => svevac;
    14 "a state authority and Personuppgiftstjänsten: CONN-10 without an exception" => exception;
    15 "an Agent with one pilot: CONN-08" => pilots;
    16 "an independent board without fullmakt: CONN-05" => board;
    17 "availability of 99,79 %: missed, and no remedy" => availability;
    18 "closing while a route is live: CONN-70" => residue;
    19 "an external operator of a service with personal data, without consent: CONN-11" => operator;
    20 "a serious adverse event without report to the authority: CONN-67" => adverse;
}

/// The only failed gate of an answer: its text, and what is missing.
fn only(answer: &Value) -> (&str, Vec<&str>) {
    let failed = answer["failed"].as_array().unwrap();
    assert_eq!(failed.len(), 1, "{answer}");
    assert_eq!(failed[0]["blocking"], true);
    let missing = failed[0]["missing"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
    (failed[0]["message"].as_str().unwrap(), missing)
}

async fn operative_contact() {
    let road = Road::start().await;
    road.papers().await;
    let mut without = contacts();
    without.as_array_mut().unwrap().retain(|contact| contact["role"] != "OPER");
    road.ok("PUT", &format!("parties/{PARTY}/contacts"), without).await;
    road.walk("qualify", "order_service", None).await;
    let refusal = road.refused(CONNECTION, "prepare", json!({}), &["CONN-13"]).await;
    assert_eq!(only(&refusal), ("operative contact missing or unreachable", vec!["contacts[role=OPER]"]));
    assert_eq!((&refusal["state"], &refusal["allowed"]), (&"ORDERED".into(), &json!(["prepare"])));
    // One that nobody can reach does not help either.
    let mut unreachable = contacts();
    unreachable[1] = json!({"role": "OPER", "name": "C D", "email": "drift", "from": "2020-01-01"});
    road.ok("PUT", &format!("parties/{PARTY}/contacts"), unreachable).await;
    road.refused(CONNECTION, "prepare", json!({}), &["CONN-13"]).await;
    road.ok("PUT", &format!("parties/{PARTY}/contacts"), contacts()).await;
    assert_eq!(road.stepped(CONNECTION, "prepare", json!({})).await, "PREPARED");
}

async fn caregiver_list() {
    let road = Road::start().await;
    road.papers().await;
    road.ok("PATCH", &format!("parties/{PARTY}"), json!({"hasIndirect": true})).await;
    road.walk("qualify", "order_service", None).await;
    let (_, refusal) = road.step(CONNECTION, "prepare", json!({})).await;
    assert!(gates_of(&refusal).contains(&"CONN-17"), "{refusal}");
    let list = |row: Value| json!({"deliveredAt": "2026-03-01", "rows": [row]});
    let incomplete = with(caregiver(), &json!({"orgnr": ""}));
    road.ok("PUT", &format!("parties/{PARTY}/caregivers"), list(incomplete)).await;
    let refusal = road.refused(CONNECTION, "prepare", json!({}), &["CONN-18"]).await;
    assert_eq!(only(&refusal).0, "incomplete row 1: orgnr");
    // Late: fewer than fourteen days before connecting starts.
    let late = with(list(caregiver()), &json!({"deliveredAt": "2026-03-20"}));
    road.ok("PUT", &format!("parties/{PARTY}/caregivers"), late).await;
    let refusal = road.refused(CONNECTION, "prepare", json!({}), &["CONN-17"]).await;
    assert_eq!(only(&refusal).0, "caregiver list missing/late");
    road.ok("PUT", &format!("parties/{PARTY}/caregivers"), list(caregiver())).await;
    assert_eq!(road.stepped(CONNECTION, "prepare", json!({})).await, "PREPARED");
}

async fn processor_agreement() {
    let road = Road::start().await;
    road.papers().await;
    road.walk("qualify", "sign", None).await;

    let road = Road::start().await;
    road.party(json!({})).await;
    road.agreement("AGR-K1", json!({})).await;
    road.agreement("AGR-T", json!({"service": "npo"})).await;
    road.prospect("k1", "npo", json!({})).await;
    road.stepped("k1", "qualify", json!({})).await;
    let refusal = road.refused("k1", "sign", json!({}), &["CONN-03"]).await;
    assert_eq!(only(&refusal).0, "Modellavtal 1 missing");
    road.agreement("AGR-M1", json!({})).await;
    assert_eq!(road.stepped("k1", "sign", json!({})).await, "AGREED");
}

async fn dependency() {
    let road = Road::start().await;
    road.party(json!({})).await;
    road.agreement("AGR-K2", json!({})).await;
    road.agreement("AGR-T", json!({"service": "inkorg"})).await;
    road.agreement("AGR-SKR", json!({"service": "inkorg"})).await;
    road.ordered(PARTY, &["portal", "ntjp", "siths"]).await;
    road.prospect("x-inkorg", "inkorg", json!({})).await;
    for step in ["qualify", "sign"] {
        road.stepped("x-inkorg", step, json!({})).await;
    }
    let refusal = road.refused("x-inkorg", "order_service", json!({}), &["CONN-23"]).await;
    assert_eq!(only(&refusal), ("dependency hsa not ordered/connected", vec!["hsa"]));
    road.ordered(PARTY, &["hsa"]).await;
    assert_eq!(road.stepped("x-inkorg", "order_service", json!({})).await, "ORDERED");
}

async fn dated_dependency() {
    let road = Road::start().await;
    road.party(json!({})).await;
    road.agreement("AGR-K2", json!({})).await;
    road.agreement("AGR-T", json!({"service": "fodelse"})).await;
    for (id, day) in [("after", "2022-06-18"), ("before", "2022-06-01")] {
        road.prospect(id, "fodelse", json!({})).await;
        for step in ["qualify", "sign"] {
            road.stepped(id, step, json!({"at": "2022-05-02"})).await;
        }
        match id {
            "after" => {
                let refusal = road.refused(id, "order_service", json!({"at": day}), &["CONN-23"]).await;
                assert_eq!(only(&refusal).1, ["sjunet"]);
            }
            _ => assert_eq!(road.stepped(id, "order_service", json!({"at": day})).await, "ORDERED"),
        }
    }
}

async fn wrong_environment() {
    let road = Road::start().await;
    road.papers().await;
    road.walk("qualify", "start_tests", None).await;
    let path = format!("connections/{CONNECTION}/runs");
    let (status, refusal) = road.send("POST", &path, &run(&diagnosis(), "producer", "NTJP-PROD")).await;
    assert_eq!(status, 409);
    let failed = refusal["failed"].as_array().unwrap();
    let wrong = failed.iter().find(|failed| failed["gate"] == "CONN-39").unwrap_or_else(|| panic!("{refusal}"));
    assert_eq!(wrong["message"], "test run in wrong environment");
    assert_eq!(road.get(&path).await, json!([]), "it is not kept");
    let (status, _) = road.send("POST", &path, &run(&diagnosis(), "producer", "NTJP-QA")).await;
    assert_eq!(status, 201);
}

async fn rejected() {
    let road = Road::start().await;
    road.papers().await;
    road.walk("qualify", "declare", None).await;
    let decided = road.stepped(CONNECTION, "review", json!({"decision": "UNDERKAND", "actor": "inera"})).await;
    assert_eq!(decided, "REJECTED");
    let (status, refusal) = road.step(CONNECTION, "order_production", json!({})).await;
    assert_eq!((status, &refusal["type"]), (409, &"urn:anslut:illegal-event".into()), "{refusal}");
    assert_eq!(refusal["allowed"], json!(["replan"]));
    let gates = gates_of(&refusal);
    assert!(gates.contains(&"CONN-38") && gates.contains(&"CONN-47"), "{refusal}");
    assert_eq!(road.called().await, ["200", "VP004"]);
    assert_eq!(road.stepped(CONNECTION, "replan", json!({})).await, "QA_TESTING");
    road.walk("declare", "order_production", None).await;
}

async fn overdue() {
    let road = Road::start().await;
    road.papers().await;
    road.walk("qualify", "declare", Some("2026-01-12")).await;
    let review = json!({"decision": "GODKAND_FORBEHALL", "due": "2026-02-15", "actor": "inera", "at": "2026-01-12"});
    assert_eq!(road.stepped(CONNECTION, "review", review).await, "APPROVED_RES");
    road.walk("order_production", "go_live", Some("2026-01-20")).await;
    let on = |day: &str| json!({"actor": "inera", "at": day});
    assert_eq!(road.stepped(CONNECTION, "check", on("2026-02-15")).await, "LIVE", "the day itself is in time");
    let (status, checked) = road.step(CONNECTION, "check", on("2026-02-16")).await;
    assert_eq!((status, &checked["state"]), (200, &"SUSPENDED".into()), "{checked}");
    let warnings = checked["warnings"].as_array().unwrap();
    let overdue = warnings.iter().find(|warning| warning["gate"] == "CONN-48").unwrap_or_else(|| panic!("{checked}"));
    assert_eq!(overdue["message"], "reservation overdue");
    let (status, refusal) = road.step(CONNECTION, "remedy", json!({"fixVerified": false, "actor": "inera"})).await;
    assert_eq!((status, gates_of(&refusal)), (409, vec!["CONN-48"]), "{refusal}");
    assert_eq!(road.stepped(CONNECTION, "remedy", json!({"fixVerified": true, "actor": "inera"})).await, "LIVE");
}

async fn price() {
    let road = Road::start().await;
    let other = "urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:3";
    let line = |contract: &str, role: &str| json!({"contract": contract, "service": "npo", "role": role});
    let lines = json!([line(&diagnosis(), "producer"), line(other, "producer"), line(other, "consumer")]);
    let told = road.ok("POST", "price", json!({"lines": lines})).await;
    assert_eq!((&told["fee"], &told["currency"]), (&50_000.into(), &"SEK".into()), "{told}");
    assert_eq!(told["pairs"].as_array().unwrap().len(), 2);
    // And so of a connection.
    road.party(json!({})).await;
    let contracts = [diagnosis(), other.to_owned()];
    let lines = [road.lines("NTJP-QA", "C", &contracts), road.lines("NTJP-PROD", "C", &contracts)].concat();
    road.prospect("two", "npo", json!({"lines": lines})).await;
    assert_eq!(road.get("connections/two").await["fee"], 50_000);
}

/// A customer that is connected through an Agent.
async fn brokered(road: &Road) {
    road.party(json!({"id": "agent-a", "name": "Agent A", "orgnr": "5560000009", "category": "AGENT"})).await;
    let customer = json!({"id": "kund-a", "name": "Kund A", "route": "agent", "agent": "agent-a"});
    road.party(with(json!({"orgnr": "5560000008", "category": "PRIVAT_VARDGIVARE"}), &customer)).await;
    road.prospect("a-iutkr", "iutkr", json!({"party": "kund-a"})).await;
}

async fn recipient() {
    let road = Road::start().await;
    brokered(&road).await;
    let incident = |recipient: &str| {
        json!({
            "connection": "a-iutkr", "reporter": "kund-a", "recipient": recipient, "class": "Kritisk", "priority": 1,
            "description": "svarar inte", "at": "2026-03-02T10:00:00Z",
        })
    };
    let (status, refusal) = road.send("POST", "incidents", &incident("inera")).await;
    assert_eq!(status, 409);
    assert_eq!(gates_of(&refusal), ["CONN-63"]);
    assert_eq!(only(&refusal).0, "wrong recipient, expected Agent");
    let (status, reported) = road.send("POST", "incidents", &incident("agent-a")).await;
    assert_eq!((status, &reported["leader"], &reported["state"]), (201, &"agent-a".into(), &"REPORTED".into()));
}

/// An incident of the usual customer, under this id.
async fn incident(road: &Road, changes: Value) -> (u16, Value) {
    road.party(json!({})).await;
    road.prospect("x", "npo", json!({})).await;
    let incident = json!({
        "id": "i1", "connection": "x", "reporter": PARTY, "recipient": "inera", "class": "Hög", "priority": 2,
        "description": "långsamt", "at": "2026-03-02T10:00:00Z",
    });
    road.send("POST", "incidents", &with(incident, &changes)).await
}

async fn investigation() {
    let road = Road::start().await;
    assert_eq!(incident(&road, json!({})).await.0, 201);
    let step = async |event: &str| {
        let body = json!({"event": event, "actor": "inera"});
        road.send("POST", "incidents/i1/events", &body).await
    };
    assert_eq!(step("investigate").await.0, 200);
    let found = json!({"origin": "nät", "extent": "en region", "causes": "fel väg", "consequences": "inga"});
    road.ok("PATCH", "incidents/i1", json!({"investigation": found})).await;
    let (status, refusal) = step("act").await;
    assert_eq!((status, gates_of(&refusal)), (409, vec!["CONN-64"]));
    assert_eq!(only(&refusal), ("investigation incomplete", vec!["investigation.spread"]));
    road.ok("PATCH", "incidents/i1", json!({"investigation": with(found, &json!({"spread": "ingen"}))})).await;
    let (status, acted) = step("act").await;
    assert_eq!((status, &acted["state"]), (200, &"ACTION".into()), "{acted}");
}

async fn unlisted() {
    let road = Road::start().await;
    road.papers().await;
    road.walk("qualify", "order_service", None).await;
    let mut lines = road.get(&format!("connections/{CONNECTION}")).await["lines"].clone();
    for line in lines.as_array_mut().unwrap().iter_mut().filter(|line| line["role"] == "producer") {
        line["logicalAddress"] = "SE5560000002-0001".into();
    }
    road.ok("PATCH", &format!("connections/{CONNECTION}"), json!({"lines": lines})).await;
    let (status, refusal) = road.step(CONNECTION, "prepare", json!({})).await;
    assert_eq!(status, 409);
    let failed = refusal["failed"].as_array().unwrap();
    let unlisted = failed.iter().find(|failed| failed["gate"] == "CONN-20").unwrap_or_else(|| panic!("{refusal}"));
    assert_eq!(unlisted["message"], "unlisted caregiver SE5560000002-0001");
    assert_eq!(unlisted["missing"], json!(["SE5560000002-0001"]));
    // Once it is listed, it may be represented.
    let row = with(
        caregiver(),
        &json!({"hsaId": "SE5560000002-0001", "orgnr": "5560000002", "logicalAddresses": ["SE5560000002-0001"]}),
    );
    road.ok("PATCH", &format!("parties/{PARTY}"), json!({"hasIndirect": true})).await;
    road.ok("PUT", &format!("parties/{PARTY}/caregivers"), json!({"deliveredAt": "2026-03-01", "rows": [row]})).await;
    assert_eq!(road.stepped(CONNECTION, "prepare", json!({})).await, "PREPARED");
}

async fn svevac() {
    let road = Road::start().await;
    road.party(json!({})).await;
    road.agreement("AGR-K2", json!({})).await;
    road.agreement("AGR-T", json!({"service": "svevac"})).await;
    road.prospect("x-svevac", "svevac", json!({})).await;
    for step in ["qualify", "sign"] {
        road.stepped("x-svevac", step, json!({})).await;
    }
    let refusal = road.refused("x-svevac", "order_service", json!({}), &["CONN-28"]).await;
    assert_eq!(only(&refusal).0, "service is being decommissioned");
}

async fn exception() {
    let road = Road::start().await;
    road.party(json!({"category": "STATLIG_MYNDIGHET"})).await;
    road.prospect("x-pu", "pu", json!({})).await;
    let refusal = road.refused("x-pu", "qualify", json!({}), &["CONN-10"]).await;
    assert_eq!(only(&refusal).0, "organisation not eligible");
    road.ok("PATCH", &format!("parties/{PARTY}"), json!({"exceptions": ["pu"]})).await;
    assert_eq!(road.stepped("x-pu", "qualify", json!({})).await, "QUALIFIED");
}

async fn pilots() {
    let road = Road::start().await;
    brokered(&road).await;
    road.agreement("AGR-A", json!({"party": "agent-a"})).await;
    road.agreement("AGR-K2", json!({"party": "kund-a"})).await;
    road.agreement("AGR-PA", json!({"party": "kund-a", "counterparty": "agent-a"})).await;
    let assigned = |pilots: &[&str]| json!([{"service": "iutkr", "from": "2020-01-01", "pilots": pilots}]);
    road.ok("PUT", "parties/agent-a/assignments", assigned(&["pilot-1"])).await;
    let refusal = road.refused("a-iutkr", "qualify", json!({}), &["CONN-08"]).await;
    assert_eq!(only(&refusal).0, "agent not authorised for iutkr");
    road.ok("PUT", "parties/agent-a/assignments", assigned(&["pilot-1", "pilot-2"])).await;
    assert_eq!(road.stepped("a-iutkr", "qualify", json!({})).await, "QUALIFIED");
}

async fn board() {
    let road = Road::start().await;
    let boards = json!([{"name": "Omsorgsnämnden", "independent": true}, {"name": "Nämnden", "independent": false}]);
    road.party(json!({"category": "KOMMUN", "boards": boards})).await;
    road.agreement("AGR-K2", json!({})).await;
    road.agreement("AGR-T", json!({"service": "npo"})).await;
    road.prospect("x", "npo", json!({})).await;
    road.stepped("x", "qualify", json!({})).await;
    let refusal = road.refused("x", "sign", json!({}), &["CONN-05"]).await;
    assert_eq!(only(&refusal).0, "fullmakt missing for Omsorgsnämnden");
    road.agreement("AGR-F", json!({"board": "Omsorgsnämnden"})).await;
    assert_eq!(road.stepped("x", "sign", json!({})).await, "AGREED");
}

async fn availability() {
    let road = Road::start().await;
    let outage = |until: &str, class: &str, planned: bool| {
        json!({
            "from": "2026-06-03T10:00:00+02:00", "to": until, "class": class, "planned": planned, "forceMajeure": false,
            "ineraAnswers": true,
        })
    };
    let month = |outages: Value| json!({"service": "inkorg", "month": "2026-06", "outages": outages});
    // 90,72 of 43 200 minutes; what is planned, and what is not grave, does not count.
    let outages = json!([
        outage("2026-06-03T11:30:43.2+02:00", "Kritisk", false),
        outage("2026-06-03T20:00:00+02:00", "Kritisk", true),
        outage("2026-06-03T20:00:00+02:00", "Medel", false),
    ]);
    let told = road.ok("POST", "availability", month(outages)).await;
    let number = |key: &str| told[key].as_f64().unwrap_or_else(|| panic!("{key}: {told}"));
    assert_eq!([number("availability"), number("target"), number("totalMinutes")], [99.79, 99.8, 43_200.0]);
    assert!((number("outageMinutes") - 90.72).abs() < 1e-9, "{told}");
    assert_eq!(told["met"], false);
    assert!(told.get("remedy").is_none(), "{told}");
    let told = road.ok("POST", "availability", month(json!([outage("2026-06-03T11:26:24+02:00", "Hög", false)]))).await;
    assert_eq!((&told["availability"], &told["met"]), (&99.8.into(), &true.into()), "{told}");
}

async fn residue() {
    let road = Road::start().await;
    road.papers().await;
    road.walk("qualify", "go_live", None).await;
    let plan = json!({"inera": ["vägval"], "party": ["integration"]});
    road.stepped(CONNECTION, "decommission", json!({"endDate": "2026-06-30", "plan": plan})).await;
    let refusal = road.refused(CONNECTION, "close", json!({"actor": "inera"}), &["CONN-70"]).await;
    let (message, missing) = only(&refusal);
    assert!(message.starts_with("residual "), "{message}");
    for left in ["NTJP-QA.routes", "NTJP-PROD.routes", "NTJP-PROD.permissions", &format!("engagements[{SYSTEM}")] {
        assert!(missing.iter().any(|key| key.starts_with(left)), "{left}: {missing:?}");
    }
    road.ok("POST", &format!("connections/{CONNECTION}/removal"), json!({"actor": "inera"})).await;
    assert_eq!(road.stepped(CONNECTION, "close", json!({"actor": "inera"})).await, "CLOSED");
}

async fn operator() {
    let road = Road::start().await;
    road.papers().await;
    let moved = |consents: &[&str]| json!({"operator": "Driftbolaget", "external": true, "consents": consents});
    let (status, refusal) = road.send("POST", "services/npo/operator", &moved(&[])).await;
    assert_eq!((status, gates_of(&refusal)), (409, vec!["CONN-11"]), "{refusal}");
    assert_eq!(only(&refusal), ("consent missing for external operation", vec![PARTY]));
    let (status, answer) = road.send("POST", "services/npo/operator", &moved(&[PARTY])).await;
    assert_eq!(status, 200, "{answer}");
    // A service without personal data may pass without.
    let (status, answer) = road.send("POST", "services/vis/operator", &moved(&[])).await;
    assert_eq!(status, 200, "{answer}");
}

async fn adverse() {
    let road = Road::start().await;
    let (status, reported) = incident(&road, json!({"nmi": true, "severity": "serious"})).await;
    assert_eq!(status, 201, "{reported}");
    let warnings = reported["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|warning| warning["gate"] == "CONN-67" && warning["blocking"] == false), "{reported}");
    let step = |event: &str| json!({"event": event, "actor": "inera"});
    road.ok("POST", "incidents/i1/events", step("investigate")).await;
    let found = json!({"origin": "a", "extent": "b", "spread": "c", "causes": "d", "consequences": "e"});
    road.ok("PATCH", "incidents/i1", json!({"investigation": found})).await;
    let (status, refusal) = road.send("POST", "incidents/i1/events", &step("act")).await;
    assert_eq!((status, gates_of(&refusal)), (409, vec!["CONN-67"]), "{refusal}");
    assert_eq!(only(&refusal).0, "authority report missing");
    road.ok("PATCH", "incidents/i1", json!({"authorityReport": "Läkemedelsverket 2026-03-02"})).await;
    let acted = road.ok("POST", "incidents/i1/events", step("act")).await;
    assert_eq!(acted["state"], "ACTION");
}
