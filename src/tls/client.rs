//! The hub towards producers: which way of speaking TLS each is spoken to in, and the handshake (`vp.md` §8.2).

use std::cell::Cell;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ClientConfig;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::cause::Cause;
use super::material::{MaterialError, load, load_anonymous};
use super::moving::MoveHere;
use super::verify::ProducerVerifier;
use super::workers::Workers;
use super::{PlatformTime, offer};
use crate::config::tls::{OutgoingTls, TlsMatch, TlsProfile};
use crate::domain::clock::Clock;

tokio::task_local! {
    /// Whether the producer of this task's handshake asked for our certificate.
    static ASKED: Cell<bool>;
}

/// The platform's side of TLS towards others.
pub struct ClientTls {
    current: ArcSwap<Contexts>,
    time: Arc<PlatformTime>,
    workers: Arc<Workers>,
    is_anonymous: bool,
}

/// What is in force since files were last read.
struct Contexts {
    number: u64,
    overrides: Vec<(TlsMatch, Arc<Context>)>,
    default: Arc<Context>,
    notes_client_certificate: bool,
}

/// One way of speaking TLS.
struct Context {
    /// The reference's name of it.
    id: String,
    config: Arc<ClientConfig>,
}

impl ClientTls {
    /// Reads the files of every profile.
    pub fn new(settings: &OutgoingTls, workers: Arc<Workers>, clock: Clock) -> Result<Self, MaterialError> {
        let time = Arc::new(PlatformTime(clock));
        let contexts = Contexts::read(settings, 1, &time, false)?;
        Ok(Self { current: ArcSwap::from_pointee(contexts), time, workers, is_anonymous: false })
    }

    /// The same for somebody who shows no certificate, whoever asks for one.
    pub fn anonymous(settings: &OutgoingTls, workers: Arc<Workers>, clock: Clock) -> Result<Self, MaterialError> {
        let time = Arc::new(PlatformTime(clock));
        let contexts = Contexts::read(settings, 1, &time, true)?;
        Ok(Self { current: ArcSwap::from_pointee(contexts), time, workers, is_anonymous: true })
    }

    /// Reads the files again. Where they cannot be used, the former ones stay in force.
    pub fn reload(&self, settings: &OutgoingTls) -> Result<(), MaterialError> {
        let number = self.number() + 1;
        self.current.store(Arc::new(Contexts::read(settings, number, &self.time, self.is_anonymous)?));
        Ok(())
    }

    /// Counts up with every reload: what was agreed before is not to be used for long.
    pub fn number(&self) -> u64 {
        self.current.load().number
    }

    /// The name of the way in which a producer is spoken to: `SSLContext-<name>`.
    pub fn context_id(&self, host: &str, port: u16) -> String {
        self.current.load().of(host, port).id.clone()
    }

    /// Shakes hands with a producer over a connection; the connection is the calling thread's again afterwards.
    pub async fn connect<S>(&self, host: &str, port: u16, mut stream: S) -> Result<TlsStream<S>, Cause>
    where
        S: AsyncRead + AsyncWrite + MoveHere + Unpin + Send + 'static,
    {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Cause::Other(format!("{host:?} is neither a host name nor an address")))?;
        let (context, notes) = {
            let current = self.current.load();
            (Arc::clone(current.of(host, port)), current.notes_client_certificate)
        };
        let connector = TlsConnector::from(Arc::clone(&context.config));
        let handshake = async move {
            stream.move_here().map_err(|error| Cause::of_io(&error))?;
            let shaking = async {
                let secured = connector.connect(name, stream).await.map_err(|error| Cause::of_io(&error))?;
                Ok::<_, Cause>((secured, ASKED.with(Cell::get)))
            };
            ASKED.scope(Cell::new(false), shaking).await
        };
        let (mut secured, asked) = self.workers.compute(handshake).await?;
        secured.move_here().map_err(|error| Cause::of_io(&error))?;
        let connection = secured.get_ref().1;
        let (version, suite) = (connection.protocol_version(), connection.negotiated_cipher_suite());
        tracing::debug!(host, port, context = context.id, ?version, suite = ?suite.map(|suite| suite.suite()), "tls-handshake-complete");
        if notes {
            let sent = if asked { "sent" } else { "not sent: the producer did not ask for it" };
            tracing::info!(host, port, context = context.id, "client certificate {sent}");
        }
        Ok(secured)
    }
}

impl Contexts {
    fn read(
        settings: &OutgoingTls,
        number: u64,
        time: &Arc<PlatformTime>,
        is_anonymous: bool,
    ) -> Result<Self, MaterialError> {
        let context =
            |profile: &TlsProfile| Context::read(profile, settings.verify_host, time, is_anonymous).map(Arc::new);
        let overrides = settings.overrides.iter().map(|one| Ok((one.matches.clone(), context(&one.profile)?)));
        Ok(Self {
            number,
            overrides: overrides.collect::<Result<_, MaterialError>>()?,
            default: context(&settings.default)?,
            notes_client_certificate: settings.note_client_certificate,
        })
    }

    /// The first that matches, else the default.
    fn of(&self, host: &str, port: u16) -> &Arc<Context> {
        self.overrides
            .iter()
            .find(|(matches, _)| matches.fits(host, port))
            .map_or(&self.default, |(_, context)| context)
    }
}

impl Context {
    fn read(
        profile: &TlsProfile,
        verify_host: bool,
        time: &Arc<PlatformTime>,
        is_anonymous: bool,
    ) -> Result<Self, MaterialError> {
        let provider = offer::provider(&profile.offer);
        let material = &profile.material;
        let loaded = if is_anonymous { load_anonymous(material)? } else { load(material, &provider)? };
        let verifier = ProducerVerifier::new(&loaded, &provider, verify_host)?;
        let mut config = ClientConfig::builder_with_details(provider, Arc::clone(time) as _)
            .with_protocol_versions(&offer::versions(&profile.offer))
            .map_err(|error| MaterialError::Library(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(Presenting(loaded.identity)));
        config.alpn_protocols = Vec::new();
        let id = format!("SSLContext-{}", profile.name);
        tracing::debug!(
            context = id,
            protocols = profile.offer.protocols.join(","),
            cipher_suites = profile.offer.suites.join(","),
            "ssl-context-register"
        );
        Ok(Self { id, config: Arc::new(config) })
    }
}

/// Our certificate, for whoever asks; none where we are nobody in particular.
#[derive(Debug)]
struct Presenting(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Presenting {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let _ = ASKED.try_with(|asked| asked.set(true));
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}
