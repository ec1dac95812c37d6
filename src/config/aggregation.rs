//! What can be set about the aggregating services, and their named limits (`aggregation.md` §3.3). What is set for one
//! service alone is read by `aggregation` itself, from the properties as written.

use std::time::Duration;

use super::checked::HeaderFilter;

/// Everything that can be set about the aggregating services as a whole.
#[derive(Clone, Debug)]
pub struct AggregationSettings {
    /// `agp.logicalAddress`: engagements at this address are passed over.
    pub own_address: String,
    /// `vp.instanceId`, else `vp.instance.id`: who we are towards hub and index.
    pub instance_id: String,
    /// `validate.soapAction`.
    pub validates_soap_action: bool,
    /// `headers.request.filter`: leaves out what matches.
    pub request_headers: HeaderFilter,
    /// `headers.response.filter`: leaves out what matches.
    pub response_headers: HeaderFilter,
    /// How the index is asked.
    pub index: IndexCall,
    /// How sources are asked.
    pub sources: SourceCalls,
    /// `aggregation.message_log`: whether the services log messages of their own.
    pub logs_messages: bool,
    /// What is told of sources' answers that do not follow their contract.
    pub validation_log: ValidationLogSettings,
    /// Bounds.
    pub limits: AggregationLimits,
}

/// What is told of sources' answers that do not follow their contract.
#[derive(Clone, Debug)]
pub struct ValidationLogSettings {
    /// `vp.validationLog.services`: whose sources; none, and nothing is looked at.
    pub services: Vec<String>,
    /// `vp.validationLog.interval`: between two reports.
    pub interval: Duration,
    /// `vp.validationLog.hashStrategy` is `noop`: texts as they are, instead of their SHA-256.
    pub is_plain: bool,
}

/// How the index is asked.
#[derive(Clone, Debug)]
pub struct IndexCall {
    /// `ei.findContentUrl`; `None` is the platform's own index.
    pub url: Option<String>,
    /// `ei.logicalAddress`.
    pub logical_address: String,
    /// `ei.senderId`.
    pub sender_id: String,
    /// `ei.connectTimeout`.
    pub connect_timeout: Duration,
    /// `ei.receiveTimeout`.
    pub receive_timeout: Duration,
}

/// How sources are asked.
#[derive(Clone, Debug)]
pub struct SourceCalls {
    /// `vp.defaultServiceURL`; `None` is the platform's own hub.
    pub url: Option<String>,
    /// `vp.defaultConnectTimeout`.
    pub connect_timeout: Duration,
    /// `vp.defaultReceiveTimeout`: longest wait for one source.
    pub receive_timeout: Duration,
    /// `aggregate.timeout`: longest wait for all of them together.
    pub total_timeout: Duration,
}

/// Named bounds of the aggregating services.
#[derive(Clone, Debug)]
pub struct AggregationLimits {
    /// `aggregation.calls_max`: aggregated calls in flight; more get a fault.
    pub calls_max: usize,
    /// `aggregation.sources_max`: sources that one call asks; those beyond get a failed status.
    pub sources_max: usize,
    /// `aggregation.source_calls_max`: calls to sources in flight, of all calls together.
    pub source_calls_max: usize,
    /// `aggregation.answer_bytes_max`: largest answer of one source, or of the index.
    pub answer_bytes_max: usize,
    /// `aggregation.held_bytes_max`: sources' answers that are held back, of all calls together.
    pub held_bytes_max: usize,
}
