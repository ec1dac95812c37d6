//! `GET …?wsdl[&contract=ns]`: the contract a system answers.

use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

use super::asked::pairs;
use super::reply::{Reply, plain, response};
use super::system::System;

/// The contract that a target asks for; `None` where it asks for none.
pub(super) fn described(system: &System, uri: &Uri) -> Option<Reply> {
    let query = uri.query()?;
    let parameters = pairs(query);
    let asks = parameters.first().is_some_and(|(name, _)| name.eq_ignore_ascii_case("wsdl"));
    if !asks {
        return None;
    }
    let wiring = system.shared.wiring.load();
    let Some(registry) = wiring.contracts.as_ref().map(|contracts| contracts.registry()) else {
        return Some(plain(StatusCode::NOT_FOUND, "anslut: no contracts are loaded\n".to_owned()));
    };
    let named = parameters.iter().find(|(name, _)| name == "contract").map(|(_, value)| value.clone());
    let files = system.files();
    let own = files.producer.contracts.as_ref().and_then(|contracts| contracts.first()).map(ToString::to_string);
    let Some(name) = named.or(own) else {
        let text = "anslut: which contract? add &contract= with its namespace or a name such as GetDiagnosis:2\n";
        return Some(plain(StatusCode::NOT_FOUND, text.to_owned()));
    };
    Some(match registry.select(&name, None) {
        Ok(contract) => {
            let headers =
                HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=UTF-8"))]);
            let wsdl = bytes::Bytes::copy_from_slice(&contract.closure().wsdl.1);
            Reply::Answer(response(StatusCode::OK, headers, wsdl))
        }
        Err(error) => plain(StatusCode::NOT_FOUND, format!("anslut: {error}\n")),
    })
}

impl System {
    /// Whether the admin API is served below the system on the producers' own listener.
    pub(super) fn serves_admin(&self) -> bool {
        self.shared.wiring.load().settings.admin
    }
}
