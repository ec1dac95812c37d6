//! Names against `contracts.md` §1.1: what a description, its messages and its files are called.

use super::{Finding, Rule};
use crate::contracts::contract::{Contract, Direction, version_in_file_name};
use crate::contracts::diagnostic::{Code, Diagnostic, Position};
use crate::contracts::schema::SchemaFile;
use crate::contracts::tree::Tree;

/// The names of one contract; `tree` is its description.
pub(super) fn check(contract: &Contract, tree: &Tree) -> Vec<Finding> {
    let mut checking =
        Checking { contract, path: contract.sources[0].path.clone(), at: tree.root().position, findings: Vec::new() };
    checking.namespaces(tree);
    checking.description(tree);
    checking.messages();
    let mut files: Vec<&SchemaFile> = contract.schema().files.iter().collect();
    files.dedup_by(|one, other| one.path == other.path);
    files.into_iter().for_each(|file| checking.file(file));
    checking.findings
}

struct Checking<'c> {
    contract: &'c Contract,
    path: String,
    at: Position,
    findings: Vec<Finding>,
}

impl Checking<'_> {
    fn say(&mut self, rule: Rule, message: String) {
        self.findings.push(Finding::new(rule, self.path.clone(), self.at, message));
    }

    fn namespaces(&mut self, tree: &Tree) {
        let Contract { namespace, domain, operation, version, profile, .. } = self.contract;
        if !is_domain(domain) {
            self.say(Rule::Domain, format!("the domain is \"{domain}\", expected two to four lower-case words"));
        }
        let expected = format!("urn:riv:{domain}:{operation}Responder:{}", version.major);
        if *namespace != expected {
            self.say(Rule::Responder, format!("the contract's namespace is \"{namespace}\", expected \"{expected}\""));
        }
        let target = tree.root().attribute("targetNamespace").unwrap_or_default();
        let expected = format!("urn:riv:{domain}:{operation}:{}:{profile}", version.major);
        if target != expected {
            self.say(
                Rule::Description,
                format!("the description's namespace is \"{target}\", expected \"{expected}\""),
            );
        }
    }

    fn description(&mut self, tree: &Tree) {
        let Contract { operation, version, profile, .. } = self.contract;
        let file = file_name(&self.path).to_owned();
        let start = format!("{operation}Interaction_{}.", version.major);
        let end = format!("_{profile}.wsdl");
        let minor = file.strip_prefix(&start).and_then(|rest| {
            let at = rest.len().checked_sub(end.len()).filter(|at| rest.is_char_boundary(*at))?;
            rest[at..].eq_ignore_ascii_case(&end).then(|| &rest[..at])
        });
        if !minor.is_some_and(is_number) {
            let expected = format!("{start}{}_{}.wsdl", version.minor, profile.as_str().to_uppercase());
            self.say(Rule::DescriptionFile, format!("the file is \"{file}\", expected such as \"{expected}\""));
        }
        let name = tree.root().attribute("name").unwrap_or_default();
        if name != format!("{operation}Interaction") {
            let message = format!("definitions is named \"{name}\", expected \"{operation}Interaction\"");
            self.say(Rule::Definitions, message);
        }
    }

    fn messages(&mut self) {
        let operation = &self.contract.operation;
        let request = Some(&self.contract.request);
        let sides =
            [(Direction::Request, request, ""), (Direction::Response, self.contract.response.as_ref(), "Response")];
        let mut said = Vec::new();
        for (direction, name, ending) in sides {
            let Some(name) = name else { continue };
            let expected = format!("{operation}{ending}");
            if name.local != expected {
                said.push(format!("a message is \"{}\", expected \"{expected}\"", name.local));
            }
            let schema = self.contract.schema();
            let Some(element) = self.contract.element(direction) else { continue };
            let type_name = schema.type_of(schema.element(element).type_id).name.map(|name| schema.names.local(name));
            if type_name != Some(format!("{expected}Type").as_str()) {
                let found = type_name.map_or_else(|| "without a name".to_owned(), |name| format!("\"{name}\""));
                said.push(format!("the type of {} is {found}, expected \"{expected}Type\"", name.local));
            }
        }
        said.into_iter().for_each(|message| self.say(Rule::Elements, message));
    }

    /// A schema file of the contract's own domain; of others it says nothing, they have contracts of their own.
    fn file(&mut self, file: &SchemaFile) {
        let Contract { namespace, domain, operation, version, .. } = self.contract;
        let name = file_name(&file.path);
        let is_schema = name.to_lowercase().ends_with(".xsd");
        let own = format!("urn:riv:{domain}:");
        let Some(rest) = file.namespace.strip_prefix(&own).filter(|_| is_schema) else { return };
        if let (Some(in_name), Some(written)) = (version_in_file_name(name), &file.version)
            && *written != in_name.to_string()
        {
            let message = format!("the file name says version {in_name}, schema@version \"{written}\"");
            let diagnostic = Diagnostic::new(Code::Version, file.path.clone(), Position::default(), message);
            self.findings.push(Finding::from(&diagnostic));
        }
        let here = Position::default();
        if file.namespace == *namespace {
            let start = format!("{operation}Responder_{}.", version.major);
            let is_named = name.strip_prefix(&start).and_then(|rest| rest.strip_suffix(".xsd")).is_some_and(is_number);
            let is_beside = folder(&file.path) == folder(&self.path);
            if !is_named || !is_beside {
                let beside = if is_beside { "" } else { " in the folder of the description" };
                let message = format!(
                    "the message schema is \"{name}\", expected such as \"{start}{}.xsd\"{beside}",
                    version.minor
                );
                self.findings.push(Finding::new(Rule::MessageFile, file.path.clone(), here, message));
            }
        } else if let Some(expected) = core_name(&domain.replace(':', "_"), rest, name) {
            let message = format!("the schema of {} is \"{name}\", expected such as \"{expected}\"", file.namespace);
            self.findings.push(Finding::new(Rule::CoreFile, file.path.clone(), here, message));
        }
    }
}

/// What a core schema should be called, if it is called something else. `rest` is its namespace behind the domain.
fn core_name(domain: &str, rest: &str, name: &str) -> Option<String> {
    let (start, end, version) = match rest.split(':').collect::<Vec<_>>().as_slice() {
        ["enums" | "codes", version] => (format!("{domain}_enum_"), ".xsd", *version),
        ["enums" | "codes"] => (format!("{domain}_enum_"), ".xsd", "1"),
        // The namespace of a minor version holds what was added in it.
        [version] if version.contains('.') => (format!("{domain}_"), "_ext.xsd", *version),
        [version] if is_number(version) => (format!("{domain}_"), ".xsd", *version),
        // The messages of another operation, or something with a name of its own.
        _ => return None,
    };
    let found =
        name.strip_prefix(&start).and_then(|rest| rest.strip_suffix(end)).and_then(|found| found.split_once('.'));
    let fits = found.is_some_and(|(major, minor)| {
        is_number(major) && is_number(minor) && (version.contains('.') || major == version)
    });
    let example = if version.contains('.') { version.to_owned() } else { format!("{version}.0") };
    (!fits).then(|| format!("{start}{example}{end}"))
}

fn is_domain(domain: &str) -> bool {
    let words: Vec<&str> = domain.split(':').collect();
    let is_word = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    (2..=4).contains(&words.len()) && words.iter().all(is_word)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '!']).next().unwrap_or(path)
}

fn folder(path: &str) -> &str {
    &path[..path.len() - file_name(path).len()]
}
