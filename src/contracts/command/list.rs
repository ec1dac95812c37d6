//! `contracts list` and `contracts show`.

use serde::Serialize;

use super::{Output, Sources};
use crate::contracts::browse::{self, Node, Shown};
use crate::contracts::listed::{Line, list as lines_of};

/// A line of the list as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'l> {
    #[serde(flatten)]
    line: &'l Line,
    calls: usize,
    last_call: Option<String>,
}

/// Lists the contracts, narrowed by domain and text.
pub fn list(sources: &Sources, domain: Option<&str>, text: Option<&str>, json: bool) -> Output {
    let mut output = Output::default();
    let lines = lines_of(&sources.load().registry, domain, text);
    if json {
        // The same members as over the API: without a platform there are no calls.
        let lines: Vec<_> = lines.iter().map(|line| Told { line, calls: 0, last_call: None }).collect();
        output.out = serde_json::to_string(&lines).unwrap_or_default() + "\n";
        return output;
    }
    let width = lines.iter().map(|one| one.listed.domain.len()).max().unwrap_or(0);
    for Line { listed: one, .. } in &lines {
        let name = format!("{} {}", one.operation, one.versions.join(" "));
        let state = serde_json::to_value(one.state)
            .ok()
            .and_then(|state| state.as_str().map(str::to_owned))
            .unwrap_or_default();
        output.line(&format!("{:width$}  {name:45} {:20} {state}", one.domain, one.profiles.join(" ")));
    }
    output.line(&format!("{} contracts", lines.len()));
    output
}

/// Shows one contract: its names, its trees, and with `files` what it reaches.
pub fn show(sources: &Sources, name: &str, minor: Option<u32>, files: bool, json: bool) -> Output {
    let registry = sources.load().registry;
    let contract = match registry.select(name, minor) {
        Ok(contract) => contract,
        Err(error) => return Output::failed(2, &error.to_string()),
    };
    let shown = browse::show(&registry, &contract);
    let mut output = Output::default();
    if json {
        output.out = serde_json::to_string(&shown).unwrap_or_default() + "\n";
        return output;
    }
    facts(&shown, &mut output);
    for (title, tree) in [("request", &shown.types.request), ("response", &shown.types.response)] {
        if let Some(tree) = tree {
            output.line(&format!("\n{title}"));
            branch(tree, 1, &mut output);
        }
    }
    if files {
        output.line("\nfiles");
        for file in &shown.closure {
            output.line(&format!("  {} {}", file.path, file.namespace));
        }
    }
    output
}

fn facts(shown: &Shown, output: &mut Output) {
    let listed = &shown.listed;
    output.line(&listed.namespace);
    for (name, value) in [
        ("operation", listed.operation.clone()),
        ("versions", listed.versions.join(", ")),
        ("domain", listed.domain.clone()),
        ("profiles", listed.profiles.join(", ")),
        ("soapAction", listed.soap_action.clone()),
        ("request", listed.request.clone()),
        ("response", listed.response.clone().unwrap_or_else(|| "none".to_owned())),
        ("path", listed.wsdl_path.clone()),
        ("source", listed.source.path.clone()),
    ] {
        output.line(&format!("  {name:11} {value}"));
    }
    for header in &listed.headers {
        output.line(&format!("  header      {} {} ({})", header.part, header.element, header.profile));
    }
    for deviation in &shown.deviations {
        output.line(&format!("  differs     {deviation}"));
    }
    for remark in &shown.diagnostics {
        output.line(&format!("  {remark}"));
    }
}

fn branch(node: &Node, depth: usize, output: &mut Output) {
    let mut line = format!("{}{} [{}]", "  ".repeat(depth), node.name, node.cardinality);
    if !node.type_name.is_empty() {
        line.push_str(&format!(" {}", node.type_name));
    }
    if !node.values.is_empty() {
        line.push_str(&format!(" ({})", node.values.join(", ")));
    }
    if node.recursive {
        line.push_str(" …");
    }
    output.line(&line);
    for child in node.attributes.iter().chain(&node.children) {
        branch(child, depth + 1, output);
    }
}
