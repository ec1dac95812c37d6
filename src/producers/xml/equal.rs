//! `equalToXml`: two messages that say the same (`producers.md` §2.2). Prefixes, the order of attributes, comments, white
//! space between elements, CDATA and encoding never matter; the order of differently named siblings does not either, that
//! of namesakes does unless it is said not to.

use std::fmt;

use regex::Regex;

use super::tree::{Document, Kind, NodeId};
use crate::producers::settings::{DIFFERENCES_MAX, REGEX_BYTES_MAX};

/// What two messages are compared by, named as WireMock's library names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// An element's namespace.
    Namespace,
    /// An element's name.
    Name,
    /// Text.
    Text,
    /// An attribute's value.
    AttributeValue,
    /// An attribute that one side lacks.
    AttributeLookup,
    /// How many attributes there are.
    AttributeCount,
    /// An element that one side lacks.
    ChildLookup,
    /// How many children there are.
    ChildCount,
    /// The order of children.
    ChildOrder,
    /// `xsi:schemaLocation`.
    SchemaLocation,
    /// `xsi:noNamespaceSchemaLocation`.
    NoNamespaceSchemaLocation,
    /// Never differs here.
    Other,
}

impl Comparison {
    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "NAMESPACE_URI" => Self::Namespace,
            "ELEMENT_TAG_NAME" => Self::Name,
            "TEXT_VALUE" => Self::Text,
            "ATTR_VALUE" => Self::AttributeValue,
            "ATTR_NAME_LOOKUP" => Self::AttributeLookup,
            "ELEMENT_NUM_ATTRIBUTES" => Self::AttributeCount,
            "CHILD_LOOKUP" => Self::ChildLookup,
            "CHILD_NODELIST_LENGTH" => Self::ChildCount,
            "CHILD_NODELIST_SEQUENCE" => Self::ChildOrder,
            "SCHEMA_LOCATION" => Self::SchemaLocation,
            "NO_NAMESPACE_SCHEMA_LOCATION" => Self::NoNamespaceSchemaLocation,
            "NAMESPACE_PREFIX"
            | "XML_VERSION"
            | "XML_STANDALONE"
            | "XML_ENCODING"
            | "PROCESSING_INSTRUCTION_TARGET"
            | "PROCESSING_INSTRUCTION_DATA"
            | "COMMENT_VALUE"
            | "NODE_TYPE" => Self::Other,
            _ => return None,
        })
    }
}

/// Whose names count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Awareness {
    /// Namespace and local name.
    #[default]
    Namespaces,
    /// Names as written, prefix included.
    AsWritten,
}

/// What is expected, and how it is compared.
#[derive(Clone, Debug)]
pub struct ExpectedXml {
    document: Document<'static>,
    source: String,
    exempted: Vec<Comparison>,
    awareness: Awareness,
    ignores_order: bool,
    placeholder: Option<Regex>,
}

/// The options of an expectation, as read.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What may differ.
    pub exempted: Vec<Comparison>,
    /// Whose names count.
    pub awareness: Awareness,
    /// Whether the order of namesakes does not matter.
    pub ignores_order: bool,
    /// Whether `${xmlunit.…}` stands for something, with the delimiters as regular expressions.
    pub placeholders: Option<(String, String)>,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Path of the element.
    pub path: String,
    /// In words.
    pub what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

impl ExpectedXml {
    /// Reads what is expected; `Err` says what is wrong with it.
    pub fn new(source: &str, options: Options) -> Result<Self, String> {
        let document = Document::parse(source.as_bytes()).map_err(|error| error.to_string())?.into_owned();
        if document.is_empty() {
            return Err("there is no element".to_owned());
        }
        let placeholder = match options.placeholders {
            None => None,
            Some((open, close)) => {
                let pattern = format!(r"(?s)\A\s*(?:{open})\s*xmlunit\.(\w+)(?:\((.*)\))?\s*(?:{close})\s*\z");
                let built = regex::RegexBuilder::new(&pattern).size_limit(REGEX_BYTES_MAX).build();
                Some(built.map_err(|_| "the placeholder delimiters are no regular expressions".to_owned())?)
            }
        };
        let Options { exempted, awareness, ignores_order, .. } = options;
        Ok(Self { document, source: source.to_owned(), exempted, awareness, ignores_order, placeholder })
    }

    /// The expectation as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether a document is as expected.
    pub fn accepts(&self, actual: &Document<'_>) -> bool {
        self.compare(actual, 1).is_empty()
    }

    /// What differs, at most [`DIFFERENCES_MAX`] lines.
    pub fn differences(&self, actual: &Document<'_>) -> Vec<Difference> {
        self.compare(actual, DIFFERENCES_MAX)
    }

    fn compare(&self, actual: &Document<'_>, most: usize) -> Vec<Difference> {
        if actual.is_empty() {
            return vec![Difference { path: "/".to_owned(), what: "there is no element".to_owned() }];
        }
        let mut run = Run { expected: self, actual, found: Vec::new(), most };
        run.pair(self.document.root(), actual.root());
        run.found
    }

    /// Whether a text stands for any of some; `None` where it is no placeholder.
    fn placeholder(&self, expected: &str, actual: &str) -> Option<bool> {
        let captures = self.placeholder.as_ref()?.captures(expected)?;
        let arguments = captures.get(2).map_or("", |found| found.as_str());
        Some(match &captures[1] {
            "ignore" => true,
            "isNumber" => actual.trim().parse::<f64>().is_ok(),
            "isDateTime" => is_date_time(actual.trim()),
            "matchesRegex" => {
                // The same bound as for every pattern; one that does not compile fits nothing.
                let pattern = format!(r"(?s)\A(?:{arguments})\z");
                let built = regex::RegexBuilder::new(&pattern).size_limit(REGEX_BYTES_MAX).build();
                built.is_ok_and(|pattern| pattern.is_match(actual.trim()))
            }
            _ => return None,
        })
    }

    /// Whether the element's text is `${xmlunit.ignore}`, so that nothing in it matters.
    fn ignores(&self, id: NodeId) -> bool {
        self.placeholder.as_ref().is_some_and(|pattern| {
            let text = self.document.text_of(id);
            pattern.captures(&text).is_some_and(|captures| &captures[1] == "ignore")
        }) && self.document.elements(id).next().is_none()
    }
}

fn is_date_time(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
        || text.parse::<jiff::civil::DateTime>().is_ok()
        || text.parse::<jiff::civil::Date>().is_ok()
}

struct Run<'r, 'a> {
    expected: &'r ExpectedXml,
    actual: &'r Document<'a>,
    found: Vec<Difference>,
    most: usize,
}

impl Run<'_, '_> {
    fn is_done(&self) -> bool {
        self.found.len() >= self.most
    }

    fn differs(&mut self, by: Comparison, at: NodeId, what: impl FnOnce() -> String) {
        if !self.expected.exempted.contains(&by) && !self.is_done() {
            self.found.push(Difference { path: self.actual.path(at), what: what() });
        }
    }

    /// Compares two elements of which the names are to be the same.
    fn pair(&mut self, wanted: NodeId, got: NodeId) {
        let (one, other) = (self.expected.document.element_at(wanted), self.actual.element_at(got));
        let (Some(one), Some(other)) = (one, other) else { return };
        if one.local != other.local {
            let (one, other) = (one.local.to_string(), other.local.to_string());
            self.differs(Comparison::Name, got, || format!("the element is {other}, expected {one}"));
        } else if self.expected.awareness == Awareness::AsWritten {
            if one.prefix != other.prefix {
                let (one, other) = (one.prefix.to_string(), other.prefix.to_string());
                self.differs(Comparison::Name, got, || format!("the prefix is {other:?}, expected {one:?}"));
            }
        } else if one.namespace != other.namespace {
            let (one, other) = (one.namespace.to_string(), other.namespace.to_string());
            self.differs(Comparison::Namespace, got, || {
                format!("namespace differs, local name equal: is {other:?}, expected {one:?}")
            });
        }
        if self.is_done() || self.expected.ignores(wanted) {
            return;
        }
        self.attributes(wanted, got);
        self.content(wanted, got);
    }

    fn attributes(&mut self, wanted: NodeId, got: NodeId) {
        const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
        let expected = self.expected;
        let of = |attributes: &[super::tree::Attribute<'_>]| -> Vec<(String, String, String)> {
            let mut own: Vec<_> = attributes
                .iter()
                .filter(|one| !one.is_declaration())
                .map(|one| (one.namespace.to_string(), one.local.to_string(), one.value.to_string()))
                .collect();
            own.sort();
            own
        };
        let (one, other) = (of(expected.document.attributes(wanted)), of(self.actual.attributes(got)));
        let kind = |namespace: &str, local: &str| match local {
            "schemaLocation" if namespace == INSTANCE => Comparison::SchemaLocation,
            "noNamespaceSchemaLocation" if namespace == INSTANCE => Comparison::NoNamespaceSchemaLocation,
            _ => Comparison::AttributeLookup,
        };
        let plain = |all: &[(String, String, String)]| {
            all.iter().filter(|(namespace, local, _)| kind(namespace, local) == Comparison::AttributeLookup).count()
        };
        let (wanted_count, got_count) = (plain(&one), plain(&other));
        if wanted_count != got_count {
            self.differs(Comparison::AttributeCount, got, || {
                format!("{got_count} attributes, expected {wanted_count}")
            });
        }
        for (namespace, local, value) in &one {
            match other
                .iter()
                .find(|(other_namespace, other_local, _)| other_namespace == namespace && other_local == local)
            {
                None => {
                    self.differs(kind(namespace, local), got, || format!("attribute {local} is missing"));
                }
                Some((_, _, actual)) if !expected.placeholder(value, actual).unwrap_or(value == actual) => {
                    let by = match kind(namespace, local) {
                        Comparison::AttributeLookup => Comparison::AttributeValue,
                        other => other,
                    };
                    self.differs(by, got, || format!("attribute {local} is {actual:?}, expected {value:?}"));
                }
                Some(_) => {}
            }
        }
        for (namespace, local, _) in &other {
            if !one.iter().any(|(known, name, _)| known == namespace && name == local) {
                self.differs(kind(namespace, local), got, || format!("attribute {local} is not expected"));
            }
        }
    }

    fn content(&mut self, wanted: NodeId, got: NodeId) {
        let wanted_children: Vec<NodeId> = self.expected.document.elements(wanted).collect();
        let got_children: Vec<NodeId> = self.actual.elements(got).collect();
        let (one, other) = (own_text(&self.expected.document, wanted), own_text(self.actual, got));
        if !self.expected.placeholder(&one, &other).unwrap_or(one == other) {
            self.differs(Comparison::Text, got, || match (one.is_empty(), other.is_empty()) {
                (false, true) => format!("the text is missing, expected {one:?}"),
                _ => format!("the text is {other:?}, expected {one:?}"),
            });
        }
        if wanted_children.len() != got_children.len() {
            let (one, other) = (wanted_children.len(), got_children.len());
            self.differs(Comparison::ChildCount, got, || format!("{other} child elements, expected {one}"));
        }
        let mut left = got_children;
        for child in wanted_children {
            if self.is_done() {
                return;
            }
            match self.partner(child, &left) {
                Some(place) => {
                    let partner = left.remove(place);
                    self.pair(child, partner);
                }
                None => self.missing(child, got, &left),
            }
        }
        for extra in left {
            let name = self.actual.element_at(extra).map(|element| element.local.to_string()).unwrap_or_default();
            self.differs(Comparison::ChildLookup, extra, || format!("{name} is not expected"));
        }
    }

    /// Which of the children that are left a child is compared with.
    fn partner(&self, child: NodeId, left: &[NodeId]) -> Option<usize> {
        let named = |id: &NodeId| self.is_namesake(child, *id);
        if !self.expected.ignores_order {
            return left.iter().position(named);
        }
        let is_same = |id: &NodeId| {
            let mut run = Run { expected: self.expected, actual: self.actual, found: Vec::new(), most: 1 };
            run.pair(child, *id);
            run.found.is_empty()
        };
        left.iter().position(|id| named(id) && is_same(id)).or_else(|| left.iter().position(named))
    }

    fn is_namesake(&self, wanted: NodeId, got: NodeId) -> bool {
        let (one, other) = (self.expected.document.element_at(wanted), self.actual.element_at(got));
        one.zip(other).is_some_and(|(one, other)| {
            one.local == other.local
                && match self.expected.awareness {
                    Awareness::AsWritten => one.prefix == other.prefix,
                    Awareness::Namespaces => {
                        one.namespace == other.namespace || self.expected.exempted.contains(&Comparison::Namespace)
                    }
                }
        })
    }

    fn missing(&mut self, child: NodeId, got: NodeId, left: &[NodeId]) {
        let Some(element) = self.expected.document.element_at(child) else { return };
        let namesake = left
            .iter()
            .filter_map(|id| self.actual.element_at(*id))
            .find(|other| other.local == element.local)
            .map(|other| other.namespace.to_string());
        let (local, namespace) = (element.local.to_string(), element.namespace.to_string());
        self.differs(Comparison::ChildLookup, got, || match namesake {
            Some(other) => {
                format!("{local}: namespace differs, local name equal: is {other:?}, expected {namespace:?}")
            }
            None => format!("{local} is missing"),
        });
    }
}

/// The text directly in an element, without the white space around it.
fn own_text(document: &Document<'_>, id: NodeId) -> String {
    let mut text = String::new();
    for child in document.children(id) {
        if let Kind::Text(more) = &document.node(child).kind {
            text.push_str(more);
        }
    }
    text.trim().to_owned()
}
