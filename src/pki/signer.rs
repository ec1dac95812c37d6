//! What signs certificates: an intermediate with its key, opened from a CA's folder or made for the life of a process.

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData,
};
use uuid::Uuid;

use super::PkiError;
use super::wish::{Validity, Wish, last, subject};

/// How long root and intermediate last: longer than any installation of a test platform.
const AUTHORITY_DAYS: u32 = 20 * 365;
/// They are good from before their making, so that certificates that have expired can stand below them.
const AUTHORITY_LEAD: SignedDuration = SignedDuration::from_hours(10 * 365 * 24);

/// Signs certificates.
pub struct Signer {
    /// The root as PEM: what others trust.
    pub ca_pem: String,
    intermediate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("ca_pem", &self.ca_pem).finish_non_exhaustive()
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

impl Signer {
    /// Puts together what was read.
    pub(super) fn new(ca_pem: String, intermediate_pem: String, issuer: Issuer<'static, KeyPair>) -> Self {
        Self { ca_pem, intermediate_pem, issuer }
    }

    /// A CA of its own, whose keys are nowhere but in memory.
    pub fn passing(now: Timestamp) -> Result<Self, PkiError> {
        let [(root, _), (intermediate_pem, key)] = authority(now)?.map(|made| (made.pem(), made.key().serialize_pem()));
        let make = |what| move |source| PkiError::Make { what, source };
        let key = KeyPair::from_pem(&key).map_err(make("the key of the intermediate"))?;
        let issuer = Issuer::from_ca_cert_pem(&intermediate_pem, key).map_err(make("the intermediate"))?;
        Ok(Self { ca_pem: root, intermediate_pem, issuer })
    }

    /// Makes a certificate with a key of its own.
    pub fn make(&self, wish: &Wish) -> Result<Identity, PkiError> {
        let key = KeyPair::generate().map_err(|source| PkiError::Make { what: "a key", source })?;
        Ok(Identity { chain_pem: self.certify(wish, &key)?, key_pem: key.serialize_pem() })
    }

    /// Makes a certificate for a key that is there already; gives it with its chain, as PEM.
    pub fn certify(&self, wish: &Wish, key: &impl PublicKeyData) -> Result<String, PkiError> {
        let signed = wish.params()?.signed_by(key, &self.issuer);
        let certificate = signed.map_err(|source| PkiError::Make { what: "a certificate", source })?;
        Ok(format!("{}{}", certificate.pem(), self.intermediate_pem))
    }
}

/// A certificate that nobody but itself stands for.
pub fn self_signed(wish: &Wish) -> Result<Identity, PkiError> {
    let key = KeyPair::generate().map_err(|source| PkiError::Make { what: "a key", source })?;
    let signed = wish.params()?.self_signed(&key);
    let certificate = signed.map_err(|source| PkiError::Make { what: "a certificate", source })?;
    Ok(Identity { chain_pem: certificate.pem(), key_pem: key.serialize_pem() })
}

/// A root, and the intermediate it has signed, each with a new key.
pub(super) fn authority(now: Timestamp) -> Result<[CertifiedIssuer<'static, KeyPair>; 2], PkiError> {
    // Two installations must not look alike where their certificates meet.
    let mark = &Uuid::new_v4().simple().to_string()[..8];
    let make = |what| move |source| PkiError::Make { what, source };
    let root_key = KeyPair::generate().map_err(make("the key of the root"))?;
    let root_params = params(&format!("anslut test root CA {mark}"), now, BasicConstraints::Constrained(1));
    let root = CertifiedIssuer::self_signed(root_params, root_key).map_err(make("the root"))?;
    let key = KeyPair::generate().map_err(make("the key of the intermediate"))?;
    let params = params(&format!("anslut test function CA {mark}"), now, BasicConstraints::Constrained(0));
    let intermediate = CertifiedIssuer::signed_by(params, key, &root).map_err(make("the intermediate"))?;
    Ok([root, intermediate])
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
