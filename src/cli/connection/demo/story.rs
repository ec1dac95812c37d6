//! The story: what a region does to show its diagnoses in the national overview, and to leave it again.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

/// The connection's id.
pub(super) const CONNECTION: &str = "exempel-npo";
/// The customer's system.
pub(super) const SYSTEM: &str = "SE2321000016-S001";
/// The contract it produces.
pub(super) const CONTRACT: &str = "urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2";
/// Who calls it in QA, and who in production.
pub(super) const CONSUMERS: [&str; 2] = ["T_SERVICES_SE165565594230-1023", "HSASERVICES-106J"];
/// The index, and the contract it is kept up to date by.
const INDEX: &str = "5565594230";
const UPDATE: &str = "urn:riv:itintegration:engagementindex:UpdateResponder:1";

const PARTY: &str = "region-exempel";
const SERVICE: &str = "npo";
/// Services that one needs.
const NEEDED: [&str; 4] = ["sak", "hsa", "siths", "pu"];
const VERSION: &str = "4.2";
const SINCE: &str = "2025-01-01";
/// Days from now until connecting starts: the list of caregivers is in time.
const LEAD_DAYS: i64 = 30;

/// A call of the API.
pub(super) struct Call {
    pub(super) method: &'static str,
    /// Below `/api/v1/`.
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

impl Call {
    pub(super) fn get(path: &str) -> Self {
        Self { method: "GET", path: path.to_owned(), body: None }
    }

    fn with(method: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self { method, path: path.into(), body: Some(body) }
    }
}

/// A step: what is done, and how things stand afterwards.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) calls: Vec<Call>,
    pub(super) state: &'static str,
    /// What each hub says to those who call the system; QA first.
    pub(super) called: [&'static str; 2],
    /// What each says to the system when it calls.
    pub(super) calling: [&'static str; 2],
}

/// How far both platforms are open.
#[derive(Clone, Copy)]
enum Open {
    No,
    InQa,
    InBoth,
}

fn step(name: &'static str, state: &'static str, open: Open, calls: Vec<Call>) -> Step {
    let (called, calling) = match open {
        Open::No => (["VP004", "VP004"], ["VP007", "VP007"]),
        Open::InQa => (["200", "VP004"], ["200", "VP007"]),
        Open::InBoth => (["200", "200"], ["200", "200"]),
    };
    Step { name, calls, state, called, calling }
}

/// An event of the connection, by the customer or by Inera.
fn event(name: &str, actor: &str, arguments: &Value) -> Call {
    let mut body = json!({"event": name, "actor": actor});
    if let (Some(body), Some(arguments)) = (body.as_object_mut(), arguments.as_object()) {
        body.extend(arguments.clone());
    }
    Call::with("POST", format!("connections/{CONNECTION}/events"), body)
}

fn kund(name: &str) -> Call {
    event(name, "Anna Anslutning", &json!({}))
}

fn inera(name: &str, arguments: &Value) -> Call {
    event(name, "inera", arguments)
}

/// All of it, in order. `producers` is where the customer's system answers.
pub(super) fn story(today: Date, producers: &str) -> Vec<Step> {
    vec![
        step("contact", "PROSPECT", Open::No, contact(today, producers)),
        step("qualify", "QUALIFIED", Open::No, vec![kund("qualify")]),
        step("sign", "AGREED", Open::No, then(agreements(), kund("sign"))),
        step("order_service", "ORDERED", Open::No, then(orders(), kund("order_service"))),
        step("prepare", "PREPARED", Open::No, then(papers(today), kund("prepare"))),
        step("assign_test_env", "QA_CONNECTED", Open::InQa, vec![inera("assign_test_env", &json!({"env": "NTJP-QA"}))]),
        step("start_tests", "QA_TESTING", Open::InQa, vec![kund("start_tests")]),
        step("declare", "QA_DECLARED", Open::InQa, then(results(), kund("declare"))),
        step("review", "APPROVED", Open::InQa, vec![inera("review", &json!({"decision": "GODKAND"}))]),
        step("order_production", "PROD_ORDERED", Open::InQa, then(vec![invoice(today)], kund("order_production"))),
        step("publish", "ESTABLISHED", Open::InBoth, vec![inera("publish", &json!({}))]),
        step("go_live", "LIVE", Open::InBoth, vec![kund("go_live")]),
        step("decommission", "DECOMMISSIONING", Open::InBoth, vec![decommission(today)]),
        step("removal", "DECOMMISSIONING", Open::No, vec![removal()]),
        step("close", "CLOSED", Open::No, vec![inera("close", &json!({}))]),
    ]
}

fn then(mut calls: Vec<Call>, last: Call) -> Vec<Call> {
    calls.push(last);
    calls
}

/// Who it is, and what it wants.
fn contact(today: Date, producers: &str) -> Vec<Call> {
    let party = json!({
        "id": PARTY, "name": "Region Exempel", "orgnr": "2321000016", "category": "REGION", "hasIndirect": true,
        "evidence": {
            "processes": ["incident", "problem", "change", "deploy", "operation", "configuration", "test"],
            "support": "Servicedesk, 010-000 00 00",
            "resources": {"owner": "Berit Beställare", "technicalLead": "Tore Teknik"},
        },
    });
    let url = format!("{producers}/journal");
    let lines = |env: &str, consumer: &str| {
        [
            json!({
                "env": env, "role": "producer", "hsaId": SYSTEM, "contract": CONTRACT, "logicalAddress": SYSTEM,
                "profile": "RIVTABP21", "url": url, "consumers": [consumer],
            }),
            json!({"env": env, "role": "consumer", "hsaId": SYSTEM, "contract": UPDATE, "logicalAddress": INDEX}),
        ]
    };
    let lines = [lines("NTJP-QA", CONSUMERS[0]), lines("NTJP-PROD", CONSUMERS[1])].concat();
    let connection = json!({
        "id": CONNECTION, "party": PARTY, "component": SYSTEM, "service": SERVICE,
        "start": today.saturating_add(LEAD_DAYS.days()),
        "purpose": "sammanhållen journalföring för vårdpersonal",
        "lines": lines,
    });
    vec![Call::with("POST", "parties", party), Call::with("POST", "connections", connection)]
}

fn agreements() -> Vec<Call> {
    let basic = json!({"party": PARTY, "type": "AGR-K2", "from": SINCE});
    let service = json!({"party": PARTY, "type": "AGR-T", "service": SERVICE, "from": SINCE});
    [basic, service].map(|agreement| Call::with("POST", "agreements", agreement)).into()
}

/// The services that this one needs, ordered and carried out, and what the order itself rests on.
fn orders() -> Vec<Call> {
    let evidence = json!({"evidence": {"backupPlan": "pärm på varje enhet", "guidelines": true}});
    let order = |service: &str| {
        let id = format!("order-{service}");
        let ordered = json!({"id": id, "party": PARTY, "service": service, "type": "new"});
        let step = |event: &str| Call::with("POST", format!("orders/{id}/events"), json!({"event": event}));
        [Call::with("POST", "orders", ordered), step("start"), step("finish")]
    };
    let shown = Call::with("PATCH", format!("connections/{CONNECTION}"), evidence);
    then(NEEDED.into_iter().flat_map(order).collect(), shown)
}

/// Contacts, caregivers, the system, and what the connection rests on.
fn papers(today: Date) -> Vec<Call> {
    let party = |what: &str, body: Value| Call::with("PUT", format!("parties/{PARTY}/{what}"), body);
    let contacts = json!([
        {"role": "COMM_TECH", "name": "Berit Beställare", "email": "berit@example.org", "from": SINCE},
        {"role": "OPER", "name": "Drift", "email": "drift@example.org", "phone": "+46100000000", "from": SINCE},
        {"role": "SERVICE", "name": "Tore Teknik", "service": SERVICE, "email": "tore@example.org", "from": SINCE},
    ]);
    let caregivers = json!({
        "deliveredAt": today,
        "rows": [{
            "orgnr": "5560000001", "name": "Vårdcentralen Exempel AB", "hsaId": "SE5560000001-0001",
            "address": "Exempelgatan 1, 111 11 Exempelstad", "services": [SERVICE],
            "logicalAddresses": ["SE5560000001-0001"], "contracts": [CONTRACT], "sourceSystem": SYSTEM,
            "dataHandled": true, "type2Agreement": SINCE,
        }],
    });
    let components = json!([{
        "hsaId": SYSTEM, "description": "Journalsystem", "organisation": "Region Exempel", "ip": "192.0.2.10",
        "pingUrl": "https://journal.example.org/ping", "owner": "Berit Beställare",
        "technicalContact": {"name": "Tore Teknik", "email": "tore@example.org"},
        "mailbox": "journal@example.org", "version": VERSION,
        "certificate": {"hsaId": SYSTEM, "notAfter": "2099-12-31", "tls": ["1.2", "1.3"]},
    }]);
    let approval = |consumer: &str, contract: &str, address: &str| json!({"consumer": consumer, "contract": contract, "logicalAddress": address, "by": "Region Exempel", "date": SINCE});
    let consent = json!({
        "approvals": [approval(CONSUMERS[1], CONTRACT, SYSTEM), approval(SYSTEM, UPDATE, INDEX)],
        "evidence": {"indirectDuty": true},
    });
    vec![
        party("contacts", contacts),
        party("caregivers", caregivers),
        party("components", components),
        Call::with("PATCH", format!("connections/{CONNECTION}"), consent),
    ]
}

/// Test runs for both contracts, and the declaration they go into.
fn results() -> Vec<Call> {
    let run = |contract: &str, role: &str| {
        let cases = [json!({"case": "1.1", "outcome": "passed"}), json!({"case": "1.2", "outcome": "passed"})];
        let body = json!({
            "contract": contract, "role": role, "env": "NTJP-QA", "version": VERSION, "cases": cases,
            "identities": ["191212121212"],
        });
        Call::with("POST", format!("connections/{CONNECTION}/runs"), body)
    };
    let tests = ["1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "2.3", "2.4"];
    let ei: serde_json::Map<String, Value> =
        tests.into_iter().map(|test| (test.to_owned(), Value::from("passed"))).collect();
    let declaration = json!({
        "organisation": "Region Exempel", "orgnr": "2321000016", "product": "Journalsystem", "version": VERSION,
        "stopping": 0, "deviations": [], "decision": "GODKAND", "ei": ei,
        "e2e": {"app": "NPÖ", "report": "Diagnoserna visas i NPÖ."},
        "mapping": [{"type": "diagnos", "by": "Region Exempel"}],
    });
    vec![
        run(CONTRACT, "producer"),
        run(UPDATE, "consumer"),
        Call::with("PUT", format!("connections/{CONNECTION}/declaration"), declaration),
    ]
}

/// One contract to one service that costs.
fn invoice(today: Date) -> Call {
    Call::with("POST", format!("connections/{CONNECTION}/invoices"), json!({"amount": 25_000, "at": today}))
}

fn decommission(today: Date) -> Call {
    let plan = json!({"inera": ["ta bort vägval och anropsbehörigheter"], "party": ["stänga av integrationen"]});
    event("decommission", "Anna Anslutning", &json!({"endDate": today.saturating_add(LEAD_DAYS.days()), "plan": plan}))
}

fn removal() -> Call {
    Call::with("POST", format!("connections/{CONNECTION}/removal"), json!({"actor": "inera"}))
}
