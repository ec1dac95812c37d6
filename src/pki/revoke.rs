//! Revocation lists (*spärrlistor*): what the intermediate, or the root, no longer stands for.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber};
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use super::PkiError;
use super::authority::{INTERMEDIATE, ROOT, issuer};
use super::files::{Readers, disk, read_text, replace};
use super::wish::Validity;

/// How long a list says it is good for. Nobody fetches a test CA's lists, so it is long.
const LIST_DAYS: u32 = 365;

/// Adds certificates to the lists of whoever signed them, and gives the lists that changed. Without certificates, both
/// lists are written anew, empty where there was none.
pub fn revoke(folder: &Path, certificates: &[PathBuf], now: Timestamp) -> Result<Vec<PathBuf>, PkiError> {
    let mut lists = Vec::new();
    let mut found = vec![false; certificates.len()];
    for name in [INTERMEDIATE, ROOT] {
        let (issuer, pem) = issuer(folder, name)?;
        let issuer_path = folder.join(format!("{name}.pem"));
        let own = leaf_of(&pem, &issuer_path)?;
        let own_name = subject_of(&own, &issuer_path)?;
        let path = folder.join(format!("{name}.crl"));
        let before = listed(&path)?;
        let mut serials = before.serials;
        for (place, certificate) in certificates.iter().enumerate() {
            let der = leaf_of(&read_text(certificate, "certificate in PEM")?, certificate)?;
            let (issued_by, serial) = issuer_and_serial(&der, certificate)?;
            if issued_by != own_name {
                continue;
            }
            found[place] = true;
            if !serials.iter().any(|(listed, _)| *listed == serial) {
                serials.push((serial, now));
            }
        }
        if !certificates.is_empty() && serials.len() == before.count {
            continue;
        }
        let list = list(&serials, before.number + 1, now)
            .signed_by(&issuer)
            .and_then(|list| list.pem())
            .map_err(|source| PkiError::Make { what: "a revocation list", source })?;
        replace(&path, list.as_bytes(), Readers::All)?;
        lists.push(path);
    }
    match found.iter().position(|found| !found) {
        Some(place) => Err(PkiError::Wish {
            what: "the certificate",
            value: certificates[place].display().to_string(),
            expected: "one that this CA has issued",
        }),
        None => Ok(lists),
    }
}

/// What a list held before.
struct Before {
    serials: Vec<(Vec<u8>, Timestamp)>,
    count: usize,
    number: u64,
}

fn listed(path: &Path) -> Result<Before, PkiError> {
    if !path.exists() {
        return Ok(Before { serials: Vec::new(), count: 0, number: 0 });
    }
    let unreadable = || PkiError::NotReadable { path: path.to_owned(), expected: "revocation list in PEM" };
    let bytes = fs::read(path).map_err(disk("read", path))?;
    let pem = Pem::iter_from_buffer(&bytes).next().and_then(Result::ok).ok_or_else(unreadable)?;
    let (_, list) = CertificateRevocationList::from_der(&pem.contents).map_err(|_| unreadable())?;
    let number = list.crl_number().and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
    let at = |seconds| Timestamp::from_second(seconds).unwrap_or_default();
    let serials: Vec<_> = list
        .iter_revoked_certificates()
        .map(|revoked| (revoked.raw_serial().to_vec(), at(revoked.revocation_date.timestamp())))
        .collect();
    Ok(Before { count: serials.len(), serials, number })
}

fn list(serials: &[(Vec<u8>, Timestamp)], number: u64, now: Timestamp) -> CertificateRevocationListParams {
    let moment = |at: Timestamp| {
        let since_1970 = std::time::Duration::from_secs(u64::try_from(at.as_second()).unwrap_or_default());
        rcgen::date_time_ymd(1970, 1, 1) + since_1970
    };
    let revoked = |(serial, at): &(Vec<u8>, Timestamp)| RevokedCertParams {
        serial_number: SerialNumber::from_slice(serial),
        revocation_time: moment(*at),
        reason_code: None,
        invalidity_date: None,
    };
    let Validity { from, until } = Validity::days(now, LIST_DAYS);
    CertificateRevocationListParams {
        this_update: moment(from - SignedDuration::from_mins(1)),
        next_update: moment(until),
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: serials.iter().map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    }
}

/// The first certificate of a PEM file, as DER.
fn leaf_of(pem: &str, path: &Path) -> Result<Vec<u8>, PkiError> {
    let first = Pem::iter_from_buffer(pem.as_bytes()).next().and_then(Result::ok);
    first
        .map(|pem| pem.contents)
        .ok_or_else(|| PkiError::NotReadable { path: path.to_owned(), expected: "certificate in PEM" })
}

fn subject_of(der: &[u8], path: &Path) -> Result<Vec<u8>, PkiError> {
    parsed(der, path).map(|certificate| certificate.subject().as_raw().to_vec())
}

fn issuer_and_serial(der: &[u8], path: &Path) -> Result<(Vec<u8>, Vec<u8>), PkiError> {
    parsed(der, path).map(|certificate| (certificate.issuer().as_raw().to_vec(), certificate.raw_serial().to_vec()))
}

fn parsed<'d>(der: &'d [u8], path: &Path) -> Result<x509_parser::certificate::X509Certificate<'d>, PkiError> {
    x509_parser::certificate::X509Certificate::from_der(der)
        .map(|(_, certificate)| certificate)
        .map_err(|_| PkiError::NotReadable { path: path.to_owned(), expected: "certificate" })
}
