//! A look into an index: `anslut index find` and `anslut index stat`.

use serde::Serialize;

use super::line;
use crate::index::engagement::Field;
use crate::index::memory::Memory;
use crate::index::open::Index;

/// A person's rows as lines, in one service domain or all.
pub fn find(memory: &Memory, resident: &str, service_domain: Option<&str>) -> Vec<u8> {
    let mut lines = Vec::new();
    memory.visit(resident, &mut |row| {
        if service_domain.is_none_or(|domain| domain == row.text(Field::ServiceDomain)) {
            line::write(row, &mut lines);
        }
    });
    lines
}

/// What the index holds and what it costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stat {
    /// Rows.
    pub engagements: u64,
    /// Persons with at least one row.
    pub residents: u64,
    /// The last batch of the journal that is applied.
    pub applied: u64,
    /// Bytes of the persons' blocks, unique text included.
    pub block_bytes: u64,
    /// Of them, unique text.
    pub unique_text_bytes: u64,
    /// Bytes of the tables of persons.
    pub table_bytes: u64,
    /// Bytes of texts and codes.
    pub dictionary_bytes: u64,
    /// All of these but unique text, by row.
    pub bytes_per_engagement: f64,
    /// What could not be read back at the start.
    pub skipped: Vec<String>,
}

/// Counts everything.
pub fn stat(index: &Index) -> Stat {
    let (size, status) = (index.memory().size(), index.status());
    let shared = size.block_bytes + size.table_bytes + size.dictionary_bytes - size.unique_text_bytes;
    Stat {
        engagements: size.engagements,
        residents: size.persons,
        applied: status.applied,
        block_bytes: size.block_bytes,
        unique_text_bytes: size.unique_text_bytes,
        table_bytes: size.table_bytes,
        dictionary_bytes: size.dictionary_bytes,
        bytes_per_engagement: shared as f64 / size.engagements.max(1) as f64,
        skipped: status.skipped.iter().map(ToString::to_string).collect(),
    }
}
