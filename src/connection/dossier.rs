//! The dossier (*akt*): everything a gate may look at, for one connection at one moment. Judging changes nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::agreement::AgreementType;
use super::document::{Document, Line};
use super::file::{Arguments, ConnectionFile};
use super::holdings::Holdings;
use super::incident::Incident;
use super::order::OrderState;
use super::party::{Component, Contact, INERA, Party};
use super::platforms::{PlatformRole, Platforms};
use super::seen::Seen;
use super::services::Services;
use super::services::profile::ServiceProfile;
use super::state::{Event, State};
use super::terms::Terms;

/// What a gate looks at.
pub struct Dossier<'d> {
    /// Everything that is known.
    pub holdings: &'d Holdings,
    /// Every service.
    pub services: &'d Services,
    /// The platforms as they stand.
    pub platforms: &'d dyn Platforms,
    /// Times that the texts leave open.
    pub terms: &'d Terms,
    /// The connection.
    pub file: &'d ConnectionFile,
    /// Whose it is.
    pub party: &'d Party,
    /// The step that is judged.
    pub event: Event,
    /// What it is given.
    pub arguments: &'d Arguments,
    /// The day that is judged.
    pub day: Date,
    /// What time it really is: a catalogue knows no other.
    pub now: Timestamp,
    /// What was seen of the platforms beforehand.
    pub seen: &'d Seen,
    /// The incident that is judged, and who acts in it.
    pub incident: Option<(&'d Incident, &'d str)>,
}

impl<'d> Dossier<'d> {
    /// What the party wrote.
    pub fn document(&self) -> &'d Document {
        &self.file.document
    }

    /// The service; `None` where nobody knows it.
    pub fn profile(&self) -> Option<&'d ServiceProfile> {
        self.services.get(&self.file.document.service)
    }

    /// Whether the service handles personal data; `None` where nobody has said.
    pub fn personal_data(&self) -> Option<bool> {
        self.profile()?.personal_data.get()
    }

    /// Whether the party has an agreement of a kind in force, for this service where it is for one.
    pub fn has(&self, kind: AgreementType) -> bool {
        self.party_has(&self.party.id, kind)
    }

    /// The same for any party.
    pub fn party_has(&self, party: &str, kind: AgreementType) -> bool {
        let service = &self.document().service;
        let mut agreements = self.holdings.agreements_of(party);
        agreements.any(|agreement| agreement.kind == kind && agreement.holds(self.day) && agreement.is_for(service))
    }

    /// The party's contacts.
    pub fn contacts(&self) -> &'d [Contact] {
        self.holdings.contacts_of(&self.party.id)
    }

    /// Inera's contacts.
    pub fn inera_contacts(&self) -> &'d [Contact] {
        self.holdings.contacts_of(INERA)
    }

    /// The connection's own system, as it is registered.
    pub fn component(&self) -> Option<&'d Component> {
        let id = &self.document().component;
        let components = self.holdings.components_of(&self.party.id);
        components.iter().find(|component| component.hsa_id.eq_ignore_ascii_case(id))
    }

    /// The key of the connection's own system.
    pub fn component_key(&self) -> String {
        format!("components[hsaId={}]", self.document().component)
    }

    /// Whether an address is the party's, a listed caregiver's, or one of an Agent's customer.
    pub fn is_owned(&self, address: &str) -> bool {
        self.party.owns(address) || self.is_listed(address) || self.is_of_customer(address)
    }

    fn is_of_customer(&self, address: &str) -> bool {
        let agent = &self.party.id;
        let mut customers = self.holdings.parties.values().filter(|party| party.agent.as_ref() == Some(agent));
        customers.any(|customer| customer.owns(address))
    }

    /// Whether an address is a listed caregiver's.
    pub fn is_listed(&self, address: &str) -> bool {
        let rows = self.holdings.caregivers.get(&self.party.id).map_or(&[][..], |list| &list.rows);
        rows.iter().flat_map(|row| &row.logical_addresses).any(|listed| listed.eq_ignore_ascii_case(address))
    }

    /// Addresses of producer lines that are foreign and in no list.
    pub fn unlisted(&self) -> Vec<String> {
        let lines = self.document().lines.iter().filter(|line| line.role == Some(super::document::Role::Producer));
        let addresses: BTreeSet<&str> = lines.filter_map(|line| line.logical_address.as_deref()).collect();
        let foreign = addresses.into_iter().filter(|address| !address.trim().is_empty() && !self.is_owned(address));
        foreign.map(str::to_owned).collect()
    }

    /// Rows of the index that name a system: as they were counted beforehand.
    pub fn engagements(&self, component: &str) -> u64 {
        self.seen.engagements(component).unwrap_or_else(|| self.platforms.engagements(component))
    }

    /// Whether the party has ordered a service.
    pub fn ordered(&self, service: &str) -> bool {
        self.holdings.orders_of(&self.party.id, service).any(super::order::Order::is_ordered)
    }

    /// Whether the party is connected to a service: an order carried out, or a live connection.
    pub fn connected(&self, service: &str) -> bool {
        let done = |order: &super::order::Order| order.state == OrderState::Done;
        let mut files = self.holdings.connections.values();
        self.holdings.orders_of(&self.party.id, service).any(done)
            || files.any(|file| {
                file.document.party == self.party.id
                    && file.document.service == service
                    && file.progress.state == State::Live
            })
    }

    /// The platform that a line names, where there is one.
    pub fn role_of(&self, env: &str) -> Option<PlatformRole> {
        self.platforms.all().into_iter().find(|platform| platform.name == env).map(|platform| platform.role)
    }

    /// The production platform.
    pub fn production(&self) -> Option<String> {
        let is_production = |platform: &super::platforms::PlatformName| platform.role == PlatformRole::Production;
        self.platforms.all().into_iter().find(is_production).map(|platform| platform.name)
    }

    /// The connection's lines for production.
    pub fn production_lines(&self) -> Vec<&'d Line> {
        let Some(production) = self.production() else { return Vec::new() };
        self.document().lines.iter().filter(|line| line.is_of(&production)).collect()
    }

    /// Whether there is nothing technical about the service: it is not called, or nobody knows by what.
    pub fn is_without_calls(&self) -> bool {
        let Some(profile) = self.profile() else { return true };
        profile.over_ntjp.get() == Some(false) || profile.contracts.is_empty()
    }
}
