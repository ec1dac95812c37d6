//! The reference platform's own property names, so that an operator can paste the file he has. Those of
//! the engagement index stand in `index.rs`, those of the aggregating services in `aggregation.rs`.
//!
//! Defaults are the reference's (`vp.md` §1.1, §3, §4, §7.1, §8, §10.3; `aggregation.md` §3.3), except the
//! style of the message log, which is `ECS` here.

use super::{Effect, Kind, Setting, Unit};

const TEXT: Kind = Kind::Text;
const SWITCH: Kind = Kind::Switch;
const LIST: Kind = Kind::List;
const NAME: Kind = Kind::HeaderName;
const ANY: Kind = Kind::Number { unit: Unit::Count, min: i32::MIN as i64, max: i32::MAX as i64 };
const DELAY: Kind = Kind::Number { unit: Unit::Milliseconds, min: 0, max: 86_400_000 };
/// A wait always ends, within a day.
const WAIT: Kind = Kind::Number { unit: Unit::Milliseconds, min: 1, max: 86_400_000 };
const BODY: Kind = Kind::Number { unit: Unit::Bytes, min: 1, max: i32::MAX as i64 };

const fn full(key: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Setting {
    Setting::property(key, kind, Some(default), doc)
}

const fn unset(key: &'static str, kind: Kind, doc: &'static str) -> Setting {
    Setting::property(key, kind, None, doc)
}

const fn unset_later(key: &'static str, kind: Kind, doc: &'static str) -> Setting {
    unset(key, kind, doc).effect(Effect::Later)
}

const fn dead(key: &'static str) -> Setting {
    unset(key, TEXT, "in operators' files, never read").effect(Effect::Dead)
}

const fn replaced(key: &'static str, by: &'static str) -> Setting {
    unset(key, TEXT, "where the reference listens").effect(Effect::Replaced(by))
}

/// In the order in which `anslut config` shows them.
pub const SETTINGS: &[Setting] = &[
    // The hub's identity and trust.
    full("vp.instance.id", TEXT, "dev_env", "the name other platforms know this one by"),
    full("vp.instance.name", TEXT, "SKLTP_DEFAULT_NAME", "stands in brackets in every fault string"),
    full("vp.use.routing.history", Kind::ExactTrue, "true", "whether loops are looked for and history is written"),
    full("ip.whitelist", LIST, "127.0.0.1", "beginnings of addresses that may call; empty = none may"),
    full("http.forwarded.header.xfor", NAME, "X-Forwarded-For", "header with the caller's address"),
    full("http.forwarded.header.host", NAME, "X-VP-Forwarded-Host", "header with the host the caller asked for"),
    full("http.forwarded.header.port", NAME, "X-VP-Forwarded-Port", "header with the port the caller asked for"),
    full("http.forwarded.header.proto", NAME, "X-VP-Forwarded-Proto", "header with the scheme the caller used"),
    full("http.forwarded.header.auth_cert", NAME, "x-vp-auth-cert", "header with the caller's certificate"),
    full(
        "certificate.senderid.subject.pattern",
        Kind::GroupPattern,
        "(?:2.5.4.5|SERIALNUMBER)=([^,]+)",
        "group 1 in the subject is the sender",
    ),
    full("sender.id.allowed.list", LIST, "", "who may name an original consumer; empty = everybody"),
    full("throw.vp013.when.originalconsumer.not.allowed", SWITCH, "false", "refuse with VP013, or only warn"),
    full("propagate.correlation.id.for.https", SWITCH, "false", "send the correlation id to https producers"),
    // Headers.
    full("vp.header.user.agent", Kind::HeaderValue, "SKLTP VP/4.3.x", "User-Agent towards producers"),
    full("vp.header.content.type", Kind::HeaderValue, "text/xml;charset=UTF-8", "Content-Type towards producers"),
    full(
        "headers.reg.exp.requestHeadersToRemove",
        Kind::HeaderPattern,
        "(?i)x-vp.*|PEER_CERTIFICATES|X-Forwarded.*|MULE_.*|X-MULE_.*|Connection|accept-encoding|X-Forwarded-Tls-Client-Cert",
        "request headers that do not reach the producer",
    ),
    full(
        "headers.reg.exp.requestHeadersToKeep",
        Kind::HeaderPattern,
        "(?i)x-vp-sender-id|x-vp-instance-id",
        "of those, the ones that do",
    ),
    full(
        "headers.reg.exp.responseHeadersToRemove",
        Kind::HeaderPattern,
        "(?i)SOAPAction|MULE_.*|X-MULE_.*|LOCAL_CERTIFICATE|PEER_CERTIFICATES|http.method",
        "answer headers that do not reach the consumer",
    ),
    full("headers.reg.exp.responseHeadersToKeep", Kind::HeaderPattern, "", "of those, the ones that do"),
    // The producer call.
    full("timeout.json.file", Kind::File, "timeoutconfig.json", "timeouts by contract"),
    full(
        "timeout.json.file.default.tjanstekontrakt.name",
        TEXT,
        "default_timeouts",
        "name of that file's entry for every other contract",
    ),
    full("vp.producer.retry.attempts", ANY, "1", "tries after the first; negative = for ever"),
    full("vp.producer.retry.delay", DELAY, "2000", "wait between tries"),
    full("producer.http.connect.timeout", WAIT, "2000", "longest wait for a TCP connection"),
    full("producer.http.keepAlive", SWITCH, "true", "whether connections are reused"),
    full("producer.http.disconnect", SWITCH, "false", "whether each is closed after its call"),
    full("producer.chunked.encoding", SWITCH, "false", "send requests chunked"),
    full("producer.https.connect.timeout", WAIT, "2000", "longest wait for a TCP connection, https"),
    full("producer.https.keepAlive", SWITCH, "true", "whether connections are reused, https"),
    full("producer.https.disconnect", SWITCH, "false", "whether each is closed after its call, https"),
    full("producer.https.hostnameVerification", SWITCH, "false", "whether the certificate must name the host"),
    full("vp.max.receive.length", BODY, "15728640", "largest request and largest answer"),
    // Routing and authorisation.
    full("defaultrouting.delimiter", TEXT, "#", "between the tokens of an old-style address; empty = none"),
    full("defaultrouting.allowedContracts", LIST, "", "contracts allowed with such an address; empty = all"),
    full("defaultrouting.allowedSenderIds", LIST, "", "senders allowed with such an address; empty = all"),
    full("hsa.lookup.vagval.defaultEnabled", SWITCH, "true", "climb the HSA tree for routes"),
    full("hsa.lookup.vagval.exceptedNamespaces", LIST, "", "beginnings of contracts for which not"),
    full("hsa.lookup.behorighet.defaultEnabled", SWITCH, "true", "climb the HSA tree for permissions"),
    full("hsa.lookup.behorighet.exceptedNamespaces", LIST, "", "beginnings of contracts for which not"),
    unset("hsa.files", LIST, "HSA files in place of hsa/*.xml, later ones win"),
    unset("takcache.endpoint.address", Kind::Url, "another catalogue that routes come from; unset: the folder tak/"),
    full("takcache.header.user.agent", Kind::HeaderValue, "SKLTP VP/3.1", "as whom that catalogue is asked"),
    unset("takcache.persistent.file.name", Kind::File, "where the catalogue's local copy is saved"),
    // Logging.
    full("vp.logging.style", Kind::Choice(&["ECS", "LEGACY"]), "ECS", "layout of the message log"),
    // Descriptions.
    full("wsdl.json.file", Kind::File, "wsdlconfig.json", "descriptions by path"),
    unset("wsdlfiles.directory", Kind::File, "folder with descriptions, beside those of the contracts"),
    // TLS.
    full("tp.tls.store.location", TEXT, "classpath:/certs/", "folder of key stores; classpath: is the environment"),
    unset("tp.tls.store.*.password", TEXT, "password of a key store").secret(),
    unset("tp.tls.store.*.keyPassword", TEXT, "password of a key; the store's own is used").secret(),
    unset("tp.tls.store.*", TEXT, "key stores (PKCS#12), or a bundle; [tls] goes before them"),
    unset("tp.tls.allowedIncomingProtocols", LIST, "TLS versions of consumers; unset: 1.2 and 1.3"),
    full("tp.tls.allowedIncomingCipherSuites", LIST, "*", "cipher suites of consumers"),
    unset("tp.tls.allowedOutgoingProtocols", LIST, "TLS versions of producers; unset: 1.2 and 1.3"),
    full("tp.tls.allowedOutgoingCipherSuites", LIST, "*", "cipher suites of producers"),
    unset_later("tp.tls.*", TEXT, "older TLS settings"),
    full("vp.tls.mtls-verification-enabled", SWITCH, "false", "note whether a client certificate was sent"),
    unset("vp.tls.default-config.*", TEXT, "TLS towards producers"),
    unset("vp.tls.overrides*", TEXT, "TLS towards particular producers; the first that matches is taken"),
    unset("spring.ssl.bundle.*.password", TEXT, "password of a bundle").secret(),
    unset("spring.ssl.bundle.*", TEXT, "bundles of keys and certificates"),
    // Where the reference listens and reads; here the environment and [listen] say it.
    replaced("vp.host", "listen.hub_http"),
    replaced("vp.http.route.url", "listen.hub_http"),
    replaced("vp.https.route.url", "listen.hub_https"),
    replaced("vp.status.url", "listen.hub_http"),
    replaced("vp.reset.cache.url", "listen.hub_http"),
    replaced("vp.hsa.reset.cache.url", "listen.hub_http"),
    replaced("server.port", "listen.admin"),
    replaced("server.address", "listen.admin"),
    replaced("management.server.port", "listen.admin"),
    replaced("update.webservice.url", "listen.index_update"),
    replaced("processnotification.webservice.url", "listen.index_update"),
    replaced("findcontent.webservice.url", "listen.index_find"),
    replaced("ei.status.url", "listen.index_update"),
    replaced("subscriber.cache.reset.url", "listen.index_update"),
    replaced("subscriber.cache.status.url", "listen.index_update"),
    replaced("writelock.enable.url", "listen.index_update"),
    replaced("writelock.disable.url", "listen.index_update"),
    replaced("writelock.status.url", "listen.index_update"),
    replaced("agp.status.url", "listen.aggregation"),
    replaced("reset.cache.url", "listen.aggregation"),
    // Without effect.
    dead("vagvalrouter.default.routing.address.delimiter"),
    dead("vagvalrouter.sender.ip.adress.http.header"),
    dead("vp.connection.timeout"),
    dead("vp.maxreceive.length"),
    dead("takcache.use.*"),
    dead("message.logger.method"),
    dead("producer.http.workers"),
    dead("producer.https.workers"),
    dead("memory.logger.period.seconds"),
    dead("management.endpoints.web.exposure.include"),
];
