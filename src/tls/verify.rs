//! What the other side's certificate must be. The library decides about signatures, times, extended key usage and
//! revocation; here stands what it leaves open.

use std::cell::RefCell;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

use super::material::{Loaded, MaterialError};
use super::subject;

tokio::task_local! {
    /// The subject of a certificate that was refused in this task's handshake: the library's error does not say it.
    pub(super) static REFUSED: RefCell<Option<String>>;
}

/// Shortest RSA key that is taken, in bits: the library refuses what shorter ones sign, and does not say why.
const RSA_BITS_MIN: usize = 2_048;

/// A key that is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate's key is too short: RSA with {bits} bits, expected {RSA_BITS_MIN} or more")]
pub struct ShortKey {
    /// Its length.
    pub bits: usize,
}

/// Judges consumers. A certificate is always asked for.
#[derive(Debug)]
pub(super) struct ConsumerVerifier {
    verifier: Arc<dyn ClientCertVerifier>,
    known: Vec<CertificateDer<'static>>,
}

impl ConsumerVerifier {
    pub(super) fn new(loaded: &Loaded, provider: &Arc<CryptoProvider>) -> Result<Self, MaterialError> {
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::clone(&loaded.roots), Arc::clone(provider))
            .with_crls(loaded.revoked.iter().cloned())
            // A list is honoured where its CA has given one.
            .allow_unknown_revocation_status();
        let verifier = builder.build().map_err(|error| MaterialError::Library(error.to_string()))?;
        Ok(Self { verifier, known: loaded.known.clone() })
    }
}

impl ClientCertVerifier for ConsumerVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.verifier.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = completed(intermediates, &self.known, |intermediates| {
            self.verifier.verify_client_cert(end_entity, intermediates, now)
        });
        let verified = verified.and_then(|verified| may_sign(end_entity).map(|()| verified));
        verified.map_err(|error| refused(end_entity, error))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Judges producers; whether the certificate must be for the host that was called is a setting.
#[derive(Debug)]
pub(super) struct ProducerVerifier {
    verifier: Arc<WebPkiServerVerifier>,
    known: Vec<CertificateDer<'static>>,
    verify_host: bool,
}

impl ProducerVerifier {
    pub(super) fn new(
        loaded: &Loaded,
        provider: &Arc<CryptoProvider>,
        verify_host: bool,
    ) -> Result<Self, MaterialError> {
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::clone(&loaded.roots), Arc::clone(provider))
            .with_crls(loaded.revoked.iter().cloned())
            .allow_unknown_revocation_status();
        let verifier = builder.build().map_err(|error| MaterialError::Library(error.to_string()))?;
        Ok(Self { verifier, known: loaded.known.clone(), verify_host })
    }
}

impl ServerCertVerifier for ProducerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = completed(intermediates, &self.known, |intermediates| {
            self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        });
        let verified = match verified {
            // The library looks at the name last: everything else about the certificate is in order.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.verify_host => Ok(ServerCertVerified::assertion()),
            verified => verified,
        };
        let verified = verified.and_then(|verified| may_sign(end_entity).map(|()| verified));
        verified.map_err(|error| refused(end_entity, error))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Judges a chain as it was sent, and once more with the certificates we know where its end is missing: .NET, on systems
/// other than Windows, sends its own certificate alone, and the reference knows the intermediates it trusts.
fn completed<V>(
    sent: &[CertificateDer<'_>],
    known: &[CertificateDer<'static>],
    judge: impl Fn(&[CertificateDer<'_>]) -> Result<V, Error>,
) -> Result<V, Error> {
    match judge(sent) {
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) if !known.is_empty() => {
            let all: Vec<_> = sent.iter().chain(known).cloned().collect();
            judge(&all)
        }
        verdict => verdict,
    }
}

/// A key must be long enough to be nobody else's, and a certificate that says what its key is for must say that it signs:
/// that is what either side does with it.
fn may_sign(certificate: &CertificateDer<'_>) -> Result<(), Error> {
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    if let Ok(PublicKey::RSA(key)) = certificate.public_key().parsed()
        && key.key_size() < RSA_BITS_MIN
    {
        return Err(CertificateError::Other(OtherError(Arc::new(ShortKey { bits: key.key_size() }))).into());
    }
    match certificate.key_usage() {
        Ok(Some(usage)) if !usage.value.digital_signature() => Err(CertificateError::InvalidPurpose.into()),
        Ok(_) => Ok(()),
        Err(_) => Err(CertificateError::BadEncoding.into()),
    }
}

/// Notes whose certificate was refused, and calls a signature that is not its CA's what it is: another CA's.
fn refused(certificate: &CertificateDer<'_>, error: Error) -> Error {
    let _ = REFUSED.try_with(|refused| {
        let parsed = X509Certificate::from_der(certificate);
        *refused.borrow_mut() = parsed.ok().map(|(_, certificate)| subject::text(certificate.subject()));
    });
    match error {
        Error::InvalidCertificate(CertificateError::BadSignature) => CertificateError::UnknownIssuer.into(),
        error => error,
    }
}
