//! The files of `tak/`, merged: ours to write by hand (`*.toml`), the local TAK copy (`*.xml`), the stored snapshot
//! (`*.json`).
//!
//! A file that cannot be read spoils the whole load, as a fault from the catalogue would; a row that breaks the
//! catalogue's own rules is left out of a TOML file and reported, since the catalogue would never have taken it in.

mod json;
pub(super) mod lines;
pub(super) mod rules;
mod toml;
mod xml;

use std::collections::HashSet;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::book::builder::Builder;
use super::entry::{Origin, Permission, Route, Text};
use crate::config::environment::{Environment, EnvironmentFile};
use crate::domain::problem::Problem;
use lines::Lines;

pub(super) use xml::read as read_xml;

/// What the files of `tak/` say.
#[derive(Debug, Default)]
pub(super) struct Import {
    /// The rows.
    pub(super) builder: Builder,
    /// The publication a stored snapshot says it is.
    pub(super) publication: Option<Publication>,
    /// Orders, still to be carried out.
    pub(super) orders: Vec<EnvironmentFile>,
    pub(super) problems: Vec<Problem>,
    /// Some file could not be read, so that the whole cannot be used.
    pub(super) unusable: bool,
    /// Every file read.
    pub(super) files: Vec<Arc<Path>>,
    texts: Texts,
}

/// Which version a stored snapshot is, and whose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Publication {
    pub(super) version: u32,
    pub(super) time: Option<Timestamp>,
    pub(super) user: String,
    pub(super) comment: String,
}

impl Import {
    /// Routes and permissions in the form in which they are looked up.
    pub(super) fn entries(&self) -> (Vec<Route>, Vec<Permission>) {
        let origins = self.builder.origins();
        self.builder.state().entries(&|source, _| origins.get(&source).cloned().unwrap_or_else(Origin::nowhere))
    }

    /// Reports what makes the whole unusable.
    fn fail(&mut self, problem: Problem) {
        self.unusable = true;
        self.problems.push(problem);
    }
}

/// Reads one file, wherever it is.
pub(super) fn read_one(file: &EnvironmentFile) -> Import {
    let mut import = Import::default();
    match file.path.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => toml::read(file, &mut rules::Overlaps::default(), &mut import),
        Some("xml") => xml::read(file, &mut import),
        _ => json::read(file, &mut import),
    }
    import
}

/// Reads `tak/`, or what stands for it; `None` where there is no such folder.
pub(super) fn read(environment: &Environment, folder: &str) -> Option<Import> {
    if !environment.has_folder(folder) {
        return None;
    }
    let mut import = Import::default();
    let files = environment.files_below(folder).unwrap_or_else(|error| {
        import.fail(Problem::error(&environment.path(folder), 0, chain(&error)));
        Vec::new()
    });
    let mut overlaps = rules::Overlaps::default();
    // Stored snapshots come first: their rows have numbers of their own, and keep them.
    let is_snapshot = |file: &&EnvironmentFile| file.path.extension().is_some_and(|extension| extension == "json");
    let (snapshots, others): (Vec<_>, Vec<_>) = files.iter().partition(is_snapshot);
    for file in snapshots.into_iter().chain(others) {
        match file.path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => toml::read(file, &mut overlaps, &mut import),
            Some("json") => json::read(file, &mut import),
            Some("xml") => xml::read(file, &mut import),
            _ => {
                let complaint = "passed over: catalogue files end in .toml, .json or .xml";
                import.problems.push(Problem::warning(&file.path, 0, complaint));
                continue;
            }
        }
        import.files.push(Arc::from(file.path.as_path()));
    }
    Some(import)
}

/// Reads the answers of another catalogue's SokVagvalsInfo: routes, and permissions.
pub(super) fn read_answers(answers: &[Vec<u8>; 2]) -> Result<Import, String> {
    let mut import = Import::default();
    for (name, contents) in ["hamtaAllaVirtualiseringar", "hamtaAllaAnropsBehorigheter"].into_iter().zip(answers) {
        let file = EnvironmentFile { path: name.into(), contents: contents.clone() };
        xml::read_answer(&file, &format!("{name}Response"), &mut import);
    }
    match import.problems.iter().find(|problem| problem.is_error()) {
        Some(problem) if import.unusable => Err(problem.to_string()),
        _ => Ok(import),
    }
}

/// What is to be said where there is no `tak/`.
pub(super) fn no_folder(environment: &Environment, folder: &str) -> Problem {
    let complaint = "there is no such folder: the catalogue is not initialised, and every call gets VP008";
    Problem::warning(&environment.path(folder), 0, complaint)
}

/// An error and all its causes, in one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// One file while it is read: turns offsets into origins and problems.
struct Source<'f> {
    path: Arc<Path>,
    lines: Lines,
    text: &'f str,
}

impl<'f> Source<'f> {
    /// The file as text. One that is not UTF-8 fails the import.
    fn open(file: &'f EnvironmentFile, import: &mut Import) -> Option<Self> {
        let contents = file.contents.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&file.contents);
        let lines = Lines::of(contents);
        match std::str::from_utf8(contents) {
            Ok(text) => Some(Self { path: Arc::from(file.path.as_path()), lines, text }),
            Err(error) => {
                let offset = error.valid_up_to();
                let byte = contents.get(offset).copied().unwrap_or_default();
                let complaint = format!("byte 0x{byte:02x} is not UTF-8, which the file is expected to be in");
                import.fail(Problem::error(&file.path, lines.line_at(offset), complaint));
                None
            }
        }
    }

    fn line_at(&self, offset: usize) -> usize {
        self.lines.line_at(offset)
    }

    fn origin(&self, offset: usize) -> Origin {
        Origin { file: Arc::clone(&self.path), line: u32::try_from(self.line_at(offset)).unwrap_or(u32::MAX) }
    }

    fn error(&self, offset: usize, complaint: impl Into<String>) -> Problem {
        Problem::error(&self.path, self.line_at(offset), complaint)
    }

    fn warning(&self, offset: usize, complaint: impl Into<String>) -> Problem {
        Problem::warning(&self.path, self.line_at(offset), complaint)
    }
}

/// Each text once, however many rows repeat it.
#[derive(Debug, Default)]
struct Texts(HashSet<Text, foldhash::fast::RandomState>);

impl Texts {
    fn share(&mut self, text: &str) -> Text {
        match self.0.get(text) {
            Some(shared) => Arc::clone(shared),
            None => {
                let shared: Text = Arc::from(text);
                self.0.insert(Arc::clone(&shared));
                shared
            }
        }
    }
}
