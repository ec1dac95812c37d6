//! What hangs on a contract's schema: `?wsdl`, and sources' answers that must be valid. Without the schema a service runs
//! from its row all the same.

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode, Uri};

use super::ask::Checker;
use super::listen::{TEXT, plain};
use super::service::Service;
use super::validation_log::{ValidationLog, Watched};
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::library::Library;
use crate::contracts::published::{Asked, DOCUMENT_TYPE, Document, EffectiveUrl, Published};
use crate::contracts::validate::{Options, Target, validate};

/// The contract of a service, where it is known and can be used.
fn contract(library: &Library, service: &Service) -> Option<Arc<Contract>> {
    let registry = library.registry();
    let (contract, direction) = registry.by_element(&service.request.namespace, &service.request.local)?;
    (direction == Direction::Request).then(|| Arc::clone(contract))
}

/// The description a query asks for, if it asks for one: that of the contract, with our address in it.
pub(super) fn answer(library: &Library, service: &Service, url: &str, uri: &Uri) -> Option<Response<Bytes>> {
    let parameters = uri.query().unwrap_or_default().split('&');
    let mut parameters = parameters.map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")));
    let asks = |word: &'static str| move |(name, _): &(&str, &str)| name.eq_ignore_ascii_case(word);
    let xsd = parameters.clone().find(asks("xsd")).map(|(_, value)| value.replace("%2F", "/").replace("%2f", "/"));
    let asked = match &xsd {
        Some(name) => Asked::Xsd(name),
        None => parameters.find(asks("wsdl")).map(|_| Asked::Wsdl)?,
    };
    let Some(contract) = contract(library, service) else {
        let text = format!(
            "the contract {} is not known here, so there is no description of {}; calls are carried all the same. \
             Put the published contract in the environment's folder contracts/\n",
            service.contract, service.name
        );
        return Some(plain(StatusCode::NOT_FOUND, TEXT, text));
    };
    let mut published = Published::default();
    published.add_at(uri.path(), contract);
    Some(match published.document(&effective(url, uri.path()), asked) {
        Document::Found(text) => plain(StatusCode::OK, DOCUMENT_TYPE, text),
        Document::UnknownPath(text) | Document::UnknownSchema(text) => plain(StatusCode::NOT_FOUND, TEXT, text),
    })
}

fn effective(url: &str, path: &str) -> EffectiveUrl {
    let (scheme, authority) = url.split_once("://").unwrap_or(("http", url));
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    EffectiveUrl {
        scheme: scheme.to_owned(),
        host: host.to_owned(),
        port: Some(port.to_owned()).filter(|port| !port.is_empty()),
        path: path.to_owned(),
    }
}

/// The answers of a call that are looked at for the validation log, where it covers the service and its contract is known.
pub(super) fn watched(
    library: &Library,
    log: Option<&Arc<ValidationLog>>,
    service: &Service,
    correlation_id: String,
) -> Option<Watched> {
    let log = log.filter(|log| log.covers(service))?;
    let Some(contract) = contract(library, service) else {
        tracing::debug!(service = service.name, "answers are not looked at: the contract is not known");
        return None;
    };
    let (log, limits) = (Arc::clone(log), library.settings().message.clone());
    Some(Watched { log, contract, limits, service: service.name.clone(), correlation_id })
}

/// Judges answers, where the service wants them valid and its contract is known.
pub(super) fn checker(library: &Library, service: &Service) -> Option<Checker> {
    if !service.validates {
        return None;
    }
    let Some(contract) = contract(library, service) else {
        tracing::warn!(
            service = service.name,
            contract = service.contract,
            "answers are not validated: no such contract"
        );
        return None;
    };
    let limits = library.settings().message.clone();
    Some(Arc::new(move |message: &Bytes| {
        let target = Target::Contract(Arc::clone(&contract), Some(Direction::Response));
        let report = validate(target, Options { limits: limits.clone(), ..Options::default() }, message);
        match report.errors.first() {
            Some(error) if !report.valid => {
                Err(format!("Unmarshalling Error: {}: Value '{}' is not valid, {}", error.rule, error.found, error.en))
            }
            _ => Ok(()),
        }
    }))
}
