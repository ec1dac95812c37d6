//! What `vp.md` says outside its conformance statements: the tables of §2.1, §3, §6 and §7, and the quirks of §12. Rows
//! carry the section they come from.

mod headers;
mod pairs;
mod producers;
mod reading;

use crate::support::rows::all_hold;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_holds() {
    all_hold([headers::ROWS, producers::ROWS, reading::ROWS].into_iter().flatten()).await;
}
