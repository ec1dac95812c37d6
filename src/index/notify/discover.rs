//! Asking a catalogue who the subscribers are: GetLogicalAddresseesByServiceContract, version 2 (`ei.md` §1.8).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request};

use crate::config::index::IndexSettings;
use crate::domain::identifiers::LogicalAddress;
use crate::domain::subscriber::{Fetched, Subscriber, SubscriberFilter, Subscribers};
use crate::index::request::PROCESS_NOTIFICATION;
use crate::index::request::element::Elements;
use crate::soap::responder::SharedResponder;
use crate::soap::xml::text::escape_into;

const CONTRACT: &str = "urn:riv:infrastructure:itintegration:registry:GetLogicalAddresseesByServiceContractResponder:2";
const CORE: &str = "urn:riv:infrastructure:itintegration:registry:2";

/// A catalogue that is called.
pub struct Discovery {
    caller: SharedResponder,
    settings: Arc<IndexSettings>,
}

impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery").field("settings", &self.settings.notify.discovery).finish_non_exhaustive()
    }
}

impl Discovery {
    /// `caller` carries the call to where the settings' target says.
    pub fn new(caller: SharedResponder, settings: Arc<IndexSettings>) -> Self {
        Self { caller, settings }
    }

    fn request(&self) -> Result<Request<Bytes>, String> {
        let settings = &self.settings.notify.discovery;
        let mut address = String::new();
        escape_into(&mut address, &settings.logical_address);
        let body = format!(
            "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Header>\
             <r:LogicalAddress xmlns:r=\"urn:riv:itintegration:registry:1\">{address}</r:LogicalAddress></soap:Header>\
             <soap:Body><p:GetLogicalAddresseesByServiceContract xmlns:p=\"{CONTRACT}\" xmlns:c=\"{CORE}\">\
             <p:serviceConsumerHsaId>{address}</p:serviceConsumerHsaId><p:serviceContractNameSpace>\
             <c:ServiceContractNamespace>{PROCESS_NOTIFICATION}</c:ServiceContractNamespace>\
             </p:serviceContractNameSpace></p:GetLogicalAddresseesByServiceContract></soap:Body></soap:Envelope>"
        );
        Request::builder()
            .method(Method::POST)
            .uri(&settings.target)
            .header(CONTENT_TYPE, "text/xml;charset=UTF-8")
            .header("SOAPAction", format!("\"{CONTRACT}:GetLogicalAddresseesByServiceContract\""))
            .header("x-vp-sender-id", &settings.sender_id)
            .header("x-vp-instance-id", &settings.instance_id)
            .body(body.into())
            .map_err(|error| format!("the call of the catalogue cannot be made: {error}"))
    }
}

impl Subscribers for Discovery {
    fn fetch(&self) -> Fetched<'_> {
        Box::pin(async move {
            let answer = self.caller.answer(self.request()?).await.map_err(|fault| fault.to_string())?;
            if !answer.status().is_success() {
                return Err(format!("the catalogue answered with status {}", answer.status().as_u16()));
            }
            records(answer.body(), "GetLogicalAddresseesByServiceContractResponse")
        })
    }
}

/// The subscribers in the element `list` of a document, in any namespace; an error where there is no such element.
pub(super) fn records(document: &[u8], list: &str) -> Result<Vec<Subscriber>, String> {
    let mut elements = Elements::new(document);
    let mut element = elements.root().map_err(|fault| fault.text)?;
    // Envelope, body and list stand inside each other; what stands beside them is passed over.
    loop {
        match element.name.local() {
            name if name == list.as_bytes() => break,
            b"Envelope" | b"Body" => {}
            _ => elements.skip().map_err(|fault| fault.text)?,
        }
        element = elements.child().map_err(|fault| fault.text)?.ok_or_else(|| format!("no element {list}"))?;
    }
    let mut found = Vec::new();
    let mut read = || -> Result<(), crate::index::fault::IndexFault> {
        while let Some(child) = elements.child()? {
            match child.name.local() {
                b"logicalAddressRecord" => found.push(record(&mut elements)?),
                _ => elements.skip()?,
            }
        }
        elements.finish()
    };
    read().map_err(|fault| fault.text)?;
    Ok(found)
}

type Read<T> = Result<T, crate::index::fault::IndexFault>;

fn record(elements: &mut Elements<'_>) -> Read<Subscriber> {
    let mut subscriber = Subscriber { logical_address: LogicalAddress::new(""), filters: Vec::new() };
    while let Some(child) = elements.child()? {
        match child.name.local() {
            b"logicalAddress" => subscriber.logical_address = LogicalAddress::new(elements.text()?),
            b"filter" => subscriber.filters.push(filter(elements)?),
            _ => elements.skip()?,
        }
    }
    Ok(subscriber)
}

fn filter(elements: &mut Elements<'_>) -> Read<SubscriberFilter> {
    let mut filter = SubscriberFilter { service_domain: String::new(), categorizations: Vec::new() };
    while let Some(child) = elements.child()? {
        match child.name.local() {
            b"serviceDomain" => filter.service_domain = elements.text()?.into_owned(),
            b"categorization" => filter.categorizations.push(elements.text()?.into_owned()),
            _ => elements.skip()?,
        }
    }
    Ok(filter)
}
