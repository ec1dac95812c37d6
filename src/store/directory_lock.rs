//! One process at a time on a data directory.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The file that is locked. It is never removed: removing a locked file is how two processes come to hold one lock.
const LOCK_FILE: &str = "lock";

/// Held as long as the process uses the directory; the operating system lets go of it when the process ends.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

/// A directory that cannot be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process is there.
    #[error("{} is in use by another process", .0.display())]
    Held(PathBuf),
    /// The operating system refused.
    #[error("cannot lock {}", path.display())]
    Refused {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DirectoryLock {
    /// Creates the directory if need be and locks it, without waiting.
    pub fn take(directory: &Path) -> Result<Self, LockError> {
        let refused = |source| LockError::Refused { path: directory.to_owned(), source };
        fs::create_dir_all(directory).map_err(refused)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join(LOCK_FILE))
            .map_err(refused)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held(directory.to_owned())),
            Err(TryLockError::Error(source)) => Err(refused(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_and_the_next_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let first = DirectoryLock::take(&directory.path().join("data")).unwrap();
        let second = DirectoryLock::take(&directory.path().join("data"));
        assert!(matches!(second, Err(LockError::Held(_))), "{second:?}");
        drop(first);
        DirectoryLock::take(&directory.path().join("data")).unwrap();
    }
}
