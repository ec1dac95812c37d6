//! `anslut pki`: a test CA, certificates with an HSA-id, and revocation lists.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::failure::{Exit, Failure};
use super::terminal::Terminal;
use crate::domain::clock::Clock;
use crate::pki::PkiError;
use crate::pki::authority::Authority;
use crate::pki::files::{Readers, write_new};
use crate::pki::keystore::pkcs12;
use crate::pki::revoke::revoke;
use crate::pki::wish::{Usage, Validity, Wish};

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum PkiCommand {
    /// Make a CA with an intermediate in a folder that has none
    Init(InitArguments),
    /// Make a certificate with an HSA-id in its subject's serial number, for a client, a server, or both
    Issue(IssueArguments),
    /// Put certificates on their issuer's revocation list, or write both lists anew
    Revoke(RevokeArguments),
}

/// `anslut pki init`.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The CA's folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// `anslut pki issue`.
#[derive(Debug, Args)]
pub struct IssueArguments {
    /// The CA's folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// HSA-id of the holder, such as SE5565594230-K001
    #[arg(long, value_name = "X")]
    pub hsa_id: String,
    /// Host name or IP address of a server; may be given several times
    #[arg(long = "host", value_name = "H")]
    pub hosts: Vec<String>,
    /// Days it lasts
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=7_300))]
    pub days: u32,
    /// Make one that expired yesterday
    #[arg(long, conflicts_with = "not_yet_valid")]
    pub expired: bool,
    /// Make one that is good from a month ahead
    #[arg(long)]
    pub not_yet_valid: bool,
    /// Which side of a connection it is for; default: both with --host, client without
    #[arg(long, value_enum)]
    pub usage: Option<UsageArgument>,
    /// A private key to certify (PEM, PKCS#8; RSA or elliptic), instead of a new one
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Name of the files; default: the HSA-id
    #[arg(long)]
    pub name: Option<String>,
    /// Write a PKCS#12 file as well
    #[arg(long, requires = "password")]
    pub p12: bool,
    /// Password of the PKCS#12 file
    #[arg(long, value_name = "P", requires = "p12")]
    pub password: Option<String>,
}

/// Which side of a connection a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UsageArgument {
    /// Consumers.
    Client,
    /// Producers.
    Server,
    /// Either.
    Both,
}

/// `anslut pki revoke`.
#[derive(Debug, Args)]
pub struct RevokeArguments {
    /// The CA's folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Certificates that this CA issued (PEM)
    #[arg(value_name = "CERTIFICATE")]
    pub certificates: Vec<PathBuf>,
}

/// Where things were put.
#[derive(Debug, Default, Serialize)]
struct Made {
    #[serde(skip_serializing_if = "Option::is_none")]
    ca: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p12: Option<PathBuf>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    crl: Vec<PathBuf>,
}

/// Runs a subcommand.
pub fn run(command: &PkiCommand, terminal: &mut Terminal<'_>) -> Result<Exit, Failure> {
    let made = match command {
        PkiCommand::Init(arguments) => init(&arguments.folder)?,
        PkiCommand::Issue(arguments) => issue(arguments)?,
        PkiCommand::Revoke(arguments) => {
            let crl = revoke(&arguments.folder, &arguments.certificates, Clock::System.now())?;
            Made { crl, ..Made::default() }
        }
    };
    if terminal.json {
        terminal.print_json(&made)?;
    } else {
        terminal.print(&made.text())?;
    }
    Ok(Exit::Done)
}

fn init(folder: &Path) -> Result<Made, PkiError> {
    let authority = Authority::create(folder, Clock::System.now())?;
    Ok(Made { ca: Some(authority.ca()), ..Made::default() })
}

fn issue(arguments: &IssueArguments) -> Result<Made, PkiError> {
    let now = Clock::System.now();
    let validity = match (arguments.expired, arguments.not_yet_valid) {
        (true, _) => Validity::expired(now, arguments.days),
        (_, true) => Validity::not_yet(now, arguments.days),
        _ => Validity::days(now, arguments.days),
    };
    let usage = match arguments.usage {
        Some(UsageArgument::Client) => Usage::Client,
        Some(UsageArgument::Server) => Usage::Server,
        Some(UsageArgument::Both) => Usage::Both,
        None if arguments.hosts.is_empty() => Usage::Client,
        None => Usage::Both,
    };
    let wish = Wish { hsa_id: arguments.hsa_id.clone(), hosts: arguments.hosts.clone(), validity, usage };
    let authority = Authority::open(&arguments.folder)?;
    let identity = match &arguments.key {
        Some(key) => authority.make_for(&wish, key)?,
        None => authority.make(&wish)?,
    };
    let name = arguments.name.as_deref().unwrap_or(&arguments.hsa_id);
    let issued = authority.keep(name, &identity)?;
    let mut made = Made { ca: Some(authority.ca()), ..Made::default() };
    (made.certificate, made.key) = (Some(issued.certificate), Some(issued.key));
    if let (true, Some(password)) = (arguments.p12, &arguments.password) {
        let path = authority.issued(name, "p12");
        let store = pkcs12(&identity, authority.ca_pem(), name, password)?;
        write_new(&path, &store, Readers::Owner, "give another --name, or move it away")?;
        made.p12 = Some(path);
    }
    Ok(made)
}

impl Made {
    fn text(&self) -> String {
        let single = [("ca", &self.ca), ("certificate", &self.certificate), ("key", &self.key), ("p12", &self.p12)];
        let single = single.into_iter().filter_map(|(name, path)| Some((name, path.as_ref()?)));
        let lines = single.chain(self.crl.iter().map(|path| ("crl", path)));
        lines.map(|(name, path)| format!("{name:<13}{}\n", path.display())).collect()
    }
}
