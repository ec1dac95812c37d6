//! The index of a running platform, over HTTP.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::cli::failure::Failure;
use crate::config::checked::Settings;
use crate::hub::call::remote::Remote;
use crate::index::peek::{ENGAGEMENTS, Question, STAT};
use crate::soap::responder::Responder;

/// Largest answer that is taken, in bytes: a piece of a national index is far smaller.
const ANSWER_BYTES_MAX: usize = 1 << 30;

/// A platform's index, found.
pub(super) struct Running {
    /// Of the listener `index_update`, without a path.
    pub(super) url: String,
    /// What Updates are addressed to.
    pub(super) own_id: String,
    pub(super) remote: Remote,
    pub(super) runtime: Runtime,
}

impl Running {
    /// A platform at a URL, whichever listener it is of.
    pub(super) fn at(url: &str, settings: &Settings) -> Result<Self, Failure> {
        let mut hub = settings.hub.clone();
        hub.limits.body_bytes_max = ANSWER_BYTES_MAX;
        let remote = Remote::new(&hub, None, hub.producer.http.connect_timeout, hub.limits.answer_timeout);
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::environment)?;
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self { url, own_id: String::new(), remote, runtime })
    }

    /// Finds the index behind a URL: of the listener `index_update`, or of `admin`, which knows where that one is.
    pub(super) fn find(url: &str, settings: &Settings) -> Result<Self, Failure> {
        let mut running = Self::at(url, settings)?;
        let stat = match running.get(STAT)? {
            Some(stat) => stat,
            None => {
                running.url = running.listener()?;
                let none = || Failure::environment(format!("{} has no index", running.url));
                running.get(STAT)?.ok_or_else(none)?
            }
        };
        stat["ownId"].as_str().unwrap_or_default().clone_into(&mut running.own_id);
        Ok(running)
    }

    /// What the index holds and costs.
    pub(super) fn stat(&self) -> Result<Value, Failure> {
        self.get(STAT)?.ok_or_else(|| Failure::environment(format!("{} has no index", self.url)))
    }

    /// Engagements as lines.
    pub(super) fn engagements(&self, question: &Question) -> Result<Bytes, Failure> {
        let body = serde_json::to_vec(question).expect("texts and numbers always serialize");
        let (status, answer) = self.call(Method::POST, ENGAGEMENTS, body.into())?;
        if status == 200 {
            return Ok(answer);
        }
        Err(Failure::environment(format!(
            "{} answered {status}: {}",
            self.url,
            String::from_utf8_lossy(&answer).trim()
        )))
    }

    /// Where `index_update` listens, as `admin` knows it.
    fn listener(&self) -> Result<String, Failure> {
        const PATH: &str = "/api/v1/platform";
        let platform = self.get(PATH)?;
        let addresses = platform.as_ref().and_then(|platform| platform["addresses"].as_array());
        let listener = addresses.and_then(|addresses| addresses.iter().find(|one| one["name"] == "index_update"));
        let url = listener.and_then(|listener| listener["url"].as_str()).map(str::to_owned);
        url.ok_or_else(|| {
            Failure::environment(format!("{} is neither the listener index_update of a platform nor admin", self.url))
        })
    }

    /// A JSON document; `None` where the path is not served.
    pub(super) fn get(&self, path: &str) -> Result<Option<Value>, Failure> {
        match self.call(Method::GET, path, Bytes::new())? {
            (200, answer) => Ok(serde_json::from_slice(&answer).ok()),
            _ => Ok(None),
        }
    }

    fn call(&self, method: Method, path: &str, body: Bytes) -> Result<(u16, Bytes), Failure> {
        let url = format!("{}{path}", self.url);
        let request = Request::builder().method(method).uri(&url).header(CONTENT_TYPE, "application/json").body(body);
        let request = request.map_err(|error| Failure::usage(format!("{url} is no URL: {error}")))?;
        let answer = self.runtime.block_on(self.remote.answer(request));
        let answer = answer.map_err(|fault| Failure::environment(format!("{url}: {fault}")))?;
        Ok((answer.status().as_u16(), answer.into_body()))
    }
}
