//! `anslut connection`: the road from first contact to a connection, and out again.

pub(in crate::cli) mod client;
pub mod demo;
pub(in crate::cli) mod shown;

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use self::client::Client;
use super::failure::{Exit, Failure};
use super::terminal::Terminal;

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum ConnectionCommand {
    /// List the connections of a running platform
    List(ServerArguments),
    /// Show a connection and what it still needs
    Show(OneArguments),
    /// Tell what to do next, in Swedish and English, and which term asks for it
    Next(OneArguments),
    /// Judge a step without taking it
    Gates(GatesArguments),
    /// Take a step
    Event(EventArguments),
    /// Show every step so far, refused ones included
    Log(OneArguments),
    /// Start two platforms and walk one customer through all of it
    Demo,
}

/// Where the platform is.
#[derive(Clone, Debug, Args)]
pub struct ServerArguments {
    /// Its listener `admin`
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9090")]
    pub url: String,
    /// Its admin.token
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
}

/// One connection.
#[derive(Clone, Debug, Args)]
pub struct OneArguments {
    /// The connection
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub server: ServerArguments,
}

/// `anslut connection gates`.
#[derive(Clone, Debug, Args)]
pub struct GatesArguments {
    #[command(flatten)]
    pub one: OneArguments,
    /// The step
    #[arg(long, value_name = "EVENT")]
    pub event: String,
    /// The day that is judged; default now
    #[arg(long, value_name = "DAY")]
    pub at: Option<String>,
    /// What the step is given; a value that is JSON is taken as such
    #[arg(long = "arg", value_name = "KEY=VALUE")]
    pub arguments: Vec<String>,
}

/// `anslut connection event`.
#[derive(Clone, Debug, Args)]
pub struct EventArguments {
    /// The connection
    #[arg(value_name = "ID")]
    pub id: String,
    /// The step
    #[arg(value_name = "EVENT")]
    pub event: String,
    /// When it happened; default now
    #[arg(long, value_name = "DAY")]
    pub at: Option<String>,
    /// Who takes it; default whose step it is
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// What the step is given; a value that is JSON is taken as such
    #[arg(long = "arg", value_name = "KEY=VALUE")]
    pub arguments: Vec<String>,
    #[command(flatten)]
    pub server: ServerArguments,
}

/// Runs a subcommand.
pub fn run(
    command: &ConnectionCommand,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    match command {
        ConnectionCommand::List(server) => get(server, "/connections".to_owned(), shown::list, variables, terminal),
        ConnectionCommand::Show(one) => get(&one.server, path(&one.id, "")?, shown::one, variables, terminal),
        ConnectionCommand::Next(one) => get(&one.server, path(&one.id, "/next")?, shown::next, variables, terminal),
        ConnectionCommand::Log(one) => get(&one.server, path(&one.id, "/events")?, shown::log, variables, terminal),
        ConnectionCommand::Gates(arguments) => gates(arguments, variables, terminal),
        ConnectionCommand::Event(arguments) => event(arguments, variables, terminal),
        ConnectionCommand::Demo => demo::run(terminal),
    }
}

/// Asks and shows.
fn get(
    server: &ServerArguments,
    path: String,
    show: fn(&Value) -> String,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let answer = Client::new(server, variables)?.get(&path)?;
    match terminal.json {
        true => terminal.print_json(&answer)?,
        false => terminal.print(&show(&answer))?,
    }
    Ok(Exit::Done)
}

fn gates(
    arguments: &GatesArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let GatesArguments { one, event, at, arguments } = arguments;
    let mut body = step(event, at.as_deref(), arguments)?;
    body.insert("dryRun".to_owned(), Value::Bool(true));
    let (_, answer) = Client::new(&one.server, variables)?.post(&path(&one.id, "/events")?, &Value::Object(body))?;
    match terminal.json {
        true => terminal.print_json(&answer)?,
        false => terminal.print(&shown::gates(&answer))?,
    }
    let holds = answer["failed"].as_array().is_some_and(Vec::is_empty);
    Ok(if holds { Exit::Done } else { Exit::Failed })
}

fn event(
    arguments: &EventArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let EventArguments { id, event, at, actor, arguments, server } = arguments;
    let mut body = step(event, at.as_deref(), arguments)?;
    if let Some(actor) = actor {
        body.insert("actor".to_owned(), Value::String(actor.clone()));
    }
    let client = Client::new(server, variables)?;
    let (taken, answer) = client.post(&path(id, "/events")?, &Value::Object(body))?;
    match (terminal.json, taken) {
        (true, _) => terminal.print_json(&answer)?,
        (false, true) => terminal.print(&shown::taken(&answer))?,
        (false, false) => {
            terminal.print(&shown::refused(&answer))?;
            if let Some(text) = shown::illegal(&answer) {
                terminal.complain(&text);
            }
        }
    }
    Ok(if taken { Exit::Done } else { Exit::Failed })
}

/// The body of a step.
fn step(event: &str, at: Option<&str>, arguments: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut body = Map::from_iter([("event".to_owned(), Value::String(event.to_owned()))]);
    if let Some(at) = at {
        body.insert("at".to_owned(), Value::String(at.to_owned()));
    }
    for argument in arguments {
        let (key, text) = argument
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--arg {argument:?}: expected KEY=VALUE")))?;
        // `due=2026-05-01` is a text, `requalify=true` and `plan={…}` are what they look like.
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
        body.insert(key.to_owned(), value);
    }
    Ok(body)
}

/// A connection's path below the API.
pub(in crate::cli) fn path(id: &str, rest: &str) -> Result<String, Failure> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    match !id.is_empty() && id.bytes().all(plain) {
        true => Ok(format!("/connections/{id}{rest}")),
        false => Err(Failure::usage(format!("{id:?} is no id of a connection: expected a-z, 0-9, '.', '_' and '-'"))),
    }
}
