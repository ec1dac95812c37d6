//! `anslut bench`: load on a part of the platform at a rate that does not wait for answers, and how long they took.

mod load;
mod report;
mod requests;
mod target;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::failure::{Exit, Failure};
use super::terminal::Terminal;
use load::Plan;
use requests::Requests;
use target::Target;

use crate::index::bulk::generate::Mix;

/// Highest rate that is tried.
const RATE_MAX: u32 = 1_000_000;
/// Longest run, in seconds.
const SECONDS_MAX: u32 = 3_600;
/// How long each rate is kept up before calls count.
const WARM_UP: Duration = Duration::from_secs(1);
/// Most connections.
const CONNECTIONS_MAX: u32 = 10_000;
/// Most engagements in an Update.
const ROWS_MAX: u32 = crate::config::index::TRANSACTIONS_MAX as u32;

/// The parts.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Calls through the hub
    Hub(HubArguments),
    /// FindContent at the engagement index
    Find(FindArguments),
    /// Update at the engagement index
    Update(UpdateArguments),
}

/// What every part takes.
#[derive(Debug, Args)]
pub struct LoadArguments {
    /// Calls a second, whether or not earlier ones have been answered; several rates are tried one after the other
    #[arg(long, value_name = "N,…", default_value = "1000", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=i64::from(RATE_MAX)))]
    pub rate: Vec<u32>,
    /// How long each rate is kept up
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=i64::from(SECONDS_MAX)))]
    pub seconds: u32,
    /// Connections; calls that are due while all of them are busy wait, and the wait counts
    #[arg(long, value_name = "C", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=i64::from(CONNECTIONS_MAX)))]
    pub connections: u32,
    /// A platform that runs: the part's own listener, or admin; default a platform of its own, the demo without data
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
}

/// `anslut bench hub`.
#[derive(Debug, Args)]
pub struct HubArguments {
    #[command(flatten)]
    pub load: LoadArguments,
    /// The message to send; default the demo's first call
    #[arg(long, value_name = "FILE")]
    pub request: Option<PathBuf>,
    /// A header of the calls, such as x-vp-sender-id: SE2321000016-A1
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
}

/// Whose engagements are asked for or told: those `anslut index generate` makes up from the same numbers.
#[derive(Debug, Args)]
pub struct MixArguments {
    /// How many residents
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub residents: u64,
    /// How many engagements each has on average
    #[arg(long, value_name = "M", default_value_t = 24)]
    pub engagements_per_resident: u64,
    /// What they are drawn from
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
}

/// `anslut bench find`. A platform of its own is given the engagements first; one that runs is asked as it is.
#[derive(Debug, Args)]
pub struct FindArguments {
    #[command(flatten)]
    pub load: LoadArguments,
    #[command(flatten)]
    pub mix: MixArguments,
    /// The service domain that is asked for; the index demands one
    #[arg(long, value_name = "DOMAIN", default_value = "riv:clinicalprocess:healthcond:description")]
    pub service_domain: String,
}

/// `anslut bench update`.
#[derive(Debug, Args)]
pub struct UpdateArguments {
    #[command(flatten)]
    pub load: LoadArguments,
    #[command(flatten)]
    pub mix: MixArguments,
    /// Engagements in each Update
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(ROWS_MAX)))]
    pub rows: u32,
}

fn header(text: &str) -> Result<(http::HeaderName, http::HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or_else(|| format!("{text:?} has no colon; expected NAME: VALUE"))?;
    let name = name.trim().parse().map_err(|error| format!("{name:?}: {error}"))?;
    let value = value.trim().parse().map_err(|error| format!("{value:?}: {error}"))?;
    Ok((name, value))
}

impl MixArguments {
    fn mix(&self) -> Result<Mix, Failure> {
        let &Self { residents, engagements_per_resident, seed } = self;
        let mix = Mix { residents, engagements_per_resident, seed };
        mix.check()?;
        Ok(mix)
    }
}

/// Runs the command. Exit 1 where a call was not answered as it should be.
pub fn run(
    command: &BenchCommand,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let load = match command {
        BenchCommand::Hub(HubArguments { load, .. })
        | BenchCommand::Find(FindArguments { load, .. })
        | BenchCommand::Update(UpdateArguments { load, .. }) => load,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::environment)?;
    runtime.block_on(async {
        let target = Target::open(load, variables, terminal).await?;
        let outcome = tried(command, load, &target, terminal).await;
        target.close().await;
        outcome
    })
}

async fn tried(
    command: &BenchCommand,
    load: &LoadArguments,
    target: &Target,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let requests = match command {
        BenchCommand::Hub(hub) => {
            Requests::hub(&target.url("hub_http", "/vp").await?, hub.request.as_deref(), &hub.headers)?
        }
        BenchCommand::Find(find) => {
            let mix = find.mix.mix()?;
            tokio::task::block_in_place(|| target.fill(mix))?;
            let url = target.url("index_find", "/skltp-ei/find-content-service/v1").await?;
            Requests::find(&url, &target.own_id, mix, &find.service_domain)
        }
        BenchCommand::Update(update) => {
            let url = target.url("index_update", "/skltp-ei/update-service/v1").await?;
            Requests::update(&url, &target.own_id, update.mix.mix()?, update.rows as usize)
        }
    };
    let mut exit = Exit::Done;
    for &rate in &load.rate {
        let plan = Plan { rate, warm_up: WARM_UP, seconds: load.seconds, connections: load.connections };
        let outcome = load::run(plan, target.carrier(), &requests).await?;
        if !outcome.is_good() {
            exit = Exit::Failed;
        }
        report::show(&requests, plan, &outcome, terminal)?;
    }
    Ok(exit)
}
