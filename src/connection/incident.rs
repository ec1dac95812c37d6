//! Incidents (*incidenter*, `connection.md` §3.4 and §5): who is told, who leads, and what must be known before anybody acts.

use serde::{Deserialize, Serialize};

use super::gates::Failed;
use super::moment::Moment;
use super::party::{INERA, Party, Route};

/// How grave a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub enum Class {
    /// Kritisk.
    Kritisk,
    /// Hög.
    #[serde(rename = "Hög")]
    Hog,
    /// Medel.
    Medel,
    /// Låg.
    #[serde(rename = "Låg")]
    Lag,
}

/// How an adverse event in a medical system was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Tillbud.
    Minor,
    /// Allvarligt tillbud.
    Serious,
}

/// What an investigation has found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Investigation {
    /// Ursprung.
    pub origin: Option<String>,
    /// Omfattning.
    pub extent: Option<String>,
    /// Spridning.
    pub spread: Option<String>,
    /// Orsaker.
    pub causes: Option<String>,
    /// Konsekvenser.
    pub consequences: Option<String>,
}

impl Investigation {
    /// Names of fields that are empty.
    pub fn lacking(&self) -> Vec<&'static str> {
        let fields = [
            ("origin", &self.origin),
            ("extent", &self.extent),
            ("spread", &self.spread),
            ("causes", &self.causes),
            ("consequences", &self.consequences),
        ];
        let empty = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
        fields.into_iter().filter(|(_, text)| empty(text)).map(|(name, _)| name).collect()
    }
}

/// How far an incident has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IncidentState {
    /// Told.
    #[default]
    Reported,
    /// Looked into.
    Investigating,
    /// Acted on.
    Action,
    /// Mended.
    Resolved,
    /// Over for everybody.
    Closed,
}

impl IncidentState {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reported => "REPORTED",
            Self::Investigating => "INVESTIGATING",
            Self::Action => "ACTION",
            Self::Resolved => "RESOLVED",
            Self::Closed => "CLOSED",
        }
    }

    /// The one step that leads on.
    pub fn allowed(self) -> Option<IncidentEvent> {
        MOVES.iter().find(|(from, ..)| *from == self).map(|(_, event, _)| *event)
    }
}

/// A step of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum IncidentEvent {
    /// It is looked into.
    Investigate,
    /// What was found is acted on.
    Act,
    /// It is mended.
    Resolve,
    /// It is over.
    Close,
}

impl IncidentEvent {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Investigate => "investigate",
            Self::Act => "act",
            Self::Resolve => "resolve",
            Self::Close => "close",
        }
    }

    /// The gates that guard it, by number.
    pub fn gates(self) -> &'static [u8] {
        match self {
            Self::Investigate | Self::Resolve => &[],
            Self::Act => &[64, 65, 67],
            Self::Close => &[66],
        }
    }

    /// Where it leads.
    pub fn to(self) -> IncidentState {
        MOVES.iter().find(|(_, event, _)| *event == self).map_or(IncidentState::Closed, |(.., to)| *to)
    }
}

/// The table: from, by, to.
const MOVES: [(IncidentState, IncidentEvent, IncidentState); 4] = [
    (IncidentState::Reported, IncidentEvent::Investigate, IncidentState::Investigating),
    (IncidentState::Investigating, IncidentEvent::Act, IncidentState::Action),
    (IncidentState::Action, IncidentEvent::Resolve, IncidentState::Resolved),
    (IncidentState::Resolved, IncidentEvent::Close, IncidentState::Closed),
];

/// An incident as it is reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// Which connection it concerns.
    pub connection: String,
    /// Who reports it.
    pub reporter: String,
    /// To whom.
    pub recipient: String,
    /// How grave it is.
    #[serde(default)]
    pub class: Option<Class>,
    /// 1 to 4.
    #[serde(default)]
    pub priority: Option<u8>,
    /// What happened.
    #[serde(default)]
    pub description: Option<String>,
    /// The reporter's own number for it (*ärendenummer*).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_number: Option<String>,
    /// When.
    #[serde(default)]
    #[cfg_attr(test, schema(value_type = Option<String>))]
    pub at: Option<Moment>,
    /// Whether it is an adverse event in a national medical information system.
    #[serde(default)]
    pub nmi: bool,
    /// How grave that was.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// What the competent authority was told.
    #[serde(default)]
    pub authority_report: Option<String>,
    /// What was found.
    #[serde(default)]
    pub investigation: Investigation,
    /// Who has closed his part.
    #[serde(default)]
    pub closed_by: Vec<String>,
}

/// An incident as the platform keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// As it was reported.
    #[serde(flatten)]
    pub report: Report,
    /// How far it has come.
    pub state: IncidentState,
    /// Who investigates and leads: a party.
    pub leader: String,
    /// Gates that failed at the last step and refused nothing.
    pub warnings: Vec<Failed>,
    /// Every step.
    pub history: Vec<IncidentStep>,
}

/// One step of an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct IncidentStep {
    /// Where it leads.
    pub state: IncidentState,
    /// When the platform was told.
    #[cfg_attr(test, schema(value_type = String))]
    pub recorded_at: jiff::Timestamp,
    /// Who.
    pub actor: String,
    /// Gates that refused it.
    pub failed: Vec<Failed>,
}

/// Who is to be told and leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// As the refusal names it.
    pub word: &'static str,
    /// The party.
    pub party: String,
}

/// Who is to be told of what a reporter has found in a connection of `owner` (`connection.md` §5), and leads.
pub fn expected(reporter: &Party, owner: &Party, nmi: bool) -> Expected {
    let agent_of = |party: &Party| party.agent.clone().filter(|_| party.route == Route::Agent);
    let inera = Expected { word: "Inera", party: INERA.to_owned() };
    if nmi {
        // Whoever uses a medical system tells its manufacturer, without a detour.
        return inera;
    }
    let through = |agent| Expected { word: "Agent", party: agent };
    if reporter.id == INERA {
        return match agent_of(owner) {
            Some(agent) => through(agent),
            None if owner.is_agent() => through(owner.id.clone()),
            None => Expected { word: "Kund", party: owner.id.clone() },
        };
    }
    agent_of(reporter).map_or(inera, through)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::category::Category;
    use crate::connection::party;

    #[test]
    fn every_row_of_the_routing_table() {
        let (inera, _) = party::inera();
        let kund = Party { id: "kund".to_owned(), category: Some(Category::Region), ..inera.clone() };
        let agent = Party { id: "agenten".to_owned(), category: Some(Category::Agent), ..inera.clone() };
        let slutkund =
            Party { id: "slutkund".to_owned(), route: Route::Agent, agent: Some("agenten".to_owned()), ..kund.clone() };
        for (reporter, owner, nmi, word, leader) in [
            (&kund, &kund, false, "Inera", "inera"),
            (&agent, &agent, false, "Inera", "inera"),
            (&slutkund, &slutkund, false, "Agent", "agenten"),
            (&inera, &kund, false, "Kund", "kund"),
            (&inera, &slutkund, false, "Agent", "agenten"),
            (&inera, &agent, false, "Agent", "agenten"),
            (&slutkund, &slutkund, true, "Inera", "inera"),
            (&kund, &kund, true, "Inera", "inera"),
        ] {
            let expected = expected(reporter, owner, nmi);
            assert_eq!((expected.word, expected.party.as_str()), (word, leader), "{} {nmi}", reporter.id);
        }
    }

    #[test]
    fn an_incident_goes_one_way() {
        let mut state = IncidentState::Reported;
        let mut seen = vec![state.name()];
        while let Some(event) = state.allowed() {
            state = event.to();
            seen.push(state.name());
        }
        assert_eq!(seen, ["REPORTED", "INVESTIGATING", "ACTION", "RESOLVED", "CLOSED"]);
    }
}
