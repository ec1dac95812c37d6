//! Platforms for tests: two catalogues and an index that are lists in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use jiff::civil::Date;

use super::platforms::{Counted, PackageParts, PlatformError, PlatformName, PlatformRole, Platforms, Rows};
use super::traffic::{Traffic, TrafficOf};

/// The name of the platform for tests.
pub(crate) const QA: &str = "NTJP-QA";
/// The name of the platform for production.
pub(crate) const PRODUCTION: &str = "NTJP-PROD";

/// Platforms in memory.
#[derive(Debug, Default)]
pub(crate) struct Pretended {
    said: Mutex<Said>,
}

/// Something that is done.
#[derive(Clone)]
pub(crate) struct Probe(pub(crate) Arc<dyn Fn(&'static str) + Send + Sync>);

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

/// What they have been told.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// What stands in each catalogue.
    pub(crate) rows: BTreeMap<String, Rows>,
    /// Rows of the index by system.
    pub(crate) engagements: BTreeMap<String, u64>,
    /// What a contract's package has.
    pub(crate) packages: BTreeMap<String, PackageParts>,
    /// With what every order is refused.
    pub(crate) refusal: Option<String>,
    /// Whether orders break off.
    pub(crate) breaks: bool,
    /// What is done whenever many rows or calls are looked through.
    pub(crate) probe: Option<Probe>,
    /// What is recorded of every system.
    pub(crate) traffic: Traffic,
}

impl Pretended {
    /// What they have been told, to look at and to change.
    pub(crate) fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap()
    }

    fn probed(&self, what: &'static str) {
        let probe = self.said().probe.clone();
        if let Some(Probe(probe)) = probe {
            probe(what);
        }
    }
}

impl Platforms for Pretended {
    fn all(&self) -> Vec<PlatformName> {
        [(PRODUCTION, PlatformRole::Production), (QA, PlatformRole::Qa)]
            .map(|(name, role)| PlatformName { name: name.to_owned(), role })
            .to_vec()
    }

    fn publish(&self, env: &str, rows: &Rows, _from: Date, dry: bool) -> Result<(), PlatformError> {
        let mut said = self.said();
        if let Some(text) = &said.refusal {
            return Err(PlatformError::Refused(vec![text.clone()]));
        }
        if said.breaks && !dry {
            return Err(PlatformError::Failed("broken off".to_owned()));
        }
        if !dry {
            let known = said.rows.entry(env.to_owned()).or_default();
            let before = std::mem::take(known).without(rows);
            known.routes = [before.routes, rows.routes.clone()].concat();
            known.permissions = [before.permissions, rows.permissions.clone()].concat();
        }
        Ok(())
    }

    fn remove(&self, env: &str, rows: &Rows) -> Result<Counted, PlatformError> {
        let mut said = self.said();
        let known = said.rows.entry(env.to_owned()).or_default();
        let before = std::mem::take(known);
        let (routes, permissions) = (before.routes.len(), before.permissions.len());
        *known = before.without(rows);
        Ok(Counted { routes: routes - known.routes.len(), permissions: permissions - known.permissions.len() })
    }

    fn stands(&self, env: &str, rows: &Rows, _at: Timestamp) -> Rows {
        let said = self.said();
        let known = said.rows.get(env).cloned().unwrap_or_default();
        Rows {
            routes: rows.routes.iter().filter(|row| known.routes.contains(row)).cloned().collect(),
            permissions: rows.permissions.iter().filter(|row| known.permissions.contains(row)).cloned().collect(),
        }
    }

    fn is_permitted(&self, env: &str, consumer: &str, contract: &str, _at: Timestamp) -> bool {
        let said = self.said();
        let mut permissions = said.rows.get(env).into_iter().flat_map(|rows| &rows.permissions);
        permissions.any(|row| row.consumer == consumer && row.contract == contract)
    }

    fn engagements(&self, component: &str) -> u64 {
        self.probed("engagements");
        self.said().engagements.get(component).copied().unwrap_or(0)
    }

    fn remove_engagements(&self, component: &str) -> Result<u64, PlatformError> {
        self.probed("remove_engagements");
        Ok(self.said().engagements.remove(component).unwrap_or(0))
    }

    fn traffic(&self, asked: &TrafficOf) -> Traffic {
        self.probed("traffic");
        // Only what is asked for rightly is told.
        let is_right = asked.env == PRODUCTION && !asked.component.is_empty() && asked.from <= asked.to;
        if is_right { self.said().traffic.clone() } else { Traffic::default() }
    }

    fn package(&self, contract: &str) -> Option<PackageParts> {
        self.said().packages.get(contract).copied()
    }
}
