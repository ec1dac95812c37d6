//! What is known of the tool's objects: their properties and methods, by kind. What is not here is not recognised.

/// What a value is, as far as it must be known before anything is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text, number, truth, date as text, or nothing.
    Scalar,
    /// Scalars.
    List,
    Context,
    ContextHelper,
    TestRunner,
    TestCase,
    TestSuite,
    Project,
    /// `modelItem`, `testStep`: a way to the case.
    Way,
    Exchange,
    Response,
    Utils,
    File,
    DataReader,
    Holder,
    Namespaces,
    Nodes,
    Node,
    Schematron,
    Findings,
    Finding,
    Content,
    Headers,
    Names,
    Date,
    DateFormat,
    Slurper,
    Parser,
    Path,
    JsonSlurper,
    Json,
    MockRequest,
    WsdlContext,
    WsdlValidator,
    Random,
    Nothing,
}

use Kind::{
    Content, ContextHelper, DataReader, Date, DateFormat, Exchange, File, Finding, Findings, Headers, Holder, Json,
    JsonSlurper, List, MockRequest, Names, Namespaces, Node, Nodes, Nothing, Parser, Path, Project, Random, Response,
    Scalar, Schematron, Slurper, TestCase, TestRunner, TestSuite, Utils, Way, WsdlContext, WsdlValidator,
};

/// Names that are there before anything is declared.
pub(super) fn global(name: &str) -> Option<Kind> {
    Some(match name {
        "context" | "requestContext" => Kind::Context,
        "testRunner" => TestRunner,
        "testCase" => TestCase,
        "testSuite" => TestSuite,
        "project" => Project,
        "messageExchange" => Exchange,
        "mockRequest" => MockRequest,
        "mockOperation" | "mockResponse" | "mockRunner" => Way,
        _ => return None,
    })
}

/// Classes that can be made, with the number of arguments.
pub(super) fn constructed(class: &str, arguments: usize) -> Option<Kind> {
    Some(match (class, arguments) {
        ("File", 1 | 2) => File,
        ("XmlDataReader", 2) => DataReader,
        ("GroovyUtils", 1) => Utils,
        ("ContextHelper", 1) => ContextHelper,
        ("XmlHolder", 1) => Holder,
        ("SchematronValidator", 0) => Schematron,
        ("ContentAssertions", 3) => Content,
        ("Date", 0) => Date,
        ("SimpleDateFormat", 1) => DateFormat,
        ("XmlSlurper", 0 | 3) => Slurper,
        ("XmlParser", 0 | 2) => Parser,
        ("JsonSlurper", 0) => JsonSlurper,
        ("ArrayList" | "LinkedList" | "HashSet", 0) => List,
        ("WsdlContext", 1 | 2) => WsdlContext,
        ("WsdlValidator", 1) => WsdlValidator,
        ("Random", 0) => Random,
        _ => return None,
    })
}

/// The kind of a property.
pub(super) fn property(of: Kind, name: &str) -> Option<Kind> {
    Some(match (of, name) {
        (Kind::Context, "testCase") | (TestRunner | Way, "testCase") => TestCase,
        (Kind::Context, "testRunner") => TestRunner,
        (Kind::Context, _) => Scalar,
        (TestCase | Way, "testSuite") => TestSuite,
        (TestCase | TestSuite | Way, "project") => Project,
        (TestCase | TestSuite | Project, "name") => Scalar,
        (TestCase | TestSuite | Project, "properties") => Headers,
        (Exchange, "modelItem") | (Way, "testStep" | "mockOperation" | "mockService" | "modelItem") => Way,
        (Exchange, "response") => Response,
        (Exchange | Response, "timeTaken") => Scalar,
        (
            Exchange,
            "responseContent" | "responseContentAsXml" | "requestContent" | "requestContentAsXml" | "rawRequestData",
        ) => Scalar,
        (
            Response,
            "responseContent" | "contentAsString" | "contentAsXml" | "responseContentAsXml" | "requestContent",
        ) => Scalar,
        (Exchange | Response, "responseHeaders") => Headers,
        (Utils, "projectPath") => Scalar,
        (File, "text" | "path" | "absolutePath") => Scalar,
        (Holder, "namespaces") => Namespaces,
        (Holder, "xml" | "prettyXml") => Scalar,
        (Nodes | List | Findings, "length" | "size") => Scalar,
        (Finding, "text" | "location" | "test") => Scalar,
        (Headers, _) => List,
        (MockRequest, "requestHeaders") => Headers,
        (MockRequest, "requestContent" | "requestContentAsXml" | "path" | "queryString") => Scalar,
        (Path, _) => Path,
        (Json, _) => Json,
        _ => return None,
    })
}

/// The kind of what stands in square brackets.
pub(super) fn element(of: Kind) -> Option<Kind> {
    Some(match of {
        Kind::Context | Scalar | List | Names => Scalar,
        Nodes => Node,
        Findings => Finding,
        Namespaces => Scalar,
        Headers => List,
        Path => Path,
        Json => Json,
        _ => return None,
    })
}

/// What a method gives, and the kinds of its closure's parameters; `None` when there is no such method.
pub(super) fn method(of: Kind, name: &str, arguments: usize, closure: bool) -> Option<(Kind, &'static [Kind])> {
    if closure {
        return Some(match (of, name, arguments) {
            (List | Names, "each", 0) => (Nothing, &[Scalar]),
            (Nodes, "each", 0) => (Nothing, &[Node]),
            (Findings, "each", 0) => (Nothing, &[Finding]),
            (Namespaces, "each", 0) => (Nothing, &[Scalar, Scalar]),
            (Headers, "each", 0) => (Nothing, &[Scalar, List]),
            (Path, "each", 0) => (Nothing, &[Path]),
            (List, "findAll", 0) => (List, &[Scalar]),
            (List, "any" | "every", 0) => (Scalar, &[Scalar]),
            (List, "collect", 0) => (List, &[Scalar]),
            (Path, "findAll" | "find", 0) => (Path, &[Path]),
            _ => return None,
        });
    }
    let kind = match (of, name, arguments) {
        (Kind::Context, "getProperty", 1) => Scalar,
        (Kind::Context, "setProperty", 2) => Nothing,
        (Kind::Context, "expand", 1) => Scalar,
        (Kind::Context, "getTestCase", 0) | (TestRunner | Way, "getTestCase", 0) => TestCase,
        (Kind::Context, "getTestRunner", 0) => TestRunner,
        (ContextHelper, "fail", 1) => Nothing,
        (TestRunner, "cancel" | "fail", 1) | (TestRunner, "gotoStepByName", 1) => Nothing,
        (TestCase, "getName" | "getLabel", 0) | (TestSuite | Project, "getName", 0) => Scalar,
        (TestCase, "getTestSuite", 0) => TestSuite,
        (TestSuite, "getProject", 0) => Project,
        (TestCase | TestSuite | Project, "getPropertyValue", 1) => Scalar,
        (TestCase | TestSuite | Project, "setPropertyValue", 2) => Nothing,
        (
            Exchange,
            "getResponseContent"
            | "getRequestContent"
            | "getResponseContentAsXml"
            | "getRequestContentAsXml"
            | "getTimeTaken",
            0,
        ) => Scalar,
        (Exchange, "getResponse", 0) => Response,
        (Response, "getResponseContent" | "getContentAsString" | "getTimeTaken", 0) => Scalar,
        (Exchange | Response, "getResponseHeaders", 0) => Headers,
        (Utils, "getXmlHolder", 1) => Holder,
        (Utils, "getProjectPath", 0) => Scalar,
        (File, "getText" | "exists", 0) => Scalar,
        (DataReader, "load", 1) => Nothing,
        (Holder, "getNodeValue", 1) => Scalar,
        (Holder, "getNodeValues", 1) => List,
        (Holder, "getDomNodes", 1) => Nodes,
        (Holder, "getDomNode", 1) => Node,
        (Holder, "declareNamespace", 2) => Nothing,
        (Schematron, "validateMessage", 2) => Findings,
        (Findings | List | Nodes | Headers, "isEmpty", 0) | (Findings | List | Nodes, "size", 0) => Scalar,
        (List, "contains", 1) | (List, "join", 1) | (List, "first" | "last", 0) => Scalar,
        (List, "add" | "remove" | "addAll", 1) => Scalar,
        (Finding, "getText", 0) => Scalar,
        (Content, "assertNonEmptyResponse", 0)
        | (Content, "assertSpecificValueInAnyRecord" | "assertSpecificValueInAllRecords", 2)
        | (Content, "assertExactNumberOfRecords" | "assertElementExistsInAllRecords", 1) => Nothing,
        (Content, "getContentRecords", 0) => Nodes,
        (Headers, "keySet", 0) => Names,
        (Headers, "get", 1) => List,
        (Headers, "containsKey", 1) | (Names, "contains", 1) => Scalar,
        (Date, "format", 1) => Scalar,
        (Date, "minus" | "plus", 1) => Date,
        (DateFormat, "format", 1) => Scalar,
        (Slurper | Parser, "parseText", 1) => Path,
        (JsonSlurper, "parseText", 1) => Json,
        (Path, "text" | "size", 0) => Scalar,
        (Path, "equals", 1) => Scalar,
        (Path, "children", 0) => Path,
        (Json, "pop" | "size", 0) | (Json, "toString", 0) => Scalar,
        (Random, "nextInt", 1) => Scalar,
        (WsdlValidator, "assertRequest", 2) => List,
        (
            Scalar,
            "contains" | "startsWith" | "endsWith" | "equals" | "equalsIgnoreCase" | "matches" | "indexOf" | "count"
            | "compareTo",
            1,
        ) => Scalar,
        (
            Scalar,
            "trim" | "toString" | "length" | "size" | "isEmpty" | "toInteger" | "toLowerCase" | "toUpperCase"
            | "toLong",
            0,
        ) => Scalar,
        (Scalar, "substring", 1 | 2) | (Scalar, "replace" | "replaceAll", 2) | (Scalar, "plus" | "concat", 1) => Scalar,
        (Scalar, "tokenize", 0 | 1) | (Scalar, "split", 1) => List,
        _ => return None,
    };
    Some((kind, &[]))
}
