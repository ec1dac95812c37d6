//! Orders among the environment's files: carried out and published when the files are read, in the order of their paths.

use std::collections::HashMap;

use jiff::Timestamp;

use super::read::read;
use super::{OrderError, carried_out};
use crate::catalogue::book::builder::Builder;
use crate::catalogue::book::core::Book;
use crate::catalogue::book::keep::Keeper;
use crate::catalogue::book::rows::{AnyRow, Change, Id, Kind};
use crate::catalogue::book::state::State;
use crate::catalogue::entry::Origin;
use crate::catalogue::import::Import;
use crate::domain::problem::Problem;

/// Whose rows they are until they are published, which is at once.
const USER: &str = "anslut";

/// Carries out the orders that were found among the files. What is refused is told, and leaves the rest alone.
pub(in crate::catalogue) fn carry_out(import: &mut Import, platform: &str, now: Timestamp) {
    let orders = std::mem::take(&mut import.orders);
    if orders.is_empty() || import.unusable {
        return;
    }
    let builder = std::mem::take(&mut import.builder);
    let (original, mut origins) = (builder.state().clone(), origins_by_row(&builder));
    let mut book = Book::open(Keeper::volatile()).expect("nothing is read back");
    book.take_files(builder, None, now).expect("nothing is kept");
    for file in orders {
        let complain = |text: &str| Problem::error(&file.path, 0, format!("order: {text}"));
        let order = match read(&String::from_utf8_lossy(&file.contents)) {
            Ok(order) => order,
            Err(error) => {
                import.problems.push(complain(&error.to_string()));
                continue;
            }
        };
        match carried_out(&book, platform, USER, &order) {
            Err(OrderError::Refused(errors)) => import.problems.extend(errors.iter().map(|error| complain(error))),
            Err(error) => import.problems.push(complain(&error.to_string())),
            Ok(built) => {
                for change in &built.changes {
                    if let Change::Put(AnyRow::Route(_) | AnyRow::Permission(_)) = change {
                        origins.insert(change.key(), Origin { file: file.path.as_path().into(), line: 0 });
                    }
                }
                let saved = book.save(USER, built.changes, now);
                saved.expect("nothing is kept");
                // An order that changes nothing has nothing to publish.
                let _ = book.publish(USER, "", now);
            }
        }
    }
    let mut state = book.published().clone();
    as_unpublished(&original, &mut state);
    import.builder.adopt(state, &origins);
}

fn origins_by_row(builder: &Builder) -> HashMap<(Kind, Id), Origin> {
    let state = builder.state();
    let routes = state.routes.rows().iter().map(|row| ((Kind::Route, row.id), row.value.source));
    let permissions = state.permissions.rows().iter().map(|row| ((Kind::Permission, row.id), row.value.source));
    let found = |(key, source): ((Kind, Id), u64)| Some((key, builder.origins().get(&source)?.clone()));
    routes.chain(permissions).filter_map(found).collect()
}

/// In which version a row was published says the catalogue the files go to, but for what a stored snapshot says itself.
fn as_unpublished(original: &State, state: &mut State) {
    let mut changes = original.changes_to(state);
    changes.retain(|change| matches!(change, Change::Put(_)));
    for change in &mut changes {
        let (kind, id) = change.key();
        let published = original.get(kind, id).map_or(0, |row| row.published());
        change.published_in(published);
    }
    state.apply(&changes);
}
