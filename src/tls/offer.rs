//! What is offered in a handshake, as the TLS library takes it.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::{SupportedProtocolVersion, version};

use crate::config::tls::Offer;

/// The library's provider, with the offered cipher suites alone, in its own order of preference.
pub(super) fn provider(offer: &Offer) -> Arc<CryptoProvider> {
    let mut provider = ring::default_provider();
    provider.cipher_suites.retain(|suite| {
        let name = format!("{:?}", suite.suite());
        offer.suites.iter().any(|offered| names(offered, &name))
    });
    Arc::new(provider)
}

/// The offered versions.
pub(super) fn versions(offer: &Offer) -> Vec<&'static SupportedProtocolVersion> {
    let version = |name: &&'static str| if *name == "TLSv1.3" { &version::TLS13 } else { &version::TLS12 };
    offer.protocols.iter().map(version).collect()
}

/// The library calls the suites of version 1.3 `TLS13_…`.
fn names(offered: &str, library: &str) -> bool {
    offered == library || library.strip_prefix("TLS13_").is_some_and(|rest| offered.strip_prefix("TLS_") == Some(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tls::{SUITES, protocol_of};

    #[test]
    fn every_suite_of_the_settings_is_one_of_the_librarys() {
        assert_eq!(provider(&Offer::default()).cipher_suites.len(), SUITES.len());
        for suite in SUITES {
            let offer = Offer { suites: vec![suite], ..Offer::default() };
            let suites = &provider(&offer).cipher_suites;
            assert_eq!(suites.len(), 1, "{suite}");
            let version = if suites[0].tls13().is_some() { "TLSv1.3" } else { "TLSv1.2" };
            assert_eq!(version, protocol_of(suite), "{suite}");
        }
    }
}
