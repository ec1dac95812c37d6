//! A key that the TLS library refuses to sign with, signing all the same.

use std::sync::Arc;

use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

use crate::pki::weak::WeakKey;

/// The key as the library takes keys.
#[derive(Debug)]
pub(super) struct WeakSigning(pub(super) Arc<WeakKey>);

impl SigningKey for WeakSigning {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let schemes = [SignatureScheme::RSA_PSS_SHA256, SignatureScheme::RSA_PKCS1_SHA256];
        let scheme = schemes.into_iter().find(|scheme| offered.contains(scheme))?;
        Some(Box::new(WeakSigner { key: Arc::clone(&self.0), scheme }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

#[derive(Debug)]
struct WeakSigner {
    key: Arc<WeakKey>,
    scheme: SignatureScheme,
}

impl Signer for WeakSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        match self.scheme {
            SignatureScheme::RSA_PKCS1_SHA256 => Ok(self.key.sign_pkcs1(message)),
            _ => self.key.sign_pss(message).ok_or(Error::FailedToGetRandomBytes),
        }
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}
