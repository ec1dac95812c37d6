//! Who calls: a trusted header from another platform component, or a certificate that a proxy put in a header
//! (`vp.md` §3.2). The TCP peer must be on the whitelist either way.

pub mod certificate;
pub mod history;
pub mod original_consumer;
pub mod whitelist;

use http::{HeaderMap, HeaderName};

use crate::config::checked::HubSettings;
use crate::hub::exchange::IdentifiedBy;

/// Sender of the call, set by another platform component.
pub const SENDER_ID: HeaderName = HeaderName::from_static("x-vp-sender-id");
/// Which platform instance set [`SENDER_ID`].
pub const INSTANCE_ID: HeaderName = HeaderName::from_static("x-vp-instance-id");
/// The instances a call has passed, with `#` between.
pub const ROUTING_HISTORY: HeaderName = HeaderName::from_static("x-rivta-routing-history");
/// Ties the log lines of one business call together.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-skltp-correlation-id");
/// Who the call is made for, where the sender is an intermediary.
pub const ORIGINAL_CONSUMER: HeaderName = HeaderName::from_static("x-rivta-original-serviceconsumer-hsaid");
/// On whose behalf the sender acts: carried and logged, never judged.
pub const ACTING_ON_BEHALF_OF: HeaderName = HeaderName::from_static("x-rivta-acting-on-behalf-of-hsaid");

/// A header value the reference names in VP011 details: the address of the TCP peer.
const REMOTE_ADDRESS: &str = "CamelNettyRemoteAddress";

/// The identified sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Its HSA-id, as it was found.
    pub id: String,
    /// How it was found.
    pub by: IdentifiedBy,
    /// The routing history to send on; `None` leaves what came untouched.
    pub history: Option<String>,
}

/// Why nobody was identified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifyError {
    /// VP011: the address is not trusted.
    #[error(
        "Caller was not on the white list of accepted IP-addresses.  IP-address: {address}. HTTP header that caused checking: {header}"
    )]
    NotWhitelisted {
        /// The address that was looked up.
        address: String,
        /// Where it came from.
        header: String,
    },
    /// VP002: no sender in a certificate, with the reference's words for what is wrong.
    #[error("{0}")]
    Certificate(String),
    /// VP014: this instance is in the routing history.
    #[error("")]
    Loop,
}

/// The value of a header as text; `None` where it is missing. Bytes that are not text are read as ISO 8859-1.
pub fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
    })
}

/// Whether the call says it comes from this very platform instance.
pub fn is_internal(settings: &HubSettings, headers: &HeaderMap) -> bool {
    headers.get(INSTANCE_ID).is_some_and(|instance| instance.as_bytes() == settings.instance_id.as_bytes())
}

/// Identifies the sender of a call on the plain listener. `peer` is the address of the TCP peer.
pub fn identify(settings: &HubSettings, headers: &HeaderMap, peer: std::net::IpAddr) -> Result<Sender, IdentifyError> {
    let remote = peer.to_canonical().to_string();
    whitelisted(settings, &remote, REMOTE_ADDRESS)?;
    if let Some(id) = text(headers, &SENDER_ID)
        && is_internal(settings, headers)
    {
        if let Some(forwarded_for) = text(headers, &settings.forwarded_for.name) {
            whitelisted(settings, &forwarded_for, &settings.forwarded_for.written)?;
        }
        return Ok(Sender { id, by: IdentifiedBy::InternalHeaders, history: None });
    }
    if let Some(id) = demo_sender(settings, headers, peer) {
        let history = history::extend(settings, headers, &id)?;
        return Ok(Sender { id, by: IdentifiedBy::DemoSender, history });
    }
    let id = certificate::sender(settings, headers)?;
    let history = history::extend(settings, headers, &id)?;
    Ok(Sender { id, by: IdentifiedBy::CertificateHeader, history })
}

/// Identifies the sender of a call on the https listener by the subject of its TLS client certificate (`vp.md` §3.1).
/// Headers have no say, and nobody writes a routing history.
pub fn identify_certificate(settings: &HubSettings, subject: Option<&str>) -> Result<Sender, IdentifyError> {
    let subject = subject.unwrap_or_default();
    match certificate::sender_in(&settings.sender_pattern, subject) {
        Some(Ok(id)) => Ok(Sender { id, by: IdentifiedBy::ClientCertificate, history: None }),
        _ => Err(IdentifyError::Certificate(format!("No senderId found in Certificate: {subject}"))),
    }
}

/// Identifies a part of this process, which has no TCP peer that could be on a whitelist. It names itself by the same
/// headers as another platform component.
pub fn identify_part(settings: &HubSettings, headers: &HeaderMap) -> Result<Sender, IdentifyError> {
    match text(headers, &SENDER_ID) {
        Some(id) if is_internal(settings, headers) => {
            Ok(Sender { id, by: IdentifiedBy::InternalHeaders, history: None })
        }
        _ => Err(IdentifyError::Certificate(format!(
            "a part of this platform called without {SENDER_ID}, or with another {INSTANCE_ID} than {:?}",
            settings.instance_id
        ))),
    }
}

fn whitelisted(settings: &HubSettings, address: &str, header: &str) -> Result<(), IdentifyError> {
    match whitelist::contains(&settings.whitelist, address) {
        true => Ok(()),
        false => Err(IdentifyError::NotWhitelisted { address: address.to_owned(), header: header.to_owned() }),
    }
}

/// The assumed sender of a call from this machine that says nothing at all about who sends it.
fn demo_sender(settings: &HubSettings, headers: &HeaderMap, peer: std::net::IpAddr) -> Option<String> {
    let says_nothing =
        ![&SENDER_ID, &INSTANCE_ID, &settings.auth_cert.name].into_iter().any(|name| headers.contains_key(name));
    let sender = settings.demo_sender.as_ref()?;
    (peer.to_canonical().is_loopback() && says_nothing).then(|| sender.clone())
}
