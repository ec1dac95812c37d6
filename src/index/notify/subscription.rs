//! The list of subscribers together with the bounds of their queues, as the journal holds it.

use super::super::record::{Reader, Writer};
use crate::config::index::IndexLimits;
use crate::domain::identifiers::LogicalAddress;
use crate::domain::subscriber::{Subscriber, SubscriberFilter};

/// Who is told, and how much may wait for each. Written down whole, so that replaying the journal fills the queues as
/// they were filled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// The subscribers, in the order in which they were found.
    pub subscribers: Vec<Subscriber>,
    /// See [`IndexLimits::queue_max`].
    pub queue_max: usize,
    /// See [`IndexLimits::queue_bytes_max`].
    pub queue_bytes_max: usize,
    /// See [`IndexLimits::dead_letters_max`].
    pub dead_letters_max: usize,
    /// See [`IndexLimits::dead_letters_bytes_max`].
    pub dead_letters_bytes_max: usize,
}

impl Subscription {
    /// The subscribers, under the bounds that are set.
    pub fn new(subscribers: Vec<Subscriber>, limits: &IndexLimits) -> Self {
        Self {
            subscribers,
            queue_max: limits.queue_max,
            queue_bytes_max: limits.queue_bytes_max,
            dead_letters_max: limits.dead_letters_max,
            dead_letters_bytes_max: limits.dead_letters_bytes_max,
        }
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        let bounds = [self.queue_max, self.queue_bytes_max, self.dead_letters_max, self.dead_letters_bytes_max];
        bounds.into_iter().for_each(|bound| out.number(bound as u64));
        out.number(self.subscribers.len() as u64);
        for subscriber in &self.subscribers {
            out.text(subscriber.logical_address.as_str());
            out.number(subscriber.filters.len() as u64);
            for filter in &subscriber.filters {
                out.text(&filter.service_domain);
                out.number(filter.categorizations.len() as u64);
                filter.categorizations.iter().for_each(|text| out.text(text));
            }
        }
        out.0
    }

    /// Reads what [`Subscription::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = Reader(bytes);
        let mut bound = || reader.number().map(|bound| usize::try_from(bound).unwrap_or(usize::MAX));
        let (queue_max, queue_bytes_max, dead_letters_max, dead_letters_bytes_max) =
            (bound()?, bound()?, bound()?, bound()?);
        let mut subscribers = Vec::new();
        for _ in 0..reader.count(2)? {
            let logical_address = LogicalAddress::new(reader.text()?);
            let mut filters = Vec::new();
            for _ in 0..reader.count(2)? {
                let service_domain = reader.text()?.into_owned();
                let count = reader.count(1)?;
                let categorizations = (0..count).map(|_| Ok(reader.text()?.into_owned()));
                filters.push(SubscriberFilter {
                    service_domain,
                    categorizations: categorizations.collect::<Result<_, String>>()?,
                });
            }
            subscribers.push(Subscriber { logical_address, filters });
        }
        reader.end()?;
        Ok(Self { subscribers, queue_max, queue_bytes_max, dead_letters_max, dead_letters_bytes_max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_is_read_as_it_was_written() {
        let filters = vec![
            SubscriberFilter { service_domain: "D1".into(), categorizations: vec!["C1".into(), String::new()] },
            SubscriberFilter { service_domain: "D2".into(), categorizations: vec![] },
        ];
        let subscribers = vec![
            Subscriber { logical_address: "S1".into(), filters },
            Subscriber { logical_address: "S2".into(), filters: vec![] },
        ];
        let subscription = Subscription::new(subscribers, &IndexLimits::default());
        let bytes = subscription.encode();
        assert_eq!(Subscription::decode(&bytes).unwrap(), subscription);
        assert!((0..bytes.len()).all(|cut| Subscription::decode(&bytes[..cut]).is_err()));
    }
}
