//! How mutants spoil records. What a contract gives no opportunity for is not a mutant of it.

use roxmltree::Node;

use super::dataset::{Dataset, Entry};
use super::edit;
use super::producer::{Producer, Question};
use super::table::Wrong;
use crate::qa::records::{Field, person};
use crate::qa::tree;

/// The records of an answer as text.
pub(super) fn records(producer: &Producer, question: &Question, entries: &[Entry], number: u64) -> String {
    let mut written: Vec<String> = entries.iter().map(|entry| record(producer, entry, number)).collect();
    if producer.is(Wrong::OtherPatient) && !written.is_empty() {
        let own = question.asked.patient.as_ref();
        written.extend(
            producer.data.entries.iter().find(|entry| Some(&entry.patient.0) != own).map(|entry| entry.xml.to_string()),
        );
    }
    if producer.is(Wrong::SameId)
        && let Some(first) = written.first().cloned()
    {
        written.push(first);
    }
    written.concat()
}

fn record(producer: &Producer, entry: &Entry, number: u64) -> String {
    let spoilt = match producer.wrong {
        Wrong::IdsChange => Some(entry.xml.replace(&entry.id, &format!("{}-{number}", entry.id))),
        wrong => spoilt(&producer.data, wrong, entry),
    };
    spoilt.unwrap_or_else(|| entry.xml.to_string())
}

/// A record with the one thing wrong; nothing where it has no such thing.
fn spoilt(data: &Dataset, wrong: Wrong, entry: &Entry) -> Option<String> {
    let xml = &*entry.xml;
    let named =
        |ending: &'static str| move |node: Node<'_, '_>| edit::name(node).ends_with(ending) && edit::is_leaf(node);
    let is_invalid = |changed: &str| !data.is_valid(changed);
    match wrong {
        Wrong::OtherType => of_person(xml, false, |_| "1.2.752.129.2.1.3.9".to_owned()),
        Wrong::Hyphen => of_person(xml, true, |id| format!("{}-{}", &id[..id.len() - 4], &id[id.len() - 4..])),
        Wrong::TenDigits => of_person(xml, true, |id| id.get(2..).unwrap_or(id).to_owned()),
        Wrong::NoMandatory => edit::search(xml, without, is_invalid),
        Wrong::WrongOrder => edit::search(xml, swapped, is_invalid),
        Wrong::WrongNamespace => edit::search(xml, elsewhere, is_invalid),
        Wrong::BadEnumeration => bad_enumeration(data, xml),
        Wrong::EmptyText => {
            edit::search(xml, |xml, node| is_text(node).then(|| with_text(xml, node, "")).flatten(), |_| true)
        }
        Wrong::Placeholder => {
            edit::search(xml, |xml, node| is_text(node).then(|| with_text(xml, node, "?")).flatten(), |_| true)
        }
        Wrong::IsoDate => of_times(data, xml, "2013-11-01"),
        Wrong::NoSuchDay => of_times(data, xml, "20230231120000"),
        Wrong::Future => of_times(data, xml, "20990101120000"),
        Wrong::CodeAlone => edit::remove(xml, |node| {
            edit::name(node) == "codesystem"
                && node.parent().is_some_and(|parent| parent.children().any(|child| edit::name(child) == "displayname"))
        }),
        Wrong::OtherSource => edit::set(
            xml,
            |node| edit::name(node).starts_with("sourcesystem") && edit::is_leaf(node),
            "SE2321000016-ANNAT",
        ),
        Wrong::NoUnit => edit::remove(xml, named("careunithsaid")),
        Wrong::NoGiver => edit::remove(xml, named("caregiverhsaid")),
        Wrong::AlwaysApproved => edit::set(xml, named("approvedforpatient"), "true"),
        Wrong::NoApproved => edit::remove(xml, named("approvedforpatient")),
        Wrong::SignedUnsigned => entry.signed_xml.as_ref().map(ToString::to_string),
        Wrong::OddType => {
            let at = xml.find(|c: char| c.is_whitespace() || c == '>')?;
            let odd = " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:odd=\"urn:exempel:egen\" xsi:type=\"odd:Egen\"";
            Some(format!("{}{odd}{}", &xml[..at], &xml[at..]))
        }
        _ => None,
    }
}

/// Whether the contract gives a mutant an opportunity: something of it can be seen in an answer.
pub(super) fn is_applicable(data: &Dataset, wrong: Wrong) -> bool {
    let shape = &data.shape;
    let has = |name: &str| data.parameters.contains_key(name);
    let Some(first) = data.entries.first() else { return false };
    let has_field = |field: Field| {
        let answer = format!("{}{}{}", data.frame.0, first.xml, data.frame.1);
        tree::parse(&answer).is_ok_and(|document| {
            data.layout.records(&document, &data.now).iter().any(|record| record.text(field).is_some())
        })
    };
    match wrong {
        Wrong::OtherPatient | Wrong::UnknownFault | Wrong::EmptyNotFound | Wrong::UnknownAll | Wrong::Mixed => {
            shape.patient.is_some() && has_field(Field::Patient)
        }
        Wrong::PeriodIgnored
        | Wrong::StartExclusive
        | Wrong::EndExclusive
        | Wrong::ReversedAll
        | Wrong::WrongTime
        | Wrong::AsUtc => shape.period.is_some() && has_field(Field::Times),
        Wrong::EndSameDay => shape.period.as_ref().is_some_and(|period| period.may_open) && has_field(Field::Id),
        Wrong::UnitIgnored | Wrong::UnitAnyCase | Wrong::OriginalIgnored => {
            (shape.unit.is_some() || wrong == Wrong::OriginalIgnored) && has_field(Field::CareUnit)
        }
        Wrong::FirstUnitOnly => shape.unit.as_ref().is_some_and(|(_, twice)| *twice) && has_field(Field::CareUnit),
        Wrong::ContactIgnored => shape.contact.is_some(),
        Wrong::ContactAlone => shape.contact.is_some() && shape.source.is_some(),
        Wrong::SourceIgnored | Wrong::SourceMismatch => shape.source.is_some(),
        Wrong::AnyOf => {
            let selections = [shape.unit.is_some(), shape.period.is_some(), shape.contact.is_some()];
            selections.into_iter().filter(|has| *has).count() >= 2
        }
        Wrong::Question | Wrong::Latin1 => has("expectedText"),
        Wrong::DoubleEscape => first.xml.contains("&amp;"),
        Wrong::SameId | Wrong::IdsChange => has_field(Field::Id) && first.xml.contains(&first.id),
        Wrong::OtherType => has_field(Field::PatientType) && spoilt(data, wrong, first).is_some(),
        Wrong::NoApproved => shape.answers("approvedforpatient") && spoilt(data, wrong, first).is_some(),
        Wrong::AlwaysApproved => data
            .entries
            .iter()
            .take(9)
            .any(|entry| spoilt(data, wrong, entry).is_some_and(|changed| changed != *entry.xml)),
        Wrong::SignedUnsigned => data.entries.iter().take(9).any(|entry| entry.signed_xml.is_some()),
        Wrong::OtherSource => shape.source.is_some() && has_field(Field::SourceSystem),
        Wrong::NoUnit => has_field(Field::CareUnit),
        Wrong::NoGiver => has_field(Field::CareGiver),
        Wrong::IsoDate | Wrong::NoSuchDay | Wrong::Future => spoilt(data, wrong, first).is_some(),
        Wrong::Hyphen
        | Wrong::TenDigits
        | Wrong::NoMandatory
        | Wrong::WrongOrder
        | Wrong::WrongNamespace
        | Wrong::BadEnumeration
        | Wrong::EmptyText
        | Wrong::Placeholder
        | Wrong::CodeAlone => spoilt(data, wrong, first).is_some(),
        Wrong::OkWithError => data.refusal.is_some(),
        Wrong::OtherVersion => {
            shape.contract.namespace.rsplit(':').next().is_some_and(|major| major.parse::<u32>().is_ok())
        }
        // Certificates need TLS, nullified records a rule file that says what they hold, and index mutants an index.
        Wrong::NoCertificate | Wrong::NullifiedContent => false,
        Wrong::IndexNoUpdate
        | Wrong::IndexNoDelete
        | Wrong::IndexStale
        | Wrong::IndexEveryMinute
        | Wrong::IndexTooMany
        | Wrong::IndexCategory => false,
        _ => true,
    }
}

/// The identity of the record's patient, or its kind, changed.
fn of_person(xml: &str, identity: bool, change: impl Fn(&str) -> String) -> Option<String> {
    let document = tree::parse(xml).ok()?;
    let (id, kind) = document.root_element().descendants().find_map(person)?;
    let old = if identity { id } else { kind? };
    if old.len() < 8 || !old.is_ascii() {
        return None;
    }
    let within = |node: Node<'_, '_>| node.ancestors().any(|above| person(above).is_some());
    let by_text =
        edit::set(xml, |node| edit::is_leaf(node) && node.text() == Some(&*old) && within(node), &change(&old));
    by_text.or_else(|| {
        xml.contains(&format!("\"{old}\""))
            .then(|| xml.replacen(&format!("\"{old}\""), &format!("\"{}\"", change(&old)), 1))
    })
}

/// The first of the moments that rules look at.
fn of_times(data: &Dataset, xml: &str, value: &str) -> Option<String> {
    let answer = format!("{}{xml}{}", data.frame.0, data.frame.1);
    let document = tree::parse(&answer).ok()?;
    let records = data.layout.records(&document, &data.now);
    let found = records.first()?.texts(Field::Times);
    let digits = found
        .into_iter()
        .find(|text| matches!(text.len(), 8 | 14) && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let value = if digits.len() == 8 && value.len() == 14 { &value[..8] } else { value };
    xml.contains(&format!(">{digits}<")).then(|| xml.replace(&format!(">{digits}<"), &format!(">{value}<")))
}

fn without(xml: &str, node: Node<'_, '_>) -> Option<String> {
    let range = node.range();
    edit::is_leaf(node).then(|| format!("{}{}", &xml[..range.start], &xml[range.end..]))
}

fn with_text(xml: &str, node: Node<'_, '_>, text: &str) -> Option<String> {
    let range = node.first_child()?.range();
    Some(format!("{}{text}{}", &xml[..range.start], &xml[range.end..]))
}

/// An element and the one after it, the other way round.
fn swapped(xml: &str, node: Node<'_, '_>) -> Option<String> {
    let next = node.next_sibling_element().filter(|next| next.tag_name() != node.tag_name())?;
    let (first, second) = (node.range(), next.range());
    let (before, between, after) = (&xml[..first.start], &xml[first.end..second.start], &xml[second.end..]);
    Some(format!("{before}{}{between}{}{after}", &xml[second.clone()], &xml[first.clone()]))
}

/// A leaf in a namespace of its own.
fn elsewhere(xml: &str, node: Node<'_, '_>) -> Option<String> {
    let range = node.range();
    let name = node.tag_name().name();
    let text = edit::escaped(node.text()?);
    edit::is_leaf(node).then(|| {
        format!("{}<{name} xmlns=\"urn:exempel:annan\">{text}</{name}>{}", &xml[..range.start], &xml[range.end..])
    })
}

/// A value that is not among those the schema lists.
fn bad_enumeration(data: &Dataset, xml: &str) -> Option<String> {
    const ODD: &str = "Ogiltigt";
    let is_plain = |node: Node<'_, '_>| {
        let text = node.text().unwrap_or("");
        edit::is_leaf(node) && text.bytes().any(|byte| byte.is_ascii_alphabetic()) && !matches!(text, "true" | "false")
    };
    edit::search(
        xml,
        |xml, node| is_plain(node).then(|| with_text(xml, node, ODD)).flatten(),
        |changed| !data.is_valid(changed),
    )
}

/// Whether a leaf is a text for people: no number, identifier or code, and not what other rules look at.
fn is_text(node: Node<'_, '_>) -> bool {
    let name = edit::name(node);
    let text = node.text().unwrap_or("");
    edit::is_leaf(node)
        && text.chars().any(char::is_alphabetic)
        && !name.ends_with("id")
        && !["type", "code", "codesystem", "approvedforpatient", "nullified"].contains(&name.as_str())
        && !matches!(text, "true" | "false")
}
