//! CONN-51 to CONN-54: production, and that it is used for what was agreed.

use super::{ANSLUTNING, Gate, PUBLIC, Verdict, complete, holds_if};
use crate::connection::document::SeenCall;
use crate::connection::dossier::Dossier;
use crate::connection::platforms::{OrderedPermission, PlatformError, PlatformRole, Rows};
use crate::connection::state::Event;

pub(super) const GATES: &[Gate] = &[
    Gate {
        number: 51,
        text: "wrong production environment",
        inera: false,
        judge: right_production,
        sv: "Beställ och använd den produktionsmiljö som Inera anvisat.",
        en: "Order and use the production environment that Inera assigned.",
        file: ANSLUTNING,
        place: "§7.1, §7.2",
    },
    Gate {
        number: 52,
        text: "unverified version in production",
        inera: false,
        judge: verified_version,
        sv: "Använd i produktion den systemversion som egendeklarationen gäller.",
        en: "Use in production the version of the system that the self-declaration is about.",
        file: PUBLIC,
        place: "Inera's test model",
    },
    Gate {
        number: 53,
        text: "not published in TAK",
        inera: false,
        judge: published,
        sv: "Rätta beställningen så att TAK tar emot den.",
        en: "Correct the order so that the catalogue takes it.",
        file: PUBLIC,
        place: "TAK",
    },
    Gate {
        number: 54,
        text: "use outside agreed purpose",
        inera: false,
        judge: agreed_use,
        sv: "Använd anslutningen bara för godkänd samverkan.",
        en: "Use the connection for approved cooperation only.",
        file: ANSLUTNING,
        place: "§5.1",
    },
];

/// Hosts of production (`connection.md` §8).
const PRODUCTION_HOSTS: [&str; 3] = ["esb.ntjp.se", "esb.ntjp.sjunet.org", "api.ntjp.se"];

fn right_production(dossier: &Dossier<'_>) -> Verdict {
    let document = dossier.document();
    let mut missing = Vec::new();
    if let Some(host) = document.evidence.production_host.as_deref() {
        let host = host.split_once("://").map_or(host, |(_, rest)| rest);
        let host = host.split(['/', ':']).next().unwrap_or_default();
        if !PRODUCTION_HOSTS.iter().any(|own| own.eq_ignore_ascii_case(host)) {
            missing.push("evidence.productionHost".to_owned());
        }
    }
    for (line, number) in document.lines.iter().zip(1..) {
        if line.env.as_deref().is_some_and(|env| dossier.role_of(env).is_none()) {
            missing.push(format!("lines[{number}].env"));
        }
    }
    let may_have_none = dossier.is_without_calls() && document.lines.is_empty();
    if missing.is_empty() && dossier.production_lines().is_empty() && !may_have_none {
        missing.push("lines[env]".to_owned());
    }
    complete(missing)
}

fn verified_version(dossier: &Dossier<'_>) -> Verdict {
    let declared = dossier.document().declaration.as_ref().and_then(|declaration| declaration.version.as_deref());
    // Without a declaration there is no verified version: that is CONN-42's, or excused by CONN-50.
    let Some(declared) = declared else { return Verdict::Open };
    let installed = dossier.component().and_then(|component| component.version.as_deref());
    holds_if(installed == Some(declared), format!("{}.version", dossier.component_key()))
}

fn published(dossier: &Dossier<'_>) -> Verdict {
    let env = match dossier.event {
        Event::AssignTestEnv => dossier.arguments.env.clone(),
        Event::Publish => dossier.production(),
        _ => None,
    };
    let Some(env) = env.filter(|env| dossier.role_of(env).is_some()) else { return Verdict::Open };
    let lines: Vec<_> = dossier.document().lines_of(&env).collect();
    // What is incomplete is CONN-32's.
    if lines.iter().any(|line| !line.lacking().is_empty()) {
        return Verdict::Open;
    }
    let rows = Rows::of(lines.into_iter());
    if rows.is_empty() {
        return Verdict::Open;
    }
    match dossier.platforms.publish(&env, &rows, dossier.day, true) {
        Ok(()) => Verdict::Holds,
        Err(PlatformError::Refused(texts)) => complete(texts),
        Err(PlatformError::Failed(text)) => complete(vec![text]),
    }
}

fn agreed_use(dossier: &Dossier<'_>) -> Verdict {
    let document = dossier.document();
    let is_production = |env: &str| dossier.role_of(env) == Some(PlatformRole::Production);
    let lines = document.lines.iter().filter(|line| line.env.as_deref().is_some_and(is_production));
    let agreed = Rows::of(lines).permissions;
    let is_among = |agreed: &[OrderedPermission], call: &SeenCall| {
        agreed.iter().any(|permission| {
            permission.consumer.eq_ignore_ascii_case(&call.consumer)
                && permission.contract == call.contract
                && permission.address.eq_ignore_ascii_case(&call.logical_address)
        })
    };
    let outside = document.evidence.calls.iter().zip(1..).filter(|(call, _)| !is_among(&agreed, call));
    let mut missing: Vec<String> = outside.map(|(_, number)| format!("evidence.calls[{number}]")).collect();
    // What production recorded: there a cooperation may have been agreed on by any connection.
    let production = dossier.production().unwrap_or_default();
    let published = dossier.holdings.connections.values().filter_map(|file| file.progress.published.get(&production));
    let everybodys = Rows::of(published.flatten().collect::<Vec<_>>().into_iter()).permissions;
    let recorded = dossier.seen.traffic.calls.iter();
    let outside = recorded.filter(|call| !is_among(&agreed, call) && !is_among(&everybodys, call));
    missing.extend(outside.map(|call| {
        let SeenCall { consumer, contract, logical_address } = call;
        format!("calls[consumer={consumer},contract={contract},logicalAddress={logical_address}]")
    }));
    complete(missing)
}
