//! `contracts coverage`: which parts of their contracts messages use.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Output, Sources};
use crate::contracts::coverage::{Coverage, Observed, Side};

/// What is asked of the command.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Which contracts there are.
    pub sources: Sources,
    /// Only this one.
    pub contract: Option<String>,
    /// Its minor version, instead of the active one.
    pub minor: Option<u32>,
    /// Messages, and folders of them.
    pub messages: Vec<PathBuf>,
    /// As JSON.
    pub json: bool,
}

/// Largest message that is read, in bytes.
const MESSAGE_BYTES_MAX: u64 = 64 << 20;
/// Most files that are read of folders.
const FILES_MAX: usize = 100_000;

/// Reads the messages, and says what they use.
pub fn run(arguments: &Arguments) -> Output {
    let registry = arguments.sources.load().registry;
    let mut output = Output::default();
    let only = match &arguments.contract {
        None => None,
        Some(name) => match registry.select(name, arguments.minor) {
            Ok(contract) => Some(contract),
            Err(error) => return Output::failed(2, &error.to_string()),
        },
    };
    let mut observed = only.clone().map_or_else(|| Observed::all(registry), Observed::only);
    let mut files = Vec::new();
    for path in &arguments.messages {
        if let Err(error) = collect(path, &mut files) {
            output.fail(3, &format!("{}: cannot be read: {error}", path.display()));
        }
    }
    for file in &files {
        match read(file) {
            Ok(bytes) => observed.see(&bytes),
            Err(error) => output.fail(3, &format!("{}: cannot be read: {error}", file.display())),
        }
    }
    let found = match &only {
        Some(contract) => match observed.of(contract) {
            Some(coverage) => vec![coverage],
            None => return Output::failed(1, &contract.first_error().map(ToString::to_string).unwrap_or_default()),
        },
        None if arguments.json => observed.details(),
        None => observed.summary(),
    };
    if arguments.json {
        output.line(&serde_json::to_string(&found).unwrap_or_default());
        return output;
    }
    for line in text(&found) {
        output.line(&line);
    }
    output.line(&format!(
        "{} files, {} of them no message of {}",
        files.len(),
        observed.passed_over,
        if only.is_some() { "the contract" } else { "a known contract" }
    ));
    output
}

/// Files in the order of their names; hidden ones are passed over.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut children = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    children.sort();
    for child in children {
        if files.len() < FILES_MAX && !child.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            collect(&child, files)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let bytes = fs::metadata(path)?.len();
    if bytes > MESSAGE_BYTES_MAX {
        return Err(std::io::Error::other(format!("{bytes} bytes, at most {MESSAGE_BYTES_MAX} are read")));
    }
    fs::read(path)
}

/// The same for people: a line for each direction, and where there is a list, what no message has used.
pub fn text(found: &[Coverage]) -> Vec<String> {
    let mut lines = Vec::new();
    for coverage in found {
        lines.push(format!("{} {}", coverage.namespace, coverage.version));
        for (direction, side) in [("request", Some(&coverage.request)), ("response", coverage.response.as_ref())] {
            lines.extend(side.into_iter().flat_map(|side| side_lines(direction, side)));
        }
    }
    lines
}

fn side_lines(direction: &str, side: &Side) -> Vec<String> {
    let Side { messages, items, used, share, list } = side;
    let mut lines = vec![format!(
        "  {direction:8} {used:5} of {items:5} used ({:3.0} %) by {messages} {}",
        (share * 100.0).floor(),
        if *messages == 1 { "message" } else { "messages" }
    )];
    for item in list.iter().filter(|item| item.messages == 0) {
        let what = item.what.as_ref().map(|what| format!(" {what}")).unwrap_or_default();
        lines.push(format!("    not used: {} {}{what}", item.kind.as_str(), item.path));
    }
    lines
}
