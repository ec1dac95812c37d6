//! Everything that is known of parties and their connections, and the changes it is made of: memory is what the log's
//! changes, applied in order, come to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::agreement::Agreement;
use super::document::{Document, Run};
use super::effect::Begun;
use super::file::{ConnectionFile, Entry, Progress};
use super::incident::Incident;
use super::order::Order;
use super::party::{Assignment, CaregiverList, Component, Contact, INERA, Party, inera};

/// Who operates a service in Inera's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operator {
    /// Its name.
    pub operator: String,
    /// Whether it is none of Inera's own.
    #[serde(default)]
    pub external: bool,
    /// Parties that have agreed to it.
    #[serde(default)]
    pub consents: Vec<String>,
}

/// Everything that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Holdings {
    /// By id.
    pub parties: BTreeMap<String, Party>,
    /// By id.
    pub agreements: BTreeMap<String, Agreement>,
    /// By party.
    pub contacts: BTreeMap<String, Vec<Contact>>,
    /// By party.
    pub caregivers: BTreeMap<String, CaregiverList>,
    /// By party.
    pub components: BTreeMap<String, Vec<Component>>,
    /// By party.
    pub assignments: BTreeMap<String, Vec<Assignment>>,
    /// By id.
    pub orders: BTreeMap<String, Order>,
    /// By id.
    pub connections: BTreeMap<String, ConnectionFile>,
    /// By id.
    pub incidents: BTreeMap<String, Incident>,
    /// By service.
    pub operators: BTreeMap<String, Operator>,
}

impl Default for Holdings {
    fn default() -> Self {
        let (party, contacts) = inera();
        Self {
            parties: BTreeMap::from([(INERA.to_owned(), party)]),
            agreements: BTreeMap::new(),
            contacts: BTreeMap::from([(INERA.to_owned(), contacts)]),
            caregivers: BTreeMap::new(),
            components: BTreeMap::new(),
            assignments: BTreeMap::new(),
            orders: BTreeMap::new(),
            connections: BTreeMap::new(),
            incidents: BTreeMap::new(),
            operators: BTreeMap::new(),
        }
    }
}

/// One change, as the log keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// A party is there, or says something else.
    Party(Party),
    /// An agreement is.
    Agreement(Agreement),
    /// A party's contacts.
    Contacts(String, Vec<Contact>),
    /// A party's list of caregivers.
    Caregivers(String, CaregiverList),
    /// A party's systems.
    Components(String, Vec<Component>),
    /// What an Agent may broker.
    Assignments(String, Vec<Assignment>),
    /// An order.
    Order(Order),
    /// What a connection's party wrote.
    Document(Box<Document>),
    /// A step of a connection has begun to change a catalogue.
    Begun(String, Box<Begun>),
    /// A step of a connection, and how far it has come since.
    Step(String, Box<Entry>, Box<Progress>),
    /// A run of test cases.
    Run(String, Run),
    /// An incident.
    Incident(Box<Incident>),
    /// Who operates a service.
    Operator(String, Operator),
}

impl Holdings {
    /// Does what a change says.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Party(party) => drop(self.parties.insert(party.id.clone(), party)),
            Change::Agreement(agreement) => drop(self.agreements.insert(agreement.id.clone(), agreement)),
            Change::Contacts(party, contacts) => drop(self.contacts.insert(party, contacts)),
            Change::Caregivers(party, list) => drop(self.caregivers.insert(party, list)),
            Change::Components(party, components) => drop(self.components.insert(party, components)),
            Change::Assignments(party, assignments) => drop(self.assignments.insert(party, assignments)),
            Change::Order(order) => drop(self.orders.insert(order.id.clone(), order)),
            Change::Document(document) => {
                let file = self.connections.entry(document.id.clone()).or_default();
                file.document = Arc::new(*document);
            }
            Change::Step(connection, mut entry, progress) => {
                let file = self.connections.entry(connection).or_default();
                entry.seen = Arc::clone(&file.document);
                file.entries.push(*entry);
                file.progress = *progress;
                file.begun = None;
            }
            Change::Begun(connection, begun) => {
                self.connections.entry(connection).or_default().begun = Some(*begun);
            }
            Change::Run(connection, run) => self.connections.entry(connection).or_default().runs.push(run),
            Change::Incident(incident) => drop(self.incidents.insert(incident.report.id.clone(), *incident)),
            Change::Operator(service, operator) => drop(self.operators.insert(service, operator)),
        }
    }

    /// A party's contacts.
    pub fn contacts_of(&self, party: &str) -> &[Contact] {
        self.contacts.get(party).map_or(&[], Vec::as_slice)
    }

    /// A party's systems.
    pub fn components_of(&self, party: &str) -> &[Component] {
        self.components.get(party).map_or(&[], Vec::as_slice)
    }

    /// A party's agreements.
    pub fn agreements_of(&self, party: &str) -> impl Iterator<Item = &Agreement> {
        self.agreements.values().filter(move |agreement| agreement.party == party)
    }

    /// A party's orders of a service.
    pub fn orders_of(&self, party: &str, service: &str) -> impl Iterator<Item = &Order> {
        self.orders.values().filter(move |order| order.party == party && order.service == service)
    }

    /// How many objects there are.
    pub fn count(&self) -> usize {
        self.parties.len() + self.agreements.len() + self.orders.len() + self.connections.len() + self.incidents.len()
    }
}
