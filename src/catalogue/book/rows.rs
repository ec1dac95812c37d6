//! The nine business entities of the catalogue (`tak.md` §2.2), which together are what a published version holds.

use crate::catalogue::entry::Text;
use crate::catalogue::period::Validity;

/// Number of a row in its table.
pub type Id = i64;

/// A row as it is published or proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<T> {
    /// Its number.
    pub id: Id,
    /// The published version it last changed in (`pubVersion`); 0 until it is published.
    pub published: u32,
    /// What it says.
    pub value: T,
}

/// RIV-TA profile (*RIV-TA-profil*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileRow {
    /// `namn`.
    pub name: Text,
    /// `beskrivning`.
    pub description: Text,
}

/// Service contract (*tjänstekontrakt*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractRow {
    /// `namnrymd`.
    pub namespace: Text,
    /// `beskrivning`.
    pub description: Text,
    /// `majorVersion`.
    pub major: i64,
    /// `minorVersion`.
    pub minor: i64,
}

/// Logical address (*logisk adress*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressRow {
    /// `hsaId`.
    pub hsa_id: Text,
    /// `beskrivning`.
    pub description: Text,
}

/// Component (*tjänstekomponent*): a system, as consumer, producer or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentRow {
    /// `hsaId`.
    pub hsa_id: Text,
    /// `beskrivning`.
    pub description: Text,
}

/// Endpoint (*anropsadress*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointRow {
    /// `adress`, compared case-sensitively.
    pub url: Text,
    /// Its profile.
    pub profile: Id,
    /// Its component.
    pub component: Id,
}

/// Route (*vägval*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteRow {
    /// Its logical address.
    pub address: Id,
    /// Its contract.
    pub contract: Id,
    /// Its endpoint.
    pub endpoint: Id,
    /// `fromTidpunkt` and `tomTidpunkt`.
    pub validity: Validity,
    /// Which row of the environment's files it came from; 0 = none.
    pub source: u64,
}

/// Permission (*anropsbehörighet*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionRow {
    /// The component that may call (*tjänstekonsument*).
    pub consumer: Id,
    /// The contract.
    pub contract: Id,
    /// The logical address.
    pub address: Id,
    /// `integrationsavtal`.
    pub agreement: Text,
    /// `fromTidpunkt` and `tomTidpunkt`.
    pub validity: Validity,
    /// Which row of the environment's files it came from; 0 = none.
    pub source: u64,
}

/// Filter of a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterRow {
    /// The permission it narrows.
    pub permission: Id,
    /// `servicedomain`.
    pub service_domain: Text,
}

/// Category within a filter (*filterkategorisering*).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryRow {
    /// The filter it narrows.
    pub filter: Id,
    /// `category`.
    pub category: Text,
}

/// The tables, in the order in which additions are published (`tak.md` §3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// RivTaProfil.
    Profile,
    /// Tjanstekontrakt.
    Contract,
    /// Tjanstekomponent.
    Component,
    /// LogiskAdress.
    Address,
    /// AnropsAdress.
    Endpoint,
    /// Vagval.
    Route,
    /// Anropsbehorighet.
    Permission,
    /// Filter.
    Filter,
    /// Filtercategorization.
    Category,
}

impl Kind {
    /// All of them, in order.
    pub const ALL: [Self; 9] = [
        Self::Profile,
        Self::Contract,
        Self::Component,
        Self::Address,
        Self::Endpoint,
        Self::Route,
        Self::Permission,
        Self::Filter,
        Self::Category,
    ];

    /// The table's name in snapshots and exports.
    pub fn section(self) -> &'static str {
        match self {
            Self::Profile => "rivtaprofil",
            Self::Contract => "tjanstekontrakt",
            Self::Component => "tjanstekomponent",
            Self::Address => "logiskadress",
            Self::Endpoint => "anropsadress",
            Self::Route => "vagval",
            Self::Permission => "anropsbehorighet",
            Self::Filter => "filter",
            Self::Category => "filtercategorization",
        }
    }

    /// The table of that name, in any case.
    pub fn of_section(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.section().eq_ignore_ascii_case(name))
    }
}

/// A row of any table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnyRow {
    /// RivTaProfil.
    Profile(Row<ProfileRow>),
    /// Tjanstekontrakt.
    Contract(Row<ContractRow>),
    /// Tjanstekomponent.
    Component(Row<ComponentRow>),
    /// LogiskAdress.
    Address(Row<AddressRow>),
    /// AnropsAdress.
    Endpoint(Row<EndpointRow>),
    /// Vagval.
    Route(Row<RouteRow>),
    /// Anropsbehorighet.
    Permission(Row<PermissionRow>),
    /// Filter.
    Filter(Row<FilterRow>),
    /// Filtercategorization.
    Category(Row<CategoryRow>),
}

/// Runs one expression for whatever table a row is of.
macro_rules! for_any {
    ($row:expr, $name:ident => $do:expr) => {
        match $row {
            AnyRow::Profile($name) => $do,
            AnyRow::Contract($name) => $do,
            AnyRow::Component($name) => $do,
            AnyRow::Address($name) => $do,
            AnyRow::Endpoint($name) => $do,
            AnyRow::Route($name) => $do,
            AnyRow::Permission($name) => $do,
            AnyRow::Filter($name) => $do,
            AnyRow::Category($name) => $do,
        }
    };
}
impl AnyRow {
    /// Its table.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Profile(_) => Kind::Profile,
            Self::Contract(_) => Kind::Contract,
            Self::Component(_) => Kind::Component,
            Self::Address(_) => Kind::Address,
            Self::Endpoint(_) => Kind::Endpoint,
            Self::Route(_) => Kind::Route,
            Self::Permission(_) => Kind::Permission,
            Self::Filter(_) => Kind::Filter,
            Self::Category(_) => Kind::Category,
        }
    }

    /// Its number.
    pub fn id(&self) -> Id {
        for_any!(self, row => row.id)
    }

    /// The version it last changed in; 0 until it is published.
    pub fn published(&self) -> u32 {
        for_any!(self, row => row.published)
    }

    /// Gives a new row its number.
    pub(super) fn number(&mut self, id: Id) {
        for_any!(self, row => row.id = id);
    }

    /// Notes in which version it was published.
    pub(super) fn publish(&mut self, version: u32) {
        for_any!(self, row => row.published = version);
    }
}

/// What a change does to one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The row is new, or says something else than before.
    Put(AnyRow),
    /// The row is gone.
    Drop(Kind, Id),
}

impl Change {
    /// Notes in which version the row was published.
    pub(in crate::catalogue) fn published_in(&mut self, version: u32) {
        if let Self::Put(row) = self {
            row.publish(version);
        }
    }

    /// Forgets in which version the row was published elsewhere.
    pub(in crate::catalogue) fn unpublish(&mut self) {
        if let Self::Put(row) = self {
            row.publish(0);
        }
    }

    /// Which row it concerns.
    pub fn key(&self) -> (Kind, Id) {
        match self {
            Self::Put(row) => (row.kind(), row.id()),
            Self::Drop(kind, id) => (*kind, *id),
        }
    }
}
