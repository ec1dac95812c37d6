//! Inera's part of a decommissioning: what a connection owns is taken out of catalogues and index.

use serde::Serialize;

use super::advance::entry;
use super::book::{Book, Kept};
use super::holdings::Change;
use super::platforms::PlatformError;
use super::refusal::Refusal;
use super::residue::{own_rows, shares_component};
use super::seen::Seen;
use super::state::Event;
use super::steps::{Taken, Wanted, check_order};

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Removed {
    /// Routes.
    pub routes: usize,
    /// Permissions.
    pub permissions: usize,
    /// Rows of the index.
    pub engagements: u64,
}

impl Book {
    /// Takes what a connection owns out of catalogues and index. Done again, it takes what is left.
    pub fn remove(&self, id: &str, wanted: &Wanted) -> Result<Removed, Refusal> {
        let failed = |error: PlatformError| Refusal::Platform(error.to_string());
        let mut removed = Removed::default();
        let component = {
            let mut kept = self.kept();
            self.leaving(&mut kept, id, wanted)?;
            let file = kept.connection(id)?;
            for platform in self.platforms.all() {
                let rows = own_rows(&kept.holdings, file, &platform.name);
                if !rows.is_empty() {
                    let counted = self.platforms.remove(&platform.name, &rows).map_err(failed)?;
                    removed.routes += counted.routes;
                    removed.permissions += counted.permissions;
                }
            }
            let component = &file.document.component;
            (!component.is_empty() && !shares_component(&kept.holdings, file)).then(|| component.clone())
        };
        // Rows of the index are many: nobody waits for the book meanwhile.
        if let Some(component) = component {
            removed.engagements = self.platforms.remove_engagements(&component).map_err(failed)?;
        }
        let mut kept = self.kept();
        let taken = self.leaving(&mut kept, id, wanted)?;
        let file = kept.connection(id)?;
        let mut progress = file.progress.clone();
        progress.published.clear();
        let entry = entry(file, &taken, progress.state, Vec::new());
        kept.commit(taken.now, vec![Change::Step(id.to_owned(), Box::new(entry), Box::new(progress))])?;
        Ok(removed)
    }

    /// The step, where it may be taken; else it is written down as refused.
    fn leaving<'w>(&self, kept: &mut Kept, id: &str, wanted: &'w Wanted) -> Result<Taken<'w>, Refusal> {
        let mut taken = self.filled_in(wanted, Seen::default());
        let file = kept.connection(id)?;
        if wanted.at.is_none() {
            // It is part of the decommissioning: where steps are told of as of days long past, so is this.
            taken.at = file.last_at().unwrap_or(taken.at);
        }
        check_order(file, taken.at)?;
        if !Event::Removal.is_allowed(file.progress.state) {
            return Err(self.refuse(kept, id, &taken, (Vec::new(), Vec::new()), true)?);
        }
        Ok(taken)
    }
}
