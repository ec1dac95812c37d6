//! What importing a contract found out, with the code, file, line and column of `contracts.md` §2.5.

use std::fmt;
use std::path::PathBuf;

use serde::{Serialize, Serializer};

use crate::domain::problem::{Problem, Severity as ProblemSeverity};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing to mend.
    Info,
    /// The published file is sloppy and its meaning is clear.
    Warning,
    /// The contracts that reach the file cannot be validated or sampled.
    Error,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal $severity:ident,)*) => {
        /// The kinds of finding, numbered as in `contracts.md` §2.5.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as it is written, such as `IE05`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// How bad every finding of this kind is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// Not well-formed, or undecodable.
    NotXml = "IE01" Error,
    /// A component that is referred to does not exist.
    NotFound = "IE02" Error,
    /// The target of an import or include is missing and something refers to it.
    TargetMissing = "IE03" Error,
    /// An include of another target namespace.
    IncludeNamespace = "IE04" Error,
    /// A namespace is used but not imported.
    NotImported = "IE05" Error,
    /// Two different components of one name.
    Duplicate = "IE06" Error,
    /// A content model that is not deterministic, or gives one element name two types.
    Ambiguous = "IE07" Error,
    /// A construct outside the supported subset.
    Unsupported = "IE08" Error,
    /// A derivation that is not allowed.
    Derivation = "IE09" Error,
    /// A bad facet, pattern or default value.
    Facet = "IE10" Error,
    /// No operation that can be called.
    NoOperation = "IE11" Error,
    /// A message part that names no element.
    MessagePart = "IE12" Error,
    /// A limit was exceeded.
    Limit = "IE13" Error,
    /// An archive that is refused.
    Archive = "IE14" Error,
    /// An import names another namespace than its target has, and the document refers to it.
    ImportNamespace = "IE16" Error,
    /// A document type.
    Doctype = "IE18" Error,
    /// An inline schema imports its own namespace.
    ImportsItself = "IW01" Warning,
    /// A missing target nobody refers to.
    MissingUnused = "IW02" Warning,
    /// An import of a mistaken namespace nobody refers to.
    ImportNamespaceUnused = "IW03" Warning,
    /// A wildcard token that only looks like a keyword.
    WildcardToken = "IW04" Warning,
    /// An irregular `soapAction`.
    SoapAction = "IW05" Warning,
    /// Versions in names disagree.
    Version = "IW06" Warning,
    /// A pattern written with anchors, which are literals in a schema.
    LiteralAnchors = "IW07" Warning,
    /// A namespace that is not imported, accepted leniently.
    Lenient = "IW08" Warning,
    /// A path found only when case is ignored.
    PathCase = "IW09" Warning,
    /// A location outside what is imported.
    Remote = "IW10" Warning,
    /// A number of occurrences above the limit.
    Occurs = "IW11" Warning,
    /// Several descriptions of one contract and profile.
    Several = "IW12" Warning,
    /// A contract replaces a built-in one.
    ReplacesBuiltIn = "IW13" Warning,
    /// A byte-order mark or carriage returns.
    Bytes = "II01" Info,
    /// A schema that no description reaches.
    Unreached = "II02" Info,
    /// An archive inside an archive.
    Nested = "II03" Info,
    /// A description without an operation of its own.
    WithoutOperation = "II04" Info,
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One finding. The text starts in lower case and names the value, what was expected, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Diagnostic {
    /// What kind of finding it is.
    #[cfg_attr(test, schema(value_type = String))]
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The file; inside an archive `<zip>!<entry>`.
    pub path: String,
    /// Line, counted from 1; 0 where the finding concerns the file as a whole.
    pub line: u32,
    /// Character in the line, counted from 1; 0 where it is not known.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

impl Diagnostic {
    /// A finding at a line and column of a file.
    pub fn new(code: Code, path: impl Into<String>, at: Position, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            path: path.into(),
            line: at.line,
            column: at.column,
            message: message.into(),
        }
    }

    /// Whether it keeps contracts from being used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The same as every loader of the platform reports it; `None` for what is only worth knowing.
    pub fn to_problem(&self) -> Option<Problem> {
        let severity = match self.severity {
            Severity::Info => return None,
            Severity::Warning => ProblemSeverity::Warning,
            Severity::Error => ProblemSeverity::Error,
        };
        let message = format!("{} {}", self.code.as_str(), self.message);
        Some(Problem { file: PathBuf::from(&self.path), line: self.line as usize, severity, message })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let Self { path, line, column, message, .. } = self;
        write!(f, "{path}:{line}:{column}: {severity} {}: {message}", self.code.as_str())
    }
}

/// A place in a file, both counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Character in the line.
    pub column: u32,
}
