//! The pages an operator of the reference platform knows: status, and the two resets (`vp.md` §1.4, §1.5, §10.1).

mod memory;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Hub;
use crate::domain::clock::stockholm;

/// `GET /status`. `query` may ask for more memory figures (`memory`) or for the allocator's instead (`netty`).
pub(crate) fn status(hub: &Hub, url: &str, query: &str) -> Response<Bytes> {
    let asks = |word: &str| query.split('&').any(|parameter| parameter.split('=').next() == Some(word));
    let figures = memory::figures();
    let shown = if asks("netty") {
        figures.allocator()
    } else {
        let mut shown = general(hub, url);
        shown.extend(figures.general());
        if asks("memory") {
            shown.extend(figures.buffers());
        }
        shown
    };
    let text = serde_json::to_string_pretty(&Value::Object(shown)).unwrap_or_default();
    typed("application/json", text)
}

fn general(hub: &Hub, url: &str) -> Map<String, Value> {
    let snapshot = hub.catalogue.snapshot();
    let (tak, hsa) = (snapshot.tak_status(), snapshot.hsa_status());
    let tak_info = tak.last.map(|last| {
        let (at, status) = (minute(last.at), last.status.as_str());
        format!("Date:{at} Status:{status} vagval:{} behorigheter:{}", last.routes, last.permissions)
    });
    let hsa_info = hsa.last.map(|last| {
        let (at, successful) = (minute(last.at), last.successful);
        format!("Date:{at} Status:{successful} oldNum:{} newNum:{}", last.size_before, last.size_now)
    });
    let not_yet = || "Not initialized".to_owned();
    let shown = json!({
        "Name": "anslut",
        "Version": env!("CARGO_PKG_VERSION"),
        "BuildTime": "",
        "ServiceStatus": "Started",
        "Uptime": uptime(hub.clock.now().duration_since(hub.started).as_secs().max(0)),
        "ManagementName": "anslut",
        "JavaVersion": "none",
        "CamelVersion": "none",
        "TakCacheInitialized": tak.initialised.to_string(),
        "TakCacheResetInfo": tak_info.unwrap_or_else(not_yet),
        "HsaCacheInitialized": hsa.initialised.to_string(),
        "HsaCacheResetInfo": hsa_info.unwrap_or_else(not_yet),
        "Endpoints": [format!("{url}/vp")],
    });
    match shown {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn uptime(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    format!("{days} days, {hours} hours, {minutes} minutes, {} seconds", seconds % 60)
}

fn minute(at: Timestamp) -> String {
    at.to_zoned(stockholm()).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// `/resetcache`: the catalogue's files are read again. The answer is 200 even when that failed.
pub(crate) async fn reset_tak(hub: &Arc<Hub>) -> Response<Bytes> {
    let catalogue = Arc::clone(&hub.catalogue);
    let Ok(reset) = tokio::task::spawn_blocking(move || catalogue.reset_tak()).await else {
        return typed("text/html;", "<br>Init done, was successful: false".to_owned());
    };
    for problem in &reset.problems {
        tracing::warn!(%problem, "catalogue");
    }
    let now = hub.clock.now().to_zoned(stockholm());
    let head = [format!("Host: {}", hub.host_name()), format!("Time: {}", now.strftime("%Y-%m-%d %H:%M:%S"))];
    let lines = head.iter().chain(&reset.log);
    typed("text/html;", lines.map(|line| format!("<br>{line}")).collect())
}

/// `/resethsacache`: the HSA files are read again.
pub(crate) async fn reset_hsa(hub: &Arc<Hub>) -> Response<Bytes> {
    let catalogue = Arc::clone(&hub.catalogue);
    let Ok(reset) = tokio::task::spawn_blocking(move || catalogue.reset_hsa()).await else {
        return Response::new(Bytes::from_static(b"Reset HSA cache failed."));
    };
    for problem in &reset.problems {
        tracing::warn!(%problem, "HSA tree");
    }
    Response::new(Bytes::from(reset.body()))
}

fn typed(content_type: &'static str, text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
