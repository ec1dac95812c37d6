//! A party (*part*) and its papers: who it is, whom one reaches, which caregivers use its system, what that system is.
//!
//! Everything here is as the party has written it; whether it suffices is for the gates to say.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::category::Category;

/// The party that operates the platform; there from the start.
pub const INERA: &str = "inera";

/// An organisation that has something to do with a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Party {
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// Its name.
    pub name: String,
    /// Organisation number, ten digits.
    #[serde(default)]
    pub orgnr: String,
    /// What kind of organisation; none for Inera itself.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub category: Option<Category>,
    /// How it is connected.
    #[serde(default)]
    pub route: Route,
    /// Its Agent, where the route is one.
    #[serde(default)]
    pub agent: Option<String>,
    /// Whether caregivers use its system (*indirekt anslutna vårdgivare*).
    #[serde(default)]
    pub has_indirect: bool,
    /// Its own addresses beside those that begin with its organisation number.
    #[serde(default)]
    pub logical_addresses: Vec<String>,
    /// Services for which it has an individual exception.
    #[serde(default)]
    pub exceptions: Vec<String>,
    /// Boards of a municipality (*nämnder*).
    #[serde(default)]
    pub boards: Vec<Board>,
    /// What it has shown of itself.
    #[serde(default)]
    pub evidence: PartyEvidence,
}

impl Party {
    /// Whether an address is the party's own.
    pub fn owns(&self, address: &str) -> bool {
        let by_number = !self.orgnr.is_empty()
            && address
                .get(..2)
                .filter(|country| country.eq_ignore_ascii_case("SE"))
                .and_then(|_| address.get(2..)?.strip_prefix(self.orgnr.as_str()))
                .is_some_and(|rest| rest.starts_with('-'));
        by_number || self.logical_addresses.iter().any(|own| own.eq_ignore_ascii_case(address))
    }

    /// Whether it brokers services for others.
    pub fn is_agent(&self) -> bool {
        self.category == Some(Category::Agent)
    }
}

/// How a party is connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Route {
    /// With a system of its own.
    #[default]
    Direct,
    /// Through an Agent's system (*slutkund*).
    Agent,
}

/// A board of a municipality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Board {
    /// Its name.
    pub name: String,
    /// Whether it stands on its own (*självständig nämnd*).
    #[serde(default)]
    pub independent: bool,
}

/// What a party has shown of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PartyEvidence {
    /// Processes it has: incident, problem, change, deploy, operation, configuration, test.
    pub processes: Vec<String>,
    /// How residents and staff get help with its systems.
    pub support: Option<String>,
    /// Who is named for the project.
    pub resources: Option<Resources>,
    /// Who works for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subcontractors: Vec<Subcontractor>,
    /// What Inera has invited it to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub activities: Vec<Activity>,
    /// Inera alone: who handles data for it (*personuppgiftsunderbiträden*).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subprocessors: Vec<Subprocessor>,
    /// Inera alone: stops it has planned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub planned_stops: Vec<PlannedStop>,
}

/// Named people of a connection project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Resources {
    /// Who owns it.
    pub owner: Option<String>,
    /// Who leads the technical work.
    pub technical_lead: Option<String>,
}

/// A subcontractor (*underleverantör*).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subcontractor {
    /// Its name.
    pub name: String,
    /// Who at the party answers for it.
    #[serde(default)]
    pub owner: Option<String>,
}

/// Something Inera invited to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Activity {
    /// What.
    pub name: String,
    /// Whether there was a reply.
    #[serde(default)]
    pub responded: bool,
}

/// Somebody who handles data for Inera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subprocessor {
    /// Its name.
    pub name: String,
    /// Whether the data are personal.
    #[serde(default)]
    pub personal_data: bool,
    /// When Modellavtal 3 or PuB-avtal 3 was signed.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub agreement3: Option<Date>,
}

/// A stop that was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedStop {
    /// When it was announced.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub announced: Option<Date>,
    /// When it begins.
    #[cfg_attr(test, schema(value_type = String))]
    pub from: Date,
}

/// What a contact answers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContactRole {
    /// Commercially and technically (*affärsmässigt och tekniskt ansvarig*).
    CommTech,
    /// Operation (*operativt ansvarig*).
    Oper,
    /// One service (*tjänstens kontaktperson*).
    Service,
}

impl ContactRole {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::CommTech => "COMM_TECH",
            Self::Oper => "OPER",
            Self::Service => "SERVICE",
        }
    }
}

/// Somebody who can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contact {
    /// For what.
    pub role: ContactRole,
    /// Who.
    #[serde(default)]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// Telephone.
    #[serde(default)]
    pub phone: Option<String>,
    /// For which service; none = every one.
    #[serde(default)]
    pub service: Option<String>,
    /// First day; none = ever.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub from: Option<Date>,
    /// Last day; none = without end.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub to: Option<Date>,
}

/// The written list of indirectly connected caregivers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CaregiverList {
    /// Which list this is; counted by the platform.
    pub version: u32,
    /// When Inera got it.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub delivered_at: Option<Date>,
    /// When what it tells of last changed.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Date>,
    /// One row a caregiver.
    pub rows: Vec<Caregiver>,
}

/// A caregiver that uses the party's system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Caregiver {
    /// Organisation number.
    pub orgnr: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// HSA-id.
    pub hsa_id: Option<String>,
    /// Postal address.
    pub address: Option<String>,
    /// Services it uses.
    pub services: Vec<String>,
    /// Its logical addresses.
    pub logical_addresses: Vec<String>,
    /// Contracts it is reached by.
    pub contracts: Vec<String>,
    /// Where its data lie.
    pub source_system: Option<String>,
    /// Whether the party handles its data.
    pub data_handled: Option<bool>,
    /// When Modellavtal 2 or PuB-avtal 2 was signed with it.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub type2_agreement: Option<Date>,
}

/// A system of the party (*tjänstekomponent*).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Component {
    /// Its HSA-id.
    pub hsa_id: String,
    /// What it is.
    pub description: Option<String>,
    /// Whose it is.
    pub organisation: Option<String>,
    /// Where it calls from.
    pub ip: Option<String>,
    /// Where it says that it is up.
    pub ping_url: Option<String>,
    /// Who answers for it (*tjänstekomponentansvarig*).
    pub owner: Option<String>,
    /// Who knows it (*teknisk kontakt*).
    pub technical_contact: Option<TechnicalContact>,
    /// Shared mailbox (*funktionsbrevlåda*).
    pub mailbox: Option<String>,
    /// Version that is in use.
    pub version: Option<String>,
    /// Its function certificate.
    pub certificate: Option<Certificate>,
}

/// Who knows a system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TechnicalContact {
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// A function certificate (*funktionscertifikat*).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Certificate {
    /// The HSA-id in its subject.
    pub hsa_id: Option<String>,
    /// Last day.
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub not_after: Option<Date>,
    /// Versions of TLS that the system speaks.
    pub tls: Vec<String>,
}

/// An Agent's right to broker a service (*Agentuppdrag*).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Assignment {
    /// The service.
    pub service: String,
    /// First day.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub from: Option<Date>,
    /// Customers that tried it first.
    #[serde(default)]
    pub pilots: Vec<String>,
}

/// What Inera brings along from the start: itself, and people who can be reached.
pub fn inera() -> (Party, Vec<Contact>) {
    let party = Party {
        id: INERA.to_owned(),
        name: "Inera AB".to_owned(),
        orgnr: "5565594230".to_owned(),
        category: None,
        route: Route::Direct,
        agent: None,
        has_indirect: false,
        logical_addresses: Vec::new(),
        exceptions: Vec::new(),
        boards: Vec::new(),
        evidence: PartyEvidence::default(),
    };
    let contact = |role, name: &str, mailbox: &str| Contact {
        role,
        name: Some(name.to_owned()),
        email: Some(format!("{mailbox}@example.org")),
        phone: Some("+46850000000".to_owned()),
        service: None,
        from: None,
        to: None,
    };
    let contacts = vec![
        contact(ContactRole::CommTech, "Anslutningsansvarig", "anslutning"),
        contact(ContactRole::Oper, "Driftansvarig", "drift"),
        contact(ContactRole::Service, "Tjänsteansvarig", "tjanst"),
    ];
    (party, contacts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_addresses_are_those_listed_and_those_of_the_organisation() {
        let (party, _) = inera();
        for (address, owned) in [
            ("SE5565594230-1000", true),
            ("se5565594230-B02", true),
            ("SE5565594230", false),
            ("SE55655942301-1", false),
            ("SE2321000016-1000", false),
            ("", false),
            ("é", false),
        ] {
            assert_eq!(party.owns(address), owned, "{address}");
        }
        let other = Party { logical_addresses: vec!["14".to_owned()], ..party };
        assert!(other.owns("14") && !other.owns("15"));
    }
}
