//! The mocked producers from outside: statements of `producers.md` §13 as rows of tables, each with its number. A statement
//! is a row here or in a table of `records`, or stands in `not_met.toml` with a reason.

mod acceptance;
mod admin;
mod answers;
pub mod demo;
mod faults;
mod files;
mod foreign;
mod holders;
mod hub;
mod kept;
mod limits;
mod matching;
mod onward;
mod order;
mod own;
mod recording;
mod records;
mod schema;
mod secure;
mod state;

use std::collections::BTreeSet;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use serde::Deserialize;
use serde_json::Value;

use crate::support::client::{Answer, Ask};
use crate::support::rows::{Row, complaint, outcomes};
use crate::support::world::{Plan, World};

/// One statement, or a part of one.
pub struct Statement {
    pub number: u16,
    pub what: &'static str,
    /// `Err` says what was found instead.
    pub check: for<'d> fn(&'d Desk) -> Checked<'d>,
}

pub type Checked<'d> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'd>>;

/// A platform with its listeners, and what the rows do with it.
pub struct Desk {
    pub world: World,
    /// A hub of its own that reaches them over their listener.
    pub hub: World,
    pub producers: SocketAddr,
    pub admin: SocketAddr,
}

pub const CONTRACT: &str = "urn:riv:clinicalprocess:healthcond:description:GetDiagnosisResponder:2";

/// A GetDiagnosis call of a patient.
pub fn diagnosis(patient: &str) -> String {
    format!(
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Header><h:LogicalAddress \
         xmlns:h='urn:riv:itintegration:registry:1'>SE-1</h:LogicalAddress></e:Header><e:Body><q:GetDiagnosis \
         xmlns:q='{CONTRACT}'><q:patientId><c:id xmlns:c='urn:riv:clinicalprocess:healthcond:description:2'>{patient}\
         </c:id></q:patientId></q:GetDiagnosis></e:Body></e:Envelope>"
    )
}

impl Desk {
    async fn start() -> Self {
        let mut plan = Plan::bare()
            .set("listen.producers", "127.0.0.1:0")
            .set("listen.admin", "127.0.0.1:0")
            .set("producers.behaviour_header", "x-anslut-behaviour")
            .set("proxy.allow", "127.0.0.1");
        let files = [matching::FILES, answers::FILES, faults::FILES, admin::FILES, recording::FILES, order::FILES];
        for (path, contents) in files.into_iter().flatten() {
            plan = plan.file(&format!("producers/{path}"), *contents);
        }
        let world = plan.start().await;
        let (producers, admin) =
            (world.platform.address("producers").unwrap(), world.platform.address("admin").unwrap());
        let hub = hub::start(producers).await;
        Self { world, hub, producers, admin }
    }

    /// A call of a system.
    pub async fn call(&self, system: &str, ask: Ask) -> Answer {
        let target = if ask.target == "/vp" { format!("/{system}/") } else { format!("/{system}{}", ask.target) };
        ask.at(&target).send(self.producers).await
    }

    /// Status and text of a GetDiagnosis call.
    pub async fn ask(&self, system: &str, patient: &str) -> (u16, String) {
        let answer = self.call(system, Ask::post(diagnosis(patient))).await;
        (answer.status, answer.text())
    }

    /// A call of the admin listener.
    pub async fn admin(&self, method: &str, target: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let ask = Ask::post(body).method(method).at(target).content_type("application/json");
        let answer = ask.header("Host", self.admin.to_string()).send(self.admin).await;
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    /// What the journal has of a system, newest first.
    pub async fn rows(&self, system: &str) -> Vec<Value> {
        let (_, listed) = self.admin("GET", &format!("/__admin/requests?system={system}"), None).await;
        listed["requests"].as_array().cloned().unwrap_or_default()
    }
}

/// Everything the server sends for some bytes, until it closes.
pub async fn exchanged(address: SocketAddr, text: &str) -> std::io::Result<Vec<u8>> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.write_all(text.as_bytes()).await?;
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await?;
    Ok(all)
}

/// Says what was found where it is not what was expected.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}")) }
}

pub fn holds(what: &str, truth: bool) -> Result<(), String> {
    if truth { Ok(()) } else { Err(what.to_owned()) }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotMet {
    number: u16,
    reason: String,
}

/// A statement that takes more time or calls than a test may: a script of `ci/` holds it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scripted {
    number: u16,
    script: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotMetFile {
    #[serde(default)]
    statement: Vec<NotMet>,
    #[serde(default)]
    script: Vec<Scripted>,
}

fn not_met() -> NotMetFile {
    toml::from_str(include_str!("not_met.toml")).expect("not_met.toml")
}

fn excused() -> BTreeSet<u16> {
    not_met().statement.iter().map(|one| one.number).collect()
}

fn rows() -> impl Iterator<Item = &'static Statement> {
    [matching::ROWS, answers::ROWS, faults::ROWS, admin::ROWS, hub::ROWS, recording::ROWS, order::ROWS]
        .into_iter()
        .flatten()
}

/// Rows about records and schemas: each starts a demo of its own.
fn demo_rows() -> impl Iterator<Item = &'static Row<u16>> {
    [records::ROWS, schema::ROWS, state::ROWS, acceptance::ROWS].into_iter().flatten()
}

#[test]
fn every_statement_is_a_row_or_has_a_reason() {
    let (file, excused) = (not_met(), excused());
    let held: BTreeSet<u16> = rows().map(|row| row.number).chain(demo_rows().map(|row| row.label)).collect();
    let scripted: BTreeSet<u16> = file.script.iter().map(|one| one.number).collect();
    let known = |number: &u16| held.contains(number) || excused.contains(number) || scripted.contains(number);
    let missing: Vec<u16> = (1..=67).filter(|number| !known(number)).collect();
    assert_eq!(missing, [] as [u16; 0], "statements without a row or a reason");
    assert!(file.statement.iter().all(|one| one.reason.len() > 10));
    for Scripted { number, script } in &file.script {
        assert!(!held.contains(number), "{number} has a row, and stands under {script}");
        let text = std::fs::read_to_string(script).unwrap_or_else(|error| panic!("{script}: {error}"));
        assert!(text.contains(&format!("statement {number}")), "{script} says nothing of statement {number}");
        let all = std::fs::read_to_string(".ci/run").expect(".ci/run");
        assert!(all.contains(script.as_str()), "{script} is not run");
    }
}

/// What is to be said of the rows: those that do not hold, and those that hold though `not_met.toml` says they do not.
fn judged(outcomes: impl IntoIterator<Item = (u16, Option<String>)>) -> Vec<String> {
    let excused = excused();
    let (mut complaints, mut failing, mut seen) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (number, complaint) in outcomes {
        seen.insert(number);
        match complaint {
            Some(_) if excused.contains(&number) => _ = failing.insert(number),
            Some(complaint) => complaints.push(complaint),
            None => {}
        }
    }
    let passing = excused.iter().filter(|number| seen.contains(number) && !failing.contains(number));
    complaints.extend(passing.map(|number| format!("{number}: stands in not_met.toml, and every row of it holds")));
    complaints
}

#[test]
fn a_statement_that_starts_to_hold_is_noticed() {
    for NotMet { number, .. } in not_met().statement {
        assert_eq!(judged([(number, Some("it fails".to_owned()))]), [] as [String; 0]);
        assert_eq!(judged([(number, None)]).len(), 1);
    }
    assert_eq!(judged([(0, Some("it fails".to_owned()))]).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_holds() {
    let desk = Desk::start().await;
    let errors: Vec<_> = desk.world.problems.iter().filter(|one| one.is_error()).map(ToString::to_string).collect();
    assert_eq!(errors.len(), 2, "the two files that are meant to be wrong: {errors:?}");
    let mut outcomes = Vec::new();
    for row in rows() {
        let found = (row.check)(&desk).await;
        outcomes.push((row.number, found.err().map(|found| format!("{}: {}: {found}", row.number, row.what))));
    }
    let complaints = judged(outcomes);
    assert!(complaints.is_empty(), "{} rows:\n{}", complaints.len(), complaints.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_about_records_and_schemas_holds() {
    let outcomes = outcomes(demo_rows()).await;
    let complaints = judged(outcomes.iter().map(|outcome| (outcome.row.label, complaint(outcome))));
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
