//! A CA for tests, made with the library alone, and certificates that are good or wrong in every way.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use tempfile::TempDir;
use uuid::Uuid;

use super::world::NOW;

/// Root and intermediate, and a folder for files.
pub struct Ca {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate to make: good, unless changed.
pub struct Holder {
    pub unit: String,
    pub hosts: Vec<String>,
    /// Hours from now.
    pub from: i64,
    pub until: i64,
    pub usage: Vec<ExtendedKeyUsagePurpose>,
    pub key_usage: Vec<KeyUsagePurpose>,
    pub serial: u64,
}

impl Holder {
    /// For both sides of a connection.
    pub fn of_unit(unit: &str) -> Self {
        Self {
            unit: unit.to_owned(),
            hosts: Vec::new(),
            from: -1,
            until: 24,
            usage: vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth],
            key_usage: vec![KeyUsagePurpose::DigitalSignature],
            serial: 1_000,
        }
    }

    pub fn host(mut self, host: &str) -> Self {
        self.hosts.push(host.to_owned());
        self
    }

    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// A certificate, its chain, its key.
#[derive(Clone)]
pub struct Held {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub chain: Vec<CertificateDer<'static>>,
    key_der: Vec<u8>,
}

impl Held {
    pub fn key_der(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key_der.clone()))
    }

    pub fn certified(&self) -> Arc<CertifiedKey> {
        let key = rustls::crypto::ring::sign::any_supported_type(&self.key_der()).unwrap();
        Arc::new(CertifiedKey::new(self.chain.clone(), key))
    }
}

/// From 1970 until so many hours after the time of all tests.
fn since_1970(hours: i64) -> Duration {
    let now: Timestamp = NOW.parse().unwrap();
    Duration::from_secs((now.as_second() + hours * 3_600).unsigned_abs())
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Ca {
    /// Every CA has the same names, and keys of its own.
    pub fn new() -> Self {
        let root = CertifiedIssuer::self_signed(authority("root"), KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let intermediate = CertifiedIssuer::signed_by(authority("intermediate"), key, &root).unwrap();
        let ca = Self { root, intermediate, folder: TempDir::new().unwrap() };
        ca.write("ca.pem", &ca.root.pem());
        ca
    }

    /// The root's file.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der().clone()).unwrap();
        roots
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub fn issue(&self, holder: &Holder) -> Held {
        let mut params = CertificateParams::new(holder.hosts.clone()).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationalUnitName, holder.unit.as_str());
        params.distinguished_name.push(DnType::CommonName, "holder");
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + since_1970(holder.from);
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + since_1970(holder.until);
        params.extended_key_usages.clone_from(&holder.usage);
        params.key_usages.clone_from(&holder.key_usage);
        params.serial_number = Some(SerialNumber::from(holder.serial));
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &self.intermediate).unwrap();
        let name = Uuid::new_v4().simple();
        Held {
            certificate: self.write(&format!("{name}.pem"), &(leaf.pem() + &self.intermediate.pem())),
            key: self.write(&format!("{name}.key"), &key.serialize_pem()),
            chain: vec![leaf.der().clone(), self.intermediate.der().clone()],
            key_der: key.serialize_der(),
        }
    }

    /// A list of the intermediate's with these serial numbers.
    pub fn list(&self, name: &str, serials: &[u64]) -> PathBuf {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: rcgen::date_time_ymd(1970, 1, 1) + since_1970(-1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(1970, 1, 1) + since_1970(-1),
            next_update: rcgen::date_time_ymd(1970, 1, 1) + since_1970(24),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        self.write(name, &list.signed_by(&self.intermediate).unwrap().pem().unwrap())
    }
}
