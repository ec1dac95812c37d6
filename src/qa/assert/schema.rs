//! `Schema Compliance`: the answer against the schemas the project itself carries (`qa.md` §2.3).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Judgement;
use super::soap::{body, fault};
use crate::config::contracts::{ImportLimits, MessageLimits};
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::import::Importer;
use crate::contracts::package::{Kind, Package};
use crate::contracts::schema::build::Leniency;
use crate::contracts::validate::{Options, Target, validate};
use crate::qa::suite::project::Interface;
use crate::qa::tree;
use crate::qa::verdict::Verdict;

/// Violations that are listed.
const LISTED_MAX: usize = 50;

/// The contracts of one interface, compiled from its definition cache.
#[derive(Clone, Debug, Default)]
pub struct InterfaceSchemas {
    contracts: Vec<Arc<Contract>>,
    /// Why there are none.
    problem: Option<String>,
    /// Patterns whose `^` and `$` are literal, so that hardly any value can follow them.
    suspicious: bool,
}

impl InterfaceSchemas {
    /// Compiles what the project carries; nothing outside it is looked at.
    pub fn of(interface: &Interface) -> Self {
        if let Some(contract) = &interface.contract {
            return Self { contracts: vec![Arc::clone(contract)], ..Self::default() };
        }
        if interface.cache.is_empty() {
            return Self {
                problem: Some(format!("the project carries no definition of {}", interface.name)),
                ..Self::default()
            };
        }
        let files: BTreeMap<String, Arc<[u8]>> =
            interface.cache.iter().map(|part| (path_of(&part.url), Arc::from(part.content.as_bytes()))).collect();
        let package = Package::new("definitionCache", Kind::Zip, files);
        let mut importer = Importer::new(ImportLimits::default(), Leniency::default());
        let import = importer.import(&package, Vec::new());
        let error = import
            .descriptions
            .iter()
            .flat_map(|d| &d.diagnostics)
            .chain(&import.diagnostics)
            .find(|d| d.is_error())
            .map(ToString::to_string);
        let suspicious =
            import.descriptions.iter().flat_map(|d| &d.diagnostics).any(|d| d.to_string().contains("IW07"));
        let contracts: Vec<_> = import.into_contracts().into_iter().map(Arc::new).collect();
        let problem = contracts
            .is_empty()
            .then(|| error.unwrap_or_else(|| "the definition cache holds no description".to_owned()));
        Self { contracts, problem, suspicious }
    }

    /// The contract of an operation.
    pub fn contract(&self, operation: &str) -> Option<&Arc<Contract>> {
        self.contracts.iter().find(|contract| contract.operation == operation).or(if self.contracts.len() == 1 {
            self.contracts.first()
        } else {
            None
        })
    }

    /// Judges an answer of the operation.
    pub fn judge(&self, operation: &str, answer: &[u8], text: &str, charset: Option<String>) -> Judgement {
        self.judge_direction(operation, Direction::Response, answer, text, charset)
    }

    /// Judges a message of the operation in this direction; a fault passes when it is one.
    pub fn judge_direction(
        &self,
        operation: &str,
        direction: Direction,
        message: &[u8],
        text: &str,
        charset: Option<String>,
    ) -> Judgement {
        if let Some(problem) = &self.problem {
            return Judgement::of(Verdict::Error, problem.clone());
        }
        let Some(contract) = self.contract(operation) else {
            return Judgement::of(Verdict::Error, format!("the definition cache knows no operation {operation}"));
        };
        if let Ok(document) = tree::parse(text)
            && fault(&document).is_some()
        {
            let single =
                body(&document).is_some_and(|body| body.children().filter(roxmltree::Node::is_element).count() == 1);
            return Judgement::when(single, || "the Body holds more than a fault".to_owned());
        }
        let limits = MessageLimits::default();
        let options = Options { limits, charset, has_attachments: false };
        let report = validate(Target::Contract(Arc::clone(contract), Some(direction)), options, message);
        let mut judgement = if report.valid {
            Judgement::pass()
        } else {
            let messages = report.errors.iter().take(LISTED_MAX).map(|finding| {
                format!("{} {}:{} {}: {}", finding.path, finding.line, finding.column, finding.rule, finding.message)
            });
            Judgement {
                verdict: Verdict::Fail,
                messages: messages.collect(),
                xpath: report.errors.first().map(|finding| finding.path.clone()),
                ..Judgement::default()
            }
        };
        if self.suspicious && !report.valid {
            judgement = judgement.noting(
                "suspicious-pattern",
                "suspicious pattern: the schema writes ^ or $ into a pattern, where they are literal",
            );
        }
        judgement
    }
}

/// The author's URL as a path: schemes, drives and hosts mean nothing here, only how files lie to each other.
fn path_of(url: &str) -> String {
    let url = url.trim().replace('\\', "/");
    let after_scheme =
        url.split_once("://").map_or_else(|| url.strip_prefix("file:").unwrap_or(&url), |(_, rest)| rest);
    let parts: Vec<&str> =
        after_scheme.split('/').filter(|part| !part.is_empty() && *part != "." && *part != "..").collect();
    let path = parts.join("/").replace(':', "");
    // A description served at `?wsdl` has no file name to tell what it is.
    match path.split_once('?') {
        Some((before, query)) if query.eq_ignore_ascii_case("wsdl") => format!("{before}.wsdl"),
        Some((before, query)) => format!("{before}/{}", query.replace(['=', '&'], "/")),
        None => path,
    }
}
