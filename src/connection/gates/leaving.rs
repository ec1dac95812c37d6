//! CONN-68 to CONN-72: support, the end of a connection, and who is the manufacturer of what was modified.

use super::{ANSLUTNING, Gate, INKORG, Verdict, complete, filled, holds_if, is_empty};
use crate::connection::dossier::Dossier;
use crate::connection::platforms::Rows;
use crate::connection::residue::{own_rows, shares_component};

pub(super) const GATES: &[Gate] = &[
    Gate {
        number: 68,
        text: "customer support missing",
        inera: false,
        judge: support,
        sv: "Ange hur invånare och personal får stöd för era egna system.",
        en: "State how residents and staff get support for your own systems.",
        file: INKORG,
        place: "§10",
    },
    Gate {
        number: 69,
        text: "decommissioning plan incomplete",
        inera: false,
        judge: plan,
        sv: "Dela upp avvecklingen: vad Inera gör och vad ni gör.",
        en: "Divide the decommissioning: what Inera does and what you do.",
        file: ANSLUTNING,
        place: "§4.3",
    },
    Gate {
        number: 70,
        text: "residual <rows>",
        inera: false,
        judge: residue,
        sv: "Ta bort det som finns kvar: vägval, anropsbehörigheter och indexposter.",
        en: "Remove what is left: routes, permissions and index rows.",
        file: ANSLUTNING,
        place: "§4.3",
    },
    Gate {
        number: 71,
        text: "connection outlives agreement",
        inera: false,
        judge: in_time,
        sv: "Avveckla senast den dag villkoren upphör att gälla.",
        en: "Decommission no later than the day the terms end.",
        file: ANSLUTNING,
        place: "§4.3",
    },
    Gate {
        number: 72,
        text: "manufacturer responsibility not accepted",
        inera: false,
        judge: manufacturer,
        sv: "Den som ändrar ett medicinskt informationssystem tar över tillverkaransvaret.",
        en: "Whoever modifies a medical information system takes over the manufacturer's responsibility.",
        file: INKORG,
        place: "§8.1",
    },
];

fn support(dossier: &Dossier<'_>) -> Verdict {
    holds_if(!is_empty(dossier.party.evidence.support.as_deref()), "evidence.support")
}

fn plan(dossier: &Dossier<'_>) -> Verdict {
    let plan = dossier.document().evidence.plan.clone().unwrap_or_default();
    let empty = |list: &[String]| list.iter().all(|text| text.trim().is_empty());
    let lists = [("inera", empty(&plan.inera)), ("party", empty(&plan.party))];
    let lacking = lists.into_iter().filter(|(_, is_empty)| *is_empty);
    complete(lacking.map(|(name, _)| format!("evidence.plan.{name}")).collect())
}

fn residue(dossier: &Dossier<'_>) -> Verdict {
    let (mut fills, mut missing) = (Vec::new(), Vec::new());
    for platform in dossier.platforms.all() {
        let own = own_rows(dossier.holdings, dossier.file, &platform.name);
        let Rows { routes, permissions } = dossier.platforms.stands(&platform.name, &own, dossier.now);
        for route in routes {
            fills.push(format!("route {} {} in {}", route.contract, route.address, platform.name));
            missing.push(format!("{}.routes[{} {}]", platform.name, route.contract, route.address));
        }
        for permission in permissions {
            let (consumer, contract, address) = (permission.consumer, permission.contract, permission.address);
            fills.push(format!("permission {consumer} {contract} {address} in {}", platform.name));
            missing.push(format!("{}.permissions[{consumer} {contract} {address}]", platform.name));
        }
    }
    let component = &dossier.document().component;
    if !component.is_empty() && !shares_component(dossier.holdings, dossier.file) {
        let engagements = dossier.engagements(component);
        if engagements > 0 {
            fills.push(format!("{engagements} engagements of {component}"));
            missing.push(format!("engagements[{component}]"));
        }
    }
    filled(fills.join(", "), missing)
}

fn in_time(dossier: &Dossier<'_>) -> Verdict {
    let ends = dossier.document().evidence.end_date;
    let leaving = dossier.file.progress.leaving.unwrap_or(dossier.day);
    holds_if(ends.is_some_and(|ends| leaving <= ends), "evidence.endDate")
}

fn manufacturer(dossier: &Dossier<'_>) -> Verdict {
    let Some(profile) = dossier.profile() else { return Verdict::Open };
    let document = dossier.document();
    let off_purpose = document.purpose.as_ref().is_some_and(|purpose| !profile.purposes.contains(purpose));
    let takes_over = document.evidence.modified == Some(true) || off_purpose;
    match profile.nmi.get() {
        None => Verdict::Open,
        Some(true) if takes_over => {
            let responsible = document.evidence.nmi_responsibility.as_deref();
            let accepted = responsible.is_some_and(|responsible| {
                responsible.eq_ignore_ascii_case("kund")
                    || responsible.eq_ignore_ascii_case("customer")
                    || responsible == dossier.party.id
                    || responsible == dossier.party.name
            });
            holds_if(accepted, "evidence.nmiResponsibility")
        }
        Some(_) => Verdict::Holds,
    }
}
