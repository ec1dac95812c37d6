//! The CA: a root that signs one intermediate, and the intermediate that signs everything else.
//!
//! ```text
//! ca.pem, ca.key                       the root: what others trust
//! intermediate.pem, intermediate.key   signs certificates; sent along with each of them
//! ca.crl, intermediate.crl             what either has revoked
//! issued/<name>.pem, .key, .p12        certificates, leaf first
//! ```

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rcgen::{Issuer, KeyPair};

use super::PkiError;
use super::files::{Readers, create_folder, read_text, write_new};
use super::signer::{Identity, Signer, authority};
use super::wish::Wish;

/// Names of the files, without their endings.
pub(super) const ROOT: &str = "ca";
/// The same of the intermediate.
pub(super) const INTERMEDIATE: &str = "intermediate";
/// The folder of what was issued.
const ISSUED: &str = "issued";

/// An opened CA.
#[derive(Debug)]
pub struct Authority {
    folder: PathBuf,
    signer: Signer,
}

/// Where a certificate was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Certificate and chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Authority {
    /// Makes a CA in a folder that has none.
    pub fn create(folder: &Path, now: Timestamp) -> Result<Self, PkiError> {
        create_folder(folder)?;
        let [root, intermediate] = authority(now)?;
        for (name, issuer) in [(ROOT, &root), (INTERMEDIATE, &intermediate)] {
            let expected = "give a folder that holds no CA";
            let key = folder.join(format!("{name}.key"));
            write_new(&key, issuer.key().serialize_pem().as_bytes(), Readers::Owner, expected)?;
            let certificate = folder.join(format!("{name}.pem"));
            write_new(&certificate, issuer.pem().as_bytes(), Readers::All, expected)?;
        }
        Self::open(folder)
    }

    /// Opens the CA of a folder.
    pub fn open(folder: &Path) -> Result<Self, PkiError> {
        let (issuer, intermediate_pem) = issuer(folder, INTERMEDIATE)?;
        let ca_pem = read_text(&folder.join(format!("{ROOT}.pem")), "certificate")?;
        Ok(Self { folder: folder.to_owned(), signer: Signer::new(ca_pem, intermediate_pem, issuer) })
    }

    /// The root, which others trust.
    pub fn ca(&self) -> PathBuf {
        self.folder.join(format!("{ROOT}.pem"))
    }

    /// The root as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.signer.ca_pem
    }

    /// What signs.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Makes a certificate with a key of its own.
    pub fn make(&self, wish: &Wish) -> Result<Identity, PkiError> {
        self.signer.make(wish)
    }

    /// Makes a certificate for a key that is there already, of any kind the library can read.
    pub fn make_for(&self, wish: &Wish, key: &Path) -> Result<Identity, PkiError> {
        const EXPECTED: &str = "private key in PEM, PKCS#8 (BEGIN PRIVATE KEY)";
        let pem = read_text(key, EXPECTED)?;
        let pair =
            KeyPair::from_pem(&pem).map_err(|_| PkiError::NotReadable { path: key.to_owned(), expected: EXPECTED })?;
        Ok(Identity { chain_pem: self.signer.certify(wish, &pair)?, key_pem: pair.serialize_pem() })
    }

    /// Puts an identity into the folder of what was issued; a name can be used once.
    pub fn keep(&self, name: &str, identity: &Identity) -> Result<Issued, PkiError> {
        let expected = "give another --name, or move it away";
        let (certificate, key) = (self.issued(name, "pem"), self.issued(name, "key"));
        create_folder(&self.folder.join(ISSUED))?;
        write_new(&key, identity.key_pem.as_bytes(), Readers::Owner, expected)?;
        write_new(&certificate, identity.chain_pem.as_bytes(), Readers::All, expected)?;
        Ok(Issued { certificate, key })
    }

    /// Where a file of an issued certificate is.
    pub fn issued(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.join(ISSUED).join(format!("{}.{ending}", file_name(name)))
    }
}

/// An issuer of the folder by its name, and its certificate as PEM.
pub(super) fn issuer(folder: &Path, name: &str) -> Result<(Issuer<'static, KeyPair>, String), PkiError> {
    let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    if !certificate.exists() {
        return Err(PkiError::NoAuthority { folder: folder.to_owned() });
    }
    let unreadable = |path: &Path, expected| PkiError::NotReadable { path: path.to_owned(), expected };
    let key_pem = read_text(&key, "private key in PEM")?;
    let pair = KeyPair::from_pem(&key_pem).map_err(|_| unreadable(&key, "private key in PEM"))?;
    let pem = read_text(&certificate, "certificate in PEM")?;
    let issuer =
        Issuer::from_ca_cert_pem(&pem, pair).map_err(|_| unreadable(&certificate, "certificate of a CA in PEM"))?;
    Ok((issuer, pem))
}

/// A name as a file can have it.
fn file_name(name: &str) -> String {
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = name.chars().map(|c| if usual(c) { c } else { '_' }).collect();
    name.trim_start_matches('.').to_owned()
}
