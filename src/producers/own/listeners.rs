//! The listeners of all systems that have one: bound at the start, and as files change.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::socket::Shut;
use super::standing::Standing;
use super::{Shown, Speaks, State};
use crate::config::tls::Trust;
use crate::domain::clock::Clock;
use crate::net::accept::{self, Bounds};
use crate::producers::mounted::Producers;
use crate::producers::secure::SecureSettings;
use crate::producers::secure::certificate::{CertificateTrouble, Ground};
use crate::producers::secure::shake::Shaking;
use crate::producers::serve::wire::Wire;
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
    own: Mutex<BTreeMap<Whose, Own>>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// A system's, by its name and what it speaks.
type Whose = (String, Speaks);

/// One of them.
struct Own {
    /// As the file has it.
    listen: SocketAddr,
    /// Where it is, for as long as the file has it so.
    address: SocketAddr,
    gate: Gate,
    carrier: Arc<Carrier>,
}

/// Whether anybody listens.
enum Gate {
    /// It accepts until `stop`; `listens` is cancelled when the socket is closed.
    Open { stop: CancellationToken, listens: CancellationToken },
    /// Who connects is refused. `None` where the address could not be kept.
    Shut(Option<Shut>),
}

/// What the files ask for.
struct Wanted {
    system: Arc<System>,
    listen: SocketAddr,
    tls: Option<SecureSettings>,
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
        let (ground, own) = (OnceLock::new(), Mutex::default());
        Self { producers, settings: Arc::new(settings), trusted, folder, clock, ground, own, tasks, shutdown }
    }

    /// Name and address of each.
    pub async fn addresses(&self) -> Vec<(String, SocketAddr)> {
        let own = self.own.lock().await;
        let named = |((name, speaks), own): (&Whose, &Own)| match speaks {
            Speaks::Https => (format!("producers.{name}"), own.address),
            Speaks::Http => (format!("producers.{name}.http"), own.address),
        };
        own.iter().map(named).collect()
    }

    /// Binds what the files ask for and is not bound, lets go of what they no longer ask for, and opens or closes the
    /// sockets as the systems' behaviour is. What a handshake shows is read from the files at each.
    pub async fn tend(&self) -> Vec<ListenTrouble> {
        let systems = self.producers.systems();
        let mut wanted = wanted(&systems);
        let mut own = self.own.lock().await;
        let_go(&mut own, &wanted).await;
        let mut troubles = Vec::new();
        let mut shown: BTreeMap<Whose, Shown> = BTreeMap::new();
        for (whose, one) in &mut *own {
            let Some(wanted) = wanted.remove(whose) else { continue };
            let turned =
                self.turn(one, wanted.is_refusing()).await.map_err(|source| wanted.unheard(one.address, source));
            shown.insert(whose.clone(), Shown::new(whose.1, one.address, &one.gate, turned.as_ref().err()));
            troubles.extend(turned.err());
        }
        for (whose, wanted) in wanted {
            let (one, trouble) = match self.begin(&wanted).await {
                Ok(one) => (Some(one), None),
                Err(trouble) => (None, Some(trouble)),
            };
            let (address, gate) =
                one.as_ref().map_or((wanted.listen, &Gate::Shut(None)), |one| (one.address, &one.gate));
            shown.insert(whose.clone(), Shown::new(whose.1, address, gate, trouble.as_ref()));
            own.extend(one.map(|one| (whose, one)));
            troubles.extend(trouble);
        }
        for system in systems {
            let of_it = shown.iter().filter(|((name, _), _)| name == system.name());
            system.show_own(of_it.map(|(_, one)| one.clone()).collect());
        }
        troubles
    }

    async fn begin(&self, wanted: &Wanted) -> Result<Own, ListenTrouble> {
        let shut = Shut::bind(wanted.listen).map_err(|source| wanted.unheard(wanted.listen, source))?;
        let (listen, address) = (wanted.listen, shut.address());
        let shaking = match &wanted.tls {
            None => None,
            Some(settings) => {
                let hosts = if listen.ip().is_unspecified() { Vec::new() } else { vec![listen.ip().to_string()] };
                let shaking = Arc::new(Shaking::new(self.ground()?, hosts));
                let unshown = |cause: Cause| CertificateTrouble::Library(cause.to_string());
                shaking.prepare(&wanted.system, settings).await.map_err(unshown)?;
                Some(shaking)
            }
        };
        let carrier = Arc::new(Carrier {
            producers: Arc::clone(&self.producers),
            system: Arc::clone(&wanted.system),
            settings: Arc::clone(&self.settings),
            shaking,
        });
        let mut own = Own { listen, address, gate: Gate::Shut(Some(shut)), carrier };
        self.turn(&mut own, wanted.is_refusing()).await.map_err(|source| wanted.unheard(address, source))?;
        Ok(own)
    }

    /// Opens or closes the socket, unless it is so already. Closing ends what goes on over it as a shutdown does.
    async fn turn(&self, own: &mut Own, is_refusing: bool) -> io::Result<()> {
        match &mut own.gate {
            Gate::Open { stop, listens } if is_refusing => {
                stop.cancel();
                listens.cancelled().await;
                own.gate = Gate::Shut(None);
                own.gate = Gate::Shut(Some(Shut::bind(own.address)?));
            }
            Gate::Shut(shut) if !is_refusing => {
                let shut = shut.take().map_or_else(|| Shut::bind(own.address), Ok)?;
                own.gate = self.open(shut.open()?, &own.carrier);
            }
            Gate::Shut(shut @ None) => *shut = Some(Shut::bind(own.address)?),
            Gate::Open { .. } | Gate::Shut(Some(_)) => {}
        }
        Ok(())
    }

    fn open(&self, listener: TcpListener, carrier: &Arc<Carrier>) -> Gate {
        let (stop, listens) = (self.shutdown.child_token(), CancellationToken::new());
        let bounds = Bounds {
            listener: "a producer's own",
            connections_max: self.settings.connections_max,
            connections_per_client_max: None,
            drain_timeout: self.settings.drain_timeout,
        };
        let (carrier, ending, heard) = (Arc::clone(carrier), stop.clone(), listens.clone().drop_guard());
        self.tasks.spawn(async move {
            let carrying = |stream, peer| Arc::clone(&carrier).carry(stream, peer, ending.clone());
            accept::serve_while((listener, heard), bounds, ending.clone(), carrying).await;
        });
        Gate::Open { stop, listens }
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

/// Lets go of what the files no longer ask for, and waits until its sockets are closed: somebody else may have been given
/// the address at the same time.
async fn let_go(own: &mut BTreeMap<Whose, Own>, wanted: &BTreeMap<Whose, Wanted>) {
    let gone = own.extract_if(.., |whose, one| wanted.get(whose).is_none_or(|wanted| wanted.listen != one.listen));
    let gates: Vec<_> = gone.map(|(_, one)| one.gate).collect();
    let open = gates.iter().filter_map(|gate| match gate {
        Gate::Open { stop, listens } => Some((stop, listens)),
        Gate::Shut(_) => None,
    });
    let (stops, listen): (Vec<_>, Vec<_>) = open.unzip();
    stops.into_iter().for_each(CancellationToken::cancel);
    for listens in listen {
        listens.cancelled().await;
    }
}

/// What the files of all systems ask for.
fn wanted(systems: &[Arc<System>]) -> BTreeMap<Whose, Wanted> {
    let mut all = BTreeMap::new();
    for system in systems {
        let files = system.files();
        let mut want = |speaks, listen, tls| {
            let wanted = Wanted { system: Arc::clone(system), listen, tls };
            all.insert((system.name().to_owned(), speaks), wanted);
        };
        if let Some(listen) = files.producer.http {
            want(Speaks::Http, listen, None);
        }
        if let Some(settings) = &files.producer.tls {
            want(Speaks::Https, settings.listen, Some(settings.clone()));
        }
    }
    all
}

impl Wanted {
    fn is_refusing(&self) -> bool {
        self.system.standing() == Some(Standing::Closed)
    }

    fn unheard(&self, address: SocketAddr, source: io::Error) -> ListenTrouble {
        ListenTrouble::Address { system: self.system.name().to_owned(), address, source }
    }
}

impl Shown {
    fn new(speaks: Speaks, address: SocketAddr, gate: &Gate, trouble: Option<&ListenTrouble>) -> Self {
        let state = match (gate, trouble) {
            (Gate::Open { .. }, _) => State::Open,
            (Gate::Shut(_), None) => State::Closed,
            // The address stands beside it.
            (Gate::Shut(_), Some(ListenTrouble::Address { source, .. })) => State::Unheard(source.to_string().into()),
            (Gate::Shut(_), Some(trouble)) => State::Unheard(trouble.to_string().into()),
        };
        Self { speaks, address, state }
    }
}

/// What the connections of one listener are carried with.
struct Carrier {
    producers: Arc<Producers>,
    system: Arc<System>,
    settings: Arc<ServerSettings>,
    /// `None` without TLS.
    shaking: Option<Arc<Shaking>>,
}

impl Carrier {
    async fn carry(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, stop: CancellationToken) {
        // Failing to set it costs speed only.
        let _ = stream.set_nodelay(true);
        let held = match self.system.standing() {
            // The socket is about to be closed.
            Some(Standing::Closed) => {
                stream.reset_on_drop();
                return;
            }
            Some(Standing::Unread(held)) => {
                tokio::select! {
                    () = tokio::time::sleep(held.wait()) => {}
                    () = stop.cancelled() => return,
                }
                Some(held)
            }
            None => None,
        };
        let own = Some(Arc::clone(&self.system));
        let Some(shaking) = &self.shaking else {
            let peer = Peer { address: peer, own, tls: None, held };
            connection(stream, peer, &self.producers, &self.settings, &stop).await;
            return;
        };
        let Some(settings) = self.system.files().producer.tls.clone() else { return };
        let patience = self.settings.handshake_timeout;
        let shaken = tokio::select! {
            shaken = shaking.shake(&self.system, &settings, (stream, patience)) => shaken,
            () = stop.cancelled() => return,
        };
        match shaken {
            Ok((secured, over)) => {
                let peer = Peer { address: peer, own, tls: Some(over), held };
                connection(secured, peer, &self.producers, &self.settings, &stop).await;
            }
            Err(cause) => tracing::info!(system = self.system.name(), %peer, %cause, "no handshake with a producer"),
        }
    }
}
