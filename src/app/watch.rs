//! The files of the mocked producers, looked at twice a second and read again when they changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::producers::mounted::Producers;
use crate::producers::own::listeners::Listeners;
use crate::producers::settings::WATCH_INTERVAL;

/// Watches until `shutdown`. Reading is done on a thread of its own; calls go on meanwhile.
pub(super) async fn watch(producers: Arc<Producers>, listeners: Arc<Listeners>, shutdown: CancellationToken) {
    let mut interval = tokio::time::interval(WATCH_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seen: Option<u64> = None;
    let mut told = BTreeSet::new();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            _ = interval.tick() => {}
        }
        let looking = Arc::clone(&producers);
        let known = seen;
        let looked = tokio::task::spawn_blocking(move || {
            let now = looking.fingerprint();
            // The first look only remembers: the files were read at the start.
            let problems = known.filter(|known| *known != now).map(|_| looking.reload());
            looking.shared().spaces.load().sweep();
            (now, problems)
        });
        let Ok((now, problems)) = looked.await else { continue };
        let records = producers.shared().wiring.load().records.clone();
        if let Some(records) = records.filter(|records| records.has_news()) {
            records.settle().await;
        }
        seen = Some(now);
        // One that cannot be had is tried for as long as it is wanted.
        for trouble in news(&mut told, listeners.tend().await.iter().map(ToString::to_string).collect()) {
            tracing::warn!(trouble, "a producer's own listener");
        }
        for problem in problems.iter().flat_map(|problems| problems.iter()) {
            tracing::warn!(%problem, "a producer's file");
        }
    }
    // Whoever wants to see the same again is told how (`producers.md` §8).
    for repeat in producers.shared().chaos.load_full().iter().flat_map(|running| running.repeats()) {
        tracing::info!(repeat, "a chaos plan ran until the end");
    }
}

/// Those troubles that there were not at the last look: the same one is told once for as long as it lasts, and again when it
/// comes back.
fn news(told: &mut BTreeSet<String>, now: BTreeSet<String>) -> Vec<String> {
    let new = now.difference(told).cloned().collect();
    *told = now;
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_told_once_for_as_long_as_it_lasts() {
        let mut told = BTreeSet::new();
        let looks: &[(&[&str], &[&str])] = &[
            (&[], &[]),
            (&["a"], &["a"]),
            (&["a"], &[]),
            (&["a", "b"], &["b"]),
            (&["b"], &[]),
            (&["a", "b"], &["a"]),
            (&[], &[]),
            (&["b"], &["b"]),
        ];
        for (number, (now, new)) in looks.iter().enumerate() {
            let now = now.iter().map(|trouble| (*trouble).to_owned()).collect();
            assert_eq!(news(&mut told, now), *new, "look {number}");
        }
    }
}
