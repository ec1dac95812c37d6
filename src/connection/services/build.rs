//! Files to profiles: namespaces spelled out, contracts of other services taken over, and every id held against the others.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::problem::{Problem, line_at};

use super::fact::{Confidence, Fact};
use super::profile::{CustomerRole, Dependency, ServiceContract, ServiceProfile};
use super::written::{File, Group, Known, Needed, read};

/// The scheme of a contract's namespace, unless its file names another.
const SCHEME: &str = "urn:riv";
/// The profile of a contract, unless its file names another.
const PROFILE: &str = "RIVTABP21";
/// How deep a profile may take over the contracts of one that takes over others'.
const SAME_AS_DEPTH_MAX: usize = 8;

/// A file that could be read, and where things stand in it.
struct Source {
    path: PathBuf,
    text: String,
    file: File,
}

impl Source {
    fn problem(&self, offset: usize, message: String) -> Problem {
        Problem::error(&self.path, line_at(self.text.as_bytes(), offset), message)
    }
}

/// Every profile whose file holds, and all problems of the others.
pub(super) fn build(files: impl IntoIterator<Item = (PathBuf, String)>) -> (Vec<ServiceProfile>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    for (path, text) in files {
        let file = match read(&path, &text) {
            Ok(file) => file,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let source = Source { path, text, file };
        let id = source.file.id.get_ref().clone();
        match sources.get(&id) {
            Some(first) => {
                let message = format!("service {id:?} is already described by {}", first.path.display());
                problems.push(source.problem(source.file.id.span().start, message));
            }
            None => {
                sources.insert(id, source);
            }
        }
    }
    let mut profiles = Vec::new();
    for source in sources.values() {
        let found = complaints(source, &sources);
        if found.is_empty() {
            profiles.push(profile(source, &sources));
        }
        problems.extend(found);
    }
    (profiles, problems)
}

/// What is wrong with one file beside its form.
fn complaints(source: &Source, sources: &BTreeMap<String, Source>) -> Vec<Problem> {
    let file = &source.file;
    let mut problems = Vec::new();
    let mut complain = |offset: usize, message: String| problems.push(source.problem(offset, message));
    let (id, stem) = (file.id.get_ref(), source.path.file_stem().map(|stem| stem.to_string_lossy()));
    if stem.as_deref() != Some(id) {
        complain(file.id.span().start, format!("id is {id:?}; expected the file's own name without .toml"));
    }
    if let Some(other) =
        sources.values().find(|other| other.file.row.get_ref() == file.row.get_ref() && other.path != source.path)
    {
        let message = format!("row {} is that of {} too", file.row.get_ref(), other.path.display());
        complain(file.row.span().start, message);
    }
    if file.purposes.get_ref().iter().all(|purpose| purpose.trim().is_empty()) {
        complain(file.purposes.span().start, "no purposes; expected at least one".to_owned());
    }
    let unknown = |service: &str| format!("service {service:?} has no profile; expected the id of one");
    for alias in file.alias_of.iter().filter(|alias| !sources.contains_key(alias.get_ref())) {
        complain(alias.span().start, unknown(alias.get_ref()));
    }
    for needed in &file.depends_on {
        match &needed.get_ref().service {
            Some(service) if !sources.contains_key(service) => complain(needed.span().start, unknown(service)),
            Some(service) if service == id => {
                complain(needed.span().start, format!("{id:?} depends on itself"));
            }
            None if needed.get_ref().confidence != Confidence::Unknown || needed.get_ref().note.is_none() => {
                let message = "a dependency without service; expected one, or confidence = \"unknown\" and a note";
                complain(needed.span().start, message.to_owned());
            }
            _ => {}
        }
    }
    for security in file.facts.security_services.0.list().iter().filter(|id| !sources.contains_key(*id)) {
        complain(0, unknown(security));
    }
    for group in &file.contracts {
        for message in group_complaints(group.get_ref(), id, sources) {
            complain(group.span().start, message);
        }
    }
    let is_unknown = *file.confidence.get_ref() == Confidence::Unknown;
    if is_unknown && !file.contracts.is_empty() {
        let message = "confidence is \"unknown\", and there are contracts; expected none";
        complain(file.confidence.span().start, message.to_owned());
    }
    problems
}

fn group_complaints(group: &Group, id: &str, sources: &BTreeMap<String, Source>) -> Vec<String> {
    let mut messages = Vec::new();
    match (&group.same_as, &group.domain) {
        (Some(other), None) if other == id => messages.push(format!("sameAs is {id:?} itself")),
        (Some(other), None) if !sources.contains_key(other) => {
            messages.push(format!("sameAs is {other:?}, which has no profile"));
        }
        (Some(_), None) if group.operations.is_empty() => {}
        (None, Some(_)) if !group.operations.is_empty() && group.customer_role.is_some() => {}
        _ => messages.push("expected domain, operations and customerRole, or sameAs alone".to_owned()),
    }
    for operation in &group.operations {
        let holds = operation.split_once(':').is_some_and(|(name, major)| {
            name.starts_with(|first: char| first.is_ascii_uppercase())
                && name.chars().all(|each| each.is_ascii_alphanumeric())
                && major.parse::<u32>().is_ok_and(|major| major > 0)
        });
        if !holds {
            messages
                .push(format!("operation {operation:?}; expected a name and a major version, as \"GetDiagnosis:2\""));
        }
    }
    messages
}

fn profile(source: &Source, sources: &BTreeMap<String, Source>) -> ServiceProfile {
    let file = &source.file;
    let facts = &file.facts;
    let mut confidences = BTreeMap::new();
    macro_rules! fact {
        ($field:ident, $name:literal) => {{
            let fact: Fact<_> = own(&facts.$field);
            confidences.insert($name.to_owned(), fact.confidence());
            fact
        }};
    }
    let depends_on: Vec<_> = file.depends_on.iter().filter_map(|needed| dependency(needed.get_ref())).collect();
    let unknown_dependencies: Vec<_> = file
        .depends_on
        .iter()
        .map(toml::Spanned::get_ref)
        .filter(|needed| needed.service.is_none())
        .filter_map(|needed| needed.note.clone())
        .collect();
    let mut profile = ServiceProfile {
        id: file.id.get_ref().clone(),
        row: *file.row.get_ref(),
        name: file.name.clone(),
        description: file.description.clone(),
        purposes: file.purposes.get_ref().clone(),
        over_ntjp: fact!(over_ntjp, "overNtjp"),
        personal_data: fact!(personal_data, "personalData"),
        dpa: fact!(dpa, "dpa"),
        eligible: fact!(eligible, "eligible"),
        eligible_by_exception: fact!(eligible_by_exception, "eligibleByException"),
        from: fact!(from, "from"),
        lifecycle: fact!(lifecycle, "lifecycle"),
        agent_allowed: fact!(agent_allowed, "agentAllowed"),
        depends_on,
        unknown_dependencies,
        security_services: fact!(security_services, "securityServices"),
        ei: fact!(ei, "ei"),
        nmi: fact!(nmi, "nmi"),
        fee_bearing: fact!(fee_bearing, "feeBearing"),
        indirect_duty: fact!(indirect_duty, "indirectDuty"),
        e2e_app: fact!(e2e_app, "e2eApp"),
        target_availability: fact!(target_availability, "targetAvailability"),
        contracts: contracts(file, sources, 0),
        alias_of: file.alias_of.iter().map(|alias| alias.get_ref().clone()).collect(),
        limits: file.limits.clone(),
        notes: file.notes.clone(),
        source: file.source.clone(),
        confidence: *file.confidence.get_ref(),
        facts: BTreeMap::new(),
    };
    for needed in &profile.depends_on {
        confidences.insert(format!("dependsOn.{}", needed.service), needed.confidence);
    }
    if !profile.unknown_dependencies.is_empty() {
        confidences.insert("unknownDependencies".to_owned(), Confidence::Unknown);
    }
    confidences.insert("contracts".to_owned(), profile.confidence);
    profile.facts = confidences;
    profile
}

fn own<T: Clone>(known: &Known<T>) -> Fact<T> {
    known.0.clone()
}

fn dependency(needed: &Needed) -> Option<Dependency> {
    let service = needed.service.clone()?;
    Some(Dependency { service, from: needed.from, confidence: needed.confidence })
}

/// Its contracts, each once.
fn contracts(file: &File, sources: &BTreeMap<String, Source>, depth: usize) -> Vec<ServiceContract> {
    let mut contracts: Vec<ServiceContract> = Vec::new();
    for group in file.contracts.iter().map(toml::Spanned::get_ref) {
        for contract in of_group(group, sources, depth) {
            if contracts.iter().all(|known| known.namespace != contract.namespace) {
                contracts.push(contract);
            }
        }
    }
    contracts
}

fn of_group(group: &Group, sources: &BTreeMap<String, Source>, depth: usize) -> Vec<ServiceContract> {
    if let Some(other) = group.same_as.as_deref().and_then(|other| sources.get(other)) {
        if depth == SAME_AS_DEPTH_MAX {
            return Vec::new();
        }
        let theirs = contracts(&other.file, sources, depth + 1).into_iter();
        return theirs
            .map(|theirs| ServiceContract {
                customer_role: group.customer_role.unwrap_or(theirs.customer_role),
                addressing: group.addressing.or(theirs.addressing),
                ei: group.ei.or(theirs.ei),
                confidence: theirs.confidence.max(group.confidence),
                ..theirs
            })
            .collect();
    }
    let (scheme, domain) = (group.scheme.as_deref().unwrap_or(SCHEME), group.domain.as_deref().unwrap_or_default());
    let named = group.operations.iter().filter_map(|operation| operation.split_once(':'));
    named
        .map(|(name, major)| ServiceContract {
            namespace: format!("{scheme}:{domain}:{name}Responder:{major}"),
            customer_role: group.customer_role.unwrap_or(CustomerRole::Consumer),
            profile: group.profile.as_deref().unwrap_or(PROFILE).to_owned(),
            addressing: group.addressing,
            ei: group.ei,
            confidence: group.confidence,
        })
        .collect()
}
