//! The listeners of all systems that have one: bound at the start, and as files change.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::SecureSettings;
use super::certificate::{CertificateTrouble, Ground};
use super::shake::Shaking;
use crate::config::tls::Trust;
use crate::domain::clock::Clock;
use crate::net::accept::{self, Bounds};
use crate::net::bind;
use crate::producers::mounted::Producers;
use crate::producers::serve::{Peer, connection};
use crate::producers::settings::ServerSettings;
use crate::producers::system::System;
use crate::tls::cause::Cause;

/// All systems' own listeners.
pub struct Listeners {
    producers: Arc<Producers>,
    settings: Arc<ServerSettings>,
    /// Whom they trust beside the CA that signs for them.
    trusted: Vec<Trust>,
    folder: Option<PathBuf>,
    clock: Clock,
    ground: OnceLock<Arc<Ground>>,
    open: Mutex<BTreeMap<String, Open>>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// One that listens.
struct Open {
    /// As the file has it.
    listen: SocketAddr,
    address: SocketAddr,
    stop: CancellationToken,
}

/// Why a system has no listener.
#[derive(Debug, thiserror::Error)]
pub enum ListenTrouble {
    /// The address cannot be had.
    #[error("cannot listen on {address} for {system}: {source}")]
    Address {
        /// Whose.
        system: String,
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// There is no CA.
    #[error("no certificates for producers' listeners: {0}")]
    Certificates(#[from] CertificateTrouble),
}

impl Listeners {
    /// Nothing is bound yet. `folder` is the CA's; without one, certificates last as long as the process.
    pub fn new(
        producers: Arc<Producers>,
        settings: ServerSettings,
        (folder, trusted, clock): (Option<PathBuf>, Vec<Trust>, Clock),
        (tasks, shutdown): (TaskTracker, CancellationToken),
    ) -> Self {
        let (ground, open) = (OnceLock::new(), Mutex::default());
        Self { producers, settings: Arc::new(settings), trusted, folder, clock, ground, open, tasks, shutdown }
    }

    /// Name and address of each.
    pub async fn addresses(&self) -> Vec<(String, SocketAddr)> {
        let open = self.open.lock().await;
        open.iter().map(|(name, one)| (format!("producers.{name}"), one.address)).collect()
    }

    /// Binds what the files ask for and is not bound, and lets go of what they no longer ask for. What is shown is read
    /// from the files at each handshake.
    pub async fn tend(&self) -> Vec<ListenTrouble> {
        let mut wanted = BTreeMap::new();
        for system in self.producers.systems() {
            if let Some(settings) = &system.files().producer.tls {
                wanted.insert(system.name().to_owned(), (Arc::clone(&system), settings.clone()));
            }
        }
        let mut open = self.open.lock().await;
        open.retain(|name, one| {
            let stays = wanted.get(name).is_some_and(|(_, settings)| settings.listen == one.listen);
            if !stays {
                one.stop.cancel();
            }
            stays
        });
        let mut troubles = Vec::new();
        for (name, (system, settings)) in wanted {
            let Entry::Vacant(place) = open.entry(name) else { continue };
            match self.listen(&system, &settings).await {
                Ok(one) => _ = place.insert(one),
                Err(trouble) => troubles.push(trouble),
            }
        }
        troubles
    }

    async fn listen(&self, system: &Arc<System>, settings: &SecureSettings) -> Result<Open, ListenTrouble> {
        let listen = settings.listen;
        let ground = self.ground()?;
        let refused = |source| ListenTrouble::Address { system: system.name().to_owned(), address: listen, source };
        let listener = bind::listen(listen).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let hosts = if listen.ip().is_unspecified() { Vec::new() } else { vec![listen.ip().to_string()] };
        let shaking = Arc::new(Shaking::new(ground, hosts));
        let unshown = |cause: Cause| CertificateTrouble::Library(cause.to_string());
        shaking.prepare(system, settings).await.map_err(unshown)?;
        let stop = self.shutdown.child_token();
        let one = Arc::new(OneListener {
            producers: Arc::clone(&self.producers),
            system: Arc::clone(system),
            settings: Arc::clone(&self.settings),
            shaking,
            stop: stop.clone(),
        });
        let bounds = Bounds {
            listener: "producers (TLS)",
            connections_max: self.settings.connections_max,
            connections_per_client_max: None,
            drain_timeout: self.settings.drain_timeout,
        };
        let ending = stop.clone();
        self.tasks.spawn(async move {
            accept::serve(listener, bounds, ending, |stream, peer| Arc::clone(&one).carry(stream, peer)).await;
        });
        Ok(Open { listen, address, stop })
    }

    /// The CA, opened when the first system needs it.
    fn ground(&self) -> Result<Arc<Ground>, CertificateTrouble> {
        if let Some(ground) = self.ground.get() {
            return Ok(Arc::clone(ground));
        }
        let opened = Arc::new(Ground::open(self.folder.as_ref(), &self.trusted, &self.clock)?);
        Ok(Arc::clone(self.ground.get_or_init(|| opened)))
    }
}

/// What a connection of one listener is carried with.
struct OneListener {
    producers: Arc<Producers>,
    system: Arc<System>,
    settings: Arc<ServerSettings>,
    shaking: Arc<Shaking>,
    stop: CancellationToken,
}

impl OneListener {
    async fn carry(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        let Some(settings) = self.system.files().producer.tls.clone() else { return };
        let patience = self.settings.handshake_timeout;
        // Failing to set it costs speed only.
        let _ = stream.set_nodelay(true);
        let shaken = tokio::select! {
            shaken = self.shaking.shake(&self.system, &settings, (stream, patience)) => shaken,
            () = self.stop.cancelled() => return,
        };
        match shaken {
            Ok((secured, over)) => {
                let peer = Peer { address: peer, tls: Some((self.system.name().to_owned(), over)) };
                connection(secured, peer, &self.producers, &self.settings, &self.stop).await;
            }
            Err(cause) => tracing::info!(system = self.system.name(), %peer, %cause, "no handshake with a producer"),
        }
    }
}
