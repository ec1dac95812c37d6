//! `anslut serve`: from arguments to everything the platform needs to start.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::path::Path;

use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::app::{Platform, own, url};
use crate::config::checked::Settings;
use crate::config::data::{DataChoice, DataDirectory};
use crate::config::environment::Environment;
use crate::config::platforms::apart;
use crate::config::process::variable;
use crate::domain::clock::Clock;
use crate::domain::problem::{Problem, Severity};
use crate::pki::own::Own;

use super::arguments::ServeArguments;
use super::failure::{Exit, Failure};
use super::first_call::FirstCall;
use super::opening;
use super::terminal::Terminal;

/// Everything the platform needs to start.
#[derive(Debug)]
pub struct ServeOptions {
    /// Where its files are.
    pub environment: Environment,
    /// How it behaves.
    pub settings: Settings,
    /// Where it keeps what survives a restart; locked.
    pub data: DataDirectory,
    /// Print the addresses alone, one to a line.
    pub print_addresses: bool,
    /// Print them as JSON.
    pub json: bool,
}

/// Runs the command.
pub fn run(
    arguments: &ServeArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let options = options(arguments, variables, terminal)?;
    operational_log(variables);
    start(options, terminal)
}

/// Arguments into options. Settings come before the lock, so that a wrong key leaves no directory behind.
pub fn options(
    arguments: &ServeArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<ServeOptions, Failure> {
    let (environment, loaded) = opening::open(&arguments.environment, &arguments.settings.sets, variables)?;
    let settings = opening::usable(loaded, terminal)?;
    let choice = match (&arguments.data, arguments.ephemeral) {
        (Some(path), _) => DataChoice::Given(path.clone()),
        (None, true) => DataChoice::Ephemeral,
        (None, false) => DataChoice::Usual,
    };
    let data = DataDirectory::open(&choice, &environment.name(), variables)?;
    Ok(ServeOptions { environment, settings, data, print_addresses: arguments.print_addresses, json: terminal.json })
}

/// The operational log goes to standard error, at the level `RUST_LOG` asks for.
fn operational_log(variables: &[(String, String)]) {
    let asked = variable(variables, "RUST_LOG").unwrap_or("info");
    let filter = EnvFilter::try_new(asked).unwrap_or_else(|_| EnvFilter::new("info"));
    let built = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal());
    // A second platform in the same process keeps the first one's log.
    let _ = built.try_init();
}

/// Starts the platform, prints its addresses, and returns when it has drained.
fn start(options: ServeOptions, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::environment)?;
    runtime.block_on(async {
        let mut signals = Signals::listen().map_err(Failure::environment)?;
        let ServeOptions { environment, mut settings, data, print_addresses, json } = options;
        let own = own::complete(&mut settings, data.path(), &Clock::System)?;
        let first_call = FirstCall::of(&environment, apart(&settings).first().unwrap_or(&settings));
        let kept = (!data.is_ephemeral()).then(|| data.path().to_owned());
        let started = Platform::start(environment, settings, kept, Clock::System).await;
        let (platform, problems) = started.map_err(Failure::environment)?;
        report(&problems);
        announce(&platform, &Offered { first_call, own, print_addresses }, json, terminal)?;
        while let Signal::Reload = signals.next().await {
            report(&platform.reload().await);
        }
        tracing::info!("draining");
        platform.drain().await;
        drop(data);
        Ok(Exit::Done)
    })
}

fn report(problems: &[Problem]) {
    for problem in problems {
        match problem.severity {
            Severity::Error => tracing::error!("{problem}"),
            Severity::Warning => tracing::warn!("{problem}"),
        }
    }
}

/// What the platform prints of itself when it is ready.
#[derive(Debug, Serialize)]
struct Announcement<'a> {
    addresses: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    curl: Option<&'a str>,
    /// The same call over TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    curl_https: Option<&'a str>,
    /// The folder of the platform's own CA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pki: Option<&'a Path>,
}

/// What there is to say beside the addresses.
struct Offered {
    first_call: FirstCall,
    own: Option<Own>,
    print_addresses: bool,
}

fn announce(platform: &Platform, offered: &Offered, json: bool, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    let Offered { first_call, own, print_addresses } = offered;
    let snapshot = platform.catalogue().snapshot();
    let address = |name: &str| platform.address(&platform.main().listener(name));
    let curl = address("hub_http").and_then(|hub| first_call.curl(hub, &snapshot));
    let own = own.as_ref();
    let https = address("hub_https").zip(own);
    let curl_https = https.and_then(|(hub, own)| first_call.curl_over_tls(hub, own));
    let pki = own.map(|own| own.folder.as_path());
    if json {
        let addresses =
            platform.addresses().iter().map(|(name, address)| (name.as_str(), url(name, *address))).collect();
        return Ok(terminal.print_json(&Announcement {
            addresses,
            curl: curl.as_deref(),
            curl_https: curl_https.as_deref(),
            pki,
        })?);
    }
    let mut text = String::new();
    let width = platform.addresses().iter().map(|(name, _)| name.len() + 1).max().unwrap_or_default().max(14);
    for (name, address) in platform.addresses() {
        match print_addresses {
            true => text.push_str(&format!("{name}={address}\n")),
            false => text.push_str(&format!("{name:<width$}{}\n", url(name, *address))),
        }
    }
    if !print_addresses {
        if let Some(pki) = pki {
            text.push_str(&format!("{:<width$}{}\n", "certificates", pki.display()));
        }
        if let Some(curl) = &curl {
            text.push_str(&format!("\nA first call, to paste in another terminal:\n\n{curl}\n\n"));
        }
        if let Some(curl) = &curl_https {
            text.push_str(&format!("The same over TLS, with the client certificate made for it:\n\n  {curl}\n\n"));
        }
    }
    Ok(terminal.print(&text)?)
}

enum Signal {
    Stop,
    Reload,
}

/// The signals a platform heeds: stop (SIGTERM, SIGINT) and reload (SIGHUP).
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.hang_up.recv() => Signal::Reload,
        }
    }
}
