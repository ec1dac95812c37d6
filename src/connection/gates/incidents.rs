//! CONN-63 to CONN-67: incidents.

use std::collections::BTreeSet;

use super::{ANSLUTNING, Gate, INKORG, Verdict, complete, filled, holds_if, is_empty};
use crate::connection::dossier::Dossier;
use crate::connection::incident::{Expected, Incident, Severity, expected};
use crate::connection::party::Party;

pub(super) const GATES: &[Gate] = &[
    Gate {
        number: 63,
        text: "wrong recipient, expected <X>",
        inera: false,
        judge: right_recipient,
        sv: "Anmäl incidenten till rätt mottagare.",
        en: "Report the incident to the right recipient.",
        file: ANSLUTNING,
        place: "§10",
    },
    Gate {
        number: 64,
        text: "investigation incomplete",
        inera: false,
        judge: investigated,
        sv: "Utred ursprung, omfattning, spridning, orsaker och konsekvenser innan åtgärd.",
        en: "Investigate origin, extent, spread, causes and consequences before anything is done.",
        file: ANSLUTNING,
        place: "§10",
    },
    Gate {
        number: 65,
        text: "wrong leader",
        inera: false,
        judge: led,
        sv: "Den som tog emot anmälan leder åtgärdandet.",
        en: "Whoever took the report leads the remedy.",
        file: ANSLUTNING,
        place: "§10",
    },
    Gate {
        number: 66,
        text: "party has not closed",
        inera: false,
        judge: closed,
        sv: "Alla inblandade parter avslutar sin del innan incidenten stängs.",
        en: "Every party that is involved closes its part before the incident is closed.",
        file: ANSLUTNING,
        place: "§7.1 a, b",
    },
    Gate {
        number: 67,
        text: "authority report missing",
        inera: false,
        judge: authority,
        sv: "Anmäl det allvarliga tillbudet även till behörig myndighet.",
        en: "Report the serious event to the competent authority as well.",
        file: INKORG,
        place: "§8.1",
    },
];

fn of<'d>(dossier: &Dossier<'d>) -> Option<(&'d Incident, &'d str)> {
    dossier.incident
}

/// Who ought to have been told.
fn rightful(dossier: &Dossier<'_>, incident: &Incident) -> Option<Expected> {
    let reporter = dossier.holdings.parties.get(&incident.report.reporter)?;
    Some(expected(reporter, dossier.party, incident.report.nmi))
}

fn right_recipient(dossier: &Dossier<'_>) -> Verdict {
    let Some((incident, _)) = of(dossier) else { return Verdict::Open };
    let reporter = dossier.holdings.parties.get(&incident.report.reporter);
    reporter.map_or(Verdict::Open, |reporter| recipient(reporter, dossier.party, &incident.report.recipient, incident))
}

/// Whether a report has gone to whom it should.
pub fn recipient(reporter: &Party, owner: &Party, told: &str, incident: &Incident) -> Verdict {
    let expected = expected(reporter, owner, incident.report.nmi);
    match told == expected.party {
        true => Verdict::Holds,
        false => filled(expected.word.to_owned(), vec![expected.party]),
    }
}

fn investigated(dossier: &Dossier<'_>) -> Verdict {
    let Some((incident, _)) = of(dossier) else { return Verdict::Open };
    let lacking = incident.report.investigation.lacking();
    complete(lacking.into_iter().map(|field| format!("investigation.{field}")).collect())
}

fn led(dossier: &Dossier<'_>) -> Verdict {
    let Some((incident, actor)) = of(dossier) else { return Verdict::Open };
    let Some(expected) = rightful(dossier, incident) else { return Verdict::Open };
    // People act for parties under their own names; a party that is named must be the one that leads.
    let other_party = dossier.holdings.parties.contains_key(actor) && actor != expected.party;
    holds_if(incident.leader == expected.party && !other_party, expected.party)
}

fn closed(dossier: &Dossier<'_>) -> Verdict {
    let Some((incident, _)) = of(dossier) else { return Verdict::Open };
    let involved: BTreeSet<&String> = [&incident.report.reporter, &incident.leader].into_iter().collect();
    let open = involved.into_iter().filter(|party| !incident.report.closed_by.contains(party));
    complete(open.cloned().collect())
}

fn authority(dossier: &Dossier<'_>) -> Verdict {
    let Some((incident, _)) = of(dossier) else { return Verdict::Open };
    let report = &incident.report;
    let serious = report.nmi && report.severity == Some(Severity::Serious);
    holds_if(!serious || !is_empty(report.authority_report.as_deref()), "authorityReport")
}
