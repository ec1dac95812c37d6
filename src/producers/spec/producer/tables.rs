//! The tables of the file.

use super::reading::{Reading, Value, json, number, whole};
use super::{Producer, Proxy, SOURCES, Validation};
use crate::contracts::sample::Variant;
use crate::producers::behaviour::delay::Delay;
use crate::producers::matcher::contract::ContractPattern;
use crate::producers::record::onward::OnwardTls;
use crate::producers::records::generate::{Generate, PATIENTS_MAX};
use crate::producers::records::{RecordSettings, UnknownPatient};
use crate::producers::schema::{RECORDS_MAX, SchemaSettings};
use crate::producers::settings::SystemLimits;
use crate::producers::spec::rule::Rule;

impl Reading<'_> {
    pub(super) fn contracts(&mut self, value: &Value<'_>) -> Option<Vec<ContractPattern>> {
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

    pub(super) fn sources(&mut self, value: &Value<'_>) -> Vec<String> {
        let written = self.strings(value, "answers");
        if let Some(strange) = written.iter().find(|name| !SOURCES.contains(&name.as_str())) {
            self.error(value, format!("answers: {strange:?} is no source, expected {}", SOURCES.join(", ")));
        }
        written
    }

    pub(super) fn delay(&mut self, value: &Value<'_>) -> Delay {
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

    pub(super) fn validate(&mut self, value: &Value<'_>, producer: &mut Producer) {
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

    pub(super) fn proxy(&mut self, value: &Value<'_>) -> Option<Proxy> {
        let Some(table) = value.get_ref().as_table() else {
            self.error(value, "proxy: expected a table");
            return None;
        };
        let mut proxy = Proxy {
            url: String::new(),
            on_miss: true,
            always: false,
            record: false,
            timeout: crate::producers::settings::PROXY_TIMEOUT,
            tls: OnwardTls::default(),
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
                "certificate" => {
                    let text = self.string(value, "proxy.certificate").unwrap_or_default();
                    match text.strip_prefix("pki:").filter(|name| !name.is_empty()) {
                        Some(name) => proxy.tls.certificate = Some(name.to_owned()),
                        None => self.error(value, format!("proxy.certificate is {text:?}, expected \"pki:<name>\"")),
                    }
                }
                "ca" => {
                    let file = self.string(value, "proxy.ca");
                    // Beside the file that names it.
                    proxy.tls.ca = file.map(|file| self.file.with_file_name(file));
                }
                "record" => match value.get_ref().as_bool() {
                    Some(records) => proxy.record = records,
                    None => self.error(value, "proxy.record: expected true or false"),
                },
                unknown => {
                    let known = ["url", "when", "timeout_ms", "record", "certificate", "ca"];
                    self.unknown(unknown, key.span().start, &known);
                }
            }
        }
        if !proxy.url.starts_with("http://") && !proxy.url.starts_with("https://") {
            self.error(value, format!("proxy.url is {:?}, expected http:// or https://", proxy.url));
        }
        Some(proxy)
    }

    pub(super) fn rules(&mut self, value: &Value<'_>, rules: &mut Vec<Rule>) {
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

    pub(super) fn schema(&mut self, value: &Value<'_>) -> SchemaSettings {
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

    pub(super) fn records(&mut self, value: &Value<'_>) -> RecordSettings {
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
                "consumers" => settings.consumers = self.strings(value, "records.consumers"),
                "files" => settings.files = Some(self.strings(value, "records.files")),
                "generate" => settings.generate = self.generate(value),
                unknown => self.unknown(
                    unknown,
                    key.span().start,
                    &["unknown_patient", "nullified", "approved_only_for", "files", "generate", "consumers"],
                ),
            }
        }
        settings
    }

    /// `generate = { patients = 20, seed = 7 }`.
    fn generate(&mut self, value: &Value<'_>) -> Option<Generate> {
        let expected = format!("a table with patients, 1 to {PATIENTS_MAX}, and seed, a whole number");
        let number = |name: &str| value.get_ref().as_table()?.get(name).and_then(|value| whole(value.get_ref()));
        let patients = number("patients").and_then(|number| u32::try_from(number).ok());
        let read = patients.filter(|number| (1..=PATIENTS_MAX).contains(number)).zip(number("seed"));
        if read.is_none() {
            self.error(value, format!("records.generate: expected {expected}"));
        }
        read.map(|(patients, seed)| Generate { patients, seed })
    }

    pub(super) fn limits(&mut self, value: &Value<'_>, limits: &mut SystemLimits) {
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
}
