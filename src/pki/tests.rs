//! What is made is what was wished for, on disk as it should be.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use tempfile::TempDir;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;

use super::PkiError;
use super::authority::Authority;
use super::keystore::{pkcs12, read};
use super::own::{OwnWish, ensure};
use super::revoke::revoke;
use super::wish::{Usage, Validity, Wish};

fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn wish(hsa_id: &str, hosts: &[&str]) -> Wish {
    let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    Wish { hsa_id: hsa_id.to_owned(), hosts, validity: Validity::days(now(), 30), usage: Usage::Both }
}

fn certificates(pem: &str) -> Vec<Pem> {
    Pem::iter_from_buffer(pem.as_bytes()).map(Result::unwrap).collect()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
}

#[test]
fn a_certificate_names_its_holder_and_hosts_and_stands_below_the_root() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::create(&folder.path().join("ca"), now()).unwrap();
    let identity = authority.make(&wish("SE5565594230-K001", &["p.example", "127.0.0.1", "::1"])).unwrap();
    let chain = certificates(&identity.chain_pem);
    let root = certificates(authority.ca_pem());
    let [leaf, intermediate] = [&chain[0], &chain[1]].map(|pem| pem.parse_x509().unwrap());
    let root = root[0].parse_x509().unwrap();
    assert_eq!(leaf.subject().to_string(), "C=SE, O=anslut test, CN=p.example, serialNumber=SE5565594230-K001");
    assert_eq!((leaf.issuer(), intermediate.issuer()), (intermediate.subject(), root.subject()));
    let names = leaf.subject_alternative_name().unwrap().unwrap().value.general_names.len();
    assert_eq!((names, chain.len()), (3, 2));
    assert!(leaf.key_usage().unwrap().unwrap().value.digital_signature() && !leaf.is_ca());
    assert!(intermediate.is_ca() && root.is_ca());
    let validity = leaf.validity();
    assert_eq!(validity.not_before.timestamp(), now().as_second() - 300);
    assert_eq!(validity.not_after.timestamp(), now().as_second() + 30 * 86_400);
}

#[test]
fn installations_share_nothing() {
    let folder = TempDir::new().unwrap();
    let [one, other] = ["one", "other"].map(|name| Authority::create(&folder.path().join(name), now()).unwrap());
    assert_ne!(one.ca_pem(), other.ca_pem());
    let subject =
        |authority: &Authority| certificates(authority.ca_pem())[0].parse_x509().unwrap().subject().to_string();
    assert_ne!(subject(&one), subject(&other), "nor a name");
}

#[test]
fn keys_are_their_owners_and_nothing_is_overwritten() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("ca");
    let authority = Authority::create(&root, now()).unwrap();
    let identity = authority.make(&wish("SE5565594230-K001", &[])).unwrap();
    let issued = authority.keep("../a b", &identity).unwrap();
    assert_eq!(issued.key, root.join("issued/_a_b.key"), "a name does not leave the folder");
    #[cfg(unix)]
    for key in ["ca.key", "intermediate.key", "issued/_a_b.key"] {
        assert_eq!(mode(&root.join(key)), 0o600, "{key}");
    }
    let again = authority.keep("../a b", &identity).unwrap_err();
    assert!(matches!(&again, PkiError::Exists { path, .. } if *path == issued.key), "{again}");
    assert!(matches!(Authority::create(&root, now()), Err(PkiError::Exists { .. })));
    assert_eq!(authority.ca_pem(), fs::read_to_string(root.join("ca.pem")).unwrap(), "untouched");
    assert!(matches!(Authority::open(folder.path()), Err(PkiError::NoAuthority { .. })));
}

#[test]
fn what_cannot_stand_in_a_certificate_is_named() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::create(&folder.path().join("ca"), now()).unwrap();
    let long = "S".repeat(65);
    for (hsa_id, host) in
        [("", "p"), ("SE_1", "p"), ("SE-å", "p"), (long.as_str(), "p"), ("SE-1", "https://p"), ("SE-1", "")]
    {
        let refused = authority.make(&wish(hsa_id, &[host])).unwrap_err();
        assert!(matches!(refused, PkiError::Wish { .. }), "{hsa_id:?} {host:?}: {refused}");
    }
}

#[test]
fn revoked_certificates_stay_on_the_list_of_whoever_signed_them() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("ca");
    let authority = Authority::create(&root, now()).unwrap();
    let issued: Vec<_> = ["a", "b"]
        .map(|name| authority.keep(name, &authority.make(&wish("SE5565594230-K001", &[])).unwrap()).unwrap())
        .into_iter()
        .collect();
    let listed = |list: &str| {
        let bytes = fs::read(root.join(list)).unwrap();
        let pem = Pem::iter_from_buffer(&bytes).next().unwrap().unwrap();
        count(&pem)
    };
    assert_eq!(revoke(&root, &[issued[0].certificate.clone()], now()).unwrap(), [root.join("intermediate.crl")]);
    revoke(&root, &[issued[1].certificate.clone()], now()).unwrap();
    assert_eq!(listed("intermediate.crl"), 2);
    assert_eq!(revoke(&root, &[issued[1].certificate.clone()], now()).unwrap(), Vec::<std::path::PathBuf>::new());
    assert_eq!(revoke(&root, &[root.join("intermediate.pem")], now()).unwrap(), [root.join("ca.crl")]);
    assert_eq!(revoke(&root, &[], now()).unwrap().len(), 2);
    assert_eq!((listed("intermediate.crl"), listed("ca.crl")), (2, 1));
    let other = Authority::create(&folder.path().join("other"), now()).unwrap();
    let stranger = other.keep("x", &other.make(&wish("SE-1", &[])).unwrap()).unwrap();
    assert!(matches!(revoke(&root, &[stranger.certificate], now()), Err(PkiError::Wish { .. })));
}

fn count(list: &Pem) -> usize {
    let list = CertificateRevocationList::from_der(&list.contents).unwrap().1;
    list.iter_revoked_certificates().count()
}

#[test]
fn a_key_store_gives_back_what_was_put_in() {
    let folder = TempDir::new().unwrap();
    let authority = Authority::create(&folder.path().join("ca"), now()).unwrap();
    let identity = authority.make(&wish("SE5565594230-K001", &[])).unwrap();
    let ca = authority.ca_pem();
    let store = pkcs12(&identity, ca, "mine", "hemligt").unwrap();
    let contents = read(&store, "hemligt").unwrap();
    let (key, chain) = contents.identity.unwrap();
    assert_eq!(key, certificates(&identity.key_pem)[0].contents);
    let expected: Vec<_> =
        certificates(&format!("{}{ca}", identity.chain_pem)).into_iter().map(|pem| pem.contents).collect();
    assert_eq!(chain, expected);
    assert_eq!(contents.trusted, Vec::<Vec<u8>>::new());
    assert!(read(&store, "fel").is_err(), "another password");
    assert!(read(b"\xfe\xed\xfe\xed\0\0\0\x02", "x").err().unwrap().contains("JKS"));
}

#[test]
fn a_platforms_own_are_made_once_and_renewed_in_time() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("pki");
    let wish = OwnWish { hub: "SE5565594230-NTJP", hosts: &[], client: Some("SE5565594230-K001") };
    let own = ensure(&place, &wish, now()).unwrap();
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let (hub, client) = (read(&own.hub.certificate), read(&own.client.as_ref().unwrap().certificate));
    assert_eq!(ensure(&place, &wish, now()).unwrap(), own);
    assert_eq!(read(&own.hub.certificate), hub, "not made again");
    // Another consumer gets a certificate of its own, and the hub's stays.
    let other = OwnWish { client: Some("SE5565594230-K002"), ..wish.clone() };
    ensure(&place, &other, now()).unwrap();
    assert_eq!(read(&own.hub.certificate), hub);
    assert_ne!(read(&own.client.as_ref().unwrap().certificate), client);
    let ca = read(&own.ca);
    ensure(&place, &wish, "2028-05-20T12:00:00Z".parse().unwrap()).unwrap();
    assert_ne!(read(&own.hub.certificate), hub, "about to expire");
    assert_eq!(read(&own.ca), ca, "the CA stays");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside");
}
