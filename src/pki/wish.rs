//! What a certificate is to say: for whom, for which hosts, for how long, for which side of a connection.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use rcgen::string::PrintableString;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType,
};

use super::PkiError;

/// Longest serial number in a subject (X.520, `ub-serial-number`).
const HSA_ID_CHARACTERS_MAX: usize = 64;
/// Longest common name (X.520, `ub-common-name`).
const COMMON_NAME_CHARACTERS_MAX: usize = 64;
/// A moment before now, so that a machine whose clock is slow takes a new certificate.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// For which side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// A consumer, or the hub towards producers.
    Client,
    /// A producer, or the hub towards consumers.
    Server,
    /// Both, as function certificates of the real CA.
    Both,
}

/// From when until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub from: Timestamp,
    /// The last moment.
    pub until: Timestamp,
}

impl Validity {
    /// From now, for so many days.
    pub fn days(now: Timestamp, days: u32) -> Self {
        Self { from: now - CLOCK_SKEW, until: now + DAY * i32::try_from(days).unwrap_or(i32::MAX) }
    }

    /// Until yesterday, after so many days.
    pub fn expired(now: Timestamp, days: u32) -> Self {
        let until = now - DAY;
        Self { from: until - DAY * i32::try_from(days).unwrap_or(i32::MAX), until }
    }

    /// From a month ahead, for so many days.
    pub fn not_yet(now: Timestamp, days: u32) -> Self {
        let from = now + DAY * 30;
        Self { from, until: from + DAY * i32::try_from(days).unwrap_or(i32::MAX) }
    }
}

/// A certificate to be made.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The subject's serial number.
    pub hsa_id: String,
    /// Host names and addresses it is for.
    pub hosts: Vec<String>,
    /// How long it lasts.
    pub validity: Validity,
    /// For which side.
    pub usage: Usage,
}

impl Wish {
    /// The certificate's contents.
    pub(super) fn params(&self) -> Result<CertificateParams, PkiError> {
        let refuse = |what, value: &str, expected| PkiError::Wish { what, value: value.to_owned(), expected };
        let hsa_id = PrintableString::try_from(self.hsa_id.as_str())
            .ok()
            .filter(|_| !self.hsa_id.is_empty() && self.hsa_id.len() <= HSA_ID_CHARACTERS_MAX)
            .ok_or_else(|| {
                refuse("the HSA-id", &self.hsa_id, "1 to 64 letters, digits and hyphens, such as SE5565594230-K001")
            })?;
        let mut params = CertificateParams::default();
        params.subject_alt_names = self.hosts.iter().map(|host| alternative_name(host)).collect::<Result<_, _>>()?;
        params.distinguished_name = subject(self.hosts.first().unwrap_or(&self.hsa_id));
        params.distinguished_name.push(serial_number(), DnValue::PrintableString(hsa_id));
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = match self.usage {
            Usage::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Usage::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
            Usage::Both => vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth],
        };
        last(&mut params, self.validity);
        Ok(params)
    }
}

/// Sets from when until when a certificate is good.
pub(super) fn last(params: &mut CertificateParams, validity: Validity) {
    // Certificates count whole seconds; time before 1970 is of no use to anybody.
    let moment = |at: Timestamp| {
        let since_1970 = std::time::Duration::from_secs(u64::try_from(at.as_second()).unwrap_or_default());
        rcgen::date_time_ymd(1970, 1, 1) + since_1970
    };
    params.not_before = moment(validity.from);
    params.not_after = moment(validity.until);
}

/// The subject of everything this CA makes: country, organisation, name.
pub(super) fn subject(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, "SE");
    subject.push(DnType::OrganizationName, "anslut test");
    subject.push(DnType::CommonName, name.chars().take(COMMON_NAME_CHARACTERS_MAX).collect::<String>());
    subject
}

/// The attribute `serialNumber` of X.520, where HSA-ids stand.
fn serial_number() -> DnType {
    DnType::CustomDnType(vec![2, 5, 4, 5])
}

fn alternative_name(host: &str) -> Result<SanType, PkiError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let is_name = !host.is_empty()
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'*'));
    let name = host.try_into().ok().filter(|_| is_name);
    name.map(SanType::DnsName).ok_or_else(|| PkiError::Wish {
        what: "the host",
        value: host.to_owned(),
        expected: "a host name or an IP address, without scheme and port",
    })
}
