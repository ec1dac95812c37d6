//! PKCS#12: key and certificates in one file with a password, as Java, .NET and SoapUI take them.

use p12_keystore::{
    Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, Pkcs12ImportPolicy, PrivateKey,
    PrivateKeyChain,
};
use sha2::{Digest, Sha256};
use x509_parser::pem::Pem;

use super::PkiError;
use super::signer::Identity;

/// Rounds of the password's stretching: as many as OpenSSL and Java write.
const ITERATIONS: u32 = 2_048;

/// The identity as PKCS#12, its chain up to the root. `alias` is the name by which Java lists it.
///
/// The ciphers are the oldest that all readers still take without being asked to: Java before 8u301, .NET on Windows
/// Server 2016, macOS and SoapUI's own Java do not read the newer ones. The password protects a test key.
pub fn pkcs12(identity: &Identity, ca_pem: &str, alias: &str, password: &str) -> Result<Vec<u8>, PkiError> {
    let fail = |error: p12_keystore::error::Error| PkiError::KeyStore(error.to_string());
    let key = blocks(&identity.key_pem)?;
    let key = key.first().ok_or_else(|| PkiError::KeyStore("there is no key".to_owned()))?;
    let mut chain = Vec::new();
    for der in blocks(&identity.chain_pem)?.iter().chain(&blocks(ca_pem)?) {
        chain.push(Certificate::from_der(der).map_err(fail)?);
    }
    let id = Sha256::digest(chain.first().map(Certificate::as_der).unwrap_or_default())[..20].to_vec();
    let entry = PrivateKeyChain::new(id, PrivateKey::from_der(key).map_err(fail)?, chain);
    let mut store = KeyStore::new();
    store.add_entry(alias, KeyStoreEntry::PrivateKeyChain(entry));
    store
        .writer(password)
        .encryption_algorithm(EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc)
        .encryption_iterations(ITERATIONS)
        .mac_algorithm(MacAlgorithm::HmacSha1)
        .mac_iterations(ITERATIONS)
        .write()
        .map_err(fail)
}

/// What a key store holds.
#[derive(Default)]
pub struct Contents {
    /// The first key (PKCS#8) and its certificates, leaf first.
    pub identity: Option<(Vec<u8>, Vec<Vec<u8>>)>,
    /// Every certificate that stands on its own: whom to trust.
    pub trusted: Vec<Vec<u8>>,
}

/// Reads a key store; certificates alone count as trusted.
pub fn read(bytes: &[u8], password: &str) -> Result<Contents, String> {
    const JKS: &[u8] = &[0xfe, 0xed, 0xfe, 0xed];
    if bytes.starts_with(JKS) {
        return Err("it is a Java key store of the old kind (JKS); expected PKCS#12, which \
                    keytool -importkeystore -deststoretype PKCS12 makes of it"
            .to_owned());
    }
    let keys =
        KeyStore::from_pkcs12(bytes, password, Pkcs12ImportPolicy::Relaxed).map_err(|error| error.to_string())?;
    let all = KeyStore::from_pkcs12(bytes, password, Pkcs12ImportPolicy::Raw).map_err(|error| error.to_string())?;
    let mut contents = Contents::default();
    if let Some((_, chain)) = keys.private_key_chain() {
        let certificates = chain.certs().iter().map(|certificate| certificate.as_der().to_vec()).collect();
        contents.identity = Some((chain.key().as_der().to_vec(), certificates));
    }
    let in_chain = |der: &[u8]| {
        contents.identity.as_ref().is_some_and(|(_, chain)| chain.iter().any(|certificate| certificate == der))
    };
    let certificates = all.entries().filter_map(|(_, entry)| match entry {
        KeyStoreEntry::Certificate(certificate) => Some(certificate.as_der()),
        _ => None,
    });
    contents.trusted = certificates.filter(|der| !in_chain(der)).map(<[u8]>::to_vec).collect();
    Ok(contents)
}

/// The contents of every block of a PEM text.
fn blocks(pem: &str) -> Result<Vec<Vec<u8>>, PkiError> {
    Pem::iter_from_buffer(pem.as_bytes())
        .map(|block| block.map(|block| block.contents).map_err(|error| PkiError::KeyStore(error.to_string())))
        .collect()
}
