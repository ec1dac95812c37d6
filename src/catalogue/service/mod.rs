//! The catalogue's own services (`tak.md` §6): what other platforms and systems ask it, over SOAP and REST.
//!
//! `listener.rs` leads a path of the listener `catalogue` to one of them; the hub reaches the SOAP services at
//! `catalogue:<name>`. All of them answer from one published version, [`super::served::Served`].

mod coop;
mod form;
pub mod listener;
mod orders;
mod ping;
mod registry;
mod request;
mod rest;
mod soap;
mod sokvagval;
mod users;
mod web;
mod wsdl;

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};

use super::Catalogue;
use crate::soap::responder::{Answer, Responder, TransportFault};
use request::Call;
use soap::Fault;

/// Scheme of the catalogue addresses that mean one of these services.
pub const SCHEME: &str = "catalogue:";

/// The SOAP services. Which operation is called, the body says; which are taken, the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// SokVagvalsInfo, version 2 and the historic 1.
    SokVagvalsInfo,
    /// GetSupportedServiceContracts 1 and 2.
    SupportedContracts,
    /// GetLogicalAddresseesByServiceContract 1 and 2.
    LogicalAddressees,
    /// PingForConfiguration.
    Ping,
    /// All of them: for the hub.
    All,
}

impl Service {
    /// The service behind `catalogue:<name>`; every name but those of one service means all.
    pub fn named(name: &str) -> Self {
        match name {
            "SokVagvalsInfo" => Self::SokVagvalsInfo,
            "GetSupportedServiceContracts" => Self::SupportedContracts,
            "GetLogicalAddresseesByServiceContract" => Self::LogicalAddressees,
            "PingForConfiguration" => Self::Ping,
            _ => Self::All,
        }
    }

    fn takes(self, namespace: &str) -> bool {
        let is = |service: Self| self == service || self == Self::All;
        (is(Self::SokVagvalsInfo) && sokvagval::version(namespace).is_some())
            || (is(Self::SupportedContracts) && registry::is_supported_contracts(namespace))
            || (is(Self::LogicalAddressees) && registry::is_logical_addressees(namespace))
            || (is(Self::Ping) && namespace == ping::NAMESPACE)
    }
}

/// A service as the hub and the listener call it.
pub struct Endpoint {
    catalogue: Arc<Catalogue>,
    service: Service,
}

impl Endpoint {
    /// One of the services of a catalogue.
    pub fn new(catalogue: Arc<Catalogue>, service: Service) -> Self {
        Self { catalogue, service }
    }
}

impl Responder for Endpoint {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        let (catalogue, service) = (Arc::clone(&self.catalogue), self.service);
        Box::pin(async move {
            let answered = tokio::task::spawn_blocking(move || answer(&catalogue, service, &request)).await;
            answered.map_err(|_| TransportFault::Closed)
        })
    }
}

/// Answers one SOAP call.
fn answer(catalogue: &Catalogue, service: Service, request: &Request<Bytes>) -> Response<Bytes> {
    if request.method() != Method::POST {
        return soap::method_not_allowed();
    }
    match call(catalogue, service, request.body()) {
        Ok(body) => soap::envelope(&body),
        Err(fault) => soap::fault(&fault),
    }
}

fn call(catalogue: &Catalogue, service: Service, body: &[u8]) -> Result<String, Fault> {
    let call = request::read(body)?;
    if !service.takes(&call.namespace) {
        return Err(unknown(&call));
    }
    let served = catalogue.served();
    let now = catalogue.clock().now();
    if sokvagval::version(&call.namespace).is_some() {
        return sokvagval::answer(&served.state, &call).ok_or_else(|| unknown(&call));
    }
    if registry::is_supported_contracts(&call.namespace) {
        return registry::supported_contracts(&served.state, &call, now);
    }
    if registry::is_logical_addressees(&call.namespace) {
        let by_date = catalogue.filters_addressees_by_date();
        return registry::logical_addressees(&served.state, &call, by_date.then_some(now));
    }
    ping::answer(&served, &call, now)
}

fn unknown(call: &Call) -> Fault {
    Fault::client(format!(
        "Message part {{{}}}{} was not recognized.  (Does it exist in service WSDL?)",
        call.namespace, call.operation
    ))
}
