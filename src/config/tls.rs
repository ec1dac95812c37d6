//! TLS as the platform uses it: whom each side trusts, who it is itself, what it offers, and which producers are spoken to
//! in another way (`vp.md` §8).

use std::path::PathBuf;
use std::time::Duration;

/// All of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// `hub_https`.
    pub incoming: IncomingTls,
    /// Towards producers and other outside services.
    pub outgoing: OutgoingTls,
    /// Bounds on handshakes, in both directions.
    pub limits: TlsLimits,
}

/// How consumers are spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingTls {
    /// Whom the hub trusts, and who it is.
    pub material: Material,
    /// What it speaks.
    pub offer: Offer,
}

/// How producers are spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingTls {
    /// Every producer that no override is for.
    pub default: TlsProfile,
    /// In the order in which they are written: the first that matches is taken.
    pub overrides: Vec<TlsOverride>,
    /// `producer.https.hostnameVerification`.
    pub verify_host: bool,
    /// `vp.tls.mtls-verification-enabled`: note whether the producer asked for our certificate.
    pub note_client_certificate: bool,
}

/// One way of speaking TLS to a producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsProfile {
    /// Its name; the reference logs `SSLContext-<name>`.
    pub name: String,
    /// Whom it trusts, and who we are.
    pub material: Material,
    /// What it speaks.
    pub offer: Offer,
}

/// A way of speaking TLS to particular producers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsOverride {
    /// Which.
    pub matches: TlsMatch,
    /// How.
    pub profile: TlsProfile,
}

/// Which producers an override is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsMatch {
    /// The whole host name, in any case. Where set, the suffix is not looked at.
    pub domain_name: Option<String>,
    /// The end of the host name, in any case.
    pub domain_suffix: Option<String>,
    /// The port, beside one of the two.
    pub port: Option<u16>,
}

impl TlsMatch {
    /// Whether the override is for this producer. Without a name and a suffix it is for nobody, whatever the port.
    pub fn fits(&self, host: &str, port: u16) -> bool {
        let ends_with = |suffix: &str| {
            let begin = host.len().checked_sub(suffix.len());
            begin.and_then(|begin| host.get(begin..)).is_some_and(|end| end.eq_ignore_ascii_case(suffix))
        };
        let by_host = match (&self.domain_name, &self.domain_suffix) {
            (Some(name), _) => name.eq_ignore_ascii_case(host),
            (None, Some(suffix)) => ends_with(suffix),
            (None, None) => false,
        };
        by_host && self.port.is_none_or(|own| own == port)
    }
}

/// Whom one side trusts, and who it is itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Material {
    /// Certificates of those whose word is taken.
    pub trust: Option<Trust>,
    /// Own certificate, chain and key.
    pub identity: Option<Identity>,
    /// Revocation lists, one of each CA that has one.
    pub revoked: Vec<PathBuf>,
}

/// Where trusted certificates are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// PEM.
    Pem(PathBuf),
    /// PKCS#12 with its password.
    Store(PathBuf, String),
}

/// Where a certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// PEM: certificate, leaf first; and key.
    Pem {
        /// Certificate and chain.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
    /// PKCS#12 with its password.
    Store(PathBuf, String),
}

/// What is offered in a handshake; never nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Of [`PROTOCOLS`].
    pub protocols: Vec<&'static str>,
    /// Of [`SUITES`].
    pub suites: Vec<&'static str>,
}

impl Default for Offer {
    fn default() -> Self {
        Self { protocols: PROTOCOLS.to_vec(), suites: SUITES.to_vec() }
    }
}

/// The versions there are, newest first, under the names that Java has for them.
pub const PROTOCOLS: [&str; 2] = ["TLSv1.3", "TLSv1.2"];

/// Versions that are known and no longer spoken.
pub const OLD_PROTOCOLS: [&str; 5] = ["TLSv1.1", "TLSv1", "SSLv3", "SSLv2", "SSLv2Hello"];

/// The cipher suites there are, best first.
pub const SUITES: [&str; 9] = [
    "TLS_AES_256_GCM_SHA384",
    "TLS_AES_128_GCM_SHA256",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
];

/// The version a suite belongs to.
pub fn protocol_of(suite: &str) -> &'static str {
    if suite.contains("_WITH_") { "TLSv1.2" } else { "TLSv1.3" }
}

/// Bounds on handshakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsLimits {
    /// `hub.handshakes_max`: under way at once; more wait.
    pub handshakes_max: usize,
    /// `hub.handshakes_per_client_max`: of one address; more are closed.
    pub handshakes_per_client_max: usize,
    /// `hub.handshake_timeout_ms`: longest time for one, the wait included.
    pub handshake_timeout: Duration,
}

impl TlsSettings {
    /// Whether the platform needs files that nobody has named, and so has to make them.
    pub fn lacks_material(&self) -> bool {
        self.materials().any(|material| material.trust.is_none() && material.identity.is_none())
    }

    /// Gives what the platform has made for itself to whoever has nothing.
    pub fn fill(&mut self, trust: &Trust, identity: &Identity) {
        let outgoing = &mut self.outgoing;
        let overrides = outgoing.overrides.iter_mut().map(|one| &mut one.profile.material);
        for material in [&mut self.incoming.material, &mut outgoing.default.material].into_iter().chain(overrides) {
            if material.trust.is_none() && material.identity.is_none() {
                material.trust = Some(trust.clone());
                material.identity = Some(identity.clone());
            }
        }
    }

    fn materials(&self) -> impl Iterator<Item = &Material> {
        let overrides = self.outgoing.overrides.iter().map(|one| &one.profile.material);
        [&self.incoming.material, &self.outgoing.default.material].into_iter().chain(overrides)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_is_for_a_name_or_else_a_suffix_and_never_for_a_port_alone() {
        let matching = |name: Option<&str>, suffix: Option<&str>, port| TlsMatch {
            domain_name: name.map(str::to_owned),
            domain_suffix: suffix.map(str::to_owned),
            port,
        };
        let cases = [
            (matching(Some("P.example"), None, None), "p.EXAMPLE", 443, true),
            (matching(Some("p.example"), Some("example"), None), "q.example", 443, false),
            (matching(None, Some(".Example"), None), "q.example", 443, true),
            (matching(None, Some("q.example"), None), "example", 443, false),
            (matching(None, Some("å"), None), "ö", 443, false),
            (matching(None, Some(".example"), Some(8443)), "q.example", 443, false),
            (matching(None, Some(".example"), Some(8443)), "q.example", 8443, true),
            (matching(Some("p"), None, Some(443)), "p", 443, true),
            (matching(None, None, Some(443)), "p", 443, false),
        ];
        for (matching, host, port, fits) in cases {
            assert_eq!(matching.fits(host, port), fits, "{matching:?} {host}:{port}");
        }
    }
}
