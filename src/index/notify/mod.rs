//! Telling subscribers of changes (`ei.md` §5): who they are, what each is told, and how it gets there.
//!
//! Queues are part of what the journal holds: a notification is there as soon as the change is, and leaves when it has
//! been delivered or given up. It may be delivered twice around a crash, never not at all.

pub mod cache_file;
pub mod deliver;
pub mod discover;
pub mod message;
pub mod queue;
pub mod subscription;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::commit::CommitError;
use super::open::Index;
use super::record::Record;
use subscription::Subscription;

use crate::domain::clock::Clock;
use crate::domain::subscriber::{Subscriber, Subscribers};
use crate::soap::responder::SharedResponder;

/// Keeps the list of subscribers fresh and delivers what their queues hold.
pub struct Notifier {
    index: Arc<Index>,
    source: Arc<dyn Subscribers>,
    delivery: SharedResponder,
    /// Until when the list counts as fresh; `None` before the first fetch and after a failed one.
    fresh_until: Mutex<Option<Instant>>,
    /// Held by the one who fetches.
    fetching: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier").field("fresh_until", &self.fresh_until).finish_non_exhaustive()
    }
}

impl Notifier {
    /// Who knows the subscribers, and by what they are called.
    pub fn new(index: Arc<Index>, source: Arc<dyn Subscribers>, delivery: SharedResponder) -> Self {
        Self { index, source, delivery, fresh_until: Mutex::new(None), fetching: tokio::sync::Mutex::new(()) }
    }

    /// Fetches the subscribers, if the list is no longer fresh. Waits for it no longer than is set, and not at all
    /// while somebody else is at it: a sender is not to wait for a catalogue that does not answer.
    pub async fn refresh_if_due(self: &Arc<Self>) {
        if self.is_fresh() || self.fetching.try_lock().is_err() {
            return;
        }
        let this = Arc::clone(self);
        let fetch = tokio::spawn(async move { this.refresh_unless_fresh(false).await });
        let wait = self.index.settings().notify.discovery_wait;
        match tokio::time::timeout(wait, fetch).await {
            Ok(Ok(Err(error))) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the list of subscribers is not changed");
            }
            Ok(Err(error)) => tracing::error!(%error, "fetching subscribers ended early"),
            // Late or done: what it found counts from the next message on.
            Ok(Ok(Ok(()))) | Err(_) => {}
        }
    }

    /// Fetches the subscribers anew (`GET …/resetcache`).
    pub async fn refresh(&self) -> Result<(), CommitError> {
        self.refresh_unless_fresh(true).await
    }

    fn is_fresh(&self) -> bool {
        let until = *self.fresh_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Clock::instant() < until)
    }

    async fn refresh_unless_fresh(&self, always: bool) -> Result<(), CommitError> {
        let _fetching = self.fetching.lock().await;
        if !always && self.is_fresh() {
            return Ok(());
        }
        let settings = &self.index.settings().notify;
        let fetched = tokio::time::timeout(settings.discovery.timeout, self.source.fetch()).await;
        let fetched = fetched.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        let (subscribers, fresh) = match fetched {
            Ok(subscribers) => {
                self.save(&subscribers);
                (subscribers, true)
            }
            Err(why) => {
                tracing::warn!(why, "the subscribers could not be fetched");
                (self.saved(), false)
            }
        };
        let until = fresh.then(|| Clock::instant() + settings.cache_time_to_live);
        *self.fresh_until.lock().unwrap_or_else(PoisonError::into_inner) = until;
        let subscription = Subscription::new(subscribers, &self.index.settings().limits);
        if subscription != self.index.queues().subscription() {
            self.index.write(&Record::Subscribers(Cow::Owned(subscription.encode()))).await?;
        }
        Ok(())
    }

    fn save(&self, subscribers: &[Subscriber]) {
        let Some(file) = &self.index.settings().notify.cache_file else { return };
        if let Err(error) = cache_file::write(file, subscribers) {
            tracing::warn!(error = &error as &dyn std::error::Error, "the list of subscribers was not saved");
        }
    }

    fn saved(&self) -> Vec<Subscriber> {
        let Some(file) = &self.index.settings().notify.cache_file else { return Vec::new() };
        cache_file::read(file).unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "no saved list of subscribers either");
            Vec::new()
        })
    }
}
