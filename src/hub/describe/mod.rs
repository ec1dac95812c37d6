//! Requests for a contract's description: `?wsdl` and `?xsd` (`vp.md` §1.3). They take over any call that carries the
//! word as a query parameter or as a header, before whitelist and certificate are looked at.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use uuid::Uuid;

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
    /// The schema of this location.
    Xsd(String),
}

/// Whether a request asks for a description. `xsd` wins where both words stand.
pub fn wanted(arrived: &Arrived) -> Option<Wanted> {
    let of = |word: &str| {
        let in_query = arrived.uri.query().unwrap_or_default().split('&').find_map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.eq_ignore_ascii_case(word).then(|| value.to_owned())
        });
        let in_headers =
            || arrived.headers.get(word).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        in_query.or_else(in_headers)
    };
    of("xsd").map(Wanted::Xsd).or_else(|| of("wsdl").map(|_| Wanted::Wsdl))
}

/// The description. No contract is known to the hub yet, so every path is an unknown one.
pub fn answer(arrived: &Arrived, wanted: &Wanted) -> Response<Bytes> {
    let given = identify::text(&arrived.headers, &CORRELATION_ID).filter(|id| !id.is_empty());
    let correlation_id = given.unwrap_or_else(|| Uuid::new_v4().to_string());
    match wanted {
        Wanted::Wsdl => {
            let text = "No wsdl found on this path, following wsdl paths is available:\n";
            let mut response = Response::new(Bytes::from_static(text.as_bytes()));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain;UTF-8"));
            if let Ok(value) = HeaderValue::from_bytes(correlation_id.as_bytes()) {
                response.headers_mut().insert(CORRELATION_ID, value);
            }
            response
        }
        Wanted::Xsd(location) => {
            let text = format!("WSDLException: faultCode=OTHER_ERROR: Couldn't find xsd named {location}");
            let detail = format!("javax.wsdl.WSDLException: {text}");
            let refusal = Refusal { code: None, side: Side::Server, text, detail };
            reply::fault(&refusal, &correlation_id, None, true)
        }
    }
}
