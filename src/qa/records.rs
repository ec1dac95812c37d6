//! What one record of an answer is, and where its fields stand: as a suite says, else by the names that contracts use.

use std::collections::BTreeMap;

use jiff::Zoned;
use roxmltree::{Document, Node};

use super::assert::soap;
use super::xpath::{Expression, Item, Node as Place, Prefixes, StaticError, Surroundings};

/// A field of a record that rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// What tells the record from others.
    Id,
    /// Identity of the patient.
    Patient,
    /// The kind of that identity.
    PatientType,
    /// The care unit, *vårdenhet*, that answers for it.
    CareUnit,
    /// Its care giver, *vårdgivare*.
    CareGiver,
    /// The system it comes from.
    SourceSystem,
    /// The care contact, *vårdkontakt*, it belongs to.
    CareContact,
    /// Whether the patient may see it.
    Approved,
    /// When it was signed.
    Signature,
    /// Moments that decide whether it lies in a period.
    Times,
}

/// Where records stand, and their fields in them.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    path: Option<Expression>,
    fields: BTreeMap<Field, Vec<Expression>>,
}

/// Names of the answer's own parts that are no records.
const NO_RECORDS: [&str; 4] = ["result", "hasmore", "partialresult", "status"];

impl Layout {
    /// A layout as a suite writes it: the path of all records, and paths of fields in them.
    pub fn compile(
        path: Option<&str>,
        fields: impl IntoIterator<Item = (Field, String)>,
        prefixes: &Prefixes,
    ) -> Result<Self, StaticError> {
        let mut layout = Self { path: None, fields: BTreeMap::new() };
        layout.path = path.map(|path| Expression::compile(path, prefixes)).transpose()?;
        for (field, path) in fields {
            layout.fields.entry(field).or_default().push(Expression::compile(&path, prefixes)?);
        }
        Ok(layout)
    }

    /// The records of an answer; none in a fault or in what is no envelope.
    pub fn records<'d>(&self, document: &'d Document<'d>, now: &Zoned) -> Vec<Record<'d, '_>> {
        let record = |node| Record { node, layout: self, now: now.clone() };
        if let Some(path) = &self.path {
            let found = path.evaluate(Place::Tree(document.root()), &Surroundings::at(now.clone()));
            let nodes = found.unwrap_or_default().into_iter().filter_map(|item| match item {
                Item::Node(Place::Tree(node)) => Some(record(node)),
                _ => None,
            });
            return nodes.collect();
        }
        let Some(answer) = soap::body(document).and_then(|body| body.first_element_child()) else {
            return Vec::new();
        };
        if answer.tag_name().name() == "Fault" {
            return Vec::new();
        }
        let is_record = |child: &Node<'_, '_>| {
            child.is_element()
                && child.children().any(|inner| inner.is_element())
                && !NO_RECORDS.contains(&child.tag_name().name().to_ascii_lowercase().as_str())
        };
        answer.children().filter(is_record).map(record).collect()
    }
}

/// One record of an answer.
#[derive(Clone)]
pub struct Record<'d, 'l> {
    /// Its element.
    pub node: Node<'d, 'd>,
    layout: &'l Layout,
    now: Zoned,
}

impl Record<'_, '_> {
    /// The first value of a field.
    pub fn text(&self, field: Field) -> Option<String> {
        self.texts(field).into_iter().next()
    }

    /// All values of a field, empty ones left out.
    pub fn texts(&self, field: Field) -> Vec<String> {
        let Some(paths) = self.layout.fields.get(&field) else { return self.by_name(field) };
        let surroundings = Surroundings::at(self.now.clone());
        let found =
            paths.iter().flat_map(|path| path.evaluate(Place::Tree(self.node), &surroundings).unwrap_or_default());
        found.map(|item| item.text().trim().to_owned()).filter(|text| !text.is_empty()).collect()
    }

    /// Whether the field's element is there, though it may be empty.
    fn by_name(&self, field: Field) -> Vec<String> {
        let ending = |endings: &'static [&'static str]| {
            self.node.descendants().filter(move |node| {
                node.is_element() && {
                    let name = node.tag_name().name().to_ascii_lowercase();
                    endings.iter().any(|ending| name.ends_with(ending))
                }
            })
        };
        let first = |endings| ending(endings).filter_map(leaf).take(1).collect();
        match field {
            Field::Id => first(&["documentid", "requestid", "bookingid"]),
            Field::Patient => self.node.descendants().find_map(person).map(|(id, _)| id).into_iter().collect(),
            Field::PatientType => {
                self.node.descendants().find_map(person).and_then(|(_, kind)| kind).into_iter().collect()
            }
            Field::CareUnit => first(&["careunithsaid", "careunitid"]),
            Field::CareGiver => first(&["caregiverhsaid", "caregiverid"]),
            Field::SourceSystem => first(&["sourcesystemhsaid", "sourcesystemid"]),
            Field::CareContact => first(&["carecontactid"]),
            Field::Approved => first(&["approvedforpatient"]),
            Field::Signature => first(&["signaturetime"]),
            Field::Times => ending(&["time", "timestamp"]).filter_map(leaf).collect(),
        }
    }
}

/// The text of an element without element children, or its `extension`.
pub fn leaf(node: Node<'_, '_>) -> Option<String> {
    let child = |name: &str| node.children().find(|child| named(*child, name)).and_then(|child| child.text());
    let text = match node.attribute("extension") {
        Some(extension) => Some(extension),
        None if node.children().any(|child| child.is_element()) => child("extension").or_else(|| child("id")),
        None => node.text(),
    };
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Whether an element has that local name, in any namespace and any case.
pub fn named(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name().eq_ignore_ascii_case(name)
}

/// Identity and its kind, where an element is a person's.
pub fn person(node: Node<'_, '_>) -> Option<(String, Option<String>)> {
    if !["patientId", "personId", "patient", "subjectOfCareId", "subjectOfCare"].iter().any(|name| named(node, name)) {
        return None;
    }
    let child = |names: [&str; 2]| {
        let found = node.children().find(|child| names.iter().any(|name| named(*child, name)));
        found.and_then(leaf).or_else(|| names.iter().find_map(|name| node.attribute(*name)).map(str::to_owned))
    };
    let identity = child(["id", "extension"]).or_else(|| leaf(node))?;
    Some((identity, child(["type", "root"])))
}
