//! TLS in both directions: the hub towards consumers, who must show a certificate, and the hub towards producers
//! (`vp.md` §8).
//!
//! [`server`] and [`client`] are the two ways in. Both read their files through [`material`], decide about the other
//! side's certificate in [`verify`], name what went wrong as a [`cause`], and compute handshakes on the threads of
//! [`workers`], so that no call waits for somebody else's. Who a certificate's holder is to the platform is the hub's
//! business.

pub mod cause;
pub mod client;
pub mod handshake;
pub mod material;
pub mod moving;
pub mod offer;
pub mod server;
pub mod subject;
pub mod verify;
pub mod workers;

use crate::domain::clock::Clock;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

/// The platform's clock as the TLS library asks for it.
#[derive(Debug)]
pub struct PlatformTime(pub Clock);

impl PlatformTime {
    fn now(&self) -> UnixTime {
        let seconds = u64::try_from(self.0.now().as_second()).unwrap_or_default();
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
    }
}

impl TimeProvider for PlatformTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.now())
    }
}
