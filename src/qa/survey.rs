//! What can be said of a suite without running it: what cannot run, what is still as published, what its scripts are.

use jiff::Zoned;
use serde::Serialize;

use super::schematron;
use super::script::Program;
use super::suite::folder::PublishedProject;
use super::suite::project::{Assertion, Case, Check, Interface, Script, StepKind};
use super::tree;

/// The data file every published suite has.
const DATA: &str = "data.xml";

/// A case that cannot run whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unrunnable {
    /// The project file.
    pub file: String,
    /// In it, from 1.
    pub line: u32,
    /// The suite.
    pub suite: String,
    /// The case.
    pub case: String,
    /// Why.
    pub reason: String,
}

/// A parameter that still has a published value that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Placeholder {
    /// The data file.
    pub file: String,
    /// The parameter.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A script and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recognised {
    /// The project file.
    pub file: String,
    /// In it, from 1.
    pub line: u32,
    /// The case.
    pub case: String,
    /// The step or assertion.
    pub place: String,
    /// The idiom; none when it is not recognised.
    pub idiom: Option<String>,
    /// The statement that is not.
    pub unknown: Option<String>,
}

/// A parameter of a suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// The case it is for; none is all.
    pub case: Option<String>,
    /// Its name.
    pub name: String,
    /// Its value now.
    pub value: String,
}

/// The cases that cannot run whole, each with its first reason.
pub fn unrunnable(project: &PublishedProject) -> Vec<Unrunnable> {
    let mut found = Vec::new();
    for suite in &project.project.suites {
        for case in &suite.cases {
            if let Some((line, reason)) = hindrance(case) {
                found.push(Unrunnable {
                    file: project.file.clone(),
                    line,
                    suite: suite.name.clone(),
                    case: case.name.clone(),
                    reason,
                });
            }
        }
    }
    found
}

fn hindrance(case: &Case) -> Option<(u32, String)> {
    let unknown = |script: &Script| {
        Program::compile(script).err().map(|unknown| (script.line + unknown.line - 1, unknown.to_string()))
    };
    let of_assertion = |assertion: &Assertion| match &assertion.check {
        _ if assertion.disabled => None,
        Check::Script(script) => unknown(script),
        Check::Unsupported => Some((assertion.line, format!("assertion type {} not supported", assertion.type_name))),
        _ => None,
    };
    for script in [&case.setup, &case.tear_down].into_iter().flatten() {
        if let Some(found) = unknown(script) {
            return Some(found);
        }
    }
    case.steps.iter().filter(|step| !step.disabled).find_map(|step| match &step.kind {
        StepKind::Unsupported => Some((step.line, format!("step type {} not supported", step.type_name))),
        StepKind::Groovy(script) => unknown(script),
        StepKind::Request(request) => request.assertions.iter().find_map(of_assertion),
        StepKind::Rest(request) | StepKind::Http(request) => request.assertions.iter().find_map(of_assertion),
        StepKind::AssertionTest(entries) => entries.iter().find_map(|(_, assertion)| of_assertion(assertion)),
        StepKind::Delay(_) | StepKind::Transfer(_) => None,
    })
}

/// Every script of the project.
pub fn scripts(project: &PublishedProject) -> Vec<Recognised> {
    let mut found = Vec::new();
    let mut add = |case: &str, place: &str, script: &Script| {
        let compiled = Program::compile(script);
        found.push(Recognised {
            file: project.file.clone(),
            line: script.line,
            case: case.to_owned(),
            place: place.to_owned(),
            idiom: compiled.as_ref().ok().map(|program| program.idiom().to_owned()),
            unknown: compiled.err().map(|unknown| unknown.to_string()),
        });
    };
    for case in project.project.suites.iter().flat_map(|suite| &suite.cases) {
        for script in [&case.setup, &case.tear_down].into_iter().flatten() {
            add(&case.name, "set-up or tear-down", script);
        }
        for step in &case.steps {
            let assertions: Vec<&Assertion> = match &step.kind {
                StepKind::Groovy(script) => {
                    add(&case.name, &step.name, script);
                    continue;
                }
                StepKind::Request(request) => request.assertions.iter().collect(),
                StepKind::Rest(request) | StepKind::Http(request) => request.assertions.iter().collect(),
                StepKind::AssertionTest(entries) => entries.iter().map(|(_, assertion)| assertion).collect(),
                _ => Vec::new(),
            };
            for assertion in assertions {
                if let Check::Script(script) = &assertion.check {
                    add(&case.name, &assertion.name, script);
                }
            }
        }
    }
    found
}

/// Parameters of the suite's data file, in its order.
pub fn parameters(project: &PublishedProject) -> Vec<Parameter> {
    let Ok((data, _)) = project.data(DATA) else {
        return Vec::new();
    };
    let global = data.global.into_iter().map(|(name, value)| Parameter { case: None, name, value });
    let cases = data.cases.into_iter().flat_map(|case| {
        let id = case.id;
        case.data.unwrap_or_default().into_iter().map(move |(name, value)| Parameter {
            case: Some(id.clone()),
            name,
            value,
        })
    });
    global.chain(cases).collect()
}

/// The same, and those that cases need and nobody has given: they have no value.
pub fn asked(project: &PublishedProject) -> Vec<Parameter> {
    let mut all = parameters(project);
    for case in project.project.suites.iter().flat_map(|suite| &suite.cases) {
        for name in case.native.iter().flat_map(|native| &native.needs) {
            if !all.iter().any(|known| known.name == *name) {
                all.push(Parameter { case: None, name: name.clone(), value: String::new() });
            }
        }
    }
    all
}

/// Parameters that cannot mean a real system or patient: `112233`, the publisher's own mock.
pub fn placeholders(project: &PublishedProject) -> Vec<Placeholder> {
    let file = project.shown(DATA);
    let mut found: Vec<Placeholder> = Vec::new();
    for parameter in parameters(project) {
        let value = parameter.value.as_str();
        let meaningless = value == "112233"
            || value.starts_with("http://localhost:8088/mock")
            || (value.len() == 10 && value.bytes().all(|b| b.is_ascii_digit()));
        let placeholder = Placeholder { file: file.clone(), name: parameter.name, value: parameter.value };
        if meaningless && !found.contains(&placeholder) {
            found.push(placeholder);
        }
    }
    found
}

/// A rule that no recorded answer has anything for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadRule {
    /// The rule file.
    pub file: String,
    /// The pattern's id, or its number.
    pub pattern: String,
    /// The rule's context.
    pub context: String,
}

/// Rules whose context fits nothing in any of these answers: they may name a wrong namespace, and can never fire.
pub fn dead_rules(project: &PublishedProject, answers: &[String], now: &Zoned) -> Vec<DeadRule> {
    let documents: Vec<_> = answers.iter().filter_map(|answer| tree::parse(answer).ok()).collect();
    if documents.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (path, text) in rule_files(project) {
        let Ok(loaded) = schematron::load(path, &text) else { continue };
        let reports = documents.iter().map(|document| loaded.schema.validate(document, now.clone()));
        // A validation that was given up says nothing of what it did not come to.
        let unused = reports.filter(|report| report.given_up.is_none()).map(|report| report.unused);
        let dead = unused.reduce(|dead, unused| dead.into_iter().filter(|one| unused.contains(one)).collect());
        found.extend(dead.unwrap_or_default().into_iter().map(|(pattern, context)| DeadRule {
            file: path.to_owned(),
            pattern,
            context,
        }));
    }
    found
}

/// The rule files of a suite.
fn rule_files(project: &PublishedProject) -> impl Iterator<Item = (&str, String)> {
    let decoded = project.contents().map(|(path, bytes)| (path, super::run::exchange::decode(bytes, None)));
    decoded.filter(|(_, text)| text.contains("purl.oclc.org/dsdl/schematron") && !text.contains("soapui-project"))
}

/// Rule files that cannot be used, and interfaces without the schemas their answers are judged by.
pub fn problems(project: &PublishedProject) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in rule_files(project) {
        match schematron::load(path, &text) {
            Ok(loaded) => found.extend(loaded.warnings.iter().map(ToString::to_string)),
            Err(problems) => found.extend(problems.iter().map(ToString::to_string)),
        }
    }
    // A native suite has its contract from elsewhere.
    let is_bare = |interface: &&Interface| interface.soap && interface.cache.is_empty() && interface.contract.is_none();
    let bare = project.project.interfaces.iter().filter(is_bare);
    found.extend(bare.map(|interface| format!("{}: interface {} carries no schemas", project.file, interface.name)));
    found
}
