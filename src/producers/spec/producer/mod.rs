//! `producer.toml`: who the system is and how it treats what is not for it (`producers.md` §1.2).

pub(crate) mod reading;
mod tables;
mod tls;

use std::net::SocketAddr;
use std::path::Path;

use toml::de::DeTable;

use self::reading::Reading;
use super::rule::Rule;
use crate::domain::problem::{Problem, line_at};
use crate::producers::behaviour::delay::Delay;
use crate::producers::machine::Machine;
use crate::producers::matcher::contract::ContractPattern;
use crate::producers::record::onward::OnwardTls;
use crate::producers::records::RecordSettings;
use crate::producers::schema::SchemaSettings;
use crate::producers::secure::SecureSettings;
use crate::producers::settings::SystemLimits;

/// A system as its file describes it.
#[derive(Clone, Debug)]
pub struct Producer {
    /// What people call it.
    pub name: Option<String>,
    /// HSA-id of the source system.
    pub hsa_id: Option<String>,
    /// Addresses it answers for, compared ignoring case; empty = any.
    pub logical_addresses: Vec<String>,
    /// Whether a call for another address is served all the same, instead of getting a fault.
    pub serves_other_addresses: bool,
    /// Contracts it answers; `None` = all. Another contract gets a fault.
    pub contracts: Option<Vec<ContractPattern>>,
    /// Where answers come from, in order: `mapping`, `record`, `schema`, `proxy`, `fault`.
    pub answers: Vec<String>,
    /// How answers are made from schemas.
    pub schema: SchemaSettings,
    /// How they are made from records.
    pub records: RecordSettings,
    /// What it keeps account of.
    pub state: Option<Machine>,
    /// Whether `x-mock-response` selects answers.
    pub x_mock_response: bool,
    /// What is done with requests that do not follow their contract.
    pub validate_request: Validation,
    /// What is done with answers that do not.
    pub validate_response: Validation,
    /// Where requests may be sent on to.
    pub proxy: Option<Proxy>,
    /// Which calls get which behaviour or answer; the first that fires.
    pub rules: Vec<Rule>,
    /// How it says that nothing fits.
    pub miss: Miss,
    /// Added to every stub's own delay.
    pub delay: Delay,
    /// Where it has a listener of its own, without TLS.
    pub http: Option<SocketAddr>,
    /// A listener of its own, with TLS.
    pub tls: Option<SecureSettings>,
    /// Its bounds.
    pub limits: SystemLimits,
}

impl Default for Producer {
    fn default() -> Self {
        Self {
            name: None,
            hsa_id: None,
            logical_addresses: Vec::new(),
            serves_other_addresses: false,
            contracts: None,
            answers: ["mapping", "record", "schema"].map(str::to_owned).to_vec(),
            schema: SchemaSettings::default(),
            records: RecordSettings::default(),
            state: None,
            x_mock_response: true,
            validate_request: Validation::Log,
            validate_response: Validation::Log,
            proxy: None,
            rules: Vec::new(),
            miss: Miss::default(),
            delay: Delay::default(),
            http: None,
            tls: None,
            limits: SystemLimits::default(),
        }
    }
}

impl Producer {
    /// Its HSA-id as a certificate can have it: letters, digits and hyphens.
    pub fn source_id(&self, name: &str) -> String {
        self.hsa_id.clone().unwrap_or_else(|| name.replace('_', "-"))
    }
}

/// What is done with a message that does not follow its contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// Nothing: it is not looked at.
    Off,
    /// The row of the journal says so.
    Log,
    /// The caller gets a fault that says so.
    Fault,
}

/// `[proxy]`: another system that can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its URL.
    pub url: String,
    /// Whether it is asked when nothing else answered.
    pub on_miss: bool,
    /// Whether it is asked first, and what we would have answered is compared.
    pub always: bool,
    /// Whether what it answers becomes mappings.
    pub record: bool,
    /// Longest wait for it.
    pub timeout: std::time::Duration,
    /// How it is spoken to over https.
    pub tls: OnwardTls,
}

/// The form of an answer to a call that no stub fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Miss {
    /// 500 with a SOAP fault.
    #[default]
    SoapFault,
    /// 404 with plain text.
    NotFound,
}

const KEYS: [&str; 18] = [
    "http",
    "tls",
    "schema",
    "records",
    "state",
    "name",
    "hsa_id",
    "logical_addresses",
    "address_miss",
    "contracts",
    "answers",
    "miss",
    "x_mock_response",
    "validate",
    "proxy",
    "rule",
    "delay",
    "limits",
];
/// What may stand in `answers`.
const SOURCES: [&str; 5] = ["mapping", "record", "schema", "proxy", "fault"];

/// Reads the file; `None` where it cannot be used. Problems say why, or what has no effect.
pub(crate) fn read(file: &Path, contents: &[u8], problems: &mut Vec<Problem>) -> Option<Producer> {
    let text = match std::str::from_utf8(contents) {
        Ok(text) => text,
        Err(error) => {
            problems.push(Problem::error(file, line_at(contents, error.valid_up_to()), "not UTF-8"));
            return None;
        }
    };
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let line = error.span().map_or(0, |span| line_at(contents, span.start));
            problems.push(Problem::error(file, line, format!("not TOML: {}", error.message())));
            return None;
        }
    };
    let mut reading = Reading { file, contents, problems: Vec::new() };
    let producer = reading.producer(&table);
    let usable = !reading.problems.iter().any(Problem::is_error);
    problems.append(&mut reading.problems);
    usable.then_some(producer)
}

impl Reading<'_> {
    fn producer(&mut self, table: &DeTable<'_>) -> Producer {
        let mut producer = Producer::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "name" => producer.name = self.string(value, "name"),
                "hsa_id" => producer.hsa_id = self.string(value, "hsa_id"),
                "logical_addresses" => producer.logical_addresses = self.strings(value, "logical_addresses"),
                "address_miss" => {
                    producer.serves_other_addresses = self.one_of(value, "address_miss", ["fault", "serve"]) == Some(1);
                }
                "contracts" => producer.contracts = self.contracts(value),
                "answers" => producer.answers = self.sources(value),
                "miss" => {
                    if self.one_of(value, "miss", ["soap-fault", "404"]) == Some(1) {
                        producer.miss = Miss::NotFound;
                    }
                }
                "records" => producer.records = self.records(value),
                "state" => {
                    let names = Machine::ALL.map(Machine::as_str);
                    producer.state = self.one_of(value, "state", names).map(|place| Machine::ALL[place]);
                }
                "schema" => producer.schema = self.schema(value),
                "x_mock_response" => match value.get_ref().as_bool() {
                    Some(selects) => producer.x_mock_response = selects,
                    None => self.error(value, "x_mock_response: expected true or false"),
                },
                "validate" => self.validate(value, &mut producer),
                "proxy" => producer.proxy = self.proxy(value),
                "rule" => self.rules(value, &mut producer.rules),
                "delay" => producer.delay = self.delay(value),
                "limits" => self.limits(value, &mut producer.limits),
                "http" => producer.http = self.http(value),
                "tls" => producer.tls = self.tls(value),
                unknown => self.unknown(unknown, key.span().start, &KEYS),
            }
        }
        producer
    }
}
