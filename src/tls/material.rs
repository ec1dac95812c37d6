//! Keys, certificates and revocation lists from files, with every complaint naming its file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use crate::config::tls::{Identity, Material, Trust};
use crate::pki::keystore;

/// Largest file that is read.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Files that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MaterialError {
    /// The disk refused.
    #[error("cannot read {}: {source}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("{} {complaint}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what was expected.
        complaint: String,
    },
    /// Nothing is configured.
    #[error("{0} is not set")]
    NotSet(&'static str),
    /// The TLS library refuses what the files hold.
    #[error("{0}")]
    Library(String),
}

impl MaterialError {
    /// The file it is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Disk { path, .. } | Self::File { path, .. } => Some(path),
            _ => None,
        }
    }
}

/// One side's files, read.
pub(super) struct Loaded {
    pub(super) roots: Arc<RootCertStore>,
    /// Who we are; nobody in particular where we show no certificate.
    pub(super) identity: Option<Arc<CertifiedKey>>,
    /// What stands above our own certificate. Whoever has one of the same CA may leave it out.
    pub(super) known: Vec<CertificateDer<'static>>,
    pub(super) revoked: Vec<CertificateRevocationListDer<'static>>,
}

/// Reads everything one side needs.
pub(super) fn load(material: &Material, provider: &CryptoProvider) -> Result<Loaded, MaterialError> {
    let trust = material.trust.as_ref().ok_or(MaterialError::NotSet("tls.ca"))?;
    let identity = material.identity.as_ref().ok_or(MaterialError::NotSet("tls.cert"))?;
    let mut revoked = Vec::new();
    for path in &material.revoked {
        revoked.extend(lists(path)?);
    }
    let identity = Arc::new(certified(identity, provider)?);
    let known = identity.cert.iter().skip(1).cloned().collect();
    Ok(Loaded { roots: Arc::new(roots(trust)?), identity: Some(identity), known, revoked })
}

/// Reads what somebody needs who shows no certificate.
pub(super) fn load_anonymous(material: &Material) -> Result<Loaded, MaterialError> {
    let trust = material.trust.as_ref().ok_or(MaterialError::NotSet("tls.ca"))?;
    let revoked = material.revoked.iter().map(|path| lists(path)).collect::<Result<Vec<_>, _>>()?;
    let revoked = revoked.into_iter().flatten().collect();
    Ok(Loaded { roots: Arc::new(roots(trust)?), identity: None, known: Vec::new(), revoked })
}

/// What is wrong with the files one side names, however many of them it names.
pub fn check(material: &Material) -> Vec<MaterialError> {
    let trust = material.trust.as_ref().map(|trust| roots(trust).map(drop));
    let provider = ring::default_provider();
    let identity = material.identity.as_ref().map(|identity| certified(identity, &provider).map(drop));
    let revoked = material.revoked.iter().map(|path| lists(path).map(drop));
    trust.into_iter().chain(identity).chain(revoked).filter_map(Result::err).collect()
}

/// The certificates of those whose word is taken.
pub fn roots(trust: &Trust) -> Result<RootCertStore, MaterialError> {
    let (path, certificates) = match trust {
        Trust::Pem(path) => (path, certificates(path)?),
        Trust::Store(path, password) => {
            let trusted = store(path, password)?.trusted;
            (path, trusted.into_iter().map(CertificateDer::from).collect())
        }
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|error| file(path, format!("holds a certificate that nobody can trust: {error}")))?;
    }
    if roots.is_empty() {
        return Err(file(path, "holds no certificate; expected those of the CAs to trust"));
    }
    Ok(roots)
}

fn certified(identity: &Identity, provider: &CryptoProvider) -> Result<CertifiedKey, MaterialError> {
    let (path, chain, key) = match identity {
        Identity::Pem { certificate, key } => {
            let chain = certificates(certificate)?;
            if chain.is_empty() {
                return Err(file(certificate, "holds no certificate; expected PEM, leaf first"));
            }
            let bytes = bytes(key)?;
            let key = PrivateKeyDer::from_pem_slice(&bytes)
                .map_err(|_| file(key, "holds no private key that is not encrypted; expected PEM"))?;
            (certificate, chain, key)
        }
        Identity::Store(path, password) => {
            let (key, chain) =
                store(path, password)?.identity.ok_or_else(|| file(path, "holds no private key with a certificate"))?;
            let chain = chain.into_iter().map(CertificateDer::from).collect();
            (path, chain, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key)))
        }
    };
    let key = provider
        .key_provider
        .load_private_key(key)
        .map_err(|error| file(path, format!("has a key that cannot be used: {error}")))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => {
            Err(file(path, "and its key do not belong together"))
        }
        _ => Ok(certified),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, MaterialError> {
    let bytes = bytes(path)?;
    let blocks: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    blocks.map_err(|error| file(path, format!("is not PEM: {error}")))
}

fn lists(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, MaterialError> {
    let bytes = bytes(path)?;
    // A CA publishes its list as DER; PEM is what people paste.
    if bytes.first() == Some(&0x30) {
        return Ok(vec![CertificateRevocationListDer::from(bytes)]);
    }
    let blocks: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(&bytes).collect();
    let lists: Vec<_> = blocks.map_err(|error| file(path, format!("is not PEM: {error}")))?;
    if lists.is_empty() {
        return Err(file(path, "holds no revocation list; expected PEM (BEGIN X509 CRL) or DER"));
    }
    Ok(lists)
}

fn store(path: &Path, password: &str) -> Result<keystore::Contents, MaterialError> {
    keystore::read(&bytes(path)?, password).map_err(|error| file(path, format!("cannot be opened: {error}")))
}

fn bytes(path: &Path) -> Result<Vec<u8>, MaterialError> {
    let disk = |source| MaterialError::Disk { path: path.to_owned(), source };
    let length = fs::metadata(path).map_err(disk)?.len();
    if length > FILE_BYTES_MAX {
        return Err(file(path, format!("has {length} bytes; expected at most {FILE_BYTES_MAX}")));
    }
    fs::read(path).map_err(disk)
}

fn file(path: &Path, complaint: impl Into<String>) -> MaterialError {
    MaterialError::File { path: path.to_owned(), complaint: complaint.into() }
}
