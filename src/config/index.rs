//! What can be set about the index, and its named limits.
//!
//! | Key | Type | Default |
//! |---|---|---|
//! | `ei.hsa.id` | text | `ei-hsa-id` |
//! | `ei.alternative.hsa.id` | text | as `ei.hsa.id` |
//! | `vp.hsa.id` | text | `vp-hsa-id` |
//! | `vp.instance.id` | text | `vp-instance-id` |
//! | `update-notification.not.allowed.hsaid.list` | texts, comma-separated, trimmed | `ei.hsa.id`, `vp.hsa.id` |
//! | `update.collect.threshold` | count; 0 = never collect | 1 |
//! | `collect.queue.completion.size` | messages | 1000 |
//! | `collect.queue.completion.timeout` | seconds | 5 |
//! | `notification.queue.prefix` | text | `EI.NOTIFICATION.` |
//! | `subscriber.cache.file.name` | path; empty = none | empty |
//! | `subscriber.cache.timeToLiveSeconds` | seconds | 7200 |
//! | `getlogicaladdresses.serviceEndpointUrl` | URL; empty = our own catalogue | empty |
//! | `getlogicaladdresses.logicalAddress` | text | `vp.hsa.id` |
//! | `getlogicaladdresses.vpSenderId` | text | `vp.hsa.id` |
//! | `getlogicaladdresses.vpInstanceId` | text | `vp.instance.id` |
//! | `getlogicaladdresses.connectTimeoutMs` | milliseconds | 5000 |
//! | `getlogicaladdresses.requestTimeoutMs` | milliseconds | 5000 |
//! | `processnotification.serviceEndpointUrl` | URL; empty = our own hub | empty |
//! | `processnotification.vpSenderId` | text | `vp.hsa.id` |
//! | `processnotification.vpInstanceId` | text | `vp.instance.id` |
//! | `activemq.broker.notification.maximum-redeliveries`, else `activemq.broker.maximum-redeliveries` | count | 5 |
//! | `activemq.broker.notification.redelivery-delay`, else `activemq.broker.redelivery-delay` | milliseconds | 1000 |
//! | `activemq.broker.notification.use-exponential-backoff`, else without `notification.` | boolean | false |
//! | `activemq.broker.notification.backoff-multiplier`, else without `notification.` | number | 3 |
//! | `activemq.broker.notification.maximum-redelivery-delay`, else without `notification.` | milliseconds | 600000 |
//! | `ei.route.id.process`, `ei.route.id.collect` | text | `backend-process-route`, `backend-collection-route` |
//! | `index.correlation_id_required` | boolean | true |
//! | `index.ignore_older` | boolean | false |
//! | `index.find_ignores_case` | boolean | false |
//! | `index.body_bytes_max` | bytes | 16 MiB |
//! | `index.response_bytes_max` | bytes | 256 MiB |
//! | `index.submissions_bytes_max` | bytes | 64 MiB |
//! | `index.group_bytes_max` | bytes | 8 MiB |
//! | `index.waiting_bytes_max` | bytes | 256 MiB |
//! | `index.snapshot_journal_bytes` | bytes | 128 MiB |
//! | `index.notification_timeout_ms` | milliseconds | 60000 |
//! | `index.notification_queue_max` | messages | 10000 |
//! | `index.notification_queue_bytes_max` | bytes | 64 MiB |
//! | `index.dead_letters_max` | messages | 1000 |
//! | `index.dead_letters_bytes_max` | bytes | 64 MiB |
//! | `index.discovery_wait_ms` | milliseconds | 1000 |

use std::path::PathBuf;
use std::time::Duration;

/// Most transactions in one request (`ei.md` §2.4).
pub const TRANSACTIONS_MAX: usize = 1_000;

/// Everything that can be set about the index. Keys and types stand in the table above.
#[derive(Clone, Debug)]
pub struct IndexSettings {
    /// `ei.hsa.id`: own id, owner stamp, own-owner drop.
    pub own_id: String,
    /// `ei.alternative.hsa.id`: second accepted logical address of Update.
    pub alternative_id: String,
    /// `update-notification.not.allowed.hsaid.list`; empty = nothing is reserved.
    pub reserved_ids: Vec<String>,
    /// Whether `x-skltp-correlation-id` must be there; direct developer use may do without.
    pub correlation_id_required: bool,
    /// Whether an Update whose MRC is older than the stored one, or absent, is ignored (`ei.md` Q5).
    pub ignore_older: bool,
    /// Whether FindContent ignores case in all but the identity number, as the reference's production store does.
    pub find_ignores_case: bool,
    /// Single updates wait in a batch.
    pub collect: CollectSettings,
    /// Who is told of changes, and how.
    pub notify: NotifySettings,
    /// Names shown by the management paths.
    pub routes: RouteNames,
    /// Bounds.
    pub limits: IndexLimits,
}

/// The collect stage (`ei.md` §3.6).
#[derive(Clone, Debug)]
pub struct CollectSettings {
    /// `update.collect.threshold`: requests of at most so many transactions are collected; 0 = none.
    pub threshold: usize,
    /// `collect.queue.completion.size`, in messages.
    pub completion_size: usize,
    /// `collect.queue.completion.timeout`: without a new message.
    pub completion_timeout: Duration,
}

/// Subscribers and deliveries (`ei.md` §1.8, §5).
#[derive(Clone, Debug)]
pub struct NotifySettings {
    /// `processnotification.vpSenderId`.
    pub sender_id: String,
    /// `processnotification.vpInstanceId`.
    pub instance_id: String,
    /// `processnotification.serviceEndpointUrl`: target of the call, as the delivering responder understands it.
    pub target: String,
    /// `notification.queue.prefix`.
    pub queue_prefix: String,
    /// Longest wait for a subscriber's answer.
    pub timeout: Duration,
    /// When a delivery failed.
    pub redelivery: Redelivery,
    /// `subscriber.cache.timeToLiveSeconds`.
    pub cache_time_to_live: Duration,
    /// `subscriber.cache.file.name`.
    pub cache_file: Option<PathBuf>,
    /// How subscribers are asked for.
    pub discovery: DiscoverySettings,
    /// Longest time a request waits for subscribers to be fetched anew, before it goes on with the old list.
    pub discovery_wait: Duration,
}

/// `activemq.broker.notification.…`.
#[derive(Clone, Debug)]
pub struct Redelivery {
    /// `maximum-redeliveries`: attempts after the first.
    pub attempts: u32,
    /// `redelivery-delay`.
    pub delay: Duration,
    /// `backoff-multiplier` where `use-exponential-backoff` is on; 1 otherwise.
    pub multiplier: f64,
    /// `maximum-redelivery-delay`, the cap on a growing delay.
    pub delay_max: Duration,
}

/// `getlogicaladdresses.…`.
#[derive(Clone, Debug)]
pub struct DiscoverySettings {
    /// Target of the call, as the responder that carries it understands it.
    pub target: String,
    /// Header `LogicalAddress` and `serviceConsumerHsaId` (`ei.md` Q19).
    pub logical_address: String,
    /// Header `x-vp-sender-id`.
    pub sender_id: String,
    /// Header `x-vp-instance-id`.
    pub instance_id: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for the whole call.
    pub timeout: Duration,
}

/// Names of the two routes in the write lock's status.
#[derive(Clone, Debug)]
pub struct RouteNames {
    /// `ei.route.id.process`.
    pub process: String,
    /// `ei.route.id.collect`.
    pub collect: String,
}

/// Named bounds of the index.
#[derive(Clone, Debug)]
pub struct IndexLimits {
    /// Largest request, in bytes.
    pub body_bytes_max: usize,
    /// Largest answer of FindContent, in bytes.
    pub response_bytes_max: usize,
    /// Records that wait to be written, in bytes together; more wait to be let in.
    pub submissions_bytes_max: usize,
    /// Bytes that share one sync.
    pub group_bytes_max: usize,
    /// Acknowledged and held back by the write lock, in bytes; beyond, calls are refused.
    pub waiting_bytes_max: usize,
    /// Journal that is written before a snapshot is taken, in bytes; more where the last snapshot was large.
    pub snapshot_journal_bytes: u64,
    /// Messages in one subscriber's queue; beyond, new ones go to its dead letters.
    pub queue_max: usize,
    /// The same in bytes.
    pub queue_bytes_max: usize,
    /// Dead letters of one subscriber; the oldest go first.
    pub dead_letters_max: usize,
    /// The same in bytes.
    pub dead_letters_bytes_max: usize,
}

impl Default for IndexSettings {
    fn default() -> Self {
        let vp = "vp-hsa-id".to_owned();
        let instance = "vp-instance-id".to_owned();
        let own_id = "ei-hsa-id".to_owned();
        Self {
            alternative_id: own_id.clone(),
            reserved_ids: vec![own_id.clone(), vp.clone()],
            own_id,
            correlation_id_required: true,
            ignore_older: false,
            find_ignores_case: false,
            collect: CollectSettings {
                threshold: 1,
                completion_size: 1_000,
                completion_timeout: Duration::from_secs(5),
            },
            notify: NotifySettings {
                sender_id: vp.clone(),
                instance_id: instance.clone(),
                target: "/vp/ProcessNotification/1/rivtabp21".to_owned(),
                queue_prefix: "EI.NOTIFICATION.".to_owned(),
                timeout: Duration::from_secs(60),
                redelivery: Redelivery {
                    attempts: 5,
                    delay: Duration::from_secs(1),
                    multiplier: 1.0,
                    delay_max: Duration::from_secs(600),
                },
                cache_time_to_live: Duration::from_secs(7_200),
                cache_file: None,
                discovery: DiscoverySettings {
                    target:
                        "/vp/infrastructure/itintegration/registry/GetLogicalAddresseesByServiceContract/2/rivtabp21"
                            .to_owned(),
                    logical_address: vp.clone(),
                    sender_id: vp,
                    instance_id: instance,
                    connect_timeout: Duration::from_secs(5),
                    timeout: Duration::from_secs(10),
                },
                discovery_wait: Duration::from_secs(1),
            },
            routes: RouteNames {
                process: "backend-process-route".to_owned(),
                collect: "backend-collection-route".to_owned(),
            },
            limits: IndexLimits::default(),
        }
    }
}

impl Default for IndexLimits {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            body_bytes_max: 16 * MIB,
            response_bytes_max: 256 * MIB,
            submissions_bytes_max: 64 * MIB,
            group_bytes_max: 8 * MIB,
            waiting_bytes_max: 256 * MIB,
            snapshot_journal_bytes: 128 * MIB as u64,
            queue_max: 10_000,
            queue_bytes_max: 64 * MIB,
            dead_letters_max: 1_000,
            dead_letters_bytes_max: 64 * MIB,
        }
    }
}
