//! A process that ends between the catalogue and the log, wherever it may end: afterwards both say the same.

use std::sync::Arc;

use serde_json::json;

use super::super::book::Book;
use super::super::gates::tests::{DAY, World, services};
use super::super::log::Keeper;
use super::super::pretended::{PRODUCTION, Pretended, QA};
use super::super::refusal::Refusal;
use super::super::state::{Event, State};
use super::super::terms::Terms;
use crate::domain::clock::Clock;
use crate::store::disk::fake::{FakeDisk, Unsynced};

/// The book that a disk holds, on these platforms.
fn opened(disk: &FakeDisk, platforms: &Arc<Pretended>) -> World {
    let clock = Clock::fixed("2026-03-02T12:00:00Z".parse().unwrap());
    let book = Book::new(services(), Arc::clone(platforms) as _, Terms::default(), clock);
    book.keep_in(Keeper::on(Arc::new(disk.clone())).unwrap()).unwrap();
    World { book, platforms: Arc::clone(platforms) }
}

/// A connection as far as a state, and the disk that its book is kept on.
fn kept(state: State) -> (FakeDisk, World) {
    let disk = FakeDisk::default();
    let world = opened(&disk, &Arc::default());
    world.fill();
    (disk, world.until(state))
}

/// How many rows stand on a platform.
fn standing(world: &World, env: &str) -> usize {
    world.platforms.said().rows.get(env).map_or(0, |rows| rows.routes.len() + rows.permissions.len())
}

fn state(world: &World) -> State {
    world.book.connection("c", None).unwrap().state
}

#[test]
fn wherever_the_process_ends_the_step_is_taken_or_it_is_not_and_the_catalogue_says_the_same() {
    let road = [
        (State::Prepared, Event::AssignTestEnv, State::QaConnected, QA),
        (State::ProdOrdered, Event::Publish, State::Established, PRODUCTION),
    ];
    for (before, event, after, env) in road {
        let mut outcomes = Vec::new();
        for syncs in 0..4 {
            for unsynced in [Unsynced::Lost, Unsynced::Kept, Unsynced::Some(7)] {
                let (disk, world) = kept(before);
                disk.stop_after_syncs(disk.syncs() + syncs);
                let taken = world.step(event, DAY, json!({"env": QA}));
                let world = opened(&disk.after_crash(unsynced), &world.platforms);
                let place = format!("{} after {syncs} syncs, {unsynced:?}: {taken:?}", event.name());
                world.book.recover();
                let rows = if state(&world) == after { 3 } else { 0 };
                assert!([before, after].contains(&state(&world)), "{place}: {:?}", state(&world));
                assert_eq!(standing(&world, env), rows, "{place}: {:?}", state(&world));
                assert!(taken.is_err() || rows == 3, "{place}: what was acknowledged is there");
                outcomes.push((taken.is_ok(), rows == 3));
                // And it goes on from there.
                if state(&world) == before {
                    assert_eq!(world.step(event, DAY, json!({"env": QA})).unwrap(), after, "{place}");
                    assert_eq!(standing(&world, env), 3, "{place}");
                }
                let log = world.book.read(|holdings, _| holdings.connections["c"].entries.clone());
                let of_event = log.iter().filter(|entry| entry.event == event && !entry.refused).count();
                assert_eq!(of_event, 1, "{place}: taken once");
                assert!(log.iter().zip(1..).all(|(entry, n)| entry.n == n), "{place}");
            }
        }
        for wanted in [(false, false), (false, true), (true, true)] {
            assert!(outcomes.contains(&wanted), "{}: nothing ended as {wanted:?}: {outcomes:?}", event.name());
        }
    }
}

#[test]
fn what_was_never_published_is_taken_back_and_told_of() {
    let (disk, world) = kept(State::ProdOrdered);
    world.platforms.said().breaks = true;
    assert!(matches!(world.step(Event::Publish, DAY, json!({})), Err(Refusal::Platform(_))));
    world.platforms.said().breaks = false;
    let world = opened(&disk, &world.platforms);
    world.book.recover();
    assert_eq!((state(&world), standing(&world, PRODUCTION)), (State::ProdOrdered, 0));
    let last = world.book.read(|holdings, _| holdings.connections["c"].entries.last().cloned()).unwrap();
    assert_eq!((last.event, last.refused, &*last.failed[0].gate), (Event::Publish, true, "CONN-53"));
    assert_eq!(world.step(Event::Publish, DAY, json!({})).unwrap(), State::Established);
}

#[test]
fn without_a_restart_the_next_step_settles_what_was_broken_off() {
    let (_, world) = kept(State::ProdOrdered);
    world.platforms.said().breaks = true;
    world.step(Event::Publish, DAY, json!({})).unwrap_err();
    // Half of it came through: the route stands, the permissions do not.
    world.platforms.said().breaks = false;
    let lines = world.book.connection("c", None).unwrap().document.lines;
    let mut half = super::Rows::of(lines.iter().filter(|line| line.is_of(PRODUCTION)));
    half.permissions.clear();
    world.platforms.said().rows.insert(PRODUCTION.to_owned(), half);
    world.document(json!({"lines": []}));
    // The order has changed since: nothing of the old one may stay behind.
    let said = world.step(Event::Publish, DAY, json!({}));
    assert!(said.is_err(), "{said:?}");
    assert_eq!(standing(&world, PRODUCTION), 0);
}
