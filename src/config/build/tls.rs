//! TLS from what is written: `[tls]`, the reference's `tp.tls.*` and `vp.tls.*`, and its bundles (`vp.md` §8).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Build, not_blank};
use crate::config::tls::{
    Identity, IncomingTls, Material, OLD_PROTOCOLS, Offer, OutgoingTls, PROTOCOLS, SUITES, TlsLimits, TlsMatch,
    TlsOverride, TlsProfile, TlsSettings, Trust, protocol_of,
};
use crate::config::value::Origin;
use crate::domain::problem::Severity;

/// What the reference speaks with consumers unless told otherwise; of it, 1.2 is all that is still spoken.
const REFERENCE_PROTOCOLS: [&str; 3] = ["TLSv1", "TLSv1.1", "TLSv1.2"];
/// Stands for every cipher suite.
const ANY: &str = "*";

/// The written keys of one profile, by their last part as [`canonical`] has it.
type Written<'w> = BTreeMap<String, (String, &'w str)>;

impl Build<'_> {
    pub(super) fn tls(&mut self) -> TlsSettings {
        let own = self.own_material("tls");
        let stores = self.store_material();
        let incoming = Material { revoked: own.revoked.clone(), ..or(own.clone(), stores) };
        let producer = self.own_material("tls.producer");
        let outgoing = or(producer, incoming.clone());
        let incoming = IncomingTls { material: incoming, offer: self.incoming_offer() };
        self.check_material(&incoming.material);
        TlsSettings {
            incoming,
            outgoing: self.outgoing(&outgoing),
            limits: TlsLimits {
                handshakes_max: self.resolved.size("hub.handshakes_max"),
                handshakes_per_client_max: self.resolved.size("hub.handshakes_per_client_max"),
                handshake_timeout: self.resolved.wait("hub.handshake_timeout_ms"),
            },
        }
    }

    /// `[tls]` or `[tls.producer]`.
    fn own_material(&mut self, table: &str) -> Material {
        let file =
            |name: &str| self.resolved.optional(&format!("{table}.{name}")).map(|file| self.in_environment(&file));
        let (ca, certificate, key) = (file("ca"), file("cert"), file("key"));
        let revoked = not_blank(self.resolved.list(&format!("{table}.crl")));
        let revoked = revoked.iter().map(|file| self.in_environment(file)).collect();
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(Identity::Pem { certificate, key }),
            (None, None) => None,
            (certificate, _) => {
                let (there, missing) = if certificate.is_some() { ("cert", "key") } else { ("key", "cert") };
                let message = format!("{table}.{there} is set and {table}.{missing} is not; expected both");
                self.problems.push(self.resolved.error(&format!("{table}.{there}"), message));
                None
            }
        };
        Material { trust: ca.map(Trust::Pem), identity, revoked }
    }

    /// The reference's key stores (`tp.tls.store.*`).
    fn store_material(&mut self) -> Material {
        let properties = self.resolved.named("properties.tp.tls.store.");
        let set = |key: &str| properties.get(key).filter(|text| !text.is_empty()).cloned();
        let location = self.resolved.text("properties.tp.tls.store.location");
        let store = |name: &str| {
            let file = set(&format!("{name}.file"))?;
            let path = self.located(&format!("{}/{file}", location.trim_end_matches('/')));
            Some((path, set(&format!("{name}.password")).unwrap_or_default()))
        };
        if let Some(bundle) = set("consumer.bundle") {
            return self.bundle(&bundle, "properties.tp.tls.store.consumer.bundle");
        }
        Material {
            trust: store("truststore").map(|(path, password)| Trust::Store(path, password)),
            identity: store("producer").map(|(path, password)| Identity::Store(path, password)),
            revoked: Vec::new(),
        }
    }

    fn incoming_offer(&mut self) -> Offer {
        let protocols = "properties.tp.tls.allowedIncomingProtocols";
        let suites = "properties.tp.tls.allowedIncomingCipherSuites";
        let names = match self.resolved.origin(protocols) {
            Origin::Default if self.resolved.switch("tls.fidelity") => REFERENCE_PROTOCOLS.map(str::to_owned).to_vec(),
            Origin::Default => PROTOCOLS.map(str::to_owned).to_vec(),
            _ => self.resolved.list(protocols),
        };
        let suite_names = not_blank(self.resolved.list(suites));
        self.offer((&names, &[], protocols), (&suite_names, &[], suites))
    }

    /// A certificate without trust, or the other way round, serves nobody.
    fn check_material(&mut self, material: &Material) {
        let (missing, there) = match (&material.trust, &material.identity) {
            (Some(_), None) => ("tls.cert", "tls.ca"),
            (None, Some(_)) => ("tls.ca", "tls.cert"),
            _ => return,
        };
        let message =
            format!("{there} is set and {missing} is not; expected both, or neither for certificates of our own");
        self.problems.push(self.resolved.error(there, message));
    }

    fn outgoing(&mut self, material: &Material) -> OutgoingTls {
        let written = self.resolved.named("properties.");
        let default = self.default_profile(&written, material);
        let overrides = self.overrides(&written, &default);
        let outgoing = OutgoingTls {
            default,
            overrides,
            verify_host: self.resolved.switch("properties.producer.https.hostnameVerification"),
            note_client_certificate: self.resolved.switch("properties.vp.tls.mtls-verification-enabled"),
        };
        self.check_names(&outgoing);
        outgoing
    }

    /// `vp.tls.default-config`, or what the older `tp.tls.*` say.
    fn default_profile(&mut self, written: &BTreeMap<String, String>, material: &Material) -> TlsProfile {
        let own = below(written, &["vp.tls.default-config."]);
        if !own.is_empty() {
            let name = own.get("name").map_or_else(|| "default".to_owned(), |(name, _)| name.clone());
            return self.profile(&own, name, material);
        }
        let protocols = "properties.tp.tls.allowedOutgoingProtocols";
        let suites = "properties.tp.tls.allowedOutgoingCipherSuites";
        let (names, suite_names) = (self.resolved.list(protocols), self.resolved.list(suites));
        let offer = self.offer((&not_blank(names), &[], protocols), (&not_blank(suite_names), &[], suites));
        TlsProfile { name: "default".to_owned(), material: material.clone(), offer }
    }

    fn overrides(&mut self, written: &BTreeMap<String, String>, default: &TlsProfile) -> Vec<TlsOverride> {
        const PREFIX: &str = "vp.tls.overrides[";
        let number = |key: &str| key.strip_prefix(PREFIX)?.split_once(']')?.0.parse::<usize>().ok();
        let numbers: BTreeSet<usize> = written.keys().filter_map(|key| number(key)).collect();
        let mut overrides = Vec::new();
        for number in numbers {
            let prefix = format!("{PREFIX}{number}].");
            let own = below(written, &[&prefix]);
            let text = |name: &str| own.get(name).map(|(text, _)| text.clone()).filter(|text| !text.is_empty());
            let key = |name: &str| own.get(name).map_or_else(String::new, |(_, key)| format!("properties.{key}"));
            let some_key = own.values().next().map_or_else(String::new, |(_, key)| format!("properties.{key}"));
            let has_match = own.keys().any(|key| key.starts_with("match."));
            let Some(name) = text("name").filter(|_| has_match) else {
                let missing = if has_match { "name" } else { "match" };
                let message = format!("vp.tls.overrides[{number}] has no {missing}; it is passed over");
                let mut problem = self.resolved.error(&some_key, message);
                problem.severity = Severity::Warning;
                self.problems.push(problem);
                continue;
            };
            let port = text("match.port").and_then(|port| {
                let parsed = port.trim().parse::<u16>().ok();
                if parsed.is_none() {
                    let message = format!("vp.tls.overrides[{number}].match.port is {port:?}; expected a port");
                    self.problems.push(self.resolved.error(&key("match.port"), message));
                }
                parsed
            });
            let matches =
                TlsMatch { domain_name: text("match.domainname"), domain_suffix: text("match.domainsuffix"), port };
            let profile = self.profile(&own, name, &default.material);
            overrides.push(TlsOverride { matches, profile });
        }
        overrides
    }

    fn profile(&mut self, own: &Written<'_>, name: String, fallback: &Material) -> TlsProfile {
        let list = |name: &str| -> Vec<String> {
            let members = own.iter().filter(|(key, _)| key.as_str() == name || key.starts_with(&format!("{name}[")));
            let texts = members.flat_map(|(_, (text, _))| text.split(',').map(|entry| entry.trim().to_owned()));
            not_blank(texts.collect())
        };
        let key = |name: &str| {
            let member = own.iter().find(|(key, _)| key.starts_with(name)).or_else(|| own.iter().next());
            member.map_or_else(String::new, |(_, (_, key))| format!("properties.{key}"))
        };
        let material = match own.get("bundle") {
            Some((bundle, written)) if !bundle.is_empty() => self.bundle(bundle, &format!("properties.{written}")),
            _ => fallback.clone(),
        };
        let offer = self.offer(
            (&list("protocolsinclude"), &list("protocolsexclude"), &key("protocols")),
            (&list("ciphersuitesinclude"), &list("ciphersuitesexclude"), &key("ciphersuites")),
        );
        TlsProfile { name, material, offer }
    }

    /// Included names, or all where none is, without the excluded ones.
    fn offer(
        &mut self,
        (protocols, not_protocols, protocols_key): (&[String], &[String], &str),
        (suites, not_suites, suites_key): (&[String], &[String], &str),
    ) -> Offer {
        let old = |name: &str| OLD_PROTOCOLS.iter().any(|old| old.eq_ignore_ascii_case(name));
        let known = |name: &String| PROTOCOLS.iter().any(|known| known.eq_ignore_ascii_case(name)) || old(name);
        if let Some(name) = protocols.iter().chain(not_protocols).find(|name| !known(name)) {
            let message = format!("{} names {name:?}; expected {}", shown(protocols_key), PROTOCOLS.join(" or "));
            self.problems.push(self.resolved.error(protocols_key, message));
            return Offer::default();
        }
        let protocols = effective(&PROTOCOLS, protocols, not_protocols);
        if protocols.is_empty() {
            let message =
                format!("{} leaves no TLS version; expected {}", shown(protocols_key), PROTOCOLS.join(" or "));
            self.problems.push(self.resolved.error(protocols_key, message));
            return Offer::default();
        }
        let of_versions = |suite: &&'static str| protocols.contains(&protocol_of(suite));
        let suites: Vec<_> = effective(&SUITES, suites, not_suites).into_iter().filter(of_versions).collect();
        if suites.is_empty() {
            let there: Vec<_> = SUITES.into_iter().filter(of_versions).collect();
            let message = format!(
                "{} leaves no cipher suite for {}; expected one of {}",
                shown(suites_key),
                protocols.join(" and "),
                there.join(", ")
            );
            self.problems.push(self.resolved.error(suites_key, message));
            return Offer::default();
        }
        // A version without a suite is not spoken.
        let protocols = protocols.into_iter().filter(|one| suites.iter().any(|suite| protocol_of(suite) == *one));
        Offer { protocols: protocols.collect(), suites }
    }

    fn check_names(&mut self, outgoing: &OutgoingTls) {
        let names = outgoing.overrides.iter().map(|one| &one.profile).chain([&outgoing.default]);
        let mut seen = BTreeSet::new();
        let twice: BTreeSet<_> =
            names.map(|profile| profile.name.as_str()).filter(|name| !seen.insert(*name)).collect();
        if !twice.is_empty() {
            let names: Vec<_> = twice.into_iter().collect();
            let message = format!("Duplicate TLS configuration names found: {}", names.join(", "));
            let keys: Vec<_> = self.resolved.below("properties.vp.tls.").map(|(key, _)| key.to_owned()).collect();
            let key = keys.iter().find(|key| key.ends_with(".name")).map_or_else(String::new, Clone::clone);
            self.problems.push(self.resolved.error(&format!("properties.vp.tls.{key}"), message));
        }
    }

    /// A bundle by its name (`spring.ssl.bundle.{pem,jks}.<name>.*`).
    fn bundle(&mut self, name: &str, key: &str) -> Material {
        let written = self.resolved.named("properties.");
        let prefix = |kind: &str| format!("spring.ssl.bundle.{kind}.{name}.");
        let (pem, store) = (below(&written, &[&prefix("pem")]), below(&written, &[&prefix("jks"), &prefix("p12")]));
        if pem.is_empty() && store.is_empty() {
            let message = format!(
                "{} names the bundle {name:?}, and there is none; expected keys such as spring.ssl.bundle.pem.{name}.keystore.certificate",
                shown(key)
            );
            self.problems.push(self.resolved.error(key, message));
            return Material::default();
        }
        let of = |written: &Written<'_>, name: &str| {
            written.get(name).map(|(text, _)| text.clone()).filter(|text| !text.is_empty())
        };
        let located = |file: Option<String>| file.map(|file| self.located(&file));
        if !pem.is_empty() {
            let certificate = located(of(&pem, "keystore.certificate"));
            let key = located(of(&pem, "keystore.privatekey"));
            let identity = certificate.zip(key).map(|(certificate, key)| Identity::Pem { certificate, key });
            let trust = located(of(&pem, "truststore.certificate")).map(Trust::Pem);
            return Material { trust, identity, revoked: Vec::new() };
        }
        let password = |side: &str| of(&store, &format!("{side}.password")).unwrap_or_default();
        Material {
            trust: located(of(&store, "truststore.location")).map(|path| Trust::Store(path, password("truststore"))),
            identity: located(of(&store, "keystore.location")).map(|path| Identity::Store(path, password("keystore"))),
            revoked: Vec::new(),
        }
    }

    /// A file as the reference names them: `classpath:` is the environment's folder.
    fn located(&self, file: &str) -> PathBuf {
        let file = file.strip_prefix("file:").unwrap_or(file);
        match file.strip_prefix("classpath:") {
            Some(inside) => self.in_environment(inside.trim_start_matches('/')),
            None if Path::new(file).is_absolute() => PathBuf::from(file),
            None => self.in_environment(file),
        }
    }
}

/// What is written, and for the rest what else there is.
fn or(first: Material, second: Material) -> Material {
    let revoked = if first.revoked.is_empty() { second.revoked } else { first.revoked };
    Material { trust: first.trust.or(second.trust), identity: first.identity.or(second.identity), revoked }
}

fn effective(all: &[&'static str], included: &[String], excluded: &[String]) -> Vec<&'static str> {
    let names = |list: &[String], one: &str| list.iter().any(|name| name == ANY || name.eq_ignore_ascii_case(one));
    all.iter().copied().filter(|one| (included.is_empty() || names(included, one)) && !names(excluded, one)).collect()
}

/// The written keys below some prefixes, by what follows.
fn below<'w>(written: &'w BTreeMap<String, String>, prefixes: &[&str]) -> Written<'w> {
    let entries = written.iter().filter_map(|(key, text)| {
        let name = prefixes.iter().find_map(|prefix| key.strip_prefix(prefix))?;
        Some((canonical(name), (text.clone(), key.as_str())))
    });
    entries.collect()
}

/// A name as the reference's framework reads it: dashes and case are of no account.
fn canonical(name: &str) -> String {
    name.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect()
}

/// A key as operators write it.
fn shown(key: &str) -> &str {
    key.strip_prefix("properties.").unwrap_or(key)
}
