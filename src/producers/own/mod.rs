//! A system's own listeners (`producers.md` §1.2, §7.4): `[http]` and `[tls]` of its `producer.toml`.
//!
//! Whoever calls one has named the system by connecting, so what the system does to *every* call can be done before any of
//! them is read: [`standing`] is that. [`listeners`] binds and tends the listeners, `socket` keeps an address while nobody
//! listens at it. What a handshake shows is [`crate::producers::secure`].

pub mod listeners;
mod socket;
pub mod standing;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Speaks {
    /// HTTP over the socket.
    Http,
    /// HTTP over TLS.
    Https,
}

/// A listener of a system's, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What it speaks.
    pub speaks: Speaks,
    /// Where it is, also while nobody listens.
    pub address: SocketAddr,
    /// Whether anybody listens.
    pub state: State,
}

/// Whether anybody listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Somebody does.
    Open,
    /// Nobody, as the system's behaviour asks.
    Closed,
    /// Nobody, although somebody should: why not.
    Unheard(Arc<str>),
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.speaks, self.address)?;
        match &self.state {
            State::Open => Ok(()),
            State::Closed => f.write_str(" (closed: refuse)"),
            State::Unheard(why) => write!(f, " (cannot listen: {why})"),
        }
    }
}

impl fmt::Display for Speaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}
