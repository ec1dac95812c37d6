//! CONN-01 to CONN-11: agreements, processors, and who may order at all.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{ANSLUTNING, Gate, INKORG, PUB, PUBLIC, Verdict, complete, filled, holds_if};
use crate::connection::agreement::AgreementType;
use crate::connection::category::Category;
use crate::connection::dossier::Dossier;
use crate::connection::holdings::{Holdings, Operator};
use crate::connection::party::{INERA, Route};
use crate::connection::services::profile::{Dpa, ServiceProfile};

/// Customers that must have tried an Agent's system first.
const PILOTS_MIN: usize = 2;

pub(super) const GATES: &[Gate] = &[
    Gate {
        number: 1,
        text: "no active Kundavtal/Agentavtal",
        inera: false,
        judge: basic_agreement,
        sv: "Teckna Kundavtal med Inera; en Agent tecknar Agentavtal.",
        en: "Sign a Kundavtal with Inera; an Agent signs an Agentavtal.",
        file: ANSLUTNING,
        place: "§1.1",
    },
    Gate {
        number: 2,
        text: "service not covered by agreement",
        inera: false,
        judge: service_agreement,
        sv: "Teckna tjänstens beskrivning och tjänstespecifika villkor; de ska gälla den dag tjänsten beställs.",
        en: "Sign the service's description and specific terms; they must be in force the day the service is ordered.",
        file: ANSLUTNING,
        place: "§6.1",
    },
    Gate {
        number: 3,
        text: "Modellavtal 1 missing",
        inera: false,
        judge: model_agreement_1,
        sv: "Teckna Modellavtal 1 med Inera; med Kundavtal 2 behövs det inte.",
        en: "Sign Modellavtal 1 with Inera; under Kundavtal 2 it is not needed.",
        file: PUB,
        place: "Modellavtal 1 / PuB-avtal 1",
    },
    Gate {
        number: 4,
        text: "type 2 agreement missing for <org>",
        inera: false,
        judge: type_2,
        sv: "Teckna Modellavtal 2 eller PuB-avtal 2 med varje indirekt ansluten vårdgivare vars uppgifter ni behandlar.",
        en: "Sign Modellavtal 2 or PuB-avtal 2 with every indirectly connected caregiver whose data you handle.",
        file: PUB,
        place: "Modellavtal 2 / PuB-avtal 2",
    },
    Gate {
        number: 5,
        text: "fullmakt missing for <board>",
        inera: false,
        judge: boards,
        sv: "Hämta in fullmakt från varje självständig nämnd.",
        en: "Get a fullmakt from every independent board.",
        file: PUB,
        place: "fullmakt",
    },
    Gate {
        number: 6,
        text: "sub-processor without agreement 3",
        inera: true,
        judge: subprocessors,
        sv: "Inera tecknar Modellavtal 3 eller PuB-avtal 3 med sina underbiträden.",
        en: "Inera signs Modellavtal 3 or PuB-avtal 3 with its sub-processors.",
        file: PUB,
        place: "item 3",
    },
    Gate {
        number: 7,
        text: "SKR processor agreement missing",
        inera: false,
        judge: skr,
        sv: "Anta SKR-koncernens personuppgiftsbiträdesavtal för tjänsten.",
        en: "Enter into SKR-koncernens personuppgiftsbiträdesavtal for the service.",
        file: INKORG,
        place: "§6",
    },
    Gate {
        number: 8,
        text: "agent not authorised for <service>",
        inera: false,
        judge: agent,
        sv: "Agenten behöver Agentavtal, Agentuppdrag för tjänsten, två pilotkunder och biträdesavtal med kunden.",
        en: "The Agent needs an Agentavtal, an assignment for the service, two pilot customers and a processor \
             agreement with the customer.",
        file: PUBLIC,
        place: "Inera's pages for Agents",
    },
    Gate {
        number: 9,
        text: "end customer lacks Kundavtal for <service>",
        inera: false,
        judge: end_customer,
        sv: "Slutkunden tecknar eget Kundavtal för tjänsten.",
        en: "The end customer signs its own Kundavtal for the service.",
        file: PUBLIC,
        place: "Inera's pages for Agents",
    },
    Gate {
        number: 10,
        text: "organisation not eligible",
        inera: false,
        judge: eligible,
        sv: "Tjänsten är inte öppen för er kundkategori; begär ett individuellt undantag eller välj en annan tjänst.",
        en: "The service is not open to your category of customer; ask for an individual exception or choose another.",
        file: INKORG,
        place: "§2, §4",
    },
    Gate {
        number: 11,
        text: "consent missing for external operation",
        inera: true,
        judge: external_operation,
        sv: "Inera behöver ert samtycke innan en extern leverantör driver tjänsten.",
        en: "Inera needs your consent before an external supplier operates the service.",
        file: ANSLUTNING,
        place: "§9",
    },
];

fn basic_agreement(dossier: &Dossier<'_>) -> Verdict {
    let active = |kind: AgreementType| {
        let mut agreements = dossier.holdings.agreements_of(&dossier.party.id);
        agreements.any(|agreement| agreement.kind == kind && agreement.holds(dossier.day))
    };
    match dossier.party.is_agent() {
        true => holds_if(active(AgreementType::A), "agreements[type=AGR-A]"),
        false => holds_if(active(AgreementType::K1) || active(AgreementType::K2), "agreements[type=AGR-K2]"),
    }
}

fn service_agreement(dossier: &Dossier<'_>) -> Verdict {
    let service = &dossier.document().service;
    let from = dossier.profile().and_then(|profile| profile.from.get());
    if from.is_some_and(|from| dossier.day < from) {
        return complete(vec![format!("services[id={service}].from")]);
    }
    let mut agreements = dossier.holdings.agreements_of(&dossier.party.id);
    let covered = agreements.any(|agreement| {
        agreement.kind == AgreementType::T
            && agreement.service.as_ref() == Some(service)
            && agreement.holds(dossier.day)
    });
    holds_if(covered, format!("agreements[type=AGR-T,service={service}]"))
}

/// Whether the service names another processor agreement, which takes the usual one's place.
fn is_skr(profile: &ServiceProfile) -> bool {
    profile.dpa.get() == Some(Dpa::Skr)
}

fn model_agreement_1(dossier: &Dossier<'_>) -> Verdict {
    let Some(profile) = dossier.profile() else { return Verdict::Open };
    let old_model = dossier.has(AgreementType::K1) && !dossier.has(AgreementType::K2);
    match dossier.personal_data() {
        None => Verdict::Open,
        Some(true) if old_model && !is_skr(profile) => {
            holds_if(dossier.has(AgreementType::M1), "agreements[type=AGR-M1]")
        }
        Some(_) => Verdict::Holds,
    }
}

fn type_2(dossier: &Dossier<'_>) -> Verdict {
    if dossier.personal_data() == Some(false) {
        return Verdict::Holds;
    }
    let rows = dossier.holdings.caregivers.get(&dossier.party.id).map_or(&[][..], |list| &list.rows);
    let (mut names, mut missing) = (Vec::new(), Vec::new());
    for (place, row) in rows.iter().enumerate() {
        let signed = row.type2_agreement.is_some_and(|signed| signed <= dossier.day);
        if row.data_handled == Some(true) && !signed {
            let name = [&row.name, &row.orgnr, &row.hsa_id].into_iter().flatten().find(|text| !text.is_empty());
            names.push(name.cloned().unwrap_or_else(|| format!("row {}", place + 1)));
            missing.push(format!("caregivers.rows[{}].type2Agreement", place + 1));
        }
    }
    filled(names.join(", "), missing)
}

fn boards(dossier: &Dossier<'_>) -> Verdict {
    if dossier.party.category != Some(Category::Kommun) {
        return Verdict::Holds;
    }
    let has_mandate = |board: &str| {
        let mut agreements = dossier.holdings.agreements_of(&dossier.party.id);
        agreements.any(|agreement| {
            agreement.kind == AgreementType::F
                && agreement.board.as_deref() == Some(board)
                && agreement.holds(dossier.day)
        })
    };
    let boards = dossier.party.boards.iter().filter(|board| board.independent && !has_mandate(&board.name));
    let names: Vec<&str> = boards.map(|board| board.name.as_str()).collect();
    let missing = names.iter().map(|name| format!("agreements[type=AGR-F,board={name}]")).collect();
    filled(names.join(", "), missing)
}

fn subprocessors(dossier: &Dossier<'_>) -> Verdict {
    let inera = dossier.holdings.parties.get(INERA);
    let all = inera.iter().flat_map(|inera| &inera.evidence.subprocessors);
    let signed = |name: &str| {
        let mut agreements = dossier.holdings.agreements_of(INERA);
        agreements.any(|agreement| {
            matches!(agreement.kind, AgreementType::M3 | AgreementType::P3)
                && agreement.counterparty.as_deref() == Some(name)
                && agreement.holds(dossier.day)
        })
    };
    let without = all.filter(|one| one.personal_data && one.agreement3.is_none_or(|on| on > dossier.day));
    let without = without.filter(|one| !signed(&one.name));
    complete(without.map(|one| format!("subprocessors[name={}].agreement3", one.name)).collect())
}

fn skr(dossier: &Dossier<'_>) -> Verdict {
    match dossier.profile() {
        None => Verdict::Open,
        Some(profile) if is_skr(profile) => holds_if(dossier.has(AgreementType::Skr), "agreements[type=AGR-SKR]"),
        Some(_) => Verdict::Holds,
    }
}

fn agent(dossier: &Dossier<'_>) -> Verdict {
    let service = &dossier.document().service;
    let customer = dossier.party;
    let agent = match (customer.route, customer.is_agent()) {
        (Route::Agent, _) => customer.agent.clone().unwrap_or_default(),
        (Route::Direct, true) => customer.id.clone(),
        (Route::Direct, false) => return Verdict::Holds,
    };
    let mut missing = Vec::new();
    if !dossier.holdings.parties.contains_key(&agent) {
        missing.push("agent".to_owned());
    }
    if dossier.profile().and_then(|profile| profile.agent_allowed.get()) == Some(false) {
        missing.push(format!("services[id={service}].agentAllowed"));
    }
    if !dossier.party_has(&agent, AgreementType::A) {
        missing.push("agreements[type=AGR-A]".to_owned());
    }
    let assignments = dossier.holdings.assignments.get(&agent).map_or(&[][..], Vec::as_slice);
    let assignment = assignments
        .iter()
        .find(|assignment| assignment.service == *service && assignment.from.is_none_or(|from| from <= dossier.day));
    match assignment {
        None => missing.push(format!("assignments[service={service}]")),
        Some(assignment) => {
            let pilots: BTreeSet<&String> = assignment.pilots.iter().collect();
            if pilots.len() < PILOTS_MIN {
                missing.push(format!("assignments[service={service}].pilots"));
            }
        }
    }
    if customer.route == Route::Agent && dossier.personal_data() != Some(false) {
        let mut agreements = dossier.holdings.agreements_of(&customer.id);
        let signed = agreements.any(|agreement| {
            agreement.kind == AgreementType::Pa
                && agreement.counterparty.as_ref() == Some(&agent)
                && agreement.is_for(service)
                && agreement.holds(dossier.day)
        });
        if !signed {
            missing.push(format!("agreements[type=AGR-PA,counterparty={agent}]"));
        }
    }
    filled(service.clone(), missing)
}

fn end_customer(dossier: &Dossier<'_>) -> Verdict {
    if dossier.party.route != Route::Agent {
        return Verdict::Holds;
    }
    let signed = dossier.has(AgreementType::K1) || dossier.has(AgreementType::K2);
    let gives_care =
        !matches!(dossier.party.category, Some(Category::Agent | Category::UnderleverantorOffentligSektor));
    let mut missing = Vec::new();
    if !signed {
        missing.push("agreements[type=AGR-K2]".to_owned());
    }
    if !gives_care {
        missing.push("category".to_owned());
    }
    filled(dossier.document().service.clone(), missing)
}

fn eligible(dossier: &Dossier<'_>) -> Verdict {
    // An Agent connects for others: whether they may is judged with each of them.
    if dossier.party.is_agent() {
        return Verdict::Holds;
    }
    let Some(profile) = dossier.profile() else { return Verdict::Open };
    let Some(category) = dossier.party.category else { return holds_if(false, "category") };
    if dossier.party.exceptions.contains(&profile.id) {
        return Verdict::Holds;
    }
    if profile.eligible_by_exception.list().contains(&category) {
        return holds_if(false, format!("exceptions[{}]", profile.id));
    }
    match profile.eligible.known() {
        None => Verdict::Open,
        Some(eligible) => holds_if(eligible.contains(&category), "category"),
    }
}

fn external_operation(dossier: &Dossier<'_>) -> Verdict {
    let document = dossier.document();
    let agreed = document.evidence.operator_consent == Some(true)
        || dossier
            .holdings
            .operators
            .get(&document.service)
            .is_some_and(|operator| operator.consents.contains(&dossier.party.id));
    match (&document.external_operator, dossier.personal_data()) {
        (None, _) | (Some(_), Some(false)) => Verdict::Holds,
        (Some(_), None) => Verdict::Open,
        (Some(_), Some(true)) => holds_if(agreed, dossier.party.id.clone()),
    }
}

/// Whether a service may get an operator: every party with an agreement for it has consented, where data are personal.
pub fn operator(holdings: &Holdings, profile: &ServiceProfile, operator: &Operator, day: Date) -> Verdict {
    match profile.personal_data.get() {
        _ if !operator.external => return Verdict::Holds,
        None => return Verdict::Open,
        Some(false) => return Verdict::Holds,
        Some(true) => {}
    }
    let covered = holdings.agreements.values().filter(|agreement| {
        matches!(agreement.kind, AgreementType::T | AgreementType::K1 | AgreementType::K2)
            && agreement.service.as_ref() == Some(&profile.id)
            && agreement.holds(day)
    });
    let parties: BTreeSet<&String> = covered.map(|agreement| &agreement.party).collect();
    complete(parties.into_iter().filter(|party| !operator.consents.contains(party)).cloned().collect())
}
