//! The producer is called: profile converted, headers made, the message sent, the answer awaited, and every way that can
//! go wrong told apart (`vp.md` §4.7, §7).

pub mod address;
pub mod attempt;
pub mod headers;
mod heard;
pub mod pool;
pub mod profile;
pub mod remote;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use crate::config::checked::HubSettings;
use crate::domain::profile::Profile;
use crate::hub::authorise::Permit;
use crate::soap::fan_out::FanOut;
use crate::soap::responder::SharedResponder;
use crate::soap::xml::error::XmlError;
use crate::tls::client::ClientTls;
use address::Target;
use pool::Pools;

/// What is sent to a producer, however many times.
#[derive(Debug)]
pub struct Outbound {
    /// Whom to connect to.
    pub target: Target,
    /// Whether over TLS.
    pub tls: bool,
    /// The consumer's method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The message.
    pub body: Bytes,
    /// Longest wait without received data.
    pub patience: Duration,
    /// Whether a kept connection that ends unanswered is followed by a new one.
    pub again: bool,
}

/// A producer's answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, whole.
    pub body: Bytes,
    /// What the answer was made of, where a part of this process says so.
    pub fan_out: Option<Arc<FanOut>>,
}

/// How calling a producer fails. Display is what stands in parentheses in the detail of VP009, the reference's class name
/// first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Refused, unknown host, or no connection in time.
    #[error("java.net.ConnectException: Cannot connect to {0}")]
    Connect(String),
    /// The connection was reset before or while answering.
    #[error("java.net.SocketException: Connection reset")]
    Reset,
    /// No data for longer than the contract's timeout.
    #[error("io.netty.handler.timeout.ReadTimeoutException: Timeout when waiting on response from producer.")]
    Timeout,
    /// The producer cannot be spoken to over TLS.
    #[error("javax.net.ssl.SSLHandshakeException: {0}")]
    Tls(String),
    /// A status other than 2xx that is not a SOAP 1.1 fault with status 500.
    #[error(
        "org.apache.camel.component.netty.http.NettyHttpOperationFailedException: Netty HTTP operation failed invoking {url} with statusCode: {status}{redirect}"
    )]
    Status {
        /// The catalogue's address.
        url: String,
        /// The status.
        status: u16,
        /// `, redirectLocation: …`, or nothing.
        redirect: String,
    },
    /// A good status and no body. Display is the end of the detail.
    #[error("Empty message when server responded with status code: {0}")]
    Empty(String),
    /// Closed in good order without an answer: a raw fault.
    #[error("No response received from remote server: {0}")]
    NoResponse(String),
    /// An answer over the limit: a raw fault.
    #[error("Response entity too large: more than {0} bytes")]
    TooLarge(usize),
    /// Not HTTP, or another failure of the connection.
    #[error("java.io.IOException: {0}")]
    Io(String),
    /// The producer has its share of calls in flight.
    #[error(
        "java.util.concurrent.RejectedExecutionException: {calls_max} calls to {target} are in flight, which is the most allowed"
    )]
    Busy {
        /// Host and port.
        target: String,
        /// The limit.
        calls_max: usize,
    },
}

impl CallError {
    /// Whether the reference tries again: after socket errors only.
    pub fn is_retried(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Reset)
    }
}

/// Why a message cannot be given the producer's profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// VP005: the catalogue names a profile the platform does not know.
    #[error("No receiverId (logical address) with matching Riv-version found for {0}")]
    NotSupported(Profile),
    /// VP012: the message is not well-formed behind its head.
    #[error(transparent)]
    Xml(#[from] XmlError),
}

/// The message in the profile of the route: converted, or `None` where it goes as it is.
pub fn in_profile(message: &[u8], from: Profile, route_profile: &str) -> Result<Option<Bytes>, ProfileError> {
    match Profile::parse(route_profile) {
        None => Err(ProfileError::NotSupported(from)),
        Some(to) if to == from => Ok(None),
        Some(to) => Ok(Some(profile::convert(message, from, to)?.into())),
    }
}

/// Finds the part of this process that answers at an address of one of [`address::LOCAL_SCHEMES`], path left out.
pub type Responders = Arc<dyn Fn(&str) -> Option<SharedResponder> + Send + Sync>;

/// Calls producers.
pub struct Caller {
    pools: Pools,
    responders: Responders,
}

impl Caller {
    /// A caller without connections yet.
    pub fn new(settings: &HubSettings, responders: Responders, tls: Option<Arc<ClientTls>>) -> Self {
        Self { pools: Pools::new(&settings.producer, &settings.limits, tls), responders }
    }

    /// Calls the producer until it answers, fails for good, or all retries are used. `attempts` counts along.
    ///
    /// The permit is the proof that the call was authorised: without one, nobody reaches a producer.
    pub async fn call(
        &self,
        settings: &HubSettings,
        _permit: &Permit,
        outbound: &Outbound,
        attempts: &mut u32,
    ) -> Result<Reply, CallError> {
        let tries = async {
            loop {
                *attempts = attempts.saturating_add(1);
                let outcome = attempt::once(&self.pools, &self.responders, settings, outbound).await;
                let retries_left = settings.producer.retries.is_none_or(|retries| *attempts <= retries);
                match outcome {
                    Err(error) if error.is_retried() && retries_left => {
                        tracing::debug!(target = %outbound.target, %error, attempt = *attempts, "calling the producer again");
                        tokio::time::sleep(settings.producer.retry_delay).await;
                    }
                    outcome => return outcome,
                }
            }
        };
        tokio::time::timeout(settings.limits.answer_timeout, tries).await.unwrap_or(Err(CallError::Timeout))
    }

    /// Closes connections that have been idle for too long.
    pub fn sweep(&self) {
        self.pools.sweep();
    }

    /// Calls in flight to all producers.
    pub fn calls_in_flight(&self) -> usize {
        self.pools.calls()
    }
}

/// The timeout of a contract (`vp.md` §7.1): its own entry, else the default; exact and case-sensitive.
pub fn timeout_of(settings: &HubSettings, contract: Option<&str>) -> Duration {
    let own = contract.and_then(|contract| settings.producer.timeouts.get(contract));
    own.copied().unwrap_or(settings.producer.timeout_default)
}
