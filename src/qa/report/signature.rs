//! Who answers for a bundle: an Ed25519 signature over the bytes of its manifest (`qa.md` §8.5). Keys are PEM files as
//! `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write them.

use std::fs;
use std::path::Path;

use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData, SigningKey, SubjectPublicKeyInfo};
use rustls::SignatureScheme;
use rustls::crypto::ring::default_provider;

use crate::qa::suite::folder::hexadecimal;

/// Where a folder of runs has the key that signs its bundles.
const KEY_FILE: &str = "bundle-key.pem";

/// The private half.
pub struct Signer(KeyPair);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Signer").field(&self.public().0).finish()
    }
}

/// The public half: 32 bytes, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(String);

impl Signer {
    /// Reads a private key from a file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let said = |why: String| format!("{}: {why}", path.display());
        let pem = fs::read_to_string(path).map_err(|error| said(error.to_string()))?;
        Self::from_pem(&pem).map_err(said)
    }

    /// The key of a folder, `bundle-key.pem`; nothing where it has none.
    pub fn of_folder(folder: &Path) -> Result<Option<Self>, String> {
        let path = folder.join(KEY_FILE);
        if path.exists() { Self::read(&path).map(Some) } else { Ok(None) }
    }

    /// Reads a private key.
    pub fn from_pem(pem: &str) -> Result<Self, String> {
        let key = KeyPair::from_pem(pem).map_err(|error| format!("not a private key: {error}"))?;
        if key.algorithm() != &PKCS_ED25519 {
            return Err("not an Ed25519 key".to_owned());
        }
        Ok(Self(key))
    }

    /// The key by which others check.
    pub fn public(&self) -> PublicKey {
        PublicKey(hexadecimal(self.0.der_bytes()))
    }

    /// The signature of these bytes, 64 of its own.
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        self.0.sign(bytes).map_err(|error| error.to_string())
    }
}

impl PublicKey {
    /// Reads a public key.
    pub fn from_pem(pem: &str) -> Result<Self, String> {
        let key = SubjectPublicKeyInfo::from_pem(pem).map_err(|error| format!("not a public key: {error}"))?;
        if key.algorithm() != &PKCS_ED25519 {
            return Err("not an Ed25519 key".to_owned());
        }
        Ok(Self(hexadecimal(key.der_bytes())))
    }

    /// A key as a manifest names it; whether it is one shows when it is checked by.
    pub fn named(hexadecimal: &str) -> Self {
        Self(hexadecimal.to_owned())
    }

    /// In hexadecimal.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the signature is this key's, of these bytes.
    pub fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let digit = |at: usize| self.0.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let Some(key) = (0..self.0.len()).step_by(2).map(digit).collect::<Option<Vec<u8>>>() else { return false };
        let known = default_provider().signature_verification_algorithms;
        let mut algorithms = known.mapping.iter().filter(|(scheme, _)| *scheme == SignatureScheme::ED25519);
        algorithms.any(|(_, all)| all.iter().any(|one| one.verify_signature(&key, bytes, signature).is_ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_one_key_and_of_these_bytes() {
        let made = |algorithm| KeyPair::generate_for(algorithm).unwrap();
        let (key, other) = (made(&PKCS_ED25519), made(&PKCS_ED25519));
        let signer = Signer::from_pem(&key.serialize_pem()).unwrap();
        let signature = signer.sign(b"manifest").unwrap();
        let public = PublicKey::from_pem(&key.public_key_pem()).unwrap();
        assert_eq!((signature.len(), &public), (64, &signer.public()));
        assert!(public.has_signed(b"manifest", &signature));
        assert!(!public.has_signed(b"manifesT", &signature));
        assert!(!PublicKey::from_pem(&other.public_key_pem()).unwrap().has_signed(b"manifest", &signature));
        for not_a_key in ["", "0", "zz", "\u{e5}\u{e5}"] {
            assert!(!PublicKey::named(not_a_key).has_signed(b"manifest", &signature), "{not_a_key}");
        }
        let curve = made(&rcgen::PKCS_ECDSA_P256_SHA256);
        assert_eq!(Signer::from_pem(&curve.serialize_pem()).unwrap_err(), "not an Ed25519 key");
        assert_eq!(PublicKey::from_pem(&curve.public_key_pem()).unwrap_err(), "not an Ed25519 key");
        assert!(Signer::from_pem(&key.public_key_pem()).is_err() && PublicKey::from_pem("x").is_err());
    }

    #[test]
    fn a_key_that_openssl_made_is_read() {
        // RFC 8032, 7.1, test 1, in the form of RFC 8410 without the public half, which is how openssl writes it.
        let private = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
        let signer = Signer::from_pem(private).unwrap();
        assert_eq!(signer.public().as_str(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        let signature = signer.sign(b"").unwrap();
        assert!(
            hexadecimal(&signature).starts_with("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")
        );
    }
}
