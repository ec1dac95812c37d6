//! What a script may see and do; everything else of the tool it was written for does not exist here.

use std::collections::BTreeMap;

use jiff::Zoned;

use crate::qa::schematron::Report;

/// Whose properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Of the case.
    Case,
    /// Of the suite.
    Suite,
    /// Of the project.
    Project,
}

/// The surroundings of a running script.
pub trait Host {
    /// A context variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// Sets a context variable.
    fn set_variable(&mut self, name: &str, value: String);
    /// A property.
    fn property(&self, scope: Scope, name: &str) -> Option<String>;
    /// Sets a property.
    fn set_property(&mut self, scope: Scope, name: &str, value: String);
    /// All properties of the project.
    fn project_properties(&self) -> BTreeMap<String, String>;
    /// `${…}` replaced.
    fn expand(&mut self, text: &str) -> Result<String, String>;
    /// Name of the case.
    fn case_name(&self) -> String;
    /// Loads the data of a case from a file beside the project.
    fn load(&mut self, file: &str, id: &str) -> Result<(), String>;
    /// Text of a file beside the project.
    fn file(&self, name: &str) -> Option<String>;
    /// Body of the answer that is judged.
    fn response(&self) -> Option<String>;
    /// Body of its request.
    fn request(&self) -> Option<String>;
    /// Headers of the answer as received, `#status#` among them.
    fn response_headers(&self) -> Vec<(String, Vec<String>)>;
    /// Headers of the request, for a mock service.
    fn request_headers(&self) -> Vec<(String, Vec<String>)>;
    /// Milliseconds the answer took.
    fn time_taken(&self) -> u64;
    /// Judges the answer by a rule file beside the project.
    fn schematron(&mut self, file: &str, message: &str) -> Result<Report, String>;
    /// Whether the request that is answered follows its contract; the violations if not. For mock services.
    fn request_violations(&self) -> Vec<String>;
    /// The run's clock.
    fn now(&self) -> Zoned;
    /// A number below `bound`, from the run's seed.
    fn random(&mut self, bound: i64) -> i64;
    /// Something worth knowing beside the verdict.
    fn notice(&mut self, code: &str, text: String);
    /// Goes on at the step of that name.
    fn go_to(&mut self, step: &str);
}
