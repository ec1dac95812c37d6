//! Steps and assertions of project files.

use roxmltree::Node;

use super::project::{
    Assertion, Check, ContainsCheck, Request, RestRequest, Script, Step, StepKind, Transfer, XPathMatch,
};
use super::project_read::{attribute, child, children, flag, is, line, raw_text, script, text};
use crate::qa::tree;

/// The setting in which HTTP headers stand, as escaped XML.
const HEADERS_SETTING: &str = "com.eviware.soapui.impl.wsdl.WsdlRequest@request-headers";

pub(super) fn step(node: Node<'_, '_>) -> Step {
    let type_name = attribute(node, "type");
    let kind = child(node, "config").map_or(StepKind::Unsupported, |config| kind(&type_name, config));
    Step {
        name: attribute(node, "name"),
        id: attribute(node, "id"),
        disabled: flag(node, "disabled"),
        line: line(node),
        type_name,
        kind,
    }
}

fn kind(type_name: &str, config: Node<'_, '_>) -> StepKind {
    match type_name {
        "request" => StepKind::Request(request(config)),
        "restrequest" => StepKind::Rest(rest_request(config)),
        "httprequest" => StepKind::Http(http_request(config, config)),
        "groovy" => StepKind::Groovy(
            script(child(config, "script")).unwrap_or_else(|| Script { text: String::new(), line: line(config) }),
        ),
        "delay" => StepKind::Delay(child(config, "delay").and_then(|delay| text(delay).parse().ok()).unwrap_or(0)),
        "transfer" => StepKind::Transfer(children(config, "transfers").map(transfer).collect()),
        "assertionteststep" => {
            StepKind::AssertionTest(config.descendants().filter(|node| is(*node, "entry")).filter_map(entry).collect())
        }
        _ => StepKind::Unsupported,
    }
}

fn request(config: Node<'_, '_>) -> Request {
    let Some(call) = child(config, "request") else {
        return Request::default();
    };
    let part = |name| child(call, name).map(text).unwrap_or_default();
    Request {
        interface: child(config, "interface").map(text).unwrap_or_default(),
        operation: child(config, "operation").map(text).unwrap_or_default(),
        endpoint: part("endpoint"),
        encoding: Some(part("encoding")).filter(|encoding| !encoding.is_empty()).unwrap_or_else(|| "UTF-8".to_owned()),
        envelope: child(call, "request").map(raw_text).unwrap_or_default(),
        headers: headers(call),
        assertions: children(call, "assertion").map(assertion).collect(),
        ..Request::default()
    }
}

fn rest_request(config: Node<'_, '_>) -> RestRequest {
    let Some(call) = child(config, "restRequest") else {
        return RestRequest::default();
    };
    let mut request = http_request(call, config);
    request.interface = attribute(config, "service");
    request.resource_path = attribute(config, "resourcePath");
    request.method = method_of(&attribute(config, "methodName"), &attribute(call, "method"));
    request
}

/// The name of a REST method is mostly the HTTP method itself; some authors named it otherwise.
fn method_of(name: &str, written: &str) -> String {
    let known = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
    let named = known.into_iter().find(|method| name.to_uppercase().starts_with(method));
    named
        .map(str::to_owned)
        .or_else(|| known.contains(&written).then(|| written.to_owned()))
        .unwrap_or_else(|| "GET".to_owned())
}

fn http_request(call: Node<'_, '_>, config: Node<'_, '_>) -> RestRequest {
    let entries = child(call, "parameters").into_iter().flat_map(|parameters| children(parameters, "entry"));
    RestRequest {
        method: method_of(&attribute(config, "method"), "GET"),
        endpoint: child(call, "endpoint").map(text).unwrap_or_default(),
        resource_path: String::new(),
        interface: String::new(),
        parameters: entries.map(|entry| (attribute(entry, "key"), attribute(entry, "value"))).collect(),
        body: child(call, "request").map(raw_text).unwrap_or_default(),
        headers: headers(call),
        assertions: children(call, "assertion").map(assertion).collect(),
    }
}

/// Headers stand in a setting, as escaped XML whose elements are sometimes without a prefix.
pub(super) fn headers(call: Node<'_, '_>) -> Vec<(String, String)> {
    let settings = child(call, "settings").into_iter().flat_map(|settings| children(settings, "setting"));
    let fragments = settings.filter(|setting| setting.attribute("id") == Some(HEADERS_SETTING)).map(raw_text);
    fragments.flat_map(|fragment| header_entries(&fragment)).collect()
}

fn header_entries(fragment: &str) -> Vec<(String, String)> {
    let declared =
        fragment.replacen("<xml-fragment", "<xml-fragment xmlns:con=\"http://eviware.com/soapui/config\"", 1);
    let text = if fragment.contains("xmlns:con=") { fragment } else { &declared };
    let wrapped = if text.trim_start().starts_with("<entry") || text.trim_start().starts_with("<con:entry") {
        format!("<xml-fragment xmlns:con=\"http://eviware.com/soapui/config\">{text}</xml-fragment>")
    } else {
        text.to_owned()
    };
    let Ok(document) = tree::parse(wrapped.trim()) else {
        return Vec::new();
    };
    let entries = document.descendants().filter(|node| node.is_element() && node.tag_name().name() == "entry");
    entries
        .map(|entry| (attribute(entry, "key").trim().to_owned(), attribute(entry, "value")))
        .filter(|(key, _)| !key.is_empty())
        .collect()
}

fn transfer(node: Node<'_, '_>) -> Transfer {
    let part = |name| child(node, name).map(text).unwrap_or_default();
    Transfer {
        name: part("name"),
        source_type: part("sourceType"),
        source_step: part("sourceStep"),
        source_path: part("sourcePath"),
        target_type: part("targetType"),
        target_step: part("targetStep"),
        target_path: part("targetPath"),
        json: part("type") == "JSONPATH",
        null_on_missing: flag(node, "setNullOnMissingSource"),
        fail_on_error: flag(node, "failOnError"),
        ignore_empty: flag(node, "ignoreEmpty"),
        disabled: flag(node, "disabled"),
    }
}

fn entry(node: Node<'_, '_>) -> Option<(String, Assertion)> {
    let part =
        |name| node.attribute(name).map(str::to_owned).or_else(|| child(node, name).map(text)).unwrap_or_default();
    Some((part("sourceId"), assertion(child(node, "assertion")?)))
}

fn assertion(node: Node<'_, '_>) -> Assertion {
    let type_name = attribute(node, "type");
    Assertion {
        name: Some(attribute(node, "name")).filter(|name| !name.is_empty()).unwrap_or_else(|| type_name.clone()),
        disabled: flag(node, "disabled"),
        line: line(node),
        check: check(&type_name, child(node, "configuration"), line(node)),
        type_name,
        rule: None,
    }
}

fn check(type_name: &str, configuration: Option<Node<'_, '_>>, line: u32) -> Check {
    let raw = |name| configuration.and_then(|node| child(node, name)).map(raw_text).unwrap_or_default();
    let part = |name| raw(name).trim().to_owned();
    let yes = |name| part(name) == "true";
    match type_name {
        "SOAP Response" => Check::SoapResponse,
        "SOAP Fault Assertion" => Check::NoFault,
        "Not SOAP Fault Assertion" => Check::Fault,
        "Schema Compliance" => Check::Schema { definition: part("definition") },
        "Response SLA Assertion" => Check::Sla(part("SLA")),
        "XPath Match" => Check::XPath(XPathMatch {
            path: raw("path"),
            content: raw("content"),
            wildcards: yes("allowWildcards"),
            ignore_namespaces: yes("ignoreNamspaceDifferences"),
            ignore_comments: yes("ignoreComments"),
        }),
        "Simple Contains" | "Simple NotContains" => Check::Contains(ContainsCheck {
            token: raw("token"),
            ignore_case: yes("ignoreCase"),
            regex: yes("useRegEx"),
            wanted: type_name == "Simple Contains",
        }),
        "Valid HTTP Status Codes" => Check::Status { codes: raw("codes"), valid: true },
        "Invalid HTTP Status Codes" => Check::Status { codes: raw("codes"), valid: false },
        "JsonPath Match" => Check::Json { path: raw("path"), content: raw("content") },
        "GroovyScriptAssertion" => {
            let text = configuration.and_then(|node| child(node, "scriptText"));
            Check::Script(script(text).unwrap_or_else(|| Script { text: String::new(), line }))
        }
        "Step Status" => Check::StepStatus,
        _ => Check::Unsupported,
    }
}
