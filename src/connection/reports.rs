//! Commands about incidents.

use super::book::{Book, Kept, new_id};
use super::dossier::Dossier;
use super::file::Arguments;
use super::gates::{self, Failed};
use super::holdings::Change;
use super::incident::{Incident, IncidentEvent, IncidentState, IncidentStep, Report, expected};
use super::moment::Moment;
use super::papers::check_same_id;
use super::refusal::{Refusal, Refused};
use super::seen::Seen;
use super::state::Event;

impl Kept {
    fn incident(&self, id: &str) -> Result<&Incident, Refusal> {
        let known = self.holdings.incidents.get(id);
        known.ok_or_else(|| Refusal::Unknown { what: "incident", id: id.to_owned() })
    }
}

impl Book {
    /// Takes in a report.
    pub fn add_incident(&self, report: Report) -> Result<Incident, Refusal> {
        let mut kept = self.kept();
        kept.check_room()?;
        let incidents = &kept.holdings.incidents;
        let id = new_id("incident", &report.id, |id| incidents.contains_key(id), incidents.len())?;
        let connection = kept.holdings.connections.get(&report.connection);
        let file = connection
            .ok_or_else(|| Refusal::field("connection", format!("{:?}", report.connection), "a connection's id"))?;
        let owner = kept.party(&file.document.party)?;
        let reporter = kept.named_party("reporter", &report.reporter)?;
        if report.priority.is_some_and(|priority| !(1..=4).contains(&priority)) {
            let given = report.priority.unwrap_or_default();
            return Err(Refusal::field("priority", given, "1 to 4"));
        }
        let leader = expected(reporter, owner, report.nmi).party;
        let now = self.clock.now();
        let at = Some(report.at.unwrap_or(Moment::Instant(now)));
        let state = IncidentState::Reported;
        let mut incident =
            Incident { report: Report { id, at, ..report }, state, leader, warnings: Vec::new(), history: Vec::new() };
        let actor = incident.report.reporter.clone();
        let (failed, _) = self.judge_incident(&kept, &incident, &actor, &[63])?;
        if !failed.is_empty() {
            return Err(refused("report", None, failed));
        }
        incident.warnings = self.watched(&kept, &incident, &actor)?;
        incident.history.push(IncidentStep { state, recorded_at: now, actor, failed: Vec::new() });
        kept.commit(now, vec![Change::Incident(Box::new(incident.clone()))])?;
        Ok(incident)
    }

    /// Says something else of an incident.
    pub fn change_incident(
        &self,
        id: &str,
        change: impl FnOnce(&Report) -> Result<Report, Refusal>,
    ) -> Result<Incident, Refusal> {
        let mut kept = self.kept();
        let known = kept.incident(id)?;
        let report = change(&known.report)?;
        check_same_id(id, &report.id)?;
        let mut incident = Incident { report, ..known.clone() };
        let fixed = &known.report;
        if incident.report.connection != fixed.connection || incident.report.reporter != fixed.reporter {
            return Err(Refusal::Conflict("connection and reporter of an incident never change".to_owned()));
        }
        let actor = incident.leader.clone();
        incident.warnings = self.watched(&kept, &incident, &actor)?;
        kept.commit(self.clock.now(), vec![Change::Incident(Box::new(incident.clone()))])?;
        Ok(incident)
    }

    /// Takes a step with an incident.
    pub fn step_incident(
        &self,
        id: &str,
        event: IncidentEvent,
        actor: Option<String>,
        closed_by: Option<Vec<String>>,
    ) -> Result<Incident, Refusal> {
        let mut kept = self.kept();
        let mut incident = kept.incident(id)?.clone();
        let actor = actor.unwrap_or_else(|| incident.leader.clone());
        for party in closed_by.into_iter().flatten() {
            kept.named_party("closedBy", &party)?;
            if !incident.report.closed_by.contains(&party) {
                incident.report.closed_by.push(party);
            }
        }
        let (failed, _) = self.judge_incident(&kept, &incident, &actor, event.gates())?;
        let illegal = incident.state.allowed() != Some(event);
        let now = self.clock.now();
        if illegal || !failed.is_empty() {
            // A refused step is written down, and what it was given is not taken in.
            let mut unchanged = kept.incident(id)?.clone();
            let state = unchanged.state;
            let history = IncidentStep { state, recorded_at: now, actor, failed: failed.clone() };
            unchanged.history.push(history);
            kept.commit(now, vec![Change::Incident(Box::new(unchanged))])?;
            return Err(refused(event.name(), Some((state, illegal)), failed));
        }
        incident.state = event.to();
        incident.warnings = self.watched(&kept, &incident, &actor)?;
        let state = incident.state;
        incident.history.push(IncidentStep { state, recorded_at: now, actor, failed: Vec::new() });
        kept.commit(now, vec![Change::Incident(Box::new(incident.clone()))])?;
        Ok(incident)
    }

    /// What is to be seen to, and refuses nothing yet.
    fn watched(&self, kept: &Kept, incident: &Incident, actor: &str) -> Result<Vec<Failed>, Refusal> {
        let (failed, _) = self.judge_incident(kept, incident, actor, &[67])?;
        Ok(failed.into_iter().map(|failed| Failed { blocking: false, ..failed }).collect())
    }

    fn judge_incident(
        &self,
        kept: &Kept,
        incident: &Incident,
        actor: &str,
        numbers: &[u8],
    ) -> Result<(Vec<Failed>, Vec<Failed>), Refusal> {
        let file = kept.connection(&incident.report.connection)?;
        let now = self.clock.now();
        let dossier = Dossier {
            holdings: &kept.holdings,
            services: &self.services,
            platforms: &*self.platforms,
            terms: &self.terms,
            file,
            party: kept.party(&file.document.party)?,
            event: Event::Check,
            arguments: &Arguments::default(),
            day: Moment::Instant(now).day(),
            now,
            seen: &Seen::default(),
            incident: Some((incident, actor)),
        };
        Ok(gates::judge(&dossier, numbers, true))
    }
}

fn refused(event: &str, stands: Option<(IncidentState, bool)>, failed: Vec<Failed>) -> Refusal {
    let allowed = stands.and_then(|(state, _)| state.allowed());
    Refusal::Gates(Box::new(Refused {
        event: event.to_owned(),
        state: stands.map_or_else(String::new, |(state, _)| state.name().to_owned()),
        allowed: allowed.into_iter().map(|event| event.name().to_owned()).collect(),
        failed,
        warnings: Vec::new(),
        illegal: stands.is_some_and(|(_, illegal)| illegal),
    }))
}
