//! `?wsdl` of the SOAP services. SokVagvalsInfo is described by a document of our own; the others are published contracts.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{Response, StatusCode};

use super::soap::xml;
use crate::contracts::builtin;
use crate::contracts::import::Importer;
use crate::contracts::published::{Asked, Document, EffectiveUrl, Published};
use crate::soap::xml::text::escape_attribute_into;

const SOKVAGVAL: &str = include_str!("sokvagval.wsdl");
/// What stands for the namespace's version in that document.
const VERSION: &str = "{version}";
/// What stands for the address.
const ADDRESS: &str = "{address}";

/// The contracts by path; compiled when somebody first asks.
#[derive(Debug, Default)]
pub(super) struct Descriptions(OnceLock<Published>);

/// Path of the listener, namespace of the contract.
const PATHS: [(&str, &str); 5] = [
    (
        "/tak-services/GetSupportedServiceContracts",
        "urn:riv:itintegration:registry:GetSupportedServiceContractsResponder:1",
    ),
    (
        "/tak-services/GetSupportedServiceContracts/v2",
        "urn:riv:infrastructure:itintegration:registry:GetSupportedServiceContractsResponder:2",
    ),
    (
        "/tak-services/GetLogicalAddresseesByServiceContract",
        "urn:riv:itintegration:registry:GetLogicalAddresseesByServiceContractResponder:1",
    ),
    (
        "/tak-services/GetLogicalAddresseesByServiceContract/v2",
        "urn:riv:infrastructure:itintegration:registry:GetLogicalAddresseesByServiceContractResponder:2",
    ),
    (
        "/tak-services/itintegration/monitoring/pingForConfiguration/1/rivtabp21",
        "urn:riv:itintegration:monitoring:PingForConfigurationResponder:1",
    ),
];

impl Descriptions {
    /// The document a query asks for; `None` where it asks for none.
    pub(super) fn answer(&self, path: &str, host: &str, query: &[(String, String)]) -> Option<Response<Bytes>> {
        let of = |word: &str| query.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        let asked = match (of("xsd"), of("wsdl")) {
            (Some((_, name)), _) => Asked::Xsd(name),
            (None, Some(_)) => Asked::Wsdl,
            (None, None) => return None,
        };
        if path.starts_with("/tak-services/SokVagvalsInfo") {
            let version = if path.ends_with("/v2") { "v2" } else { "v1" };
            let mut address = String::new();
            escape_attribute_into(&mut address, &format!("http://{host}{path}"));
            let document = SOKVAGVAL.replace(VERSION, version).replace(ADDRESS, &address);
            return Some(xml(StatusCode::OK, document));
        }
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port.to_owned())),
            _ => (host, None),
        };
        let url = EffectiveUrl { scheme: "http".to_owned(), host: host.to_owned(), port, path: path.to_owned() };
        Some(match self.0.get_or_init(published).document(&url, asked) {
            Document::Found(document) => xml(StatusCode::OK, document),
            Document::UnknownPath(text) | Document::UnknownSchema(text) => {
                super::rest::text_of(StatusCode::NOT_FOUND, text)
            }
        })
    }
}

fn published() -> Published {
    let (contracts, _) = builtin::contracts(&mut Importer::default());
    let contracts: Vec<_> = contracts.into_iter().map(Arc::new).collect();
    let mut published = Published::default();
    for (path, namespace) in PATHS {
        // Where a contract is described in two profiles, the services speak the later one.
        let of_namespace = contracts.iter().filter(|contract| contract.namespace == namespace);
        if let Some(contract) = of_namespace.max_by_key(|contract| contract.closure().wsdl.0.contains("RIVTABP21")) {
            published.add_at(path, Arc::clone(contract));
        }
    }
    published
}
