//! Commands about parties and their papers: agreements, contacts, caregivers, systems, assignments, orders, operators.

use jiff::civil::Date;

use super::agreement::Agreement;
use super::book::{Book, Kept, new_id};
use super::gates::{Verdict, gate, judge_operator};
use super::holdings::{Change, Operator};
use super::moment::Moment;
use super::order::{Order, OrderEvent, OrderState, OrderType, Step};
use super::party::{Assignment, CaregiverList, Component, Contact, Party, Route};
use super::refusal::{Refusal, Refused};

impl Kept {
    /// A party that must be there.
    pub(super) fn party(&self, id: &str) -> Result<&Party, Refusal> {
        self.holdings.parties.get(id).ok_or_else(|| Refusal::Unknown { what: "party", id: id.to_owned() })
    }

    /// A party that a field names.
    pub(super) fn named_party(&self, field: &str, id: &str) -> Result<&Party, Refusal> {
        self.party(id).map_err(|_| Refusal::field(field, format!("{id:?}"), "the id of a party"))
    }
}

impl Book {
    /// Takes in a party.
    pub fn add_party(&self, party: Party) -> Result<Party, Refusal> {
        let mut kept = self.kept();
        kept.check_room()?;
        let parties = &kept.holdings.parties;
        let id = new_id("party", &party.id, |id| parties.contains_key(id), parties.len())?;
        let party = Party { id, ..party };
        check_category(&party)?;
        kept.commit(self.clock.now(), vec![Change::Party(party.clone())])?;
        Ok(party)
    }

    /// Says something else of a party.
    pub fn change_party(
        &self,
        id: &str,
        change: impl FnOnce(&Party) -> Result<Party, Refusal>,
    ) -> Result<Party, Refusal> {
        let mut kept = self.kept();
        let party = change(kept.party(id)?)?;
        check_same_id(id, &party.id)?;
        check_category(&party)?;
        kept.commit(self.clock.now(), vec![Change::Party(party.clone())])?;
        Ok(party)
    }

    /// Takes in an agreement.
    pub fn add_agreement(&self, agreement: Agreement) -> Result<Agreement, Refusal> {
        let mut kept = self.kept();
        kept.check_room()?;
        let agreements = &kept.holdings.agreements;
        let id = new_id("agreement", &agreement.id, |id| agreements.contains_key(id), agreements.len())?;
        let agreement = Agreement { id, ..agreement };
        check_agreement(&kept, &agreement)?;
        kept.commit(self.clock.now(), vec![Change::Agreement(agreement.clone())])?;
        Ok(agreement)
    }

    /// Says something else of an agreement.
    pub fn change_agreement(
        &self,
        id: &str,
        change: impl FnOnce(&Agreement) -> Result<Agreement, Refusal>,
    ) -> Result<Agreement, Refusal> {
        let mut kept = self.kept();
        let known = kept.holdings.agreements.get(id);
        let known = known.ok_or_else(|| Refusal::Unknown { what: "agreement", id: id.to_owned() })?;
        let agreement = change(known)?;
        check_same_id(id, &agreement.id)?;
        check_agreement(&kept, &agreement)?;
        kept.commit(self.clock.now(), vec![Change::Agreement(agreement.clone())])?;
        Ok(agreement)
    }

    /// Replaces a party's contacts.
    pub fn put_contacts(&self, party: &str, contacts: Vec<Contact>) -> Result<(), Refusal> {
        self.put(party, Change::Contacts(party.to_owned(), contacts))
    }

    /// Replaces a party's list of caregivers; the list with its new version.
    pub fn put_caregivers(&self, party: &str, list: CaregiverList) -> Result<CaregiverList, Refusal> {
        let mut kept = self.kept();
        kept.party(party)?;
        let version = kept.holdings.caregivers.get(party).map_or(0, |known| known.version) + 1;
        let list = CaregiverList { version, ..list };
        kept.commit(self.clock.now(), vec![Change::Caregivers(party.to_owned(), list.clone())])?;
        Ok(list)
    }

    /// Replaces a party's systems.
    pub fn put_components(&self, party: &str, components: Vec<Component>) -> Result<(), Refusal> {
        self.put(party, Change::Components(party.to_owned(), components))
    }

    /// Replaces what an Agent may broker.
    pub fn put_assignments(&self, party: &str, assignments: Vec<Assignment>) -> Result<(), Refusal> {
        self.put(party, Change::Assignments(party.to_owned(), assignments))
    }

    fn put(&self, party: &str, change: Change) -> Result<(), Refusal> {
        let mut kept = self.kept();
        kept.party(party)?;
        kept.commit(self.clock.now(), vec![change])
    }

    /// Takes in an order.
    pub fn add_order(
        &self,
        id: &str,
        party: &str,
        service: &str,
        kind: OrderType,
        at: Option<Date>,
    ) -> Result<Order, Refusal> {
        let mut kept = self.kept();
        kept.check_room()?;
        kept.named_party("party", party)?;
        let now = self.clock.now();
        let day = at.unwrap_or_else(|| Moment::Instant(now).day());
        let order = new_order(&kept, id, party, service, kind, day, party)?;
        kept.commit(now, vec![Change::Order(order.clone())])?;
        Ok(order)
    }

    /// Takes a step with an order.
    pub fn step_order(&self, id: &str, event: OrderEvent, by: &str, at: Option<Date>) -> Result<Order, Refusal> {
        let mut kept = self.kept();
        let known = kept.holdings.orders.get(id);
        let mut order = known.cloned().ok_or_else(|| Refusal::Unknown { what: "order", id: id.to_owned() })?;
        let route = kept.holdings.parties.get(&order.party).map_or(Route::Direct, |party| party.route);
        let Some(state) = order.next(event, route) else {
            return Err(Refusal::Gates(Box::new(Refused {
                event: event.name().to_owned(),
                state: order.state.name().to_owned(),
                allowed: order.allowed(route).into_iter().map(|event| event.name().to_owned()).collect(),
                failed: Vec::new(),
                warnings: Vec::new(),
                illegal: true,
            })));
        };
        let now = self.clock.now();
        let date = at.unwrap_or_else(|| Moment::Instant(now).day());
        order.state = state;
        order.history.push(Step { status: state, date, by: by.to_owned() });
        kept.commit(now, vec![Change::Order(order.clone())])?;
        Ok(order)
    }

    /// Says who operates a service: Inera's step.
    pub fn put_operator(&self, service: &str, operator: Operator) -> Result<Operator, Refusal> {
        let mut kept = self.kept();
        let profile = self.services.get(service);
        let profile = profile.ok_or_else(|| Refusal::Unknown { what: "service", id: service.to_owned() })?;
        let now = self.clock.now();
        let day = Moment::Instant(now).day();
        if let Verdict::Fails(fault) = judge_operator(&kept.holdings, profile, &operator, day) {
            let failed = gate(11).map(|gate| gate.complaint(&fault, true));
            return Err(Refusal::Gates(Box::new(Refused {
                event: "operator".to_owned(),
                state: String::new(),
                allowed: Vec::new(),
                failed: failed.into_iter().collect(),
                warnings: Vec::new(),
                illegal: false,
            })));
        }
        kept.commit(now, vec![Change::Operator(service.to_owned(), operator.clone())])?;
        Ok(operator)
    }
}

/// An order that is sent.
pub(super) fn new_order(
    kept: &Kept,
    id: &str,
    party: &str,
    service: &str,
    kind: OrderType,
    at: Date,
    by: &str,
) -> Result<Order, Refusal> {
    let orders = &kept.holdings.orders;
    let id = new_id("order", id, |id| orders.contains_key(id), orders.len())?;
    let history = vec![Step { status: OrderState::Submitted, date: at, by: by.to_owned() }];
    let (party, service) = (party.to_owned(), service.to_owned());
    Ok(Order { id, party, service, kind, at, state: OrderState::Submitted, history })
}

pub(super) fn check_same_id(id: &str, given: &str) -> Result<(), Refusal> {
    match id == given {
        true => Ok(()),
        false => Err(Refusal::field("id", format!("{given:?}"), format!("{id:?}: an id never changes"))),
    }
}

fn check_category(party: &Party) -> Result<(), Refusal> {
    match party.category.is_none() && party.id != super::party::INERA {
        true => Err(Refusal::field(
            "category",
            "missing",
            "REGION, KOMMUN, STATLIG_MYNDIGHET, PRIVAT_VARDGIVARE, UNDERLEVERANTOR_OFFENTLIG_SEKTOR or AGENT",
        )),
        false => Ok(()),
    }
}

fn check_agreement(kept: &Kept, agreement: &Agreement) -> Result<(), Refusal> {
    kept.named_party("party", &agreement.party)?;
    let mut others = kept.holdings.agreements.values().filter(|other| other.id != agreement.id);
    match others.find(|other| other.collides(agreement)) {
        None => Ok(()),
        Some(other) => Err(Refusal::Conflict(format!(
            "{} has agreement {} of the other model at the same time: exactly one Kundavtal is active for a service",
            agreement.party, other.id
        ))),
    }
}
