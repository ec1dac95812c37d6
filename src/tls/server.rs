//! The hub towards consumers: handshakes in which a certificate is asked for and judged (`vp.md` §8.1).
//!
//! Files are read again on request. Connections go on with the certificate they began with; whoever uses one is judged
//! again by the new files before the next call.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{Acceptor, ServerConnection};
use rustls::sign::SingleCertAndKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::cause::Cause;
use super::handshake::{Handshake, Shown};
use super::material::{MaterialError, load};
use super::moving::{MoveHere, Moving};
use super::verify::{ConsumerVerifier, REFUSED};
use super::workers::Workers;
use super::{PlatformTime, offer, subject};
use crate::config::tls::{IncomingTls, TlsLimits};
use crate::domain::clock::Clock;
use crate::net::accept::Clients;

/// How long a refused client is listened to, so that it reads the alert before it learns that nobody is there.
const LINGER: Duration = Duration::from_secs(1);
/// How much is read of what it says meanwhile.
const LINGER_BYTES_MAX: u64 = 64 * 1024;

/// A connection behind its handshake.
pub type Secured = TlsStream<Moving>;

/// The https listener's side of TLS.
pub struct ServerTls {
    current: ArcSwap<Serving>,
    time: Arc<PlatformTime>,
    workers: Arc<Workers>,
    clients: Arc<Clients>,
}

/// What is in force since files were last read.
struct Serving {
    number: u64,
    config: Arc<ServerConfig>,
    verifier: Arc<ConsumerVerifier>,
    /// Who we are to consumers.
    shown: Arc<Shown>,
}

/// Who is at the other end of a connection.
#[derive(Debug)]
pub struct Consumer {
    /// The certificate's subject.
    pub subject: Arc<str>,
    /// What was shown to it and agreed upon.
    pub handshake: Arc<Handshake>,
    chain: Vec<CertificateDer<'static>>,
    /// The last second of the certificate, since 1970.
    until: i64,
    /// The number of the files it was last judged by.
    judged: AtomicU64,
}

/// A consumer that was turned away.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub cause: Cause,
    /// The subject of its certificate, where it was the certificate's fault.
    pub subject: Option<String>,
}

impl From<Cause> for Refusal {
    fn from(cause: Cause) -> Self {
        Self { cause, subject: None }
    }
}

impl ServerTls {
    /// Reads the files.
    pub fn new(
        settings: &IncomingTls,
        limits: &TlsLimits,
        workers: Arc<Workers>,
        clock: Clock,
    ) -> Result<Self, MaterialError> {
        let time = Arc::new(PlatformTime(clock));
        let serving = Serving::read(settings, 1, &time)?;
        let clients = Clients::new(limits.handshakes_per_client_max);
        Ok(Self { current: ArcSwap::from_pointee(serving), time, workers, clients })
    }

    /// Reads the files again. Where they cannot be used, the former ones stay in force.
    pub fn reload(&self, settings: &IncomingTls) -> Result<(), MaterialError> {
        let number = self.current.load().number + 1;
        self.current.store(Arc::new(Serving::read(settings, number, &self.time)?));
        Ok(())
    }

    /// The certificate that consumers are shown now.
    pub fn shown(&self) -> Arc<Shown> {
        Arc::clone(&self.current.load().shown)
    }

    /// The threads on which [`ServerTls::accept`] is to be called.
    pub fn workers(&self) -> &Arc<Workers> {
        &self.workers
    }

    /// Shakes hands with whoever has connected. To be called on one of the workers' threads.
    pub async fn accept(&self, stream: TcpStream, peer: SocketAddr) -> Result<(Secured, Consumer), Refusal> {
        let handshake = self.handshake(stream, peer.ip().to_canonical());
        let (refusal, left) = match tokio::time::timeout(self.workers.timeout(), handshake).await {
            Ok(Ok(secured)) => return Ok(secured),
            Ok(Err(refused)) => refused,
            Err(_) => (Cause::TooSlow.into(), None),
        };
        if let Some(left) = left {
            linger(left).await;
        }
        Err(refusal)
    }

    /// The handshake; where it fails, the socket comes along.
    async fn handshake(
        &self,
        stream: TcpStream,
        client: IpAddr,
    ) -> Result<(Secured, Consumer), (Refusal, Option<Moving>)> {
        let broken = |error: io::Error| (Refusal::from(Cause::of_io(&error)), None);
        let mut stream = Moving::new(stream);
        stream.move_here().map_err(broken)?;
        // Nothing is held while a client has not even begun.
        let mut beginning = LazyConfigAcceptor::new(Acceptor::default(), stream);
        let begun = match (&mut beginning).await {
            Ok(begun) => begun,
            Err(error) => return Err((Cause::of_io(&error).into(), beginning.take_io())),
        };
        let Some(_place) = self.clients.enter(client) else {
            let why = "too many handshakes of one client are under way".to_owned();
            return Err((Cause::Other(why).into(), None));
        };
        let _permit = self.workers.permit().await;
        let serving = self.current.load_full();
        let accepting = begun.into_stream(Arc::clone(&serving.config)).into_fallible();
        let mut noting = pin!(REFUSED.scope(Default::default(), accepting));
        match noting.as_mut().await {
            Ok(secured) => {
                let consumer = Consumer::of(secured.get_ref().1, &serving).map_err(|cause| (cause.into(), None))?;
                // A session that is taken up again brings its certificate along, unjudged.
                self.judge(&consumer)
                    .map_err(|cause| (Refusal { cause, subject: Some(consumer.subject.to_string()) }, None))?;
                Ok((secured, consumer))
            }
            Err((error, stream)) => {
                let subject = noting.as_mut().take_value().and_then(|refused| refused.into_inner());
                Err((Refusal { cause: Cause::of_io(&error), subject }, Some(stream)))
            }
        }
    }

    /// Whether the consumer of a connection is still welcome: by its certificate's time, and by the files in force.
    pub fn judge(&self, consumer: &Consumer) -> Result<(), Cause> {
        if self.time.0.now().as_second() > consumer.until {
            return Err(Cause::Expired);
        }
        let serving = self.current.load();
        if consumer.judged.load(Ordering::Relaxed) == serving.number {
            return Ok(());
        }
        let Some((leaf, chain)) = consumer.chain.split_first() else { return Err(Cause::NoCertificate) };
        serving.verifier.verify_client_cert(leaf, chain, self.time.now()).map_err(|error| Cause::of(&error))?;
        consumer.judged.store(serving.number, Ordering::Relaxed);
        Ok(())
    }
}

impl Serving {
    fn read(settings: &IncomingTls, number: u64, time: &Arc<PlatformTime>) -> Result<Self, MaterialError> {
        let provider = offer::provider(&settings.offer);
        let loaded = load(&settings.material, &provider)?;
        let verifier = Arc::new(ConsumerVerifier::new(&loaded, &provider)?);
        let identity = loaded.identity.ok_or(MaterialError::NotSet("tls.cert"))?;
        let shown = Arc::new(Shown::of(&identity.cert));
        let library = |error: rustls::Error| MaterialError::Library(error.to_string());
        let mut config = ServerConfig::builder_with_details(provider, Arc::clone(time) as _)
            .with_protocol_versions(&offer::versions(&settings.offer))
            .map_err(library)?
            .with_client_cert_verifier(Arc::clone(&verifier) as _)
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
        // Sessions are taken up again from what the client brings, under a key that lives as long as these files.
        config.ticketer = rustls::crypto::ring::Ticketer::new().map_err(library)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { number, config: Arc::new(config), verifier, shown })
    }
}

impl Consumer {
    fn of(connection: &ServerConnection, serving: &Serving) -> Result<Self, Cause> {
        let chain: Vec<_> =
            connection.peer_certificates().unwrap_or_default().iter().map(|der| der.clone().into_owned()).collect();
        let leaf = chain.first().ok_or(Cause::NoCertificate)?;
        let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| Cause::Unreadable)?;
        let subject: Arc<str> = subject::text(parsed.subject()).into();
        let until = parsed.validity().not_after.timestamp();
        let handshake = Handshake::of(connection, Arc::clone(&subject), Arc::clone(&serving.shown));
        Ok(Self { subject, handshake: Arc::new(handshake), chain, until, judged: serving.number.into() })
    }
}

/// Lets a refused client read the alert: closing on what it is still sending would take the alert away from it.
async fn linger(mut stream: Moving) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut rest = stream.take(LINGER_BYTES_MAX);
    let mut sink = [0; 2_048];
    let reading = async { while matches!(rest.read(&mut sink).await, Ok(1..)) {} };
    // Too long is as good as closed.
    let _ = tokio::time::timeout(LINGER, reading).await;
}
