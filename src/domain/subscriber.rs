//! Who wants to be told of changes in the engagement index, and of which (`ei.md` §5.3, §5.4).
//!
//! The index asks for its subscribers through [`Subscribers`]; the catalogue, or a call to an outside one, answers.

use std::future::Future;
use std::pin::Pin;

use super::identifiers::LogicalAddress;

/// A system that takes part in ProcessNotification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// Where its notifications are addressed to.
    pub logical_address: LogicalAddress,
    /// What it wants to hear of; everything, if empty.
    pub filters: Vec<SubscriberFilter>,
}

/// One service domain a subscriber wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriberFilter {
    /// The domain.
    pub service_domain: String,
    /// The categorizations in it; all, if empty.
    pub categorizations: Vec<String>,
}

impl Subscriber {
    /// Whether the subscriber wants to hear of an engagement. Case is ignored.
    pub fn wants(&self, service_domain: &str, categorization: &str) -> bool {
        let same = |one: &str, other: &str| one == other || one.to_lowercase() == other.to_lowercase();
        self.filters.is_empty()
            || self.filters.iter().any(|filter| {
                same(&filter.service_domain, service_domain)
                    && (filter.categorizations.is_empty()
                        || filter.categorizations.iter().any(|wanted| same(wanted, categorization)))
            })
    }
}

/// The subscribers, or why they could not be found out.
pub type Fetched<'a> = Pin<Box<dyn Future<Output = Result<Vec<Subscriber>, String>> + Send + 'a>>;

/// Knows the subscribers.
pub trait Subscribers: Send + Sync {
    /// All of them, as of now.
    fn fetch(&self) -> Fetched<'_>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(service_domain: &str, categorizations: &[&str]) -> SubscriberFilter {
        SubscriberFilter {
            service_domain: service_domain.into(),
            categorizations: categorizations.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    /// `ei.md` §5.4.
    #[test]
    fn filters_are_alternatives_and_ignore_case() {
        let wants = |filters: &[SubscriberFilter], domain: &str, categorization: &str| {
            Subscriber { logical_address: "S".into(), filters: filters.to_vec() }.wants(domain, categorization)
        };
        assert!(wants(&[], "d", "c"));
        assert!(wants(&[filter("D1", &[])], "d1", "anything"));
        assert!(wants(&[filter("D1", &["C1"])], "d1", "c1"));
        assert!(!wants(&[filter("D1", &["C1"])], "d1", "c2"));
        assert!(!wants(&[filter("D1", &[])], "d2", "c1"));
        let two = [filter("D1", &["C1"]), filter("D1", &["C2"])];
        assert!(wants(&two, "D1", "C2") && !wants(&two, "D1", "C3"));
    }
}
