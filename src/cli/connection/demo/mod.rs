//! `anslut connection demo`: two platforms on free ports, and one customer that goes from first contact to live and out
//! again, by the same API as everybody. Behind every step both hubs are asked.

mod environment;
mod hubs;
mod story;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use serde::Serialize;
use serde_json::Value;

use crate::app::Platform;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, Tone, printable};
use crate::config::data::{DataChoice, DataDirectory};
use crate::config::environment::Environment;
use crate::config::raw::load;
use crate::domain::clock::{Clock, stockholm};
use crate::hub::call::remote::Remote;
use crate::soap::responder::Responder;
use hubs::{Answers, Hubs};
use story::{CONNECTION, Call, Step, story};

/// A step as it came out.
#[derive(Debug, Serialize)]
struct Outcome<'s> {
    step: &'s str,
    state: String,
    /// What QA says to those who call the customer's system: `200`, or the VP code.
    qa: String,
    /// What production says to them.
    production: String,
    /// What both say to the customer's system when it calls.
    consumer: ConsumerOutcome,
}

#[derive(Debug, Serialize)]
struct ConsumerOutcome {
    qa: String,
    production: String,
}

/// Runs the command: exit 1 where a step did not come out as it should.
pub fn run(terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let folder = DataDirectory::open(&DataChoice::Ephemeral, "connection-demo", &[])?;
    let root = environment::write(folder.path()).map_err(Failure::environment)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::environment)?;
    runtime.block_on(async {
        let environment = Environment::Folder(root);
        let settings = load(&environment, &[], &[]).settings?;
        let hub = settings.hub.clone();
        let remote = Remote::new(&hub, None, hub.producer.http.connect_timeout, hub.limits.answer_timeout);
        let started = Platform::start(environment, settings, None, Clock::System).await;
        let (platform, problems) = started.map_err(Failure::environment)?;
        for problem in problems.iter().filter(|problem| problem.is_error()) {
            terminal.complain(&printable(&problem.to_string()));
        }
        let walked = match Walk::of(&platform, &remote) {
            Some(walk) => walk.all(terminal).await,
            None => Err(Failure::environment("a listener of the demo is not open")),
        };
        platform.drain().await;
        walked
    })
}

/// Where everybody is.
struct Walk<'w> {
    admin: String,
    producers: String,
    hubs: Hubs<'w>,
    remote: &'w Remote,
}

/// Why the walk ends before its end.
enum Stop {
    /// The demo cannot be carried out here.
    Failed(Failure),
    /// The platform said something else than it should.
    Surprised(String),
}

impl<'w> Walk<'w> {
    fn of(platform: &Platform, remote: &'w Remote) -> Option<Self> {
        let url = |name: &str| Some(format!("http://{}", platform.address(name)?));
        Some(Self {
            admin: url("admin")?,
            producers: url("producers")?,
            hubs: Hubs::new(remote, &url("NTJP-QA.hub_http")?, &url("NTJP-PROD.hub_http")?),
            remote,
        })
    }

    async fn all(&self, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
        let today = Clock::System.now().to_zoned(stockholm()).date();
        if !terminal.json {
            terminal.print(&line("step", "state", "NTJP-QA", "NTJP-PROD"))?;
        }
        for step in story(today, &self.producers) {
            match self.step(&step).await {
                Ok(outcome) => show(&outcome, terminal)?,
                Err(Stop::Failed(failure)) => return Err(failure),
                Err(Stop::Surprised(text)) => {
                    terminal.complain(&printable(&format!("{}: {text}", step.name)));
                    return Ok(Exit::Failed);
                }
            }
        }
        if !terminal.json {
            let done = terminal.palette().paint(Tone::Good, "✓ every step came out as the terms say");
            terminal.print(&format!("{done}\n"))?;
        }
        Ok(Exit::Done)
    }

    /// Takes a step, and asks both hubs how things stand.
    async fn step<'s>(&self, step: &'s Step) -> Result<Outcome<'s>, Stop> {
        for call in &step.calls {
            self.api(call).await?;
        }
        let connection = Call::get(&format!("connections/{CONNECTION}"));
        let state = self.api(&connection).await?["state"].as_str().unwrap_or_default().to_owned();
        let Answers { called, calling } = self.hubs.ask().await.map_err(Stop::Failed)?;
        let found = (state.as_str(), [&*called[0], &*called[1]], [&*calling[0], &*calling[1]]);
        let expected = (step.state, step.called, step.calling);
        if found != expected {
            return Err(Stop::Surprised(format!("it came to {found:?}, expected {expected:?}")));
        }
        let ([qa, production], [calling_qa, calling_production]) = (called, calling);
        let consumer = ConsumerOutcome { qa: calling_qa, production: calling_production };
        Ok(Outcome { step: step.name, state, qa, production, consumer })
    }

    /// Calls the API; what is not a success ends the walk.
    async fn api(&self, call: &Call) -> Result<Value, Stop> {
        let url = format!("{}/api/v1/{}", self.admin, call.path);
        let body = call.body.as_ref().map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let method = Method::from_bytes(call.method.as_bytes()).expect("methods of the story are written here");
        let request = Request::builder().method(method).uri(&url).header(CONTENT_TYPE, "application/json").body(body);
        let request = request.map_err(|error| Stop::Failed(Failure::environment(error)))?;
        let answer = self.remote.answer(request).await;
        let answer = answer.map_err(|fault| Stop::Failed(Failure::environment(format!("{url}: {fault}"))))?;
        let (status, text) = (answer.status(), String::from_utf8_lossy(answer.body()).into_owned());
        match status.is_success() {
            true => Ok(serde_json::from_str(&text).unwrap_or_default()),
            false => {
                Err(Stop::Surprised(format!("{} {} answered {}: {text}", call.method, call.path, status.as_u16())))
            }
        }
    }
}

fn show(outcome: &Outcome<'_>, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    let text = match terminal.json {
        true => serde_json::to_string(outcome).map_err(Failure::environment)? + "\n",
        false => {
            let Outcome { step, state, qa, production, consumer } = outcome;
            let both = |called: &str, calling: &str| format!("called {called:<7}calling {calling}");
            line(step, state, &both(qa, &consumer.qa), &both(production, &consumer.production))
        }
    };
    Ok(terminal.print(&text)?)
}

fn line(step: &str, state: &str, qa: &str, production: &str) -> String {
    format!("{step:<18}{state:<17}{qa:<30}{production}\n")
}
