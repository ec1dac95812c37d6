//! What the producers of this module hold: a few people, units and care givers, and records that tell filters apart.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Zoned};
use roxmltree::Node;

use super::edit;
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::sample::{Envelope, Given, SampleError, Variant, Wanted, hashed, sample};
use crate::contracts::validate::{Options, Target, validate};
use crate::domain::clock::stockholm;
use crate::domain::identity_number::check_digit_is_right;
use crate::qa::generate::shape::Shape;
use crate::qa::records::{Field, Layout};
use crate::qa::tree;

/// The kind of identity that most people have.
const PERSONNUMMER: &str = "1.2.752.129.2.1.3.1";
/// That of coordination numbers.
const SAMORDNINGSNUMMER: &str = "1.2.752.129.2.1.3.3";
/// A local kind.
const RESERVNUMMER: &str = "1.2.752.97.3.1.3";
/// A text that tells how letters are treated, and what follows it in records.
const TEXT: (&str, &str) = ("Räksmörgås på Ön – café", " & <annat>");
/// Names of elements that hold a text for people, the most telling first.
const TEXTS: [&str; 8] =
    ["documenttitle", "title", "note", "text", "comment", "description", "diagnosistext", "careunitname"];
/// Records of the patient who has many.
const LARGE: usize = 1_000;

/// One record.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) patient: (String, String),
    pub(super) unit: String,
    pub(super) source: String,
    pub(super) contact: String,
    /// When it happened.
    pub(super) at: DateTime,
    /// When it was put in: no request asks for that.
    pub(super) registered: DateTime,
    pub(super) xml: Arc<str>,
    /// The same with a signature, for a record that has none.
    pub(super) signed_xml: Option<Arc<str>>,
}

/// Everything a producer knows.
#[derive(Debug)]
pub struct Dataset {
    /// What it answers by.
    pub shape: Shape,
    pub(super) layout: Arc<Layout>,
    pub(super) entries: Vec<Entry>,
    /// An answer up to its records, and from there.
    pub(super) frame: (String, String),
    /// A refusal in the contract's own words, where it has some.
    pub(super) refusal: Option<String>,
    /// What the customer would have said.
    pub parameters: BTreeMap<String, String>,
    /// The clock of the run that it was made for.
    pub(super) now: Zoned,
}

impl Dataset {
    /// Makes one that agrees with what is already said of the customer's patients and units; what is not said is made up.
    pub fn new(
        shape: Shape,
        layout: Arc<Layout>,
        known: &BTreeMap<String, String>,
        seed: u64,
        now: Zoned,
    ) -> Result<Self, SampleError> {
        let mut parameters = parameters(&shape, known);
        let get = |name: &str| parameters.get(name).cloned().unwrap_or_default();
        let day = |name: &str, other: Date| read_day(&get(name)).unwrap_or(other);
        let (start, end) = (
            day("timePeriodStart", jiff::civil::date(2024, 1, 10)),
            day("timePeriodEnd", jiff::civil::date(2024, 1, 20)),
        );
        let frame = frame(&shape, &layout, &now)?;
        let maker = Maker { shape: &shape, layout: &layout, seed, source: get("sourceSystemHSAId"), now: &now };
        let units = [get("careUnitHSAId"), get("careUnitHSAId2"), get("consumer.forbiddenUnits")];
        let contacts = [get("careContactId"), "anslut-kontakt-2".to_owned(), "anslut-kontakt-3".to_owned()];
        let mut entries = Vec::new();
        let rich = (get("patientId"), get("patientIdType"));
        for (number, (at, registered)) in moments(start, end).into_iter().enumerate() {
            let about = About {
                patient: &rich,
                unit: &units[number % 3],
                contact: &contacts[number % 3],
                at,
                registered,
                number,
            };
            entries.push(maker.entry(&about)?);
        }
        let others = ["samordningsnummer", "samordningsnummer", "reservnummer"];
        for (number, kind) in others.into_iter().enumerate() {
            let patient = (get(&format!("patient.{kind}.id")), get(&format!("patient.{kind}.type")));
            let at = start.at(9, 0, 0, 0);
            let about = About {
                patient: &patient,
                unit: &units[number % 3],
                contact: &contacts[0],
                at,
                registered: at,
                number: number + 20,
            };
            entries.push(maker.entry(&about)?);
        }
        let large = (get("patient.large.id"), get("patient.large.type"));
        let at = start.at(10, 0, 0, 0);
        let one = maker.entry(&About {
            patient: &large,
            unit: &units[0],
            contact: &contacts[0],
            at,
            registered: at,
            number: 40,
        })?;
        for number in 0..LARGE {
            let id = format!("{}-{number}", one.id);
            let xml = one.xml.replace(&one.id, &id).into();
            entries.push(Entry { id, xml, ..one.clone() });
        }
        let refusal = refusal(&shape);
        expectations(&mut parameters, &entries[..9]);
        Ok(Self { shape, layout, entries, frame, refusal, parameters, now })
    }

    /// Whether an answer with these records follows the contract.
    pub(super) fn is_valid(&self, records: &str) -> bool {
        let answer = format!("{}{records}{}", self.frame.0, self.frame.1);
        is_valid(&self.shape.contract, &answer)
    }
}

fn is_valid(contract: &Arc<Contract>, answer: &str) -> bool {
    validate(Target::Contract(Arc::clone(contract), Some(Direction::Response)), Options::default(), answer.as_bytes())
        .valid
}

/// A test identity: born on that day, with that birth number, and the check digit it then has.
fn identity(day: &str, birth_number: u32) -> String {
    let nine = format!("{day}{birth_number:03}");
    let found = (0..10).map(|check| format!("{nine}{check}")).find(|identity| {
        let ten: Vec<u8> = identity[2..].bytes().map(|byte| byte - b'0').collect();
        check_digit_is_right(&ten)
    });
    found.unwrap_or(nine)
}

/// Parameters with what is not said filled in.
fn parameters(shape: &Shape, known: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut parameters = known.clone();
    parameters.retain(|_, value| !value.is_empty());
    let mut or = |name: &str, value: String| {
        parameters.entry(name.to_owned()).or_insert(value);
    };
    let address = known.get("logicalAddress").cloned().unwrap_or_else(|| "SE2321000016-S001".to_owned());
    or("logicalAddress", address.clone());
    or("patientId", known.get("patient.rich.id").cloned().unwrap_or_else(|| "191212121212".to_owned()));
    or("patientIdType", known.get("patient.rich.type").cloned().unwrap_or_else(|| PERSONNUMMER.to_owned()));
    for (name, number, kind) in [
        ("samordningsnummer", identity("19900170", 980), SAMORDNINGSNUMMER),
        ("reservnummer", identity("19900110", 982), RESERVNUMMER),
        ("empty", identity("19900111", 983), PERSONNUMMER),
        ("unknown", identity("19900112", 984), PERSONNUMMER),
        ("large", identity("19900113", 985), PERSONNUMMER),
    ] {
        or(&format!("patient.{name}.id"), number);
        or(&format!("patient.{name}.type"), kind.to_owned());
    }
    or("patient.rich.name", "Tolvan Tolvansson-Ängström".to_owned());
    for (name, value) in [
        ("timePeriodStart", "20240110"),
        ("timePeriodEnd", "20240120"),
        ("careUnitHSAId", "SE2321000016-1A01"),
        ("careUnitHSAId2", "SE2321000016-1A02"),
        ("careContactId", "anslut-kontakt-1"),
        ("consumer.full", "SE2321000016-FULL"),
        ("consumer.limited", "SE2321000016-LIMITED"),
    ] {
        or(name, value.to_owned());
    }
    // Not asked of the customer here: the producer is ours, and these are what tells it from its mutants.
    let mut set = |name: &str, value: &str| {
        parameters.insert(name.to_owned(), value.to_owned());
    };
    set("sourceSystemHSAId", &address);
    set("consumer.forbiddenUnits", "SE2321000016-1A03");
    set("consumer.absent", "refused");
    let full = parameters.get("consumer.full").cloned().unwrap_or_default();
    parameters.insert("httpHeaderHsaId".to_owned(), full);
    match shape.answered.iter().any(|name| TEXTS.contains(&name.as_str())) {
        true => parameters.insert("expectedText".to_owned(), TEXT.0.to_owned()),
        false => parameters.remove("expectedText"),
    };
    parameters
}

fn read_day(text: &str) -> Option<Date> {
    let digits = text.get(..8)?;
    let number = |from: usize, to: usize| digits[from..to].parse::<i16>().ok();
    Date::new(number(0, 4)?, i8::try_from(number(4, 6)?).ok()?, i8::try_from(number(6, 8)?).ok()?).ok()
}

/// When the rich patient's records happened, and when they were put in: six in the period, three not.
fn moments(start: Date, end: Date) -> Vec<(DateTime, DateTime)> {
    let shifted = |at: DateTime, days: i64| at.saturating_add(SignedDuration::from_hours(24 * days));
    let middle = shifted(start.at(10, 0, 0, 0), 1).min(end.at(10, 0, 0, 0));
    let inside = [
        // Half an hour into the day here is still the day before in UTC.
        start.at(0, 30, 0, 0),
        start.at(12, 0, 0, 0),
        middle,
        middle.saturating_add(SignedDuration::from_mins(90)),
        end.at(8, 0, 0, 0),
        end.at(23, 59, 59, 0),
    ];
    let mut moments: Vec<_> = inside.into_iter().map(|at| (at, shifted(at, 45))).collect();
    let before = shifted(start.at(10, 0, 0, 0), -40);
    moments.push((before, before));
    let after = shifted(end.at(10, 0, 0, 0), 40);
    moments.push((after, after));
    // Long ago, and put in within the period.
    moments.push((shifted(start.at(10, 0, 0, 0), -200), middle));
    moments
}

/// What the customer would say of these records.
fn expectations(parameters: &mut BTreeMap<String, String>, entries: &[Entry]) {
    let ids = |wanted: &dyn Fn(usize, &Entry) -> bool| {
        let found = entries.iter().enumerate().filter(|(number, entry)| wanted(*number, entry));
        found.map(|(_, entry)| entry.id.clone()).collect::<Vec<_>>().join(",")
    };
    for (name, ids) in [
        ("expectedDocumentIds", ids(&|number, _| number < 6)),
        ("unexpectedDocumentIds", ids(&|number, _| number >= 6)),
        ("approvedTrueIds", ids(&|number, _| is_approved(number))),
        ("approvedFalseIds", ids(&|number, _| !is_approved(number))),
        ("signedIds", ids(&|_, entry| entry.signed_xml.is_none())),
        ("unsignedIds", ids(&|_, entry| entry.signed_xml.is_some())),
    ] {
        parameters.insert(name.to_owned(), ids);
    }
}

fn is_approved(number: usize) -> bool {
    number.is_multiple_of(2)
}

fn is_signed(number: usize) -> bool {
    number % 3 != 2
}

/// What a record is about.
struct About<'a> {
    patient: &'a (String, String),
    unit: &'a str,
    contact: &'a str,
    at: DateTime,
    registered: DateTime,
    number: usize,
}

struct Maker<'a> {
    shape: &'a Shape,
    layout: &'a Layout,
    seed: u64,
    source: String,
    now: &'a Zoned,
}

impl Maker<'_> {
    fn entry(&self, about: &About<'_>) -> Result<Entry, SampleError> {
        let number = hashed(self.seed, &format!("record {}", about.number));
        let id = format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            number >> 32,
            number >> 16 & 0xffff,
            number & 0xfff,
            about.number & 0xfff,
            number & 0xffff_ffff_ffff
        );
        let giver = if about.number % 3 == 2 { "SE2321000016-2000" } else { "SE2321000016-1000" };
        let mut values: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, value: &str| values.push((name.to_owned(), value.to_owned()));
        for person in ["patientid", "personid", "patient", "subjectofcareid"] {
            for (part, value) in [
                ("id", &about.patient.0),
                ("extension", &about.patient.0),
                ("type", &about.patient.1),
                ("root", &about.patient.1),
            ] {
                add(&format!("{person}/{part}"), value);
            }
        }
        for name in &self.shape.answered {
            match name.as_str() {
                "patientid" | "personid" => add(name, &about.patient.0),
                "documentid" => add(name, &id),
                "carecontactid" => add(name, about.contact),
                "approvedforpatient" => add(name, if is_approved(about.number) { "true" } else { "false" }),
                "nullified" => add(name, "false"),
                "legalauthenticator" | "signaturetime" => add(name, ""),
                name if name.ends_with("careunithsaid") || name == "orgunithsaid" => add(name, about.unit),
                name if name.ends_with("caregiverhsaid") => add(name, giver),
                name if name.starts_with("sourcesystem") => add(name, &self.source),
                _ => {}
            }
        }
        if let Some(name) = TEXTS.iter().find(|name| self.shape.answered.iter().any(|known| known == **name)) {
            add(name, &format!("{}{}", TEXT.0, TEXT.1));
        }
        let given = Given { values, period: Some((about.at, about.at)), records: Some(1) };
        let wanted = Wanted {
            direction: Direction::Response,
            variant: Variant::Typical,
            seed: hashed(self.seed, &id),
            patient: Some(about.patient.0.clone()),
            envelope: Envelope::Own,
            given,
        };
        let answer = sample(&self.shape.contract, &wanted)?.swap_remove(0);
        let whole = self.record(&answer).ok_or_else(|| SampleError::NoMessage(self.shape.contract.short_name()))?;
        let whole = self.with_id(&whole, &id);
        let bare = (!is_signed(about.number)).then(|| unsigned(&whole)).flatten();
        let bare = bare.filter(|bare| is_valid(&self.shape.contract, &answer_with(&answer, bare, self)));
        let (xml, signed_xml) = match bare {
            Some(bare) => (bare, Some(whole.into())),
            None => (whole, None),
        };
        Ok(Entry {
            id,
            patient: about.patient.clone(),
            unit: about.unit.to_owned(),
            source: self.source.clone(),
            contact: about.contact.to_owned(),
            at: about.at,
            registered: about.registered,
            xml: xml.into(),
            signed_xml,
        })
    }

    /// The record of an answer, with all prefixes it uses declared by itself; original texts beside codes are left out.
    fn record(&self, answer: &str) -> Option<String> {
        let document = tree::parse(answer).ok()?;
        let records = self.layout.records(&document, self.now);
        let node = records.first()?.node;
        let mut xml = answer[node.range()].to_owned();
        let end = xml.find(|c: char| c.is_whitespace() || c == '>' || c == '/')?;
        let declared = xml[..xml.find('>')?].contains("xmlns");
        if !declared {
            let declarations: String = node
                .namespaces()
                .filter_map(|namespace| Some(format!(" xmlns:{}=\"{}\"", namespace.name()?, namespace.uri())))
                .filter(|declaration| !declaration.contains(":xml="))
                .collect();
            xml.insert_str(end, &declarations);
        }
        let is_doubled = |node: Node<'_, '_>| {
            edit::name(node) == "originaltext"
                && node.parent().is_some_and(|parent| parent.children().any(|child| edit::name(child) == "code"))
        };
        while let Some(without) = edit::remove(&xml, is_doubled) {
            xml = without;
        }
        Some(xml)
    }

    /// The record with this id where it has one; a contract may call it otherwise than by `documentId`.
    fn with_id(&self, xml: &str, id: &str) -> String {
        let Ok(document) = tree::parse(xml) else { return xml.to_owned() };
        let text = format!(
            "<s:Envelope xmlns:s=\"{}\"><s:Body><a>{}</a></s:Body></s:Envelope>",
            crate::qa::assert::soap::SOAP_1_1,
            xml
        );
        drop(document);
        let Ok(whole) = tree::parse(&text) else { return xml.to_owned() };
        let records = self.layout.records(&whole, self.now);
        match records.first().and_then(|record| record.text(Field::Id)) {
            Some(found) if found != id => xml.replace(&found, id),
            _ => xml.to_owned(),
        }
    }
}

/// A made answer with another record in the place of its own.
fn answer_with(answer: &str, record: &str, maker: &Maker<'_>) -> String {
    let Ok(document) = tree::parse(answer) else { return answer.to_owned() };
    let records = maker.layout.records(&document, maker.now);
    let Some(range) = records.first().map(|record| record.node.range()) else { return answer.to_owned() };
    format!("{}{record}{}", &answer[..range.start], &answer[range.end..])
}

/// A record without its signature.
fn unsigned(xml: &str) -> Option<String> {
    edit::remove(xml, |node| edit::name(node) == "legalauthenticator")
        .or_else(|| edit::remove(xml, |node| edit::name(node) == "signaturetime"))
}

/// An answer without records, cut where they go.
fn frame(shape: &Shape, layout: &Layout, now: &Zoned) -> Result<(String, String), SampleError> {
    let values = ["result", "resultcode", "logid"].into_iter().zip(["", "OK", "1c9a7d3e-8a44-4d0b-9f21-0d8f3f6a2b10"]);
    let values = values.filter(|(name, _)| shape.answered.iter().any(|known| known == name));
    let given = Given {
        values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        period: None,
        records: Some(1),
    };
    let wanted =
        Wanted { direction: Direction::Response, variant: Variant::Typical, seed: 1, given, ..Wanted::default() };
    let answer = sample(&shape.contract, &wanted)?.swap_remove(0);
    let unreadable = || SampleError::NoMessage(shape.contract.short_name());
    let document = tree::parse(&answer).map_err(|_| unreadable())?;
    let records = layout.records(&document, now);
    let (first, last) = (records.first().ok_or_else(unreadable)?, records.last().ok_or_else(unreadable)?);
    let (start, end) = (first.node.range().start, last.node.range().end);
    let head = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", &answer[..start]);
    Ok((head, answer[end..].to_owned()))
}

/// `ERROR` in the contract's own words.
fn refusal(shape: &Shape) -> Option<String> {
    if !shape.has_result {
        return None;
    }
    let values = [
        ("result", ""),
        ("resultcode", "ERROR"),
        ("errorcode", "INVALID_REQUEST"),
        ("errorid", "INVALID_REQUEST"),
        ("logid", "1c9a7d3e-8a44-4d0b-9f21-0d8f3f6a2b10"),
        ("resulttext", "frågan kan inte besvaras"),
        ("message", "frågan kan inte besvaras"),
    ];
    let values = values.iter().filter(|(name, _)| shape.answered.iter().any(|known| known == name));
    let given = Given {
        values: values.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        period: None,
        records: Some(0),
    };
    let wanted = Wanted { direction: Direction::Response, variant: Variant::Min, seed: 1, given, ..Wanted::default() };
    let answer = sample(&shape.contract, &wanted).ok()?.swap_remove(0);
    answer.contains(">ERROR<").then(|| format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{answer}"))
}

/// A moment as contracts write it.
pub(super) fn written(at: DateTime) -> String {
    at.strftime("%Y%m%d%H%M%S").to_string()
}

/// The same moment in UTC.
pub(super) fn utc(at: DateTime) -> DateTime {
    at.to_zoned(stockholm()).map_or(at, |zoned| zoned.with_time_zone(jiff::tz::TimeZone::UTC).datetime())
}
