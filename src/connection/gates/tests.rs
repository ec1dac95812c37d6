//! Every gate, failing with its exact text and holding again: one connection that has come all the way, and for each
//! gate what makes it fail.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Failed, all};
use crate::connection::book::Book;
use crate::connection::document::INDEX_UPDATE;
use crate::connection::moment::Moment;
use crate::connection::platforms::PackageParts;
use crate::connection::pretended::{PRODUCTION, Pretended, QA};
use crate::connection::refusal::Refusal;
use crate::connection::services::Services;
use crate::connection::state::{Event, State};
use crate::connection::steps::Wanted;
use crate::connection::terms::Terms;
use crate::domain::clock::Clock;
use crate::store::disk::fake::FakeDisk;

const SYSTEM: &str = "SE2321000016-S001";
const CONTRACT: &str = "urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2";
const READER: &str = "HSASERVICES-106J";
pub(crate) const DAY: &str = "2026-03-02";

/// A book, the platforms it works on, and one connection in it.
pub(crate) struct World {
    pub(crate) book: Book,
    pub(crate) platforms: Arc<Pretended>,
}

/// The shipped services; the overview of patients needs security services here, which the shipped one leaves open.
pub(crate) fn services() -> Services {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts/services");
    let files = fs::read_dir(folder).unwrap().map(|file| {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let known = "securityServices = { value = [\"sak\"], confidence = \"stated\" }";
        let text = match path.ends_with("npo.toml") {
            true => text.replace("securityServices = { confidence = \"unknown\" }", known),
            false => text,
        };
        (path, text)
    });
    let (services, problems) = Services::read(files);
    assert!(problems.is_empty(), "{problems:?}");
    services
}

fn of<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// Something, with some of its fields said otherwise.
fn with<T: Serialize + DeserializeOwned>(known: &T, patch: &Value) -> T {
    let mut whole = serde_json::to_value(known).unwrap();
    merge(&mut whole, patch);
    of(whole)
}

fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, patch) => into.clone_from(patch),
    }
}

fn line(env: &str) -> [Value; 2] {
    [
        json!({"env": env, "role": "producer", "hsaId": SYSTEM, "contract": CONTRACT, "logicalAddress": SYSTEM,
            "profile": "RIVTABP21", "url": "http://x", "consumers": [READER]}),
        json!({"env": env, "role": "consumer", "hsaId": SYSTEM, "contract": INDEX_UPDATE, "logicalAddress": "5565594230"}),
    ]
}

impl World {
    /// A region whose connection to the overview of patients has everything it needs, before its first step.
    pub(crate) fn new() -> Self {
        let world = Self::empty();
        world.fill();
        world
    }

    /// Nobody yet.
    pub(crate) fn empty() -> Self {
        let platforms = Arc::new(Pretended::default());
        let clock = Clock::fixed("2026-03-02T12:00:00Z".parse().unwrap());
        let book = Book::new(services(), Arc::clone(&platforms) as _, Terms::default(), clock);
        Self { book, platforms }
    }

    pub(crate) fn fill(&self) {
        let book = &self.book;
        let processes = ["incident", "problem", "change", "deploy", "operation", "configuration", "test"];
        book.add_party(of(json!({"id": "x", "name": "Region X", "orgnr": "2321000016", "category": "REGION",
            "evidence": {"processes": processes, "support": "tel", "resources": {"owner": "A", "technicalLead": "B"}}})))
            .unwrap();
        for kind in [json!({"type": "AGR-K2"}), json!({"type": "AGR-T", "service": "npo"})] {
            let agreement =
                with(&of::<crate::connection::agreement::Agreement>(json!({"party": "x", "type": "AGR-N"})), &kind);
            book.add_agreement(agreement).unwrap();
        }
        for service in ["sak", "hsa", "siths", "pu"] {
            let order = book.add_order("", "x", service, of(json!("new")), Some(date(2026, 1, 1))).unwrap();
            for event in ["start", "finish"] {
                book.step_order(&order.id, of(json!(event)), "inera", None).unwrap();
            }
        }
        book.put_contacts("x", of(contacts())).unwrap();
        book.put_components("x", of(json!([component()]))).unwrap();
        let purpose = book.services().get("npo").unwrap().purposes[0].clone();
        let approvals = json!([
            {"consumer": READER, "contract": CONTRACT, "logicalAddress": SYSTEM, "by": "Region X", "date": "2026-01-15"},
            {"consumer": SYSTEM, "contract": INDEX_UPDATE, "logicalAddress": "5565594230", "by": "Inera"}]);
        let lines: Vec<Value> = line(QA).into_iter().chain(line(PRODUCTION)).collect();
        let index_tests =
            ["1.1", "1.2", "1.3", "1.4", "2.1", "2.2", "2.3", "2.4"].map(|test| (test.to_owned(), json!("passed")));
        let declaration = json!({"organisation": "Region X", "orgnr": "2321000016", "product": "J", "version": "4.2",
            "stopping": 0, "decision": "GODKAND", "ei": Value::Object(index_tests.into_iter().collect()),
            "e2e": {"app": "NPÖ", "report": "sett"}, "mapping": [{"type": "diagnos", "by": "Region X"}]});
        book.add_connection(of(json!({"id": "c", "party": "x", "component": SYSTEM, "service": "npo",
            "start": "2026-03-01", "purpose": purpose, "lines": lines, "approvals": approvals,
            "evidence": {"backupPlan": "pärm", "guidelines": true}, "declaration": declaration,
            "invoices": [{"amount": 25_000}]})))
            .unwrap();
        self.platforms.said().engagements.insert(SYSTEM.to_owned(), 1);
    }

    fn wanted(event: Event, at: &str, arguments: Value) -> Wanted {
        Wanted { event, actor: None, at: Moment::read(at), arguments: of(arguments) }
    }

    pub(crate) fn step(&self, event: Event, at: &str, arguments: Value) -> Result<State, Refusal> {
        self.book.step("c", &Self::wanted(event, at, arguments)).map(|view| view.state)
    }

    fn run(&self) {
        let run = json!({"contract": CONTRACT, "role": "producer", "env": QA, "version": "4.2",
            "cases": [{"case": "1.1", "outcome": "passed"}], "identities": ["191212121212"]});
        self.book.add_run("c", of(run)).unwrap();
    }

    /// Takes every step up to a state.
    pub(crate) fn until(self, goal: State) -> Self {
        let road = [
            (Event::Qualify, json!({})),
            (Event::Sign, json!({})),
            (Event::OrderService, json!({})),
            (Event::Prepare, json!({})),
            (Event::AssignTestEnv, json!({"env": QA})),
            (Event::StartTests, json!({})),
            (Event::Declare, json!({})),
            (Event::Review, json!({"decision": "GODKAND"})),
            (Event::OrderProduction, json!({})),
            (Event::Publish, json!({})),
            (Event::GoLive, json!({})),
        ];
        for (event, arguments) in road {
            if event == Event::Declare {
                self.run();
            }
            let state = self.step(event, DAY, arguments).unwrap_or_else(|refusal| panic!("{refusal}"));
            if state == goal {
                return self;
            }
        }
        panic!("the road does not lead to {}", goal.name());
    }

    fn judged(&self, event: Event, at: &str, arguments: Value) -> Vec<Failed> {
        let judged = self.book.judge("c", &Self::wanted(event, at, arguments)).unwrap();
        judged.failed.into_iter().chain(judged.warnings).collect()
    }

    pub(crate) fn document(&self, patch: Value) {
        self.book.change_connection("c", |known| Ok(with(known, &patch))).unwrap();
    }

    fn party(&self, id: &str, patch: Value) {
        self.book.change_party(id, |known| Ok(with(known, &patch))).unwrap();
    }

    fn agreement(&self, agreement: Value) {
        self.book.add_agreement(of(agreement)).unwrap();
    }

    fn component(&self, patch: Value) {
        let mut component = component();
        merge(&mut component, &patch);
        self.book.put_components("x", of(json!([component]))).unwrap();
    }

    fn without_contact(&self, role: &str) {
        let rest: Vec<Value> =
            contacts().as_array().unwrap().iter().filter(|contact| contact["role"] != role).cloned().collect();
        self.book.put_contacts("x", of(Value::Array(rest))).unwrap();
    }

    fn caregivers(&self, patch: Value) {
        let mut row = json!({"orgnr": "5560000000", "name": "Vård AB", "hsaId": "SE5560000000-1", "address": "Gatan 1",
            "services": ["npo"], "logicalAddresses": ["SE5560000000-1"], "contracts": [CONTRACT],
            "sourceSystem": SYSTEM, "dataHandled": true, "type2Agreement": "2025-02-01"});
        merge(&mut row, patch.get("row").unwrap_or(&json!({})));
        let mut list = json!({"deliveredAt": "2026-01-10", "rows": [row]});
        merge(&mut list, patch.get("list").unwrap_or(&json!({})));
        self.book.put_caregivers("x", of(list)).unwrap();
    }

    fn lines(&self, change: impl FnOnce(&mut Vec<Value>)) {
        let mut lines: Vec<Value> = line(QA).into_iter().chain(line(PRODUCTION)).collect();
        change(&mut lines);
        self.document(json!({"lines": lines}));
    }
}

fn contacts() -> Value {
    json!([{"role": "COMM_TECH", "name": "A B"}, {"role": "OPER", "email": "drift@example.org"},
        {"role": "SERVICE", "service": "npo", "name": "D"}])
}

fn component() -> Value {
    json!({"hsaId": SYSTEM, "description": "Journal", "organisation": "Region X", "ip": "10.0.0.1",
        "pingUrl": "http://x/ping", "owner": "A", "technicalContact": {"name": "T", "email": "t@example.org"},
        "mailbox": "f@example.org", "version": "4.2",
        "certificate": {"hsaId": SYSTEM, "notAfter": "2099-12-31", "tls": ["1.2", "1.3"]}})
}

/// A gate, the step that it is judged with, what makes it fail, and what it says then.
type Row = (u8, Event, fn(&World), &'static str);

/// Gates that fail when something changes in a connection that is live.
const ROWS: &[Row] = &[
    (1, Event::Sign, |w| end(w, "agreement-1"), "no active Kundavtal/Agentavtal"),
    (2, Event::OrderService, |w| end(w, "agreement-2"), "service not covered by agreement"),
    (3, Event::Sign, old_model, "Modellavtal 1 missing"),
    (
        4,
        Event::Sign,
        |w| w.caregivers(json!({"row": {"type2Agreement": null}})),
        "type 2 agreement missing for Vård AB",
    ),
    (5, Event::Sign, board, "fullmakt missing for Omsorgsnämnden"),
    (6, Event::Sign, subprocessor, "sub-processor without agreement 3"),
    (7, Event::Sign, |w| w.document(json!({"service": "inkorg"})), "SKR processor agreement missing"),
    (8, Event::Qualify, |w| w.party("x", json!({"route": "agent", "agent": "a"})), "agent not authorised for npo"),
    (9, Event::Qualify, slutkund, "end customer lacks Kundavtal for npo"),
    (10, Event::Qualify, authority, "organisation not eligible"),
    (
        11,
        Event::Publish,
        |w| w.document(json!({"externalOperator": "Driftbolaget"})),
        "consent missing for external operation",
    ),
    (12, Event::Prepare, |w| w.without_contact("COMM_TECH"), "named commercial/technical contact missing"),
    (13, Event::Prepare, |w| w.without_contact("OPER"), "operative contact missing or unreachable"),
    (14, Event::Prepare, |w| w.book.put_contacts("inera", Vec::new()).unwrap(), "Inera contact missing"),
    (15, Event::Prepare, |w| w.without_contact("SERVICE"), "service contact missing"),
    (16, Event::Check, gap, "contact gap 2026-03-02"),
    (17, Event::Prepare, |w| w.party("x", json!({"hasIndirect": true})), "caregiver list missing/late"),
    (18, Event::Prepare, |w| w.caregivers(json!({"row": {"orgnr": null}})), "incomplete row 1: orgnr"),
    (19, Event::Check, |w| w.caregivers(json!({"list": {"changedAt": "2026-02-20"}})), "caregiver list stale"),
    (20, Event::Prepare, foreign, "unlisted caregiver SE5560000000-9"),
    (
        21,
        Event::Prepare,
        |w| w.caregivers(json!({"row": {"dataHandled": null}})),
        "type 2 / service information missing",
    ),
    (22, Event::Prepare, |w| w.document(json!({"service": "intyg"})), "indirect caregiver duty not acknowledged"),
    (23, Event::OrderService, newcomer, "dependency sak, hsa, siths, pu not ordered/connected"),
    (24, Event::OrderService, |w| w.document(json!({"purpose": "reklam"})), "use outside intended purpose"),
    (
        25,
        Event::OrderService,
        |w| w.document(json!({"evidence": {"backupPlan": " "}})),
        "manual backup routine missing",
    ),
    (26, Event::Check, newcomer, "security service sak not connected"),
    (27, Event::Change, another_contract, "supplementary order required"),
    (
        29,
        Event::OrderService,
        |w| w.lines(|l| l[2]["url"] = json!("http://svevac.example.org")),
        "Svevac data must not be exposed in NPÖ",
    ),
    (
        30,
        Event::Prepare,
        |w| {
            w.party("x", json!({"evidence": {"processes": ["incident", "problem", "change", "deploy", "operation", "configuration"]}}))
        },
        "system or process missing: test",
    ),
    (31, Event::Prepare, package, "contract package incomplete"),
    (32, Event::Prepare, |w| w.lines(|l| l[0]["url"] = json!("")), "order line incomplete: url"),
    (
        33,
        Event::Prepare,
        |w| w.component(json!({"technicalContact": {"email": "nobody"}})),
        "component data missing: technicalContact.email",
    ),
    (34, Event::Prepare, foreign, "logical address not owned"),
    (
        35,
        Event::Prepare,
        |w| w.component(json!({"certificate": {"notAfter": "2026-03-01"}})),
        "certificate mismatch/expired",
    ),
    (36, Event::Publish, |w| w.platforms.said().engagements.clear(), "EI update not established"),
    (37, Event::Publish, unapproved, "cooperation not approved by information owner"),
    (38, Event::OrderProduction, another_contract, "not quality assured: urn:riv:x:GetXResponder:1"),
    (41, Event::Declare, another_contract, "missing test result urn:riv:x:GetXResponder:1"),
    (
        42,
        Event::Declare,
        |w| w.document(json!({"declaration": {"stopping": 1}})),
        "self-declaration missing/incomplete",
    ),
    (44, Event::Declare, |w| w.document(json!({"declaration": {"ei": {"2.4": "failed"}}})), "EI test missing"),
    (45, Event::Declare, |w| w.document(json!({"declaration": {"e2e": null}})), "end-to-end verification missing"),
    (46, Event::Declare, |w| w.document(json!({"declaration": {"mapping": []}})), "mapping not approved"),
    (49, Event::OrderProduction, |w| w.document(json!({"invoices": [{"amount": 24_999}]})), "QA fee not ordered"),
    (51, Event::GoLive, |w| w.lines(|l| l[2]["env"] = json!("NTJP-PRDO")), "wrong production environment"),
    (52, Event::OrderProduction, |w| w.component(json!({"version": "4.3"})), "unverified version in production"),
    (53, Event::Publish, |w| w.platforms.said().refusal = Some("nej".to_owned()), "not published in TAK"),
    (
        54,
        Event::GoLive,
        |w| {
            w.document(
                json!({"evidence": {"calls": [{"consumer": "Q", "contract": CONTRACT, "logicalAddress": SYSTEM}]}}),
            )
        },
        "use outside agreed purpose",
    ),
    (
        55,
        Event::Check,
        |w| w.document(json!({"evidence": {"metrics": {"answerMs": 27_001}}})),
        "service level endangered",
    ),
    (
        56,
        Event::Check,
        |w| w.party("x", json!({"evidence": {"activities": [{"name": "möte"}]}})),
        "participation missing",
    ),
    (
        57,
        Event::Check,
        |w| w.party("x", json!({"evidence": {"subcontractors": [{"name": "Ub AB"}]}})),
        "subcontractor without owner",
    ),
    (58, Event::Check, |w| w.party("x", json!({"evidence": {"resources": {"owner": null}}})), "resources missing"),
    (61, Event::Check, |w| w.document(json!({"evidence": {"violations": ["R-7"]}})), "RIV-TA violation R-7"),
    (
        62,
        Event::Check,
        |w| {
            w.party("inera", json!({"evidence": {"plannedStops": [{"announced": "2026-03-01", "from": "2026-03-10"}]}}))
        },
        "planned stop counted as outage",
    ),
    (68, Event::Check, |w| w.party("x", json!({"evidence": {"support": null}})), "customer support missing"),
    (
        72,
        Event::Check,
        |w| w.document(json!({"service": "inkorg", "evidence": {"modified": true}})),
        "manufacturer responsibility not accepted",
    ),
];

fn end(world: &World, agreement: &str) {
    world.book.change_agreement(agreement, |known| Ok(with(known, &json!({"to": "2020-12-31"})))).unwrap();
}

fn old_model(world: &World) {
    end(world, "agreement-1");
    world.agreement(json!({"party": "x", "type": "AGR-K1", "from": "2021-01-01"}));
}

fn board(world: &World) {
    let boards = json!([{"name": "Omsorgsnämnden", "independent": true}, {"name": "Styrelsen"}]);
    world.party("x", json!({"category": "KOMMUN", "boards": boards}));
}

fn subprocessor(world: &World) {
    world.party("inera", json!({"evidence": {"subprocessors": [{"name": "Moln AB", "personalData": true}]}}));
}

fn slutkund(world: &World) {
    end(world, "agreement-1");
    world.party("x", json!({"route": "agent", "agent": "a"}));
}

fn authority(world: &World) {
    world.party("x", json!({"category": "STATLIG_MYNDIGHET"}));
    world.document(json!({"service": "pu"}));
}

fn gap(world: &World) {
    let mut contacts = contacts();
    contacts[1]["to"] = json!("2026-03-01");
    world.book.put_contacts("x", of(contacts)).unwrap();
}

fn foreign(world: &World) {
    world.lines(|lines| lines[2]["logicalAddress"] = json!("SE5560000000-9"));
}

/// A party that has ordered nothing.
fn newcomer(world: &World) {
    world.book.add_party(of(json!({"id": "y", "name": "Region Y", "category": "REGION"}))).unwrap();
    world.document(json!({"party": "y"}));
}

fn another_contract(world: &World) {
    world.lines(|lines| {
        let mut another = lines[2].clone();
        another["contract"] = json!("urn:riv:x:GetXResponder:1");
        lines.push(another);
    });
}

fn package(world: &World) {
    let parts = PackageParts { wsdl: true, schemas: true, test_cases: false, description: true };
    world.platforms.said().packages.insert(CONTRACT.to_owned(), parts);
}

fn unapproved(world: &World) {
    world.platforms.said().rows.clear();
    world.document(json!({"approvals": []}));
}

fn arguments(event: Event) -> Value {
    match event {
        Event::AssignTestEnv => json!({"env": QA}),
        Event::Change => json!({"notice": "ny adress"}),
        _ => json!({}),
    }
}

/// Gates that take more than one change and one step to try, by the stories that try them.
const STORIES: &[(&[u8], fn())] = &[
    (&[28], a_service_on_its_way_out_takes_no_new_customers),
    (&[39, 43], runs_come_from_the_assigned_environment_and_know_test_persons_only),
    (&[40], a_test_environment_is_one_for_tests),
    (&[47], a_refused_review_bars_production_until_the_next_one),
    (&[48], a_reservation_that_is_overdue_suspends_and_is_lifted_by_a_verified_fix),
    (&[50], a_declaration_is_not_demanded_where_the_test_model_is_not_introduced),
    (&[59, 60], a_change_is_announced_and_a_measure_has_a_cause),
    (&[63, 64, 65, 66, 67], incidents_have_one_leader_and_end_when_all_have_closed),
    (&[69, 70, 71], nothing_is_left_of_a_connection_that_is_closed),
    // These are in the table as well, and have more to them.
    (&[8], an_agent_needs_two_pilots_and_its_customer_two_agreements),
    (&[11], an_external_operator_needs_the_consent_of_every_party_with_an_agreement),
    (&[27], scope_changes_by_a_supplementary_order_that_is_used_up),
    (&[54, 55, 61], the_platforms_own_record_is_judged_while_a_connection_is_live),
];

/// Gates that are not met, from the one list of everything that is not.
fn not_met() -> Vec<u8> {
    let list: toml::Value = toml::from_str(include_str!("../../../tests/it/conformance/not_met.toml")).unwrap();
    let gates = list.get("gate").and_then(toml::Value::as_array).into_iter().flatten();
    gates.map(|gate| u8::try_from(gate["number"].as_integer().unwrap()).unwrap()).collect()
}

/// Every row and every story with the gates it is of.
fn checks() -> Vec<(Vec<u8>, Box<dyn Fn() + std::panic::UnwindSafe + std::panic::RefUnwindSafe>)> {
    let rows = ROWS.iter().map(|row| (vec![row.0], Box::new(move || try_row(row)) as Box<_>));
    let stories = STORIES.iter().map(|(numbers, story)| (numbers.to_vec(), Box::new(*story) as Box<_>));
    rows.chain(stories).collect()
}

#[test]
fn every_gate_is_met_or_has_a_reason() {
    let unmet = not_met();
    let mut complaints = Vec::new();
    for number in 1..=72 {
        let of_number = checks().into_iter().filter(|(numbers, _)| numbers.contains(&number));
        let of_number: Vec<_> =
            of_number.filter(|(numbers, _)| unmet.contains(&number) || numbers[0] == number).collect();
        let failed = of_number.iter().filter(|(_, check)| std::panic::catch_unwind(check).is_err()).count();
        match (unmet.contains(&number), failed) {
            (false, 0) => {}
            (false, _) => {
                complaints.push(format!("CONN-{number:02}: {failed} of {} checks do not hold", of_number.len()))
            }
            (true, 0) => {
                complaints.push(format!("CONN-{number:02}: stands in not_met.toml, and every check of it holds"))
            }
            (true, _) => {}
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn try_row((number, event, make_fail, message): &Row) {
    let world = World::new().until(State::Live);
    let id = format!("CONN-{number:02}");
    let of_gate = |world: &World| {
        let judged = world.judged(*event, DAY, arguments(*event));
        judged.into_iter().find(|failed| failed.gate == id)
    };
    assert_eq!(of_gate(&world), None, "{id} holds at first");
    make_fail(&world);
    let failed = of_gate(&world).unwrap_or_else(|| panic!("{id} holds, and should not"));
    assert_eq!(failed.message, *message, "{id}");
    assert!(!failed.missing.is_empty(), "{id} says what is missing");
}

#[test]
fn nothing_stands_in_the_way_of_a_connection_that_has_everything() {
    let world = World::new().until(State::Live);
    for event in Event::ALL.into_iter().filter(|event| !matches!(event, Event::Suspend | Event::Close)) {
        let judged = world.judged(event, DAY, arguments(event));
        assert!(judged.is_empty(), "{}: {judged:?}", event.name());
    }
}

#[test]
fn all_72_gates_stand_in_the_table_once_and_are_tried_here_or_below() {
    let numbers: Vec<u8> = all().map(|gate| gate.number).collect();
    assert_eq!(numbers, (1..=72).collect::<Vec<_>>());
    for number in 1..=72 {
        assert!(checks().iter().any(|(numbers, _)| numbers.contains(&number)), "CONN-{number:02} is not tried");
    }
    for gate in all() {
        assert!(!gate.sv.is_empty() && !gate.en.is_empty() && gate.source().len() > 2, "{}", gate.id());
    }
    let inera: Vec<u8> = all().filter(|gate| gate.inera).map(|gate| gate.number).collect();
    assert_eq!(inera, [6, 11, 14, 31, 40, 60, 62]);
}

/// The gates that refused something, by their ids and texts.
fn refused<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> Vec<String> {
    match outcome {
        Err(Refusal::Gates(refused)) => {
            refused.failed.iter().map(|failed| format!("{} {}", failed.gate, failed.message)).collect()
        }
        other => panic!("not refused by gates: {other:?}"),
    }
}

#[test]
fn an_inera_gate_never_refuses_a_customers_step() {
    let world = World::new().until(State::Ordered);
    world.book.put_contacts("inera", Vec::new()).unwrap();
    let judged = world.book.judge("c", &World::wanted(Event::Prepare, DAY, json!({}))).unwrap();
    let warned: Vec<&str> = judged.warnings.iter().map(|failed| failed.gate.as_str()).collect();
    assert_eq!((judged.failed.len(), warned), (1, vec!["CONN-14"]), "the service's contact at Inera is CONN-15's");
    assert!(!judged.warnings[0].blocking && judged.failed[0].blocking);
    let by_inera = Wanted { actor: Some("inera".to_owned()), ..World::wanted(Event::Prepare, DAY, json!({})) };
    let refused: Vec<String> =
        world.book.judge("c", &by_inera).unwrap().failed.into_iter().map(|failed| failed.gate).collect();
    assert_eq!(refused, ["CONN-14", "CONN-15"]);
}

fn a_test_environment_is_one_for_tests() {
    let world = World::new().until(State::Prepared);
    for env in [json!({}), json!({"env": PRODUCTION}), json!({"env": "NTJP-X"})] {
        assert_eq!(refused(world.step(Event::AssignTestEnv, DAY, env)), ["CONN-40 no test environment assigned"]);
    }
    assert!(world.platforms.said().rows.is_empty(), "nothing was published");
}

fn runs_come_from_the_assigned_environment_and_know_test_persons_only() {
    let world = World::new().until(State::QaTesting);
    let run = |patch: Value| {
        let mut run = json!({"contract": CONTRACT, "role": "producer", "env": QA, "cases": [], "identities": []});
        merge(&mut run, &patch);
        refused(world.book.add_run("c", of(run)))
    };
    let both = ["CONN-39 test run in wrong environment", "CONN-43 non-test identity used"];
    assert_eq!(run(json!({"env": PRODUCTION})), both);
    assert_eq!(run(json!({"env": "NTJP-TEST"})), both[..1]);
    assert_eq!(run(json!({"identities": ["191212121212", "19850101-1234"]})), both[1..]);
    assert_eq!(run(json!({"identities": ["12"]})), both[1..]);
}

fn a_declaration_is_not_demanded_where_the_test_model_is_not_introduced() {
    // CONN-50: security services never, persons:person until 2023-04-04; whatever else is ordered beside demands one.
    let security = "urn:riv:informationsecurity:authorization:blocking:CheckBlocksResponder:4";
    let persons = "urn:riv:strategicresourcemanagement:persons:person:GetPersonsForProfileResponder:3";
    let rows = [
        (vec![security], DAY, true),
        (vec![security, CONTRACT], DAY, false),
        (vec![persons], "2023-04-03", true),
        (vec![persons], "2023-04-04", false),
        (vec![CONTRACT], "2023-04-03", false),
    ];
    for (contracts, day, skipped) in rows {
        let world = World::new();
        let line = |contract: &&str| json!({"env": QA, "role": "consumer", "hsaId": SYSTEM, "contract": contract, "logicalAddress": "A"});
        let lines: Vec<Value> = contracts.iter().map(line).collect();
        world.document(json!({"lines": lines, "declaration": null}));
        let asked =
            |event: Event, gate: &str| world.judged(event, day, json!({})).iter().any(|failed| failed.gate == gate);
        assert_eq!(asked(Event::Declare, "CONN-42"), !skipped, "{contracts:?} {day}");
        assert_eq!(asked(Event::OrderProduction, "CONN-47"), !skipped, "{contracts:?} {day}");
        assert!(asked(Event::OrderProduction, "CONN-38"), "quality assurance itself is not skipped: {contracts:?}");
    }
}

fn the_platforms_own_record_is_judged_while_a_connection_is_live() {
    let world = World::new().until(State::Live);
    let call =
        |consumer: &str, contract: &str| json!({"consumer": consumer, "contract": contract, "logicalAddress": SYSTEM});
    let rows = [
        (json!({"calls": [call(READER, CONTRACT)]}), vec![]),
        (
            json!({"calls": [call(READER, CONTRACT), call("SE-OTHER", CONTRACT)]}),
            vec![(
                "CONN-54",
                "use outside agreed purpose",
                format!("calls[consumer=SE-OTHER,contract={CONTRACT},logicalAddress={SYSTEM}]"),
            )],
        ),
        (json!({"metrics": {"answerMs": 27_000, "errorPercent": 0.5}}), vec![]),
        (
            json!({"metrics": {"answerMs": 27_001}, "violations": ["VP003"]}),
            vec![
                ("CONN-55", "service level endangered", "calls.answerMs".to_owned()),
                ("CONN-61", "RIV-TA violation VP003", "calls.violations[VP003]".to_owned()),
            ],
        ),
    ];
    for (traffic, expected) in rows {
        let part = |key: &str| traffic.get(key).cloned();
        world.platforms.said().traffic = crate::connection::traffic::Traffic {
            calls: part("calls").map(of).unwrap_or_default(),
            metrics: part("metrics").map(of).unwrap_or_default(),
            violations: part("violations").map(of).unwrap_or_default(),
        };
        let said = world.judged(Event::Check, DAY, json!({}));
        let own = said.iter().filter(|failed| ["CONN-54", "CONN-55", "CONN-61"].contains(&&*failed.gate));
        let told: Vec<_> = own.map(|failed| (&*failed.gate, &*failed.message, failed.missing.join(","))).collect();
        assert_eq!(told, expected, "{traffic}");
        // What is seen is a cause for a measure.
        for (gate, ..) in expected {
            assert!(world.judged(Event::Suspend, DAY, json!({"gate": gate})).is_empty(), "{gate}");
        }
    }
    assert!(world.judged(Event::Check, "2026-03-01", json!({})).is_empty(), "before it was live nothing was recorded");
}

fn a_refused_review_bars_production_until_the_next_one() {
    let world = World::new().until(State::QaTesting);
    world.run();
    world.step(Event::Declare, DAY, json!({})).unwrap();
    assert_eq!(world.step(Event::Review, DAY, json!({"decision": "UNDERKAND"})).unwrap(), State::Rejected);
    let said = refused(world.step(Event::OrderProduction, DAY, json!({})));
    assert_eq!(
        said,
        [format!("CONN-38 not quality assured: {CONTRACT}"), "CONN-47 review decision: Underkänd".to_owned()]
    );
    assert_eq!(world.step(Event::Replan, DAY, json!({})).unwrap(), State::QaTesting);
}

fn a_reservation_that_is_overdue_suspends_and_is_lifted_by_a_verified_fix() {
    let world = World::new().until(State::QaTesting);
    world.run();
    world.step(Event::Declare, DAY, json!({})).unwrap();
    assert!(matches!(
        world.step(Event::Review, DAY, json!({"decision": "GODKAND_FORBEHALL"})),
        Err(Refusal::Field { field, .. }) if field == "due"
    ));
    let due = json!({"decision": "GODKAND_FORBEHALL", "due": "2026-05-01"});
    assert_eq!(world.step(Event::Review, DAY, due).unwrap(), State::ApprovedRes);
    for event in [Event::OrderProduction, Event::Publish, Event::GoLive] {
        world.step(event, "2026-03-03", json!({})).unwrap();
    }
    assert_eq!(world.step(Event::Check, "2026-05-01", json!({})).unwrap(), State::Live, "the day itself is in time");
    assert_eq!(world.step(Event::Check, "2026-05-02", json!({})).unwrap(), State::Suspended);
    assert_eq!(refused(world.step(Event::Remedy, "2026-05-03", json!({}))), ["CONN-48 reservation overdue"]);
    assert_eq!(world.step(Event::Remedy, "2026-05-03", json!({"fixVerified": true})).unwrap(), State::Live);
    assert_eq!(world.step(Event::Check, "2026-05-04", json!({})).unwrap(), State::Live);
    let states: Vec<State> = ["2026-03-01", "2026-03-02", "2026-03-03", "2026-05-02", "2026-12-31"]
        .map(|day| world.book.connection("c", Moment::read(day).map(Moment::day)).unwrap().state)
        .to_vec();
    assert_eq!(states, [State::Prospect, State::ApprovedRes, State::Live, State::Suspended, State::Live]);
}

fn a_change_is_announced_and_a_measure_has_a_cause() {
    let world = World::new().until(State::Live);
    assert_eq!(refused(world.step(Event::Change, DAY, json!({}))), ["CONN-59 unannounced change"]);
    let measure = json!({"gate": "CONN-13"});
    assert_eq!(refused(world.step(Event::Suspend, DAY, measure.clone())), ["CONN-60 measure without cause"]);
    world.without_contact("OPER");
    assert_eq!(world.step(Event::Suspend, DAY, measure).unwrap(), State::Suspended);
}

fn scope_changes_by_a_supplementary_order_that_is_used_up() {
    let world = World::new().until(State::Live);
    another_contract(&world);
    let notice = || json!({"notice": "ett kontrakt till"});
    assert_eq!(refused(world.step(Event::Change, DAY, notice())), ["CONN-27 supplementary order required"]);
    world.book.add_order("", "x", "npo", of(json!("supplementary")), None).unwrap();
    world.step(Event::Change, DAY, notice()).unwrap();
    assert_eq!(world.step(Event::AcceptChange, DAY, json!({})).unwrap(), State::Live);
    let routes = world.platforms.said().rows[PRODUCTION].routes.len();
    assert_eq!(routes, 2, "what was accepted is published");
    world.lines(|_| {});
    assert_eq!(refused(world.step(Event::Change, DAY, notice())), ["CONN-27 supplementary order required"]);
}

fn nothing_is_left_of_a_connection_that_is_closed() {
    let world = World::new().until(State::Live);
    world.book.clock.set("2027-01-01T00:00:00Z".parse().unwrap());
    let leave = json!({"endDate": "2026-03-01"});
    world.step(Event::Decommission, DAY, leave).unwrap();
    let said = refused(world.step(Event::Close, DAY, json!({})));
    assert_eq!(said.len(), 3, "{said:?}");
    assert_eq!(said[0], "CONN-69 decommissioning plan incomplete");
    assert!(said[1].starts_with("CONN-70 residual route ") && said[1].contains("1 engagements"), "{said:?}");
    assert_eq!(said[2], "CONN-71 connection outlives agreement");
    let removal = Wanted { at: None, ..World::wanted(Event::Removal, DAY, json!({})) };
    let removed = world.book.remove("c", &removal).unwrap();
    assert_eq!((removed.routes, removed.permissions, removed.engagements), (2, 4, 1));
    world.document(json!({"evidence": {"endDate": "2026-03-31", "plan": {"inera": ["a"], "party": ["b"]}}}));
    assert_eq!(world.step(Event::Close, DAY, json!({})).unwrap(), State::Closed);
}

fn incidents_have_one_leader_and_end_when_all_have_closed() {
    let world = World::new().until(State::Live);
    let report = |patch: Value| {
        let mut report =
            json!({"id": "i", "connection": "c", "reporter": "x", "recipient": "inera", "class": "Kritisk"});
        merge(&mut report, &patch);
        world.book.add_incident(of(report))
    };
    assert_eq!(refused(report(json!({"recipient": "x"}))), ["CONN-63 wrong recipient, expected Inera"]);
    assert_eq!(refused(report(json!({"reporter": "inera"}))), ["CONN-63 wrong recipient, expected Kund"]);
    let incident = report(json!({"nmi": true, "severity": "serious"})).unwrap();
    assert_eq!(incident.leader, "inera");
    assert_eq!(incident.warnings[0].message, "authority report missing");
    let step = |event: &str, actor: &str, closed: Option<Vec<String>>| {
        world.book.step_incident("i", of(json!(event)), Some(actor.to_owned()), closed)
    };
    step("investigate", "Anna", None).unwrap();
    let all = ["CONN-64 investigation incomplete", "CONN-65 wrong leader", "CONN-67 authority report missing"];
    assert_eq!(refused(step("act", "x", None)), all);
    let found = json!({"origin": "a", "extent": "b", "spread": "c", "causes": "d", "consequences": "e"});
    let change = |patch: Value| world.book.change_incident("i", |known| Ok(with(known, &patch))).unwrap();
    change(json!({"investigation": found, "authorityReport": "dnr 1"}));
    step("act", "Anna", None).unwrap();
    step("resolve", "inera", None).unwrap();
    assert_eq!(refused(step("close", "inera", Some(vec!["inera".to_owned()]))), ["CONN-66 party has not closed"]);
    let both = Some(vec!["inera".to_owned(), "x".to_owned()]);
    assert_eq!(step("close", "inera", both).unwrap().state.name(), "CLOSED");
}

fn a_service_on_its_way_out_takes_no_new_customers() {
    let world = World::new().until(State::Agreed);
    world.document(json!({"service": "svevac"}));
    let judged = world.judged(Event::OrderService, DAY, json!({}));
    let said = judged.iter().find(|failed| failed.gate == "CONN-28").map(|failed| failed.message.as_str());
    assert_eq!(said, Some("service is being decommissioned"));
    world.book.add_order("old", "x", "svevac", of(json!("new")), None).unwrap();
    for event in ["start", "finish"] {
        world.book.step_order("old", of(json!(event)), "inera", None).unwrap();
    }
    let judged = world.judged(Event::OrderService, DAY, json!({}));
    assert!(judged.iter().all(|failed| failed.gate != "CONN-28"), "who has it may go on");
}

fn an_agent_needs_two_pilots_and_its_customer_two_agreements() {
    let world = World::new();
    world.book.add_party(of(json!({"id": "a", "name": "Agenten", "category": "AGENT"}))).unwrap();
    world.party("x", json!({"route": "agent", "agent": "a"}));
    world.agreement(json!({"party": "a", "type": "AGR-A"}));
    world.agreement(json!({"party": "x", "type": "AGR-PA", "counterparty": "a"}));
    let pilots = |pilots: Value| {
        world.book.put_assignments("a", of(json!([{"service": "npo", "pilots": pilots}]))).unwrap();
        let judged = world.judged(Event::Qualify, DAY, json!({}));
        judged.into_iter().map(|failed| failed.missing.join(",")).collect::<Vec<_>>()
    };
    assert_eq!(pilots(json!(["p"])), ["assignments[service=npo].pilots"]);
    assert_eq!(pilots(json!(["p", "p"])), ["assignments[service=npo].pilots"], "one customer twice");
    assert_eq!(pilots(json!(["p", "q"])), Vec::<String>::new());
}

fn an_external_operator_needs_the_consent_of_every_party_with_an_agreement() {
    let world = World::new();
    let operator = |consents: Value| {
        world.book.put_operator("npo", of(json!({"operator": "D", "external": true, "consents": consents})))
    };
    match operator(json!([])) {
        Err(Refusal::Gates(refused)) => {
            assert_eq!(refused.failed[0].message, "consent missing for external operation");
            assert_eq!(refused.failed[0].missing, ["x"]);
        }
        other => panic!("{other:?}"),
    }
    operator(json!(["x"])).unwrap();
}

#[test]
fn a_step_before_the_last_one_is_not_taken_and_a_refused_one_moves_nothing() {
    let world = World::new();
    world.step(Event::Qualify, "2026-03-02", json!({})).unwrap();
    assert!(matches!(world.step(Event::Sign, "2026-03-01", json!({})), Err(Refusal::Earlier { .. })));
    assert_eq!(refused(world.step(Event::Publish, "2027-01-01", json!({}))), Vec::<String>::new());
    assert_eq!(world.step(Event::Sign, "2026-03-02", json!({})).unwrap(), State::Agreed, "a refusal is no step");
    let log = world.book.read(|holdings, _| holdings.connections["c"].entries.clone());
    let told: Vec<_> = log.iter().map(|entry| (entry.n, entry.event, entry.refused)).collect();
    assert_eq!(told, [(1, Event::Qualify, false), (2, Event::Publish, true), (3, Event::Sign, false)]);
}

#[test]
fn everything_is_there_again_after_a_restart() {
    let disk = Arc::new(FakeDisk::default());
    let world = World::new();
    let empty = World {
        book: Book::new(services(), Arc::clone(&world.platforms) as _, Terms::default(), Clock::System),
        platforms: Arc::clone(&world.platforms),
    };
    empty.book.keep_in(crate::connection::log::Keeper::on(Arc::clone(&disk) as _).unwrap()).unwrap();
    empty.fill();
    let kept = empty.until(State::Live);
    let again = Book::new(services(), Arc::clone(&kept.platforms) as _, Terms::default(), Clock::System);
    again.keep_in(crate::connection::log::Keeper::on(disk as _).unwrap()).unwrap();
    let before = kept.book.read(|holdings, _| holdings.clone());
    assert_eq!(again.read(|holdings, _| holdings.clone()), before);
    assert_eq!(before.connections["c"].progress.state, State::Live);
}

#[test]
fn index_tests_are_those_of_the_runs_before_those_that_are_declared() {
    let world = World::new().until(State::QaTesting);
    let lacking = || {
        let judged = world.judged(Event::Declare, DAY, json!({}));
        let own = judged.into_iter().filter(|failed| failed.gate == "CONN-44");
        own.flat_map(|failed| failed.missing).collect::<Vec<_>>()
    };
    assert_eq!(lacking(), Vec::<String>::new(), "all are declared as passed");
    let run = |cases: Value| {
        let run = json!({"contract": INDEX_UPDATE, "role": "consumer", "env": QA, "cases": cases});
        world.book.add_run("c", of(run)).unwrap();
    };
    let case = |name: &str, outcome: Value, theme: &str| json!({"case": name, "outcome": outcome, "themes": [theme]});
    run(json!([
        case("ny post", json!("failed"), "EI_TF 1.1"),
        case("fönster", json!("passed"), "EI_TF 2.3"),
        case("ändrad", Value::Null, "EI_TF 1.2"),
        case("annat", json!("failed"), "TF 1.4"),
    ]));
    assert_eq!(lacking(), ["declaration.ei[1.1]"], "a failed run outweighs the word; what was not run does not");
    run(json!([case("ny post", json!("passed"), "EI_TF 1.1"), case("ny post, annan", json!("failed"), "EI_TF 1.1")]));
    assert_eq!(lacking(), ["declaration.ei[1.1]"], "every case of a test");
    run(json!([case("ny post, annan", json!("passed"), "EI_TF 1.1")]));
    assert_eq!(lacking(), Vec::<String>::new());
    let declared = world.book.read(|holdings, _| crate::connection::view::declared(&holdings.connections["c"]));
    assert_eq!(serde_json::to_value(declared).unwrap()["eiResults"], json!({"1.1": "passed", "2.3": "passed"}));
}

#[test]
fn guidance_names_the_term_that_asks() {
    let world = World::new().until(State::Ordered);
    world.without_contact("OPER");
    let (state, next) = world.book.next("c").unwrap();
    assert_eq!((state, next.len()), (State::Ordered, 1));
    let prepare = &next[0];
    assert!(!prepare.ready && prepare.sv.contains("operativt ansvarig") && prepare.en.contains("operative contact"));
    assert_eq!(prepare.source, "003_9e5e34bfe011a958.txt §5.3");
}
