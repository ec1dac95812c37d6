//! What a connection does to platforms, and what it sees of them: the seam that whoever runs the platforms fills.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::document::{Line, Permitted, Role, permitted};
use super::traffic::{Traffic, TrafficOf};

/// What a platform is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlatformRole {
    /// Tests.
    Qa,
    /// Production.
    Production,
}

/// A platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformName {
    /// `env` of the API, `plattform` of orders.
    pub name: String,
    /// What it is for.
    pub role: PlatformRole,
}

/// A route of an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderedRoute {
    /// Which system.
    pub component: String,
    /// What.
    pub contract: String,
    /// At which address.
    pub address: String,
    /// In which profile.
    pub profile: String,
    /// Where.
    pub url: String,
}

/// A permission of an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderedPermission {
    /// Who.
    pub consumer: String,
    /// What.
    pub contract: String,
    /// At which address.
    pub address: String,
}

/// Routes and permissions, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Routes.
    pub routes: Vec<OrderedRoute>,
    /// Permissions.
    pub permissions: Vec<OrderedPermission>,
}

impl Rows {
    /// What lines come to. Incomplete lines come to as much as they say.
    pub fn of<'l>(lines: impl Iterator<Item = &'l Line> + Clone) -> Self {
        let producers = lines.clone().filter(|line| line.role == Some(Role::Producer));
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut routes: Vec<_> = producers
            .map(|line| OrderedRoute {
                component: text(&line.hsa_id),
                contract: text(&line.contract),
                address: text(&line.logical_address),
                profile: text(&line.profile),
                url: text(&line.url),
            })
            .collect();
        routes.sort();
        routes.dedup();
        let own = |Permitted { consumer, contract, address }: Permitted<'_>| OrderedPermission {
            consumer: consumer.to_owned(),
            contract: contract.to_owned(),
            address: address.to_owned(),
        };
        Self { routes, permissions: permitted(lines).into_iter().map(own).collect() }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.permissions.is_empty()
    }

    /// With what another has besides.
    pub fn add(&mut self, other: Self) {
        let other = other.without(self);
        self.routes.extend(other.routes);
        self.permissions.extend(other.permissions);
    }

    /// Without what another has as well.
    pub fn without(mut self, other: &Self) -> Self {
        // A route is one for its address and contract, wherever it leads.
        let key = |route: &OrderedRoute| (route.contract.to_lowercase(), route.address.to_lowercase());
        self.routes.retain(|route| other.routes.iter().all(|kept| key(kept) != key(route)));
        self.permissions.retain(|permission| !other.permissions.contains(permission));
        self
    }
}

/// How many rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Routes.
    pub routes: usize,
    /// Permissions.
    pub permissions: usize,
}

/// Why a platform does not do what it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlatformError {
    /// The catalogue refuses the order, in its own words.
    Refused(Vec<String>),
    /// It cannot be done now.
    Failed(String),
}

impl fmt::Display for PlatformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(texts) => f.write_str(&texts.join("; ")),
            Self::Failed(text) => f.write_str(text),
        }
    }
}

/// Which parts of a contract's package are there (*RIV-TA-paket*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackageParts {
    /// WSDL.
    pub wsdl: bool,
    /// Schema files.
    pub schemas: bool,
    /// Test cases.
    pub test_cases: bool,
    /// Description.
    pub description: bool,
}

/// The platforms of this process. Every method may wait; none is called where calls are carried.
pub trait Platforms: Send + Sync {
    /// All of them.
    fn all(&self) -> Vec<PlatformName>;

    /// Puts rows into a platform's catalogue from a day on and publishes them. With `dry` nothing is done but judged.
    fn publish(&self, env: &str, rows: &Rows, from: Date, dry: bool) -> Result<(), PlatformError>;

    /// Takes rows out of a platform's catalogue at once; how many there were.
    fn remove(&self, env: &str, rows: &Rows) -> Result<Counted, PlatformError>;

    /// Which of these rows are served by a platform at a moment.
    fn stands(&self, env: &str, rows: &Rows, at: Timestamp) -> Rows;

    /// Whether a consumer may call a contract at any address of a platform.
    fn is_permitted(&self, env: &str, consumer: &str, contract: &str, at: Timestamp) -> bool;

    /// Rows of the index that name a system as source or as address.
    fn engagements(&self, component: &str) -> u64;

    /// Takes them out; how many there were.
    fn remove_engagements(&self, component: &str) -> Result<u64, PlatformError>;

    /// What it has recorded of a system's calls.
    fn traffic(&self, asked: &TrafficOf) -> Traffic;

    /// What is there of a contract's package; `None` for a contract that nobody knows, or whose package nobody has.
    fn package(&self, contract: &str) -> Option<PackageParts>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(role: Role, consumers: &[&str]) -> Line {
        Line {
            env: Some("NTJP-QA".to_owned()),
            role: Some(role),
            hsa_id: Some("S1".to_owned()),
            contract: Some("urn:x".to_owned()),
            logical_address: Some("A".to_owned()),
            profile: Some("RIVTABP21".to_owned()),
            url: Some("http://x".to_owned()),
            consumers: Some(consumers.iter().map(|id| (*id).to_owned()).collect()),
        }
    }

    #[test]
    fn a_producer_comes_to_a_route_and_a_permission_for_each_consumer_and_a_consumer_to_a_permission() {
        let lines = [line(Role::Producer, &["C1", "C2", "C1"]), line(Role::Consumer, &[])];
        let rows = Rows::of(lines.iter());
        assert_eq!((rows.routes.len(), rows.permissions.len()), (1, 3));
        let consumers: Vec<_> = rows.permissions.iter().map(|row| row.consumer.as_str()).collect();
        assert_eq!(consumers, ["C1", "C2", "S1"]);
        let moved = Line { url: Some("http://y".to_owned()), ..line(Role::Producer, &["C1"]) };
        let left = rows.without(&Rows::of([moved].iter()));
        assert_eq!((left.routes.len(), left.permissions.len()), (0, 2));
    }
}
