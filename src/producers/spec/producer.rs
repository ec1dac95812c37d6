//! `producer.toml`: who the system is and how it treats what is not for it (`producers.md` §1.2).

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::rule::Rule;
use crate::contracts::sample::Variant;
use crate::domain::problem::{Problem, line_at};
use crate::producers::behaviour::delay::Delay;
use crate::producers::matcher::contract::ContractPattern;
use crate::producers::records::{RecordSettings, UnknownPatient};
use crate::producers::schema::{RECORDS_MAX, SchemaSettings};
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
            x_mock_response: true,
            validate_request: Validation::Log,
            validate_response: Validation::Log,
            proxy: None,
            rules: Vec::new(),
            miss: Miss::default(),
            delay: Delay::default(),
            limits: SystemLimits::default(),
        }
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
    /// Longest wait for it.
    pub timeout: std::time::Duration,
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

const KEYS: [&str; 15] = [
    "schema",
    "records",
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
/// Keys of `producers.md` §1.2 that do nothing yet.
const NOT_YET: [&str; 1] = ["tls"];

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

type Value<'a> = Spanned<DeValue<'a>>;

struct Reading<'a> {
    file: &'a Path,
    contents: &'a [u8],
    problems: Vec<Problem>,
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
                known if NOT_YET.contains(&known) => {
                    let line = self.line(key.span().start);
                    let message = format!("{known:?} is not supported yet and has no effect");
                    self.problems.push(Problem::warning(self.file, line, message));
                }
                unknown => self.unknown(unknown, key.span().start, &KEYS),
            }
        }
        producer
    }

    fn contracts(&mut self, value: &Value<'_>) -> Option<Vec<ContractPattern>> {
        if value.get_ref().as_str() == Some("all") {
            return None;
        }
        let written = self.strings(value, "contracts");
        let mut patterns = Vec::with_capacity(written.len());
        for text in written {
            match ContractPattern::parse(&text) {
                Some(pattern) => patterns.push(pattern),
                None => {
                    let expected = "\"GetDiagnosis:2\", \"GetDiagnosis\" or a responder namespace";
                    self.error(value, format!("contracts: {text:?} is no contract, expected {expected}"));
                }
            }
        }
        Some(patterns)
    }

    fn sources(&mut self, value: &Value<'_>) -> Vec<String> {
        let written = self.strings(value, "answers");
        if let Some(strange) = written.iter().find(|name| !SOURCES.contains(&name.as_str())) {
            self.error(value, format!("answers: {strange:?} is no source, expected {}", SOURCES.join(", ")));
        }
        written
    }

    fn delay(&mut self, value: &Value<'_>) -> Delay {
        let expected = "a table with distribution = \"fixed\" and milliseconds, \"uniform\" with lower and upper, or \
                        \"lognormal\" with median and sigma";
        let Some(table) = value.get_ref().as_table() else {
            self.error(value, format!("delay: expected {expected}"));
            return Delay::None;
        };
        for (key, _) in table {
            let known = ["distribution", "milliseconds", "lower", "upper", "median", "sigma"];
            if !known.contains(&key.get_ref().as_ref()) {
                self.unknown(key.get_ref(), key.span().start, &known);
            }
        }
        let number = |name: &str| table.get(name).and_then(|value| number(value.get_ref())).filter(|n| *n >= 0.0);
        let whole = |name: &str| table.get(name).and_then(|value| whole(value.get_ref()));
        let delay = match table.get("distribution").and_then(|value| value.get_ref().as_str()) {
            Some("fixed") => whole("milliseconds").map(Delay::Fixed),
            Some("uniform") => match (whole("lower"), whole("upper")) {
                (Some(lower), Some(upper)) if lower <= upper => Some(Delay::Uniform { lower, upper }),
                _ => None,
            },
            Some("lognormal") => match (number("median"), number("sigma")) {
                (Some(median), Some(sigma)) => Some(Delay::Lognormal { median, sigma, longest: None }),
                _ => None,
            },
            _ => None,
        };
        if delay.is_none() {
            self.error(value, format!("delay: expected {expected}"));
        }
        delay.unwrap_or_default()
    }

    fn validate(&mut self, value: &Value<'_>, producer: &mut Producer) {
        let Some(table) = value.get_ref().as_table() else { return self.error(value, "validate: expected a table") };
        for (key, value) in table {
            let into = match key.get_ref().as_ref() {
                "request" => &mut producer.validate_request,
                "response" => &mut producer.validate_response,
                unknown => {
                    self.unknown(unknown, key.span().start, &["request", "response"]);
                    continue;
                }
            };
            match self.one_of(value, &format!("validate.{}", key.get_ref()), ["off", "log", "fault"]) {
                Some(0) => *into = Validation::Off,
                Some(1) => *into = Validation::Log,
                Some(_) => *into = Validation::Fault,
                None => {}
            }
        }
    }

    fn proxy(&mut self, value: &Value<'_>) -> Option<Proxy> {
        let Some(table) = value.get_ref().as_table() else {
            self.error(value, "proxy: expected a table");
            return None;
        };
        let mut proxy = Proxy {
            url: String::new(),
            on_miss: true,
            always: false,
            timeout: crate::producers::settings::PROXY_TIMEOUT,
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "url" => proxy.url = self.string(value, "proxy.url").unwrap_or_default(),
                "when" => {
                    let when = self.one_of(value, "proxy.when", ["miss", "always", "never"]);
                    (proxy.on_miss, proxy.always) = (when == Some(0), when == Some(1));
                }
                "timeout_ms" => match whole(value.get_ref()).filter(|ms| *ms > 0) {
                    Some(ms) => proxy.timeout = std::time::Duration::from_millis(ms),
                    None => self.error(value, "proxy.timeout_ms: expected a whole number, 1 or more"),
                },
                "record" => {}
                unknown => self.unknown(unknown, key.span().start, &["url", "when", "timeout_ms", "record"]),
            }
        }
        if !proxy.url.starts_with("http://") && !proxy.url.starts_with("https://") {
            self.error(value, format!("proxy.url is {:?}, expected http:// or https://", proxy.url));
        }
        Some(proxy)
    }

    fn rules(&mut self, value: &Value<'_>, rules: &mut Vec<Rule>) {
        let Some(items) = value.get_ref().as_array() else {
            return self.error(value, "rule: expected tables, each as [[rule]]");
        };
        for item in items {
            // Conditions and behaviours are read as those of mappings and plans are: from their JSON form.
            let serde_json::Value::Object(table) = json(item.get_ref()) else {
                self.error(item, "rule: expected a table");
                continue;
            };
            match Rule::read(&table, self.line(item.span().start)) {
                Ok(rule) => rules.push(rule),
                Err(why) => self.error(item, format!("rule: {why}")),
            }
        }
    }

    fn schema(&mut self, value: &Value<'_>) -> SchemaSettings {
        let mut settings = SchemaSettings::default();
        let Some(table) = value.get_ref().as_table() else {
            self.error(value, "schema: expected a table");
            return settings;
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "variant" => match self.one_of(value, "schema.variant", ["min", "typical", "max"]) {
                    Some(0) => settings.variant = Variant::Min,
                    Some(2) => settings.variant = Variant::Max,
                    _ => {}
                },
                "seed" => match whole(value.get_ref()) {
                    Some(seed) => settings.seed = seed,
                    None => self.error(value, "schema.seed: expected a whole number, 0 or more"),
                },
                "count" => match whole(value.get_ref()).and_then(|count| u32::try_from(count).ok()) {
                    Some(count) if count <= RECORDS_MAX => settings.count = count,
                    _ => self.error(value, format!("schema.count: expected a whole number, {RECORDS_MAX} or less")),
                },
                unknown => self.unknown(unknown, key.span().start, &["variant", "seed", "count"]),
            }
        }
        settings
    }

    fn records(&mut self, value: &Value<'_>) -> RecordSettings {
        let mut settings = RecordSettings::default();
        let Some(table) = value.get_ref().as_table() else {
            self.error(value, "records: expected a table");
            return settings;
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "unknown_patient" => {
                    let answers = [UnknownPatient::Empty, UnknownPatient::Pass, UnknownPatient::Fault];
                    let chosen = self.one_of(value, "records.unknown_patient", ["empty", "generate", "fault"]);
                    settings.unknown_patient = chosen.map_or(UnknownPatient::Empty, |at| answers[at]);
                }
                "nullified" => {
                    let chosen = self.one_of(value, "records.nullified", ["return", "omit"]);
                    settings.omits_nullified = chosen == Some(1);
                }
                "approved_only_for" => settings.approved_only_for = self.strings(value, "records.approved_only_for"),
                later @ ("files" | "generate" | "consumers") => {
                    let line = self.line(key.span().start);
                    let message = format!("records.{later} is not supported yet and has no effect");
                    self.problems.push(Problem::warning(self.file, line, message));
                }
                unknown => self.unknown(
                    unknown,
                    key.span().start,
                    &["unknown_patient", "nullified", "approved_only_for", "files", "generate", "consumers"],
                ),
            }
        }
        settings
    }

    fn limits(&mut self, value: &Value<'_>, limits: &mut SystemLimits) {
        let known = ["concurrency_max", "delayed_max", "body_bytes_max"];
        let Some(table) = value.get_ref().as_table() else {
            self.error(value, "limits: expected a table");
            return;
        };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let bound = match name {
                "concurrency_max" => &mut limits.concurrency_max,
                "delayed_max" => &mut limits.delayed_max,
                "body_bytes_max" => &mut limits.body_bytes_max,
                _ => {
                    self.unknown(name, key.span().start, &known);
                    continue;
                }
            };
            // More permits than this a semaphore cannot hold; no machine can serve them either.
            let largest = tokio::sync::Semaphore::MAX_PERMITS;
            let read = whole(value.get_ref()).and_then(|number| usize::try_from(number).ok());
            match read.filter(|number| (1..=largest).contains(number)) {
                Some(number) => *bound = number,
                None => self.error(value, format!("limits.{name}: expected a whole number, 1 or more")),
            }
        }
    }

    fn string(&mut self, value: &Value<'_>, key: &str) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.error(value, format!("{key}: expected a string, found {}", value.get_ref().type_str()));
        }
        text
    }

    fn strings(&mut self, value: &Value<'_>, key: &str) -> Vec<String> {
        let Some(items) = value.get_ref().as_array() else {
            self.error(value, format!("{key}: expected a list of strings, found {}", value.get_ref().type_str()));
            return Vec::new();
        };
        items.iter().filter_map(|item| self.string(item, key)).collect()
    }

    /// Place of the value among `words`.
    fn one_of<const N: usize>(&mut self, value: &Value<'_>, key: &str, words: [&str; N]) -> Option<usize> {
        let text = self.string(value, key)?;
        let found = words.iter().position(|word| *word == text);
        if found.is_none() {
            self.error(
                value,
                format!("{key} is {text:?}, expected {}", words.map(|word| format!("{word:?}")).join(" or ")),
            );
        }
        found
    }

    fn unknown(&mut self, key: &str, offset: usize, known: &[&str]) {
        let nearest = known.iter().min_by_key(|word| distance(key, word)).copied().unwrap_or_default();
        let line = self.line(offset);
        let message = format!("unknown key {key:?}, the nearest known one is {nearest:?}");
        self.problems.push(Problem::error(self.file, line, message));
    }

    fn error(&mut self, at: &Value<'_>, message: impl Into<String>) {
        let line = self.line(at.span().start);
        self.problems.push(Problem::error(self.file, line, message));
    }

    fn line(&self, offset: usize) -> usize {
        line_at(self.contents, offset)
    }
}

fn whole(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    match value.as_float() {
        Some(float) => float.as_str().parse().ok(),
        None => whole(value).map(|number| number as f64),
    }
}

/// A value in its JSON form.
fn json(value: &DeValue<'_>) -> serde_json::Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(_) => whole(value).map_or(serde_json::Value::Null, Into::into),
        DeValue::Float(_) => number(value).map_or(serde_json::Value::Null, Into::into),
        DeValue::Boolean(truth) => (*truth).into(),
        DeValue::Datetime(at) => at.to_string().into(),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => {
            let members = table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref())));
            serde_json::Value::Object(members.collect())
        }
    }
}

/// Edit distance, for the nearest key.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.iter().enumerate() {
            let cost = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}
