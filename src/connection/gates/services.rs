//! CONN-23 to CONN-29: the order of a service, what it needs besides, and what it may be used for.

use std::collections::BTreeSet;

use super::{ANSLUTNING, CHANGES_2020, Gate, INKORG, Verdict, complete, filled, holds_if, is_empty};
use crate::connection::document::{Line, Role};
use crate::connection::dossier::Dossier;
use crate::connection::order::OrderType;
use crate::connection::services::profile::Lifecycle;
use crate::connection::state::{Event, State};

/// The service whose data must not be shown in the overview of patients.
const SVEVAC: &str = "svevac";
/// That overview.
const NPO: &str = "npo";

pub(super) const GATES: &[Gate] = &[
    Gate {
        number: 23,
        text: "dependency <X> not ordered/connected",
        inera: false,
        judge: dependencies,
        sv: "Beställ och anslut de tjänster som tjänsten förutsätter.",
        en: "Order and connect the services that this one presupposes.",
        file: INKORG,
        place: "§5.4, §8.1",
    },
    Gate {
        number: 24,
        text: "use outside intended purpose",
        inera: false,
        judge: purpose,
        sv: "Ange ett av tjänstens avsedda ändamål och följ dess riktlinjer.",
        en: "State one of the service's intended purposes, and follow its guidelines.",
        file: INKORG,
        place: "§5.3, §8.1",
    },
    Gate {
        number: 25,
        text: "manual backup routine missing",
        inera: false,
        judge: backup,
        sv: "Beskriv den manuella reservrutinen vid avbrott.",
        en: "Describe what is done by hand during an outage.",
        file: INKORG,
        place: "§8.1",
    },
    Gate {
        number: 26,
        text: "security service <X> not connected",
        inera: false,
        judge: security,
        sv: "Anslut de säkerhetstjänster som behövs.",
        en: "Connect the security services that are needed.",
        file: INKORG,
        place: "§8.1",
    },
    Gate {
        number: 27,
        text: "supplementary order required",
        inera: false,
        judge: supplementary,
        sv: "Gör en tilläggsbeställning innan omfattningen ändras.",
        en: "Make a supplementary order before the scope is changed.",
        file: ANSLUTNING,
        place: "§8",
    },
    Gate {
        number: 28,
        text: "service is being decommissioned",
        inera: false,
        judge: orderable,
        sv: "Tjänsten är under avveckling och tar inte emot nya kunder.",
        en: "The service is being decommissioned and takes no new customers.",
        file: CHANGES_2020,
        place: "Svevac",
    },
    Gate {
        number: 29,
        text: "Svevac data must not be exposed in NPÖ",
        inera: false,
        judge: svevac,
        sv: "Ta bort Svevac som källa ur beställningen för NPÖ.",
        en: "Take Svevac out of the order for NPÖ as a source.",
        file: CHANGES_2020,
        place: "2 April 2020",
    },
];

fn dependencies(dossier: &Dossier<'_>) -> Verdict {
    if dossier.profile().is_none() {
        return Verdict::Open;
    }
    // An order needs the others ordered; going live needs them there.
    let is_there = |service: &&str| match dossier.event {
        Event::GoLive => dossier.connected(service),
        _ => dossier.ordered(service) || dossier.connected(service),
    };
    let needed = dossier.services.needs(&dossier.document().service, dossier.day);
    let missing: Vec<String> = needed.into_iter().filter(|id| !is_there(id)).map(str::to_owned).collect();
    filled(missing.join(", "), missing)
}

fn purpose(dossier: &Dossier<'_>) -> Verdict {
    let Some(profile) = dossier.profile() else { return Verdict::Open };
    let document = dossier.document();
    let mut missing = Vec::new();
    if !document.purpose.as_ref().is_some_and(|purpose| profile.purposes.contains(purpose)) {
        missing.push("purpose".to_owned());
    }
    if document.evidence.guidelines == Some(false) {
        missing.push("evidence.guidelines".to_owned());
    }
    complete(missing)
}

fn backup(dossier: &Dossier<'_>) -> Verdict {
    holds_if(!is_empty(dossier.document().evidence.backup_plan.as_deref()), "evidence.backupPlan")
}

fn security(dossier: &Dossier<'_>) -> Verdict {
    let Some(profile) = dossier.profile() else { return Verdict::Open };
    let Some(needed) = profile.security_services.known() else { return Verdict::Open };
    let missing: Vec<String> = needed.iter().filter(|service| !dossier.connected(service)).cloned().collect();
    filled(missing.join(", "), missing)
}

/// What a line is about, whatever technical form it has.
fn scope<'l>(lines: impl Iterator<Item = &'l Line>) -> BTreeSet<(&'l str, &'l str, Option<Role>)> {
    let text = |text: &'l Option<String>| text.as_deref().unwrap_or_default();
    lines.map(|line| (text(&line.contract), text(&line.logical_address), line.role)).collect()
}

/// Whether something else is ordered of production than what is published there.
pub fn changes_scope(dossier: &Dossier<'_>) -> bool {
    let published = dossier.production().and_then(|production| dossier.file.progress.published.get(&production));
    published.is_some_and(|lines| scope(lines.iter()) != scope(dossier.production_lines().into_iter()))
}

fn supplementary(dossier: &Dossier<'_>) -> Verdict {
    let progress = &dossier.file.progress;
    if !changes_scope(dossier) {
        return Verdict::Holds;
    }
    let orders = dossier.holdings.orders_of(&dossier.party.id, &dossier.document().service);
    let supplementary = orders.filter(|order| order.kind == OrderType::Supplementary && order.is_ordered()).count();
    holds_if(supplementary > progress.orders_used, "orders[type=supplementary]")
}

fn orderable(dossier: &Dossier<'_>) -> Verdict {
    let document = dossier.document();
    let lifecycle = dossier.profile().and_then(|profile| profile.lifecycle.get());
    let is_customer = dossier.connected(&document.service)
        || dossier.holdings.connections.values().any(|file| {
            file.document.party == document.party
                && file.document.service == document.service
                && matches!(file.progress.state, State::Live | State::Changing | State::Suspended)
        });
    match lifecycle {
        None => Verdict::Open,
        Some(Lifecycle::Active) => Verdict::Holds,
        Some(Lifecycle::Decommissioning) => {
            holds_if(is_customer, format!("services[id={}].lifecycle", document.service))
        }
        Some(Lifecycle::Closed) => holds_if(false, format!("services[id={}].lifecycle", document.service)),
    }
}

fn svevac(dossier: &Dossier<'_>) -> Verdict {
    let document = dossier.document();
    if document.service != NPO {
        return Verdict::Holds;
    }
    // Whatever is a system of somebody's connection to Svevac, and what says so of itself.
    let systems: BTreeSet<&str> = dossier
        .holdings
        .connections
        .values()
        .filter(|file| file.document.service == SVEVAC)
        .flat_map(|file| {
            let ids = file.document.lines.iter().filter_map(|line| line.hsa_id.as_deref());
            ids.chain([file.document.component.as_str()])
        })
        .filter(|id| !id.is_empty())
        .collect();
    let names_it = |text: &Option<String>| {
        text.as_deref().is_some_and(|text| systems.contains(text) || text.to_lowercase().contains(SVEVAC))
    };
    let is_svevac = |line: &Line| {
        line.role == Some(Role::Producer)
            && (names_it(&line.hsa_id) || names_it(&line.url) || names_it(&line.logical_address))
    };
    let lines = document.lines.iter().zip(1..).filter(|(line, _)| is_svevac(line));
    complete(lines.map(|(_, number)| format!("lines[{number}]")).collect())
}
