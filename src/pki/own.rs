//! What a platform makes for itself when no certificates are configured: a CA, its own certificate, and one for a first
//! call. All of it is made once, under the data directory, and renewed before it expires.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use x509_parser::pem::Pem;

use super::PkiError;
use super::authority::{Authority, Issued};
use super::files::{create_folder, disk, read_text};
use super::signer::Identity;
use super::wish::{Usage, Validity, Wish};

/// Names of the two certificates.
const HUB: &str = "hub";
const CLIENT: &str = "client";
/// How long they last: more is not taken by the TLS of Apple's systems.
const DAYS: u32 = 820;
/// How long before its end a certificate is made anew.
const RENEWAL: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Names by which a platform on this machine is called.
const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Where the platform's own files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The CA's folder.
    pub folder: PathBuf,
    /// The root.
    pub ca: PathBuf,
    /// The hub's certificate and key.
    pub hub: Issued,
    /// A consumer's certificate and key, where there is a consumer to make them for.
    pub client: Option<Issued>,
}

/// What the platform's own certificates are to say.
#[derive(Clone, Debug)]
pub struct OwnWish<'w> {
    /// The platform's HSA-id.
    pub hub: &'w str,
    /// Hosts beside those of this machine.
    pub hosts: &'w [String],
    /// The consumer of a first call.
    pub client: Option<&'w str>,
}

/// Finds the platform's own certificates in a folder; makes what is missing, or about to expire.
pub fn ensure(folder: &Path, wish: &OwnWish<'_>, now: Timestamp) -> Result<Own, PkiError> {
    let authority = authority(folder, now)?;
    let hosts = own_hosts(wish.hosts);
    let hub = Wish { hsa_id: wish.hub.to_owned(), hosts, validity: Validity::days(now, DAYS), usage: Usage::Both };
    let hub = issued(&authority, HUB, &hub, now)?;
    let client = wish.client.map(|hsa_id| {
        let validity = Validity::days(now, DAYS);
        issued(
            &authority,
            CLIENT,
            &Wish { hsa_id: hsa_id.to_owned(), hosts: Vec::new(), validity, usage: Usage::Client },
            now,
        )
    });
    Ok(Own { folder: folder.to_owned(), ca: authority.ca(), hub, client: client.transpose()? })
}

/// Opens the CA of a folder; makes it where there is none.
pub fn authority(folder: &Path, now: Timestamp) -> Result<Authority, PkiError> {
    match Authority::open(folder) {
        Err(PkiError::NoAuthority { .. }) => create(folder, now),
        opened => opened,
    }
}

/// The names of this machine, and others.
fn own_hosts(others: &[String]) -> Vec<String> {
    let mut hosts: Vec<_> = HOSTS.map(str::to_owned).to_vec();
    hosts.extend(others.iter().filter(|host| !HOSTS.contains(&host.as_str())).cloned());
    hosts
}

/// What a listener on this machine shows: for its names, and for the address it listens on.
pub fn listener_wish(hsa_id: String, hosts: &[String], now: Timestamp) -> Wish {
    Wish { hsa_id, hosts: own_hosts(hosts), validity: Validity::days(now, DAYS), usage: Usage::Both }
}

/// The certificate of this name in a CA's folder with its key; made where there is none, or none that still serves.
pub fn identity(authority: &Authority, name: &str, wish: &Wish, now: Timestamp) -> Result<Identity, PkiError> {
    let issued = issued(authority, name, wish, now)?;
    let chain_pem = read_text(&issued.certificate, "certificate in PEM")?;
    Ok(Identity { chain_pem, key_pem: read_text(&issued.key, "private key in PEM")? })
}

/// Makes the CA beside its place and moves it there, so that a process that is stopped leaves no half of one.
fn create(folder: &Path, now: Timestamp) -> Result<Authority, PkiError> {
    let mut beside = folder.as_os_str().to_owned();
    beside.push(format!(".{}", Uuid::new_v4().simple()));
    let beside = PathBuf::from(beside);
    Authority::create(&beside, now)?;
    if let Some(parent) = folder.parent() {
        create_folder(parent)?;
    }
    fs::rename(&beside, folder).map_err(disk("create", folder))?;
    Authority::open(folder)
}

/// The certificate of this name in a CA's folder if it is still what is wished for, else a new one.
pub fn issued(authority: &Authority, name: &str, wish: &Wish, now: Timestamp) -> Result<Issued, PkiError> {
    let there = Issued { certificate: authority.issued(name, "pem"), key: authority.issued(name, "key") };
    if there.key.exists() && still_serves(&there.certificate, wish, now) {
        return Ok(there);
    }
    for path in [&there.certificate, &there.key] {
        if path.exists() {
            fs::remove_file(path).map_err(disk("replace", path))?;
        }
    }
    authority.keep(name, &authority.make(wish)?)
}

/// Whether a certificate names the wished-for holder and hosts, and lasts a while.
fn still_serves(certificate: &Path, wish: &Wish, now: Timestamp) -> bool {
    let Ok(bytes) = fs::read(certificate) else { return false };
    let Some(Ok(pem)) = Pem::iter_from_buffer(&bytes).next() else { return false };
    let Ok(parsed) = pem.parse_x509() else { return false };
    let names_holder = parsed
        .subject()
        .iter_by_oid(&x509_parser::oid_registry::OID_X509_SERIALNUMBER)
        .any(|attribute| attribute.as_str() == Ok(wish.hsa_id.as_str()));
    let hosts = parsed.subject_alternative_name().ok().flatten().map_or(0, |names| names.value.general_names.len());
    let lasts = parsed.validity().not_after.timestamp() > (now + RENEWAL).as_second();
    names_holder && hosts == wish.hosts.len() && lasts
}
