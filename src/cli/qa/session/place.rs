//! Whose desk is asked: a running platform's over HTTP, or that of a data directory which no platform serves. Both answer
//! the same requests.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use clap::Args;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::app::quality;
use crate::cli::failure::{Exit, Failure};
use crate::config::data::{DataChoice, DataDirectory};
use crate::config::environment::{DEMO, Environment};
use crate::config::raw::load;
use crate::domain::clock::Clock;
use crate::soap::responder::Responder;

/// Where the desk is.
#[derive(Clone, Debug, Args)]
pub struct PlaceArguments {
    /// The listener `admin` of a running platform
    #[arg(long, global = true, value_name = "URL", default_value = "http://127.0.0.1:9090")]
    pub url: String,
    /// Its admin.token
    #[arg(long, global = true, value_name = "TOKEN")]
    pub token: Option<String>,
    /// A data directory that no platform serves, instead
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "url")]
    pub data: Option<PathBuf>,
}

/// A desk that is asked.
pub(in crate::cli::qa) struct Desk {
    base: String,
    token: Option<String>,
    way: Way,
    runtime: Runtime,
}

enum Way {
    Http(Arc<dyn Responder>),
    Here {
        router: axum::Router,
        // Held for its lock.
        _data: DataDirectory,
    },
}

/// An answer.
#[derive(Clone, Debug)]
pub(in crate::cli::qa) struct Answer {
    pub(in crate::cli::qa) status: u16,
    pub(in crate::cli::qa) bytes: Bytes,
}

impl Answer {
    pub(in crate::cli::qa) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }
}

impl Desk {
    pub(in crate::cli::qa) fn open(place: &PlaceArguments, variables: &[(String, String)]) -> Result<Self, Failure> {
        let settings = load(&Environment::Demo, &[], variables).settings?;
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::environment)?;
        let (base, way) = match &place.data {
            None => (place.url.trim_end_matches('/').to_owned(), Way::Http(quality::carrier(&settings.hub, None))),
            Some(path) => {
                let data = DataDirectory::open(&DataChoice::Given(path.clone()), DEMO, variables)?;
                let router = quality::desk(data.path(), &settings.hub, &Clock::System).map_err(Failure::environment)?;
                (String::new(), Way::Here { router, _data: data })
            }
        };
        Ok(Self { base, token: place.token.clone(), way, runtime })
    }

    /// Asks; only an answer that says neither yes nor why not is a failure.
    pub(in crate::cli::qa) fn ask(
        &self,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Answer, Failure> {
        self.runtime.block_on(self.answer(method, path, body.into()))
    }

    /// Lets what goes on beside go on.
    pub(in crate::cli::qa) fn pause(&self, time: std::time::Duration) {
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }

    async fn answer(&self, method: Method, path: &str, body: Bytes) -> Result<Answer, Failure> {
        let url = format!("{}/api/v1/qa{path}", self.base);
        let mut request = Request::builder().method(method).uri(&url).header(CONTENT_TYPE, "application/json");
        if body.starts_with(b"PK") {
            request = Request::builder().method(Method::POST).uri(&url).header(CONTENT_TYPE, "application/zip");
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(body).map_err(|error| Failure::usage(format!("{url} is no URL: {error}")))?;
        let answer = match &self.way {
            Way::Http(carrier) => {
                carrier.answer(request).await.map_err(|fault| Failure::environment(format!("{url}: {fault}")))?
            }
            Way::Here { router, .. } => {
                let request = request.map(axum::body::Body::from);
                // A router that holds everything it needs answers always.
                let Ok(answer) = TowerToHyperService::new(router.clone()).call(request).await;
                let (head, body) = answer.into_parts();
                let body = body.collect().await.map_err(Failure::environment)?.to_bytes();
                http::Response::from_parts(head, body)
            }
        };
        Ok(Answer { status: answer.status().as_u16(), bytes: answer.into_body() })
    }

    /// What stands at a path.
    pub(in crate::cli::qa) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.told(path, self.ask(Method::GET, path, Bytes::new())?)
    }

    /// Sends something.
    pub(in crate::cli::qa) fn send(&self, method: Method, path: &str, body: &Value) -> Result<Value, Failure> {
        self.told(path, self.ask(method, path, body.to_string())?)
    }

    /// The document of an answer; a refusal is a failure that says what would be possible.
    pub(in crate::cli::qa) fn told(&self, path: &str, answer: Answer) -> Result<Value, Failure> {
        let (status, document) = (answer.status, answer.json());
        if (200..300).contains(&status) {
            return Ok(document);
        }
        let mut text = document["detail"].as_str().unwrap_or("no explanation").to_owned();
        if let Some(allowed) = document["allowed"].as_array() {
            let allowed: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
            text = format!("{text}; possible: {}", allowed.join(", "));
        }
        let mut failure = Failure::environment(format!("/api/v1/qa{path} answered {status}: {text}"));
        failure.exit = match status {
            409 => Exit::Failed,
            400 | 404 | 422 => Exit::Usage,
            _ => Exit::Environment,
        };
        Err(failure)
    }
}
