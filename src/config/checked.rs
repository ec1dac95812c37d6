//! Settings as the platform uses them. `raw.rs` says under which key each is written, and what its default is.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use regex::Regex;

use super::aggregation::AggregationSettings;
use super::contracts::ContractSettings;
use super::index::IndexSettings;
use super::producers::ProducerSettings;
use super::tls::TlsSettings;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where each listener listens.
    pub listen: ListenSettings,
    /// The message path.
    pub hub: HubSettings,
    /// How routes and permissions are looked up.
    pub lookup: LookupSettings,
    /// The engagement index.
    pub index: IndexSettings,
    /// The aggregating services.
    pub aggregation: AggregationSettings,
    /// Service contracts: how they are read, and bounds.
    pub contracts: ContractSettings,
    /// Where the catalogue's local copy is saved, if anywhere (`takcache.persistent.file.name`).
    pub tak_copy: Option<PathBuf>,
    /// HSA files in place of `hsa/*.xml` (`hsa.files`), where set.
    pub hsa_files: Option<Vec<PathBuf>>,
    /// What is written about each message, and where.
    pub log: LogSettings,
    /// What is remembered about each call.
    pub records: RecordSettings,
    /// The admin listener.
    pub admin: AdminSettings,
    /// The mocked producers.
    pub producers: ProducerSettings,
    /// What the platform is called in orders.
    pub platform: PlatformSettings,
    /// Platforms that share the process (`[[platform]]`, `connection-api.md` §1); empty where there is only one.
    pub platforms: Vec<PlatformEntry>,
    /// The catalogue's own services, and a catalogue elsewhere.
    pub catalogue: CatalogueSettings,
    /// The road to a connection.
    pub connection: ConnectionSettings,
    /// `[catalogue.users]`: name to password for the catalogue's order and read services; empty = open on loopback only.
    pub catalogue_users: BTreeMap<String, String>,
    /// TLS, in both directions.
    pub tls: TlsSettings,
    /// Every property that was set, known or not, as written; for parts that read their own.
    pub properties: BTreeMap<String, String>,
}

/// One address a listener; `None` is `"off"`.
#[derive(Clone, Debug, Default)]
pub struct ListenSettings {
    /// `/vp/**`, `/status`, `/resetcache`, `/resethsacache`.
    pub hub_http: Option<SocketAddr>,
    /// `/vp/**` behind mutual TLS.
    pub hub_https: Option<SocketAddr>,
    /// The index's update and notification services.
    pub index_update: Option<SocketAddr>,
    /// The index's `FindContent`.
    pub index_find: Option<SocketAddr>,
    /// The catalogue's SOAP and REST services, and orders.
    pub catalogue: Option<SocketAddr>,
    /// The aggregating services.
    pub aggregation: Option<SocketAddr>,
    /// `/<system>/**`, the mocked producers.
    pub producers: Option<SocketAddr>,
    /// Pages, API, metrics, health.
    pub admin: Option<SocketAddr>,
}

/// The message path (`vp.md`).
#[derive(Clone, Debug)]
pub struct HubSettings {
    /// `vp.instance.id`: the name other platforms know this one by.
    pub instance_id: String,
    /// `vp.instance.name`: stands in brackets in every fault string.
    pub instance_name: String,
    /// `vp.use.routing.history`.
    pub use_routing_history: bool,
    /// `ip.whitelist`: trimmed entries; an address that starts with one is trusted. A blank entry matches everything.
    pub whitelist: Vec<String>,
    /// The sender assumed for a call from loopback without any identity header. Unset: nobody is assumed.
    pub demo_sender: Option<String>,
    /// `http.forwarded.header.xfor`.
    pub forwarded_for: NamedHeader,
    /// `http.forwarded.header.host`.
    pub forwarded_host: NamedHeader,
    /// `http.forwarded.header.port`.
    pub forwarded_port: NamedHeader,
    /// `http.forwarded.header.proto`.
    pub forwarded_proto: NamedHeader,
    /// `http.forwarded.header.auth_cert`.
    pub auth_cert: NamedHeader,
    /// `certificate.senderid.subject.pattern`: group 1 is the sender.
    pub sender_pattern: Regex,
    /// `sender.id.allowed.list`: who may name an original consumer; empty = everybody.
    pub original_consumer_senders: Vec<String>,
    /// `throw.vp013.when.originalconsumer.not.allowed`.
    pub refuse_original_consumer: bool,
    /// `propagate.correlation.id.for.https`.
    pub propagate_correlation_id_for_https: bool,
    /// `vp.header.user.agent`.
    pub user_agent: HeaderValue,
    /// `vp.header.content.type`.
    pub content_type: HeaderValue,
    /// `headers.reg.exp.requestHeadersToRemove` / `…ToKeep`.
    pub request_headers: HeaderFilter,
    /// `headers.reg.exp.responseHeadersToRemove` / `…ToKeep`.
    pub response_headers: HeaderFilter,
    /// How producers are called.
    pub producer: ProducerCallSettings,
    /// Bounds on what one client, one producer or all together may hold.
    pub limits: HubLimits,
}

/// A header whose name is a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedHeader {
    /// The name as written: its spelling stands in fault details.
    pub written: String,
    /// The name as it is looked up.
    pub name: HeaderName,
}

/// Which headers are left out: those that match `remove` and not `keep`. Patterns are anchored and ignore case.
#[derive(Clone, Debug)]
pub struct HeaderFilter {
    /// Left out, unless kept.
    pub remove: Option<Regex>,
    /// Kept all the same.
    pub keep: Option<Regex>,
    /// What the patterns say about the headers that nearly every message carries.
    usual: foldhash::HashMap<HeaderName, bool>,
}

/// Headers that nearly every message carries.
const USUAL_HEADERS: [&str; 24] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "authorization",
    "content-type",
    "etag",
    "expect",
    "host",
    "keep-alive",
    "last-modified",
    "server",
    "soapaction",
    "user-agent",
    "vary",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-rivta-original-serviceconsumer-hsaid",
    "x-rivta-routing-history",
    "x-skltp-correlation-id",
    "x-vp-instance-id",
    "x-vp-sender-id",
];

impl HeaderFilter {
    /// A filter of two patterns; without `remove`, nothing is left out.
    pub fn new(remove: Option<Regex>, keep: Option<Regex>) -> Self {
        let mut filter = Self { remove, keep, usual: foldhash::HashMap::default() };
        let decided = |name| (HeaderName::from_static(name), filter.asks_patterns(name));
        filter.usual = USUAL_HEADERS.into_iter().map(decided).collect();
        filter
    }

    /// Whether a header is left out.
    pub fn leaves_out(&self, name: &HeaderName) -> bool {
        self.usual.get(name).copied().unwrap_or_else(|| self.asks_patterns(name.as_str()))
    }

    fn asks_patterns(&self, name: &str) -> bool {
        let matches = |pattern: &Option<Regex>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(name));
        matches(&self.remove) && !matches(&self.keep)
    }
}

/// How producers are called (`vp.md` §7.1).
#[derive(Clone, Debug)]
pub struct ProducerCallSettings {
    /// `vp.producer.retry.attempts`: tries after the first; `None` = for ever.
    pub retries: Option<u32>,
    /// `vp.producer.retry.delay`.
    pub retry_delay: Duration,
    /// Connections to `http` producers.
    pub http: Transport,
    /// Connections to `https` producers.
    pub https: Transport,
    /// `producer.chunked.encoding`.
    pub chunked: bool,
    /// Longest wait without received data, by contract (exact, case-sensitive).
    pub timeouts: HashMap<String, Duration>,
    /// The same for every other contract.
    pub timeout_default: Duration,
}

/// Connections to producers of one scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transport {
    /// `producer.http[s].connect.timeout`.
    pub connect_timeout: Duration,
    /// `producer.http[s].keepAlive` and not `producer.http[s].disconnect`.
    pub keep_alive: bool,
}

/// Named bounds of the message path.
#[derive(Clone, Debug)]
pub struct HubLimits {
    /// `vp.max.receive.length`: largest request and largest answer, in bytes.
    pub body_bytes_max: usize,
    /// `hub.header_bytes_max`: request line and headers together, in bytes.
    pub header_bytes_max: usize,
    /// `hub.connections_max`: open consumer connections; more wait in the operating system's queue.
    pub connections_max: usize,
    /// `hub.connections_per_client_max`: of one address; more are closed at once.
    pub connections_per_client_max: usize,
    /// `hub.calls_max`: calls in flight; more get 503.
    pub calls_max: usize,
    /// `hub.calls_per_producer_max`: calls in flight to one host and port; more get VP009.
    pub calls_per_producer_max: usize,
    /// `hub.idle_timeout_ms`: longest wait for the next request's headers on an open connection.
    pub idle_timeout: Duration,
    /// `hub.body_timeout_ms`: longest time for a request's body to arrive.
    pub body_timeout: Duration,
    /// `hub.write_timeout_ms`: longest time a consumer may take none of its answer.
    pub write_timeout: Duration,
    /// `hub.answer_timeout_ms`: longest time for a producer's answer to arrive in full.
    pub answer_timeout: Duration,
    /// `hub.pool_idle_max`: idle kept-alive connections to one producer.
    pub pool_idle_max: usize,
    /// `hub.pool_idle_timeout_ms`: how long one is kept.
    pub pool_idle_timeout: Duration,
    /// `hub.drain_timeout_ms`: how long calls in flight may take after SIGTERM.
    pub drain_timeout: Duration,
}

/// How routes and permissions are looked up (`vp.md` §4.3, §5).
#[derive(Clone, Debug)]
pub struct LookupSettings {
    /// `defaultrouting.delimiter`: between the tokens of an old-style address; empty = none.
    pub delimiter: String,
    /// `defaultrouting.allowedContracts`; empty = all.
    pub allowed_contracts: Vec<String>,
    /// `defaultrouting.allowedSenderIds`; empty = all.
    pub allowed_senders: Vec<String>,
    /// `hsa.lookup.vagval.*`.
    pub route_climb: ClimbSwitch,
    /// `hsa.lookup.behorighet.*`.
    pub permission_climb: ClimbSwitch,
}

/// For which contracts the HSA tree is climbed.
#[derive(Clone, Debug)]
pub struct ClimbSwitch {
    /// `….defaultEnabled`.
    pub enabled: bool,
    /// `….exceptedNamespaces`: prefixes of contracts for which the opposite holds; case-sensitive, none blank.
    pub excepted: Vec<String>,
}

impl ClimbSwitch {
    /// Whether the tree is climbed for a contract.
    pub fn climbs(&self, contract: &str) -> bool {
        self.enabled != self.excepted.iter().any(|prefix| contract.starts_with(prefix.as_str()))
    }
}

/// The message log (`vp.md` §9).
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// `vp.logging.style`.
    pub style: LogStyle,
    /// `log.messages`: where the events go.
    pub messages: LogTarget,
    /// `log.payload`: whether bodies are part of the events, as at level DEBUG in the reference.
    pub payload: bool,
    /// `log.queue_bytes_max`: events that wait to be written, in bytes; events beyond are counted and dropped.
    pub queue_bytes_max: usize,
}

/// The two layouts of the message log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStyle {
    /// One JSON object a line, field names of the Elastic Common Schema.
    Ecs,
    /// The reference's older text block.
    Legacy,
}

/// Where a log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// Nowhere.
    Off,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// Appended to a file, which is opened again on SIGHUP.
    File(PathBuf),
}

/// How the index knows of the patient records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordsInIndex {
    /// Not at all.
    #[default]
    Off,
    /// They are put into it.
    Load,
    /// Updates are sent through the hub, as source systems send them.
    Update,
}

/// The ring of call records.
#[derive(Clone, Debug)]
pub struct RecordSettings {
    /// `records.bytes_max`: all records together; the oldest goes first.
    pub bytes_max: usize,
    /// `records.index`: how the index knows of the patients, if it does.
    pub index: RecordsInIndex,
    /// `records.body_bytes_max`: of each body; the rest is counted, not kept.
    pub body_bytes_max: usize,
}

/// The admin listener.
#[derive(Clone, Debug, Default)]
pub struct AdminSettings {
    /// `admin.token`: asked for on every call of the API that changes something, and on every call from outside loopback.
    pub token: Option<String>,
}

/// The folder of the catalogue's files where there is one platform.
pub const TAK_FOLDER: &str = "tak";

/// `[platform]`: the names by which orders and other systems know the platform.
#[derive(Clone, Debug)]
pub struct PlatformSettings {
    /// `platform.name`, such as `NTjP-DEV`.
    pub name: Option<String>,
    /// `platform.tak_platform`: the value of `plattform` that a catalogue order must carry, such as `NTJP-TEST`.
    pub tak_platform: Option<String>,
    /// What it is for, where it is one of several in the process.
    pub role: Option<PlatformRole>,
    /// Its catalogue's folder, relative to the environment.
    pub tak: String,
}

impl Default for PlatformSettings {
    fn default() -> Self {
        Self { name: None, tak_platform: None, role: None, tak: TAK_FOLDER.to_owned() }
    }
}

/// The road to a connection: times that the texts leave open, in days.
#[derive(Clone, Debug)]
pub struct ConnectionSettings {
    /// Between the delivery of the list of caregivers and the start.
    pub caregiver_lead_days: u32,
    /// Working days within which a change goes into that list.
    pub caregiver_change_days: u32,
    /// In which a planned stop is announced before it begins.
    pub stop_notice_days: u32,
}

/// The catalogue's services.
#[derive(Clone, Debug)]
pub struct CatalogueSettings {
    /// Whether permissions that do not hold now are left out of GetLogicalAddresseesByServiceContract.
    pub addressees_by_date: bool,
    /// Largest request, in bytes: an order may hold half a million rows.
    pub body_bytes_max: usize,
    /// `takcache.endpoint.address`: the hub's routes and permissions come from there.
    pub outside: Option<OutsideCatalogue>,
}

/// Another catalogue's SokVagvalsInfo.
#[derive(Clone, Debug)]
pub struct OutsideCatalogue {
    /// Where it is.
    pub url: String,
    /// As whom it is asked (`takcache.header.user.agent`).
    pub user_agent: HeaderValue,
}

/// One of several platforms in the process (`connection-api.md` §1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformEntry {
    /// `env` in the connection API, `plattform` in catalogue orders.
    pub name: String,
    /// What it is for; at most one platform of each role.
    pub role: PlatformRole,
    /// Its hub's `vp.instance.id`.
    pub instance_id: String,
    /// Its catalogue's folder, relative to the environment.
    pub tak: String,
    /// Its own `hub_http`.
    pub hub_http: Option<SocketAddr>,
    /// Its own `hub_https`.
    pub hub_https: Option<SocketAddr>,
    /// Its own `catalogue`.
    pub catalogue: Option<SocketAddr>,
}

/// What one of several platforms is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlatformRole {
    /// Where systems are tested before they may connect.
    Qa,
    /// Where they are connected.
    Production,
}

impl PlatformRole {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Qa => "qa",
            Self::Production => "production",
        }
    }
}
