//! A customer on its road: who it is, what it wants, and every paper that a step may ask for.

use std::path::Path;

use anslut::domain::clock::Clock;
use serde_json::{Value, json};

use crate::aggregation::world::Stub;
use crate::platforms::world::{NATIONAL, Plan, Rows, UPDATE, World, diagnosis, source};
use crate::support::world::NOW;

pub const PARTY: &str = "region-x";
pub const CONNECTION: &str = "x-npo";
pub const SYSTEM: &str = "SE2321000016-S001";
/// Who calls the system in QA, and who in production.
pub const CONSUMERS: [&str; 2] = ["T_SERVICES_SE165565594230-1023", "HSASERVICES-106J"];
const SINCE: &str = "2020-01-01";

/// The steps up to operation.
const STEPS: [&str; 11] = [
    "qualify",
    "sign",
    "order_service",
    "prepare",
    "assign_test_env",
    "start_tests",
    "declare",
    "review",
    "order_production",
    "publish",
    "go_live",
];

/// Says something else of an object.
pub fn with(mut object: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        object[key] = value.clone();
    }
    object
}

/// Two platforms, and a system that answers.
pub struct Road {
    pub world: World,
    pub source: Stub,
}

pub fn catalogue() -> Rows {
    Rows::default().route(UPDATE, NATIONAL, "index:update").permission(UPDATE, NATIONAL, "SE5565594230-EI")
}

const PROPERTIES: &str = "\n[properties]\n\"ei.hsa.id\" = \"5565594230\"\n\"update.collect.threshold\" = \"0\"\n";

impl Road {
    pub async fn start() -> Self {
        Self::keeping(None).await
    }

    /// With more files, or settings.
    pub async fn with(more: impl FnOnce(Plan) -> Plan) -> Self {
        let plan = Plan::empty().qa(catalogue()).production(catalogue()).toml(PROPERTIES);
        Self { world: more(plan).start().await, source: source().await }
    }

    pub async fn keeping(data: Option<&Path>) -> Self {
        let plan = Plan::empty().qa(catalogue()).production(catalogue()).toml(PROPERTIES);
        let plan = match data {
            Some(data) => plan.keeping(data),
            None => plan,
        };
        Self { world: plan.start().await, source: source().await }
    }

    /// The same after a restart.
    pub async fn again(self, data: &Path) -> Self {
        let World { platform, folder, .. } = self.world;
        platform.drain().await;
        let world = World::start(folder, Some(data), Clock::fixed(NOW.parse().unwrap())).await;
        Self { world, source: self.source }
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.world.api(method, &format!("/api/v1/{path}"), Some(body)).await
    }

    #[track_caller]
    pub fn ok(&self, method: &'static str, path: &str, body: Value) -> impl Future<Output = Value> {
        let path = path.to_owned();
        async move {
            let (status, answer) = self.send(method, &path, &body).await;
            assert!((200..300).contains(&status), "{method} {path} {body}: {status} {answer}");
            answer
        }
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.world.api("GET", &format!("/api/v1/{path}"), None).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    pub async fn step(&self, connection: &str, event: &str, arguments: Value) -> (u16, Value) {
        let body = with(json!({"event": event, "actor": "Anna"}), &arguments);
        self.send("POST", &format!("connections/{connection}/events"), &body).await
    }

    /// A step that must be refused by exactly these gates; each with its text and what is missing.
    pub async fn refused(&self, connection: &str, event: &str, arguments: Value, gates: &[&str]) -> Value {
        let before = self.get(&format!("connections/{connection}")).await["state"].clone();
        let (status, answer) = self.step(connection, event, arguments).await;
        assert_eq!((status, &answer["type"]), (409, &"urn:anslut:gates-failed".into()), "{answer}");
        assert_eq!(gates_of(&answer), gates, "{answer}");
        assert_eq!(answer["state"], before);
        assert_eq!(
            self.get(&format!("connections/{connection}")).await["state"],
            before,
            "a refused step changes nothing"
        );
        let log = self.get(&format!("connections/{connection}/events")).await;
        let last = log.as_array().unwrap().last().unwrap().clone();
        assert_eq!((&last["from"], &last["to"]), (&before, &before), "{last}");
        assert_eq!(gates_of(&last), gates, "a refusal is logged");
        answer
    }

    /// A step that must succeed; the state it leads to.
    pub async fn stepped(&self, connection: &str, event: &str, arguments: Value) -> String {
        let (status, answer) = self.step(connection, event, arguments).await;
        assert_eq!(status, 200, "{event}: {answer}");
        answer["state"].as_str().unwrap().to_owned()
    }

    pub async fn party(&self, changes: Value) {
        let party = json!({
            "id": PARTY, "name": "Region X", "orgnr": "2321000016", "category": "REGION",
            "evidence": {
                "processes": ["incident", "problem", "change", "deploy", "operation", "configuration", "test"],
                "support": "tel", "resources": {"owner": "A B", "technicalLead": "C D"},
            },
        });
        self.ok("POST", "parties", with(party, &changes)).await;
    }

    pub async fn agreement(&self, kind: &str, changes: Value) {
        let agreement = json!({"party": PARTY, "type": kind, "from": SINCE});
        self.ok("POST", "agreements", with(agreement, &changes)).await;
    }

    /// An order of another service, carried out.
    pub async fn ordered(&self, party: &str, services: &[&str]) {
        for service in services {
            let order = self.ok(
                "POST",
                "orders",
                json!({"party": party, "service": service, "type": "new", "at": "2021-01-01"}),
            );
            let order = order.await["id"].as_str().unwrap().to_owned();
            for event in ["start", "finish"] {
                self.ok("POST", &format!("orders/{order}/events"), json!({"event": event})).await;
            }
        }
    }

    /// A connection to another service than the usual one, as far as its order.
    pub async fn prospect(&self, id: &str, service: &str, changes: Value) {
        let profile = self.get(&format!("services/{service}")).await;
        let connection = json!({
            "id": id, "party": PARTY, "service": service, "purpose": profile["purposes"][0],
            "start": "2026-04-01", "evidence": {"backupPlan": "pärm", "guidelines": true, "indirectDuty": true},
        });
        self.ok("POST", "connections", with(connection, &changes)).await;
    }

    /// A route and a permission to update the index, in one platform.
    pub fn lines(&self, env: &str, consumer: &str, contracts: &[String]) -> Vec<Value> {
        let producer = |contract: &String| {
            json!({
                "env": env, "role": "producer", "hsaId": SYSTEM, "contract": contract, "logicalAddress": SYSTEM,
                "profile": "RIVTABP21", "url": self.source.url(), "consumers": [consumer],
            })
        };
        let update =
            json!({"env": env, "role": "consumer", "hsaId": SYSTEM, "contract": UPDATE, "logicalAddress": NATIONAL});
        contracts.iter().map(producer).chain([update]).collect()
    }

    /// Everything that the usual connection needs, but for what belongs to later steps.
    pub async fn papers(&self) {
        self.party(json!({})).await;
        self.agreement("AGR-K2", json!({})).await;
        self.agreement("AGR-T", json!({"service": "npo"})).await;
        self.ordered(PARTY, &["sak", "hsa", "siths", "pu"]).await;
        let party = |what: &str| format!("parties/{PARTY}/{what}");
        self.ok("PUT", &party("contacts"), contacts()).await;
        self.ok("PUT", &party("components"), json!([component()])).await;
        let contracts = [diagnosis()];
        let lines =
            [self.lines("NTJP-QA", CONSUMERS[0], &contracts), self.lines("NTJP-PROD", CONSUMERS[1], &contracts)];
        let approval = |consumer: &str, contract: &str, address: &str| json!({"consumer": consumer, "contract": contract, "logicalAddress": address, "by": "Region X", "date": "2026-01-01"});
        let changes = json!({
            "component": SYSTEM, "lines": lines.concat(),
            "approvals": [approval(CONSUMERS[1], &diagnosis(), SYSTEM), approval(SYSTEM, UPDATE, NATIONAL)],
        });
        self.prospect(CONNECTION, "npo", changes).await;
    }

    /// Takes the usual connection from `from` (a step's name) up to and including `to`, with everything each step needs.
    /// `days` gives the day of each; today where it gives none.
    pub async fn walk(&self, from: &str, to: &str, day: Option<&str>) {
        let place = |name: &str| STEPS.iter().position(|step| *step == name).unwrap_or_else(|| panic!("{name}"));
        for step in &STEPS[place(from)..=place(to)] {
            match *step {
                "start_tests" => self.test_row().await,
                "declare" => self.results().await,
                "order_production" => {
                    let fee = self.get(&format!("connections/{CONNECTION}")).await["fee"].clone();
                    let invoice = json!({"amount": fee, "at": day.unwrap_or("2026-03-02")});
                    self.ok("POST", &format!("connections/{CONNECTION}/invoices"), invoice).await;
                }
                _ => {}
            }
            let mut arguments = match *step {
                "assign_test_env" => json!({"env": "NTJP-QA", "actor": "inera"}),
                "review" => json!({"decision": "GODKAND", "actor": "inera"}),
                "publish" => json!({"actor": "inera"}),
                _ => json!({}),
            };
            if let Some(day) = day {
                arguments["at"] = day.into();
            }
            self.stepped(CONNECTION, step, arguments).await;
        }
    }

    /// An Update of the system's own, through QA's hub.
    pub async fn test_row(&self) {
        assert_eq!(self.updates().await[0], "200");
    }

    /// Runs and declaration of the usual connection.
    pub async fn results(&self) {
        let connection = self.get(&format!("connections/{CONNECTION}")).await;
        let lines = connection["lines"].as_array().unwrap().clone();
        for line in lines.iter().filter(|line| line["env"] == "NTJP-QA") {
            let run = run(line["contract"].as_str().unwrap(), line["role"].as_str().unwrap(), "NTJP-QA");
            self.ok("POST", &format!("connections/{CONNECTION}/runs"), run).await;
        }
        self.ok("PUT", &format!("connections/{CONNECTION}/declaration"), declaration()).await;
    }

    /// What both hubs say to those who call the system.
    pub async fn called(&self) -> [String; 2] {
        let message = crate::support::envelope::Envelope::bp21(&diagnosis(), SYSTEM).text();
        self.hubs(|hub| (CONSUMERS[hub], message.clone())).await
    }

    /// What both hubs say to the system that updates the index.
    pub async fn updates(&self) -> [String; 2] {
        self.hubs(|_| (SYSTEM, crate::platforms::world::update(SYSTEM))).await
    }

    async fn hubs(&self, call: impl Fn(usize) -> (&'static str, String)) -> [String; 2] {
        let mut said = [String::new(), String::new()];
        for (hub, (platform, instance)) in [("NTJP-QA", "SE-QA"), ("NTJP-PROD", "SE-PROD")].into_iter().enumerate() {
            let (sender, message) = call(hub);
            let ask = crate::support::client::Ask::post(message)
                .header("x-vp-instance-id", instance)
                .header("x-vp-sender-id", sender)
                .header("x-skltp-correlation-id", "id");
            let answer = ask.send(self.world.at(&format!("{platform}.hub_http"))).await;
            said[hub] = crate::platforms::world::outcome(&answer);
        }
        said
    }
}

/// The gates that a refusal, or an entry of the log, names.
pub fn gates_of(answer: &Value) -> Vec<&str> {
    answer["failed"].as_array().unwrap().iter().map(|failed| failed["gate"].as_str().unwrap()).collect()
}

pub fn contacts() -> Value {
    json!([
        {"role": "COMM_TECH", "name": "A B", "email": "a@example.org", "from": SINCE},
        {"role": "OPER", "name": "C D", "email": "drift@example.org", "phone": "+46100000000", "from": SINCE},
        {"role": "SERVICE", "name": "E F", "service": "npo", "email": "e@example.org", "from": SINCE},
    ])
}

pub fn component() -> Value {
    json!({
        "hsaId": SYSTEM, "description": "Journal", "organisation": "Region X", "ip": "192.0.2.10",
        "pingUrl": "https://journal.example.org/ping", "owner": "A B",
        "technicalContact": {"name": "C D", "email": "c@example.org"}, "mailbox": "journal@example.org", "version": "4.2",
        "certificate": {"hsaId": SYSTEM, "notAfter": "2099-12-31", "tls": ["1.2", "1.3"]},
    })
}

pub fn caregiver() -> Value {
    json!({
        "orgnr": "5560000001", "name": "Vård AB", "hsaId": "SE5560000001-0001", "address": "Gatan 1, 111 11 Staden",
        "services": ["npo"], "logicalAddresses": ["SE5560000001-0001"], "contracts": [diagnosis()],
        "sourceSystem": SYSTEM, "dataHandled": true, "type2Agreement": "2025-02-01",
    })
}

pub fn run(contract: &str, role: &str, env: &str) -> Value {
    json!({
        "contract": contract, "role": role, "env": env, "version": "4.2",
        "cases": [{"case": "1.1", "outcome": "passed"}], "identities": ["191212121212"],
    })
}

fn declaration() -> Value {
    let passed = |name: &str| (name.to_owned(), Value::from("passed"));
    let ei: serde_json::Map<_, _> =
        ["1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "2.3", "2.4"].into_iter().map(passed).collect();
    json!({
        "organisation": "Region X", "orgnr": "2321000016", "product": "Journal", "version": "4.2", "stopping": 0,
        "deviations": [], "decision": "GODKAND", "ei": ei, "e2e": {"app": "NPÖ", "report": "visas"},
        "mapping": [{"type": "diagnos", "by": "Region X"}],
    })
}
