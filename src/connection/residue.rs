//! What a connection owns on a platform and what it shares: nobody takes away what another connection lives on.

use super::file::ConnectionFile;
use super::holdings::Holdings;
use super::platforms::Rows;
use super::state::State;

/// Connections that are neither over nor this one.
fn others<'h>(holdings: &'h Holdings, file: &'h ConnectionFile) -> impl Iterator<Item = &'h ConnectionFile> {
    let leaving = |other: &&ConnectionFile| matches!(other.progress.state, State::Closed | State::Decommissioning);
    holdings.connections.values().filter(move |other| other.document.id != file.document.id && !leaving(other))
}

/// Rows on a platform that this connection alone has published or asks for.
pub(super) fn own_rows(holdings: &Holdings, file: &ConnectionFile, env: &str) -> Rows {
    let published = file.progress.published.get(env).into_iter().flatten();
    let lines: Vec<_> = file.document.lines_of(env).chain(published).collect();
    let mut rows = Rows::of(lines.into_iter());
    if let Some(begun) = file.begun.as_ref().filter(|begun| begun.env == env) {
        rows.add(begun.adds.clone());
    }
    rows.without(&others_rows(holdings, file, env))
}

/// Rows on a platform that other connections have published.
pub(super) fn others_rows(holdings: &Holdings, file: &ConnectionFile, env: &str) -> Rows {
    let mut rows = Rows::default();
    for other in others(holdings, file) {
        rows.add(Rows::of(other.progress.published.get(env).into_iter().flatten()));
    }
    rows
}

/// Whether another connection that is on a platform lives on the same system.
pub(super) fn shares_component(holdings: &Holdings, file: &ConnectionFile) -> bool {
    others(holdings, file).any(|other| {
        !other.progress.published.is_empty() && other.document.component.eq_ignore_ascii_case(&file.document.component)
    })
}
