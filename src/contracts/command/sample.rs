//! `contracts sample`.

use serde_json::json;

use super::{Output, Sources};
use crate::contracts::contract::Direction;
use crate::contracts::sample::{Envelope, Given, Variant, Wanted, sample};

/// What is asked of the command.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// Which contracts there are.
    pub sources: Sources,
    /// Namespace, `GetDiagnosis:2` or `GetDiagnosis`.
    pub contract: String,
    /// Minor version, instead of the active one.
    pub minor: Option<u32>,
    /// Which message.
    pub direction: Direction,
    /// How much of it.
    pub variant: Variant,
    /// What decides between values that are equally good.
    pub seed: u64,
    /// How many, each with the next seed.
    pub count: u32,
    /// The patient's identity.
    pub patient: Option<String>,
    /// What stands around it.
    pub envelope: Envelope,
    /// One JSON line for each message.
    pub json: bool,
}

/// Most messages that are made in one go.
const COUNT_MAX: u32 = 10_000;

/// Prints the messages, one after the other.
pub fn run(arguments: &Arguments) -> Output {
    let registry = arguments.sources.load().registry;
    let contract = match registry.select(&arguments.contract, arguments.minor) {
        Ok(contract) => contract,
        Err(error) => return Output::failed(2, &error.to_string()),
    };
    if arguments.count > COUNT_MAX {
        return Output::failed(2, &format!("count {} is above {COUNT_MAX}", arguments.count));
    }
    let mut output = Output::default();
    for number in 0..arguments.count.max(1) {
        let wanted = Wanted {
            direction: arguments.direction,
            variant: arguments.variant,
            seed: arguments.seed.wrapping_add(u64::from(number)),
            patient: arguments.patient.clone(),
            envelope: arguments.envelope,
            given: Given::default(),
        };
        match sample(&contract, &wanted) {
            Ok(messages) if arguments.json => messages.iter().for_each(|message| {
                let line = json!({
                    "contract": contract.namespace,
                    "version": contract.version.to_string(),
                    "direction": wanted.direction,
                    "seed": wanted.seed,
                    "message": message,
                });
                output.line(&line.to_string());
            }),
            Ok(messages) => messages.iter().for_each(|message| output.out.push_str(message)),
            Err(error) => output.fail(1, &error.to_string()),
        }
    }
    output
}
