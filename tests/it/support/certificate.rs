//! Certificates as a proxy puts them in a header (`vp.md` §3.2).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::string::PrintableString;
use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};

/// A certificate for nothing but its subject.
pub struct Certificate {
    pem: String,
    der: Vec<u8>,
}

impl Certificate {
    /// With an organisational unit.
    pub fn of_unit(unit: &str) -> Self {
        Self::with(&[(DnType::CommonName, "consumer"), (DnType::OrganizationalUnitName, unit)])
    }

    /// With a serial number, and no unit.
    pub fn of_serial_number(number: &str) -> Self {
        Self::with(&[(DnType::CommonName, "consumer"), (DnType::CustomDnType(vec![2, 5, 4, 5]), number)])
    }

    fn with(subject: &[(DnType, &str)]) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in subject {
            let value = PrintableString::try_from(*value).unwrap();
            params.distinguished_name.push(kind.clone(), DnValue::PrintableString(value));
        }
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Self { pem: certificate.pem(), der: certificate.der().to_vec() }
    }

    /// PEM on one line: what a proxy makes of line ends.
    pub fn on_one_line(&self, space: &str) -> String {
        self.pem.lines().collect::<Vec<_>>().join(space)
    }

    /// Base64 alone.
    pub fn bare(&self) -> String {
        STANDARD.encode(&self.der)
    }
}
