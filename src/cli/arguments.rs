//! The arguments of every command, as clap reads them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::bench::BenchCommand;
use super::connection::ConnectionCommand;
use super::contracts::ContractsCommand;
use super::index::IndexCommand;
use super::pki::PkiCommand;
use super::producers::ProducersCommand;
use super::qa::QaCommand;
use super::tak::TakCommand;
use crate::config::environment::DEMO;
use crate::domain::clock::stockholm;
use crate::domain::profile::Profile;

const EXIT_CODES: &str = "Exit codes: 0 done, 1 the thing checked failed, 2 usage, 3 environment.\n\
                          `anslut` alone is `anslut serve demo`.";

/// The Swedish national service platform in one process.
#[derive(Debug, Parser)]
#[command(name = "anslut", version, after_help = EXIT_CODES)]
pub struct Arguments {
    /// Print results as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do; none = serve the built-in environment.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the whole platform
    Serve(ServeArguments),
    /// Load everything and print every problem, with file and line
    Check(CheckArguments),
    /// Show where a call would go, or why it would be refused
    Explain(ExplainArguments),
    /// Import, browse, compare and sample published service contracts, and validate messages
    #[command(subcommand)]
    Contracts(ContractsCommand),
    /// Make up, load, dump, look up and count engagements
    #[command(subcommand)]
    Index(IndexCommand),
    /// The road from first contact to a connection, and out again
    #[command(subcommand)]
    Connection(ConnectionCommand),
    /// Run contract test suites, and make of a run what can be sent in
    #[command(subcommand)]
    Qa(QaCommand),
    /// Carry out orders, write and compare catalogues
    #[command(subcommand)]
    Tak(TakCommand),
    /// Take in mock projects, hold records against the index, show what chaos plans decide
    #[command(subcommand)]
    Producers(ProducersCommand),
    /// Make a test CA, certificates with an HSA-id, and revocation lists
    #[command(subcommand)]
    Pki(PkiCommand),
    /// Put load on a part at a rate that does not wait for answers, and print how long they took
    #[command(subcommand)]
    Bench(BenchCommand),
    /// Print every setting and where its value comes from
    Config(ConfigArguments),
}

/// What every command that reads settings takes.
#[derive(Clone, Debug, Default, Args)]
pub struct SettingsArguments {
    /// Set a key, such as listen.hub_http=127.0.0.1:18080; goes before the process environment and anslut.toml
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub sets: Vec<String>,
}

/// `anslut serve`.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// A folder, or the name of a built-in environment
    #[arg(value_name = "ENV", default_value = DEMO)]
    pub environment: String,
    /// Keep data here, not in $ANSLUT_DATA or the user's data folder
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub data: Option<PathBuf>,
    /// Keep no data after the process ends
    #[arg(long)]
    pub ephemeral: bool,
    #[command(flatten)]
    pub settings: SettingsArguments,
    /// Print the addresses listened on, one to a line, and nothing else
    #[arg(long)]
    pub print_addresses: bool,
}

impl Default for ServeArguments {
    fn default() -> Self {
        Self {
            environment: DEMO.to_owned(),
            data: None,
            ephemeral: false,
            settings: SettingsArguments::default(),
            print_addresses: false,
        }
    }
}

/// `anslut check`.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// A folder, or the name of a built-in environment
    #[arg(value_name = "ENV")]
    pub environment: String,
    #[command(flatten)]
    pub settings: SettingsArguments,
}

/// `anslut explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// A folder, or the name of a built-in environment
    #[arg(value_name = "ENV")]
    pub environment: String,
    /// Service contract namespace, such as urn:riv:…:GetCareDocumentationResponder:3
    #[arg(long)]
    pub contract: String,
    /// Logical address, exactly as in the message
    #[arg(long)]
    pub address: String,
    /// HSA-id of the consumer
    #[arg(long)]
    pub sender: String,
    /// RFC 3339, or local time in Sweden: 2026-11-22T10:00 or 2026-11-22; default now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub at: Option<Timestamp>,
    /// Profile of the message: rivtabp20 or rivtabp21
    #[arg(long, value_parser = profile)]
    pub profile: Option<Profile>,
    /// One of several platforms of the environment; default the one for production
    #[arg(long, value_name = "NAME")]
    pub platform: Option<String>,
    #[command(flatten)]
    pub settings: SettingsArguments,
}

/// `anslut config`.
#[derive(Debug, Args)]
pub struct ConfigArguments {
    /// A folder, or the name of a built-in environment
    #[arg(value_name = "ENV", default_value = DEMO)]
    pub environment: String,
    #[command(flatten)]
    pub settings: SettingsArguments,
}

/// A pair on a command line.
pub fn key_and_value(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, _)) if !key.trim().is_empty() => Ok(text.to_owned()),
        _ => Err("expected KEY=VALUE, such as listen.hub_http=127.0.0.1:18080".to_owned()),
    }
}

/// A moment: with its offset, or as a Swedish wall clock shows it; a day alone is its beginning.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(timestamp) = text.parse() {
        return Ok(timestamp);
    }
    let local = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(|day| day.at(0, 0, 0, 0)));
    local
        .and_then(|local| local.to_zoned(stockholm()))
        .map(|zoned| zoned.timestamp())
        .map_err(|_| "expected RFC 3339, or 2026-11-22T10:00 or 2026-11-22 in Swedish time".to_owned())
}

fn profile(text: &str) -> Result<Profile, String> {
    Profile::parse(text).ok_or_else(|| "expected rivtabp20 or rivtabp21".to_owned())
}
