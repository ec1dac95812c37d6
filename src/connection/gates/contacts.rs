//! CONN-12 to CONN-16: who is reached, on both sides, at all times.

use jiff::ToSpan;
use jiff::civil::Date;

use super::{ANSLUTNING, Gate, INKORG, Verdict, complete, filled, holds_if, is_email, is_empty, is_phone};
use crate::connection::agreement::covers;
use crate::connection::dossier::Dossier;
use crate::connection::party::{Contact, ContactRole};

pub(super) const GATES: &[Gate] = &[
    Gate {
        number: 12,
        text: "named commercial/technical contact missing",
        inera: false,
        judge: commercial,
        sv: "Anmäl minst en namngiven affärsmässigt och tekniskt ansvarig kontaktperson.",
        en: "Register at least one named contact who answers commercially and technically.",
        file: ANSLUTNING,
        place: "§5.3",
    },
    Gate {
        number: 13,
        text: "operative contact missing or unreachable",
        inera: false,
        judge: operative,
        sv: "Anmäl minst en operativt ansvarig kontakt med giltig e-postadress eller telefon.",
        en: "Register at least one operative contact with a valid e-mail address or telephone.",
        file: ANSLUTNING,
        place: "§5.3",
    },
    Gate {
        number: 14,
        text: "Inera contact missing",
        inera: true,
        judge: inera,
        sv: "Inera namnger två kontakter, båda med e-post och telefon.",
        en: "Inera names two contacts, both with e-mail and telephone.",
        file: ANSLUTNING,
        place: "§7.2",
    },
    Gate {
        number: 15,
        text: "service contact missing",
        inera: false,
        judge: service,
        sv: "Anmäl tjänstens kontaktperson; Inera har en på sin sida.",
        en: "Register a contact for the service; Inera has one on its side.",
        file: INKORG,
        place: "§8.1, §8.2",
    },
    Gate {
        number: 16,
        text: "contact gap <dates>",
        inera: false,
        judge: gaps,
        sv: "Se till att kontakterna täcker varje dag, utan luckor.",
        en: "See to it that the contacts cover every day, without gaps.",
        file: ANSLUTNING,
        place: "§5.3",
    },
];

/// Longest stretch of days that is looked through for gaps: a connection older than that is looked at from its end.
const DAYS_MAX: usize = 20 * 366;

fn in_role(contacts: &[Contact], role: ContactRole) -> impl Iterator<Item = &Contact> {
    contacts.iter().filter(move |contact| contact.role == role)
}

fn commercial(dossier: &Dossier<'_>) -> Verdict {
    let mut named = in_role(dossier.contacts(), ContactRole::CommTech);
    holds_if(named.any(|contact| !is_empty(contact.name.as_deref())), "contacts[role=COMM_TECH]")
}

fn operative(dossier: &Dossier<'_>) -> Verdict {
    let mut reached = in_role(dossier.contacts(), ContactRole::Oper);
    let is_reached = |contact: &Contact| is_email(contact.email.as_deref()) || is_phone(contact.phone.as_deref());
    holds_if(reached.any(is_reached), "contacts[role=OPER]")
}

fn inera(dossier: &Dossier<'_>) -> Verdict {
    let lacking = [ContactRole::CommTech, ContactRole::Oper].into_iter().filter(|role| {
        let mut contacts = in_role(dossier.inera_contacts(), *role);
        !contacts.any(|contact| {
            !is_empty(contact.name.as_deref())
                && is_email(contact.email.as_deref())
                && is_phone(contact.phone.as_deref())
        })
    });
    complete(lacking.map(|role| format!("inera.contacts[role={}]", role.name())).collect())
}

fn service(dossier: &Dossier<'_>) -> Verdict {
    let service = &dossier.document().service;
    let has = |contacts: &[Contact]| {
        in_role(contacts, ContactRole::Service).any(|contact| contact.service.as_ref().is_none_or(|own| own == service))
    };
    let mut missing = Vec::new();
    if !has(dossier.contacts()) {
        missing.push(format!("contacts[role=SERVICE,service={service}]"));
    }
    if !has(dossier.inera_contacts()) {
        missing.push(format!("inera.contacts[role=SERVICE,service={service}]"));
    }
    complete(missing)
}

/// Roles without anybody are CONN-12's and CONN-13's; here it is about those who come and go.
fn gaps(dossier: &Dossier<'_>) -> Verdict {
    let from = dossier.file.progress.prepared.unwrap_or(dossier.day).min(dossier.day);
    let (mut dates, mut missing) = (Vec::new(), Vec::new());
    for role in [ContactRole::CommTech, ContactRole::Oper] {
        let contacts: Vec<&Contact> = in_role(dossier.contacts(), role).collect();
        if contacts.is_empty() {
            continue;
        }
        let uncovered = uncovered(&contacts, from, dossier.day);
        if !uncovered.is_empty() {
            missing.push(format!("contacts[role={}]", role.name()));
            dates.extend(uncovered);
        }
    }
    dates.sort();
    dates.dedup();
    let shown = dates.into_iter().map(|(first, last)| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    });
    filled(shown.collect::<Vec<_>>().join(", "), missing)
}

/// Stretches of days without anybody.
fn uncovered(contacts: &[&Contact], from: Date, to: Date) -> Vec<(Date, Date)> {
    let mut stretches: Vec<(Date, Date)> = Vec::new();
    let mut day = to;
    for _ in 0..DAYS_MAX {
        if day < from {
            break;
        }
        if !contacts.iter().any(|contact| covers(contact.from, contact.to, day)) {
            match stretches.last_mut() {
                Some((first, _)) if day.tomorrow().is_ok_and(|next| next == *first) => *first = day,
                _ => stretches.push((day, day)),
            }
        }
        let Ok(before) = day.checked_sub(1.day()) else { break };
        day = before;
    }
    stretches
}
