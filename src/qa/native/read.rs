//! From the files of a native suite to a [`Project`].

use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::de::DeTable;

use super::expected::assertion;
use super::parameters::{Parameters, plain};
use super::written::{CaseFile, CaseKind, RecordsFile, StepFile, SuiteFile};
use crate::config::contracts::ImportLimits;
use crate::contracts::builtin;
use crate::contracts::contract::Contract;
use crate::contracts::import::Importer;
use crate::contracts::package::{Kind, Package};
use crate::contracts::schema::build::Leniency;
use crate::domain::problem::{Problem, line_at};
use crate::qa::records::{Field, Layout};
use crate::qa::suite::project::{
    Case, Interface, Native, NativeSuite, Operation, Project, Request, Step, StepKind, Suite,
};
use crate::qa::xpath::Prefixes;

/// The file that makes a folder a native suite.
pub const SUITE_FILE: &str = "suite.toml";

/// Customer parameters beside it.
pub const PARAMETERS_FILE: &str = "data.toml";

/// Where a step's request goes when it does not say.
pub const TARGET: &str = "${webServiceUrl}";

/// Reads the suite whose `suite.toml` has this name in the package.
pub fn project(package: &Package, file: &str) -> Result<Project, Problem> {
    let folder = file.strip_suffix(SUITE_FILE).unwrap_or("");
    let written: SuiteFile = read(package, file)?;
    let problem = |message: String| Problem::error(Path::new(file), 0, message);
    if written.schema != 1 {
        return Err(Problem::error(Path::new(file), 1, format!("schema is {}, expected 1", written.schema)));
    }
    let contract = contract(package, folder, &written).map_err(problem)?;
    let prefixes: Prefixes = written.namespaces.iter().collect();
    let layout = layout(written.records.as_ref(), &prefixes).map_err(problem)?;
    let parameters_file = format!("{folder}{PARAMETERS_FILE}");
    let parameters = match text(package, &parameters_file) {
        Some(text) => Parameters::read(Path::new(&parameters_file), &text)?,
        None => Parameters::default(),
    };
    let operation = contract.as_ref().map_or(written.id.as_str(), |contract| contract.operation.as_str()).to_owned();
    let declarations: String =
        written.namespaces.iter().map(|(prefix, uri)| format!("declare namespace {prefix}='{uri}';\n")).collect();
    let prefix = format!("{folder}cases/");
    let mut cases = Vec::new();
    for name in package.names().filter(|name| name.starts_with(&prefix) && name.ends_with(".toml")) {
        cases.push(case(package, folder, name, &declarations, &operation)?);
    }
    let interface = Interface {
        name: operation.clone(),
        soap: true,
        operations: vec![Operation {
            name: operation,
            action: contract.as_ref().map_or_else(String::new, |contract| contract.soap_action.clone()),
        }],
        contract: contract.clone(),
        ..Interface::default()
    };
    let suite = Suite { name: written.id.clone(), cases, ..Suite::default() };
    Ok(Project {
        name: written.id.clone(),
        interfaces: vec![interface],
        suites: vec![suite],
        native: Some(Arc::new(NativeSuite {
            contract: written.contract.clone().or_else(|| contract.map(|contract| contract.namespace.clone())),
            role: written.role,
            data: data_of(package, file),
            prefixes,
            parameters,
            folder: folder.to_owned(),
        })),
        layout: Arc::new(layout),
        ..Project::default()
    })
}

fn text(package: &Package, name: &str) -> Option<String> {
    package.bytes(name).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn read<T: DeserializeOwned>(package: &Package, name: &str) -> Result<T, Problem> {
    let text = text(package, name).ok_or_else(|| Problem::error(Path::new(name), 0, "does not exist"))?;
    parse(name, &text)
}

fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Problem> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(0, |span| line_at(text.as_bytes(), span.start));
        Problem::error(Path::new(name), line, error.message().to_owned())
    })
}

/// `[data]` of a file in the order it is written.
fn data_of(package: &Package, name: &str) -> Vec<(String, String)> {
    let Some(text) = text(package, name) else { return Vec::new() };
    let Ok(table) = DeTable::parse(&text) else { return Vec::new() };
    let table = table.into_inner();
    let Some(data) = table.get("data").and_then(|data| data.get_ref().as_table()) else { return Vec::new() };
    let mut entries: Vec<_> = data
        .iter()
        .filter_map(|(key, value)| {
            let value: toml::Value = toml::Value::try_from(DeValueText(value.get_ref()).value()).ok()?;
            Some((key.span().start, key.get_ref().to_string(), plain(&value)))
        })
        .collect();
    entries.sort();
    entries.into_iter().map(|(_, key, value)| (key, value)).collect()
}

/// A parsed value as one of ours: only what a variable can be.
struct DeValueText<'v>(&'v toml::de::DeValue<'v>);

impl DeValueText<'_> {
    fn value(&self) -> toml::Value {
        match self.0 {
            toml::de::DeValue::String(text) => toml::Value::String(text.to_string()),
            toml::de::DeValue::Integer(number) => toml::Value::String(number.as_str().to_owned()),
            toml::de::DeValue::Float(number) => toml::Value::String(number.as_str().to_owned()),
            toml::de::DeValue::Boolean(value) => toml::Value::Boolean(*value),
            toml::de::DeValue::Datetime(at) => toml::Value::String(at.to_string()),
            toml::de::DeValue::Array(list) => {
                toml::Value::Array(list.iter().map(|value| DeValueText(value.get_ref()).value()).collect())
            }
            toml::de::DeValue::Table(_) => toml::Value::String(String::new()),
        }
    }
}

/// The contract of the suite's own description, else one that comes with the program.
fn contract(package: &Package, folder: &str, written: &SuiteFile) -> Result<Option<Arc<Contract>>, String> {
    let contracts: Vec<Contract> = match &written.wsdl {
        None if written.contract.is_none() => return Ok(None),
        None => builtin::contracts(&mut Importer::default()).0,
        Some(wsdl) => {
            let name = format!("{folder}{wsdl}");
            if package.bytes(&name).is_none() {
                return Err(format!("wsdl {wsdl} does not exist beside the suite"));
            }
            let schemas = package.names().filter(|name| name.ends_with(".wsdl") || name.ends_with(".xsd"));
            let files = schemas.filter_map(|name| Some((name.to_owned(), Arc::clone(package.bytes(name)?)))).collect();
            let mut importer = Importer::new(ImportLimits::default(), Leniency::default());
            let import = importer.import(&Package::new("suite", Kind::Zip, files), Vec::new());
            let error = import.descriptions.iter().flat_map(|one| &one.diagnostics).find(|one| one.is_error());
            if let Some(error) = error {
                return Err(format!("wsdl {wsdl}: {error}"));
            }
            import.into_contracts()
        }
    };
    let wanted = written.contract.as_deref();
    let is_wanted = |contract: &Contract| {
        wanted.is_none_or(|wanted| contract.namespace == wanted || contract.short_name().eq_ignore_ascii_case(wanted))
    };
    let mut found: Vec<Arc<Contract>> = contracts.into_iter().filter(is_wanted).map(Arc::new).collect();
    found.sort_by_key(|contract| contract.profile != crate::domain::profile::Profile::Rivtabp21);
    match found.into_iter().next() {
        Some(contract) => Ok(Some(contract)),
        None => Err(format!(
            "contract {} is not known; name its description with wsdl",
            wanted.unwrap_or("of the description")
        )),
    }
}

fn layout(records: Option<&RecordsFile>, prefixes: &Prefixes) -> Result<Layout, String> {
    let Some(records) = records else { return Ok(Layout::default()) };
    let single = [
        (Field::Id, &records.id),
        (Field::Patient, &records.patient),
        (Field::PatientType, &records.patient_type),
        (Field::CareUnit, &records.care_unit),
        (Field::CareGiver, &records.care_giver),
        (Field::SourceSystem, &records.source_system),
        (Field::CareContact, &records.care_contact),
        (Field::Approved, &records.approved),
        (Field::Signature, &records.signature),
    ];
    let fields = single.into_iter().filter_map(|(field, path)| Some((field, path.clone()?)));
    let times = records.times.iter().map(|path| (Field::Times, path.clone()));
    Layout::compile(Some(&records.path), fields.chain(times), prefixes).map_err(|error| format!("[records]: {error}"))
}

fn case(package: &Package, folder: &str, name: &str, declarations: &str, operation: &str) -> Result<Case, Problem> {
    let source = text(package, name).unwrap_or_default();
    let written: CaseFile = parse(name, &source)?;
    let line = |at: usize| u32::try_from(line_at(source.as_bytes(), at)).unwrap_or(0);
    let mut steps = Vec::new();
    for (number, step) in written.steps.iter().enumerate() {
        let at = line(step.span().start);
        let step = step.get_ref();
        let envelope = text(package, &format!("{folder}{}", step.send)).ok_or_else(|| {
            Problem::error(Path::new(name), at as usize, format!("send {} does not exist in the suite", step.send))
        })?;
        let mut assertions = Vec::new();
        for entry in &step.expect {
            let at = line(entry.span().start);
            let made = assertion(entry.get_ref(), declarations, at)
                .map_err(|message| Problem::error(Path::new(name), at as usize, message))?;
            assertions.push(made);
        }
        let request = Request { assertions, ..request(step, operation, envelope) };
        let id = format!("step-{}", number + 1);
        let name = step.name.clone().unwrap_or_else(|| format!("Call {}", number + 1));
        let kind = StepKind::Request(request);
        steps.push(Step { name, id, type_name: "request".to_owned(), disabled: false, line: at, kind });
    }
    if matches!(written.kind, CaseKind::Drive | CaseKind::Load) && steps.is_empty() {
        return Err(Problem::error(Path::new(name), 0, "the case has no [[step]]"));
    }
    let native = Native {
        file: name.to_owned(),
        title: written.title,
        themes: written.themes,
        kind: written.kind,
        needs: written.needs,
        data: data_of(package, name),
        rules: written.rules,
        load: written.load,
        waits_for: written.waits_for,
        audit: written.audit,
    };
    Ok(Case {
        name: written.id,
        fail_on_error: true,
        steps,
        line: 1,
        native: Some(Arc::new(native)),
        ..Case::default()
    })
}

/// The call of a step.
pub fn request(step: &StepFile, operation: &str, envelope: String) -> Request {
    let mut headers: Vec<(String, String)> =
        step.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    headers.extend(step.mock_response.iter().map(|name| ("x-mock-response".to_owned(), name.clone())));
    Request {
        interface: operation.to_owned(),
        operation: operation.to_owned(),
        endpoint: step.to.clone().unwrap_or_else(|| TARGET.to_owned()),
        encoding: step.encoding.clone().unwrap_or_else(|| "UTF-8".to_owned()),
        envelope,
        headers,
        assertions: Vec::new(),
        method: step.method.clone(),
        without_certificate: step.without_certificate,
        pad_bytes: step.pad_bytes,
    }
}
