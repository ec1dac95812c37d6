//! `anslut index find`: a person's engagements.

use clap::Args;
use serde_json::Value;

use super::place::{Place, PlaceArguments};
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::index::bulk::inspect;
use crate::index::peek::Question;

/// `anslut index find`.
#[derive(Debug, Args)]
pub struct FindArguments {
    /// The person's identity number, as it stands in the index
    #[arg(value_name = "RESIDENT")]
    pub resident: String,
    /// Only this service domain, such as riv:clinicalprocess:healthcond:description
    #[arg(long, value_name = "DOMAIN")]
    pub service_domain: Option<String>,
    #[command(flatten)]
    pub place: PlaceArguments,
}

/// Runs the command: a line of JSON for each engagement, or an array of them.
pub fn run(
    arguments: &FindArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let lines = match Place::open(&arguments.place, true, variables, terminal)? {
        Place::Directory(opened) => {
            inspect::find(opened.index.memory(), &arguments.resident, arguments.service_domain.as_deref())
        }
        Place::Running(running) => {
            let question = Question::Resident {
                registered_resident_identification: arguments.resident.clone(),
                service_domain: arguments.service_domain.clone(),
            };
            running.engagements(&question)?.into()
        }
    };
    match terminal.json {
        false => terminal.print_bytes(&lines)?,
        true => {
            let rows = serde_json::Deserializer::from_slice(&lines).into_iter::<Value>();
            let rows: Vec<Value> = rows.collect::<Result<_, _>>().map_err(Failure::environment)?;
            terminal.print_json(&rows)?;
        }
    }
    Ok(Exit::Done)
}
