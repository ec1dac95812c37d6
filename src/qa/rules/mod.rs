//! Platform rules that hold for every answer (`qa.md` §5.4).
//!
//! Beside the verdict of a published case they are observations; in generated cases, and where a case names one, they
//! count. Each rule is judged from one exchange alone: what takes several (RT-08, RT-10 between calls, RT-18, RT-19) or
//! another transport (RT-20) is asked by the cases of `generate`.

mod asked;
mod content;
mod envelope;
mod faults;
mod moments;
mod records;

use std::sync::Arc;

use jiff::Zoned;

use super::assert::schema::InterfaceSchemas;
use super::assert::soap;
use super::records::Layout;
use super::result::Observation;
use super::run::exchange::Exchange;
use super::tree;
use crate::contracts::contract::{Contract, Direction};

pub use asked::Asked;

/// The longest a producer may take, where nothing else is said, in milliseconds (RT-09).
pub const SLA_MS: u64 = 15_000;

/// What the rules are judged by.
#[derive(Clone, Copy)]
pub struct Facts<'f> {
    /// Request and answer.
    pub exchange: &'f Exchange,
    /// The schemas of the interface, and the operation that was called.
    pub schemas: Option<(&'f InterfaceSchemas, &'f str)>,
    /// What a record is in this contract.
    pub layout: &'f Layout,
    /// The longest wait for an answer, in milliseconds.
    pub sla_ms: u64,
    /// The run's clock.
    pub now: &'f Zoned,
    /// Names and addresses of patients that no fault may tell.
    pub personal: &'f [String],
}

impl Facts<'_> {
    fn contract(&self) -> Option<&Arc<Contract>> {
        self.schemas.and_then(|(schemas, operation)| schemas.contract(operation))
    }
}

/// What is found, rule by rule.
#[derive(Debug, Default)]
struct Findings(Vec<Observation>);

impl Findings {
    /// One finding a rule is enough to know what is wrong; more would only repeat it.
    fn add(&mut self, rule: &str, text: impl Into<String>) {
        if !self.0.iter().any(|known| known.rule == rule) {
            self.0.push(Observation { rule: rule.to_owned(), text: text.into() });
        }
    }
}

/// The rules an answer breaks, each once.
pub fn observe(facts: &Facts<'_>) -> Vec<Observation> {
    let mut findings = Findings::default();
    let text = facts.exchange.text();
    envelope::bytes(facts, &text, &mut findings);
    if facts.exchange.ms > facts.sla_ms {
        findings.add("RT-09", format!("the answer took {} ms, limit {} ms", facts.exchange.ms, facts.sla_ms));
    }
    let document = match tree::parse(&text) {
        Ok(document) => document,
        Err(why) => {
            findings.add("RT-01", format!("not a SOAP response: {why}"));
            if facts.exchange.status != 500 {
                findings.add("RT-04", format!("status {} with something that is no envelope", facts.exchange.status));
            }
            return findings.0;
        }
    };
    envelope::shape(facts, &document, &mut findings);
    if soap::fault(&document).is_some() {
        faults::fault(facts, &document, &mut findings);
        return findings.0;
    }
    let asked = Asked::of(&facts.exchange.request);
    if let Some((schemas, operation)) = facts.schemas {
        let charset = facts.exchange.charset();
        let judged = schemas.judge_direction(operation, Direction::Response, &facts.exchange.body, &text, charset);
        if let (super::verdict::Verdict::Fail, Some(message)) = (judged.verdict, judged.messages.first()) {
            findings.add("RT-03", message.clone());
        }
    }
    faults::result(facts, &document, &asked, &mut findings);
    content::values(&document, &mut findings);
    records::records(facts, &document, &asked, &mut findings);
    findings.0
}
