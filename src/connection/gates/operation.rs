//! CONN-55 to CONN-62: life in operation, and what Inera may do when it goes wrong.

use jiff::ToSpan;

use super::{ANSLUTNING, Gate, INKORG, Verdict, all, complete, filled, holds_if, is_empty};
use crate::connection::document::Metrics;
use crate::connection::dossier::Dossier;
use crate::connection::party::INERA;
use crate::connection::state::CONTINUOUS;

pub(super) const GATES: &[Gate] = &[
    Gate {
        number: 55,
        text: "service level endangered",
        inera: false,
        judge: service_level,
        sv: "Håll anropstakt, fel och svarstider inom tjänstens gränser.",
        en: "Keep call rate, errors and answer times within the service's limits.",
        file: ANSLUTNING,
        place: "§7.1",
    },
    Gate {
        number: 56,
        text: "participation missing",
        inera: false,
        judge: participation,
        sv: "Svara på inbjudningar till Ineras förbättrings-, uppföljnings- och testarbete.",
        en: "Reply to invitations to Inera's improvement, monitoring and test work.",
        file: ANSLUTNING,
        place: "§7.1",
    },
    Gate {
        number: 57,
        text: "subcontractor without owner",
        inera: false,
        judge: subcontractors,
        sv: "Utse en ansvarig hos er för varje underleverantör.",
        en: "Name somebody of yours who answers for each subcontractor.",
        file: ANSLUTNING,
        place: "§7.1",
    },
    Gate {
        number: 58,
        text: "resources missing",
        inera: false,
        judge: resources,
        sv: "Namnge projektets ägare och tekniska ledare.",
        en: "Name the project's owner and technical lead.",
        file: ANSLUTNING,
        place: "§7.1",
    },
    Gate {
        number: 59,
        text: "unannounced change",
        inera: false,
        judge: announced,
        sv: "Anmäl ändringen innan den görs.",
        en: "Announce the change before it is made.",
        file: ANSLUTNING,
        place: "§7.1",
    },
    Gate {
        number: 60,
        text: "measure without cause",
        inera: true,
        judge: cause,
        sv: "En åtgärd kräver en noterad brist: ange en kontroll som inte är uppfylld.",
        en: "A measure needs a recorded failure: name a gate that has failed.",
        file: ANSLUTNING,
        place: "§7.2",
    },
    Gate {
        number: 61,
        text: "RIV-TA violation <rule>",
        inera: false,
        judge: compliance,
        sv: "Rätta trafiken så att den följer RIV-TA och anslutna tjänstekontrakt.",
        en: "Correct the traffic so that it keeps to RIV-TA and the connected contracts.",
        file: ANSLUTNING,
        place: "§7.1",
    },
    Gate {
        number: 62,
        text: "planned stop counted as outage",
        inera: true,
        judge: stops,
        sv: "Inera aviserar planerade stopp i skälig tid.",
        en: "Inera announces planned stops in reasonable time.",
        file: INKORG,
        place: "§9.2",
    },
];

/// What a producer must manage where its service says nothing else (`connection.md` §4, end).
const ANSWER_MS_MAX: u64 = 27_000;
/// Percent of the time.
const AVAILABILITY_MIN: f64 = 99.5;
/// Calls that may end in an error, in percent: what availability leaves.
const ERROR_PERCENT_MAX: f64 = 100.0 - AVAILABILITY_MIN;

fn service_level(dossier: &Dossier<'_>) -> Verdict {
    let shown = dossier.document().evidence.metrics.iter().map(|metrics| ("evidence.metrics", metrics));
    let all = shown.chain([("calls", &dossier.seen.traffic.metrics)]);
    complete(all.flat_map(|(key, metrics)| endangered(dossier, key, metrics)).collect())
}

/// Figures beyond the service's limits.
fn endangered(dossier: &Dossier<'_>, key: &str, metrics: &Metrics) -> Vec<String> {
    let Metrics { calls_per_second, answer_ms, answer_ms_mean, answer_ms_p95, availability, error_percent } = metrics;
    let limits = dossier.profile().map(|profile| profile.limits.clone()).unwrap_or_default();
    let above = |seen: Option<u64>, most: Option<u64>| seen.zip(most).is_some_and(|(seen, most)| seen > most);
    let rate = calls_per_second.zip(limits.calls_per_second_max).is_some_and(|(seen, most)| seen > f64::from(most));
    let least = limits.producer_availability.unwrap_or(AVAILABILITY_MIN);
    let failing = [
        ("callsPerSecond", rate),
        ("answerMs", above(*answer_ms, Some(limits.answer_ms_max.unwrap_or(ANSWER_MS_MAX)))),
        ("answerMsMean", above(*answer_ms_mean, limits.answer_ms_mean_max)),
        ("answerMsP95", above(*answer_ms_p95, limits.answer_ms_p95_max)),
        ("availability", availability.is_some_and(|seen| seen < least)),
        ("errorPercent", error_percent.is_some_and(|seen| seen > ERROR_PERCENT_MAX)),
    ];
    let failing = failing.into_iter().filter(|(_, fails)| *fails);
    failing.map(|(name, _)| format!("{key}.{name}")).collect()
}

fn participation(dossier: &Dossier<'_>) -> Verdict {
    let silent = dossier.party.evidence.activities.iter().filter(|activity| !activity.responded);
    complete(silent.map(|activity| format!("evidence.activities[name={}]", activity.name)).collect())
}

fn subcontractors(dossier: &Dossier<'_>) -> Verdict {
    let all = dossier.party.evidence.subcontractors.iter();
    let without = all.filter(|subcontractor| is_empty(subcontractor.owner.as_deref()));
    complete(without.map(|one| format!("evidence.subcontractors[name={}].owner", one.name)).collect())
}

fn resources(dossier: &Dossier<'_>) -> Verdict {
    let resources = dossier.party.evidence.resources.clone().unwrap_or_default();
    let fields = [("owner", resources.owner), ("technicalLead", resources.technical_lead)];
    let lacking = fields.into_iter().filter(|(_, name)| is_empty(name.as_deref()));
    complete(lacking.map(|(name, _)| format!("evidence.resources.{name}")).collect())
}

fn announced(dossier: &Dossier<'_>) -> Verdict {
    holds_if(!is_empty(dossier.arguments.notice.as_deref()), "notice")
}

/// A failure that was recorded since the connection last went live, or that can be seen now.
fn cause(dossier: &Dossier<'_>) -> Verdict {
    let Some(named) = dossier.arguments.gate.as_deref() else { return holds_if(false, "gate") };
    let progress = &dossier.file.progress;
    let since = dossier.file.entries.iter().filter(|entry| entry.n >= progress.live_since);
    let recorded =
        since.flat_map(|entry| entry.failed.iter().chain(&entry.warnings)).any(|failed| failed.gate == named);
    let seen = || {
        let gate = all().find(|gate| gate.id() == named && CONTINUOUS.contains(&gate.number));
        gate.is_some_and(|gate| matches!(gate.judge(dossier), Verdict::Fails(_)))
    };
    holds_if(recorded || seen(), "gate")
}

fn compliance(dossier: &Dossier<'_>) -> Verdict {
    let (shown, recorded) = (&dossier.document().evidence.violations, &dossier.seen.traffic.violations);
    let missing = shown.iter().map(|rule| format!("evidence.violations[{rule}]"));
    let missing = missing.chain(recorded.iter().map(|rule| format!("calls.violations[{rule}]"))).collect();
    let rules: std::collections::BTreeSet<&str> = shown.iter().chain(recorded).map(String::as_str).collect();
    filled(rules.into_iter().collect::<Vec<_>>().join(", "), missing)
}

fn stops(dossier: &Dossier<'_>) -> Verdict {
    let inera = dossier.holdings.parties.get(INERA);
    let notice = dossier.terms.stop_notice_days;
    let late = inera.iter().flat_map(|inera| &inera.evidence.planned_stops).filter(|stop| {
        let earliest = stop.announced.and_then(|announced| announced.checked_add(notice.days()).ok());
        earliest.is_none_or(|earliest| earliest > stop.from)
    });
    complete(late.map(|stop| format!("plannedStops[from={}].announced", stop.from)).collect())
}
