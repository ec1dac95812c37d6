//! The seam to the disk: as much of a file system as journal and snapshots need, and no more.
//!
//! A name exists for certain only after [`Disk::sync_names`], bytes only after [`DiskFile::sync`]; the fake disk of the
//! crash tests forgets everything else.

#[cfg(test)]
pub(crate) mod fake;
pub mod real;

use std::fmt;
use std::io;

/// One flat directory of files.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Creates a file that must not exist yet, of `bytes` zero bytes, their room set aside.
    fn create(&self, name: &str, bytes: u64) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file for reading.
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// The names of all files, in no order.
    fn names(&self) -> io::Result<Vec<String>>;
    /// Gives a file another name, replacing what bears it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes names given, changed and removed so far last.
    fn sync_names(&self) -> io::Result<()>;
}

/// An open file.
pub trait DiskFile: Send + fmt::Debug {
    /// Writes all of `bytes` from `offset` on; the file grows where needed.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Reads from `offset` on, up to the end of `into` or of the file; how many bytes there were.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Makes everything written so far last.
    fn sync(&mut self) -> io::Result<()>;
    /// The file's length in bytes.
    fn bytes(&self) -> io::Result<u64>;
}

/// A whole file, of at most `bytes_max` bytes.
pub fn read_whole(file: &dyn DiskFile, bytes_max: u64) -> io::Result<Vec<u8>> {
    let bytes = file.bytes()?;
    if bytes > bytes_max {
        return Err(io::Error::other(format!("{bytes} bytes, at most {bytes_max} were expected")));
    }
    let mut contents = vec![0; usize::try_from(bytes).map_err(io::Error::other)?];
    let mut filled = 0;
    while filled < contents.len() {
        match file.read_at(filled as u64, &mut contents[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    contents.truncate(filled);
    Ok(contents)
}
