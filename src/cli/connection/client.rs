//! The connection API of a running platform, over HTTP.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::ServerArguments;
use crate::cli::failure::{Exit, Failure};
use crate::config::environment::Environment;
use crate::config::raw::load;
use crate::hub::call::remote::Remote;
use crate::soap::responder::Responder;

/// A platform that is asked.
pub(in crate::cli) struct Client<'s> {
    server: &'s ServerArguments,
    remote: Remote,
    runtime: Runtime,
}

impl<'s> Client<'s> {
    pub(in crate::cli) fn new(server: &'s ServerArguments, variables: &[(String, String)]) -> Result<Self, Failure> {
        let settings = load(&Environment::Demo, &[], variables).settings?;
        let hub = &settings.hub;
        let remote = Remote::new(hub, None, hub.producer.http.connect_timeout, hub.limits.answer_timeout);
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::environment)?;
        Ok(Self { server, remote, runtime })
    }

    /// What stands at a path.
    pub(in crate::cli) fn get(&self, path: &str) -> Result<Value, Failure> {
        let (status, answer) = self.call(Method::GET, path, Bytes::new())?;
        if status == 200 { Ok(answer) } else { Err(self.unexpected(path, status, &answer)) }
    }

    /// Sends something: whether it was done, and the answer. Only a refusal of gates or state is an answer as well.
    pub(in crate::cli) fn post(&self, path: &str, body: &Value) -> Result<(bool, Value), Failure> {
        let (status, answer) = self.call(Method::POST, path, body.to_string().into())?;
        match status {
            200 | 201 => Ok((true, answer)),
            409 if answer["failed"].is_array() => Ok((false, answer)),
            _ => Err(self.unexpected(path, status, &answer)),
        }
    }

    fn unexpected(&self, path: &str, status: u16, answer: &Value) -> Failure {
        let detail = answer["detail"].as_str().unwrap_or("no explanation");
        let mut failure = Failure::environment(format!("{}{path} answered {status}: {detail}", self.server.url));
        // What is asked for is not there or not so: the command line is wrong, not the environment.
        if matches!(status, 400 | 404 | 422) {
            failure.exit = Exit::Usage;
        }
        failure
    }

    fn call(&self, method: Method, path: &str, body: Bytes) -> Result<(u16, Value), Failure> {
        let url = format!("{}/api/v1{path}", self.server.url.trim_end_matches('/'));
        let mut request = Request::builder().method(method).uri(&url).header(CONTENT_TYPE, "application/json");
        if let Some(token) = &self.server.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(body).map_err(|error| Failure::usage(format!("{url} is no URL: {error}")))?;
        let answer = self.runtime.block_on(self.remote.answer(request));
        let answer = answer.map_err(|fault| Failure::environment(format!("{url}: {fault}")))?;
        let status = answer.status().as_u16();
        let value = serde_json::from_slice(answer.body())
            .map_err(|error| Failure::environment(format!("{url} answered {status} with no JSON: {error}")))?;
        Ok((status, value))
    }
}
