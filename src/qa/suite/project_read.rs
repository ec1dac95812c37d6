//! From the text of a project file to a [`Project`].

use std::path::Path;

use roxmltree::Node;

use super::expansion::Properties;
use super::project::{
    CachedPart, Case, Interface, MockOperation, MockQuery, MockResponse, MockService, Operation, Project, Resource,
    Script, Suite,
};
use super::steps_read;
use crate::domain::problem::Problem;
use crate::qa::tree;

/// The namespace of project files.
const NAMESPACE: &str = "http://eviware.com/soapui/config";

/// What a file turned out to be.
#[derive(Debug)]
pub enum Kind {
    /// A project.
    Project(Box<Project>),
    /// A workspace: a list of projects, of no use here.
    Workspace,
    /// Something else.
    Other,
}

impl Project {
    /// Reads a file; one that is not a project is not an error, one that is broken is.
    pub fn read(file: &Path, text: &str) -> Result<Kind, Problem> {
        let document = tree::parse(text).map_err(|message| Problem::error(file, 1, message))?;
        let root = document.root_element();
        match (root.tag_name().namespace(), root.tag_name().name()) {
            (Some(NAMESPACE), "soapui-project") => Ok(Kind::Project(Box::new(project(root)))),
            (_, "soapui-workspace") => Ok(Kind::Workspace),
            _ => Ok(Kind::Other),
        }
    }
}

fn project(root: Node<'_, '_>) -> Project {
    Project {
        name: attribute(root, "name"),
        properties: properties(root),
        interfaces: children(root, "interface").map(interface).collect(),
        suites: children(root, "testSuite").map(suite).collect(),
        mocks: children(root, "mockService").map(mock_service).collect(),
        ..Project::default()
    }
}

fn interface(node: Node<'_, '_>) -> Interface {
    let kind = node.attribute(("http://www.w3.org/2001/XMLSchema-instance", "type")).unwrap_or("");
    let cache = child(node, "definitionCache");
    Interface {
        name: attribute(node, "name"),
        soap: !kind.ends_with("RestService"),
        soap_1_2: attribute(node, "soapVersion") == "1_2",
        operations: children(node, "operation")
            .map(|operation| Operation { name: attribute(operation, "name"), action: attribute(operation, "action") })
            .collect(),
        resources: node.descendants().filter(|node| is(*node, "resource")).map(resource).collect(),
        endpoint: child(node, "endpoints")
            .and_then(|endpoints| child(endpoints, "endpoint"))
            .map(text)
            .filter(|url| !url.is_empty()),
        root_part: cache.map(|cache| attribute(cache, "rootPart")),
        cache: cache.into_iter().flat_map(|cache| children(cache, "part")).map(cached_part).collect(),
        contract: None,
    }
}

fn resource(node: Node<'_, '_>) -> Resource {
    let parameters = child(node, "parameters").into_iter().flat_map(|parameters| children(parameters, "parameter"));
    let template =
        parameters.filter(|parameter| child(*parameter, "style").is_some_and(|style| text(style) == "TEMPLATE"));
    Resource {
        path: attribute(node, "path"),
        template_parameters: template.filter_map(|parameter| child(parameter, "name")).map(text).collect(),
    }
}

fn cached_part(node: Node<'_, '_>) -> CachedPart {
    let part = |name| child(node, name).map(raw_text).unwrap_or_default();
    CachedPart { url: part("url"), content: part("content"), kind: part("type") }
}

fn suite(node: Node<'_, '_>) -> Suite {
    Suite {
        name: attribute(node, "name"),
        disabled: flag(node, "disabled"),
        parallel: child(node, "runType").is_some_and(|kind| text(kind).starts_with("PARALLEL")),
        properties: properties(node),
        setup: script(child(node, "setupScript")),
        tear_down: script(child(node, "tearDownScript")),
        cases: children(node, "testCase").map(case).collect(),
    }
}

fn case(node: Node<'_, '_>) -> Case {
    Case {
        name: attribute(node, "name"),
        disabled: flag(node, "disabled"),
        fail_on_error: node.attribute("failOnError") != Some("false"),
        properties: properties(node),
        setup: script(child(node, "setupScript")),
        tear_down: script(child(node, "tearDownScript")),
        steps: children(node, "testStep").map(steps_read::step).collect(),
        line: line(node),
        native: None,
    }
}

fn mock_service(node: Node<'_, '_>) -> MockService {
    MockService {
        name: attribute(node, "name"),
        path: attribute(node, "path"),
        port: node.attribute("port").and_then(|port| port.parse().ok()).unwrap_or(8088),
        on_request: script(child(node, "onRequestScript")),
        operations: children(node, "mockOperation").map(mock_operation).collect(),
    }
}

fn mock_operation(node: Node<'_, '_>) -> MockOperation {
    let queries = child(node, "dispatchConfig").into_iter().flat_map(|config| children(config, "query"));
    MockOperation {
        interface: attribute(node, "interface"),
        operation: attribute(node, "operation"),
        dispatch: child(node, "dispatchStyle").map(text).unwrap_or_else(|| "SEQUENCE".to_owned()),
        dispatch_script: script(child(node, "dispatchPath")),
        queries: queries.map(mock_query).collect(),
        default_response: child(node, "defaultResponse").map(text).filter(|name| !name.is_empty()),
        responses: children(node, "response").map(mock_response).collect(),
    }
}

fn mock_query(node: Node<'_, '_>) -> MockQuery {
    let part = |name| child(node, name).map(raw_text).unwrap_or_default();
    MockQuery {
        query: part("query"),
        expected: part("match"),
        response: part("response"),
        disabled: flag(node, "disabled"),
    }
}

fn mock_response(node: Node<'_, '_>) -> MockResponse {
    MockResponse {
        name: attribute(node, "name"),
        status: node.attribute("httpResponseStatus").and_then(|status| status.parse().ok()).unwrap_or(200),
        script: script(child(node, "script")),
        content: child(node, "responseContent").map(raw_text).unwrap_or_default(),
        headers: steps_read::headers(node),
    }
}

/// `properties/property` below an element.
pub(super) fn properties(node: Node<'_, '_>) -> Properties {
    let all = child(node, "properties").into_iter().flat_map(|all| children(all, "property"));
    all.filter_map(|property| {
        let value = child(property, "value").map(raw_text).unwrap_or_default();
        Some((child(property, "name").map(text)?, value))
    })
    .collect()
}

/// A script element that says something.
pub(super) fn script(node: Option<Node<'_, '_>>) -> Option<Script> {
    let node = node?;
    let text = raw_text(node);
    let begins = node.first_child().map_or(node.range().start, |child| child.range().start);
    let line = node.document().text_pos_at(begins).row;
    (!text.trim().is_empty()).then_some(Script { text, line })
}

/// Whether the element has this local name, in the files' namespace or in none.
pub(super) fn is(node: Node<'_, '_>, name: &str) -> bool {
    // `xmlns=""` is no namespace too.
    let namespace = node.tag_name().namespace().unwrap_or("");
    node.is_element() && node.tag_name().name() == name && (namespace.is_empty() || namespace == NAMESPACE)
}

pub(super) fn children<'a>(node: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(move |child| is(*child, name))
}

pub(super) fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|child| is(*child, name))
}

pub(super) fn attribute(node: Node<'_, '_>, name: &str) -> String {
    node.attribute(name).unwrap_or("").to_owned()
}

pub(super) fn flag(node: Node<'_, '_>, name: &str) -> bool {
    node.attribute(name) == Some("true")
}

/// The text, white space around it gone.
pub(super) fn text(node: Node<'_, '_>) -> String {
    tree::own_text(node).trim().to_owned()
}

/// The text as it stands.
pub(super) fn raw_text(node: Node<'_, '_>) -> String {
    tree::own_text(node)
}

pub(super) fn line(node: Node<'_, '_>) -> u32 {
    node.document().text_pos_at(node.range().start).row
}
