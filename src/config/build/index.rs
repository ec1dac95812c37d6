//! The engagement index's settings, with the defaults that hang on other keys (`ei.md` §6.4).

use std::time::Duration;

use super::Build;
use crate::config::index::{
    CollectSettings, DiscoverySettings, IndexLimits, IndexSettings, NotifySettings, Redelivery, RouteNames,
};
use crate::config::value::{Origin, Parsed};

/// The instance that outside services are told where nobody says otherwise.
const OUTSIDE_INSTANCE_ID: &str = "vp-instance-id";
const BROKER: &str = "properties.activemq.broker.";

impl Build<'_> {
    pub(super) fn index(&mut self) -> IndexSettings {
        let resolved = self.resolved;
        let own_id = resolved.text("properties.ei.hsa.id");
        let vp_id = resolved.text("properties.vp.hsa.id");
        IndexSettings {
            alternative_id: self.or("properties.ei.alternative.hsa.id", &own_id),
            reserved_ids: match resolved.value("properties.update-notification.not.allowed.hsaid.list") {
                Parsed::Unset => vec![own_id.clone(), vp_id.clone()],
                _ => super::not_blank(resolved.list("properties.update-notification.not.allowed.hsaid.list")),
            },
            own_id,
            correlation_id_required: resolved.switch("index.correlation_id_required"),
            ignore_older: resolved.switch("index.ignore_older"),
            find_ignores_case: resolved.switch("index.find_ignores_case"),
            collect: CollectSettings {
                threshold: resolved.size("properties.update.collect.threshold"),
                completion_size: resolved.size("properties.collect.queue.completion.size"),
                completion_timeout: resolved.seconds("properties.collect.queue.completion.timeout"),
            },
            notify: self.notify(&vp_id),
            routes: RouteNames {
                process: resolved.text("properties.ei.route.id.process"),
                collect: resolved.text("properties.ei.route.id.collect"),
            },
            limits: self.index_limits(),
        }
    }

    fn notify(&mut self, vp_id: &str) -> NotifySettings {
        let resolved = self.resolved;
        let (target, instance_id) = self.endpoint("processnotification", IndexSettings::default().notify.target);
        NotifySettings {
            sender_id: self.or("properties.processnotification.vpSenderId", vp_id),
            instance_id,
            target,
            queue_prefix: resolved.text("properties.notification.queue.prefix"),
            timeout: resolved.wait("index.notification_timeout_ms"),
            redelivery: self.redelivery(),
            cache_time_to_live: resolved.seconds("properties.subscriber.cache.timeToLiveSeconds"),
            cache_file: self.written_file("properties.subscriber.cache.file.name"),
            discovery: self.discovery(vp_id),
            discovery_wait: resolved.wait("index.discovery_wait_ms"),
        }
    }

    fn discovery(&self, vp_id: &str) -> DiscoverySettings {
        let ours = IndexSettings::default().notify.discovery.target;
        let (target, instance_id) = self.endpoint("getlogicaladdresses", ours);
        let connect_timeout = self.resolved.wait("properties.getlogicaladdresses.connectTimeoutMs");
        DiscoverySettings {
            target,
            logical_address: self.or("properties.getlogicaladdresses.logicalAddress", vp_id),
            sender_id: self.or("properties.getlogicaladdresses.vpSenderId", vp_id),
            instance_id,
            connect_timeout,
            timeout: connect_timeout + self.resolved.wait("properties.getlogicaladdresses.requestTimeoutMs"),
        }
    }

    /// Where a call goes, and as which platform instance it is made. Our own hub only believes calls of its own instance;
    /// outside, the reference's default holds until somebody names an instance.
    fn endpoint(&self, name: &str, ours: String) -> (String, String) {
        let url = self.resolved.optional(&format!("properties.{name}.serviceEndpointUrl"));
        let unnamed = self.resolved.platforms.is_empty()
            && ["properties.vp.instance.id", "platform.instance_id"]
                .iter()
                .all(|key| self.resolved.origin(key) == Origin::Default);
        let instance_id = match url.is_some() && unnamed {
            true => OUTSIDE_INSTANCE_ID.to_owned(),
            false => self.instance_id(),
        };
        (url.unwrap_or(ours), self.or(&format!("properties.{name}.vpInstanceId"), &instance_id))
    }

    /// Each key of notifications falls back to the broker's own.
    fn redelivery(&self) -> Redelivery {
        let resolved = self.resolved;
        let key = |name: &str| {
            let own = format!("{BROKER}notification.{name}");
            if matches!(resolved.value(&own), Parsed::Unset) { format!("{BROKER}{name}") } else { own }
        };
        let grows = resolved.switch(&key("use-exponential-backoff"));
        Redelivery {
            attempts: u32::try_from(resolved.number(&key("maximum-redeliveries"))).unwrap_or(u32::MAX),
            delay: resolved.wait(&key("redelivery-delay")),
            multiplier: if grows { resolved.decimal(&key("backoff-multiplier")) } else { 1.0 },
            delay_max: match resolved.wait(&key("maximum-redelivery-delay")) {
                Duration::ZERO => Duration::MAX,
                most => most,
            },
        }
    }

    fn index_limits(&self) -> IndexLimits {
        let size = |name: &str| self.resolved.size(&format!("index.{name}"));
        IndexLimits {
            body_bytes_max: size("body_bytes_max"),
            response_bytes_max: size("response_bytes_max"),
            submissions_bytes_max: size("submissions_bytes_max"),
            group_bytes_max: size("group_bytes_max"),
            waiting_bytes_max: size("waiting_bytes_max"),
            snapshot_journal_bytes: size("snapshot_journal_bytes") as u64,
            queue_max: size("notification_queue_max"),
            queue_bytes_max: size("notification_queue_bytes_max"),
            dead_letters_max: size("dead_letters_max"),
            dead_letters_bytes_max: size("dead_letters_bytes_max"),
        }
    }

    /// A text, or what stands in for it where it is not set. Set to nothing, it is nothing.
    fn or(&self, key: &str, otherwise: &str) -> String {
        match self.resolved.value(key) {
            Parsed::Unset => otherwise.to_owned(),
            _ => self.resolved.text(key),
        }
    }
}
