//! The mocked producers' journal on disk, where it is to be there.

use std::path::Path;

use super::StartError;
use crate::config::environment::Environment;
use crate::config::producers::ProducerSettings;
use crate::domain::problem::Problem;
use crate::producers::mounted::Producers;

/// The same producers with journals that go on from where they were (`journal.persist`). Where nothing is kept, that is
/// told: somebody who asked for it may not look for the journal before it is gone.
pub(super) fn kept(
    producers: Producers,
    settings: &ProducerSettings,
    (environment, data): (&Environment, Option<&Path>),
    problems: &mut Vec<Problem>,
) -> Result<Producers, StartError> {
    if !settings.journal_persist {
        return Ok(producers);
    }
    let without = match data {
        Some(data) if settings.journal_bytes_max > 0 => {
            return producers.with_kept_journals(data).map_err(StartError::Journal);
        }
        Some(_) => "journal.bytes_max is 0, and there are no rows to be kept",
        None => "there is no data directory to keep it in (--ephemeral)",
    };
    let message = format!("journal.persist has no effect: {without}");
    problems.push(Problem::warning(&environment.path("anslut.toml"), 0, message));
    Ok(producers)
}
