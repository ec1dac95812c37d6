//! Requests for a contract's description: `?wsdl` and `?xsd` (`vp.md` §1.3). They take over any call that carries the
//! word as a query parameter or as a header, before whitelist and certificate are looked at.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use uuid::Uuid;

use crate::config::checked::{HubSettings, NamedHeader};
use crate::contracts::published::{Asked, DOCUMENT_TYPE, Document, EffectiveUrl, LIST_TYPE};
use crate::hub::Hub;
use crate::hub::answer::reply;
use crate::hub::exchange::Refusal;
use crate::hub::identify::{self, CORRELATION_ID};
use crate::hub::listen::Arrived;
use crate::soap::fault::Side;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The WSDL at the request's path.
    Wsdl,
    /// The schema of this location, URL-decoded.
    Xsd(String),
}

/// Whether a request asks for a description. `xsd` wins where both words stand.
pub fn wanted(arrived: &Arrived) -> Option<Wanted> {
    let of = |word: &str| {
        let in_query = arrived.uri.query().unwrap_or_default().split('&').find_map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.eq_ignore_ascii_case(word).then(|| decoded(value))
        });
        let in_headers =
            || arrived.headers.get(word).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        in_query.or_else(in_headers)
    };
    of("xsd").map(Wanted::Xsd).or_else(|| of("wsdl").map(|_| Wanted::Wsdl))
}

/// The description, as the platform at `listener` is seen from outside.
pub(super) fn answer(hub: &Hub, listener: &str, arrived: &Arrived, wanted: &Wanted) -> Response<Bytes> {
    let given = identify::text(&arrived.headers, &CORRELATION_ID).filter(|id| !id.is_empty());
    let correlation_id = given.unwrap_or_else(|| Uuid::new_v4().to_string());
    let url = effective_url(&hub.settings.hub, listener, arrived);
    let asked = match wanted {
        Wanted::Wsdl => Asked::Wsdl,
        Wanted::Xsd(location) => Asked::Xsd(location),
    };
    let (status, content_type, text) = match hub.contracts.known().published.document(&url, asked) {
        Document::Found(text) => (StatusCode::OK, DOCUMENT_TYPE, text),
        Document::UnknownPath(text) => (StatusCode::INTERNAL_SERVER_ERROR, LIST_TYPE, text),
        Document::UnknownSchema(text) => {
            let detail = format!("javax.wsdl.WSDLException: {text}");
            let refusal = Refusal { code: None, side: Side::Server, text, detail };
            return reply::fault(&refusal, &correlation_id, None, true);
        }
    };
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(value) = HeaderValue::from_bytes(correlation_id.as_bytes()) {
        response.headers_mut().insert(CORRELATION_ID, value);
    }
    response
}

/// Scheme, host and port are each what a load balancer in front says, else the listener's own; never the `Host` header's.
fn effective_url(settings: &HubSettings, listener: &str, arrived: &Arrived) -> EffectiveUrl {
    let said = |header: &NamedHeader| identify::text(&arrived.headers, &header.name).filter(|text| !text.is_empty());
    let (scheme, authority) = listener.split_once("://").unwrap_or(("http", listener));
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
    let port = said(&settings.forwarded_port).or_else(|| (!["", "80", "443"].contains(&port)).then(|| port.to_owned()));
    EffectiveUrl {
        scheme: said(&settings.forwarded_proto).unwrap_or_else(|| scheme.to_owned()),
        host: said(&settings.forwarded_host).unwrap_or_else(|| host.to_owned()),
        port,
        path: arrived.uri.path().to_owned(),
    }
}

/// A query value without its URL encoding; what is no encoding stands as it is.
fn decoded(value: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = value.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn a_location_is_decoded_and_what_is_no_encoding_stays() {
        for (written, meant) in [
            ("../../core_components/a_1.0.xsd", "../../core_components/a_1.0.xsd"),
            ("..%2F..%2fcore%20components+a", "../../core components a"),
            ("%C3%A5%", "å%"),
            ("%zz%4", "%zz%4"),
        ] {
            assert_eq!(decoded(written), meant, "{written}");
        }
    }
}
