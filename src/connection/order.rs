//! Orders of services (*beställningar*, `connection.md` §3.3), and the table of what can be done with one.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::party::Route;

/// What is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum OrderType {
    /// A service that the party does not have.
    #[default]
    New,
    /// More of one that it has (*tilläggsbeställning*).
    Supplementary,
}

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderState {
    /// Being written.
    Draft,
    /// Sent.
    Submitted,
    /// The Agent has taken it up.
    AgentHandled,
    /// The Agent stands for it.
    AgentAttested,
    /// The customer stands for it.
    CustomerAttested,
    /// Being carried out.
    InProgress,
    /// Carried out.
    Done,
    /// Sent back.
    Returned,
}

impl OrderState {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Submitted => "SUBMITTED",
            Self::AgentHandled => "AGENT_HANDLED",
            Self::AgentAttested => "AGENT_ATTESTED",
            Self::CustomerAttested => "CUSTOMER_ATTESTED",
            Self::InProgress => "IN_PROGRESS",
            Self::Done => "DONE",
            Self::Returned => "RETURNED",
        }
    }
}

/// What is done with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OrderEvent {
    /// The Agent takes it up (*handläggare*).
    Handle,
    /// The Agent stands for it (*attestant, Agent*).
    AttestAgent,
    /// The customer stands for it (*attestant, Kund*).
    AttestCustomer,
    /// Inera begins.
    Start,
    /// Inera has carried it out.
    Finish,
    /// It goes back.
    Return,
}

impl OrderEvent {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Handle, Self::AttestAgent, Self::AttestCustomer, Self::Start, Self::Finish, Self::Return];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Handle => "handle",
            Self::AttestAgent => "attest_agent",
            Self::AttestCustomer => "attest_customer",
            Self::Start => "start",
            Self::Finish => "finish",
            Self::Return => "return",
        }
    }

    /// Who does it, where nobody is named.
    pub fn usual_actor(self) -> &'static str {
        match self {
            Self::Handle | Self::AttestAgent => "agent",
            Self::AttestCustomer => "kund",
            Self::Start | Self::Finish | Self::Return => "inera",
        }
    }
}

/// The table: from, by, to, on the road through an Agent alone, and directly alone.
const MOVES: &[(OrderState, OrderEvent, OrderState, Option<Route>)] = &[
    (OrderState::Submitted, OrderEvent::Start, OrderState::InProgress, Some(Route::Direct)),
    (OrderState::Submitted, OrderEvent::Handle, OrderState::AgentHandled, Some(Route::Agent)),
    (OrderState::AgentHandled, OrderEvent::AttestAgent, OrderState::AgentAttested, Some(Route::Agent)),
    (OrderState::AgentAttested, OrderEvent::AttestCustomer, OrderState::CustomerAttested, Some(Route::Agent)),
    (OrderState::CustomerAttested, OrderEvent::Start, OrderState::InProgress, Some(Route::Agent)),
    (OrderState::InProgress, OrderEvent::Finish, OrderState::Done, None),
    (OrderState::Submitted, OrderEvent::Return, OrderState::Returned, None),
    (OrderState::AgentHandled, OrderEvent::Return, OrderState::Returned, None),
    (OrderState::AgentAttested, OrderEvent::Return, OrderState::Returned, None),
    (OrderState::CustomerAttested, OrderEvent::Return, OrderState::Returned, None),
    (OrderState::InProgress, OrderEvent::Return, OrderState::Returned, None),
];

/// One line of an order's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Step {
    /// What it became.
    pub status: OrderState,
    /// When.
    #[cfg_attr(test, schema(value_type = String))]
    pub date: Date,
    /// By whom.
    pub by: String,
}

/// An order of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// Its id.
    pub id: String,
    /// Who ordered.
    pub party: String,
    /// What.
    pub service: String,
    /// New or more.
    #[serde(rename = "type")]
    pub kind: OrderType,
    /// The day of the order.
    #[cfg_attr(test, schema(value_type = String))]
    pub at: Date,
    /// How far it has come.
    pub state: OrderState,
    /// What became of it.
    pub history: Vec<Step>,
}

impl Order {
    /// Whether it counts as ordered.
    pub fn is_ordered(&self) -> bool {
        !matches!(self.state, OrderState::Draft | OrderState::Returned)
    }

    /// What can be done with it on a party's road.
    pub fn allowed(&self, route: Route) -> Vec<OrderEvent> {
        OrderEvent::ALL.into_iter().filter(|event| self.next(*event, route).is_some()).collect()
    }

    /// What it becomes; `None` where that cannot be done now.
    pub fn next(&self, event: OrderEvent, route: Route) -> Option<OrderState> {
        let of = |(from, by, _, on): &&(OrderState, OrderEvent, OrderState, Option<Route>)| {
            *from == self.state && *by == event && on.is_none_or(|on| on == route)
        };
        MOVES.iter().find(of).map(|(_, _, to, _)| *to)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn walked(route: Route, events: &[OrderEvent]) -> Option<OrderState> {
        let mut order = Order {
            id: "o".to_owned(),
            party: "p".to_owned(),
            service: "npo".to_owned(),
            kind: OrderType::New,
            at: date(2026, 1, 1),
            state: OrderState::Submitted,
            history: Vec::new(),
        };
        for event in events {
            order.state = order.next(*event, route)?;
        }
        Some(order.state)
    }

    #[test]
    fn an_order_through_an_agent_is_attested_twice_and_a_direct_one_never() {
        use OrderEvent::{AttestAgent, AttestCustomer, Finish, Handle, Return, Start};
        let through = [Handle, AttestAgent, AttestCustomer, Start, Finish];
        assert_eq!(walked(Route::Agent, &through), Some(OrderState::Done));
        assert_eq!(walked(Route::Direct, &[Start, Finish]), Some(OrderState::Done));
        for (route, events) in [
            (Route::Agent, &[Start][..]),
            (Route::Direct, &[Handle]),
            (Route::Agent, &[Handle, AttestCustomer]),
            (Route::Direct, &[Finish]),
            (Route::Direct, &[Start, Finish, Return]),
            (Route::Direct, &[Return, Start]),
        ] {
            assert_eq!(walked(route, events), None, "{events:?}");
        }
        assert_eq!(walked(Route::Direct, &[Start, Return]), Some(OrderState::Returned));
    }
}
