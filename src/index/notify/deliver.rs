//! Delivery: one worker a subscriber, so that one who does not answer holds up nobody else (`ei.md` §5.5).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Notifier;
use super::message;
use super::queue::Notification;
use crate::index::commit::CommitError;
use crate::index::record::{Record, Settle};

/// Longest part of a subscriber's fault that is kept with a dead letter, in characters.
const REASON_CHARS_MAX: usize = 500;

impl Notifier {
    /// Delivers until `stop`; a delivery that has begun is broken off then, and made anew at the next start.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let workers = TaskTracker::new();
        let mut has_worker = HashSet::new();
        let mut changes = self.index.queues().watch();
        loop {
            let now = self.index.queues().subscription().subscribers;
            for address in now.into_iter().map(|subscriber| subscriber.logical_address.as_str().to_owned()) {
                if has_worker.insert(address.clone()) {
                    let (this, stop) = (Arc::clone(&self), stop.clone());
                    workers.spawn(async move {
                        stop.run_until_cancelled(this.work(&address)).await;
                    });
                }
            }
            match stop.run_until_cancelled(changes.changed()).await {
                Some(Ok(())) => {}
                Some(Err(_)) | None => break,
            }
        }
        workers.close();
        workers.wait().await;
    }

    /// One subscriber's queue, first in, first out.
    async fn work(&self, subscriber: &str) {
        let mut changes = self.index.queues().watch();
        loop {
            while let Some(notification) = self.index.queues().front(subscriber) {
                let failure = self.deliver(&notification, subscriber).await;
                let settle = Settle {
                    subscriber: subscriber.into(),
                    notification: notification.sequence,
                    failure: failure.map(Into::into),
                };
                match self.index.write(&Record::Settle(settle)).await {
                    Ok(_) => {}
                    Err(CommitError::Closed) => return,
                    Err(error) => {
                        // It stays at the front and would be sent again and again: better after the next start.
                        tracing::error!(subscriber, error = &error as &dyn std::error::Error, "notifying stops");
                        return;
                    }
                }
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Attempts a delivery as often as is set; why it was given up, if it was.
    async fn deliver(&self, notification: &Notification, subscriber: &str) -> Option<String> {
        let redelivery = &self.index.settings().notify.redelivery;
        let mut delay = redelivery.delay;
        for attempt in 0..=redelivery.attempts {
            if attempt > 0 {
                tokio::time::sleep(delay).await;
                delay = longer(delay, redelivery.multiplier, redelivery.delay_max);
            }
            match self.attempt(notification, subscriber).await {
                Ok(()) => return None,
                Err(why) if attempt == redelivery.attempts => {
                    tracing::error!(subscriber, why, attempts = attempt + 1, "a notification is given up");
                    return Some(why);
                }
                Err(why) => tracing::warn!(subscriber, why, attempt, "a notification was not delivered"),
            }
        }
        None
    }

    /// Any answer that is not a fault counts as received, whatever its result code says (`ei.md` Q15).
    async fn attempt(&self, notification: &Notification, subscriber: &str) -> Result<(), String> {
        let settings = &self.index.settings().notify;
        let request = message::request(notification, subscriber, settings)?;
        let answer = tokio::time::timeout(settings.timeout, self.delivery.answer(request));
        let answer = answer.await.map_err(|_| format!("no answer in {} ms", settings.timeout.as_millis()))?;
        let answer = answer.map_err(|fault| fault.to_string())?;
        if answer.status().is_success() {
            return Ok(());
        }
        let body: String = String::from_utf8_lossy(answer.body()).chars().take(REASON_CHARS_MAX).collect();
        Err(format!("status {}: {body}", answer.status().as_u16()))
    }
}

/// The next delay.
fn longer(delay: Duration, multiplier: f64, most: Duration) -> Duration {
    let seconds = delay.as_secs_f64() * multiplier.max(1.0);
    Duration::try_from_secs_f64(seconds).unwrap_or(most).min(most.max(delay))
}
