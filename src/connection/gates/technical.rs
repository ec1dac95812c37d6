//! CONN-30 to CONN-37: systems, contracts, technical orders, addresses, certificates, and who has agreed to be called.

use std::collections::BTreeSet;

use super::{ANSLUTNING, Gate, PUBLIC, Verdict, complete, filled, is_email, is_empty};
use crate::connection::agreement::covers;
use crate::connection::document::{INDEX_UPDATE, Line, Role};
use crate::connection::dossier::Dossier;
use crate::connection::party::Component;
use crate::connection::platforms::{PlatformRole, Rows};
use crate::connection::state::Event;

pub(super) const GATES: &[Gate] = &[
    Gate {
        number: 30,
        text: "system or process missing: <p>",
        inera: false,
        judge: systems,
        sv: "Registrera systemet och redovisa processer för incident, problem, ändring, driftsättning, drift, konfiguration och test.",
        en: "Register the system and declare processes for incident, problem, change, deploy, operation, configuration and test.",
        file: ANSLUTNING,
        place: "§5.2",
    },
    Gate {
        number: 31,
        text: "contract package incomplete",
        inera: true,
        judge: packages,
        sv: "Inera tillhandahåller WSDL, scheman, testfall och beskrivning för varje tjänstekontrakt.",
        en: "Inera provides WSDL, schemas, test cases and description of every service contract.",
        file: ANSLUTNING,
        place: "§2.2, §7.1",
    },
    Gate {
        number: 32,
        text: "order line incomplete: <field>",
        inera: false,
        judge: lines_complete,
        sv: "Fyll i varje uppgift i varje rad av den tekniska beställningen.",
        en: "Fill in every field of every line of the technical order.",
        file: PUBLIC,
        place: "Inera's ordering portal",
    },
    Gate {
        number: 33,
        text: "component data missing: <field>",
        inera: false,
        judge: component,
        sv: "Fyll i alla uppgifter om tjänstekomponenten.",
        en: "Fill in all data of the component.",
        file: PUBLIC,
        place: "Inera's ordering model",
    },
    Gate {
        number: 34,
        text: "logical address not owned",
        inera: false,
        judge: owned,
        sv: "Beställ bara logiska adresser som är era egna eller era förtecknade vårdgivares.",
        en: "Order only logical addresses that are your own or your listed caregivers'.",
        file: ANSLUTNING,
        place: "§4.2",
    },
    Gate {
        number: 35,
        text: "certificate mismatch/expired",
        inera: false,
        judge: certificate,
        sv: "Använd ett giltigt SITHS-funktionscertifikat med komponentens HSA-id, och TLS 1.2 eller 1.3.",
        en: "Use a valid SITHS function certificate with the component's HSA-id, and TLS 1.2 or 1.3.",
        file: PUBLIC,
        place: "Inera's network guide",
    },
    Gate {
        number: 36,
        text: "EI update not established",
        inera: false,
        judge: index,
        sv: "Beställ behörighet till Update i samma miljö och skicka in minst en testpost i engagemangsindex.",
        en: "Order permission for Update in the same environment, and send at least one test row to the index.",
        file: ANSLUTNING,
        place: "§6.3",
    },
    Gate {
        number: 37,
        text: "cooperation not approved by information owner",
        inera: false,
        judge: approved,
        sv: "Hämta in informationsägarens godkännande av varje samverkan.",
        en: "Get the information owner's approval of every cooperation.",
        file: PUBLIC,
        place: "RIV-TA FAQ",
    },
];

/// Processes that a party must have.
const PROCESSES: [&str; 7] = ["incident", "problem", "change", "deploy", "operation", "configuration", "test"];
/// Versions of TLS that are taken.
const TLS: [&str; 2] = ["1.2", "1.3"];

fn systems(dossier: &Dossier<'_>) -> Verdict {
    let (mut fills, mut missing) = (Vec::new(), Vec::new());
    if dossier.holdings.components_of(&dossier.party.id).is_empty() {
        fills.push("component");
        missing.push("components".to_owned());
    }
    let declared = &dossier.party.evidence.processes;
    for process in PROCESSES.into_iter().filter(|process| !declared.iter().any(|own| own == process)) {
        fills.push(process);
        missing.push(format!("evidence.processes[{process}]"));
    }
    filled(fills.join(", "), missing)
}

fn packages(dossier: &Dossier<'_>) -> Verdict {
    let contracts: BTreeSet<&str> =
        dossier.document().lines.iter().filter_map(|line| line.contract.as_deref()).collect();
    let mut missing = Vec::new();
    let mut is_known = false;
    for contract in contracts {
        let Some(parts) = dossier.platforms.package(contract) else { continue };
        is_known = true;
        let parts = [
            ("wsdl", parts.wsdl),
            ("schemas", parts.schemas),
            ("testCases", parts.test_cases),
            ("description", parts.description),
        ];
        let lacking = parts.into_iter().filter(|(_, is_there)| !is_there);
        missing.extend(lacking.map(|(name, _)| format!("contracts[{contract}].{name}")));
    }
    if is_known { complete(missing) } else { Verdict::Open }
}

/// The lines that a step is about: of the platform that is published to, else all.
fn concerned<'d>(dossier: &Dossier<'d>) -> Option<Vec<(usize, &'d Line)>> {
    let env = match dossier.event {
        Event::AssignTestEnv => {
            let env = dossier.arguments.env.clone()?;
            Some(env).filter(|env| dossier.role_of(env) == Some(PlatformRole::Qa)).map(Some)?
        }
        Event::Publish => Some(dossier.production()?),
        _ => None,
    };
    let lines = dossier.document().lines.iter().enumerate();
    Some(lines.filter(|(_, line)| env.as_deref().is_none_or(|env| line.is_of(env))).collect())
}

fn lines_complete(dossier: &Dossier<'_>) -> Verdict {
    // Without an environment there is nothing to judge here: that is CONN-40's and CONN-51's.
    let Some(lines) = concerned(dossier) else { return Verdict::Open };
    if lines.is_empty() {
        if dossier.is_without_calls() {
            return Verdict::Open;
        }
        return filled("lines".to_owned(), vec!["lines".to_owned()]);
    }
    let (mut fields, mut missing) = (BTreeSet::new(), Vec::new());
    for (place, line) in lines {
        for field in line.lacking() {
            fields.insert(field);
            missing.push(format!("lines[{}].{field}", place + 1));
        }
    }
    filled(fields.into_iter().collect::<Vec<_>>().join(", "), missing)
}

fn component(dossier: &Dossier<'_>) -> Verdict {
    let key = dossier.component_key();
    let Some(component) = dossier.component() else {
        return filled("hsaId".to_owned(), vec![key]);
    };
    let mut fields = lacking(component);
    let same = dossier.holdings.components.values().flatten();
    if same.filter(|other| other.hsa_id.eq_ignore_ascii_case(&component.hsa_id)).count() > 1 {
        fields.insert(0, "hsaId");
    }
    let missing = fields.iter().map(|field| format!("{key}.{field}")).collect();
    filled(fields.join(", "), missing)
}

fn lacking(component: &Component) -> Vec<&'static str> {
    let text = |text: &Option<String>| is_empty(text.as_deref());
    let contact = component.technical_contact.as_ref().and_then(|contact| contact.email.as_deref());
    [
        ("hsaId", component.hsa_id.trim().is_empty()),
        ("description", text(&component.description)),
        ("organisation", text(&component.organisation)),
        ("ip", text(&component.ip)),
        ("pingUrl", text(&component.ping_url)),
        ("owner", text(&component.owner)),
        ("technicalContact.email", !is_email(contact)),
        ("mailbox", text(&component.mailbox)),
    ]
    .into_iter()
    .filter_map(|(name, is_lacking)| is_lacking.then_some(name))
    .collect()
}

fn owned(dossier: &Dossier<'_>) -> Verdict {
    complete(dossier.unlisted())
}

fn certificate(dossier: &Dossier<'_>) -> Verdict {
    let key = dossier.component_key();
    let Some(component) = dossier.component() else { return complete(vec![key]) };
    let Some(certificate) = &component.certificate else { return complete(vec![format!("{key}.certificate")]) };
    let mut missing = Vec::new();
    if !certificate.hsa_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(&component.hsa_id)) {
        missing.push(format!("{key}.certificate.hsaId"));
    }
    if !certificate.not_after.is_some_and(|last| covers(None, Some(last), dossier.day)) {
        missing.push(format!("{key}.certificate.notAfter"));
    }
    let speaks = &certificate.tls;
    if speaks.is_empty() || !speaks.iter().all(|version| TLS.contains(&version.trim())) {
        missing.push(format!("{key}.certificate.tls"));
    }
    complete(missing)
}

fn index(dossier: &Dossier<'_>) -> Verdict {
    let Some(profile) = dossier.profile() else { return Verdict::Open };
    let document = dossier.document();
    let produced = document.lines.iter().filter(|line| line.role == Some(Role::Producer));
    let uses: Vec<Option<bool>> =
        produced.filter_map(|line| Some(profile.uses_index(line.contract.as_deref()?))).collect();
    if !uses.contains(&Some(true)) {
        return if uses.contains(&None) { Verdict::Open } else { Verdict::Holds };
    }
    let env = match dossier.event {
        Event::Publish => dossier.production(),
        _ => dossier.file.progress.assigned_env.clone(),
    };
    let Some(env) = env else { return complete(vec![format!("lines[contract={INDEX_UPDATE}]")]) };
    let (system, mut missing) = (&document.component, Vec::new());
    // At a publication the lines that are about to be published count as published.
    let will_be = dossier.event == Event::Publish
        && document.lines_of(&env).any(|line| {
            line.role == Some(Role::Consumer)
                && line.contract.as_deref() == Some(INDEX_UPDATE)
                && line.hsa_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(system))
        });
    if !will_be && !dossier.platforms.is_permitted(&env, system, INDEX_UPDATE, dossier.now) {
        missing.push(format!("lines[contract={INDEX_UPDATE},env={env}]"));
    }
    if dossier.engagements(system) == 0 {
        missing.push(format!("engagements[sourceSystem={system}]"));
    }
    complete(missing)
}

fn approved(dossier: &Dossier<'_>) -> Verdict {
    let Some(production) = dossier.production() else { return Verdict::Open };
    let ordered = Rows::of(dossier.production_lines().into_iter());
    let standing = dossier.platforms.stands(&production, &ordered, dossier.now);
    let new = ordered.permissions.iter().filter(|permission| !standing.permissions.contains(permission));
    let approvals = &dossier.document().approvals;
    let unapproved = new.filter(|permission| {
        !approvals.iter().any(|approval| {
            approval.consumer.eq_ignore_ascii_case(&permission.consumer)
                && approval.contract == permission.contract
                && approval.logical_address.eq_ignore_ascii_case(&permission.address)
                && approval.date.is_none_or(|date| date <= dossier.day)
        })
    });
    let key = |permission: &crate::connection::platforms::OrderedPermission| {
        let (consumer, contract, address) = (&permission.consumer, &permission.contract, &permission.address);
        format!("approvals[consumer={consumer},contract={contract},logicalAddress={address}]")
    };
    complete(unapproved.map(key).collect())
}
