//! The API of the mocked producers: the part of WireMock's `/__admin` that its clients use, with its paths and shapes
//! (`producers.md` §2.5, §9, §10), and what is ours under `/api/v1`. It knows requests and replies as bytes, so that the
//! admin listener and the producers' own can both serve it.

mod mappings;
mod recordings;
mod records;
mod requests;
mod scenarios;
pub mod verify;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::asked::pairs;
use super::behaviour::delay::Delay;
use super::mounted::Producers;
use super::reply::response;
use super::space::{Space, WORKSPACE};
use super::system::System;

/// HTTP header that names the system.
pub const SYSTEM: &str = "x-anslut-system";

/// What is asked of the API, and on what.
struct Asking<'a> {
    producers: &'a Producers,
    /// The system that was named, if one was.
    system: Option<Arc<System>>,
    space: Arc<Space>,
    method: Method,
    query: Vec<(String, String)>,
    body: Bytes,
}

/// What is answered.
pub(super) enum Told {
    /// JSON with 200.
    Json(Value),
    /// JSON with another status.
    Status(StatusCode, Value),
    /// Bytes, as of a file.
    File(Bytes),
    /// What was asked for cannot be done: status, place and reason.
    Wrong(StatusCode, String, String),
}

impl Told {
    fn not_found(what: impl Into<String>) -> Self {
        Self::Wrong(StatusCode::NOT_FOUND, String::new(), what.into())
    }

    fn unusable(pointer: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Wrong(StatusCode::UNPROCESSABLE_ENTITY, pointer.into(), why.into())
    }
}

/// Answers a request below `/__admin`; `path` is what stands behind it.
pub async fn handle(
    producers: &Producers,
    system: Option<&str>,
    path: &str,
    request: Request<Bytes>,
) -> Response<Bytes> {
    told(answer(producers, system, path, request).await)
}

pub(super) fn told(told: Told) -> Response<Bytes> {
    let (status, value) = match told {
        Told::Json(value) => (StatusCode::OK, value),
        Told::Status(status, value) => (status, value),
        Told::File(bytes) => return response(StatusCode::OK, HeaderMap::new(), bytes),
        Told::Wrong(status, pointer, why) => {
            let error = json!({"code": 10, "source": {"pointer": pointer}, "title": "Cannot be done", "detail": why});
            (status, json!({"errors": [error]}))
        }
    };
    let body = if value.is_null() { Bytes::new() } else { Bytes::from(value.to_string()) };
    let kind = HeaderValue::from_static("application/json");
    response(status, HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]), body)
}

async fn answer(producers: &Producers, system: Option<&str>, path: &str, request: Request<Bytes>) -> Told {
    let query = pairs(request.uri().query().unwrap_or_default());
    let of_query = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let of_header =
        |name: &str| request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let named = system.map(str::to_owned).or_else(|| of_query("system")).or_else(|| of_header(SYSTEM));
    let system = match named {
        None => None,
        Some(name) => match producers.system(&name) {
            Some(system) => Some(system),
            None => return Told::not_found(format!("there is no system {name:?}")),
        },
    };
    let key = of_header(WORKSPACE).or_else(|| of_query("workspace")).unwrap_or_default();
    let space = match producers.shared().spaces.load().open(&key) {
        Ok(space) => space,
        Err(error) => return Told::Wrong(StatusCode::SERVICE_UNAVAILABLE, String::new(), error.to_string()),
    };
    let method = request.method().clone();
    let asking = Asking { producers, system, space, method, query, body: request.into_body() };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["mappings", rest @ ..] => mappings::answer(&asking, rest),
        ["files", rest @ ..] => mappings::files(&asking, rest),
        ["requests", rest @ ..] => requests::answer(&asking, rest),
        ["near-misses", rest] => requests::near_misses(&asking, rest),
        ["scenarios", rest @ ..] => scenarios::answer(&asking, rest),
        ["recordings", rest] => recordings::answer(&asking, rest),
        ["settings"] => settings(&asking),
        ["reset"] if asking.method == Method::POST => {
            let done = mappings::reset(&asking);
            asking.space.journal.remove(|row| asking.concerns(&row.system));
            asking.systems().iter().for_each(|system| system.reset(&asking.space));
            done
        }
        ["health"] => {
            Told::Json(json!({"status": "healthy", "message": "anslut", "version": env!("CARGO_PKG_VERSION")}))
        }
        ["version"] => Told::Json(json!({"version": env!("CARGO_PKG_VERSION")})),
        _ => Told::not_found(format!("there is nothing at /__admin{path} for {}", asking.method)),
    }
}

impl Asking<'_> {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Result<Value, Told> {
        if self.body.is_empty() {
            return Ok(json!({}));
        }
        serde_json::from_slice(&self.body).map_err(|error| Told::unusable("", format!("not JSON: {error}")))
    }

    /// The system that was named; without a name, the only one there is.
    fn one_system(&self) -> Result<Arc<System>, Told> {
        if let Some(system) = &self.system {
            return Ok(Arc::clone(system));
        }
        match self.producers.systems().as_slice() {
            [only] => Ok(Arc::clone(only)),
            all => {
                let names: Vec<_> = all.iter().map(|system| system.name()).collect();
                let why = format!("which system? name it with ?system= or {SYSTEM}; there are {}", names.join(", "));
                Err(Told::unusable("", why))
            }
        }
    }

    /// The systems that are meant: the one that was named, or all.
    fn systems(&self) -> Vec<Arc<System>> {
        match &self.system {
            Some(system) => vec![Arc::clone(system)],
            None => self.producers.systems(),
        }
    }

    fn concerns(&self, system: &str) -> bool {
        self.system.as_ref().is_none_or(|named| named.name() == system)
    }
}

/// The delay in the form in which it is set.
fn written(delay: &Delay) -> Value {
    match delay {
        Delay::None => json!({"fixedDelay": null, "delayDistribution": null}),
        Delay::Fixed(milliseconds) => json!({"fixedDelay": milliseconds, "delayDistribution": null}),
        Delay::Uniform { lower, upper } => {
            json!({"fixedDelay": null, "delayDistribution": {"type": "uniform", "lower": lower, "upper": upper}})
        }
        Delay::Lognormal { median, sigma, longest } => {
            let mut distribution = json!({"type": "lognormal", "median": median, "sigma": sigma});
            if let Some(longest) = longest {
                distribution["maxValue"] = json!(longest);
            }
            json!({"fixedDelay": null, "delayDistribution": distribution})
        }
    }
}

fn settings(asking: &Asking<'_>) -> Told {
    let shared = asking.producers.shared();
    if asking.method == Method::GET {
        return Told::Json(json!({"settings": written(&shared.delay.load())}));
    }
    let value = match asking.json() {
        Ok(value) => value,
        Err(told) => return told,
    };
    let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_f64).filter(|number| *number >= 0.0);
    let whole = |value: &Value, key: &str| value.get(key).and_then(Value::as_u64);
    let distribution = value.get("delayDistribution").cloned().unwrap_or_default();
    let delay = match distribution.get("type").and_then(Value::as_str) {
        Some("uniform") => match (whole(&distribution, "lower"), whole(&distribution, "upper")) {
            (Some(lower), Some(upper)) if lower <= upper => Some(Delay::Uniform { lower, upper }),
            _ => None,
        },
        Some("lognormal") => match (number(&distribution, "median"), number(&distribution, "sigma")) {
            (Some(median), Some(sigma)) => {
                Some(Delay::Lognormal { median, sigma, longest: whole(&distribution, "maxValue") })
            }
            _ => None,
        },
        Some("fixed") => whole(&distribution, "milliseconds").map(Delay::Fixed),
        Some(_) => None,
        None => match value.get("fixedDelay") {
            None | Some(Value::Null) => Some(Delay::None),
            Some(fixed) => fixed.as_u64().map(Delay::Fixed),
        },
    };
    match delay {
        Some(delay) => {
            shared.delay.store(Arc::new(delay));
            Told::Json(Value::Null)
        }
        None => Told::unusable(
            "/delayDistribution",
            "expected fixedDelay, or a delayDistribution of type fixed, uniform or lognormal",
        ),
    }
}
