//! Whom the load is put on: a platform that runs, or one of our own.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use serde_json::Value;

use super::LoadArguments;
use crate::app::Platform;
use crate::cli::arguments::SettingsArguments;
use crate::cli::failure::Failure;
use crate::cli::opening;
use crate::cli::terminal::{Terminal, printable};
use crate::config::environment::DEMO;
use crate::domain::clock::Clock;
use crate::hub::call::remote::Remote;
use crate::index::bulk::generate::{Mix, resident_lines};
use crate::index::bulk::line;
use crate::index::record::Load;
use crate::soap::responder::Responder;

/// Listeners of a platform of our own; the others stay closed.
const OPEN: [&str; 4] = ["hub_http", "index_update", "index_find", "producers"];
const CLOSED: [&str; 4] = ["hub_https", "admin", "catalogue", "aggregation"];
/// Residents whose engagements are taken in at once.
const RESIDENTS_AT_ONCE: u64 = 400;

/// A platform.
pub(super) struct Target {
    place: Place,
    carrier: Arc<dyn Responder>,
    /// What messages to its index are addressed to.
    pub(super) own_id: String,
}

enum Place {
    /// Ours; it ends with the run.
    Own(Box<Platform>),
    /// At a URL.
    Running(String),
}

impl Target {
    pub(super) async fn open(
        load: &LoadArguments,
        variables: &[(String, String)],
        terminal: &mut Terminal<'_>,
    ) -> Result<Self, Failure> {
        let mut sets = SettingsArguments::default().sets;
        if load.url.is_none() {
            sets.extend(OPEN.map(|name| format!("listen.{name}=127.0.0.1:0")));
            sets.extend(CLOSED.map(|name| format!("listen.{name}=off")));
            sets.push("log.messages=off".to_owned());
        }
        let (environment, loaded) = opening::open(DEMO, &sets, variables)?;
        let settings = opening::usable(loaded, terminal)?;
        let own_id = settings.index.own_id.clone();
        let mut hub = settings.hub.clone();
        let connections = load.connections as usize;
        hub.limits.calls_per_producer_max = hub.limits.calls_per_producer_max.max(connections);
        let remote = Remote::new(&hub, None, hub.producer.http.connect_timeout, hub.limits.answer_timeout);
        let place = match &load.url {
            Some(url) => Place::Running(url.trim_end_matches('/').to_owned()),
            None => {
                let started = Platform::start(environment, settings, None, Clock::System).await;
                let (platform, problems) = started.map_err(Failure::environment)?;
                for problem in problems.iter().filter(|problem| problem.is_error()) {
                    terminal.complain(&printable(&problem.to_string()));
                }
                Place::Own(Box::new(platform))
            }
        };
        Ok(Self { place, carrier: Arc::new(remote), own_id })
    }

    /// Who carries calls there.
    pub(super) fn carrier(&self) -> &Arc<dyn Responder> {
        &self.carrier
    }

    /// The URL of a path on a listener. Where the URL that was given is not of `admin`, which knows them all, it is taken
    /// for the listener's own.
    pub(super) async fn url(&self, listener: &str, path: &str) -> Result<String, Failure> {
        let given = match &self.place {
            Place::Own(platform) => {
                let address = platform.address(listener);
                let address = address.ok_or_else(|| Failure::environment(format!("{listener} is not open")))?;
                return Ok(format!("http://{address}{path}"));
            }
            Place::Running(url) => url,
        };
        let question = Request::builder().uri(format!("{given}/api/v1/platform")).body(Bytes::new());
        let question = question.map_err(|error| Failure::usage(format!("{given} is no URL: {error}")))?;
        let answer = self.carrier.answer(question).await;
        let answer = answer.map_err(|fault| Failure::environment(format!("{given}: {fault}")))?;
        let told: Option<Value> = serde_json::from_slice(answer.body()).ok().filter(|_| answer.status() == 200);
        let Some(told) = told else { return Ok(with_path(given, path)) };
        let addresses = told["addresses"].as_array();
        let found = addresses.and_then(|all| all.iter().find(|one| one["name"] == listener));
        let url = found.and_then(|one| one["url"].as_str());
        let none = || Failure::environment(format!("the platform at {given} has no listener {listener}"));
        Ok(with_path(url.ok_or_else(none)?.trim_end_matches('/'), path))
    }

    /// Gives a platform of our own these engagements; one that runs has its own.
    /// To be called where blocking is allowed.
    pub(super) fn fill(&self, mix: Mix) -> Result<(), Failure> {
        let Place::Own(platform) = &self.place else { return Ok(()) };
        let index = platform.index().ok_or_else(|| Failure::environment("the index is not open"))?;
        let now = index.now();
        for first in (0..mix.residents).step_by(RESIDENTS_AT_ONCE as usize) {
            let end = (first + RESIDENTS_AT_ONCE).min(mix.residents);
            let mut lines = String::new();
            (first..end).for_each(|resident| {
                resident_lines(mix, resident, &mut lines);
            });
            let rows = lines.lines().map(|text| line::read(text, &self.own_id, now).expect("made up to be good"));
            let load = Load { name: "bench".into(), lines: end, rows: rows.collect() };
            index.load(load).map_err(Failure::environment)?;
        }
        Ok(())
    }

    /// Ends a platform of our own.
    pub(super) async fn close(self) {
        if let Place::Own(platform) = self.place {
            platform.drain().await;
        }
    }
}

/// A URL that names a path is complete.
fn with_path(url: &str, path: &str) -> String {
    let has_path = url.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    if has_path { url.to_owned() } else { format!("{url}{path}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_a_path_is_left_as_it_is() {
        assert_eq!(with_path("http://localhost:8080", "/vp"), "http://localhost:8080/vp");
        assert_eq!(with_path("http://localhost:8080/vp/riv", "/vp"), "http://localhost:8080/vp/riv");
    }
}
