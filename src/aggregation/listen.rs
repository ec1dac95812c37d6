//! The paths of the listener `aggregation`: every service on its own, and the operator's two.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};

use super::fault::Fault;
use super::headers::XML;
use super::{Aggregation, describe, manage};
use crate::soap::responder::{Answer, Responder};

/// Text for people and their tools.
pub(super) const TEXT: &str = "text/plain;charset=UTF-8";

/// Serves the listener.
pub struct Listener {
    aggregation: Arc<Aggregation>,
    /// Its own address, for the status page.
    url: String,
}

impl Listener {
    /// A listener at this URL.
    pub fn new(aggregation: Arc<Aggregation>, url: String) -> Self {
        Self { aggregation, url }
    }

    async fn respond(&self, request: Request<Bytes>) -> Response<Bytes> {
        let aggregation = &self.aggregation;
        let path = request.uri().path().trim_end_matches('/');
        match path {
            "/status" => return manage::status(aggregation, &self.url),
            "/resetcache" => return manage::reset(aggregation).await,
            _ => {}
        }
        let Some(place) = aggregation.by_path.get(path) else {
            return plain(
                StatusCode::NOT_FOUND,
                TEXT,
                format!("no aggregating service is at {path}; /status lists them\n"),
            );
        };
        let wired = &aggregation.services[*place];
        if *request.method() == Method::GET
            && let Some(description) =
                describe::answer(&aggregation.contracts, &wired.service, &self.url, request.uri())
        {
            return description;
        }
        match *request.method() {
            Method::POST => aggregation.carry(wired, request).await,
            _ => plain(StatusCode::METHOD_NOT_ALLOWED, TEXT, "SOAP calls are sent with POST\n".to_owned()),
        }
    }
}

impl Responder for Listener {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(async move { Ok(self.respond(request).await) })
    }
}

/// The answer to a request that was not read to its end, because it is larger than it may be.
pub fn too_large(bytes_max: usize) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(Fault::too_large(bytes_max).document()));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(CONTENT_TYPE, XML);
    response
}

pub(super) fn plain(status: StatusCode, content_type: &'static str, text: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
