//! Catalogue files outside the environment: taken in for a user, or looked at in place of the environment's.

use std::collections::HashSet;

use super::Catalogue;
use super::book::builder::{Builder, sources_by_days};
use super::import;
use crate::config::environment::EnvironmentFile;
use crate::domain::problem::Problem;
use crate::store::log::LogError;

impl Catalogue {
    /// Takes in the rows of a file that are not there yet, pending for a user; how many. With `dry` nothing is saved.
    pub fn take_rows(
        &self,
        user: &str,
        file: EnvironmentFile,
        dry: bool,
    ) -> Result<Result<usize, Vec<Problem>>, LogError> {
        let import = import::read_one(&file);
        if import.problems.iter().any(Problem::is_error) {
            return Ok(Err(import.problems));
        }
        self.with_book(|book| {
            let live = book.live();
            let target = match live.routes.is_empty() && live.permissions.is_empty() && live.contracts.is_empty() {
                true => import.builder.into_state(),
                false => {
                    let there: HashSet<u64> = sources_by_days(live).into_iter().map(|(_, by_days)| by_days).collect();
                    let new = sources_by_days(import.builder.state()).into_iter();
                    let known: HashSet<u64> =
                        new.filter(|(_, by_days)| there.contains(by_days)).map(|(source, _)| source).collect();
                    let mut builder = Builder::on(live.clone(), book.last_ids());
                    builder.add_new(import.builder.state(), &|source| !known.contains(&source));
                    builder.into_state()
                }
            };
            let mut changes = live.changes_to(&target);
            changes.iter_mut().for_each(super::book::rows::Change::unpublish);
            let count = changes.len();
            if !dry {
                book.save(user, changes, self.clock().now())?;
            }
            Ok(Ok(count))
        })
    }

    /// Reads one file in place of the environment's; what is wrong with it.
    pub fn load(&self, file: &EnvironmentFile) -> Result<Vec<Problem>, LogError> {
        let import = import::read_one(file);
        if !import.unusable {
            self.with_book(|book| book.take_files(import.builder, import.publication.as_ref(), self.clock().now()))?;
            self.show_newest();
        }
        Ok(import.problems)
    }
}
