//! What is worth mending in a contract before it is published (`contracts.md` §6.2): what its import warned of, names that are
//! not formed as §1.1 says, types that cannot be extended, optional log ids, identity numbers of any form.
//!
//! Nothing here decides whether a contract can be used. The contracts that ship say what the published ones say, sloppiness
//! included: what is found in them and has to stay is accepted in `contracts/lint.toml`, each with its reason.

mod accepted;
mod names;
pub mod sarif;
mod types;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::contract::{Contract, State};
use super::diagnostic::{Code, Diagnostic, Position, Severity};
use super::tree::Tree;

macro_rules! rules {
    ($($name:ident = $id:literal $text:literal,)*) => {
        /// What is looked at beside what imports find out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $(#[doc = concat!("`", $text, "`")] $name,)* }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its id, such as `L10`.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// What it asks for, in a few words.
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

rules! {
    Domain = "L01" "a service domain is two to four lower-case words",
    Responder = "L02" "the contract's namespace is urn:riv:<domain>:<Op>Responder:<major>",
    Description = "L03" "the description's namespace is urn:riv:<domain>:<Op>:<major>:rivtabp20 or rivtabp21",
    DescriptionFile = "L04" "the description's file is <Op>Interaction_<major>.<minor>_RIVTABP2x.wsdl",
    MessageFile = "L05" "the message schema is <Op>Responder_<major>.<minor>.xsd beside the description",
    CoreFile = "L06" "a core schema's file is <domain>_<version>.xsd, with _ext or _enum where it is one",
    Elements = "L07" "the messages are <Op> and <Op>Response, of types <Op>Type and <Op>ResponseType",
    Definitions = "L08" "definitions is named <Op>Interaction",
    Open = "L10" "a type ends with a slot for extensions",
    LogId = "L11" "logId is mandatory",
    Identity = "L12" "an identity number has a pattern, which real numbers match",
}

/// Something worth mending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Finding {
    /// What kind it is: a rule of lint, such as `L10`, or a code of the import, such as `IW07`.
    #[cfg_attr(test, schema(value_type = String))]
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The file; inside an archive `<zip>!<entry>`.
    pub path: String,
    /// Line, counted from 1; 0 where the finding concerns the file as a whole.
    pub line: u32,
    /// Character in the line, counted from 1; 0 where it is not known.
    pub column: u32,
    /// What is wrong: the value, what was expected, what to do.
    pub message: String,
    /// The contract in which it was met first.
    pub contract: Option<String>,
    /// Why it stands all the same, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

impl Finding {
    fn new(rule: Rule, path: impl Into<String>, at: Position, message: impl Into<String>) -> Self {
        Self {
            rule: rule.id(),
            severity: Severity::Warning,
            path: path.into(),
            line: at.line,
            column: at.column,
            message: message.into(),
            contract: None,
            accepted: None,
        }
    }

    /// Whether somebody has to look at it.
    pub fn is_open(&self) -> bool {
        self.accepted.is_none()
    }
}

impl From<&Diagnostic> for Finding {
    fn from(diagnostic: &Diagnostic) -> Self {
        let Diagnostic { code, severity, path, line, column, message } = diagnostic.clone();
        Self { rule: code.as_str(), severity, path, line, column, message, contract: None, accepted: None }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = if self.severity == Severity::Error { "error" } else { "warning" };
        let Self { path, line, column, rule, message, accepted, .. } = self;
        write!(f, "{path}:{line}:{column}: {severity} {rule}: {message}")?;
        accepted.as_ref().map_or(Ok(()), |reason| write!(f, " (accepted: {reason})"))
    }
}

/// Looks at contracts, and at what concerns no contract of theirs. In the order of the files.
pub fn lint<'c>(contracts: impl IntoIterator<Item = &'c Arc<Contract>>, others: &[Diagnostic]) -> Vec<Finding> {
    let mut findings = Findings::default();
    for contract in contracts {
        findings.contract = Some(contract.namespace.clone());
        findings.add_all(contract.diagnostics.iter().filter(|one| is_told(one)).map(Finding::from));
        let (path, bytes) = &contract.closure().wsdl;
        match Tree::parse(bytes, DEPTH_MAX) {
            Ok(tree) => findings.add_all(names::check(contract, &tree)),
            // The import has said so already.
            Err(_) => debug_assert_eq!(contract.state, State::Broken, "{path}"),
        }
        if contract.state != State::Broken {
            findings.add_all(types::check(contract.schema()));
        }
    }
    findings.contract = None;
    findings.add_all(others.iter().filter(|one| is_told(one)).map(Finding::from));
    let mut list = findings.list;
    list.sort_by(|one, other| {
        let key = |finding: &Finding| (finding.path.clone(), finding.line, finding.column, finding.rule);
        key(one).cmp(&key(other))
    });
    list
}

/// Deepest element of a description.
const DEPTH_MAX: usize = 256;

/// What is merely worth knowing is not worth mending.
fn is_told(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity > Severity::Info && diagnostic.code != Code::ReplacesBuiltIn
}

/// Findings, each once: a file that many contracts reach has the same from each of them.
#[derive(Default)]
struct Findings {
    list: Vec<Finding>,
    seen: HashSet<(&'static str, String, u32, u32, String)>,
    contract: Option<String>,
}

impl Findings {
    fn add_all(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for mut finding in findings {
            let key = (finding.rule, finding.path.clone(), finding.line, finding.column, finding.message.clone());
            if self.seen.insert(key) {
                finding.contract.clone_from(&self.contract);
                finding.accepted = accepted::reason(&finding);
                self.list.push(finding);
            }
        }
    }
}

#[cfg(test)]
pub(in crate::contracts) mod tests;
