//! TLS towards the systems that requests are sent on to: the platform's own way of speaking to producers, or what a system's
//! `[proxy]` says, with a certificate of the platform's CA.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::tls::{Identity, OutgoingTls, Trust};
use crate::domain::clock::Clock;
use crate::pki::PkiError;
use crate::pki::own::{authority, issued, listener_wish};
use crate::tls::client::ClientTls;
use crate::tls::material::MaterialError;
use crate::tls::workers::Workers;

/// Ways of speaking that are kept; systems that forward are few.
const KEPT_MAX: usize = 64;

/// How a system speaks to the one behind it, where its file says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnwardTls {
    /// Name of the certificate that is shown (`pki:<name>`).
    pub certificate: Option<String>,
    /// Whom it trusts: a PEM file.
    pub ca: Option<PathBuf>,
}

/// Why nothing can be sent on over TLS.
#[derive(Debug, thiserror::Error)]
pub enum OnwardError {
    /// There is nobody to trust.
    #[error("there is no TLS here; set tls.ca, tls.cert and tls.key, or start with a data directory")]
    None,
    /// There is no CA to make a certificate with.
    #[error("there is no CA for proxy.certificate; set producers.pki, or start with a data directory")]
    NoAuthority,
    /// The certificate cannot be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// Files cannot be used.
    #[error(transparent)]
    Material(#[from] MaterialError),
    /// The thread that reads them has gone.
    #[error("the files could not be read")]
    Gone,
}

/// All ways of speaking.
pub struct Onward {
    settings: OutgoingTls,
    platform: Option<Arc<ClientTls>>,
    workers: Arc<Workers>,
    folder: Option<PathBuf>,
    clock: Clock,
    own: Mutex<Vec<(Key, Arc<ClientTls>)>>,
}

/// What a system wants, and who it is.
type Key = (OnwardTls, String);

impl std::fmt::Debug for Onward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Onward").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Onward {
    /// `platform` is how the hub speaks to producers, by `settings`; `folder` is the CA's.
    pub fn new(
        (settings, platform): (OutgoingTls, Option<Arc<ClientTls>>),
        workers: Arc<Workers>,
        folder: Option<PathBuf>,
        clock: Clock,
    ) -> Self {
        Self { settings, platform, workers, folder, clock, own: Mutex::default() }
    }

    /// How a system with this HSA-id speaks.
    pub(super) async fn client(
        self: &Arc<Self>,
        wanted: OnwardTls,
        hsa_id: String,
    ) -> Result<Arc<ClientTls>, OnwardError> {
        if wanted == OnwardTls::default() {
            return self.platform.clone().ok_or(OnwardError::None);
        }
        let key = (wanted, hsa_id);
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let own = Arc::clone(self);
        let making = tokio::task::spawn_blocking(move || {
            let client = Arc::new(own.make(&key)?);
            let mut kept = own.own.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= KEPT_MAX {
                kept.clear();
            }
            kept.push((key, Arc::clone(&client)));
            Ok(client)
        });
        making.await.unwrap_or(Err(OnwardError::Gone))
    }

    fn known(&self, key: &Key) -> Option<Arc<ClientTls>> {
        let kept = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == key).map(|(_, client)| Arc::clone(client))
    }

    fn make(&self, (wanted, hsa_id): &Key) -> Result<ClientTls, OnwardError> {
        let mut settings = self.settings.clone();
        // What the system says of itself is meant for every host it sends to.
        settings.overrides.clear();
        let material = &mut settings.default.material;
        if let Some(ca) = &wanted.ca {
            material.trust = Some(Trust::Pem(ca.clone()));
        }
        // A caller without a certificate of its own is given one: the other side may ask for it or not.
        let name = wanted.certificate.as_ref().or(material.identity.is_none().then_some(hsa_id));
        if let Some(name) = name {
            let folder = self.folder.as_ref().ok_or(OnwardError::NoAuthority)?;
            let now = self.clock.now();
            let authority = authority(folder, now)?;
            let issued = issued(&authority, name, &listener_wish(hsa_id.clone(), &[], now), now)?;
            material.identity = Some(Identity::Pem { certificate: issued.certificate, key: issued.key });
            material.trust.get_or_insert_with(|| Trust::Pem(authority.ca()));
        }
        Ok(ClientTls::new(&settings, Arc::clone(&self.workers), self.clock.clone())?)
    }
}
