//! Files of a CA on disk: keys are readable by their owner alone, and nothing is overwritten by accident.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::PkiError;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone.
    Owner,
    /// Everybody.
    All,
}

/// Creates a folder and its parents, for their owner alone where they are new.
pub fn create_folder(path: &Path) -> Result<(), PkiError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(disk("create", path))
}

/// Writes a file that is not there yet, down to the disk.
pub fn write_new(path: &Path, contents: &[u8], readers: Readers, expected: &'static str) -> Result<(), PkiError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let mut file = match open(&mut options, path, readers) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(PkiError::Exists { path: path.to_owned(), expected });
        }
        opened => opened.map_err(disk("create", path))?,
    };
    fill(&mut file, contents).map_err(disk("write", path))
}

/// Writes a file beside the one of that name and puts it in its place, so that readers see the old one or the new one.
pub fn replace(path: &Path, contents: &[u8], readers: Readers) -> Result<(), PkiError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    let _ = fs::remove_file(beside);
    write_new(beside, contents, readers, "another process is writing it")?;
    fs::rename(beside, path).map_err(disk("replace", path))
}

/// Reads a file as text.
pub fn read_text(path: &Path, expected: &'static str) -> Result<String, PkiError> {
    let bytes = fs::read(path).map_err(disk("read", path))?;
    String::from_utf8(bytes).map_err(|_| PkiError::NotReadable { path: path.to_owned(), expected })
}

/// An error of the disk, told with what was tried.
pub(super) fn disk(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PkiError {
    let path = path.to_owned();
    move |source| PkiError::Disk { doing, path, source }
}

fn open(options: &mut OpenOptions, path: &Path, readers: Readers) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, if readers == Readers::Owner { 0o600 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = readers;
    options.open(path)
}

fn fill(file: &mut File, contents: &[u8]) -> io::Result<()> {
    file.write_all(contents)?;
    file.sync_all()
}
