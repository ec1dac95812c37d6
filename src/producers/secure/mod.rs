//! TLS on a system's own listener (`producers.md` §1.2, §7.4): it shows a certificate of the platform's CA, asks for the
//! caller's where it should, and fails in the handshake in every way a real producer does.
//!
//! `shake` is one handshake, [`fault`] is what can go wrong, [`certificate`] makes what is shown and
//! what a handshake is computed with, `raw` plays the servers that the TLS library cannot be, and `weak` signs with a key
//! it refuses.

pub mod certificate;
pub mod fault;
mod raw;
pub(in crate::producers) mod shake;
mod weak;

use std::net::SocketAddr;

use self::fault::TlsFault;

/// `[tls]` of a system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecureSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What it shows.
    pub certificate: Shown,
    /// Whether it asks for the caller's certificate.
    pub client: ClientDemand,
}

/// What a handshake shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// A good certificate of this name; without one, of the system's.
    Good(Option<String>),
    /// A fault.
    Fault(TlsFault),
}

impl Default for Shown {
    fn default() -> Self {
        Self::Good(None)
    }
}

/// Whether the caller must show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientDemand {
    /// It is not asked for.
    None,
    /// It is asked for, and judged where one is shown.
    Wanted,
    /// No call without a good one.
    Required,
}
