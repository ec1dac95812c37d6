//! An environment: the folder of files that describes one platform, on disk or compiled in.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rust_embed::RustEmbed;

/// The name of the built-in environment, which is also the default.
pub const DEMO: &str = "demo";

/// Largest file of an environment that is read whole, in bytes.
pub const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;

#[derive(RustEmbed)]
#[folder = "fixtures/demo/"]
struct DemoFiles;

/// Where an environment's files come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Environment {
    /// The files of `fixtures/demo`, compiled in.
    Demo,
    /// A folder on disk.
    Folder(PathBuf),
}

/// One file, read whole.
#[derive(Clone, Debug)]
pub struct EnvironmentFile {
    /// Path to show: on disk as opened, `demo/…` for a built-in one.
    pub path: PathBuf,
    /// What it contains.
    pub contents: Vec<u8>,
}

impl Environment {
    /// The environment named on the command line: a built-in name, else a folder. A folder wins if both exist.
    pub fn open(name: &str) -> Result<Self, EnvironmentError> {
        let folder = Path::new(name);
        match (folder.is_dir(), name) {
            (true, _) => Ok(Self::Folder(folder.to_owned())),
            (false, DEMO) => Ok(Self::Demo),
            (false, _) => Err(EnvironmentError::NotFound(name.to_owned())),
        }
    }

    /// Its name: the folder's last component, or the built-in's.
    pub fn name(&self) -> String {
        match self {
            Self::Demo => DEMO.to_owned(),
            Self::Folder(path) => {
                let absolute = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
                absolute
                    .file_name()
                    .map_or_else(|| "environment".to_owned(), |name| name.to_string_lossy().into_owned())
            }
        }
    }

    /// The path under which a file of the environment is shown.
    pub fn path(&self, relative: &str) -> PathBuf {
        match self {
            Self::Demo => Path::new(DEMO).join(relative),
            Self::Folder(root) => root.join(relative),
        }
    }

    /// One file by its path below the root, with `/` between the parts; `None` where there is none.
    pub fn file(&self, relative: &str) -> Result<Option<EnvironmentFile>, EnvironmentError> {
        let path = self.path(relative);
        match self {
            Self::Demo => {
                Ok(DemoFiles::get(relative).map(|file| EnvironmentFile { path, contents: file.data.into_owned() }))
            }
            Self::Folder(_) => read(path),
        }
    }

    /// All files below `folder`, at any depth, in the order of their paths; hidden ones are passed over.
    pub fn files_below(&self, folder: &str) -> Result<Vec<EnvironmentFile>, EnvironmentError> {
        match self {
            Self::Demo => {
                let prefix = format!("{folder}/");
                let mut names: Vec<_> = DemoFiles::iter().filter(|name| name.starts_with(&prefix)).collect();
                names.sort();
                names.iter().filter_map(|name| self.file(name).transpose()).collect()
            }
            Self::Folder(root) => {
                let mut paths = Vec::new();
                collect(&root.join(folder), &mut paths)?;
                paths.sort();
                paths.into_iter().filter_map(|path| read(path).transpose()).collect()
            }
        }
    }

    /// The shown paths of all files below `folder`, in order. Their contents may be larger than memory: they are not read.
    pub fn paths_below(&self, folder: &str) -> Result<Vec<PathBuf>, EnvironmentError> {
        match self {
            Self::Demo => {
                let prefix = format!("{folder}/");
                let mut names: Vec<_> = DemoFiles::iter().filter(|name| name.starts_with(&prefix)).collect();
                names.sort();
                Ok(names.iter().map(|name| self.path(name)).collect())
            }
            Self::Folder(root) => {
                let mut paths = Vec::new();
                collect(&root.join(folder), &mut paths)?;
                paths.sort();
                Ok(paths)
            }
        }
    }

    /// Opens a file by its shown path, for reading bit by bit; with its length in bytes.
    pub fn open_file(&self, path: &Path) -> Result<(Box<dyn Read + Send>, u64), EnvironmentError> {
        let unreadable = |source| EnvironmentError::Unreadable { path: path.to_owned(), source };
        match self {
            Self::Demo => {
                let name = path.strip_prefix(DEMO).ok().and_then(Path::to_str).unwrap_or_default();
                let file = DemoFiles::get(name).ok_or_else(|| unreadable(io::ErrorKind::NotFound.into()))?;
                let length = file.data.len() as u64;
                Ok((Box::new(io::Cursor::new(file.data)), length))
            }
            Self::Folder(_) => {
                let file = fs::File::open(path).map_err(unreadable)?;
                let length = file.metadata().map_err(unreadable)?.len();
                Ok((Box::new(file), length))
            }
        }
    }

    /// Whether `folder` exists, be it empty.
    pub fn has_folder(&self, folder: &str) -> bool {
        match self {
            Self::Demo => DemoFiles::iter().any(|name| name.starts_with(&format!("{folder}/"))),
            Self::Folder(root) => root.join(folder).is_dir(),
        }
    }
}

/// One file on disk, read whole; `None` where there is none.
pub fn read(path: PathBuf) -> Result<Option<EnvironmentFile>, EnvironmentError> {
    let unreadable = |source| EnvironmentError::Unreadable { path: path.clone(), source };
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
        Ok(metadata) if metadata.len() > FILE_BYTES_MAX => {
            return Err(EnvironmentError::TooLarge { path, bytes: metadata.len() });
        }
        Ok(_) => {}
    }
    let contents = fs::read(&path).map_err(unreadable)?;
    Ok(Some(EnvironmentFile { path, contents }))
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), EnvironmentError> {
    let unreadable = |source| EnvironmentError::Unreadable { path: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(unreadable)?,
    };
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let path = entry.path();
        match entry.file_type().map_err(unreadable)? {
            kind if kind.is_dir() => collect(&path, paths)?,
            _ => paths.push(path),
        }
    }
    Ok(())
}

/// An environment that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// Neither a folder nor a built-in name.
    #[error("no environment {0:?}: it is neither a folder nor the built-in name \"demo\"")]
    NotFound(String),
    /// The operating system refused.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// Why it could not be.
        source: io::Error,
    },
    /// Larger than [`FILE_BYTES_MAX`].
    #[error("{} is {bytes} bytes, the limit is {FILE_BYTES_MAX}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
}
