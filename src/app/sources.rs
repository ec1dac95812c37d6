//! What mocked producers answer from when no mapping fits: patient records, and samples of the contracts.

use std::sync::Arc;

use crate::config::environment::Environment;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::producers::records::{RecordSource, rows};
use crate::producers::schema::{Contracts, SchemaSource};
use crate::producers::source::SharedSource;

/// The sources of all mocked producers.
pub(super) struct Sources {
    records: Arc<RecordSource>,
    schema: Arc<SchemaSource>,
}

impl Sources {
    /// Reads the records of an environment; what is wrong in them comes along.
    pub(super) fn load(environment: &Environment, library: &Arc<Library>, clock: &Clock) -> (Self, Vec<Problem>) {
        let library = Arc::clone(library);
        let contracts = Contracts::new(move || library.registry());
        let (records, problems) = RecordSource::load(environment, contracts.clone());
        let schema = SchemaSource::new(contracts, clock.clone());
        (Self { records: Arc::new(records), schema: Arc::new(schema) }, problems)
    }

    /// As the producers take them.
    pub(super) fn shared(&self) -> [SharedSource; 2] {
        [self.records.clone(), self.schema.clone()]
    }

    /// The engagements of everybody who has records, one object a line.
    pub(super) fn engagements(&self) -> Vec<u8> {
        rows::lines(&rows::rows(self.records.books()))
    }
}
