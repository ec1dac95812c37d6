//! RT-07, RT-10 to RT-13 and RT-21: what holds for every record of an answer.

use std::collections::BTreeSet;

use roxmltree::Document;

use super::{Asked, Facts, Findings, moments};
use crate::qa::records::{Field, Record, person};
use crate::qa::tree;
use crate::qa::xpath::Node as Place;

/// The kinds of identity that have twelve digits: personnummer and samordningsnummer.
const TWELVE_DIGITS: [&str; 2] = ["1.2.752.129.2.1.3.1", "1.2.752.129.2.1.3.3"];

/// Looks at every record.
pub(super) fn records(facts: &Facts<'_>, document: &Document<'_>, asked: &Asked, findings: &mut Findings) {
    identities(document, findings);
    let mut ids = BTreeSet::new();
    for (number, record) in facts.layout.records(document, facts.now).iter().enumerate() {
        let number = number + 1;
        patient(record, number, asked, findings);
        source(record, number, asked, findings);
        units(record, number, asked, findings);
        times(facts, record, number, findings);
        if let Some(id) = record.text(Field::Id)
            && !ids.insert(id.clone())
        {
            findings.add("RT-10", format!("record {number} has the id {id}, as one before it"));
        }
    }
}

fn patient(record: &Record<'_, '_>, number: usize, asked: &Asked, findings: &mut Findings) {
    let Some(wanted) = &asked.patient else { return };
    if let Some(found) = record.text(Field::Patient)
        && plain(&found) != plain(wanted)
    {
        findings.add("RT-07", format!("record {number} is of patient {found}, asked for was {wanted}"));
    }
    if let (Some(wanted), Some(found)) = (&asked.patient_type, record.text(Field::PatientType))
        && *wanted != found
    {
        findings.add("RT-07", format!("record {number} has the kind of identity {found}, asked for was {wanted}"));
    }
}

/// An identity as digits: how it is written is a rule of its own (RT-21).
fn plain(identity: &str) -> String {
    let plain: String = identity.chars().filter(|c| !matches!(c, '-' | '+' | ' ')).collect();
    let is_short = plain.len() == 12 && plain.bytes().all(|byte| byte.is_ascii_digit());
    if is_short { plain[2..].to_owned() } else { plain }
}

fn source(record: &Record<'_, '_>, number: usize, asked: &Asked, findings: &mut Findings) {
    let Some(found) = record.text(Field::SourceSystem) else { return };
    if let Some(wanted) = asked.source_system.as_ref().filter(|wanted| **wanted != found) {
        findings.add("RT-11", format!("record {number} is of source system {found}, asked for was {wanted}"));
    }
    // An address that is the national one, or a care unit's, says nothing of the system that answers.
    if asked.source_system.is_some()
        && let Some(called) =
            asked.logical_address.as_ref().filter(|called| **called != found && is_system(called, asked))
    {
        findings.add("RT-11", format!("record {number} is of source system {found}, called was {called}"));
    }
}

/// Whether the request is addressed to the source system it asks for.
fn is_system(called: &str, asked: &Asked) -> bool {
    asked.source_system.as_deref().is_some_and(|source| source.eq_ignore_ascii_case(called))
}

fn units(record: &Record<'_, '_>, number: usize, asked: &Asked, findings: &mut Findings) {
    let Some(found) = record.text(Field::CareUnit) else { return };
    let differs = asked.units.iter().any(|unit| *unit != found && unit.eq_ignore_ascii_case(&found));
    if differs && !asked.units.contains(&found) {
        findings.add(
            "RT-13",
            format!("record {number} writes the care unit {found} in other letters than it was asked for"),
        );
    }
}

fn times(facts: &Facts<'_>, record: &Record<'_, '_>, number: usize, findings: &mut Findings) {
    for text in record.texts(Field::Times) {
        // Other contracts write moments as XML Schema does; their schemas judge them.
        if text.contains('T') {
            continue;
        }
        match moments::read(&text) {
            Err(why) => findings.add("RT-12", format!("record {number}: {text} {why}")),
            Ok(at) if moments::is_future(at, facts.now) => {
                findings.add("RT-12", format!("record {number}: {text} lies in the future"));
            }
            Ok(_) => {}
        }
    }
}

/// Identities are written with twelve digits, wherever they stand.
fn identities(document: &Document<'_>, findings: &mut Findings) {
    for node in document.descendants() {
        let Some((identity, kind)) = person(node) else { continue };
        let is_known_kind = kind.as_deref().is_some_and(|kind| TWELVE_DIGITS.contains(&kind));
        // Without a kind, digits with their sign between them can only be one thing.
        let looks = kind.is_none() && identity.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+'));
        let is_right = identity.len() == 12 && identity.bytes().all(|byte| byte.is_ascii_digit());
        if (is_known_kind || looks) && !is_right {
            let place = tree::location(Place::Tree(node));
            findings.add("RT-21", format!("{place} is {identity}, expected twelve digits"));
        }
    }
}
