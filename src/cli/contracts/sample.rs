//! `anslut contracts sample`.

use clap::{Args, ValueEnum};

use super::sources::SourcesArguments;
use super::{complain, exit};
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::Terminal;
use crate::contracts::command::sample;
use crate::contracts::contract::Direction;
use crate::contracts::sample::{Envelope, Variant};
use crate::domain::profile::Profile;

/// `anslut contracts sample`.
#[derive(Debug, Args)]
pub struct SampleArguments {
    /// Namespace, GetDiagnosis:2, or GetDiagnosis where there is one major
    #[arg(value_name = "CONTRACT")]
    pub contract: String,
    /// Which of its messages
    #[arg(long, value_enum, default_value = "request")]
    pub direction: WantedDirection,
    /// How much of it
    #[arg(long, value_enum, default_value = "typical")]
    pub variant: WantedVariant,
    /// What decides between values that are equally good
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// How many messages, each with the next seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub count: u32,
    /// The patient's identity, instead of one from the official test series
    #[arg(long, value_name = "ID")]
    pub patient: Option<String>,
    /// What stands around the message
    #[arg(long, value_enum, default_value = "own")]
    pub envelope: WantedEnvelope,
    /// Minor version, instead of the active one
    #[arg(long)]
    pub minor: Option<u32>,
    #[command(flatten)]
    pub sources: SourcesArguments,
}

/// A direction as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WantedDirection {
    /// From consumer to producer
    Request,
    /// From producer to consumer
    Response,
}

/// A variant as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WantedVariant {
    /// What is mandatory
    Min,
    /// What a reader expects to find
    Typical,
    /// Everything once, lists twice, an extension in every open slot
    Max,
    /// A list of messages that together use everything
    Cover,
}

/// An envelope as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WantedEnvelope {
    /// SOAP with the header of the contract's profile
    Own,
    /// SOAP with the header of RIV-TA basic profile 2.0, wsa:To
    #[value(name = "2.0")]
    Two0,
    /// SOAP with the header of RIV-TA basic profile 2.1, LogicalAddress
    #[value(name = "2.1")]
    Two1,
    /// None: the payload by itself
    None,
}

/// Runs the command. A message is printed as it was made: it is text of our own.
pub fn run(
    arguments: &SampleArguments,
    variables: &[(String, String)],
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let output = sample::run(&sample::Arguments {
        sources: arguments.sources.sources(variables, terminal)?,
        contract: arguments.contract.clone(),
        minor: arguments.minor,
        direction: match arguments.direction {
            WantedDirection::Request => Direction::Request,
            WantedDirection::Response => Direction::Response,
        },
        variant: match arguments.variant {
            WantedVariant::Min => Variant::Min,
            WantedVariant::Typical => Variant::Typical,
            WantedVariant::Max => Variant::Max,
            WantedVariant::Cover => Variant::Cover,
        },
        seed: arguments.seed,
        count: arguments.count,
        patient: arguments.patient.clone(),
        envelope: match arguments.envelope {
            WantedEnvelope::Own => Envelope::Own,
            WantedEnvelope::Two0 => Envelope::Of(Profile::Rivtabp20),
            WantedEnvelope::Two1 => Envelope::Of(Profile::Rivtabp21),
            WantedEnvelope::None => Envelope::None,
        },
        json: terminal.json,
    });
    terminal.print(&output.out)?;
    complain(&output, terminal);
    Ok(exit(&output))
}
