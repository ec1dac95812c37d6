//! What `anslut qa session` is told.

use clap::{Args, Subcommand};

use super::place::PlaceArguments;

/// `anslut qa session`.
#[derive(Debug, Args)]
pub struct SessionArguments {
    /// What is done.
    #[command(subcommand)]
    pub command: SessionCommand,
    /// Where.
    #[command(flatten)]
    pub place: PlaceArguments,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// List sessions with their states
    List,
    /// Begin a session: one system, one contract, one role
    Add(AddArguments),
    /// Show a session: where it may go, its plan, its deviations
    Show {
        /// The session
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Show the plan with the results that count, or take a case out of it
    Plan(PlanArguments),
    /// Take a step: assign_test_env, start_tests, declare, review, decide, fix_verified, replan
    Step(StepArguments),
    /// Run planned cases of a suite, or those again that have not passed
    Run(RunArguments),
    /// Say something
    Comment {
        /// The session
        #[arg(value_name = "ID")]
        id: String,
        /// What
        #[arg(value_name = "TEXT")]
        text: String,
        /// Who
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Who may see it
        #[arg(long, default_value = "party", value_parser = ["party", "inera"])]
        visibility: String,
    },
    /// Show which cases are about each rule and theme, and what came of them
    Coverage {
        /// The session
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Show which gates of a connection are met, and what is missing
    Evidence {
        /// The session
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Show the self-declaration as far as runs fill it in
    Declaration {
        /// The session
        #[arg(value_name = "ID")]
        id: String,
        /// Its form
        #[arg(long, default_value = "md", value_parser = ["json", "md", "html"])]
        format: String,
        /// Its language
        #[arg(long, default_value = "sv", value_parser = ["sv", "en"])]
        lang: String,
    },
    /// List deviations, of a session or all
    Deviations {
        /// The session
        #[arg(value_name = "ID")]
        id: Option<String>,
    },
    /// Raise a deviation, by hand or from a case that failed
    Raise(RaiseArguments),
    /// Classify, decide, mend or close a deviation
    Change(ChangeArguments),
    /// A reviewer's verdict on a case; what was found stays beside it
    Override {
        /// The run
        #[arg(value_name = "RUN")]
        run: String,
        /// The case's place in it, from 0
        #[arg(value_name = "N")]
        case: usize,
        /// The verdict
        #[arg(long, value_parser = ["pass", "fail", "error", "skip", "not-run"])]
        verdict: String,
        /// Who decides
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// List cases that wait for a call or for somebody's word
    Waiting,
    /// Give a case that waits for a call more time
    Extend {
        /// As `waiting` lists it
        #[arg(value_name = "ID")]
        id: String,
        /// How much
        #[arg(long, value_name = "N", default_value_t = 900)]
        seconds: u64,
    },
    /// Arm a case again that nobody called in time
    Rearm {
        /// As `waiting` lists it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Give a waiting case up
    Cancel {
        /// As `waiting` lists it
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Say what was seen in a case that only a person can judge
    Attest {
        /// As `waiting` lists it
        #[arg(value_name = "ID")]
        id: String,
        /// The verdict
        #[arg(long, value_parser = ["pass", "fail", "skip"])]
        verdict: String,
        /// Who has seen it
        #[arg(long, value_name = "NAME")]
        by: String,
        /// What
        #[arg(long, value_name = "TEXT", default_value = "")]
        comment: String,
    },
}

/// `anslut qa session add`.
#[derive(Debug, Args)]
pub struct AddArguments {
    /// Its id; one is made where none is given
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// Whose system it is
    #[arg(long, value_name = "NAME")]
    pub party: String,
    /// Full namespace of the contract
    #[arg(long, value_name = "URN")]
    pub contract: String,
    /// Whom the cases judge
    #[arg(long, value_parser = ["producer", "consumer", "index"])]
    pub role: String,
    /// The system's HSA-id
    #[arg(long, value_name = "HSA-ID")]
    pub system: Option<String>,
    /// The service it is for
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// The platform it is tested in
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// The suite to plan from: a folder, a zip, or one that the desk has
    #[arg(long, value_name = "SUITE")]
    pub suite: Option<String>,
}

/// `anslut qa session plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// The session
    #[arg(value_name = "ID")]
    pub id: String,
    /// A case whose place in the plan changes
    #[arg(long, value_name = "CASE", requires = "status")]
    pub case: Option<String>,
    /// To what; not-applicable and removed need a comment
    #[arg(long, requires = "case", value_parser = ["planned", "not-applicable", "removed"])]
    pub status: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
}

/// `anslut qa session step`.
#[derive(Debug, Args)]
pub struct StepArguments {
    /// The session
    #[arg(value_name = "ID")]
    pub id: String,
    /// The step
    #[arg(value_name = "EVENT")]
    pub event: String,
    /// With decide: GODKAND, GODKAND_AVVIKELSER, GODKAND_FORBEHALL or UNDERKAND
    #[arg(long, value_name = "DECISION")]
    pub decision: Option<String>,
    /// Until when a reservation is to be met
    #[arg(long, value_name = "DAY")]
    pub due: Option<String>,
    /// The platform it is tested in
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Who takes it
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
}

/// `anslut qa session run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The session
    #[arg(value_name = "ID")]
    pub id: String,
    /// A folder, a zip, or a suite that the desk has; the session's own where none is given
    #[arg(value_name = "SUITE")]
    pub suite: Option<String>,
    /// The system under test
    #[arg(long, value_name = "URL")]
    pub target: Option<String>,
    /// Only cases whose name matches; * is any run of characters
    #[arg(long = "case", value_name = "GLOB")]
    pub cases: Vec<String>,
    /// Only cases of themes that begin so
    #[arg(long = "theme", value_name = "THEME")]
    pub themes: Vec<String>,
    /// Only planned cases whose result that counts is no pass
    #[arg(long, conflicts_with = "cases")]
    pub retry: bool,
    /// Set a variable of the suite
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub sets: Vec<String>,
    /// The platform the target is reached in; the session's own where none is given
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Add the cases that are made from the suite's contract
    #[arg(long)]
    pub generated: bool,
    /// Platform rules count, instead of being observations
    #[arg(long)]
    pub rules: bool,
    /// A trial: never evidence
    #[arg(long)]
    pub preparatory: bool,
    /// Wait so long for each call, instead of as long as the case says
    #[arg(long, value_name = "SECONDS")]
    pub wait: Option<u64>,
}

/// `anslut qa session raise`.
#[derive(Debug, Args)]
pub struct RaiseArguments {
    /// The session it belongs to
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// In a few words
    #[arg(long, value_name = "TEXT", required_unless_present = "case")]
    pub title: Option<String>,
    /// In more
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// The rule or case that found it
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// The element it is about
    #[arg(long, value_name = "PATH")]
    pub element: Option<String>,
    /// The run it was seen in
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// The case that failed there, by name or by its place from 0: it fills in what is not said
    #[arg(long, value_name = "CASE", requires = "run")]
    pub case: Option<String>,
    /// How bad: åtgärd stands for "ej stoppande, kräver åtgärd", godkänd for "godkänd avvikelse"
    #[arg(long, value_parser = ["stoppande", "åtgärd", "godkänd"])]
    pub class: Option<String>,
    /// Until when it must be put right
    #[arg(long, value_name = "DAY")]
    pub due: Option<String>,
    /// Who puts it right
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
}

/// `anslut qa session change`.
#[derive(Debug, Args)]
pub struct ChangeArguments {
    /// The deviation, such as AVV-1
    #[arg(value_name = "AVV-N")]
    pub id: String,
    /// How bad: åtgärd stands for "ej stoppande, kräver åtgärd", godkänd for "godkänd avvikelse"
    #[arg(long, value_parser = ["stoppande", "åtgärd", "godkänd"])]
    pub class: Option<String>,
    /// How far it has come
    #[arg(long, value_parser = ["open", "proposed", "decided", "fixed", "verified", "accepted"])]
    pub status: Option<String>,
    /// Until when it must be put right
    #[arg(long, value_name = "DAY")]
    pub due: Option<String>,
    /// Who puts it right
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// What was decided
    #[arg(long, value_name = "TEXT")]
    pub decision: Option<String>,
    /// By whom
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// What there is to say
    #[arg(long, value_name = "TEXT")]
    pub comment: Option<String>,
}
