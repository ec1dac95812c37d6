//! One queue and one box of dead letters for each subscriber, both bounded.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::subscription::Subscription;
use crate::domain::subscriber::Subscriber;
use crate::index::engagement::{Field, Transaction};
use crate::index::record::{Reader, Settle, Writer};

/// What a subscriber is to be told: one message.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// The batch of the journal that caused it. Each batch causes at most one a subscriber.
    pub sequence: u64,
    /// Correlation id of the request that caused it; empty where there was none.
    pub correlation_id: Arc<str>,
    /// What changed, shared between subscribers.
    changes: Arc<[Transaction<'static>]>,
    /// Which of the changes this subscriber wants to hear of.
    chosen: Box<[u32]>,
}

impl Notification {
    /// The changes it tells of, in order.
    pub fn transactions(&self) -> impl ExactSizeIterator<Item = &Transaction<'static>> {
        self.chosen.iter().map(|place| &self.changes[*place as usize])
    }

    /// What it weighs, in bytes, as if it shared nothing.
    fn weight(&self) -> usize {
        size_of::<Self>() + self.correlation_id.len() + self.transactions().map(Transaction::weight).sum::<usize>()
    }
}

/// A notification that was given up.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    /// What was to be told.
    pub notification: Notification,
    /// Why it was given up.
    pub reason: String,
}

/// How full a subscriber's queue is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// The subscriber's logical address.
    pub subscriber: String,
    /// Whether it is still a subscriber.
    pub current: bool,
    /// Messages that wait.
    pub waiting: usize,
    /// What they weigh.
    pub waiting_bytes: usize,
    /// Messages that were given up and are still here.
    pub dead: usize,
    /// Messages that were given up since the journal began.
    pub dead_total: u64,
    /// Messages that were delivered since the journal began.
    pub delivered_total: u64,
}

/// All queues. Filled by the thread that applies batches, emptied by those that deliver.
#[derive(Debug)]
pub struct Queues {
    inner: Mutex<Inner>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    subscription: Subscription,
    queues: BTreeMap<String, Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Notification>,
    waiting_bytes: usize,
    dead: VecDeque<DeadLetter>,
    dead_bytes: usize,
    dead_total: u64,
    delivered_total: u64,
}

impl Default for Queues {
    fn default() -> Self {
        Self { inner: Mutex::default(), changed: watch::Sender::new(0) }
    }
}

impl Queues {
    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    /// Turns whenever something is queued, leaves, or the subscribers change.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The subscribers that are notified now.
    pub fn subscription(&self) -> Subscription {
        self.with(|inner| inner.subscription.clone())
    }

    /// Replaces the subscribers. Those that are gone keep what waits for them (`ei.md` Q28).
    pub(crate) fn subscribe(&self, subscription: Subscription) {
        self.with(|inner| {
            for subscriber in &subscription.subscribers {
                inner.queues.entry(subscriber.logical_address.as_str().to_owned()).or_default();
            }
            inner.subscription = subscription;
        });
        self.tell();
    }

    /// Whether anybody is to be told at all.
    pub(crate) fn has_subscribers(&self) -> bool {
        self.with(|inner| !inner.subscription.subscribers.is_empty())
    }

    /// Queues what a batch changed for everybody who wants to hear of it: one message a subscriber at most.
    pub(crate) fn push(&self, sequence: u64, correlation_id: &str, changes: Vec<Transaction<'static>>) {
        let changes: Arc<[Transaction<'static>]> = changes.into();
        let correlation_id: Arc<str> = correlation_id.into();
        self.with(|inner| {
            let Inner { subscription, queues } = inner;
            for subscriber in &subscription.subscribers {
                let chosen = chosen(subscriber, &changes);
                if chosen.is_empty() {
                    continue;
                }
                let notification = Notification {
                    sequence,
                    correlation_id: Arc::clone(&correlation_id),
                    changes: Arc::clone(&changes),
                    chosen,
                };
                let queue = queues.entry(subscriber.logical_address.as_str().to_owned()).or_default();
                queue.push(notification, subscription);
            }
        });
        self.tell();
    }

    /// What the subscriber is to be told next.
    pub fn front(&self, subscriber: &str) -> Option<Notification> {
        self.with(|inner| inner.queues.get(subscriber)?.waiting.front().cloned())
    }

    /// A notification has been delivered or given up.
    pub(crate) fn settle(&self, settle: &Settle<'_>) {
        self.with(|inner| {
            let Inner { subscription, queues } = inner;
            let Some(queue) = queues.get_mut(&*settle.subscriber) else { return };
            let place = queue.waiting.iter().position(|waiting| waiting.sequence == settle.notification);
            let Some(notification) = place.and_then(|place| queue.waiting.remove(place)) else { return };
            queue.waiting_bytes = queue.waiting_bytes.saturating_sub(notification.weight());
            match &settle.failure {
                None => queue.delivered_total += 1,
                Some(reason) => queue.bury(notification, reason.clone().into_owned(), subscription),
            }
        });
        self.tell();
    }

    /// How full each queue is.
    pub fn depths(&self) -> Vec<QueueDepth> {
        self.with(|inner| {
            let current = |address: &str| {
                inner.subscription.subscribers.iter().any(|other| other.logical_address.as_str() == address)
            };
            let depth = |(address, queue): (&String, &Queue)| QueueDepth {
                subscriber: address.clone(),
                current: current(address),
                waiting: queue.waiting.len(),
                waiting_bytes: queue.waiting_bytes,
                dead: queue.dead.len(),
                dead_total: queue.dead_total,
                delivered_total: queue.delivered_total,
            };
            inner.queues.iter().map(depth).collect()
        })
    }

    /// What could not be delivered to a subscriber, oldest first.
    pub fn dead_letters(&self, subscriber: &str) -> Vec<DeadLetter> {
        self.with(|inner| {
            inner.queues.get(subscriber).map_or_else(Vec::new, |queue| queue.dead.iter().cloned().collect())
        })
    }

    /// Subscribers and queues, for a snapshot.
    pub(crate) fn write(&self, out: &mut Writer) {
        self.with(|inner| {
            let subscription = inner.subscription.encode();
            out.number(subscription.len() as u64);
            out.0.extend_from_slice(&subscription);
            out.number(inner.queues.len() as u64);
            for (address, queue) in &inner.queues {
                out.text(address);
                out.number(queue.dead_total);
                out.number(queue.delivered_total);
                out.number(queue.waiting.len() as u64);
                queue.waiting.iter().for_each(|notification| write_notification(out, notification));
                out.number(queue.dead.len() as u64);
                for dead in &queue.dead {
                    write_notification(out, &dead.notification);
                    out.text(&dead.reason);
                }
            }
        });
    }

    /// Takes in what [`Queues::write`] wrote.
    pub(crate) fn read(&self, reader: &mut Reader<'_>) -> Result<(), String> {
        let length = reader.count(1)?;
        let (subscription, rest) = reader.0.split_at(length);
        reader.0 = rest;
        let mut inner = Inner { subscription: Subscription::decode(subscription)?, queues: BTreeMap::new() };
        for _ in 0..reader.count(5)? {
            let address = reader.text()?.into_owned();
            let mut queue =
                Queue { dead_total: reader.number()?, delivered_total: reader.number()?, ..Queue::default() };
            for _ in 0..reader.count(3)? {
                let notification = read_notification(reader)?;
                queue.waiting_bytes += notification.weight();
                queue.waiting.push_back(notification);
            }
            for _ in 0..reader.count(4)? {
                let notification = read_notification(reader)?;
                queue.dead_bytes += notification.weight();
                queue.dead.push_back(DeadLetter { notification, reason: reader.text()?.into_owned() });
            }
            inner.queues.insert(address, queue);
        }
        self.with(|old| *old = inner);
        self.tell();
        Ok(())
    }
}

impl Queue {
    fn push(&mut self, notification: Notification, bounds: &Subscription) {
        let weight = notification.weight();
        if self.waiting.len() >= bounds.queue_max || self.waiting_bytes + weight > bounds.queue_bytes_max {
            self.bury(notification, "the subscriber's queue is full".to_owned(), bounds);
            return;
        }
        self.waiting_bytes += weight;
        self.waiting.push_back(notification);
    }

    fn bury(&mut self, notification: Notification, reason: String, bounds: &Subscription) {
        self.dead_total += 1;
        self.dead_bytes += notification.weight();
        self.dead.push_back(DeadLetter { notification, reason });
        while self.dead.len() > bounds.dead_letters_max || self.dead_bytes > bounds.dead_letters_bytes_max {
            let Some(oldest) = self.dead.pop_front() else { break };
            self.dead_bytes = self.dead_bytes.saturating_sub(oldest.notification.weight());
        }
    }
}

fn chosen(subscriber: &Subscriber, changes: &[Transaction<'_>]) -> Box<[u32]> {
    let wanted = |transaction: &Transaction<'_>| {
        subscriber.wants(transaction.key.text(Field::ServiceDomain), transaction.key.text(Field::Categorization))
    };
    (0..).zip(changes).filter(|(_, change)| wanted(change)).map(|(place, _)| place).collect()
}

fn write_notification(out: &mut Writer, notification: &Notification) {
    out.number(notification.sequence);
    out.text(&notification.correlation_id);
    out.transactions(&notification.transactions().cloned().collect::<Vec<_>>());
}

fn read_notification(reader: &mut Reader<'_>) -> Result<Notification, String> {
    let sequence = reader.number()?;
    let correlation_id = reader.text()?.into();
    let changes: Arc<[_]> = reader.transactions()?.into_iter().map(Transaction::into_owned).collect();
    let chosen = (0..changes.len() as u32).collect();
    Ok(Notification { sequence, correlation_id, changes, chosen })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::index::IndexLimits;
    use crate::domain::subscriber::SubscriberFilter;

    fn change(domain: &'static str) -> Transaction<'static> {
        let mut change = Transaction { has_engagement: true, ..Transaction::default() };
        change.key.0[Field::ServiceDomain as usize] = domain.into();
        change
    }

    fn queues(limits: &IndexLimits) -> Queues {
        let filter = SubscriberFilter { service_domain: "D1".into(), categorizations: vec![] };
        let subscribers = vec![
            Subscriber { logical_address: "all".into(), filters: vec![] },
            Subscriber { logical_address: "one".into(), filters: vec![filter] },
        ];
        let queues = Queues::default();
        queues.subscribe(Subscription::new(subscribers, limits));
        queues
    }

    fn domains(notification: &Notification) -> Vec<&str> {
        notification.transactions().map(|transaction| transaction.key.text(Field::ServiceDomain)).collect()
    }

    fn settle(subscriber: &'static str, notification: u64, failure: Option<&'static str>) -> Settle<'static> {
        Settle { subscriber: subscriber.into(), notification, failure: failure.map(Into::into) }
    }

    #[test]
    fn each_is_told_what_it_wants_to_hear_in_order() {
        let queues = queues(&IndexLimits::default());
        queues.push(5, "c", vec![change("D1"), change("D2"), change("d1")]);
        queues.push(6, "c", vec![change("D2")]);
        assert_eq!(domains(&queues.front("all").unwrap()), ["D1", "D2", "d1"]);
        assert_eq!(domains(&queues.front("one").unwrap()), ["D1", "d1"]);
        queues.settle(&settle("all", 5, None));
        queues.settle(&settle("one", 5, Some("refused")));
        assert_eq!(queues.front("all").unwrap().sequence, 6);
        assert_eq!(queues.front("one"), None);
        let [dead] = &queues.dead_letters("one")[..] else { panic!() };
        assert_eq!((dead.reason.as_str(), dead.notification.sequence), ("refused", 5));
    }

    #[test]
    fn a_full_queue_buries_the_new_and_a_full_box_lets_go_of_the_old() {
        let limits = IndexLimits { queue_max: 2, dead_letters_max: 3, ..IndexLimits::default() };
        let queues = queues(&limits);
        for sequence in 1..=9 {
            queues.push(sequence, "", vec![change("D1")]);
        }
        let depth = queues.depths().remove(0);
        assert_eq!((depth.waiting, depth.dead, depth.dead_total), (2, 3, 7));
        assert_eq!(queues.front("all").unwrap().sequence, 1);
        assert_eq!(queues.dead_letters("all")[0].notification.sequence, 7);
        let bytes = queues.front("all").unwrap().weight();
        let narrow = self::queues(&IndexLimits { queue_bytes_max: bytes, ..limits });
        narrow.push(1, "", vec![change("D1")]);
        narrow.push(2, "", vec![change("D1")]);
        assert_eq!(narrow.depths()[0].waiting, 1);
    }

    #[test]
    fn a_subscriber_that_is_gone_keeps_its_queue() {
        let queues = queues(&IndexLimits::default());
        queues.push(1, "", vec![change("D1")]);
        queues.subscribe(Subscription::new(vec![], &IndexLimits::default()));
        queues.push(2, "", vec![change("D1")]);
        assert_eq!(
            queues.depths().iter().map(|depth| (depth.current, depth.waiting)).collect::<Vec<_>>(),
            [(false, 1), (false, 1)]
        );
    }

    #[test]
    fn queues_are_read_as_they_were_written() {
        let queues = queues(&IndexLimits::default());
        queues.push(1, "first", vec![change("D1"), change("D2")]);
        queues.push(2, "", vec![change("D1")]);
        queues.settle(&settle("one", 1, Some("refused")));
        let mut out = Writer::default();
        queues.write(&mut out);
        let copy = Queues::default();
        let mut reader = Reader(&out.0);
        copy.read(&mut reader).unwrap();
        reader.end().unwrap();
        assert_eq!(copy.depths(), queues.depths());
        assert_eq!(domains(&copy.front("all").unwrap()), ["D1", "D2"]);
        assert_eq!(domains(&copy.dead_letters("one")[0].notification), ["D1"]);
        assert!((0..out.0.len()).all(|cut| Queues::default().read(&mut Reader(&out.0[..cut])).is_err()));
    }
}
