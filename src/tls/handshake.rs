//! What was shown and agreed upon in a handshake with a consumer, for the record of its calls.

use std::sync::Arc;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::server::ServerConnection;
use rustls::{HandshakeKind, ProtocolVersion};
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::subject;

/// A certificate of ours, as anybody may know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
    /// Its subject; empty where it cannot be read.
    pub subject: String,
    /// Its last second.
    pub until: Timestamp,
}

/// A handshake that ended well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handshake {
    /// `TLSv1_2` or `TLSv1_3`.
    pub version: String,
    /// The cipher suite.
    pub cipher: String,
    /// Whether a session was taken up again, in which the certificates of its first handshake were shown.
    pub is_resumed: bool,
    /// The subject of the client's certificate.
    pub subject: Arc<str>,
    /// The certificate that the client was shown.
    pub shown: Arc<Shown>,
}

impl Shown {
    /// The leaf of a chain.
    pub(super) fn of(chain: &[CertificateDer<'_>]) -> Self {
        let Some(leaf) = chain.first() else { return Self::default() };
        let sha256 = Sha256::digest(leaf).iter().map(|byte| format!("{byte:02x}")).collect();
        let Ok((_, parsed)) = X509Certificate::from_der(leaf) else { return Self { sha256, ..Self::default() } };
        let until = Timestamp::from_second(parsed.validity().not_after.timestamp()).unwrap_or_default();
        Self { sha256, subject: subject::text(parsed.subject()), until }
    }
}

impl Handshake {
    pub(super) fn of(connection: &ServerConnection, subject: Arc<str>, shown: Arc<Shown>) -> Self {
        let suite = connection.negotiated_cipher_suite();
        Self {
            version: connection.protocol_version().map_or_else(String::new, named),
            cipher: suite.map_or_else(String::new, |suite| format!("{:?}", suite.suite())),
            is_resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            subject,
            shown,
        }
    }

    /// What it weighs, in bytes: itself and its own texts.
    pub fn weight(&self) -> usize {
        size_of::<Self>() + self.version.len() + self.cipher.len() + self.subject.len()
    }
}

fn named(version: ProtocolVersion) -> String {
    format!("{version:?}")
}
