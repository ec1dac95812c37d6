//! The files of one import: a zip, a folder or a single file, read whole within named limits before anything is parsed.
//!
//! Nothing is fetched over a network and nothing is written to disk (`contracts.md` §2.1, §2.4).

mod archive;
mod path;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use path::{Location, resolve};

use super::diagnostic::{Code, Diagnostic, Position};
use crate::config::contracts::ImportLimits;

/// What kind of place a package was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Compiled into the program.
    BuiltIn,
    /// A zip.
    Zip,
    /// A folder or a single file.
    Folder,
}

/// Folders of test cases, in lower case.
const TEST_FOLDERS: [&str; 3] = ["test-suite", "test-suites", "testsuite"];
/// Folders of documents, in lower case.
const DOCUMENT_FOLDERS: [&str; 3] = ["docs", "doc", "dokument"];
/// By what a contract description (*tjänstekontraktsbeskrivning*) is known among them.
const DESCRIPTION_WORDS: [&str; 2] = ["tkb", "kontraktsbeskrivning"];

/// Files by their path relative to the package's root, with `/` between the parts.
#[derive(Clone, Debug)]
pub struct Package {
    /// What was named by whoever imports: the zip or folder.
    pub path: String,
    /// Where the files came from.
    pub kind: Kind,
    files: BTreeMap<String, Arc<[u8]>>,
    ignoring_case: HashMap<String, String>,
    /// Entries that start an import of their own: all files, or the one that was named.
    only: Option<String>,
    /// Names of files that lie there and are not read.
    unread: Vec<String>,
}

impl Package {
    /// A package of files that are already in memory.
    pub fn new(path: impl Into<String>, kind: Kind, files: BTreeMap<String, Arc<[u8]>>) -> Self {
        let ignoring_case = files.keys().map(|name| (name.to_lowercase(), name.clone())).collect();
        Self { path: path.into(), kind, files, ignoring_case, only: None, unread: Vec::new() }
    }

    /// Reads a zip, a folder, or a single file with the folder it stands in. `Err` is the reason it is refused.
    pub fn read(path: &Path, limits: &ImportLimits) -> Result<(Self, Vec<Diagnostic>), Diagnostic> {
        let shown = path.display().to_string();
        let refused = |code, message: String| Diagnostic::new(code, shown.clone(), Position::default(), message);
        let unreadable = |error: std::io::Error| refused(Code::NotXml, format!("cannot be read: {error}"));
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if metadata.is_dir() {
            return folder(path, limits);
        }
        let is = |ending: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending));
        if is("wsdl") || is("xsd") {
            return single(path, limits);
        }
        if metadata.len() > limits.archive_bytes_max {
            let (found, most) = (metadata.len(), limits.archive_bytes_max);
            return Err(refused(Code::Limit, format!("archive_bytes_max: {found} bytes, at most {most} are read")));
        }
        let bytes = fs::read(path).map_err(unreadable)?;
        Self::read_zip(&shown, &bytes, limits)
    }

    /// Reads a zip that is in memory.
    pub fn read_zip(path: &str, bytes: &[u8], limits: &ImportLimits) -> Result<(Self, Vec<Diagnostic>), Diagnostic> {
        let archive::Unpacked { files, nested, unread } = archive::unpack(bytes, limits).map_err(|refusal| {
            let shown =
                refusal.entry.map_or_else(|| path.to_owned(), |entry| format!("{path}!{}", entry.escape_debug()));
            Diagnostic::new(refusal.code, shown, Position::default(), refusal.message)
        })?;
        let notes = nested.iter().map(|entry| nested_archive(format!("{path}!{entry}"))).collect();
        Ok((Self { unread, ..Self::new(path, Kind::Zip, files) }, notes))
    }

    /// The entry names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The entries an import starts from: all, or the one file that was named.
    pub fn starts(&self) -> impl Iterator<Item = &str> {
        let only = self.only.as_deref();
        self.names().filter(move |name| only.is_none_or(|only| only == *name))
    }

    /// What an entry contains.
    pub fn bytes(&self, name: &str) -> Option<&Arc<[u8]>> {
        self.files.get(name)
    }

    /// The entry of that name when case is ignored.
    pub fn name_ignoring_case(&self, name: &str) -> Option<&str> {
        self.ignoring_case.get(&name.to_lowercase()).map(String::as_str)
    }

    /// Whether test cases of an operation lie here: a file below `test-suite/<operation>`, or one in `test-suite` with the
    /// operation in its name.
    pub fn has_test_cases(&self, operation: &str) -> bool {
        let operation = operation.to_lowercase();
        self.all_names().any(|name| {
            let mut parts = name.split('/').skip_while(|part| !TEST_FOLDERS.contains(part));
            let is_its = |part: &str| part.split(|sign: char| !sign.is_alphanumeric()).any(|word| word == operation);
            parts.next().is_some() && parts.any(is_its)
        })
    }

    /// Whether a description of the contracts in words lies here.
    pub fn has_description(&self) -> bool {
        self.all_names().any(|name| {
            let (folder, file) = name.rsplit_once('/').unwrap_or_default();
            folder.split('/').any(|part| DOCUMENT_FOLDERS.contains(&part))
                && DESCRIPTION_WORDS.iter().any(|word| file.contains(word))
        })
    }

    /// All names, those that are not read included, in lower case.
    fn all_names(&self) -> impl Iterator<Item = String> {
        self.files.keys().chain(&self.unread).map(|name| name.to_lowercase())
    }

    /// An entry as it is shown to people.
    pub fn shown(&self, name: &str) -> String {
        match self.kind {
            Kind::Zip => format!("{}!{name}", self.path),
            _ if self.path.is_empty() => name.to_owned(),
            _ => format!("{}/{name}", self.path.trim_end_matches('/')),
        }
    }
}

fn nested_archive(path: String) -> Diagnostic {
    let message = "a zip inside what is imported is not opened; unpack it and import it by itself";
    Diagnostic::new(Code::Nested, path, Position::default(), message)
}

/// What is taken up: descriptions and schemas, and what test suites lie beside them as.
fn is_read(name: &str) -> bool {
    let name = name.to_lowercase();
    [".wsdl", ".xsd", ".xml", ".sch", ".toml"].iter().any(|ending| name.ends_with(ending))
}

fn folder(root: &Path, limits: &ImportLimits) -> Result<(Package, Vec<Diagnostic>), Diagnostic> {
    walked(root, limits, None)
}

/// Reads a folder; `at_most` files of it, silently, where it is only the surroundings of what was named.
fn walked(
    root: &Path,
    limits: &ImportLimits,
    at_most: Option<usize>,
) -> Result<(Package, Vec<Diagnostic>), Diagnostic> {
    let mut found =
        Folder { files: BTreeMap::new(), notes: Vec::new(), unread: Vec::new(), entries: 0, bytes: 0, limits, at_most };
    found.walk(root, "", 0).map_err(|(path, message)| {
        Diagnostic::new(Code::Limit, path.display().to_string(), Position::default(), message)
    })?;
    let package = Package::new(root.display().to_string(), Kind::Folder, found.files);
    Ok((Package { unread: found.unread, ..package }, found.notes))
}

/// A single file: the folder it stands in, and those beside that one, since schemas refer to `../../core_components`.
fn single(path: &Path, limits: &ImportLimits) -> Result<(Package, Vec<Diagnostic>), Diagnostic> {
    const LEVELS_UP_MAX: usize = 3;
    const SURROUNDINGS_ENTRIES_MAX: usize = 2_000;
    let folder_of = |path: &Path| path.parent().map_or_else(PathBuf::new, Path::to_owned);
    let mut root = folder_of(path);
    let mut is_layout = false;
    for above in path.ancestors().skip(1).take(LEVELS_UP_MAX + 1) {
        let holds_schemas = ["core_components", "interactions", "schemas"].iter().any(|name| above.join(name).is_dir());
        if holds_schemas {
            root = above.to_owned();
            is_layout = true;
        }
    }
    let start = if root.as_os_str().is_empty() { Path::new(".") } else { root.as_path() };
    // Outside a published layout the file may lie anywhere, a home folder for instance: only so much is looked at.
    let (mut package, notes) = walked(start, limits, (!is_layout).then_some(SURROUNDINGS_ENTRIES_MAX))?;
    let name = path.strip_prefix(&root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    package.only = Some(name);
    Ok((package, notes))
}

struct Folder<'a> {
    files: BTreeMap<String, Arc<[u8]>>,
    notes: Vec<Diagnostic>,
    unread: Vec<String>,
    entries: usize,
    bytes: u64,
    limits: &'a ImportLimits,
    /// Entries after which the walk ends without complaint.
    at_most: Option<usize>,
}

impl Folder<'_> {
    /// Symbolic links are passed over: what they lead to is outside what was named.
    fn walk(&mut self, path: &Path, prefix: &str, depth: usize) -> Result<(), (PathBuf, String)> {
        const DEPTH_MAX: usize = 32;
        if depth > DEPTH_MAX {
            return Err((path.to_owned(), format!("folders nested deeper than {DEPTH_MAX}")));
        }
        let unreadable = |error: std::io::Error| (path.to_owned(), format!("cannot be read: {error}"));
        let mut entries = fs::read_dir(path).map_err(unreadable)?.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        // Files before folders: what stands beside the file that was named is what it most likely refers to.
        entries.sort_by_key(|entry| (entry.file_type().is_ok_and(|kind| kind.is_dir()), entry.file_name()));
        for entry in entries {
            self.entries += 1;
            if self.at_most.is_some_and(|at_most| self.entries > at_most) {
                return Ok(());
            }
            if self.entries > self.limits.entries_max {
                return Err((path.to_owned(), format!("entries_max: more than {} files", self.limits.entries_max)));
            }
            let Ok(file_type) = entry.file_type() else { continue };
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let result = if file_type.is_dir() {
                self.walk(&entry.path(), &format!("{name}/"), depth + 1)
            } else if file_type.is_file() {
                self.take(&entry.path(), name)
            } else {
                Ok(())
            };
            if self.at_most.is_none() {
                result?;
            }
        }
        Ok(())
    }

    fn take(&mut self, path: &Path, name: String) -> Result<(), (PathBuf, String)> {
        if name.to_lowercase().ends_with(".zip") {
            self.notes.push(nested_archive(path.display().to_string()));
            return Ok(());
        }
        if !is_read(&name) {
            self.unread.push(name);
            return Ok(());
        }
        let length = fs::metadata(path).map_or(0, |metadata| metadata.len());
        let is_schema = [".wsdl", ".xsd"].iter().any(|ending| name.to_lowercase().ends_with(ending));
        if length > self.limits.entry_bytes_max {
            let most = self.limits.entry_bytes_max;
            let message = format!("entry_bytes_max: {length} bytes, at most {most} are read");
            return if is_schema { Err((path.to_owned(), message)) } else { Ok(()) };
        }
        self.bytes += length;
        if self.bytes > self.limits.unpacked_bytes_max {
            let most = self.limits.unpacked_bytes_max;
            return Err((path.to_owned(), format!("unpacked_bytes_max: more than {most} bytes in all")));
        }
        let contents = fs::read(path).map_err(|error| (path.to_owned(), format!("cannot be read: {error}")))?;
        self.files.insert(name, Arc::from(contents));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
