//! The index into a file: `anslut index dump`.

use std::path::Path;

use super::Progress;
use super::error::BulkError;
use super::line;
use super::stream::Output;
use crate::index::memory::{Memory, SHARDS};

/// Writes every row, person by person in no order. Updates that come meanwhile may be in it or not.
pub fn dump(memory: &Memory, out: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Progress, BulkError> {
    let mut output = Output::create(out)?;
    let mut told = Progress::default();
    let mut lines = Vec::new();
    for shard in 0..SHARDS {
        lines.clear();
        memory.visit_shard(shard, &mut |row| {
            line::write(row, &mut lines);
            told.lines += 1;
        });
        output.write(&lines)?;
        told.bytes = output.bytes();
        progress(told);
    }
    output.finish()?;
    Ok(told)
}
