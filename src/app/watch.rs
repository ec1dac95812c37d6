//! The files of the mocked producers, looked at twice a second and read again when they changed.

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
        // One that cannot be had is told when files have changed, and tried for as long as it is wanted.
        let troubles = listeners.tend().await;
        if problems.is_some() {
            troubles.iter().for_each(|trouble| tracing::warn!(%trouble, "a producer's own listener"));
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
