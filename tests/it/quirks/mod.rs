//! What `vp.md` says outside its conformance statements: the tables of §2.1, §3, §6 and §7, and the quirks of §12. Rows
//! carry the section they come from.

mod headers;
mod pairs;
mod producers;
mod rare;
mod reading;

use crate::conformance::quirks_not_met;
use crate::support::rows::{complaint, outcomes};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_holds() {
    let rows = [headers::ROWS, producers::ROWS, reading::ROWS, rare::ROWS].into_iter().flatten();
    let unmet = quirks_not_met();
    let mut outcomes = outcomes(rows).await;
    let mut complaints = Vec::new();
    for quirk in &unmet {
        let place = outcomes.iter().position(|outcome| outcome.row.claim == quirk.claim);
        let place = place.unwrap_or_else(|| panic!("not_met.toml: no row claims {:?}", quirk.claim));
        if outcomes.remove(place).failure.is_none() {
            complaints.push(format!("{:?} stands in not_met.toml, and holds", quirk.claim));
        }
        assert!(quirk.reason.trim().len() >= 10, "{quirk:?} has no reason");
    }
    complaints.extend(outcomes.iter().filter_map(complaint));
    assert!(complaints.is_empty(), "{} of {} rows:\n{}", complaints.len(), outcomes.len(), complaints.join("\n"));
}
