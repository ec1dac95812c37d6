//! The catalogue's REST services: which version is served, and the export (`tak.md` §4.2, §6.5).

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde_json::json;

use crate::catalogue::Catalogue;
use crate::catalogue::book::core::Version;
use crate::catalogue::formats::stored::{Dialect, Frame, write};

/// The frame of a version's document.
pub(crate) fn frame(version: &Version) -> Frame {
    Frame {
        version: version.id,
        time: version.time,
        published: version.time,
        user: version.user.to_string(),
        comment: version.comment.to_string(),
    }
}

/// `/export/pv`.
pub(super) fn export(catalogue: &Catalogue, query: &[(String, String)]) -> Response<Bytes> {
    let of = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let found = match of("version") {
        None => {
            let served = catalogue.served();
            served.version.clone().map(|version| (version, served.state.clone()))
        }
        Some(asked) => asked.parse().ok().and_then(|id| catalogue.version(id)),
    };
    let Some((version, state)) = found else {
        let asked = of("version").unwrap_or("null");
        let message = format!("No published version with id: {asked} found in database. Publish a core version first");
        return json_of(StatusCode::OK, json!({ "Status": "ERROR", "message": message }).to_string());
    };
    let pretty = of("pretty") == Some("true");
    json_of(StatusCode::OK, write(&state, &frame(&version), Dialect::Export, pretty))
}

/// `/reset/pv`.
pub(super) fn reset(catalogue: &Catalogue, query: &[(String, String)]) -> Response<Bytes> {
    let asked = query.iter().find(|(name, _)| name == "version").map(|(_, value)| value.as_str());
    let had_something = catalogue.served().version.is_some();
    let reset = match asked.map(str::parse::<u32>) {
        None => catalogue.reset_services(None).is_ok(),
        Some(Ok(version)) => catalogue.reset_services(Some(version)).is_ok(),
        Some(Err(_)) => false,
    };
    if !reset {
        let message = match had_something {
            true => "An error occured. The cache has not been updated.",
            false => "An error occured. Try rollback from TAK-WEB.",
        };
        return json_of(StatusCode::OK, json!({ "status": "ERROR", "message": message }).to_string());
    }
    let served = catalogue.served();
    let state = &served.state;
    let body = json!({
        "status": "OK",
        "message": "Successfully updated server with new published version",
        "currentVersion": served.version.as_ref().map_or(0, |version| version.id),
        "servicesList": {
            "VIRTUALISERING": state.routes.len(),
            // Spelled as the reference spells it.
            "ANROPSBEHORIGHT": state.permissions.len(),
            "TJANSTEKOMPONENT": state.components.len(),
            "TJANSTEKONTRAKT": state.contracts.len(),
        },
    });
    json_of(StatusCode::OK, body.to_string())
}

/// `/actuator/health/**` and the older `/status/**`.
pub(super) fn health(catalogue: &Catalogue, path: &str) -> Option<Response<Bytes>> {
    let ready = catalogue.served().version.is_some();
    let (is_up, in_words) = match path {
        "/actuator/health/liveness" => (true, false),
        "/actuator/health" | "/actuator/health/readiness" => (ready, false),
        "/status" | "/status/readiness" => (ready, true),
        "/status/liveness" => (true, true),
        _ => return None,
    };
    let status = if is_up { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Some(match in_words {
        true => text_of(status, if is_up { "OK" } else { "NOK" }.to_owned()),
        false => json_of(status, json!({ "status": if is_up { "UP" } else { "OUT_OF_SERVICE" } }).to_string()),
    })
}

pub(super) fn json_of(status: StatusCode, body: String) -> Response<Bytes> {
    typed(status, "application/json;charset=UTF-8", body)
}

pub(super) fn text_of(status: StatusCode, body: String) -> Response<Bytes> {
    typed(status, "text/plain;charset=UTF-8", body)
}

pub(super) fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
