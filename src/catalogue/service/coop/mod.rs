//! The cooperation API, TAK-API (`tak.md` §7): who cooperates with whom, as it was at the last import.
//!
//! The import is nightly at the reference; here it is the first question of a day, or after a publication. Numbers are
//! given at each import and are good for nothing else. `model.rs` is what was imported, `answer.rs` how it is asked.

mod answer;
mod model;
mod node;

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{ACCEPT, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use jiff::civil::Date;

use super::form;
use super::rest::{json_of, text_of, typed};
use super::users::{Users, asker};
use crate::catalogue::Catalogue;
use crate::domain::clock::stockholm;
use answer::Refused;
use model::Model;
use node::Node;

const CLOSED: &str = "Cooperation API v1 has been closed.\nPlease use v2 instead.\nFor more information about changes needed for v2, contact API maintainer and provider.";
const DOCUMENTATION: &str = include_str!("index_v2.html");

/// The API of one catalogue.
#[derive(Debug)]
pub(super) struct Cooperation {
    /// The name of the connection point: platform, environment.
    point: (String, String),
    imported: Mutex<Option<Imported>>,
}

/// What was imported, of which version and on which day.
#[derive(Debug)]
struct Imported {
    version: Option<u32>,
    day: Date,
    model: Arc<Model>,
}

impl Cooperation {
    /// `platform` as orders name it: `NTJP-TEST` is the environment TEST of the platform NTJP.
    pub(super) fn new(platform: &str) -> Self {
        let platform = platform.to_uppercase();
        let (name, environment) = platform.rsplit_once('-').unwrap_or((&platform, ""));
        Self { point: (name.to_owned(), environment.to_owned()), imported: Mutex::default() }
    }

    /// Answers what comes below `/coop` or `/takinfo`.
    pub(super) fn answer(
        &self,
        catalogue: &Catalogue,
        users: &Users,
        path: &str,
        request: &Request<Bytes>,
    ) -> Response<Bytes> {
        let mut answer = self.uncovered(catalogue, users, path, request);
        let headers = answer.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
        answer
    }

    fn uncovered(&self, catalogue: &Catalogue, users: &Users, path: &str, request: &Request<Bytes>) -> Response<Bytes> {
        if path.starts_with("/api/v1/") || path == "/api/v1" {
            return text_of(StatusCode::GONE, CLOSED.to_owned());
        }
        if path == "/doc/index_v2.html" {
            return typed(StatusCode::OK, "text/html;charset=UTF-8", DOCUMENTATION);
        }
        let full = request.uri().path();
        let now = catalogue.clock().now();
        if asker(users, request).is_none() {
            let body = serde_json::json!({
                "timestamp": now.as_millisecond(), "status": 401, "error": "Unauthorized", "path": full,
            });
            return json_of(StatusCode::UNAUTHORIZED, body.to_string());
        }
        if path == "/authoring/ping" {
            return text_of(StatusCode::OK, "OK".to_owned());
        }
        if path.starts_with("/authoring/") {
            // Users are configured here, not written by others.
            return text_of(StatusCode::LOCKED, "authoring is disabled: users stand in [catalogue.users]\n".to_owned());
        }
        let Some(asked) = path.strip_prefix("/api/v2/") else {
            return text_of(StatusCode::NOT_FOUND, format!("there is nothing at {full}\n"));
        };
        if request.method() != Method::GET {
            return text_of(StatusCode::METHOD_NOT_ALLOWED, "this API is read with GET\n".to_owned());
        }
        let (asked, as_xml) = match (asked.strip_suffix(".xml"), asked.strip_suffix(".json")) {
            (Some(asked), _) => (asked, true),
            (None, Some(asked)) => (asked, false),
            (None, None) => (asked, prefers_xml(request)),
        };
        let query = form::parameters(request.uri().query().unwrap_or_default());
        match answer::answer(&self.model(catalogue), asked, &query) {
            Ok((root, node)) if as_xml => typed(StatusCode::OK, "application/xml;charset=UTF-8", node.xml(root)),
            Ok((_, node)) => json_of(StatusCode::OK, node.json()),
            Err(refused) => problem(&refused, full),
        }
    }

    /// What was imported last, or is now: on a new day, or once something was published.
    fn model(&self, catalogue: &Catalogue) -> Arc<Model> {
        let served = catalogue.served();
        let now = catalogue.clock().now();
        let day = now.to_zoned(stockholm()).date();
        let version = served.version.as_ref().map(|version| version.id);
        let mut imported = self.imported.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = &*imported
            && (last.version, last.day) == (version, day)
        {
            return Arc::clone(&last.model);
        }
        let model = Arc::new(Model::import(&served.state, self.point.clone(), now));
        *imported = Some(Imported { version, day, model: Arc::clone(&model) });
        model
    }
}

fn prefers_xml(request: &Request<Bytes>) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let first = accept.split(',').map(|media| media.split(';').next().unwrap_or_default().trim());
    first
        .into_iter()
        .find(|media| matches!(*media, "application/json" | "application/xml" | "text/xml" | "*/*"))
        .is_some_and(|media| media.ends_with("xml"))
}

fn problem(refused: &Refused, instance: &str) -> Response<Bytes> {
    let (status, title, detail) = match refused {
        Refused::NotFound(detail) => (StatusCode::NOT_FOUND, "Not Found", detail.clone()),
        Refused::BadArgument(value) => {
            (StatusCode::BAD_REQUEST, "Bad Request", format!("Argument with the value {value} is not valid"))
        }
    };
    let body = Node::Object(vec![
        ("type", Node::Text(format!("http://httpstatus.es/{}", status.as_u16()))),
        ("title", Node::Text(title.to_owned())),
        ("status", Node::Number(i64::from(status.as_u16()))),
        ("detail", Node::Text(detail)),
        ("instance", Node::Text(instance.to_owned())),
    ]);
    typed(status, "application/problem+json;charset=UTF-8", body.json())
}
