//! What a listener shows, made by the platform's CA or by one that nobody knows.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, RootCertStore, ServerConfig,
    SignatureScheme,
};

use super::fault::TlsFault;
use super::weak::WeakSigning;
use super::{ClientDemand, Shown};
use crate::config::tls::Trust;
use crate::domain::clock::Clock;
use crate::pki::PkiError;
use crate::pki::authority::Authority;
use crate::pki::own::{authority, identity, listener_wish};
use crate::pki::signer::{Identity, Signer, self_signed};
use crate::pki::weak::WeakKey;
use crate::pki::wish::{Validity, Wish};
use crate::tls::PlatformTime;
use crate::tls::material::{MaterialError, roots};

/// The host of a certificate that is for another one.
const ELSEWHERE: &str = "elsewhere.example";
/// How long a certificate lasts that was good, or will be.
const DAYS: u32 = 365;

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum CertificateTrouble {
    /// It cannot be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// Whom to trust cannot be read.
    #[error(transparent)]
    Material(#[from] MaterialError),
    /// The TLS library refuses it.
    #[error("{0}")]
    Library(String),
}

/// Where certificates come from, and whose are taken.
#[derive(Debug)]
pub struct Ground {
    source: Source,
    roots: Arc<RootCertStore>,
    clock: Clock,
}

/// The CA.
#[derive(Debug)]
enum Source {
    /// In a folder, where certificates stay.
    Folder(Authority),
    /// In memory, for as long as the process.
    Memory(Signer),
}

impl Ground {
    /// Opens the CA of a folder, or makes one there; without a folder, in memory. Callers are trusted that this CA stands
    /// for, or one of those that the platform trusts.
    pub fn open(folder: Option<&PathBuf>, trusted: &[Trust], clock: &Clock) -> Result<Self, CertificateTrouble> {
        let source = match folder {
            Some(folder) => Source::Folder(authority(folder, clock.now())?),
            None => Source::Memory(Signer::passing(clock.now())?),
        };
        let mut all = RootCertStore::empty();
        all.add_parsable_certificates(certificates(&source.signer().ca_pem)?);
        for trust in trusted {
            all.extend(roots(trust)?.roots);
        }
        Ok(Self { source, roots: Arc::new(all), clock: clock.clone() })
    }

    /// What hands are shaken with. `name` and `hsa_id` are the system's, `hosts` are those it is called by.
    pub fn config(
        &self,
        shown: &Shown,
        client: ClientDemand,
        (name, hsa_id, hosts): (&str, &str, &[String]),
    ) -> Result<ServerConfig, CertificateTrouble> {
        let provider = Arc::new(ring::default_provider());
        let wish = listener_wish(hsa_id.to_owned(), hosts, self.clock.now());
        let certified = self.certified(shown, name, wish, &provider)?;
        let library = |error: Error| CertificateTrouble::Library(error.to_string());
        let time = Arc::new(PlatformTime(self.clock.clone()));
        let builder = ServerConfig::builder_with_details(Arc::clone(&provider), time)
            .with_safe_default_protocol_versions()
            .map_err(library)?;
        let verifier = || {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&self.roots), Arc::clone(&provider));
            let verifier = if client == ClientDemand::Wanted { verifier.allow_unauthenticated() } else { verifier };
            verifier.build().map_err(|error| CertificateTrouble::Library(error.to_string()))
        };
        let builder = match (shown, client) {
            (Shown::Fault(TlsFault::ClientRefused), _) => {
                builder.with_client_cert_verifier(Arc::new(Refusing(verifier()?)))
            }
            (_, ClientDemand::None) => builder.with_no_client_auth(),
            _ => builder.with_client_cert_verifier(verifier()?),
        };
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A session that is taken up again shows no certificate, and so none that is wrong.
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        Ok(config)
    }

    fn certified(
        &self,
        shown: &Shown,
        name: &str,
        mut wish: Wish,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, CertificateTrouble> {
        let now = self.clock.now();
        let signer = self.source.signer();
        let made = match shown {
            Shown::Fault(TlsFault::Expired) => {
                wish.validity = Validity::expired(now, DAYS);
                signer.make(&wish)?
            }
            Shown::Fault(TlsFault::NotYet) => {
                wish.validity = Validity::not_yet(now, DAYS);
                signer.make(&wish)?
            }
            Shown::Fault(TlsFault::WrongName) => {
                wish.hosts = vec![ELSEWHERE.to_owned()];
                signer.make(&wish)?
            }
            Shown::Fault(TlsFault::UnknownCa) => Signer::passing(now)?.make(&wish)?,
            Shown::Fault(TlsFault::SelfSigned) => self_signed(&wish)?,
            Shown::Fault(TlsFault::WeakKey) => {
                let key = WeakKey::generate().map(Arc::new);
                let key = key.ok_or_else(|| CertificateTrouble::Library("no randomness for a key".to_owned()))?;
                let chain = certificates(&signer.certify(&wish, &*key)?)?;
                return Ok(CertifiedKey::new(chain, Arc::new(WeakSigning(key))));
            }
            shown => match &self.source {
                Source::Folder(authority) => {
                    let named = match shown {
                        Shown::Good(Some(named)) => named,
                        _ => name,
                    };
                    identity(authority, named, &wish, now)?
                }
                Source::Memory(signer) => signer.make(&wish)?,
            },
        };
        certified(&made, provider)
    }
}

impl Source {
    fn signer(&self) -> &Signer {
        match self {
            Self::Folder(authority) => authority.signer(),
            Self::Memory(signer) => signer,
        }
    }
}

fn certified(identity: &Identity, provider: &CryptoProvider) -> Result<CertifiedKey, CertificateTrouble> {
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes())
        .map_err(|error| CertificateTrouble::Library(error.to_string()))?;
    let key = provider.key_provider.load_private_key(key);
    let key = key.map_err(|error| CertificateTrouble::Library(error.to_string()))?;
    Ok(CertifiedKey::new(certificates(&identity.chain_pem)?, key))
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, CertificateTrouble> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    all.map_err(|error| CertificateTrouble::Library(error.to_string()))
}

/// Asks as another does, and takes no certificate.
#[derive(Debug)]
struct Refusing(Arc<dyn ClientCertVerifier>);

/// What is the matter with any certificate here.
#[derive(Debug, thiserror::Error)]
#[error("the system refuses every certificate")]
struct Refused;

impl ClientCertVerifier for Refusing {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Err(CertificateError::Other(OtherError(Arc::new(Refused))).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
