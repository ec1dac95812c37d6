//! How a command ends, and what is said when it could not do its work.

use std::error::Error;
use std::io;

use super::terminal::Terminal;
use crate::config::data::DataError;
use crate::config::environment::EnvironmentError;
use crate::config::raw::Unusable;
use crate::index::bulk::error::BulkError;
use crate::pki::PkiError;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The command did its work.
    Done = 0,
    /// What it was to check does not hold.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Files, settings, addresses or the machine are in the way.
    Environment = 3,
}

/// Why a command could not do its work.
#[derive(Debug)]
pub struct Failure {
    /// How it ends.
    pub exit: Exit,
    source: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// A failure of the environment: files, settings, addresses, the machine.
    pub fn environment(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { exit: Exit::Environment, source: source.into() }
    }

    /// A command line that cannot be meant.
    pub fn usage(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { exit: Exit::Usage, source: source.into() }
    }

    /// Says on standard error what went wrong, cause below cause.
    pub fn report(&self, terminal: &mut Terminal<'_>) -> Exit {
        let reader_left =
            self.source.downcast_ref::<io::Error>().map(io::Error::kind) == Some(io::ErrorKind::BrokenPipe);
        if reader_left {
            return Exit::Done;
        }
        terminal.complain(&chain(self.source.as_ref()));
        self.exit
    }
}

/// `error: …`, then each cause on a line of its own.
fn chain(error: &dyn Error) -> String {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  because: {error}"));
        cause = error.source();
    }
    text
}

impl From<BulkError> for Failure {
    fn from(error: BulkError) -> Self {
        let exit = match &error {
            BulkError::Line { .. } => Exit::Failed,
            BulkError::Answer { status, .. } if *status > 0 => Exit::Failed,
            BulkError::Usage(_) => Exit::Usage,
            _ => Exit::Environment,
        };
        Self { exit, source: error.into() }
    }
}

impl From<PkiError> for Failure {
    fn from(error: PkiError) -> Self {
        match error {
            PkiError::Wish { .. } => Self::usage(error),
            _ => Self::environment(error),
        }
    }
}

impl From<EnvironmentError> for Failure {
    fn from(error: EnvironmentError) -> Self {
        Self::environment(error)
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::environment(error)
    }
}

impl From<Unusable> for Failure {
    fn from(error: Unusable) -> Self {
        Self::environment(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::environment(error)
    }
}
