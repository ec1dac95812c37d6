//! One expectation of a native case: what of it an assertion of published suites says is that assertion.

use serde::Serialize;

use super::written::expectation::{
    Expectation, FaultLike, FaultWanted, HeaderWanted, IndexWanted, RecordsWanted, ResultWanted, Statuses, When,
    XPathWanted,
};
use crate::qa::suite::project::{Assertion, Check, ContainsCheck, XPathMatch};

/// What no assertion type of published suites says. Texts are before expansion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Expected {
    /// A fault like this.
    Fault(FaultLike),
    /// A fault or a status above 399, and no records: whatever way a request is turned away.
    Refused,
    /// Answered no sooner.
    MinMs(u64),
    /// A rule file of the suite.
    Schematron(String),
    /// How much a path selects.
    Count {
        /// The path.
        path: String,
        /// How much; `None` is anything at all.
        count: Option<u64>,
        /// Whether it must be so, or must not.
        wanted: bool,
    },
    /// A response header.
    Header(HeaderWanted),
    /// The records of the answer.
    Records(Box<RecordsWanted>),
    /// The `result` element.
    Outcome(ResultWanted),
    /// Nothing in the answer is a person's identity.
    NoPersonalData,
    /// Encoded so, and said so.
    Charset(String),
    /// The same records as another step's answer.
    SameAs(String),
    /// An Update to the index.
    Index(IndexWanted),
}

/// An expectation and the condition it is judged under.
#[derive(Clone, Debug)]
pub struct Conditional {
    /// What is expected.
    pub expected: Expected,
    /// Only then.
    pub when: Option<When>,
}

/// Makes the assertion; the error says which keys are too many or missing.
pub fn assertion(entry: &Expectation, declarations: &str, line: u32) -> Result<Assertion, String> {
    let mut made: Vec<(&str, &str, Check)> = Vec::new();
    let native = |expected: Expected| Check::Native(Box::new(Conditional { expected, when: entry.when.clone() }));
    let mut add = |key: &'static str, type_name: &'static str, check: Check| made.push((key, type_name, check));
    let token = |token: &String, wanted: bool| {
        Check::Contains(ContainsCheck { token: token.clone(), wanted, ..ContainsCheck::default() })
    };
    if let Some(wanted) = entry.soap {
        add("soap", "SOAP Response", only(wanted, Check::SoapResponse)?);
    }
    match entry.no_fault {
        Some(true) => add("no_fault", "SOAP Fault Assertion", Check::NoFault),
        Some(false) => add("no_fault", "Not SOAP Fault Assertion", Check::Fault),
        None => {}
    }
    match &entry.fault {
        Some(FaultWanted::Is(true)) => add("fault", "Not SOAP Fault Assertion", Check::Fault),
        Some(FaultWanted::Is(false)) => add("fault", "SOAP Fault Assertion", Check::NoFault),
        Some(FaultWanted::Like(like)) => add("fault", "fault", native(Expected::Fault(like.clone()))),
        None => {}
    }
    if let Some(wanted) = entry.refused {
        add("refused", "refused", only(wanted, native(Expected::Refused))?);
    }
    if let Some(wanted) = entry.schema {
        add("schema", "Schema Compliance", only(wanted, Check::Schema { definition: String::new() })?);
    }
    if let Some(limit) = entry.max_ms {
        add("max_ms", "Response SLA Assertion", Check::Sla(limit.to_string()));
    }
    if let Some(least) = entry.min_ms {
        add("min_ms", "min_ms", native(Expected::MinMs(least)));
    }
    if let Some(file) = &entry.schematron {
        add("schematron", "schematron", native(Expected::Schematron(file.clone())));
    }
    if let Some(wanted) = &entry.xpath {
        let (type_name, check) = xpath(wanted, declarations, &native)?;
        add("xpath", type_name, check);
    }
    if let Some(text) = &entry.contains {
        add("contains", "Simple Contains", token(text, true));
    }
    if let Some(text) = &entry.not_contains {
        add("not_contains", "Simple NotContains", token(text, false));
    }
    if let Some(statuses) = &entry.status {
        let codes = match statuses {
            Statuses::One(code) => code.to_string(),
            Statuses::Any(codes) => codes.iter().map(u16::to_string).collect::<Vec<_>>().join(","),
        };
        add("status", "Valid HTTP Status Codes", Check::Status { codes, valid: true });
    }
    if let Some(header) = &entry.header {
        add("header", "header", native(Expected::Header(header.clone())));
    }
    if let Some(json) = &entry.json {
        add("json", "JsonPath Match", Check::Json { path: json.path.clone(), content: json.equals.clone() });
    }
    if let Some(records) = &entry.records {
        add("records", "records", native(Expected::Records(Box::new(records.clone()))));
    }
    if let Some(result) = &entry.result {
        add("result", "result", native(Expected::Outcome(result.clone())));
    }
    if let Some(wanted) = entry.no_personal_data {
        add("no_personal_data", "no_personal_data", only(wanted, native(Expected::NoPersonalData))?);
    }
    if let Some(charset) = &entry.charset {
        add("charset", "charset", native(Expected::Charset(charset.clone())));
    }
    if let Some(step) = &entry.same_as {
        add("same_as", "same_as", native(Expected::SameAs(step.clone())));
    }
    if let Some(index) = &entry.index {
        add("index", "index", native(Expected::Index(index.clone())));
    }
    let keys: Vec<&str> = made.iter().map(|(key, ..)| *key).collect();
    if keys.len() != 1 {
        let found = if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
        return Err(format!("an entry of expect has one key that says what is expected, found {found}"));
    }
    let (key, type_name, check) = made.swap_remove(0);
    let name = entry.note.clone().or_else(|| entry.rule.clone()).unwrap_or_else(|| key.to_owned());
    Ok(Assertion { type_name: type_name.to_owned(), name, disabled: false, line, check, rule: entry.rule.clone() })
}

fn only(wanted: bool, check: Check) -> Result<Check, String> {
    if wanted { Ok(check) } else { Err("this key is written with true, or left out".to_owned()) }
}

fn xpath(
    wanted: &XPathWanted,
    declarations: &str,
    native: &dyn Fn(Expected) -> Check,
) -> Result<(&'static str, Check), String> {
    let path = format!("{declarations}{}", wanted.path);
    let matching = |content: &String, wildcards: bool| {
        Check::XPath(XPathMatch { path: path.clone(), content: content.clone(), wildcards, ..XPathMatch::default() })
    };
    let counted = |count, wanted| native(Expected::Count { path: path.clone(), count, wanted });
    let mut checks = Vec::new();
    checks.extend(wanted.equals.as_ref().map(|content| ("XPath Match", matching(content, false))));
    checks.extend(wanted.wildcard.as_ref().map(|content| ("XPath Match", matching(content, true))));
    checks.extend(wanted.fragment.as_ref().map(|content| ("XPath Match", matching(content, false))));
    checks.extend(wanted.count.map(|count| ("xpath", counted(Some(count), true))));
    checks.extend(wanted.exists.map(|wanted| ("xpath", counted(None, wanted))));
    if checks.len() != 1 {
        return Err("xpath has a path and one of equals, count, exists, wildcard, fragment".to_owned());
    }
    Ok(checks.swap_remove(0))
}
