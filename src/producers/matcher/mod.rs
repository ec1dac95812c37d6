//! Which requests a stub fits: a list of conditions that must all hold (`producers.md` §2.2, §3).

mod complaint;
pub mod contract;
pub mod index;
pub mod moment;
pub mod multipart;
pub mod target;
#[cfg(test)]
mod tests;
pub mod value;

use http::HeaderName;

use self::contract::ContractPattern;
use self::multipart::PartMatcher;
use self::target::{PathTemplate, TargetMatcher};
use self::value::{Given, ManyMatcher, ValueMatcher};
use super::asked::{Asked, CORRELATION_ID, ORIGINAL_CONSUMER, plain_identity};

/// One condition on a request.
#[derive(Clone, Debug)]
pub enum Condition {
    /// `method`: case-sensitive.
    Method(String),
    /// One of `url`, `urlPath`, `urlPattern`, `urlPathPattern`, `urlPathTemplate`.
    Target(TargetMatcher),
    /// `headers`, and `basicAuthCredentials` as the header they are.
    Header(HeaderName, ManyMatcher),
    /// `queryParameters`.
    Query(String, ManyMatcher),
    /// `formParameters`.
    Form(String, ManyMatcher),
    /// `cookies`.
    Cookie(String, ManyMatcher),
    /// `pathParameters` of the stub's own template.
    PathParameter(PathTemplate, String, ValueMatcher),
    /// `scheme`.
    Scheme(String),
    /// `host`, without the port.
    Host(ValueMatcher),
    /// `port`.
    Port(u64),
    /// `clientIp`.
    ClientIp(ValueMatcher),
    /// `multipartPatterns`.
    Multipart(PartMatcher),
    /// `riv.contract`.
    Contract(ContractPattern),
    /// `riv.logicalAddress`.
    LogicalAddress(ValueMatcher),
    /// `riv.sender`.
    Sender(ValueMatcher),
    /// `riv.originalConsumer`.
    OriginalConsumer(ValueMatcher),
    /// `riv.correlationId`.
    CorrelationId(ValueMatcher),
    /// `riv.profile`.
    Profile(ValueMatcher),
    /// `riv.patient`: any of them accepts.
    Patient(Vec<ValueMatcher>),
    /// `riv.patientType`.
    PatientType(ValueMatcher),
    /// `riv.field`: any of the values at the path is accepted.
    Field(String, ManyMatcher),
    /// One of `bodyPatterns`.
    Body(ValueMatcher),
}

impl Condition {
    /// Whether the request fulfils it.
    pub fn holds(&self, asked: &Asked<'_>) -> bool {
        let accepts = |matcher: &ValueMatcher, text: Option<&str>| matcher.accepts(Given::value(text, asked));
        let of = |pairs: &[(String, String)], name: &str| -> Vec<String> {
            pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
        };
        match self {
            Self::Method(expected) => expected == asked.method(),
            Self::Target(matcher) => asked.targets().into_iter().any(|target| matcher.accepts(target)),
            Self::Header(name, matcher) => {
                let values = asked.headers().get_all(name).iter();
                let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
                matcher.accepts(&values, asked)
            }
            Self::Query(name, matcher) => matcher.accepts(&of(asked.query(), name), asked),
            Self::Form(name, matcher) => matcher.accepts(&of(asked.form(), name), asked),
            Self::Cookie(name, matcher) => matcher.accepts(&asked.cookies(name), asked),
            Self::PathParameter(template, name, matcher) => asked.targets().into_iter().any(|target| {
                let value = template.parameter(target, name);
                value.is_some() && accepts(matcher, value.as_deref())
            }),
            Self::Scheme(expected) => expected == asked.scheme(),
            Self::Host(matcher) => accepts(matcher, asked.host().as_deref().map(without_port)),
            Self::Port(expected) => asked.host().is_some_and(|host| port_of(&host) == Some(*expected)),
            Self::ClientIp(matcher) => accepts(matcher, asked.client().map(|ip| ip.to_string()).as_deref()),
            Self::Multipart(matcher) => matcher.accepts(asked),
            Self::Contract(pattern) => asked.contract().is_some_and(|namespace| pattern.accepts(namespace)),
            Self::LogicalAddress(matcher) => accepts(matcher, asked.logical_address()),
            Self::Sender(matcher) => accepts(matcher, asked.sender().as_deref()),
            Self::OriginalConsumer(matcher) => accepts(matcher, asked.header(ORIGINAL_CONSUMER).as_deref()),
            Self::CorrelationId(matcher) => accepts(matcher, asked.header(CORRELATION_ID).as_deref()),
            Self::Profile(matcher) => accepts(matcher, asked.profile()),
            Self::Patient(any_of) => any_of.iter().any(|matcher| accepts(matcher, asked.patient())),
            Self::PatientType(matcher) => accepts(matcher, asked.patient_type()),
            Self::Field(path, matcher) => matcher.accepts(&asked.fields(path), asked),
            Self::Body(matcher) => matcher.accepts(Given { text: Some(asked.text()), asked, is_body: true }),
        }
    }

    /// What the condition weighs when stubs are compared for nearness (`producers.md` §10).
    pub fn weight(&self) -> f64 {
        match self {
            Self::Contract(_) => 4.0,
            Self::LogicalAddress(_) | Self::Patient(_) | Self::Body(_) => 2.0,
            _ => 1.0,
        }
    }

    /// Place in the order of cost: what is cheap to check is checked first.
    pub fn cost(&self) -> u8 {
        match self {
            Self::Body(ValueMatcher::Xml(_)) => 4,
            Self::Body(_) | Self::Multipart(_) | Self::Form(..) => 3,
            Self::Field(..) => 2,
            Self::Patient(_) | Self::PatientType(_) => 1,
            _ => 0,
        }
    }
}

/// The stub's own words for a value, made ready to be compared with an identity without hyphens and spaces.
pub fn patient_matcher(matcher: ValueMatcher) -> ValueMatcher {
    match matcher {
        ValueMatcher::EqualTo { text, ignore_case } => {
            ValueMatcher::EqualTo { text: plain_identity(&text), ignore_case }
        }
        other => other,
    }
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    }
}

fn port_of(host: &str) -> Option<u64> {
    host.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
}
