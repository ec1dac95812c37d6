//! Our own settings: what the reference platform has no name for.

use super::{Kind, Setting, Unit};

const ADDRESS: Kind = Kind::Address;
const COUNT: Kind = Kind::Number { unit: Unit::Count, min: 1, max: 1_000_000 };
const BYTES: Kind = Kind::Number { unit: Unit::Bytes, min: 0, max: 1 << 40 };
const HEADER_BYTES: Kind = Kind::Number { unit: Unit::Bytes, min: 256, max: 1 << 20 };
/// Days, up to ten years.
const DAYS: Kind = Kind::Number { unit: Unit::Count, min: 0, max: 3_650 };
/// A wait always ends, within a day.
const WAIT: Kind = Kind::Number { unit: Unit::Milliseconds, min: 1, max: 86_400_000 };

/// In the order in which `anslut config` shows them.
pub const SETTINGS: &[Setting] = &[
    Setting::own("listen.hub_http", ADDRESS, Some("127.0.0.1:8080"), "the hub without TLS, status and resets"),
    Setting::own("listen.hub_https", ADDRESS, Some("127.0.0.1:20000"), "the hub behind mutual TLS"),
    Setting::own("listen.index_update", ADDRESS, Some("127.0.0.1:8081"), "the index's Update and ProcessNotification"),
    Setting::own("listen.index_find", ADDRESS, Some("127.0.0.1:8082"), "the index's FindContent"),
    Setting::own("listen.catalogue", ADDRESS, Some("127.0.0.1:8085"), "the catalogue's services and orders"),
    Setting::own("listen.aggregation", ADDRESS, Some("127.0.0.1:9001"), "the aggregating services"),
    Setting::own("listen.producers", ADDRESS, Some("127.0.0.1:8090"), "the mocked producers"),
    Setting::own("listen.admin", ADDRESS, Some("127.0.0.1:9090"), "pages, API, metrics and health"),
    Setting::own("admin.token", Kind::Text, None, "asked for by the API from outside loopback, and for changes")
        .secret(),
    Setting::own("hub.demo_sender", Kind::Text, None, "sender assumed for a plain call from loopback"),
    Setting::own("hub.header_bytes_max", HEADER_BYTES, Some("8192"), "request line and headers together"),
    Setting::own("hub.connections_max", COUNT, Some("4096"), "open consumer connections; more wait"),
    Setting::own("hub.connections_per_client_max", COUNT, Some("2048"), "of one address; more are closed at once"),
    Setting::own("hub.calls_max", COUNT, Some("1024"), "calls in flight; more get 503"),
    Setting::own("hub.calls_per_producer_max", COUNT, Some("512"), "calls in flight to one producer; more get VP009"),
    Setting::own("hub.idle_timeout_ms", WAIT, Some("60000"), "longest wait for the next request's headers"),
    Setting::own("hub.body_timeout_ms", WAIT, Some("30000"), "longest time for a request's body to arrive"),
    Setting::own("hub.write_timeout_ms", WAIT, Some("30000"), "longest time a consumer may take none of its answer"),
    Setting::own("hub.answer_timeout_ms", WAIT, Some("600000"), "longest time for a producer's answer to arrive"),
    Setting::own("hub.pool_idle_max", COUNT, Some("64"), "idle kept-alive connections to one producer"),
    Setting::own("hub.pool_idle_timeout_ms", WAIT, Some("30000"), "how long an idle connection is kept"),
    Setting::own("hub.drain_timeout_ms", WAIT, Some("35000"), "how long calls in flight may take after SIGTERM"),
    Setting::own("log.messages", Kind::Text, Some("stdout"), "message log: off, stdout, stderr, or a file"),
    Setting::own("log.payload", Kind::Switch, Some("false"), "whether bodies are part of the message log"),
    Setting::own("log.queue_bytes_max", BYTES, Some("16777216"), "events that wait to be written; more are dropped"),
    Setting::own("records.bytes_max", BYTES, Some("16777216"), "call records together; the oldest goes first"),
    Setting::own("records.body_bytes_max", BYTES, Some("16384"), "what a call record keeps of each body"),
    Setting::own(
        "records.index",
        Kind::Choice(&["load", "update", "off"]),
        Some("off"),
        "patients/ in the index, at every start: straight, or by Updates through the hub",
    ),
    Setting::own("platform.name", Kind::Text, None, "the platform's name; vp.instance.name goes before it"),
    Setting::own("platform.instance_id", Kind::Text, None, "the platform's id; vp.instance.id goes before it"),
    Setting::own("platform.tak_platform", Kind::Text, None, "the plattform that catalogue orders must carry"),
    Setting::own(
        "catalogue.addressees_by_date",
        Kind::Switch,
        Some("true"),
        "leave permissions that do not hold out of GetLogicalAddressees; the reference leaves them in",
    ),
    Setting::own(
        "connection.caregiver_lead_days",
        DAYS,
        Some("14"),
        "days between the list of indirect caregivers and the start (CONN-17)",
    ),
    Setting::own(
        "connection.caregiver_change_days",
        DAYS,
        Some("5"),
        "working days within which a change goes into that list (CONN-19)",
    ),
    Setting::own("connection.stop_notice_days", DAYS, Some("10"), "days a planned stop is announced ahead (CONN-62)"),
    Setting::own("catalogue.body_bytes_max", BYTES, Some("268435456"), "largest request to the catalogue's services"),
    Setting::own("catalogue.users.*", Kind::Text, None, "password of a user of the catalogue's services").secret(),
    Setting::own("hub.handshakes_max", COUNT, Some("512"), "TLS handshakes under way; more wait"),
    Setting::own("hub.handshakes_per_client_max", COUNT, Some("256"), "of one address; more are closed at once"),
    Setting::own("hub.handshake_timeout_ms", WAIT, Some("10000"), "longest time for a TLS handshake"),
    Setting::own("tls.ca", Kind::File, None, "whom hub_https trusts (PEM); all unset: made under the data directory"),
    Setting::own("tls.cert", Kind::File, None, "certificate of hub_https (PEM), leaf first"),
    Setting::own("tls.key", Kind::File, None, "its key (PEM)"),
    Setting::own("tls.crl", Kind::List, None, "revocation lists (PEM), one of each CA that has one"),
    Setting::own(
        "tls.fidelity",
        Kind::Switch,
        Some("false"),
        "speak with consumers only what the reference does: TLS 1.2",
    ),
    Setting::own("tls.producer.ca", Kind::File, None, "whom the hub trusts as producer; else tls.ca"),
    Setting::own("tls.producer.cert", Kind::File, None, "certificate towards producers; else tls.cert"),
    Setting::own("tls.producer.key", Kind::File, None, "its key; else tls.key"),
    Setting::own("tls.producer.crl", Kind::List, None, "revocation lists towards producers; else tls.crl"),
    Setting::own("producers.behaviour_header", Kind::HeaderName, None, "request header that selects a behaviour"),
    Setting::own("producers.admin", Kind::Switch, Some("false"), "serve /<system>/__admin on the producers' listener"),
    Setting::own("producers.templating", Kind::Switch, Some("false"), "fill in the body of every mapping"),
    Setting::own(
        "producers.pki",
        Kind::Text,
        None,
        "folder of the CA of producers' own TLS listeners; unset: the platform's own CA",
    ),
    Setting::own("proxy.allow", Kind::List, None, "hosts that mocked producers may forward requests to"),
    Setting::own(
        "proxy.i_know",
        Kind::Switch,
        Some("false"),
        "forward also to hosts without a test marker in their name",
    ),
    Setting::own("scrub.hsa", Kind::Switch, Some("false"), "invent the HSA-ids of units and systems in recordings too"),
    Setting::own("journal.bytes_max", BYTES, Some("67108864"), "the mocked producers' journal, for each workspace"),
    Setting::own(
        "journal.persist",
        Kind::Switch,
        Some("false"),
        "keep that journal in the data directory, with all that was sent, across restarts",
    ),
];
