//! The aggregating services: the reference's property names (`aggregation.md` §3.3), then our own keys for what it has no
//! name for. Defaults are the reference's.

use super::{Effect, Kind, Setting, Unit};

const TEXT: Kind = Kind::Text;
const SWITCH: Kind = Kind::Switch;
/// A wait always ends, within a day.
const WAIT: Kind = Kind::Number { unit: Unit::Milliseconds, min: 1, max: 86_400_000 };
/// The same of one service; -1 is what holds for all.
const OWN_WAIT: Kind = Kind::Number { unit: Unit::Milliseconds, min: -1, max: 86_400_000 };
const COUNT: Kind = Kind::Number { unit: Unit::Count, min: 1, max: 1_000_000 };
const BYTES: Kind = Kind::Number { unit: Unit::Bytes, min: 1, max: 1 << 40 };
const ANY: Kind = Kind::Number { unit: Unit::Count, min: i32::MIN as i64, max: i32::MAX as i64 };

const fn full(key: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Setting {
    Setting::property(key, kind, Some(default), doc)
}

const fn unset(key: &'static str, kind: Kind, doc: &'static str) -> Setting {
    Setting::property(key, kind, None, doc)
}

/// In the order in which `anslut config` shows them.
pub const PROPERTIES: &[Setting] = &[
    full("agp.logicalAddress", TEXT, "5565594230", "the aggregating services' own address: never asked"),
    full("aggregate.timeout", WAIT, "28000", "longest time for all sources together"),
    unset("vp.instanceId", TEXT, "the instance towards hub and index; unset: vp.instance.id"),
    unset("vp.defaultServiceURL", Kind::Url, "where sources are reached; unset: our own hub"),
    full("vp.defaultConnectTimeout", WAIT, "2000", "longest wait for a connection there"),
    full("vp.defaultReceiveTimeout", WAIT, "27000", "longest wait for one source"),
    unset("ei.findContentUrl", Kind::Url, "the index; unset: our own"),
    full("ei.logicalAddress", TEXT, "556500000", "address of the index in FindContent"),
    full("ei.senderId", TEXT, "SENDER1", "sender of FindContent"),
    full("ei.connectTimeout", WAIT, "2000", "longest wait for a connection to the index"),
    full("ei.receiveTimeout", WAIT, "20000", "longest wait for the index"),
    full("vp.useAyncHttpConduit", SWITCH, "true", "kind of HTTP client").effect(Effect::Dead),
    full("ei.useAyncHttpConduit", SWITCH, "true", "kind of HTTP client").effect(Effect::Dead),
    full("log.max.payload.size", ANY, "49152", "characters of a payload that are logged")
        .effect(Effect::Replaced("records.body_bytes_max")),
    full("validate.soapAction", SWITCH, "false", "refuse a SOAPAction that is not the contract's"),
    full(
        "vp.validationLog.services",
        Kind::List,
        "",
        "services whose sources' answers are validated beside the call, for the log",
    ),
    full("vp.validationLog.interval", WAIT, "60000", "between two reports of that"),
    full("vp.validationLog.hashStrategy", TEXT, "sha256", "noop: findings are told as they are; else by their SHA-256"),
    full(
        "headers.request.filter",
        Kind::HeaderPattern,
        "(?i)SoapAction|x-skltp-prt|Server|Host",
        "headers not sent on to sources",
    ),
    full(
        "headers.response.filter",
        Kind::HeaderPattern,
        "(?i)x-vp.*|x-rivta-original-serviceconsumer-hsaid|x-skltp-prt|User-Agent|breadcrumbId|Host|Server|http.status",
        "headers not sent back to consumers",
    ),
    unset("*.inboundServiceURL", TEXT, "of one aggregating service: its path on listen.aggregation"),
    unset("*.outboundServiceURL", Kind::Url, "of one aggregating service: where its sources are reached"),
    unset("*.receiveTimeout", OWN_WAIT, "of one aggregating service; -1 = vp.defaultReceiveTimeout"),
    unset("*.connectTimeout", OWN_WAIT, "of one aggregating service; -1 = vp.defaultConnectTimeout"),
    unset("*.eiServiceDomain", TEXT, "of one aggregating service: the domain it asks the index for"),
    unset("*.eiCategorization", TEXT, "of one aggregating service: its categorizations, commas and no blanks"),
    unset("*.takContract", TEXT, "of one aggregating service: the contract permissions are looked up for"),
    unset("*.enableSchemaValidation", SWITCH, "of one aggregating service: whether sources' answers must be valid"),
    unset("*.serviceName", TEXT, "of one aggregating service: its name in logs and status"),
    unset("*.targetNamespace", TEXT, "of one aggregating service").effect(Effect::Dead),
];

/// In the order in which `anslut config` shows them.
pub const SETTINGS: &[Setting] = &[
    Setting::own(
        "aggregation.message_log",
        SWITCH,
        Some("false"),
        "whether the services log their messages too, beside the hub, which logs the same as calls",
    ),
    Setting::own("aggregation.calls_max", COUNT, Some("256"), "aggregated calls in flight; more get a fault"),
    Setting::own("aggregation.sources_max", COUNT, Some("2000"), "sources one call asks; more get a failed status"),
    Setting::own("aggregation.source_calls_max", COUNT, Some("10000"), "calls to sources in flight; more are refused"),
    Setting::own("aggregation.answer_bytes_max", BYTES, Some("15728640"), "largest answer of one source or the index"),
    Setting::own("aggregation.held_bytes_max", BYTES, Some("268435456"), "answers held back, of all calls together"),
];
