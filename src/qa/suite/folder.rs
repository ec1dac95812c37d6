//! Published folders and zips: every project in them, found by content (`qa.md` §1.1).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::PROJECT_BYTES_MAX;
use super::data::{DataError, DataFile};
use super::project::{Interface, Project};
use super::project_read::Kind;
use crate::config::contracts::ImportLimits;
use crate::contracts::package::Package;
use crate::domain::problem::Problem;
use crate::qa::assert::schema::InterfaceSchemas;
use crate::qa::native::read::{self as native, SUITE_FILE};
use crate::qa::result::FileReference;
use crate::qa::run::exchange::decode;

/// A project with the files around it.
#[derive(Debug)]
pub struct PublishedProject {
    /// Path of the project file, relative to what was imported.
    pub file: String,
    /// Folder of the project file; empty at the top.
    pub folder: String,
    /// What the file holds.
    pub project: Project,
    /// Files of that folder, with their hashes.
    pub files: Vec<FileReference>,
    /// Namespace of the contract that most requests are for.
    pub contract: Option<String>,
    package: Arc<Package>,
    /// Schemas of the interfaces, each compiled when it is first needed.
    schemas: Mutex<BTreeMap<String, InterfaceSchemas>>,
}

/// Everything found below a path.
#[derive(Debug, Default)]
pub struct Published {
    /// Projects in path order.
    pub projects: Vec<Arc<PublishedProject>>,
    /// Project-like files that are not run.
    pub skipped: Vec<Skipped>,
    /// What is sloppy and does not hinder.
    pub warnings: Vec<Problem>,
    /// Whether only one file was named, of all that lie beside it.
    is_single: bool,
}

/// A file that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Relative to what was imported.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// What is read of suites: less than of contracts.
fn limits() -> ImportLimits {
    ImportLimits {
        archive_bytes_max: 100 << 20,
        unpacked_bytes_max: 100 << 20,
        entry_bytes_max: PROJECT_BYTES_MAX,
        entries_max: 10_000,
        ratio_max: 100,
        ..ImportLimits::default()
    }
}

impl Published {
    /// Reads a project file, a contract's folder, a folder of those, a domain release, or a zip of any of them.
    pub fn read(path: &Path) -> Result<Self, String> {
        let single = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml"));
        let root = if single {
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
        } else {
            path
        };
        let (package, _) = Package::read(root, &limits()).map_err(|refusal| refusal.to_string())?;
        let only = single.then(|| path.file_name().map(|name| name.to_string_lossy().into_owned())).flatten();
        Self::of(Arc::new(package), only.as_deref())
    }

    /// Reads a zip that is in memory.
    pub fn read_zip(name: &str, bytes: &[u8]) -> Result<Self, String> {
        let (package, _) = Package::read_zip(name, bytes, &limits()).map_err(|refusal| refusal.to_string())?;
        Self::of(Arc::new(package), None)
    }

    /// Every file that belongs to what was read, with its bytes: of a single project, what its folder holds beside it.
    pub fn contents(&self) -> Vec<(&str, &[u8])> {
        match self.projects.first() {
            Some(project) if self.is_single => project.contents().collect(),
            Some(project) => {
                let package = &project.package;
                package.names().filter_map(|name| Some((name, &**package.bytes(name)?))).collect()
            }
            None => Vec::new(),
        }
    }

    fn of(package: Arc<Package>, only: Option<&str>) -> Result<Self, String> {
        let mut published = Self { is_single: only.is_some(), ..Self::default() };
        let names: Vec<String> =
            package.names().filter(|name| only.is_none_or(|only| only == *name)).map(str::to_owned).collect();
        for name in names {
            if name == SUITE_FILE || name.ends_with(&format!("/{SUITE_FILE}")) {
                let project = native::project(&package, &name).map_err(|problem| problem.to_string())?;
                published.projects.push(Arc::new(PublishedProject::new(&package, name, project)));
                continue;
            }
            let Some(bytes) = package.bytes(&name).filter(|bytes| is_project_like(bytes)) else {
                continue;
            };
            let text = decode(bytes, None);
            match Project::read(Path::new(&name), &text) {
                Ok(Kind::Project(project)) => {
                    published.projects.push(Arc::new(PublishedProject::new(&package, name, *project)))
                }
                Ok(Kind::Workspace) => {
                    published.skipped.push(Skipped {
                        file: name,
                        reason: "a workspace lists projects and holds no cases".to_owned(),
                    });
                }
                Ok(Kind::Other) => {}
                Err(problem) => return Err(problem.to_string()),
            }
        }
        if published.projects.is_empty() {
            return Err(format!("{}: no SoapUI project and no suite.toml in it", package.path));
        }
        Ok(published)
    }
}

/// Whether the first bytes name a root that matters; saves reading every schema as a tree.
fn is_project_like(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4096)];
    memchr::memmem::find(head, b"soapui-project").is_some() || memchr::memmem::find(head, b"soapui-workspace").is_some()
}

impl PublishedProject {
    fn new(package: &Arc<Package>, file: String, project: Project) -> Self {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let is_native = project.native.is_some();
        let inside = package
            .names()
            .filter(|name| name.strip_prefix(&prefix).is_some_and(|rest| is_native || !rest.contains('/')));
        let files = inside
            .filter_map(|name| {
                let bytes = package.bytes(name)?;
                Some(FileReference { path: name.to_owned(), sha256: hexadecimal(&Sha256::digest(bytes)) })
            })
            .collect();
        let contract = match &project.native {
            Some(native) => native.contract.clone(),
            None => contract_of(&project),
        };
        Self { file, folder, project, files, contract, package: Arc::clone(package), schemas: Mutex::default() }
    }

    /// The same with other cases in its first suite; compiled schemas are kept.
    pub fn with_cases(&self, cases: Vec<super::project::Case>) -> Self {
        let mut project = self.project.clone();
        if let Some(suite) = project.suites.first_mut() {
            suite.cases = cases;
        }
        let schemas = self.schemas.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self {
            file: self.file.clone(),
            folder: self.folder.clone(),
            project,
            files: self.files.clone(),
            contract: self.contract.clone(),
            package: Arc::clone(&self.package),
            schemas: Mutex::new(schemas),
        }
    }

    /// The schemas of an interface, compiled once.
    pub fn schemas(&self, interface: &str) -> Option<InterfaceSchemas> {
        let interface = self.project.interfaces.iter().find(|known| known.name == interface)?;
        let mut compiled = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        let schemas = compiled.entry(interface.name.clone()).or_insert_with(|| InterfaceSchemas::of(interface));
        Some(schemas.clone())
    }

    /// The version of the contract that the project carries, where its description tells it.
    pub fn contract_version(&self) -> Option<String> {
        let namespace = self.contract.as_ref()?;
        let of_operation = |interface: &Interface| {
            let schemas = self.schemas(&interface.name)?;
            let own = interface.operations.iter().filter_map(|operation| schemas.contract(&operation.name));
            own.into_iter()
                .find(|contract| contract.namespace == *namespace)
                .map(|contract| contract.version.to_string())
        };
        self.project.interfaces.iter().find_map(of_operation)
    }

    /// The name of the first suite, else of the project.
    pub fn name(&self) -> &str {
        &self.project.name
    }

    /// Where the package was read from.
    pub fn origin(&self) -> &str {
        &self.package.path
    }

    /// The text of a file beside the project.
    pub fn text(&self, name: &str) -> Option<String> {
        let name = name.trim_start_matches(['/', '\\', '.']).replace('\\', "/");
        let path = if self.folder.is_empty() { name } else { format!("{}/{name}", self.folder) };
        self.package.bytes(&path).map(|bytes| decode(bytes, None))
    }

    /// Bytes of every file of the folder, by path, as imported.
    pub fn contents(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().filter_map(|file| Some((file.path.as_str(), &**self.package.bytes(&file.path)?)))
    }

    /// The suite's own data file.
    pub fn data(&self, name: &str) -> Result<(DataFile, Vec<Problem>), DataError> {
        let text = self.text(name).ok_or_else(|| DataError::Missing(self.shown(name)))?;
        DataFile::read(Path::new(&self.shown(name)), &text).map_err(|problem| DataError::Broken(problem.to_string()))
    }

    /// A file beside the project as it is shown to people.
    pub fn shown(&self, name: &str) -> String {
        let name = name.trim_start_matches(['/', '\\']);
        if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) }
    }
}

/// The namespace that ends as a contract's does, in the interfaces' operations or the cached description.
fn contract_of(project: &Project) -> Option<String> {
    let cached = project.interfaces.iter().flat_map(|interface| &interface.cache);
    let targets = cached.filter_map(|part| {
        let (_, after) = part.content.split_once("Responder:")?;
        let version: String = after.chars().take_while(char::is_ascii_digit).collect();
        let before = &part.content[..part.content.len() - after.len()];
        let start = before.rfind(['"', '\'', '>', ' '])? + 1;
        Some(format!("{}{version}", &before[start..]))
    });
    targets.into_iter().find(|namespace| namespace.starts_with("urn:"))
}

/// Bytes in hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
