//! The CA: a root that signs one intermediate, and the intermediate that signs everything else.
//!
//! ```text
//! ca.pem, ca.key                       the root: what others trust
//! intermediate.pem, intermediate.key   signs certificates; sent along with each of them
//! ca.crl, intermediate.crl             what either has revoked
//! issued/<name>.pem, .key, .p12        certificates, leaf first
//! ```

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use uuid::Uuid;

use super::PkiError;
use super::files::{Readers, create_folder, read_text, write_new};
use super::wish::{Validity, Wish, last, subject};

/// Names of the files, without their endings.
pub(super) const ROOT: &str = "ca";
/// The same of the intermediate.
pub(super) const INTERMEDIATE: &str = "intermediate";
/// The folder of what was issued.
const ISSUED: &str = "issued";
/// How long root and intermediate last: longer than any installation of a test platform.
const AUTHORITY_DAYS: u32 = 20 * 365;
/// They are good from before their making, so that certificates that have expired can stand below them.
const AUTHORITY_LEAD: SignedDuration = SignedDuration::from_hours(10 * 365 * 24);

/// An opened CA.
pub struct Authority {
    folder: PathBuf,
    intermediate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// A certificate and its key, not on disk yet.
pub struct Identity {
    /// The certificate, then the intermediate that signed it.
    pub chain_pem: String,
    /// PKCS#8.
    pub key_pem: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("chain_pem", &self.chain_pem).finish_non_exhaustive()
    }
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
        // Two installations must not look alike where their certificates meet.
        let mark = &Uuid::new_v4().simple().to_string()[..8];
        let make = |what| move |source| PkiError::Make { what, source };
        let root_key = KeyPair::generate().map_err(make("the key of the root"))?;
        let root_params = params(&format!("anslut test root CA {mark}"), now, BasicConstraints::Constrained(1));
        let root = CertifiedIssuer::self_signed(root_params, root_key).map_err(make("the root"))?;
        let key = KeyPair::generate().map_err(make("the key of the intermediate"))?;
        let intermediate_params =
            params(&format!("anslut test function CA {mark}"), now, BasicConstraints::Constrained(0));
        let intermediate =
            CertifiedIssuer::signed_by(intermediate_params, key, &root).map_err(make("the intermediate"))?;
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
        Ok(Self { folder: folder.to_owned(), intermediate_pem, issuer })
    }

    /// The root, which others trust.
    pub fn ca(&self) -> PathBuf {
        self.folder.join(format!("{ROOT}.pem"))
    }

    /// The root as PEM.
    pub fn ca_pem(&self) -> Result<String, PkiError> {
        read_text(&self.ca(), "certificate")
    }

    /// Makes a certificate with a key of its own.
    pub fn make(&self, wish: &Wish) -> Result<Identity, PkiError> {
        let key = KeyPair::generate().map_err(|source| PkiError::Make { what: "a key", source })?;
        self.certify(wish, &key)
    }

    /// Makes a certificate for a key that is there already, of any kind the library can read.
    pub fn make_for(&self, wish: &Wish, key: &Path) -> Result<Identity, PkiError> {
        const EXPECTED: &str = "private key in PEM, PKCS#8 (BEGIN PRIVATE KEY)";
        let pem = read_text(key, EXPECTED)?;
        let pair =
            KeyPair::from_pem(&pem).map_err(|_| PkiError::NotReadable { path: key.to_owned(), expected: EXPECTED })?;
        self.certify(wish, &pair)
    }

    fn certify(&self, wish: &Wish, key: &KeyPair) -> Result<Identity, PkiError> {
        let certificate = wish
            .params()?
            .signed_by(key, &self.issuer)
            .map_err(|source| PkiError::Make { what: "a certificate", source })?;
        let chain_pem = format!("{}{}", certificate.pem(), self.intermediate_pem);
        Ok(Identity { chain_pem, key_pem: key.serialize_pem() })
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

fn params(name: &str, now: Timestamp, constraints: BasicConstraints) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(name);
    params.is_ca = IsCa::Ca(constraints);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let Validity { from, until } = Validity::days(now, AUTHORITY_DAYS);
    last(&mut params, Validity { from: from - AUTHORITY_LEAD, until });
    params
}

/// A name as a file can have it.
fn file_name(name: &str) -> String {
    let usual = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = name.chars().map(|c| if usual(c) { c } else { '_' }).collect();
    name.trim_start_matches('.').to_owned()
}
