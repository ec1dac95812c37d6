//! Cases made from a contract (`qa.md` §5.5): what every producer of it must do, asked of the customer's own patients.
//!
//! [`shape`] reads off the contract what can be asked and answered, [`request`] writes requests with the customer's
//! parameters left open, [`families`] says which cases there are, and [`files`] writes them as a native suite.

pub mod families;
pub mod files;
mod negative;
pub mod request;
pub mod shape;
mod waiting;

use std::sync::Arc;

use super::native::expected::assertion;
use super::native::read::request as request_of;
use super::native::written::expectation::Expectation;
use super::native::written::{CaseFile, CaseKind, LoadFile, Role, RuleChoice, StepFile, Titles};
use super::suite::folder::PublishedProject;
use super::suite::project::{Case, Native, Step, StepKind};
use shape::{Shape, ShapeError};

/// A case as it is made: its file and the requests it sends, by their names in the suite.
#[derive(Clone, Debug)]
pub struct Made {
    /// What its file says.
    pub case: CaseFile,
    /// Requests, in the order of its steps.
    pub requests: Vec<String>,
}

/// The cases of a suite's contract.
pub fn cases(project: &PublishedProject) -> Result<Vec<Case>, ShapeError> {
    let operation = shape_of(project)?.contract.operation.clone();
    Ok(made(project)?.into_iter().filter_map(|made| case(made, &operation)).collect())
}

/// The cases of a source system that tells the index of a suite's contract, whomever the suite judges.
pub fn index_cases(project: &PublishedProject) -> Result<Vec<Case>, ShapeError> {
    let shape = shape_of(project)?;
    Ok(waiting::index(&shape).into_iter().filter_map(|made| case(made, &shape.contract.operation)).collect())
}

/// The same as they are made, to be written as files.
pub fn made(project: &PublishedProject) -> Result<Vec<Made>, ShapeError> {
    let shape = shape_of(project)?;
    let role = project.project.native.as_ref().map(|native| native.role).unwrap_or_default();
    Ok(match role {
        Role::Producer => families::all(&shape, &rule_files(project)),
        Role::Consumer => waiting::consumer(&shape),
        Role::Index => waiting::index(&shape),
    })
}

/// What the contract of a suite asks and answers.
pub fn shape_of(project: &PublishedProject) -> Result<Shape, ShapeError> {
    let interface = project.project.interfaces.iter().find(|interface| interface.soap);
    let schemas = interface.and_then(|interface| project.schemas(&interface.name));
    let operation = interface.and_then(|interface| interface.operations.first());
    let contract = schemas
        .zip(operation)
        .and_then(|(schemas, operation)| schemas.contract(&operation.name).map(Arc::clone))
        .ok_or(ShapeError::NoContract)?;
    Shape::of(contract)
}

/// Rule files of the suite, by the names that cases use.
pub fn rule_files(project: &PublishedProject) -> Vec<String> {
    let prefix = if project.folder.is_empty() { String::new() } else { format!("{}/", project.folder) };
    let names = project.contents().filter(|(_, bytes)| {
        let text = String::from_utf8_lossy(bytes);
        text.contains("purl.oclc.org/dsdl/schematron") && !text.contains("soapui-project")
    });
    names.map(|(name, _)| name.strip_prefix(&prefix).unwrap_or(name).to_owned()).collect()
}

fn case(made: Made, operation: &str) -> Option<Case> {
    let Made { case, requests } = made;
    let mut steps = Vec::new();
    for (number, (step, envelope)) in case.steps.iter().zip(requests).enumerate() {
        let step = step.get_ref();
        let expect = step.expect.iter().map(|entry| assertion(entry.get_ref(), "", 0));
        // What is made here follows the format; a test makes all of it.
        let assertions = expect.collect::<Result<Vec<_>, _>>().ok()?;
        let mut request = request_of(step, operation, envelope);
        request.assertions = assertions;
        steps.push(Step {
            name: step.name.clone().unwrap_or_else(|| format!("Call {}", number + 1)),
            id: format!("step-{}", number + 1),
            type_name: "request".to_owned(),
            disabled: false,
            line: 0,
            kind: StepKind::Request(request),
        });
    }
    let data = case.data.iter().map(|(name, value)| (name.clone(), super::native::parameters::plain(value))).collect();
    let native = Native {
        file: format!("generated/{}.toml", case.id),
        title: case.title,
        themes: case.themes,
        kind: case.kind,
        needs: case.needs,
        data,
        rules: case.rules,
        load: case.load,
        waits_for: case.waits_for,
        audit: case.audit,
    };
    Some(Case { name: case.id, fail_on_error: false, steps, native: Some(Arc::new(native)), ..Case::default() })
}

/// A case in the making.
struct Building {
    made: Made,
}

/// The header that names who asks first, as the customer wants it for every case.
const ORIGINAL: &str = "x-rivta-original-serviceconsumer-hsaid";

impl Building {
    fn new(id: &str, theme: &str, sv: &str, en: &str) -> Self {
        let case = CaseFile {
            id: id.to_owned(),
            title: Titles { sv: Some(sv.to_owned()), en: Some(en.to_owned()) },
            themes: vec![theme.to_owned()],
            kind: CaseKind::Drive,
            needs: vec!["webServiceUrl".to_owned()],
            rules: RuleChoice::All(true),
            data: std::collections::BTreeMap::new(),
            load: None,
            waits_for: None,
            audit: None,
            steps: Vec::new(),
        };
        Self { made: Made { case, requests: Vec::new() } }
    }

    fn needing(mut self, names: &[&str]) -> Self {
        self.made.case.needs.extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    /// Asks for another patient than the usual one.
    fn of_patient(self, kind: &str) -> Self {
        let with = self.needing(&[&format!("patient.{kind}.id")]);
        let with = with.set("patientId", &format!("${{patient.{kind}.id}}"));
        with.set("patientIdType", &format!("${{patient.{kind}.type}}"))
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.made.case.data.insert(name.to_owned(), toml::Value::String(value.to_owned()));
        self
    }

    fn rules(mut self, rules: &[&str]) -> Self {
        self.made.case.rules = RuleChoice::Some(rules.iter().map(|rule| (*rule).to_owned()).collect());
        self
    }

    fn load(mut self, load: LoadFile) -> Self {
        self.made.case.kind = CaseKind::Load;
        self.made.case.load = Some(load);
        self
    }

    fn step(self, request: String, expect: Vec<Expectation>) -> Self {
        self.step_with(request, expect, |_| {})
    }

    fn step_with(mut self, request: String, expect: Vec<Expectation>, change: impl FnOnce(&mut StepFile)) -> Self {
        let number = self.made.requests.len() + 1;
        let mut step = StepFile {
            name: Some(format!("Call {number}")),
            send: format!("requests/{}-{number}.xml", self.made.case.id),
            expect: expect.into_iter().map(|entry| toml::Spanned::new(0..0, entry)).collect(),
            ..StepFile::default()
        };
        step.headers.insert(ORIGINAL.to_owned(), "${httpHeaderHsaId}".to_owned());
        change(&mut step);
        self.made.case.steps.push(toml::Spanned::new(0..0, step));
        self.made.requests.push(request);
        self
    }

    fn done(self) -> Made {
        self.made
    }
}
