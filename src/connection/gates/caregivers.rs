//! CONN-17 to CONN-22: the written list of caregivers that use the party's system.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::{ANSLUTNING, Gate, INKORG, PUB, Verdict, complete, filled, holds_if, is_empty};
use crate::connection::dossier::Dossier;
use crate::connection::party::{Caregiver, CaregiverList};

pub(super) const GATES: &[Gate] = &[
    Gate {
        number: 17,
        text: "caregiver list missing/late",
        inera: false,
        judge: delivered,
        sv: "Lämna den skriftliga förteckningen över indirekt anslutna vårdgivare i god tid före start.",
        en: "Hand in the written list of indirectly connected caregivers in good time before the start.",
        file: ANSLUTNING,
        place: "§4.2",
    },
    Gate {
        number: 18,
        text: "incomplete row <n>: <field>",
        inera: false,
        judge: rows_complete,
        sv: "Fyll i varje fält i varje rad av förteckningen.",
        en: "Fill in every field of every row of the list.",
        file: ANSLUTNING,
        place: "§4.2",
    },
    Gate {
        number: 19,
        text: "caregiver list stale",
        inera: false,
        judge: current,
        sv: "Lämna en ny version av förteckningen skyndsamt efter varje ändring.",
        en: "Hand in a new version of the list promptly after every change.",
        file: ANSLUTNING,
        place: "§4.2",
    },
    Gate {
        number: 20,
        text: "unlisted caregiver <hsaId>",
        inera: false,
        judge: listed,
        sv: "Ta upp varje annan organisations logiska adresser i förteckningen, eller ta bort dem ur beställningen.",
        en: "List every other organisation's logical addresses, or take them out of the order.",
        file: ANSLUTNING,
        place: "§4.2",
    },
    Gate {
        number: 21,
        text: "type 2 / service information missing",
        inera: false,
        judge: told,
        sv: "Ange i förteckningen vilka som tecknat avtal typ 2 och vilka tjänster var och en använder.",
        en: "State in the list who has signed an agreement of type 2, and which services each uses.",
        file: PUB,
        place: "item 2",
    },
    Gate {
        number: 22,
        text: "indirect caregiver duty not acknowledged",
        inera: false,
        judge: duty,
        sv: "Bekräfta tjänstens krav i fråga om indirekt anslutna vårdgivare.",
        en: "Acknowledge the service's duties concerning indirectly connected caregivers.",
        file: INKORG,
        place: "§6",
    },
];

fn list<'d>(dossier: &Dossier<'d>) -> Option<&'d CaregiverList> {
    dossier.holdings.caregivers.get(&dossier.party.id)
}

fn rows<'d>(dossier: &Dossier<'d>) -> &'d [Caregiver] {
    list(dossier).map_or(&[], |list| &list.rows)
}

fn delivered(dossier: &Dossier<'_>) -> Verdict {
    if !dossier.party.has_indirect {
        return Verdict::Holds;
    }
    let Some(list) = list(dossier).filter(|list| !list.rows.is_empty()) else {
        return holds_if(false, "caregivers.rows");
    };
    let start = dossier.document().start.unwrap_or(dossier.day);
    let in_time = list.delivered_at.and_then(|on| on.checked_add(dossier.terms.caregiver_lead_days.days()).ok());
    holds_if(in_time.is_some_and(|earliest| earliest <= start), "caregivers.deliveredAt")
}

fn rows_complete(dossier: &Dossier<'_>) -> Verdict {
    let (mut fills, mut missing) = (Vec::new(), Vec::new());
    for (row, number) in rows(dossier).iter().zip(1..) {
        let fields = lacking(row);
        if !fields.is_empty() {
            fills.push(format!("{number}: {}", fields.join(", ")));
            missing.extend(fields.iter().map(|field| format!("caregivers.rows[{number}].{field}")));
        }
    }
    filled(fills.join("; "), missing)
}

/// Names of fields that are empty.
fn lacking(row: &Caregiver) -> Vec<&'static str> {
    let text = |text: &Option<String>| is_empty(text.as_deref());
    let list = |list: &[String]| list.iter().all(|text| text.trim().is_empty());
    [
        ("name", text(&row.name)),
        ("orgnr", text(&row.orgnr)),
        ("hsaId", text(&row.hsa_id)),
        ("address", text(&row.address)),
        ("services", list(&row.services)),
        ("logicalAddresses", list(&row.logical_addresses)),
        ("sourceSystem", text(&row.source_system)),
        ("contracts", list(&row.contracts)),
    ]
    .into_iter()
    .filter_map(|(name, is_lacking)| is_lacking.then_some(name))
    .collect()
}

fn current(dossier: &Dossier<'_>) -> Verdict {
    let Some(list) = list(dossier) else { return Verdict::Holds };
    let Some(changed) = list.changed_at else { return Verdict::Holds };
    let told = list.delivered_at.is_some_and(|delivered| delivered >= changed);
    let in_time = told || within_working_days(changed, dossier.day, dossier.terms.caregiver_change_days);
    holds_if(in_time, "caregivers.deliveredAt")
}

/// Whether a day comes at most so many working days after another. Public holidays count as working days.
fn within_working_days(from: Date, to: Date, days_max: u32) -> bool {
    let (mut day, mut left) = (from, days_max);
    while day < to {
        let Ok(next) = day.tomorrow() else { break };
        day = next;
        if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            continue;
        }
        match left.checked_sub(1) {
            Some(fewer) => left = fewer,
            None => return false,
        }
    }
    true
}

fn listed(dossier: &Dossier<'_>) -> Verdict {
    let unlisted = dossier.unlisted();
    filled(unlisted.join(", "), unlisted)
}

fn told(dossier: &Dossier<'_>) -> Verdict {
    let mut missing = Vec::new();
    for (row, number) in rows(dossier).iter().zip(1..) {
        let field = |name: &str| format!("caregivers.rows[{number}].{name}");
        if row.services.is_empty() {
            missing.push(field("services"));
        }
        match row.data_handled {
            None => missing.push(field("dataHandled")),
            Some(true) if row.type2_agreement.is_none() => missing.push(field("type2Agreement")),
            Some(_) => {}
        }
    }
    complete(missing)
}

fn duty(dossier: &Dossier<'_>) -> Verdict {
    match dossier.profile().and_then(|profile| profile.indirect_duty.get()) {
        None => Verdict::Open,
        Some(false) => Verdict::Holds,
        Some(true) => holds_if(dossier.document().evidence.indirect_duty == Some(true), "evidence.indirectDuty"),
    }
}
