//! Suites that were handed in, in a data directory: each a zip under `qa/suites`, byte for byte as it came, named by the
//! beginning of its hash; beside it the name it was given, where it was given one (`qa.md` §1.1, §8.6).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::suite::folder::{Published, hexadecimal};

/// Suites that are kept.
pub const SUITES_MAX: usize = 500;
/// Characters of an id: enough of a hash for as many suites as are kept.
const ID_CHARACTERS: usize = 16;
/// Longest name that is given to a suite.
const NAME_BYTES_MAX: usize = 200;

/// The suites of one data directory.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

/// A suite on it.
#[derive(Debug)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// The name it was given.
    pub name: Option<String>,
    /// What it holds.
    pub published: Published,
}

/// What became of a suite that was handed in.
#[derive(Debug)]
pub struct Taken {
    /// Its id: the same bytes have the same.
    pub id: String,
    /// What it holds.
    pub published: Published,
    /// Whether it was not there before.
    pub is_new: bool,
}

impl Shelf {
    /// The shelf of a data directory's folder `qa`.
    pub fn of(qa: &Path) -> Self {
        Self { folder: qa.join("suites") }
    }

    /// The ids of all suites, in order.
    pub fn ids(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let named = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut ids: Vec<String> = named.filter_map(|name| name.strip_suffix(".zip").map(str::to_owned)).collect();
        ids.retain(|id| !id.starts_with('.'));
        ids.sort();
        ids
    }

    /// One suite; nothing where it is not there or cannot be read: what was readable when it was handed in is, a file that
    /// somebody put there may not be.
    pub fn read(&self, id: &str) -> Option<Kept> {
        let bytes = fs::read(self.path(id, "zip")).ok()?;
        let published = Published::read_zip(&format!("{id}.zip"), &bytes).ok()?;
        Some(Kept { id: id.to_owned(), name: self.name(id), published })
    }

    /// A suite by its id, by the name it was given, or by the one it gives itself.
    pub fn find(&self, wanted: &str) -> Option<Kept> {
        let ids = self.ids();
        let named = |id: &&String| self.name(id).as_deref() == Some(wanted);
        let given = ids.iter().find(|id| *id == wanted).or_else(|| ids.iter().find(named));
        match given {
            Some(id) => self.read(id),
            None => ids.iter().filter_map(|id| self.read(id)).find(|kept| names_itself(&kept.published, wanted)),
        }
    }

    /// The name that a suite was given.
    pub fn name(&self, id: &str) -> Option<String> {
        let text = fs::read_to_string(self.path(id, "name")).ok()?;
        Some(text.trim().to_owned()).filter(|name| !name.is_empty())
    }

    /// Takes a zip in. Nothing is written unless it can be read, and no two suites are given one name.
    pub fn take(&self, bytes: &[u8], name: Option<&str>) -> Result<Taken, String> {
        let id = hexadecimal(&Sha256::digest(bytes))[..ID_CHARACTERS].to_owned();
        let published = Published::read_zip("suite.zip", bytes)?;
        if let Some(name) = name {
            if name.trim() != name || name.is_empty() || name.len() > NAME_BYTES_MAX || name.contains(char::is_control)
            {
                return Err(format!("the name {name:?} cannot be given: 1 to {NAME_BYTES_MAX} bytes on one line"));
            }
            let other = self.ids().into_iter().find(|other| *other != id && self.name(other).as_deref() == Some(name));
            if let Some(other) = other {
                return Err(format!("suite {other} has the name {name} already"));
            }
        }
        let ids = self.ids();
        let is_new = !ids.contains(&id);
        if is_new && ids.len() >= SUITES_MAX {
            return Err(format!("{SUITES_MAX} suites are kept; delete one first"));
        }
        let kept = self.write(&id, bytes, name, is_new);
        kept.map_err(|error| format!("the suite cannot be kept: {error}"))?;
        Ok(Taken { id, published, is_new })
    }

    fn write(&self, id: &str, bytes: &[u8], name: Option<&str>, is_new: bool) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let put = |kind: &str, bytes: &[u8]| {
            let beside = self.folder.join(format!(".{id}.{kind}.part"));
            fs::write(&beside, bytes)?;
            fs::rename(&beside, self.path(id, kind))
        };
        if let Some(name) = name {
            put("name", format!("{name}\n").as_bytes())?;
        }
        if is_new { put("zip", bytes) } else { Ok(()) }
    }

    /// Forgets a suite. What is left of it is read at the next start, and may be deleted again.
    pub fn drop(&self, id: &str) {
        let _ = fs::remove_file(self.path(id, "zip"));
        let _ = fs::remove_file(self.path(id, "name"));
    }

    fn path(&self, id: &str, kind: &str) -> PathBuf {
        self.folder.join(format!("{id}.{kind}"))
    }
}

/// Whether something in it calls itself so.
pub fn names_itself(published: &Published, name: &str) -> bool {
    published.projects.iter().any(|project| project.name() == name)
}
