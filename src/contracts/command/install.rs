//! The place of imported releases in an environment's `contracts/`: written beside under a hidden name, which a library
//! passes over, brought to disk, and then renamed. A power cut leaves the old release or the new one, never a part.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::contracts::import::Import;
use crate::contracts::library::FOLDER;

/// Deepest nesting of folders that is copied.
const DEPTH_MAX: usize = 32;
/// Names that say what lies in a folder and not which release it is.
const NAMELESS: [&str; 4] = ["schemas", "interactions", "core_components", "contracts"];

/// What a release is called in the environment: as the zip, the folder, or the description that was named.
pub(super) fn name(path: &Path) -> io::Result<String> {
    let whole = fs::canonicalize(path)?;
    let named = whole.ancestors().find_map(|part| {
        let name = part.file_name()?.to_string_lossy().into_owned();
        (!NAMELESS.contains(&name.as_str())).then_some(name)
    });
    let name = named.unwrap_or_else(|| "release".to_owned());
    let is_wsdl = Path::new(&name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wsdl"));
    let name = if is_wsdl && whole.is_file() { name[..name.len() - ".wsdl".len()].to_owned() } else { name };
    Ok(name.trim_start_matches('.').to_owned())
}

/// Copies what was imported to the environment, in place of what has the same name there.
pub(super) fn install(path: &Path, name: &str, import: &Import, environment: &Path) -> io::Result<()> {
    let folder = environment.join(FOLDER);
    fs::create_dir_all(&folder)?;
    let target = folder.join(name);
    if lies_there(path, &target, environment) {
        return Ok(());
    }
    let incoming = Incoming::new(&folder, name);
    let is_named = |ending: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending));
    if path.is_dir() {
        copy_folder(path, &incoming.path.join(below(path)), 0)?;
    } else if is_named("xsd") {
        return Err(io::Error::other("a schema by itself holds no contract; import the description or the folder"));
    } else if is_named("wsdl") {
        closure(import, &incoming.path)?;
    } else {
        copy_file(path, &incoming.path)?;
    }
    incoming.take_the_place_of(&target)?;
    sync(&folder)
}

/// Puts a zip that is in memory into the environment, in place of what has the same name there.
pub fn install_zip(zip: &[u8], name: &str, environment: &Path) -> io::Result<()> {
    let folder = environment.join(FOLDER);
    fs::create_dir_all(&folder)?;
    let incoming = Incoming::new(&folder, name);
    write(&incoming.path, zip)?;
    incoming.take_the_place_of(&folder.join(name))?;
    sync(&folder)
}

/// A folder called `schemas` stays one within its release.
fn below(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if NAMELESS[..3].contains(&name.as_str()) { PathBuf::from(name) } else { PathBuf::new() }
}

/// What already lies in the environment, or holds it, is left where it is.
fn lies_there(path: &Path, target: &Path, environment: &Path) -> bool {
    let (Ok(path), Ok(environment)) = (fs::canonicalize(path), fs::canonicalize(environment)) else { return false };
    let is_target = fs::canonicalize(target).is_ok_and(|target| target == path);
    is_target || path.starts_with(environment.join(FOLDER)) || environment.starts_with(&path)
}

/// Something that is being written beside its place; removed again unless it takes it.
struct Incoming {
    path: PathBuf,
    old: PathBuf,
}

impl Incoming {
    fn new(folder: &Path, name: &str) -> Self {
        let number = std::process::id();
        let incoming = Self {
            path: folder.join(format!(".{name}.{number}.new")),
            old: folder.join(format!(".{name}.{number}.old")),
        };
        incoming.clear();
        incoming
    }

    fn take_the_place_of(&self, target: &Path) -> io::Result<()> {
        // A file replaces a file in one step; a folder cannot replace one that is not empty.
        if target.is_dir() || (target.exists() && self.path.is_dir()) {
            fs::rename(target, &self.old)?;
            if let Err(error) = fs::rename(&self.path, target) {
                fs::rename(&self.old, target)?;
                return Err(error);
            }
            return Ok(());
        }
        fs::rename(&self.path, target)
    }

    fn clear(&self) {
        for path in [&self.path, &self.old] {
            // Whatever cannot be removed is hidden, and tried again by the next import of this name and process.
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The files that a single description reaches, where they lie to each other as they did.
fn closure(import: &Import, to: &Path) -> io::Result<()> {
    let contracts = import.descriptions.iter().flat_map(|description| &description.contracts);
    let Some(contract) = contracts.into_iter().next() else {
        return Err(io::Error::other("the description holds no contract"));
    };
    let closure = contract.closure();
    for (name, bytes) in std::iter::once(&closure.wsdl).chain(&closure.files) {
        let path = to.join(name);
        let folder = path.parent().unwrap_or(to);
        fs::create_dir_all(folder)?;
        write(&path, bytes)?;
        sync(folder)?;
    }
    sync(to)
}

fn copy_folder(from: &Path, to: &Path, depth: usize) -> io::Result<()> {
    if depth > DEPTH_MAX {
        return Err(io::Error::other(format!("folders nested deeper than {DEPTH_MAX}")));
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        // Links are passed over, as they are when a folder is read.
        if kind.is_dir() {
            copy_folder(&entry.path(), &target, depth + 1)?;
        } else if kind.is_file() {
            copy_file(&entry.path(), &target)?;
        }
    }
    sync(to)
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut file = File::create(to)?;
    io::copy(&mut File::open(from)?, &mut file)?;
    file.sync_all()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Brings a folder's names to disk.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
