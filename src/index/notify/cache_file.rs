//! The list of subscribers as a file, for starts at which nobody can be asked (`ei.md` §5.3).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::discover;
use crate::domain::subscriber::Subscriber;
use crate::soap::xml::text::escape_into;

/// Largest file that is read, in bytes.
pub const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A list that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CacheFileError {
    /// The operating system refused.
    #[error("cannot read {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// Larger than [`FILE_BYTES_MAX`].
    #[error("{} is {bytes} bytes, the limit is {FILE_BYTES_MAX}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// Not a list of subscribers.
    #[error("{}: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        message: String,
    },
}

/// Writes the list beside and renames it, replacing the previous one.
pub fn write(path: &Path, subscribers: &[Subscriber]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let unfinished = path.with_file_name(name);
    fs::write(&unfinished, document(subscribers))?;
    fs::rename(&unfinished, path)
}

/// Reads a list.
pub fn read(path: &Path) -> Result<Vec<Subscriber>, CacheFileError> {
    let unreadable = |error| CacheFileError::Unreadable(path.to_owned(), error);
    let bytes = fs::metadata(path).map_err(unreadable)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(CacheFileError::TooLarge { path: path.to_owned(), bytes });
    }
    let contents = fs::read(path).map_err(unreadable)?;
    discover::records(&contents, "subscribers")
        .map_err(|message| CacheFileError::Malformed { path: path.to_owned(), message })
}

/// The subscribers in the contract's own elements.
fn document(subscribers: &[Subscriber]) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<subscribers>\n");
    for subscriber in subscribers {
        out.push_str("  <logicalAddressRecord>\n");
        element(&mut out, "    ", "logicalAddress", subscriber.logical_address.as_str());
        for filter in &subscriber.filters {
            out.push_str("    <filter>\n");
            element(&mut out, "      ", "serviceDomain", &filter.service_domain);
            filter.categorizations.iter().for_each(|text| element(&mut out, "      ", "categorization", text));
            out.push_str("    </filter>\n");
        }
        out.push_str("  </logicalAddressRecord>\n");
    }
    out.push_str("</subscribers>\n");
    out
}

fn element(out: &mut String, indent: &str, name: &str, text: &str) {
    out.push_str(&format!("{indent}<{name}>"));
    escape_into(out, text);
    out.push_str(&format!("</{name}>\n"));
}
