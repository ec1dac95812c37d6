//! What mocked producers answer from when no mapping fits: patient records, and samples of the contracts.

use std::sync::Arc;

use crate::config::environment::Environment;
use crate::contracts::library::Library;
use crate::domain::clock::Clock;
use crate::domain::problem::Problem;
use crate::producers::machine::StateSource;
use crate::producers::mounted::Producers;
use crate::producers::records::{RecordSource, rows};
use crate::producers::schema::{Contracts, SchemaSource};
use crate::producers::source::SharedSource;

/// The sources of all mocked producers.
pub(super) struct Sources {
    records: Arc<RecordSource>,
    state: Arc<StateSource>,
    schema: Arc<SchemaSource>,
}

impl Sources {
    /// Reads the records of an environment; what is wrong in them comes along.
    pub(super) fn load(
        environment: &Environment,
        library: &Arc<Library>,
        producers: &Producers,
        clock: &Clock,
    ) -> (Self, Vec<Problem>) {
        let library = Arc::clone(library);
        let contracts = Contracts::new(move || library.registry());
        let (records, problems) = RecordSource::load_for(environment, contracts.clone(), &producers.record_holders());
        let records = Arc::new(records);
        let state = Arc::new(StateSource::new(Arc::clone(&records), contracts.clone()));
        let schema = SchemaSource::new(contracts, clock.clone());
        (Self { records, state, schema: Arc::new(schema) }, problems)
    }

    /// As the producers take them.
    pub(super) fn shared(&self) -> [SharedSource; 3] {
        [self.state.clone(), self.records.clone(), self.schema.clone()]
    }

    /// The records.
    pub(super) fn records(&self) -> &Arc<RecordSource> {
        &self.records
    }

    /// The engagements of everybody who has records, one object a line.
    pub(super) fn engagements(&self) -> Vec<u8> {
        rows::lines(&self.records.books().rows())
    }
}
