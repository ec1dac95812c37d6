//! The operator's pages (`aggregation.md` §3.6).

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Aggregation;
use super::listen::plain;
use crate::domain::clock::stockholm;

/// `GET /status`.
pub(super) fn status(aggregation: &Aggregation, url: &str) -> Response<Bytes> {
    let tak = aggregation.catalogue.snapshot().tak_status();
    let info = tak.last.map(|last| {
        let (at, status) = (minute(last.at), last.status.as_str());
        format!("Date:{at} Status:{status} vagval:{} behorigheter:{}", last.routes, last.permissions)
    });
    let endpoints: Vec<String> = aggregation.services().map(|service| format!("{url}{}", service.path)).collect();
    let services: Map<String, Value> =
        aggregation.services().map(|service| (service.name.clone(), json!(service.contract))).collect();
    let seconds = aggregation.clock.now().duration_since(aggregation.started).as_secs().max(0);
    let [calls, source_calls, held] = aggregation.in_flight();
    let shown = json!({
        "Name": "anslut",
        "Version": env!("CARGO_PKG_VERSION"),
        "BuildTime": "",
        "ServiceStatus": "Started",
        "Uptime": format!(
            "{} days, {} hours, {} minutes, {} seconds",
            seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60
        ),
        "ManagementName": "anslut",
        "JavaVersion": "none",
        "CamelVersion": "none",
        "TakCacheInitialized": tak.initialised.to_string(),
        "TakCacheResetInfo": info.unwrap_or_else(|| "Not initialized".to_owned()),
        "CallsInFlight": calls,
        "SourceCallsInFlight": source_calls,
        "BytesHeld": held,
        "Endpoints": endpoints,
        "ServiceImplementations": services,
    });
    plain(StatusCode::OK, "application/json", serde_json::to_string_pretty(&shown).unwrap_or_default())
}

/// `GET /resetcache`: the catalogue's files are read again, for every part of the platform. 200 even when that failed.
pub(super) async fn reset(aggregation: &Aggregation) -> Response<Bytes> {
    let catalogue = Arc::clone(&aggregation.catalogue);
    let Ok(reset) = tokio::task::spawn_blocking(move || catalogue.reset_tak()).await else {
        return plain(StatusCode::OK, "text/html", "<br>Init done, was successful: false".to_owned());
    };
    for problem in &reset.problems {
        tracing::warn!(%problem, "catalogue");
    }
    plain(StatusCode::OK, "text/html", reset.log.iter().map(|line| format!("<br>{line}")).collect())
}

fn minute(at: Timestamp) -> String {
    at.to_zoned(stockholm()).strftime("%Y-%m-%dT%H:%M").to_string()
}
