//! One handshake of a system's own listener.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::OID_X509_SERIALNUMBER;
use x509_parser::prelude::FromDer;

use super::certificate::Ground;
use super::fault::TlsFault;
use super::{ClientDemand, SecureSettings, Shown, raw};
use crate::producers::asked::OverTls;
use crate::producers::system::System;
use crate::tls::cause::Cause;

/// Configurations that are kept; one for each fault and demand are fewer.
const CONFIGS_MAX: usize = 64;
/// Longest silence.
const SILENCE_MAX: Duration = Duration::from_secs(120);
/// How long a refused caller may take to read the alert.
const LINGER: Duration = Duration::from_secs(1);

/// What handshakes of one listener are computed with, made when first asked for.
#[derive(Debug)]
pub(in crate::producers) struct Shaking {
    ground: Arc<Ground>,
    hosts: Vec<String>,
    made: Mutex<Vec<(Wanted, Arc<ServerConfig>)>>,
}

type Wanted = (Shown, ClientDemand, String);

impl Shaking {
    pub(in crate::producers) fn new(ground: Arc<Ground>, hosts: Vec<String>) -> Self {
        Self { ground, hosts, made: Mutex::default() }
    }

    /// Shakes hands as the system's files say, or as a call has asked for; `None` where no call follows.
    pub(in crate::producers) async fn shake(
        self: &Arc<Self>,
        system: &Arc<System>,
        settings: &SecureSettings,
        (mut stream, patience): (TcpStream, Duration),
    ) -> Result<(TlsStream<TcpStream>, OverTls), Cause> {
        let shown = system.take_next_handshake().map_or_else(|| settings.certificate.clone(), Shown::Fault);
        match &shown {
            Shown::Fault(TlsFault::Hang) => {
                let mut ignored = [0_u8; 256];
                let gone = async { while matches!(stream.read(&mut ignored).await, Ok(1..)) {} };
                // It ends when the caller goes, or when it has lasted long enough.
                let _ = tokio::time::timeout(SILENCE_MAX, gone).await;
                return Err(Cause::HungUp);
            }
            Shown::Fault(TlsFault::Slow(wait)) => tokio::time::sleep(*wait).await,
            Shown::Fault(fault) if raw::is_played(*fault) => {
                // A caller that says nothing at all is left in time.
                let _ = tokio::time::timeout(patience, raw::play(*fault, &mut stream)).await;
                return Err(Cause::Other(fault.in_process().to_owned()));
            }
            _ => {}
        }
        let config = self.config(shown, settings.client, system).await?;
        let accepting = TlsAcceptor::from(config).accept(stream).into_fallible();
        match tokio::time::timeout(patience, accepting).await {
            Ok(Ok(secured)) => {
                let over = OverTls { hsa_id: holder(&secured) };
                Ok((secured, over))
            }
            Ok(Err((error, stream))) => {
                linger(stream).await;
                Err(Cause::of_io(&error))
            }
            Err(_) => Err(Cause::TooSlow),
        }
    }

    /// Makes what the files ask for before anybody waits for it.
    pub(in crate::producers) async fn prepare(
        self: &Arc<Self>,
        system: &Arc<System>,
        settings: &SecureSettings,
    ) -> Result<(), Cause> {
        self.config(settings.certificate.clone(), settings.client, system).await.map(drop)
    }

    fn made_before(&self, wanted: &Wanted) -> Option<Arc<ServerConfig>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter().find(|(known, _)| known == wanted).map(|(_, config)| Arc::clone(config))
    }

    /// The configuration of what is to be shown; keys are made on a thread of their own.
    async fn config(
        self: &Arc<Self>,
        shown: Shown,
        client: ClientDemand,
        system: &Arc<System>,
    ) -> Result<Arc<ServerConfig>, Cause> {
        let hsa_id = system.files().producer.source_id(system.name());
        let wanted = (shown, client, hsa_id);
        if let Some(config) = self.made_before(&wanted) {
            return Ok(config);
        }
        let (own, name) = (Arc::clone(self), system.name().to_owned());
        let making = tokio::task::spawn_blocking(move || {
            let config = own.ground.config(&wanted.0, wanted.1, (&name, &wanted.2, &own.hosts)).map(Arc::new)?;
            let mut made = own.made.lock().unwrap_or_else(PoisonError::into_inner);
            if made.len() >= CONFIGS_MAX {
                made.clear();
            }
            made.push((wanted, Arc::clone(&config)));
            Ok::<_, super::certificate::CertificateTrouble>(config)
        });
        match making.await {
            Ok(Ok(config)) => Ok(config),
            Ok(Err(trouble)) => Err(Cause::Other(trouble.to_string())),
            Err(error) => Err(Cause::Other(error.to_string())),
        }
    }
}

/// The HSA-id in the caller's certificate.
fn holder(secured: &TlsStream<TcpStream>) -> Option<Arc<str>> {
    let leaf = secured.get_ref().1.peer_certificates()?.first()?;
    let (_, parsed) = X509Certificate::from_der(leaf).ok()?;
    let attribute = parsed.subject().iter_by_oid(&OID_X509_SERIALNUMBER).next()?;
    attribute.as_str().ok().map(Arc::from)
}

/// Lets a refused caller read the alert: closing on what it is still sending would take the alert away from it.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut ignored = [0_u8; 256];
    let gone = async { while matches!(stream.read(&mut ignored).await, Ok(1..)) {} };
    // Who stays longer is left.
    let _ = tokio::time::timeout(LINGER, gone).await;
}
