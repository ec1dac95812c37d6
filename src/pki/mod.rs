//! A test CA of the installation's own: a root, an intermediate as the real one has, and below it certificates with an
//! HSA-id in the subject's serial number, by which the hub knows its consumers (`vp.md` §3.1).
//!
//! Keys are made where they are needed and never leave the folder; nothing is shared between installations. What a
//! certificate is worth in a handshake is decided elsewhere: this module only makes them.

pub mod authority;
pub mod files;
pub mod keystore;
pub mod own;
pub mod revoke;
pub mod signer;
#[cfg(test)]
mod tests;
pub mod weak;
pub mod wish;

use std::io;
use std::path::PathBuf;

/// What could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The disk refused.
    #[error("cannot {doing} {}", path.display())]
    Disk {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something that must not be overwritten is there already.
    #[error("{} is there already; {expected}", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
        /// What to do about it.
        expected: &'static str,
    },
    /// No CA in the folder.
    #[error("{} holds no CA; make one with: anslut pki init {}", folder.display(), folder.display())]
    NoAuthority {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of the CA cannot be read as what it should be.
    #[error("{} is no {expected}", path.display())]
    NotReadable {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// What was wished for cannot stand in a certificate.
    #[error("{what} is {value:?}; expected {expected}")]
    Wish {
        /// Which part.
        what: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The certificate library refused.
    #[error("cannot make {what}: {source}")]
    Make {
        /// What was to be made.
        what: &'static str,
        /// Why not.
        source: rcgen::Error,
    },
    /// The key store library refused.
    #[error("cannot write the PKCS#12 file: {0}")]
    KeyStore(String),
}
