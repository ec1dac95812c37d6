//! Published suites as native ones (`qa.md` §5.2). What cannot be said natively stays where it was, and is named.

use std::collections::BTreeMap;

use super::written::expectation::{Expectation, JsonWanted, Statuses, When, XPathWanted};
use super::written::{CaseFile, CaseKind, RuleChoice, StepFile, SuiteFile};
use crate::qa::script::Program;
use crate::qa::suite::data::DataFile;
use crate::qa::suite::folder::PublishedProject;
use crate::qa::suite::project::{Assertion, Case, Check, Script, StepKind};
use crate::qa::themes;

/// The description that is written from a definition cache.
const WSDL: &str = "contract.wsdl";

/// What a suite became.
#[derive(Clone, Debug, Default)]
pub struct Converted {
    /// Files of the native suite, by their names in its folder.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Cases that are only in the original, each with the first reason.
    pub kept: Vec<(String, String)>,
}

/// What a native suite of the same contract begins with: its own file, and the contract's description where the project
/// carries it in one piece.
pub fn frame(project: &PublishedProject) -> (SuiteFile, Option<(String, Vec<u8>)>) {
    let mut suite = SuiteFile {
        schema: 1,
        id: project.name().to_owned(),
        contract: project.contract.clone(),
        ..SuiteFile::default()
    };
    let cached = project.project.interfaces.iter().find(|interface| interface.cache.len() == 1);
    let description = cached.and_then(|interface| interface.cache.first());
    suite.wsdl = description.map(|_| WSDL.to_owned());
    (suite, description.map(|part| (WSDL.to_owned(), part.content.clone().into_bytes())))
}

/// Converts a published suite; an error is one of writing TOML.
pub fn convert(project: &PublishedProject) -> Result<Converted, toml::ser::Error> {
    let data = project.data("data.xml").map(|(data, _)| data).unwrap_or_default();
    let (mut suite, description) = frame(project);
    suite.data = table(&data.global);
    let mut converted = Converted::default();
    converted.files.extend(description);
    let properties =
        project.project.suites.iter().flat_map(|suite| &suite.properties).chain(&project.project.properties);
    // Their names stand in texts with a scope that a native suite does not have.
    let properties: Vec<(String, String)> = properties.map(|(name, value)| (name.clone(), value.clone())).collect();
    for (path, bytes) in project.contents() {
        let name = path.rsplit('/').next().unwrap_or(path);
        if name.starts_with("constraints") {
            converted.files.insert(name.to_owned(), bytes.to_vec());
        }
    }
    for case in project.project.suites.iter().flat_map(|suite| &suite.cases) {
        match convert_case(project, case, &data, &properties) {
            Ok((file, requests)) => {
                converted
                    .files
                    .insert(format!("cases/{}.toml", slug(&case.name)), toml::to_string(&file)?.into_bytes());
                converted.files.extend(requests.into_iter().map(|(name, text)| (name, text.into_bytes())));
            }
            Err(reason) => converted.kept.push((case.name.clone(), reason)),
        }
    }
    converted.files.insert("suite.toml".to_owned(), toml::to_string(&suite)?.into_bytes());
    Ok(converted)
}

fn table(pairs: &[(String, String)]) -> BTreeMap<String, toml::Value> {
    pairs.iter().map(|(name, value)| (name.clone(), toml::Value::String(value.clone()))).collect()
}

fn slug(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' }).collect()
}

type CaseFiles = (CaseFile, Vec<(String, String)>);

fn convert_case(
    project: &PublishedProject,
    case: &Case,
    data: &DataFile,
    properties: &[(String, String)],
) -> Result<CaseFiles, String> {
    if case.disabled || case.setup.is_some() || case.tear_down.is_some() {
        return Err("it is switched off, or has scripts around its steps".to_owned());
    }
    let mut id = case.name.clone();
    let mut steps = Vec::new();
    let mut requests = Vec::new();
    for step in case.steps.iter().filter(|step| !step.disabled) {
        match &step.kind {
            StepKind::Groovy(script) => {
                id = loaded(script, case).ok_or_else(|| format!("the script {} has no native form", step.name))?
            }
            StepKind::Request(request) => {
                let number = requests.len() + 1;
                let send = format!("requests/{}-{number}.xml", slug(&case.name));
                let mut file = StepFile { name: Some(step.name.clone()), send: send.clone(), ..StepFile::default() };
                file.to = Some(scoped(&request.endpoint, properties)).filter(|to| to != super::read::TARGET);
                file.encoding = Some(request.encoding.clone()).filter(|encoding| encoding != "UTF-8");
                file.headers =
                    request.headers.iter().map(|(name, value)| (name.clone(), scoped(value, properties))).collect();
                for assertion in request.assertions.iter().filter(|assertion| !assertion.disabled) {
                    let entry = expectation(assertion, properties)?;
                    file.expect.push(toml::Spanned::new(0..0, entry));
                }
                steps.push(toml::Spanned::new(0..0, file));
                requests.push((send, scoped(&request.envelope, properties)));
            }
            _ => return Err(format!("the step {} has no native form", step.name)),
        }
    }
    if steps.is_empty() {
        return Err("it calls nobody".to_owned());
    }
    let own = data.cases.iter().find(|known| known.id == id);
    let file = CaseFile {
        id: case.name.clone(),
        title: super::written::Titles::default(),
        themes: themes::of(&case.name, project, case),
        kind: CaseKind::Drive,
        needs: Vec::new(),
        rules: RuleChoice::default(),
        data: own.and_then(|own| own.data.as_deref()).map(table).unwrap_or_default(),
        load: None,
        waits_for: None,
        audit: None,
        steps,
    };
    Ok((file, requests))
}

/// The id whose data a script loads, where that is all it does.
fn loaded(script: &Script, case: &Case) -> Option<String> {
    let program = Program::compile(script).ok()?;
    if program.idiom() != "G01" {
        return None;
    }
    let argument = script.text.rsplit_once("load(")?.1.split(')').next()?.trim();
    let literal = argument.strip_prefix(['"', '\'']).and_then(|rest| rest.strip_suffix(['"', '\'']));
    Some(literal.map_or_else(|| case.name.clone(), str::to_owned))
}

/// Properties of suite and project by their values: a native suite has none.
fn scoped(text: &str, properties: &[(String, String)]) -> String {
    properties.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{#TestSuite#{name}}}"), value).replace(&format!("${{#Project#{name}}}"), value)
    })
}

fn expectation(assertion: &Assertion, properties: &[(String, String)]) -> Result<Expectation, String> {
    let mut entry = Expectation { note: Some(assertion.name.clone()), ..Expectation::default() };
    let nothing = || Err(format!("the assertion {} ({}) has no native form", assertion.name, assertion.type_name));
    match &assertion.check {
        Check::SoapResponse => entry.soap = Some(true),
        Check::NoFault => entry.no_fault = Some(true),
        Check::Fault => entry.fault = Some(super::written::expectation::FaultWanted::Is(true)),
        Check::Schema { .. } => entry.schema = Some(true),
        Check::Sla(limit) => entry.max_ms = Some(limit.trim().parse().or_else(|_| nothing().map(|()| 0))?),
        Check::XPath(check) if !check.ignore_namespaces && !check.ignore_comments => {
            let content = scoped(&check.content, properties);
            let (equals, wildcard) = if check.wildcards { (None, Some(content)) } else { (Some(content), None) };
            entry.xpath =
                Some(XPathWanted { path: scoped(&check.path, properties), equals, wildcard, ..XPathWanted::default() });
        }
        Check::Contains(check) if !check.regex && !check.ignore_case => match check.wanted {
            true => entry.contains = Some(scoped(&check.token, properties)),
            false => entry.not_contains = Some(scoped(&check.token, properties)),
        },
        Check::Status { codes, valid: true } => {
            let codes: Result<Vec<u16>, _> = codes.split(',').map(|code| code.trim().parse()).collect();
            entry.status = Some(Statuses::Any(codes.or_else(|_| nothing().map(|()| Vec::new()))?));
        }
        Check::Json { path, content } => {
            entry.json = Some(JsonWanted { path: path.clone(), equals: scoped(content, properties) });
        }
        Check::Script(script) => {
            let idiom = Program::compile(script).ok().map(|program| program.idiom().to_owned());
            let file = ["constraintsNPO.xml", "constraints.xml"].into_iter().find(|file| script.text.contains(file));
            match (idiom.as_deref(), file) {
                (Some("G07a" | "G07b"), Some(file)) => entry.schematron = Some(file.to_owned()),
                (Some("G07d"), Some(file)) if script.text.contains("context.validateNPO") => {
                    entry.schematron = Some(file.to_owned());
                    entry.when = Some(When { flag: "validateNPO".to_owned(), equals: "true".to_owned() });
                }
                _ => return nothing().map(|()| entry),
            }
        }
        _ => return nothing().map(|()| entry),
    }
    Ok(entry)
}
