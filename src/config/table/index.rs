//! The engagement index: the reference's property names (`ei.md` §6.4), then our own keys for what it has no name for.

use super::{Effect, Kind, Setting, Unit};

const TEXT: Kind = Kind::Text;
const SWITCH: Kind = Kind::Switch;
const ROWS: Kind = Kind::Number { unit: Unit::Count, min: 0, max: i32::MAX as i64 };
const MESSAGES: Kind = Kind::Number { unit: Unit::Count, min: 1, max: 1_000_000 };
/// Negative is for ever, as the broker has it.
const TRIES: Kind = Kind::Number { unit: Unit::Count, min: -1, max: 1_000_000 };
const FACTOR: Kind = Kind::Decimal { min: 0, max: 1_000 };
const SECONDS: Kind = Kind::Number { unit: Unit::Seconds, min: 1, max: 86_400 };
const DELAY: Kind = Kind::Number { unit: Unit::Milliseconds, min: 0, max: 86_400_000 };
/// A wait always ends, within a day.
const WAIT: Kind = Kind::Number { unit: Unit::Milliseconds, min: 1, max: 86_400_000 };
const BYTES: Kind = Kind::Number { unit: Unit::Bytes, min: 1_024, max: 1 << 40 };

const fn full(key: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Setting {
    Setting::property(key, kind, Some(default), doc)
}

const fn unset(key: &'static str, kind: Kind, doc: &'static str) -> Setting {
    Setting::property(key, kind, None, doc)
}

const fn own(key: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Setting {
    Setting::own(key, kind, Some(default), doc)
}

/// The broker's part is done by the index's own journal.
const fn replaced(key: &'static str) -> Setting {
    unset(key, TEXT, "of the reference's message broker").effect(Effect::Replaced("the index's own journal"))
}

/// In the order in which `anslut config` shows them. Redelivery defaults are those of the reference's back end file
/// (`ei.md` §5.5).
pub const PROPERTIES: &[Setting] = &[
    full("ei.hsa.id", TEXT, "ei-hsa-id", "the index's own id: address of Update, owner of what it brings"),
    unset("ei.alternative.hsa.id", TEXT, "second address accepted by Update; unset: ei.hsa.id"),
    full("vp.hsa.id", TEXT, "vp-hsa-id", "the index's identity towards the hub"),
    unset(
        "update-notification.not.allowed.hsaid.list",
        Kind::List,
        "addresses refused with EI005 and EI006; unset: ei.hsa.id and vp.hsa.id; empty = none",
    ),
    full("update.collect.threshold", ROWS, "1", "rows up to which updates are collected; 0 = never"),
    full("collect.queue.completion.size", MESSAGES, "1000", "messages that close a batch"),
    full("collect.queue.completion.timeout", SECONDS, "5", "idle seconds that close a batch"),
    full("notification.queue.prefix", TEXT, "EI.NOTIFICATION.", "begins the names of notification queues"),
    unset("subscriber.cache.file.name", Kind::File, "copy of the subscribers, for starts without a catalogue"),
    full("subscriber.cache.timeToLiveSeconds", SECONDS_ANY, "7200", "how long subscribers are remembered"),
    unset("getlogicaladdresses.serviceEndpointUrl", Kind::Url, "who knows the subscribers; unset: our own catalogue"),
    unset("getlogicaladdresses.logicalAddress", TEXT, "address and consumer of that question; unset: vp.hsa.id"),
    unset("getlogicaladdresses.vpSenderId", TEXT, "its x-vp-sender-id; unset: vp.hsa.id"),
    unset("getlogicaladdresses.vpInstanceId", TEXT, "its x-vp-instance-id; unset: vp.instance.id"),
    full("getlogicaladdresses.connectTimeoutMs", WAIT, "5000", "longest wait for a connection to it"),
    full("getlogicaladdresses.requestTimeoutMs", WAIT, "5000", "longest wait for its answer"),
    unset("processnotification.serviceEndpointUrl", Kind::Url, "where notifications go; unset: our own hub"),
    unset("processnotification.vpSenderId", TEXT, "their x-vp-sender-id; unset: vp.hsa.id"),
    unset("processnotification.vpInstanceId", TEXT, "their x-vp-instance-id; unset: vp.instance.id"),
    full("activemq.broker.maximum-redeliveries", TRIES, "5", "tries after the first; negative = for ever"),
    full("activemq.broker.redelivery-delay", DELAY, "1000", "wait between tries"),
    full("activemq.broker.use-exponential-backoff", SWITCH, "false", "whether that wait grows"),
    full("activemq.broker.backoff-multiplier", FACTOR, "3", "by how much, each time"),
    full("activemq.broker.maximum-redelivery-delay", DELAY, "600000", "how long it becomes at most"),
    unset("activemq.broker.notification.maximum-redeliveries", TRIES, "the same for notifications; unset: as above"),
    unset("activemq.broker.notification.redelivery-delay", DELAY, "the same for notifications; unset: as above"),
    unset(
        "activemq.broker.notification.use-exponential-backoff",
        SWITCH,
        "the same for notifications; unset: as above",
    ),
    unset("activemq.broker.notification.backoff-multiplier", FACTOR, "the same for notifications; unset: as above"),
    unset(
        "activemq.broker.notification.maximum-redelivery-delay",
        DELAY,
        "the same for notifications; unset: as above",
    ),
    replaced("activemq.broker.password").secret(),
    replaced("activemq.broker.*"),
    replaced("collect.queue.name"),
    replaced("process.queue.name"),
    full("ei.route.id.process", TEXT, "backend-process-route", "name of the first route in the write lock's status"),
    full("ei.route.id.collect", TEXT, "backend-collection-route", "name of the second"),
];

const SECONDS_ANY: Kind = Kind::Number { unit: Unit::Seconds, min: 0, max: 31_536_000 };

/// In the order in which `anslut config` shows them.
pub const SETTINGS: &[Setting] = &[
    own("index.correlation_id_required", SWITCH, "true", "refuse calls of the index without x-skltp-correlation-id"),
    own("index.ignore_older", SWITCH, "false", "ignore an update that is older than what is stored"),
    own("index.find_ignores_case", SWITCH, "false", "FindContent ignores case in all but the identity"),
    own("index.body_bytes_max", BYTES, "16777216", "largest request of the index"),
    own("index.response_bytes_max", BYTES, "268435456", "largest answer of FindContent"),
    own("index.submissions_bytes_max", BYTES, "67108864", "updates that wait to be written; more wait to be let in"),
    own("index.group_bytes_max", BYTES, "8388608", "updates that share one sync of the disk"),
    own(
        "index.waiting_bytes_max",
        BYTES,
        "268435456",
        "updates behind collect window and write lock; more are refused",
    ),
    own("index.snapshot_journal_bytes", BYTES, "134217728", "journal that is written before a snapshot is taken"),
    own("index.notification_timeout_ms", WAIT, "60000", "longest wait for a subscriber's answer"),
    own("index.notification_queue_max", MESSAGES, "10000", "messages for one subscriber; more become dead letters"),
    own("index.notification_queue_bytes_max", BYTES, "67108864", "the same in bytes"),
    own("index.dead_letters_max", MESSAGES, "1000", "dead letters of one subscriber; the oldest goes first"),
    own("index.dead_letters_bytes_max", BYTES, "67108864", "the same in bytes"),
    own("index.discovery_wait_ms", WAIT, "1000", "how long an update waits while subscribers are fetched anew"),
];
