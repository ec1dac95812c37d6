//! Values of a running script.

use std::cell::RefCell;
use std::rc::Rc;

use jiff::Zoned;

use super::xml::Slurped;
use crate::qa::schematron::Finding;
use crate::qa::xpath::Node;

/// A value; lists and holders are shared, as the language has it.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Number(i64),
    Text(String),
    List(Rc<RefCell<Vec<Self>>>),
    /// An object of the tool that has nothing of its own.
    Object(Object),
    File(String),
    DataReader(String),
    Holder(Rc<RefCell<Holder<'a>>>),
    Namespaces(Rc<RefCell<Holder<'a>>>),
    Nodes(Rc<Vec<Node<'a>>>),
    Node(Node<'a>),
    Findings(Rc<Vec<Finding>>),
    Finding(Rc<Finding>),
    Headers(Rc<Vec<(String, Vec<String>)>>),
    Names(Rc<Vec<String>>),
    Date(Zoned),
    DateFormat(String),
    Path(Slurped),
    Json(Rc<RefCell<serde_json::Value>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    Context,
    ContextHelper,
    TestRunner,
    TestCase,
    TestSuite,
    Project,
    Way,
    Exchange,
    Response,
    Utils,
    Schematron,
    Content,
    Slurper,
    JsonSlurper,
    MockRequest,
    WsdlContext,
    WsdlValidator,
    Random,
}

/// A document, or one element as a document, and the prefixes declared for it.
#[derive(Clone, Debug)]
pub(super) struct Holder<'a> {
    pub(super) root: Node<'a>,
    pub(super) namespaces: Vec<(String, String)>,
}

impl Value<'_> {
    /// Whether the value counts as true: nothing, no text and empty lists do not.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Boolean(value) => *value,
            Self::Number(value) => *value != 0,
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.borrow().is_empty(),
            Self::Nodes(nodes) => !nodes.is_empty(),
            Self::Findings(findings) => !findings.is_empty(),
            Self::Headers(headers) => !headers.is_empty(),
            Self::Path(path) => !path.is_empty(),
            _ => true,
        }
    }

    /// The value as text in a message; nothing is written so.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Boolean(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(text) => text.clone(),
            Self::List(list) => {
                let items: Vec<_> = list.borrow().iter().map(Self::text).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Node(node) => node.text().into_owned(),
            Self::Nodes(nodes) => {
                format!("[{}]", nodes.iter().map(|node| node.text().into_owned()).collect::<Vec<_>>().join(", "))
            }
            Self::Finding(finding) => finding.text.clone(),
            Self::Path(path) => path.text(),
            Self::Json(json) => match &*json.borrow() {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            },
            Self::File(name) => name.clone(),
            Self::Date(at) => at.to_string(),
            _ => String::new(),
        }
    }

    /// The text, unless there is nothing.
    pub(super) fn some_text(&self) -> Option<String> {
        if matches!(self, Self::Null) { None } else { Some(self.text()) }
    }
}
