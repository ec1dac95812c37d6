//! What a project file holds, as far as it matters to a run. What is not known is kept, so that it can be said to be not run.

use std::sync::Arc;

use super::expansion::Properties;
use crate::contracts::contract::Contract;
use crate::qa::native::expected::Conditional;
use crate::qa::native::parameters::Parameters;
use crate::qa::native::written::waits::{AuditFile, AwaitFile};
use crate::qa::native::written::{CaseKind, LoadFile, Role, RuleChoice, Titles};
use crate::qa::records::Layout;
use crate::qa::xpath::Prefixes;

/// One project file: suites, mock services, or both.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// `soapui-project/@name`
    pub name: String,
    /// Properties of the project.
    pub properties: Properties,
    /// What `request` steps refer to.
    pub interfaces: Vec<Interface>,
    /// In the order of the file.
    pub suites: Vec<Suite>,
    /// Mock services.
    pub mocks: Vec<MockService>,
    /// What a native suite says beside its cases.
    pub native: Option<Arc<NativeSuite>>,
    /// What one record of an answer is.
    pub layout: Arc<Layout>,
}

/// What a native suite says beside its cases.
#[derive(Clone, Debug, Default)]
pub struct NativeSuite {
    /// Full namespace of the contract.
    pub contract: Option<String>,
    /// Whom it judges.
    pub role: Role,
    /// Values for every case, in the order they are written.
    pub data: Vec<(String, String)>,
    /// Prefixes of all paths.
    pub prefixes: Prefixes,
    /// What the customer says.
    pub parameters: Parameters,
    /// Folder of the suite in what was imported, with a slash at its end unless it is the top.
    pub folder: String,
}

/// What a native case says beside its steps.
#[derive(Clone, Debug, Default)]
pub struct Native {
    /// Its file.
    pub file: String,
    /// What people read.
    pub title: Titles,
    /// Themes of the declaration.
    pub themes: Vec<String>,
    /// How it is run.
    pub kind: CaseKind,
    /// Parameters it cannot do without.
    pub needs: Vec<String>,
    /// Values for this case, in the order they are written.
    pub data: Vec<(String, String)>,
    /// Which platform rules count.
    pub rules: RuleChoice,
    /// How much load.
    pub load: Option<LoadFile>,
    /// Which call it waits for.
    pub waits_for: Option<AwaitFile>,
    /// What is compared.
    pub audit: Option<AuditFile>,
}

/// A service as the author's tool knew it.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Whether it is SOAP; else REST.
    pub soap: bool,
    /// Whether envelopes are of SOAP 1.2.
    pub soap_1_2: bool,
    /// Operations.
    pub operations: Vec<Operation>,
    /// REST resources.
    pub resources: Vec<Resource>,
    /// The first endpoint of the list.
    pub endpoint: Option<String>,
    /// The WSDL and schemas that the project carries.
    pub cache: Vec<CachedPart>,
    /// The contract itself, where no project carries it.
    pub contract: Option<Arc<Contract>>,
    /// `url` of the part everything starts at.
    pub root_part: Option<String>,
}

/// A SOAP operation.
#[derive(Clone, Debug, Default)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// SOAPAction.
    pub action: String,
}

/// A REST resource.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// Path, with `{name}` for template parameters.
    pub path: String,
    /// Names of the parameters that stand in the path.
    pub template_parameters: Vec<String>,
}

/// One file of a definition cache.
#[derive(Clone, Debug, Default)]
pub struct CachedPart {
    /// Where the author had it; a dead path, good for telling files apart.
    pub url: String,
    /// The file.
    pub content: String,
    /// The namespace that says what kind of file it is.
    pub kind: String,
}

/// A test suite.
#[derive(Clone, Debug, Default)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// Whether the publisher has switched it off.
    pub disabled: bool,
    /// Whether cases may run at the same time.
    pub parallel: bool,
    /// Properties of the suite.
    pub properties: Properties,
    /// Script before the first case.
    pub setup: Option<Script>,
    /// Script after the last case.
    pub tear_down: Option<Script>,
    /// In the order of the file.
    pub cases: Vec<Case>,
}

/// A test case, *testfall*.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Whether the publisher has switched it off.
    pub disabled: bool,
    /// Whether the first failing step ends it.
    pub fail_on_error: bool,
    /// Properties of the case.
    pub properties: Properties,
    /// Script before the first step.
    pub setup: Option<Script>,
    /// Script after the last step, whatever came of them.
    pub tear_down: Option<Script>,
    /// In the order of the file.
    pub steps: Vec<Step>,
    /// Where it stands.
    pub line: u32,
    /// What a native case says beside its steps.
    pub native: Option<Arc<Native>>,
}

/// A script, and the line of the file its text begins at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The text.
    pub text: String,
    /// From 1.
    pub line: u32,
}

/// A step of a case.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// What assertion steps refer to it by.
    pub id: String,
    /// The type as written.
    pub type_name: String,
    /// Whether the publisher has switched it off.
    pub disabled: bool,
    /// Where it stands.
    pub line: u32,
    /// What it does.
    pub kind: StepKind,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// A SOAP call.
    Request(Request),
    /// A REST call.
    Rest(RestRequest),
    /// A plain HTTP call.
    Http(RestRequest),
    /// A script.
    Groovy(Script),
    /// A pause, in milliseconds.
    Delay(u64),
    /// Values from one step's answer to somewhere else.
    Transfer(Vec<Transfer>),
    /// Assertions on the answer of another step, by its id.
    AssertionTest(Vec<(String, Assertion)>),
    /// A type that is not run.
    Unsupported,
}

/// A SOAP call.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Name of the interface.
    pub interface: String,
    /// Name of the operation.
    pub operation: String,
    /// Where to, before expansion.
    pub endpoint: String,
    /// Character set.
    pub encoding: String,
    /// The envelope, before expansion.
    pub envelope: String,
    /// HTTP headers, before expansion.
    pub headers: Vec<(String, String)>,
    /// Judged on the answer, in order.
    pub assertions: Vec<Assertion>,
    /// HTTP method, where it is not POST.
    pub method: Option<String>,
    /// Whether it is sent without our client certificate.
    pub without_certificate: bool,
    /// White space that is put before the end of the envelope.
    pub pad_bytes: Option<usize>,
}

/// A REST or plain HTTP call.
#[derive(Clone, Debug, Default)]
pub struct RestRequest {
    /// HTTP method.
    pub method: String,
    /// Where to, before expansion.
    pub endpoint: String,
    /// Appended to the endpoint, `{name}` filled from parameters.
    pub resource_path: String,
    /// Name of the interface, for REST.
    pub interface: String,
    /// In the order they are appended.
    pub parameters: Vec<(String, String)>,
    /// Body, if any.
    pub body: String,
    /// HTTP headers, before expansion.
    pub headers: Vec<(String, String)>,
    /// Judged on the answer, in order.
    pub assertions: Vec<Assertion>,
}

/// One value from one place to another.
#[derive(Clone, Debug, Default)]
pub struct Transfer {
    /// Its name.
    pub name: String,
    /// Where the value is: `Response`, or a property.
    pub source_type: String,
    /// Name of the step, or a scope as `#TestSuite#`.
    pub source_step: String,
    /// XPath or JSON path; empty takes all.
    pub source_path: String,
    /// Where it goes.
    pub target_type: String,
    /// Name of the step, or a scope.
    pub target_step: String,
    /// Where in the target; not used by any published transfer.
    pub target_path: String,
    /// Whether the path is a JSON path.
    pub json: bool,
    /// Whether nothing found makes the target empty.
    pub null_on_missing: bool,
    /// Whether nothing found fails the step.
    pub fail_on_error: bool,
    /// Whether an empty value is left alone.
    pub ignore_empty: bool,
    /// Switched off.
    pub disabled: bool,
}

/// A check of an answer.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The type as written.
    pub type_name: String,
    /// Its name.
    pub name: String,
    /// Switched off.
    pub disabled: bool,
    /// Where it stands.
    pub line: u32,
    /// What it checks.
    pub check: Check,
    /// The platform rule it judges by, as `RT-07`.
    pub rule: Option<String>,
}

/// What an assertion checks; texts are before expansion. Two names mean the opposite of what they say in the files: a
/// `SOAP Fault Assertion` passes when there is no fault.
#[derive(Clone, Debug)]
pub enum Check {
    /// The body is a SOAP envelope.
    SoapResponse,
    /// There is no fault.
    NoFault,
    /// There is a fault.
    Fault,
    /// Valid against the project's own schemas.
    Schema {
        /// Another WSDL, if named.
        definition: String,
    },
    /// Answered within this many milliseconds.
    Sla(String),
    /// A path selects what is expected.
    XPath(XPathMatch),
    /// The body holds a text, or does not.
    Contains(ContainsCheck),
    /// The status is one of these, or is not.
    Status {
        /// Comma-separated.
        codes: String,
        /// Whether it must be one of them.
        valid: bool,
    },
    /// A JSON path selects what is expected.
    Json {
        /// The path.
        path: String,
        /// What is expected.
        content: String,
    },
    /// A script decides.
    Script(Script),
    /// What only native cases say.
    Native(Box<Conditional>),
    /// Occurs in load tests only.
    StepStatus,
    /// A type that is not run.
    Unsupported,
}

/// `XPath Match`
#[derive(Clone, Debug, Default)]
pub struct XPathMatch {
    /// Declarations and one expression.
    pub path: String,
    /// What is expected.
    pub content: String,
    /// `*` in the content is any run of characters.
    pub wildcards: bool,
    /// Namespaces do not count in fragments.
    pub ignore_namespaces: bool,
    /// Comments do not count in fragments.
    pub ignore_comments: bool,
}

/// `Simple Contains`, `Simple NotContains`
#[derive(Clone, Debug, Default)]
pub struct ContainsCheck {
    /// What is sought.
    pub token: String,
    /// Capitals do not count.
    pub ignore_case: bool,
    /// The token is a regular expression that the whole body must match.
    pub regex: bool,
    /// Whether it must be there.
    pub wanted: bool,
}

/// A mock service of a project.
#[derive(Clone, Debug, Default)]
pub struct MockService {
    /// Its name.
    pub name: String,
    /// Path it was published at.
    pub path: String,
    /// Port it was published at.
    pub port: u16,
    /// Script on every request.
    pub on_request: Option<Script>,
    /// Operations.
    pub operations: Vec<MockOperation>,
}

/// How a mock service answers one operation.
#[derive(Clone, Debug, Default)]
pub struct MockOperation {
    /// Name of the interface.
    pub interface: String,
    /// Name of the operation.
    pub operation: String,
    /// `SCRIPT`, `SEQUENCE`, `QUERY_MATCH`, `RANDOM`.
    pub dispatch: String,
    /// The script of `SCRIPT`.
    pub dispatch_script: Option<Script>,
    /// The queries of `QUERY_MATCH`.
    pub queries: Vec<MockQuery>,
    /// Name of the answer where nothing else chose one.
    pub default_response: Option<String>,
    /// The answers.
    pub responses: Vec<MockResponse>,
}

/// One query of `QUERY_MATCH`.
#[derive(Clone, Debug, Default)]
pub struct MockQuery {
    /// Path into the request.
    pub query: String,
    /// What its text must be.
    pub expected: String,
    /// Name of the answer then.
    pub response: String,
    /// Switched off.
    pub disabled: bool,
}

/// An answer of a mock service.
#[derive(Clone, Debug, Default)]
pub struct MockResponse {
    /// Its name.
    pub name: String,
    /// HTTP status; 200 where none is written.
    pub status: u16,
    /// Script that sets variables.
    pub script: Option<Script>,
    /// The body, before expansion.
    pub content: String,
    /// HTTP headers.
    pub headers: Vec<(String, String)>,
}
