//! One assertion on one answer, and what its script may see.

use std::collections::BTreeMap;

use jiff::Zoned;

use super::case::CaseRun;
use super::exchange::Exchange;
use crate::qa::assert::{Judgement, json, soap, text, xpath_match};
use crate::qa::native::expected::{Conditional, Expected};
use crate::qa::native::judge::{self as native, Seen};
use crate::qa::schematron::{self, Report};
use crate::qa::script::host::{Host, Scope};
use crate::qa::script::{Ending, Program};
use crate::qa::suite::data::DataError;
use crate::qa::suite::expansion::Notice;
use crate::qa::suite::project::{Assertion, Check, Request, Script};
use crate::qa::verdict::Verdict;
use crate::qa::xpath::Prefixes;

/// An answer that is judged.
pub(super) struct Judging<'j> {
    pub(super) request: Option<&'j Request>,
    pub(super) exchange: &'j Exchange,
    pub(super) text: &'j str,
}

impl Judging<'_> {
    /// The judgement, and the idiom of a script.
    pub(super) fn judge(self, assertion: &Assertion, case: &mut CaseRun<'_>) -> (Judgement, Option<String>) {
        let is_native = case.case.native.is_some();
        let options = case.surroundings.options;
        let mut expanded = |text: &str| case.expand_text(text);
        let judgement = match &assertion.check {
            Check::Script(script) => return self.script(script, case),
            Check::SoapResponse => soap::response(self.text, self.is_soap_1_2(case)),
            Check::NoFault => soap::no_fault(self.text),
            Check::Fault => soap::is_fault(self.text),
            Check::Sla(limit) if is_native => {
                let limit = limit.parse().unwrap_or(crate::qa::rules::SLA_MS);
                text::sla(&options.limit_ms(limit).to_string(), self.exchange.ms)
            }
            Check::Sla(limit) => text::sla(limit, self.exchange.ms),
            Check::Status { codes, valid } => {
                expanded(codes).map_or_else(not_run, |codes| text::status(&codes, *valid, self.exchange.status))
            }
            Check::Contains(check) => {
                expanded(&check.token).map_or_else(not_run, |token| text::contains(check, &token, self.text))
            }
            Check::XPath(check) => match (expanded(&check.path), expanded(&check.content)) {
                (Ok(path), Ok(content)) => {
                    xpath_match::judge(check, &path, &content, self.text, case.surroundings.now.clone())
                }
                (Err(reason), _) | (_, Err(reason)) => not_run(reason),
            },
            Check::Json { path, content } => match (expanded(path), expanded(content)) {
                (Ok(path), Ok(content)) => json::judge(&path, &content, self.text),
                (Err(reason), _) | (_, Err(reason)) => not_run(reason),
            },
            Check::Schema { .. } => self.schema(case),
            Check::Native(expected) => return (self.native(expected, case), None),
            Check::StepStatus => Judgement::of(Verdict::Skip, "occurs in load tests only"),
            Check::Unsupported => {
                Judgement::of(Verdict::NotRun, format!("assertion type {} not supported", assertion.type_name))
            }
        };
        (judgement, None)
    }

    /// What only native cases say.
    fn native(&self, conditional: &Conditional, case: &mut CaseRun<'_>) -> Judgement {
        if let Some(when) = &conditional.when {
            let value = case.variables.get(&when.flag).cloned().unwrap_or_default();
            if value != when.equals {
                return Judgement::of(Verdict::Skip, format!("{} is {value}", when.flag));
            }
        }
        let expected = match conditional.expected.expanded(&mut |text| case.expand_text(text)) {
            Ok(expected) => expected,
            Err(reason) => return not_run(reason),
        };
        let project = case.surroundings.project;
        if let Expected::Schematron(file) = &expected {
            let report = ScriptHost::new(case, None).schematron(file, self.text);
            return match report {
                Ok(report) => schematron_judgement(&report),
                Err(why) => Judgement::of(Verdict::Error, why),
            };
        }
        let other = match &expected {
            Expected::SameAs(step) => case.exchanges.get(step),
            _ => None,
        };
        let none = Prefixes::default();
        let prefixes = project.project.native.as_ref().map_or(&none, |native| &native.prefixes);
        let (exchange, text, now) = (self.exchange, self.text, &case.surroundings.now);
        native::judge(&expected, &Seen { exchange, text, layout: &project.project.layout, prefixes, now, other })
    }

    fn is_soap_1_2(&self, case: &CaseRun<'_>) -> bool {
        let wanted = self.request.map_or("", |request| request.interface.as_str());
        case.surroundings
            .project
            .project
            .interfaces
            .iter()
            .any(|interface| interface.name == wanted && interface.soap_1_2)
    }

    fn schema(self, case: &CaseRun<'_>) -> Judgement {
        let Some(request) = self.request else {
            return Judgement::of(Verdict::NotRun, "schema compliance of a REST answer is not judged");
        };
        let Some(schemas) = case.surroundings.project.schemas(&request.interface) else {
            return Judgement::of(Verdict::Error, format!("the project has no interface {}", request.interface));
        };
        schemas.judge(&request.operation, &self.exchange.body, self.text, self.exchange.charset())
    }

    fn script(self, script: &Script, case: &mut CaseRun<'_>) -> (Judgement, Option<String>) {
        let program = match Program::compile(script) {
            Ok(program) => program,
            Err(unknown) => return (not_run(unknown.to_string()), None),
        };
        let strict = case.surroundings.options.strict;
        let mut host = ScriptHost::new(case, Some((self.exchange, self.text)));
        let ending = program.run(&mut host);
        let mut judgement = match ending {
            Ending::Done if program.idiom() == "G00" => Judgement::of(Verdict::Skip, "script is empty"),
            Ending::Done if !program.can_fail() => {
                let findings = std::mem::take(&mut host.warnings);
                let verdict = if strict && !findings.is_empty() { Verdict::Fail } else { Verdict::Skip };
                let mut messages = vec!["script cannot fail".to_owned()];
                messages.extend(findings);
                Judgement { verdict, messages, ..Judgement::default() }
            }
            Ending::Done | Ending::Answer(_) => Judgement::pass(),
            Ending::Skipped(reason) | Ending::Cancelled(reason) => Judgement::of(Verdict::Skip, reason),
            Ending::Failed(messages) => Judgement { verdict: Verdict::Fail, messages, ..Judgement::default() },
            Ending::Error(reason) => Judgement::of(Verdict::Error, reason),
        };
        if program.idiom() == "G00" {
            judgement = judgement.noting("script-empty", "script is empty");
        }
        (judgement, Some(program.idiom().to_owned()))
    }
}

fn schematron_judgement(report: &Report) -> Judgement {
    let messages: Vec<String> = report.of(schematron::Outcome::Failed).map(said).collect();
    let broken = report.of(schematron::Outcome::Error).next().map(|finding| finding.text.clone());
    match (messages.is_empty(), broken) {
        (true, None) => Judgement::pass(),
        (true, Some(why)) => Judgement::of(Verdict::Error, why),
        (false, _) => Judgement { verdict: Verdict::Fail, messages, ..Judgement::default() },
    }
}

/// A finding of a rule file in words.
fn said(finding: &schematron::Finding) -> String {
    let schematron::Finding { text, pattern, location, line, test, .. } = finding;
    format!("{text} [{pattern}] {location}:{line}: {test}")
}

fn not_run(reason: String) -> Judgement {
    Judgement::of(Verdict::NotRun, reason)
}

/// What a script of a case sees: the case, and for an assertion the answer.
pub(super) struct ScriptHost<'h, 'r> {
    case: &'h mut CaseRun<'r>,
    exchange: Option<(&'h Exchange, &'h str)>,
    /// Findings of rule files that the script itself does nothing with.
    pub(super) warnings: Vec<String>,
    /// The step to go on at.
    pub(super) jump: Option<String>,
}

impl<'h, 'r> ScriptHost<'h, 'r> {
    pub(super) fn new(case: &'h mut CaseRun<'r>, exchange: Option<(&'h Exchange, &'h str)>) -> Self {
        Self { case, exchange, warnings: Vec::new(), jump: None }
    }
}

impl Host for ScriptHost<'_, '_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.case.variables.get(name).cloned()
    }

    fn set_variable(&mut self, name: &str, value: String) {
        self.case.variables.insert(name.to_owned(), value);
    }

    fn property(&self, scope: Scope, name: &str) -> Option<String> {
        self.case.property_of(scope, name)
    }

    fn set_property(&mut self, scope: Scope, name: &str, value: String) {
        self.case.set_property_of(scope, name, value);
    }

    fn project_properties(&self) -> BTreeMap<String, String> {
        self.case.remembered.project.clone()
    }

    fn expand(&mut self, text: &str) -> Result<String, String> {
        self.case.expand_text(text)
    }

    fn case_name(&self) -> String {
        self.case.case.name.clone()
    }

    fn load(&mut self, file: &str, id: &str) -> Result<(), String> {
        let options = self.case.surroundings.options;
        let project = self.case.surroundings.project;
        let data = match &options.data {
            Some(data) => data.clone(),
            None => {
                let (data, warnings) = project.data(file).map_err(|error| match error {
                    DataError::Missing(name) => DataError::Missing(name).to_string(),
                    other => other.to_string(),
                })?;
                self.case.notices.extend(warnings.iter().map(|warning| Notice::new("data", warning.to_string())));
                data
            }
        };
        for (name, value) in data.load(id).map_err(|error| error.to_string())? {
            self.case.variables.insert(name, value);
        }
        if let Some(target) = &options.target {
            self.case.variables.insert("webServiceUrl".to_owned(), target.clone());
        }
        for (name, value) in &options.set {
            self.case.variables.insert(name.clone(), value.clone());
        }
        self.case.data_id = Some(id.to_owned());
        Ok(())
    }

    fn file(&self, name: &str) -> Option<String> {
        self.case.surroundings.project.text(name)
    }

    fn response(&self) -> Option<String> {
        self.exchange.map(|(_, text)| text.to_owned())
    }

    fn request(&self) -> Option<String> {
        self.exchange.map(|(exchange, _)| exchange.request.clone())
    }

    fn response_headers(&self) -> Vec<(String, Vec<String>)> {
        let Some((exchange, _)) = self.exchange else {
            return Vec::new();
        };
        let reason =
            http::StatusCode::from_u16(exchange.status).ok().and_then(|status| status.canonical_reason()).unwrap_or("");
        let mut headers = vec![("#status#".to_owned(), vec![format!("HTTP/1.1 {} {reason}", exchange.status)])];
        for name in exchange.headers.keys() {
            let values = exchange
                .headers
                .get_all(name)
                .iter()
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
            headers.push((canonical(name.as_str()), values.collect()));
        }
        headers
    }

    fn request_headers(&self) -> Vec<(String, Vec<String>)> {
        Vec::new()
    }

    fn time_taken(&self) -> u64 {
        self.exchange.map_or(0, |(exchange, _)| exchange.ms)
    }

    fn schematron(&mut self, file: &str, message: &str) -> Result<Report, String> {
        let project = self.case.surroundings.project;
        let shown = project.shown(file);
        let text = project.text(file).ok_or_else(|| format!("rule file does not exist: {shown}"))?;
        let loaded = schematron::load(&shown, &text).map_err(|problems| {
            problems.first().map_or_else(|| format!("{shown} cannot be used"), ToString::to_string)
        })?;
        let document = match crate::qa::tree::parse(message) {
            Ok(document) => document,
            Err(why) => return Err(format!("the response is not XML: {why}")),
        };
        let mut report = loaded.schema.validate(&document, self.now());
        let (reported, found): (Vec<_>, Vec<_>) =
            report.findings.iter_mut().partition(|finding| finding.outcome == schematron::Outcome::Reported);
        self.warnings.extend(found.iter().map(|finding| said(finding)));
        for finding in reported {
            if self.case.surroundings.options.reports_fail {
                finding.outcome = schematron::Outcome::Failed;
                self.warnings.push(said(finding));
            } else {
                // Published validators collect failed asserts only.
                self.case.notices.push(Notice::new("schematron-report", said(finding)));
            }
        }
        Ok(report)
    }

    fn request_violations(&self) -> Vec<String> {
        Vec::new()
    }

    fn now(&self) -> Zoned {
        self.case.surroundings.now.clone()
    }

    fn random(&mut self, _bound: i64) -> i64 {
        0
    }

    fn notice(&mut self, code: &str, text: String) {
        self.case.notices.push(Notice::new(code, text));
    }

    fn go_to(&mut self, step: &str) {
        self.jump = Some(step.to_owned());
    }
}

/// A header's name with capitals where servers mostly write them: HTTP does not tell them apart, scripts do.
fn canonical(name: &str) -> String {
    let parts = name.split('-').map(|part| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    });
    parts.collect::<Vec<_>>().join("-")
}
