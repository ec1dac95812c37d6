//! The tree of organisations (HSA): who is above whom, by distinguished name (`vp.md` §4.4).

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::entry::Origin;
use super::import::lines::Lines;
use crate::config::environment::{Environment, EnvironmentFile, FILE_BYTES_MAX};
use crate::domain::problem::Problem;
use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Reader, Token};

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HsaNode {
    /// HSA-id; compared case-sensitively, unlike everything else in the catalogue (`vp.md` §12.6).
    pub id: Box<str>,
    /// Distinguished name, each part trimmed.
    pub dn: Box<str>,
    /// The unit's name.
    pub name: Box<str>,
    /// Place of the nearest unit above it that exists.
    pub parent: Option<u32>,
    /// Where it is written.
    pub origin: Origin,
}

/// All units, in the order of their DN.
#[derive(Clone, Debug, Default)]
pub struct HsaTree {
    nodes: Vec<HsaNode>,
    by_id: HashMap<Box<str>, u32, foldhash::fast::FixedState>,
}

impl HsaTree {
    /// How many units there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Every unit.
    pub fn nodes(&self) -> &[HsaNode] {
        &self.nodes
    }

    /// Place of the unit with an id, spelled exactly so.
    pub fn find(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// Builds the tree of units with different DNs.
    fn grow(units: HashMap<Box<str>, HsaNode>) -> Self {
        let mut nodes: Vec<HsaNode> = units.into_values().collect();
        nodes.sort_by(|one, other| one.dn.cmp(&other.dn));
        let place_of = |place: usize| u32::try_from(place).expect("2^32 units do not fit in memory");
        let by_dn: HashMap<Box<str>, u32> =
            nodes.iter().enumerate().map(|(place, node)| (node.dn.clone(), place_of(place))).collect();
        for node in &mut nodes {
            node.parent = parents_of(&node.dn).find_map(|dn| by_dn.get(dn).copied());
        }
        let by_id = nodes.iter().enumerate().map(|(place, node)| (node.id.clone(), place_of(place))).collect();
        Self { nodes, by_id }
    }
}

/// The DNs above a DN, nearest first: leading parts are removed one by one, there are no escapes.
fn parents_of(dn: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(dn), |dn| dn.split_once(',').map(|(_, rest)| rest)).skip(1)
}

/// What the HSA files say.
#[derive(Debug)]
pub(super) struct HsaRead {
    /// The files, as they were opened.
    pub(super) files: Vec<String>,
    /// The tree, or why there is none.
    pub(super) tree: Result<HsaTree, String>,
    /// Everything that is wrong with the files.
    pub(super) problems: Vec<Problem>,
}

/// Reads `hsa/*.xml`, or `named` in place of them. Later files override earlier ones, DN by DN; one file that cannot be
/// used spoils them all.
pub(super) fn read(environment: &Environment, named: Option<&[PathBuf]>) -> HsaRead {
    let mut problems = Vec::new();
    let (files, contents) = match named {
        None => files_of(environment, &mut problems),
        Some(paths) => {
            let contents = paths.iter().filter_map(|path| opened(path, &mut problems)).collect();
            (paths.iter().map(|path| path.display().to_string()).collect(), contents)
        }
    };
    let mut units = HashMap::new();
    for file in &contents {
        let mut reading = UnitReading::of(file);
        match reading.read() {
            Ok(()) => units.extend(reading.units),
            Err(error) => reading.problems.push(Problem::error(&file.path, error.row, one_line(&error))),
        }
        problems.extend(reading.problems);
    }
    let tree = match problems.iter().find(|problem| problem.is_error()) {
        Some(problem) => Err(problem.to_string()),
        None => Ok(HsaTree::grow(units)),
    };
    HsaRead { files, tree, problems }
}

fn files_of(environment: &Environment, problems: &mut Vec<Problem>) -> (Vec<String>, Vec<EnvironmentFile>) {
    let found = match environment.files_below("hsa") {
        Ok(found) => found,
        Err(error) => {
            problems.push(Problem::error(&environment.path("hsa"), 0, super::import::chain(&error)));
            Vec::new()
        }
    };
    let (xml, other): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|file| file.path.extension().is_some_and(|extension| extension == "xml"));
    for file in other {
        problems.push(Problem::warning(&file.path, 0, "passed over: HSA files end in .xml"));
    }
    (xml.iter().map(|file| file.path.display().to_string()).collect(), xml)
}

fn opened(path: &Path, problems: &mut Vec<Problem>) -> Option<EnvironmentFile> {
    let too_large = |metadata: fs::Metadata| match metadata.len() {
        bytes if bytes > FILE_BYTES_MAX => Some(format!("the file is {bytes} bytes, the limit is {FILE_BYTES_MAX}")),
        _ => None,
    };
    let contents = match fs::metadata(path).map(too_large) {
        Ok(None) => fs::read(path).map_err(|error| format!("cannot read the file: {error}")),
        Ok(Some(complaint)) => Err(complaint),
        Err(error) => Err(format!("cannot read the file: {error}")),
    };
    match contents {
        Ok(contents) => Some(EnvironmentFile { path: path.to_owned(), contents }),
        Err(complaint) => {
            problems.push(Problem::error(path, 0, complaint));
            None
        }
    }
}

fn one_line(error: &XmlError) -> String {
    format!("not well-formed XML at column {}: {}", error.column, error.message)
}

/// The units of one file as they are read.
struct UnitReading<'f> {
    path: Arc<Path>,
    contents: &'f [u8],
    lines: Lines,
    units: HashMap<Box<str>, HsaNode>,
    problems: Vec<Problem>,
}

/// What one `hsaUnit` says; the last of several equal elements counts.
#[derive(Default)]
struct Unit {
    start: usize,
    id: Option<String>,
    dn: Option<String>,
    name: Option<String>,
}

impl<'f> UnitReading<'f> {
    fn of(file: &'f EnvironmentFile) -> Self {
        Self {
            path: Arc::from(file.path.as_path()),
            contents: &file.contents,
            lines: Lines::of(&file.contents),
            units: HashMap::new(),
            problems: Vec::new(),
        }
    }

    /// Local names only; the root and every namespace go unchecked.
    fn read(&mut self) -> Result<(), XmlError> {
        let mut reader = Reader::new(self.contents);
        let mut unit: Option<Unit> = None;
        let mut text: Option<String> = None;
        while let Some(token) = reader.next()? {
            match token {
                Token::Start(name) if name.local() == b"hsaUnit" => {
                    unit = Some(Unit { start: reader.token_start(), ..Unit::default() });
                }
                Token::Start(name) => {
                    text = matches!(name.local(), b"hsaIdentity" | b"DN" | b"name").then(String::new);
                }
                Token::Text(raw) => {
                    if let Some(text) = &mut text {
                        text.push_str(&reader.text_of(raw)?);
                    }
                }
                Token::Cdata(raw) => {
                    if let Some(text) = &mut text {
                        text.push_str(&String::from_utf8_lossy(raw));
                    }
                }
                Token::End(name) => match (name.local(), &mut unit) {
                    (b"hsaUnit", _) => self.finish(unit.take()),
                    (b"hsaIdentity", Some(unit)) => unit.id = text.take(),
                    (b"DN", Some(unit)) => unit.dn = text.take(),
                    (b"name", Some(unit)) => unit.name = text.take(),
                    _ => text = None,
                },
                _ => {}
            }
        }
        reader.check_characters()
    }

    fn finish(&mut self, unit: Option<Unit>) {
        let Some(Unit { start, id, dn, name }) = unit else { return };
        let line = self.lines.line_at(start);
        let (id, dn, name) = match (id.filter(|id| !id.trim().is_empty()), dn, name) {
            (Some(id), Some(dn), Some(name)) => (id, dn, name),
            (id, dn, name) => {
                let missing = [(id.is_none(), "hsaIdentity"), (dn.is_none(), "DN"), (name.is_none(), "name")];
                let missing: Vec<_> = missing.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
                let complaint = format!("the hsaUnit is passed over: it has no {}", missing.join(", no "));
                self.problems.push(Problem::warning(&self.path, line, complaint));
                return;
            }
        };
        let dn: Box<str> = dn.split(',').map(str::trim).collect::<Vec<_>>().join(",").into();
        let origin = Origin { file: Arc::clone(&self.path), line: u32::try_from(line).unwrap_or(u32::MAX) };
        if let Some(earlier) = self.units.get(&dn) {
            let complaint = format!("duplicate DN {dn:?}: line {} has it too", earlier.origin.line);
            self.problems.push(Problem::error(&self.path, line, complaint));
            return;
        }
        let node = HsaNode { id: id.into(), dn: dn.clone(), name: name.into(), parent: None, origin };
        self.units.insert(dn, node);
    }
}
