//! The data directory: where the platform keeps what must survive a restart, and the lock that makes it one process's own.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process;

use uuid::Uuid;

use super::process::variable;

/// The file that carries the lock; it holds the process id of the last holder, for people.
const LOCK_FILE: &str = "lock";
/// Longest part of the lock file that is read back.
const HOLDER_BYTES_MAX: u64 = 32;

/// Where data are to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataChoice {
    /// `--data`.
    Given(PathBuf),
    /// `--ephemeral`: a temporary directory that goes with the process.
    Ephemeral,
    /// `ANSLUT_DATA`, else the user's data folder.
    Usual,
}

/// A directory that is this process's own until the value is dropped.
#[derive(Debug)]
pub struct DataDirectory {
    path: PathBuf,
    ephemeral: bool,
    // Held for its lock alone; closing the file lets go of it.
    _lock: File,
}

impl DataDirectory {
    /// Creates the directory where needed, and takes its lock. `environment` is the environment's name.
    pub fn open(choice: &DataChoice, environment: &str, variables: &[(String, String)]) -> Result<Self, DataError> {
        let path = match choice {
            DataChoice::Given(path) => path.clone(),
            DataChoice::Usual => usual(environment, variables)?,
            DataChoice::Ephemeral => std::env::temp_dir().join(format!("anslut-{}", Uuid::new_v4())),
        };
        create(&path).map_err(|source| DataError::Unusable { path: path.clone(), source })?;
        let lock = lock(&path)?;
        Ok(Self { path, ephemeral: *choice == DataChoice::Ephemeral, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it goes with the process.
    pub fn is_ephemeral(&self) -> bool {
        self.ephemeral
    }
}

impl Drop for DataDirectory {
    fn drop(&mut self) {
        if self.ephemeral {
            // Nobody is left to tell; the operating system clears its temporary folder in time.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// `ANSLUT_DATA`, else `$XDG_DATA_HOME/anslut/<environment>`, else `~/.local/share/anslut/<environment>`.
pub fn usual(environment: &str, variables: &[(String, String)]) -> Result<PathBuf, DataError> {
    if let Some(path) = variable(variables, "ANSLUT_DATA") {
        return Ok(PathBuf::from(path));
    }
    // The XDG specification has relative paths ignored.
    let xdg = variable(variables, "XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || Some(Path::new(variable(variables, "HOME")?).join(".local/share"));
    let base = xdg.or_else(home).ok_or(DataError::NoHome)?;
    Ok(base.join("anslut").join(environment))
}

/// Creates a directory and its parents, readable by its owner alone where the system knows owners.
fn create(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn lock(directory: &Path) -> Result<File, DataError> {
    let path = directory.join(LOCK_FILE);
    let unusable = |source| DataError::Unusable { path: path.clone(), source };
    let mut file = File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // The holder is named if it can be; the refusal stands without.
            let _ = file.take(HOLDER_BYTES_MAX).read_to_string(&mut holder);
            let holder = holder.trim().parse().ok();
            return Err(DataError::Locked { path: directory.to_owned(), holder: Holder(holder) });
        }
        Err(TryLockError::Error(source)) => return Err(unusable(source)),
    }
    file.set_len(0).map_err(unusable)?;
    file.seek(SeekFrom::Start(0)).map_err(unusable)?;
    writeln!(file, "{}", process::id()).map_err(unusable)?;
    Ok(file)
}

/// The process that holds a lock, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder(Option<u32>);

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(id) => write!(f, "process {id}"),
            None => f.write_str("another process"),
        }
    }
}

/// A data directory that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Neither a folder nor a home to put it in.
    #[error("no place for data: give --data DIR or --ephemeral, or set ANSLUT_DATA, XDG_DATA_HOME or HOME")]
    NoHome,
    /// Somebody else has it.
    #[error("the data directory {} is in use by {holder}; stop it, or give another --data", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
        /// Who has it.
        holder: Holder,
    },
    /// The operating system refused.
    #[error("cannot use {} for data", path.display())]
    Unusable {
        /// What was to be created, opened or written.
        path: PathBuf,
        /// Why it could not be.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_usual_place() {
        let place = |pairs: &[(&str, &str)]| usual("demo", &variables(pairs)).ok();
        let all = [("ANSLUT_DATA", "d"), ("XDG_DATA_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(place(&all), Some("d".into()));
        assert_eq!(place(&all[1..]), Some("/x/anslut/demo".into()));
        assert_eq!(place(&all[2..]), Some("/h/.local/share/anslut/demo".into()));
        assert_eq!(
            place(&[("ANSLUT_DATA", ""), ("XDG_DATA_HOME", "x"), ("HOME", "/h")]),
            Some("/h/.local/share/anslut/demo".into())
        );
        assert_eq!(place(&[]), None);
    }

    #[test]
    fn only_one_at_a_time() {
        let folder = tempfile::TempDir::new().unwrap();
        let choice = DataChoice::Given(folder.path().join("a/b"));
        let first = DataDirectory::open(&choice, "demo", &[]).unwrap();
        assert!(first.path().is_dir() && !first.is_ephemeral());

        let refused = DataDirectory::open(&choice, "demo", &[]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "the data directory {} is in use by process {}; stop it, or give another --data",
                first.path().display(),
                process::id()
            )
        );
        drop(first);
        let second = DataDirectory::open(&choice, "demo", &[]).unwrap();
        drop(second);
        assert!(folder.path().join("a/b").is_dir(), "data stay");
    }

    #[test]
    fn ephemeral_data_go_with_the_process() {
        let first = DataDirectory::open(&DataChoice::Ephemeral, "demo", &[]).unwrap();
        let second = DataDirectory::open(&DataChoice::Ephemeral, "demo", &[]).unwrap();
        assert_ne!(first.path(), second.path());
        let path = first.path().to_owned();
        fs::write(path.join("x"), "x").unwrap();
        drop(first);
        assert!(!path.exists() && second.path().exists());
    }

    #[test]
    fn a_file_in_the_way() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        let refused = DataDirectory::open(&DataChoice::Given(path.clone()), "demo", &[]).unwrap_err();
        assert_eq!(refused.to_string(), format!("cannot use {} for data", path.display()));
        assert!(std::error::Error::source(&refused).is_some());
    }
}
