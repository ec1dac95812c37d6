//! The aggregating services' settings.

use super::Build;
use crate::config::aggregation::{
    AggregationLimits, AggregationSettings, IndexCall, SourceCalls, ValidationLogSettings,
};
use crate::config::checked::HeaderFilter;

impl Build<'_> {
    pub(super) fn aggregation(&mut self) -> AggregationSettings {
        let resolved = self.resolved;
        let instance_id = resolved.optional("properties.vp.instanceId");
        AggregationSettings {
            own_address: resolved.text("properties.agp.logicalAddress"),
            instance_id: instance_id.unwrap_or_else(|| self.instance_id()),
            validates_soap_action: resolved.switch("properties.validate.soapAction"),
            request_headers: HeaderFilter::new(resolved.pattern("properties.headers.request.filter"), None),
            response_headers: HeaderFilter::new(resolved.pattern("properties.headers.response.filter"), None),
            index: IndexCall {
                url: resolved.optional("properties.ei.findContentUrl"),
                logical_address: resolved.text("properties.ei.logicalAddress"),
                sender_id: resolved.text("properties.ei.senderId"),
                connect_timeout: resolved.wait("properties.ei.connectTimeout"),
                receive_timeout: resolved.wait("properties.ei.receiveTimeout"),
            },
            sources: SourceCalls {
                url: resolved.optional("properties.vp.defaultServiceURL"),
                connect_timeout: resolved.wait("properties.vp.defaultConnectTimeout"),
                receive_timeout: resolved.wait("properties.vp.defaultReceiveTimeout"),
                total_timeout: resolved.wait("properties.aggregate.timeout"),
            },
            logs_messages: resolved.switch("aggregation.message_log"),
            validation_log: ValidationLogSettings {
                services: resolved.list("properties.vp.validationLog.services"),
                interval: resolved.wait("properties.vp.validationLog.interval"),
                is_plain: resolved.text("properties.vp.validationLog.hashStrategy") == "noop",
            },
            limits: AggregationLimits {
                calls_max: resolved.size("aggregation.calls_max"),
                sources_max: resolved.size("aggregation.sources_max"),
                source_calls_max: resolved.size("aggregation.source_calls_max"),
                answer_bytes_max: resolved.size("aggregation.answer_bytes_max"),
                held_bytes_max: resolved.size("aggregation.held_bytes_max"),
            },
        }
    }
}
