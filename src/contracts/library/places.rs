//! What lies in an environment's `contracts/`: zips and folders as they were downloaded, in whatever order somebody put
//! them there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::domain::problem::Problem;

/// Folders of a published release; where they lie directly in a folder, that folder is a release.
const RELEASE_FOLDERS: [&str; 3] = ["schemas", "interactions", "core_components"];
/// Archives that look like a release and are none that is read.
const OTHER_ARCHIVES: [&str; 6] = ["7z", "rar", "tar", "tgz", "gz", "bz2"];
/// Deepest nesting of folders that is looked through.
const DEPTH_MAX: usize = 32;
/// Most files that are looked at to see whether any has changed; a change in one behind them goes unseen.
const FILES_MAX: usize = 100_000;

/// The zips and folders to import.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// In the order of their names.
    pub(super) paths: Vec<PathBuf>,
    /// What is there and cannot be imported.
    pub(super) problems: Vec<Problem>,
}

impl Places {
    /// Looks through a folder; one that does not exist holds nothing.
    pub(super) fn of(folder: &Path) -> Self {
        let mut places = Self::default();
        places.look(folder, 0);
        places.paths.sort();
        places
    }

    fn look(&mut self, folder: &Path, depth: usize) {
        let children = match children(folder) {
            Ok(children) => children,
            Err(error) if error.kind() == io::ErrorKind::NotFound && depth == 0 => return,
            Err(error) => {
                return self.problems.push(Problem::error(folder, 0, format!("cannot be read: {error}")));
            }
        };
        if is_release(&children) {
            self.paths.push(folder.to_owned());
        }
        for child in &children {
            match extension(&child.path).as_str() {
                "zip" if !child.is_folder => self.paths.push(child.path.clone()),
                other if !child.is_folder && OTHER_ARCHIVES.contains(&other) => {
                    let message = "passed over, expected a zip or a folder; unpack it here";
                    self.problems.push(Problem::warning(&child.path, 0, message));
                }
                _ if child.is_folder && !is_release(&children) => self.folder(&child.path, depth),
                _ => {}
            }
        }
    }

    /// A folder with schemas anywhere in it is one release; one without may still hold zips.
    fn folder(&mut self, folder: &Path, depth: usize) {
        if holds_schemas(folder, depth) {
            self.paths.push(folder.to_owned());
        } else if depth < DEPTH_MAX {
            self.look(folder, depth + 1);
        }
    }
}

/// Path, length and time of every file, by which a change is seen.
pub(super) type Fingerprint = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// The fingerprint of a folder.
pub(super) fn fingerprint(folder: &Path) -> Fingerprint {
    let mut files = Vec::new();
    collect(folder, 0, &mut files);
    files.sort();
    files
}

fn collect(folder: &Path, depth: usize, files: &mut Fingerprint) {
    for child in children(folder).unwrap_or_default() {
        if child.is_folder && depth < DEPTH_MAX {
            collect(&child.path, depth + 1, files);
        } else if files.len() < FILES_MAX
            && let Ok(metadata) = fs::metadata(&child.path)
        {
            files.push((child.path, metadata.len(), metadata.modified().ok()));
        }
    }
}

/// The descriptions in a folder, at any depth.
pub(super) fn descriptions_below(folder: &Path) -> Vec<PathBuf> {
    let files = fingerprint(folder).into_iter().map(|(path, ..)| path);
    files.filter(|path| extension(path) == "wsdl").collect()
}

struct Child {
    path: PathBuf,
    is_folder: bool,
}

/// What lies directly in a folder; hidden files are passed over, links are followed.
fn children(folder: &Path) -> io::Result<Vec<Child>> {
    let mut children = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            let path = entry.path();
            children.push(Child { is_folder: path.is_dir(), path });
        }
    }
    Ok(children)
}

fn is_release(children: &[Child]) -> bool {
    children.iter().any(|child| match child.is_folder {
        true => child.path.file_name().is_some_and(|name| RELEASE_FOLDERS.iter().any(|known| name == *known)),
        false => is_schema(&child.path),
    })
}

fn holds_schemas(folder: &Path, depth: usize) -> bool {
    let children = children(folder).unwrap_or_default();
    children.iter().any(|child| !child.is_folder && is_schema(&child.path))
        || (depth < DEPTH_MAX && children.iter().any(|child| child.is_folder && holds_schemas(&child.path, depth + 1)))
}

fn is_schema(path: &Path) -> bool {
    matches!(extension(path).as_str(), "wsdl" | "xsd")
}

fn extension(path: &Path) -> String {
    path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default()
}
