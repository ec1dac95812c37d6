//! The road of a connection (`connection.md` §3.1) as one table: which step leads from where to where, whose step it is,
//! and which gates guard it.

use serde::{Deserialize, Serialize};

use super::document::Decision;

/// How far a connection has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Contact taken.
    #[default]
    Prospect,
    /// Category and road are fixed.
    Qualified,
    /// Agreements are in force.
    Agreed,
    /// The service and what it needs are ordered.
    Ordered,
    /// Contacts, lists, records and certificates are complete.
    Prepared,
    /// Routes and permissions are in the test environment.
    QaConnected,
    /// Tests go on.
    QaTesting,
    /// The self-declaration is handed in.
    QaDeclared,
    /// To be mended and reviewed again.
    Rejected,
    /// Quality assured.
    Approved,
    /// Quality assured, with deviations.
    ApprovedDev,
    /// Quality assured, with a reservation until a day.
    ApprovedRes,
    /// The order for production is delivered.
    ProdOrdered,
    /// Routes and permissions are in production (*samverkan*).
    Established,
    /// In operation.
    Live,
    /// A change is announced.
    Changing,
    /// Stopped by Inera.
    Suspended,
    /// On its way out.
    Decommissioning,
    /// Nothing is left.
    Closed,
}

impl State {
    /// All of them, in the order of the road.
    pub const ALL: [Self; 19] = [
        Self::Prospect,
        Self::Qualified,
        Self::Agreed,
        Self::Ordered,
        Self::Prepared,
        Self::QaConnected,
        Self::QaTesting,
        Self::QaDeclared,
        Self::Rejected,
        Self::Approved,
        Self::ApprovedDev,
        Self::ApprovedRes,
        Self::ProdOrdered,
        Self::Established,
        Self::Live,
        Self::Changing,
        Self::Suspended,
        Self::Decommissioning,
        Self::Closed,
    ];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Prospect => "PROSPECT",
            Self::Qualified => "QUALIFIED",
            Self::Agreed => "AGREED",
            Self::Ordered => "ORDERED",
            Self::Prepared => "PREPARED",
            Self::QaConnected => "QA_CONNECTED",
            Self::QaTesting => "QA_TESTING",
            Self::QaDeclared => "QA_DECLARED",
            Self::Rejected => "REJECTED",
            Self::Approved => "APPROVED",
            Self::ApprovedDev => "APPROVED_DEV",
            Self::ApprovedRes => "APPROVED_RES",
            Self::ProdOrdered => "PROD_ORDERED",
            Self::Established => "ESTABLISHED",
            Self::Live => "LIVE",
            Self::Changing => "CHANGING",
            Self::Suspended => "SUSPENDED",
            Self::Decommissioning => "DECOMMISSIONING",
            Self::Closed => "CLOSED",
        }
    }

    /// What may be done now, in the order of the table. Checking may be done always, and is not among it; neither is
    /// removal, which leads nowhere.
    pub fn allowed(self) -> Vec<Event> {
        Event::ALL.into_iter().filter(|event| event.row().from.contains(&self)).collect()
    }
}

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Category and road are fixed.
    Qualify,
    /// Agreements are signed.
    Sign,
    /// The service is ordered.
    OrderService,
    /// Everything is prepared.
    Prepare,
    /// A test environment is assigned, and what is ordered of it published.
    AssignTestEnv,
    /// Tests begin.
    StartTests,
    /// The self-declaration is handed in.
    Declare,
    /// Inera judges.
    Review,
    /// A new plan after a refusal.
    Replan,
    /// Production is ordered.
    OrderProduction,
    /// What is ordered of production is published.
    Publish,
    /// Operation begins.
    GoLive,
    /// A change is announced.
    Change,
    /// Inera accepts a change.
    AcceptChange,
    /// Inera stops the connection.
    Suspend,
    /// The cause is mended.
    Remedy,
    /// The connection is to end.
    Decommission,
    /// It has ended.
    Close,
    /// Inera takes what the connection owns out of catalogues and index.
    Removal,
    /// The continuous gates are judged.
    Check,
}

/// Whose step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The customer's or the Agent's.
    Kund,
    /// Inera's.
    Inera,
}

impl Side {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kund => "kund",
            Self::Inera => "inera",
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Step {
    /// As it is written.
    pub name: &'static str,
    /// Whose it is.
    pub side: Side,
    /// Where it can be taken.
    pub from: &'static [State],
    /// Where it leads; the decision and the arguments may lead elsewhere.
    pub to: State,
    /// The gates that guard it, by number.
    pub gates: &'static [u8],
    /// Gates that are judged as well and block nothing.
    pub watched: &'static [u8],
}

/// Gates that must hold all the time while a connection is live.
pub const CONTINUOUS: &[u8] = &[11, 12, 13, 14, 15, 16, 19, 20, 26, 48, 54, 55, 56, 57, 58, 61, 62, 68, 72];

impl Event {
    /// All of them, in the order of the road.
    pub const ALL: [Self; 20] = [
        Self::Qualify,
        Self::Sign,
        Self::OrderService,
        Self::Prepare,
        Self::AssignTestEnv,
        Self::StartTests,
        Self::Declare,
        Self::Review,
        Self::Replan,
        Self::OrderProduction,
        Self::Publish,
        Self::GoLive,
        Self::Change,
        Self::AcceptChange,
        Self::Suspend,
        Self::Remedy,
        Self::Decommission,
        Self::Close,
        Self::Removal,
        Self::Check,
    ];

    /// Its row.
    pub fn row(self) -> &'static Step {
        &STEPS[self as usize]
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The event of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }

    /// Whether it may be taken in a state.
    pub fn is_allowed(self, state: State) -> bool {
        match self {
            Self::Check => true,
            // It changes no state, and so stands in no row of the table.
            Self::Removal => state == Decommissioning,
            _ => self.row().from.contains(&state),
        }
    }
}

use State::{
    Agreed, Approved, ApprovedDev, ApprovedRes, Changing, Closed, Decommissioning, Established, Live, Ordered,
    Prepared, ProdOrdered, Prospect, QaConnected, QaDeclared, QaTesting, Qualified, Rejected, Suspended,
};

/// The table, in the order of [`Event::ALL`].
static STEPS: [Step; 20] = [
    step("qualify", Side::Kund, &[Prospect], Qualified, &[8, 9, 10]),
    step("sign", Side::Kund, &[Qualified], Agreed, &[1, 2, 3, 4, 5, 6, 7, 11]),
    step("order_service", Side::Kund, &[Agreed], Ordered, &[2, 23, 24, 25, 26, 27, 28, 29]),
    step(
        "prepare",
        Side::Kund,
        &[Ordered],
        Prepared,
        &[12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 30, 31, 32, 33, 34, 35],
    ),
    step("assign_test_env", Side::Inera, &[Prepared], QaConnected, &[11, 32, 40, 53]),
    step("start_tests", Side::Kund, &[QaConnected], QaTesting, &[36, 39, 43]),
    step("declare", Side::Kund, &[QaTesting], QaDeclared, &[41, 42, 43, 44, 45, 46]),
    step("review", Side::Inera, &[QaDeclared], Approved, &[]),
    step("replan", Side::Kund, &[Rejected], QaTesting, &[]),
    step(
        "order_production",
        Side::Kund,
        &[Approved, ApprovedDev, ApprovedRes],
        ProdOrdered,
        &[38, 47, 48, 49, 50, 51, 52],
    ),
    step("publish", Side::Inera, &[ProdOrdered], Established, &[11, 32, 36, 37, 53]),
    step("go_live", Side::Kund, &[Established], Live, &[23, 51, 54]),
    step("change", Side::Kund, &[Live], Changing, &[27, 59, 72]),
    step("accept_change", Side::Inera, &[Changing], Live, &[]),
    step("suspend", Side::Inera, &[Live], Suspended, &[60]),
    step("remedy", Side::Inera, &[Suspended], Live, &[48]),
    step("decommission", Side::Kund, &[Live], Decommissioning, &[]),
    step("close", Side::Inera, &[Decommissioning], Closed, &[69, 70, 71]),
    step("removal", Side::Inera, &[], Decommissioning, &[]),
    Step { watched: CONTINUOUS, ..step("check", Side::Inera, &[], Live, &[]) },
];

const fn step(name: &'static str, side: Side, from: &'static [State], to: State, gates: &'static [u8]) -> Step {
    Step { name, side, from, to, gates, watched: &[] }
}

/// Where a review leads.
pub fn reviewed(decision: Decision) -> State {
    match decision {
        Decision::Godkand => Approved,
        Decision::GodkandAvvikelser => ApprovedDev,
        Decision::GodkandForbehall => ApprovedRes,
        Decision::Underkand => Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_events_and_names_are_those_of_the_api() {
        for event in Event::ALL {
            assert_eq!(Event::named(event.name()), Some(event));
            assert_eq!(serde_json::to_value(event).unwrap(), event.name());
        }
        assert_eq!(Ordered.allowed(), [Event::Prepare]);
        assert_eq!(
            Live.allowed(),
            [Event::Change, Event::Suspend, Event::Decommission],
            "checking is allowed always, and not listed"
        );
        assert_eq!(Closed.allowed(), []);
    }

    #[test]
    fn every_state_but_the_first_is_reached_and_every_one_but_the_last_is_left() {
        let mut reached: Vec<State> = Event::ALL.iter().map(|event| event.row().to).collect();
        reached.extend([Approved, ApprovedDev, ApprovedRes, Rejected]);
        for event in Event::ALL {
            for from in event.row().from {
                assert!(*from == Prospect || reached.contains(from), "{} from {}", event.name(), from.name());
            }
            let to = event.row().to;
            assert!(to == Closed || !to.allowed().is_empty(), "{}", to.name());
        }
    }
}
