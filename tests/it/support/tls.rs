//! A consumer that speaks TLS, with a certificate or without.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anslut::domain::clock::Clock;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::SingleCertAndKey;
use rustls::time_provider::TimeProvider;
use rustls::{
    AlertDescription, CipherSuite, ClientConfig, HandshakeKind, ProtocolVersion, ServerConfig, SupportedProtocolVersion,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::client::{Answer, Ask, Wire, find};
use super::pki::{Ca, Held};
use super::producer::ANSWER;
use super::socket::ok;
use super::soon;
use super::world::NOW;

#[derive(Debug)]
pub struct TestTime;

impl TimeProvider for TestTime {
    fn current_time(&self) -> Option<UnixTime> {
        let now = Clock::fixed(NOW.parse().unwrap()).now().as_second().unsigned_abs();
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(now)))
    }
}

/// A consumer; its connections take sessions up again.
#[derive(Clone)]
pub struct Consumer {
    pub config: Arc<ClientConfig>,
}

/// Both versions.
pub const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

impl Consumer {
    /// Trusts a CA, and shows a certificate if it has one.
    pub fn new(ca: &Ca, shows: Option<&Held>, versions: &[&'static SupportedProtocolVersion]) -> Self {
        let builder = ClientConfig::builder_with_details(Arc::new(ring::default_provider()), Arc::new(TestTime))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(ca.roots());
        let mut config = match shows {
            Some(held) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(held.certified()))),
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::in_memory_sessions(8);
        Self { config: Arc::new(config) }
    }

    /// Shakes hands. In TLS 1.3 the server's verdict comes later.
    pub async fn open(&self, to: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let stream = soon("a connection", TcpStream::connect(to)).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").unwrap();
        soon("a handshake", TlsConnector::from(Arc::clone(&self.config)).connect(name, stream)).await
    }

    /// A connection that carries calls.
    pub async fn wire(&self, to: SocketAddr) -> Wire {
        Wire::over(self.open(to).await.expect("a handshake"))
    }

    pub async fn call(&self, to: SocketAddr, ask: &Ask) -> Answer {
        self.wire(to).await.ask(ask).await
    }

    /// How the server turns us away.
    pub async fn refused(&self, to: SocketAddr) -> AlertDescription {
        let error = match self.open(to).await {
            Err(error) => error,
            Ok(mut stream) => match soon("the verdict", stream.read_u8()).await {
                Ok(byte) => panic!("let in, and told {byte}"),
                Err(error) => error,
            },
        };
        match error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::AlertReceived(alert)) => *alert,
            _ => panic!("no alert: {error}"),
        }
    }

    /// Whether a session was taken up again, once a call has been carried.
    pub async fn resumes(&self, to: SocketAddr, ask: &Ask) -> bool {
        let stream = self.open(to).await.expect("a handshake");
        let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
        assert_eq!(Wire::over(stream).ask(ask).await.status, 200);
        resumed
    }
}

/// A producer behind TLS: it answers every call alike and remembers how hands were shaken.
pub struct SecureProducer {
    pub address: SocketAddr,
    shaken: Arc<Mutex<Vec<Shaken>>>,
    asked: Arc<Mutex<Vec<Vec<u8>>>>,
    task: JoinHandle<()>,
}

/// One handshake, seen from the producer.
#[derive(Clone, Debug)]
pub struct Shaken {
    pub version: ProtocolVersion,
    pub suite: CipherSuite,
    /// The host it was called by.
    pub name: Option<String>,
    /// The certificate of the caller.
    pub caller: Option<CertificateDer<'static>>,
    pub resumed: bool,
}

/// What a producer offers and asks for.
pub struct Demands<'d> {
    pub held: &'d Held,
    pub versions: &'d [&'static SupportedProtocolVersion],
    /// The only cipher suite it speaks, if it is choosy.
    pub suite: Option<CipherSuite>,
    /// Whose certificates it asks for, if any.
    pub asks: Option<&'d Ca>,
}

impl<'d> Demands<'d> {
    /// None.
    pub fn of(held: &'d Held) -> Self {
        Self { held, versions: BOTH, suite: None, asks: None }
    }

    fn config(&self) -> ServerConfig {
        let mut provider = ring::default_provider();
        provider.cipher_suites.retain(|suite| self.suite.is_none_or(|only| suite.suite() == only));
        let provider = Arc::new(provider);
        let builder = ServerConfig::builder_with_details(Arc::clone(&provider), Arc::new(TestTime))
            .with_protocol_versions(self.versions)
            .unwrap();
        let builder = match self.asks {
            Some(ca) => {
                let roots = Arc::new(ca.roots());
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
            None => builder.with_no_client_auth(),
        };
        builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(self.held.certified())))
    }
}

impl SecureProducer {
    pub async fn start(demands: &Demands<'_>) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(demands.config()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shaken, asked) = (Arc::<Mutex<Vec<Shaken>>>::default(), Arc::<Mutex<Vec<Vec<u8>>>>::default());
        let (all_shaken, all_asked) = (Arc::clone(&shaken), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, shaken, asked) = (acceptor.clone(), Arc::clone(&all_shaken), Arc::clone(&all_asked));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let connection = stream.get_ref().1;
                    let seen = Shaken {
                        version: connection.protocol_version().unwrap(),
                        suite: connection.negotiated_cipher_suite().unwrap().suite(),
                        name: connection.server_name().map(str::to_owned),
                        caller: connection.peer_certificates().map(|chain| chain[0].clone().into_owned()),
                        resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
                    };
                    shaken.lock().unwrap().push(seen);
                    serve(stream, &asked).await;
                });
            }
        });
        Self { address, shaken, asked, task }
    }

    /// Its address by the name that certificates are made for.
    pub fn url(&self, path: &str) -> String {
        self.url_of("localhost", path)
    }

    pub fn url_of(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.address.port())
    }

    pub fn shaken(&self) -> Vec<Shaken> {
        self.shaken.lock().unwrap().clone()
    }

    /// The calls it got, head and body.
    pub fn asked(&self) -> Vec<Vec<u8>> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for SecureProducer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers calls until the other side leaves, or asks for the end.
async fn serve(mut stream: tokio_rustls::server::TlsStream<TcpStream>, asked: &Mutex<Vec<Vec<u8>>>) {
    let mut unread = Vec::new();
    loop {
        let length = loop {
            if let Some(length) = whole(&unread) {
                break length;
            }
            if !matches!(stream.read_buf(&mut unread).await, Ok(1..)) {
                return;
            }
        };
        let rest = unread.split_off(length);
        let call = std::mem::replace(&mut unread, rest);
        let last = String::from_utf8_lossy(&call).to_ascii_lowercase().contains("connection: close");
        asked.lock().unwrap().push(call);
        if stream.write_all(&ok(ANSWER)).await.is_err() || last {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// How long the first request is, if all of it is here.
fn whole(bytes: &[u8]) -> Option<usize> {
    let head = find(bytes, b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let end = head + length.unwrap_or_default();
    (bytes.len() >= end).then_some(end)
}
