//! One aggregating service, everything about it decided: its row, what follows from it, and what the settings change.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::names::{ElementPath, NameError, Prefixes, QName};
use super::row::{self, AddressFrom, Mapping, ResultMode, Row};
use crate::config::aggregation::SourceCalls;
use crate::config::environment::Environment;
use crate::domain::problem::{Problem, Severity};

/// The rows that are shipped: every service of `aggregation.md` §4.1.
const SHIPPED: &str = include_str!("../../contracts/aggregators.toml");
/// The file of an environment's own.
pub const FILE: &str = "aggregators.toml";

/// An aggregating service (*aggregerande tjänst*).
#[derive(Clone, Debug)]
pub struct Service {
    /// `GetAggregatedDiagnosis-v2`.
    pub id: String,
    /// A few letters: `GD`; empty for one that has none.
    pub tag: String,
    /// Its name in logs and status.
    pub name: String,
    /// Its path on the listener.
    pub path: String,
    /// The contract it answers, by responder namespace.
    pub contract: String,
    /// The contract's major version.
    pub major: u32,
    /// The contract's operation.
    pub operation: String,
    pub(super) permission_contract: String,
    pub(super) soap_action: String,
    pub(super) request: QName,
    pub(super) response: QName,
    pub(super) core_namespace: String,
    /// How the index is asked; `None` where it is not.
    pub(super) lookup: Option<Lookup>,
    pub(super) patient: ElementPath,
    pub(super) patient_required: bool,
    pub(super) source_filter: Option<ElementPath>,
    pub(super) categorization_filter: Option<ElementPath>,
    /// A request with this element is refused, with this text.
    pub(super) rejects: Option<(ElementPath, String)>,
    pub(super) address_from: AddressFrom,
    /// The body of each call, made anew; `None`: the request's own.
    pub(super) rebuilt: Option<Vec<(QName, Field)>>,
    pub(super) forwarded_headers: Vec<QName>,
    pub(super) lists: Vec<QName>,
    pub(super) result: ResultMode,
    /// Where sources are reached; `None` is the platform's own hub.
    pub sources_url: Option<String>,
    /// Longest wait for a connection there.
    pub connect_timeout: Duration,
    /// Longest wait for one source.
    pub receive_timeout: Duration,
    pub(super) total_timeout: Duration,
    /// Whether a source's answer must be valid.
    pub(super) validates: bool,
    /// Begin of the settings that are its own.
    pub(super) config_prefix: String,
}

/// What the index is asked for.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    pub(super) domain: String,
    /// Of several, none is asked for, and what comes is filtered.
    pub(super) categorizations: Vec<String>,
    /// Whether only the last year's engagements are wanted.
    pub(super) last_year: bool,
}

/// A field of an engagement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    LogicalAddress,
    RegisteredResidentIdentification,
}

/// Why a row makes no service.
#[derive(Debug, thiserror::Error)]
enum RowError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("domain is {0:?}, expected one that begins with \"riv:\"")]
    Domain(String),
    #[error("neither contract_major nor a contract_version such as \"2.0\" is given")]
    Version,
    #[error("{0:?} is passed over, expected \"r:element = engagement.logicalAddress\" or another field")]
    Rebuild(String),
    #[error("patient_id_path is empty, expected such as \"r:patientId/c:id\"")]
    Patient,
}

/// Every service: the shipped ones, and those of the environment, which replace shipped ones of the same id.
pub fn load(
    environment: &Environment,
    properties: &BTreeMap<String, String>,
    sources: &SourceCalls,
) -> (Vec<Service>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut services: Vec<Service> = Vec::new();
    let shipped = Path::new("contracts").join(FILE);
    let own = match environment.file(FILE) {
        Ok(file) => file,
        Err(error) => {
            problems.push(Problem::error(&environment.path(FILE), 0, error.to_string()));
            None
        }
    };
    let mut files = vec![(shipped.as_path(), SHIPPED.as_bytes())];
    files.extend(own.as_ref().map(|file| (file.path.as_path(), file.contents.as_slice())));
    for (file, contents) in files {
        for (line, row) in row::read(file, contents, &mut problems) {
            let says_patient = row.patient_required.is_some();
            match Service::new(row, properties, sources) {
                Ok(mut service) => {
                    // The key is ours: a row written by others for a service that ships does not know it.
                    let replaced = services.iter().find(|known| known.id == service.id);
                    if let Some(replaced) = replaced.filter(|_| !says_patient) {
                        service.patient_required = replaced.patient_required;
                    }
                    add(service, &mut services, file, line, &mut problems);
                }
                Err(error) => problems.push(Problem::error(file, line, error.to_string())),
            }
        }
    }
    check_properties(environment, properties, &services, &mut problems);
    (services, problems)
}

fn add(service: Service, services: &mut Vec<Service>, file: &Path, line: usize, problems: &mut Vec<Problem>) {
    services.retain(|known| known.id != service.id);
    match services.iter().find(|known| known.path == service.path) {
        None => services.push(service),
        Some(known) => {
            let message = format!("{} answers on {}, where {} does already", service.id, service.path, known.id);
            problems.push(Problem::error(file, line, message));
        }
    }
}

/// Ends of the keys that are one service's own.
const OWN_KEYS: [&str; 9] = [
    ".inboundServiceURL",
    ".outboundServiceURL",
    ".receiveTimeout",
    ".connectTimeout",
    ".eiServiceDomain",
    ".eiCategorization",
    ".takContract",
    ".enableSchemaValidation",
    ".serviceName",
];

/// A key of a service that does not exist is most likely misspelt.
fn check_properties(
    environment: &Environment,
    properties: &BTreeMap<String, String>,
    services: &[Service],
    problems: &mut Vec<Problem>,
) {
    let prefixes: Vec<String> = services.iter().map(|service| service.config_prefix.clone()).collect();
    for key in properties.keys().filter(|key| key.starts_with("getaggregated")) {
        let Some(prefix) = OWN_KEYS.iter().find_map(|end| key.strip_suffix(end)) else { continue };
        if !prefixes.iter().any(|known| known == prefix) {
            let near = crate::config::nearest::nearest(prefix, prefixes.iter().map(String::as_str));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            let mut problem = Problem::error(
                &environment.path(crate::config::written::FILE),
                0,
                format!("{key} is of no aggregating service{hint}"),
            );
            problem.severity = Severity::Warning;
            problems.push(problem);
        }
    }
}

/// `X` of `GetX`, the name services and paths are made of.
fn bare(operation: &str) -> &str {
    operation.strip_prefix("Get").unwrap_or(operation)
}

impl Service {
    fn new(row: Row, properties: &BTreeMap<String, String>, sources: &SourceCalls) -> Result<Self, RowError> {
        let domain = row.domain.clone();
        if !domain.starts_with("riv:") {
            return Err(RowError::Domain(domain));
        }
        let version = row.contract_version.as_deref().and_then(|version| version.split('.').next()?.parse().ok());
        let major: u32 = row.contract_major.or(version).ok_or(RowError::Version)?;
        let operation = row.operation.clone();
        let responder =
            row.responder_ns.clone().unwrap_or_else(|| format!("urn:{domain}:{operation}Responder:{major}"));
        let core = row.core_ns.clone().unwrap_or_else(|| format!("urn:{domain}:{major}"));
        let prefixes = Prefixes { responder: &responder, core: &core };
        let name = |text: &Option<String>, otherwise: String| {
            QName::parse(text.as_deref().filter(|text| !text.is_empty()).unwrap_or(&otherwise), prefixes)
        };
        let names =
            |texts: &[String]| texts.iter().map(|text| QName::parse(text, prefixes)).collect::<Result<Vec<_>, _>>();
        let id = row.id.clone().unwrap_or_else(|| format!("GetAggregated{}-v{major}", bare(&operation)));
        let prefix = row.config_prefix.clone().filter(|prefix| !prefix.is_empty());
        let prefix = prefix.unwrap_or_else(|| format!("getaggregated{}.v{major}", bare(&operation).to_lowercase()));
        let own = Own { prefix, properties };
        let reject = ElementPath::parse(&row.reject_if_present_path, prefixes)?;
        let path = row.inbound_path.clone();
        let path = path.unwrap_or_else(|| format!("/GetAggregated{}/service/v{major}", bare(&operation)));
        Ok(Self {
            tag: row.tag.clone(),
            name: own.text(".serviceName").or(row.service_name.clone()).unwrap_or_else(|| id.clone()),
            path: own.text(".inboundServiceURL").map_or(path, |url| path_of(&url)),
            permission_contract: own
                .text(".takContract")
                .or(row.tak_contract.clone())
                .unwrap_or_else(|| responder.clone()),
            soap_action: row.soap_action.clone().unwrap_or_else(|| format!("{responder}:{operation}")),
            request: name(&row.request_element, format!("r:{operation}"))?,
            response: name(&row.response_element, format!("r:{operation}Response"))?,
            lookup: lookup(&row, &own),
            patient: ElementPath::parse(&row.patient_id_path, prefixes)?.ok_or(RowError::Patient)?,
            patient_required: row.patient_required.unwrap_or(true),
            source_filter: ElementPath::parse(&row.source_system_filter_path, prefixes)?,
            categorization_filter: ElementPath::parse(&row.request_categorization_filter_path, prefixes)?,
            rejects: reject.map(|path| (path, row.reject_fault_text.clone())),
            address_from: row.producer_address_from,
            rebuilt: match row.request_mapping {
                Mapping::Copy => None,
                Mapping::Rebuild => Some(rebuilt(&row.rebuild_fields, prefixes)?),
            },
            forwarded_headers: row
                .forwarded_soap_headers
                .iter()
                .map(|text| QName::parse_braced(text))
                .collect::<Result<_, _>>()?,
            lists: names(&row.merge_lists)?,
            result: row.result_mode,
            sources_url: own.text(".outboundServiceURL").or_else(|| sources.url.clone()),
            connect_timeout: own.wait(".connectTimeout", row.connect_timeout_ms).unwrap_or(sources.connect_timeout),
            receive_timeout: own.wait(".receiveTimeout", row.receive_timeout_ms).unwrap_or(sources.receive_timeout),
            total_timeout: positive(row.aggregate_timeout_ms).unwrap_or(sources.total_timeout),
            validates: own
                .text(".enableSchemaValidation")
                .map_or(row.schema_validation_default, |text| text.eq_ignore_ascii_case("true")),
            config_prefix: own.prefix,
            core_namespace: core,
            contract: responder,
            id,
            major,
            operation,
        })
    }

    /// Service domain and categories it asks the index for; `None` where the index is not asked.
    pub fn asks(&self) -> Option<(&str, &[String])> {
        self.lookup.as_ref().map(|lookup| (lookup.domain.as_str(), lookup.categorizations.as_slice()))
    }

    /// Whether it goes by that name: its id, its name, or its tag.
    pub fn is_named(&self, name: &str) -> bool {
        self.id == name || self.name == name || (!self.tag.is_empty() && self.tag == name)
    }
}

/// What the settings say of one service.
struct Own<'p> {
    prefix: String,
    properties: &'p BTreeMap<String, String>,
}

impl Own<'_> {
    fn text(&self, end: &str) -> Option<String> {
        self.properties.get(&format!("{}{end}", self.prefix)).filter(|text| !text.is_empty()).cloned()
    }

    /// A wait; -1 is the same as nothing.
    fn wait(&self, end: &str, written: Option<i64>) -> Option<Duration> {
        match self.text(end).and_then(|text| text.trim().parse().ok()) {
            Some(set) => positive(Some(set)),
            None => positive(written),
        }
    }
}

fn positive(milliseconds: Option<i64>) -> Option<Duration> {
    milliseconds.and_then(|given| u64::try_from(given).ok()).filter(|given| *given > 0).map(Duration::from_millis)
}

fn lookup(row: &Row, own: &Own<'_>) -> Option<Lookup> {
    if row.ei_lookup == Some(false) {
        return None;
    }
    let set = own.text(".eiCategorization");
    Some(Lookup {
        domain: own.text(".eiServiceDomain").or(row.ei_service_domain.clone()).unwrap_or_else(|| row.domain.clone()),
        // As written, blanks and all: the reference splits and no more.
        categorizations: match &set {
            Some(text) => text.split(',').map(str::to_owned).collect(),
            None => row.ei_categorization.clone(),
        },
        last_year: row.ei_most_recent_content == "now-1y",
    })
}

fn rebuilt(fields: &[String], prefixes: Prefixes<'_>) -> Result<Vec<(QName, Field)>, RowError> {
    let field = |text: &String| {
        let wrong = || RowError::Rebuild(text.clone());
        let (element, from) = text.split_once('=').ok_or_else(wrong)?;
        let from = match from.trim() {
            "engagement.logicalAddress" => Field::LogicalAddress,
            "engagement.registeredResidentIdentification" => Field::RegisteredResidentIdentification,
            _ => return Err(wrong()),
        };
        Ok((QName::parse(element.trim(), prefixes)?, from))
    };
    fields.iter().map(field).collect()
}

/// The path of a URL; of what is none, all of it.
fn path_of(url: &str) -> String {
    let behind = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    behind.split(['?', '#']).next().unwrap_or_default().to_owned()
}
