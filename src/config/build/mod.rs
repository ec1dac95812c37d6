//! Resolved values into [`Settings`]: units, files, and the rules that concern more than one value.

mod aggregation;
mod contracts;
mod index;
mod tls;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::domain::problem::{Problem, Severity};

use super::checked::{
    AdminSettings, CatalogueSettings, ClimbSwitch, ConnectionSettings, HeaderFilter, HubLimits, HubSettings,
    ListenSettings, LogSettings, LogStyle, LogTarget, LookupSettings, OutsideCatalogue, PlatformRole, PlatformSettings,
    ProducerCallSettings, RecordSettings, RecordsInIndex, Settings, Transport,
};
use super::environment::Environment;
use super::producers::ProducerSettings;
use super::raw::Resolved;
use super::timeouts;
use super::value::{Origin, Parsed};
use super::written::FILE;

/// Builds the settings; what cannot be used is reported and replaced by something harmless.
pub fn settings(environment: &Environment, resolved: &Resolved, problems: &mut Vec<Problem>) -> Settings {
    let mut build = Build { environment, resolved, problems };
    let settings = build.settings();
    build.check(&settings);
    settings
}

struct Build<'b> {
    environment: &'b Environment,
    resolved: &'b Resolved,
    problems: &'b mut Vec<Problem>,
}

impl Build<'_> {
    fn settings(&mut self) -> Settings {
        Settings {
            listen: self.listen(),
            hub: self.hub(),
            lookup: self.lookup(),
            index: self.index(),
            aggregation: self.aggregation(),
            contracts: self.contracts(),
            tak_copy: self.written_file("properties.takcache.persistent.file.name"),
            hsa_files: self.files("properties.hsa.files"),
            log: self.log(),
            records: RecordSettings {
                bytes_max: self.resolved.size("records.bytes_max"),
                index: match self.resolved.text("records.index").as_str() {
                    "load" => RecordsInIndex::Load,
                    "update" => RecordsInIndex::Update,
                    _ => RecordsInIndex::Off,
                },
                body_bytes_max: self.resolved.size("records.body_bytes_max"),
            },
            producers: ProducerSettings {
                behaviour_header: self.resolved.optional_header("producers.behaviour_header"),
                journal_bytes_max: self.resolved.size("journal.bytes_max"),
                journal_persist: self.resolved.switch("journal.persist"),
                admin: self.resolved.switch("producers.admin"),
                proxy_allow: not_blank(self.resolved.list("proxy.allow")),
                proxy_i_know: self.resolved.switch("proxy.i_know"),
                scrub_hsa: self.resolved.switch("scrub.hsa"),
                templating: self.resolved.switch("producers.templating"),
                pki: self.resolved.optional("producers.pki").map(|folder| self.in_environment(&folder)),
            },
            admin: AdminSettings { token: self.resolved.optional("admin.token") },
            platform: PlatformSettings {
                name: self.resolved.optional("platform.name"),
                tak_platform: self.resolved.optional("platform.tak_platform"),
                ..PlatformSettings::default()
            },
            platforms: self.resolved.platforms.iter().map(|(platform, _)| platform.clone()).collect(),
            connection: ConnectionSettings {
                caregiver_lead_days: self.days("connection.caregiver_lead_days"),
                caregiver_change_days: self.days("connection.caregiver_change_days"),
                stop_notice_days: self.days("connection.stop_notice_days"),
            },
            catalogue: CatalogueSettings {
                addressees_by_date: self.resolved.switch("catalogue.addressees_by_date"),
                body_bytes_max: self.resolved.size("catalogue.body_bytes_max"),
                outside: self.resolved.optional("properties.takcache.endpoint.address").map(|url| OutsideCatalogue {
                    url,
                    user_agent: self.resolved.header_value("properties.takcache.header.user.agent"),
                }),
            },
            catalogue_users: self.resolved.named("catalogue.users."),
            tls: self.tls(),
            properties: self.resolved.named("properties."),
        }
    }

    /// A number of days; the table has bounded it.
    fn days(&self, key: &str) -> u32 {
        u32::try_from(self.resolved.size(key)).unwrap_or(u32::MAX)
    }

    fn listen(&self) -> ListenSettings {
        // Several platforms have these listeners each of their own (`connection-api.md` §1).
        let of_one = |key| if self.resolved.platforms.is_empty() { self.resolved.address(key) } else { None };
        ListenSettings {
            hub_http: of_one("listen.hub_http"),
            hub_https: of_one("listen.hub_https"),
            catalogue: of_one("listen.catalogue"),
            index_update: self.resolved.address("listen.index_update"),
            index_find: self.resolved.address("listen.index_find"),
            aggregation: self.resolved.address("listen.aggregation"),
            producers: self.resolved.address("listen.producers"),
            admin: self.resolved.address("listen.admin"),
        }
    }

    fn hub(&mut self) -> HubSettings {
        let senders = self.resolved.list("properties.sender.id.allowed.list");
        HubSettings {
            instance_id: self.instance_id(),
            instance_name: self.higher("properties.vp.instance.name", "platform.name"),
            use_routing_history: self.resolved.switch("properties.vp.use.routing.history"),
            whitelist: self.resolved.list("properties.ip.whitelist"),
            demo_sender: self.resolved.optional("hub.demo_sender"),
            forwarded_for: self.resolved.header("properties.http.forwarded.header.xfor"),
            forwarded_host: self.resolved.header("properties.http.forwarded.header.host"),
            forwarded_port: self.resolved.header("properties.http.forwarded.header.port"),
            forwarded_proto: self.resolved.header("properties.http.forwarded.header.proto"),
            auth_cert: self.resolved.header("properties.http.forwarded.header.auth_cert"),
            sender_pattern: self
                .resolved
                .pattern("properties.certificate.senderid.subject.pattern")
                .expect("a pattern with a group is never empty"),
            original_consumer_senders: not_blank(senders),
            refuse_original_consumer: self.resolved.switch("properties.throw.vp013.when.originalconsumer.not.allowed"),
            propagate_correlation_id_for_https: self.resolved.switch("properties.propagate.correlation.id.for.https"),
            user_agent: self.resolved.header_value("properties.vp.header.user.agent"),
            content_type: self.resolved.header_value("properties.vp.header.content.type"),
            request_headers: HeaderFilter::new(
                self.resolved.pattern("properties.headers.reg.exp.requestHeadersToRemove"),
                self.resolved.pattern("properties.headers.reg.exp.requestHeadersToKeep"),
            ),
            response_headers: HeaderFilter::new(
                self.resolved.pattern("properties.headers.reg.exp.responseHeadersToRemove"),
                self.resolved.pattern("properties.headers.reg.exp.responseHeadersToKeep"),
            ),
            producer: self.producer_call(),
            limits: self.limits(),
        }
    }

    fn producer_call(&mut self) -> ProducerCallSettings {
        let file = self.resolved.text("properties.timeout.json.file");
        let default_name = self.resolved.text("properties.timeout.json.file.default.tjanstekontrakt.name");
        let expected_there = self.resolved.origin("properties.timeout.json.file") != Origin::Default;
        let mut timeouts = timeouts::read(self.environment, &file, &default_name, self.problems);
        if !timeouts.found && expected_there && !file.is_empty() {
            let mut problem = self.resolved.error(
                "properties.timeout.json.file",
                format!("timeout.json.file {file:?} does not exist; every contract gets the default timeout"),
            );
            problem.severity = Severity::Warning;
            self.problems.push(problem);
        }
        ProducerCallSettings {
            retries: u32::try_from(self.resolved.number("properties.vp.producer.retry.attempts")).ok(),
            retry_delay: self.resolved.wait("properties.vp.producer.retry.delay"),
            http: self.transport("http"),
            https: self.transport("https"),
            chunked: self.resolved.switch("properties.producer.chunked.encoding"),
            timeouts: std::mem::take(&mut timeouts.by_contract),
            timeout_default: timeouts.default,
        }
    }

    /// `producer.http.*` or `producer.https.*`.
    fn transport(&self, scheme: &str) -> Transport {
        let key = |name: &str| format!("properties.producer.{scheme}.{name}");
        Transport {
            connect_timeout: self.resolved.wait(&key("connect.timeout")),
            keep_alive: self.resolved.switch(&key("keepAlive")) && !self.resolved.switch(&key("disconnect")),
        }
    }

    fn limits(&self) -> HubLimits {
        HubLimits {
            body_bytes_max: self.resolved.size("properties.vp.max.receive.length"),
            header_bytes_max: self.resolved.size("hub.header_bytes_max"),
            connections_max: self.resolved.size("hub.connections_max"),
            connections_per_client_max: self.resolved.size("hub.connections_per_client_max"),
            calls_max: self.resolved.size("hub.calls_max"),
            calls_per_producer_max: self.resolved.size("hub.calls_per_producer_max"),
            idle_timeout: self.resolved.wait("hub.idle_timeout_ms"),
            body_timeout: self.resolved.wait("hub.body_timeout_ms"),
            write_timeout: self.resolved.wait("hub.write_timeout_ms"),
            answer_timeout: self.resolved.wait("hub.answer_timeout_ms"),
            pool_idle_max: self.resolved.size("hub.pool_idle_max"),
            pool_idle_timeout: self.resolved.wait("hub.pool_idle_timeout_ms"),
            drain_timeout: self.resolved.wait("hub.drain_timeout_ms"),
        }
    }

    fn lookup(&self) -> LookupSettings {
        let climb = |name: &str| ClimbSwitch {
            enabled: self.resolved.switch(&format!("properties.hsa.lookup.{name}.defaultEnabled")),
            excepted: not_blank(self.resolved.list(&format!("properties.hsa.lookup.{name}.exceptedNamespaces"))),
        };
        LookupSettings {
            delimiter: self.resolved.text("properties.defaultrouting.delimiter"),
            allowed_contracts: not_blank(self.resolved.list("properties.defaultrouting.allowedContracts")),
            allowed_senders: not_blank(self.resolved.list("properties.defaultrouting.allowedSenderIds")),
            route_climb: climb("vagval"),
            permission_climb: climb("behorighet"),
        }
    }

    fn log(&mut self) -> LogSettings {
        let messages = match self.resolved.text("log.messages").as_str() {
            "off" => LogTarget::Off,
            "stdout" => LogTarget::Stdout,
            "stderr" => LogTarget::Stderr,
            "" => {
                let message = "log.messages is \"\"; expected off, stdout, stderr, or a file".to_owned();
                self.problems.push(self.resolved.error("log.messages", message));
                LogTarget::Off
            }
            _ => self.written_file("log.messages").map_or(LogTarget::Off, LogTarget::File),
        };
        LogSettings {
            style: if self.resolved.text("properties.vp.logging.style") == "ECS" {
                LogStyle::Ecs
            } else {
                LogStyle::Legacy
            },
            messages,
            payload: self.resolved.switch("log.payload"),
            queue_bytes_max: self.resolved.size("log.queue_bytes_max"),
        }
    }

    /// The rules that concern more than one value, or its meaning.
    fn check(&mut self, settings: &Settings) {
        if settings.hub.whitelist.iter().any(String::is_empty) {
            let mut problem = self.resolved.error(
                "properties.ip.whitelist",
                "ip.whitelist has a blank entry, which matches every address".to_owned(),
            );
            problem.severity = Severity::Warning;
            self.problems.push(problem);
        }
        if settings.admin.token.is_none() {
            if matches!(self.resolved.value("admin.token"), Parsed::Text(_)) {
                let message = "admin.token is empty; expected a text that is hard to guess".to_owned();
                self.problems.push(self.resolved.error("admin.token", message));
            }
            if let Some(address) = settings.listen.admin.filter(|address| !address.ip().is_loopback()) {
                let message = format!(
                    "listen.admin is {address}, which others can reach, and admin.token is not set; \
                     expected a token, or a loopback address"
                );
                self.problems.push(self.resolved.error("listen.admin", message));
            }
        }
        if !self.resolved.platforms.is_empty() {
            for key in ["listen.hub_http", "listen.hub_https", "listen.catalogue"] {
                if self.resolved.origin(key) != Origin::Default {
                    let message = format!("{key} is set beside [[platform]]; expected it in [platform.listen] only");
                    self.problems.push(self.resolved.error(key, message));
                }
            }
        }
        self.check_addresses(settings);
    }

    /// Two listeners cannot have one address; port 0 is a new one each time.
    fn check_addresses(&mut self, settings: &Settings) {
        let mut taken: BTreeMap<SocketAddr, &str> = BTreeMap::new();
        for (key, address) in listeners(&settings.listen) {
            let Some(address) = address.filter(|address| address.port() != 0) else { continue };
            if let Some(first) = taken.insert(address, key) {
                // The one that was written is the one to change.
                let written = if self.resolved.origin(key) == Origin::Default { first } else { key };
                let message = format!("{first} and {key} are both {address}; expected different addresses");
                self.problems.push(self.resolved.error(written, message));
            }
        }
        for (platform, line) in &self.resolved.platforms {
            let addresses = [platform.hub_http, platform.hub_https, platform.catalogue];
            for address in addresses.into_iter().flatten().filter(|address| address.port() != 0) {
                if let Some(first) = taken.insert(address, "another [platform.listen]") {
                    let message = format!("{first} is {address} already; expected different addresses");
                    self.problems.push(Problem::error(&self.environment.path(FILE), *line, message));
                }
            }
        }
    }

    /// Who we are towards other platforms. Of several in the process, the one for production: what belongs to none of
    /// them calls by that one.
    fn instance_id(&self) -> String {
        let platforms = || self.resolved.platforms.iter().map(|(platform, _)| platform);
        let production = platforms().find(|platform| platform.role == PlatformRole::Production);
        match production.or_else(|| platforms().next()) {
            Some(platform) => platform.instance_id.clone(),
            None => self.higher("properties.vp.instance.id", "platform.instance_id"),
        }
    }

    /// Of two keys with one meaning, the one written further up; on a level, and by default, the first.
    fn higher(&self, first: &str, second: &str) -> String {
        let rank = |key| self.resolved.origin(key).rank();
        match self.resolved.optional(second) {
            Some(text) if rank(second) > rank(first) => text,
            _ => self.resolved.text(first),
        }
    }

    fn files(&self, key: &str) -> Option<Vec<PathBuf>> {
        match self.resolved.value(key) {
            Parsed::Unset => None,
            _ => Some(not_blank(self.resolved.list(key)).iter().map(|file| self.in_environment(file)).collect()),
        }
    }

    fn in_environment(&self, file: &str) -> PathBuf {
        if Path::new(file).is_absolute() { PathBuf::from(file) } else { self.environment.path(file) }
    }

    /// A file that the platform writes; a built-in environment has no folder to write to.
    fn written_file(&mut self, key: &str) -> Option<PathBuf> {
        let file = self.resolved.optional(key)?;
        if *self.environment == Environment::Demo && !Path::new(&file).is_absolute() {
            let message = format!(
                "{key} is {file:?}, relative to the environment, and the built-in one cannot be written to; \
                 expected an absolute path"
            );
            self.problems.push(self.resolved.error(key, message));
            return None;
        }
        Some(self.in_environment(&file))
    }
}

/// Every listener of the table with its key.
pub fn listeners(listen: &ListenSettings) -> [(&'static str, Option<SocketAddr>); 8] {
    [
        ("listen.hub_http", listen.hub_http),
        ("listen.hub_https", listen.hub_https),
        ("listen.index_update", listen.index_update),
        ("listen.index_find", listen.index_find),
        ("listen.catalogue", listen.catalogue),
        ("listen.aggregation", listen.aggregation),
        ("listen.producers", listen.producers),
        ("listen.admin", listen.admin),
    ]
}

fn not_blank(entries: Vec<String>) -> Vec<String> {
    entries.into_iter().filter(|entry| !entry.is_empty()).collect()
}
