//! What of a person's record a request asks for (`producers.md` §6.2).

use super::book::Entry;
use super::projection::{ContractRow, KindRow};
use crate::producers::asked::plain_identity;
use crate::producers::schema::Question;
use crate::producers::schema::echo::values;
use crate::producers::schema::element::Element;
use crate::producers::schema::period::Period;

/// A request's filters. A list that is empty filters nothing; of one that is not, any member may match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    patient_type: Option<String>,
    units: Vec<String>,
    givers: Vec<String>,
    contacts: Vec<String>,
    period: Option<Period>,
    /// Path in the entry, and the values one of which it must have.
    equal: Vec<(String, Vec<String>)>,
    /// Whether it asks for another source system than the one that was called.
    elsewhere: bool,
}

impl Filter {
    /// Reads a request by the row of its contract.
    pub fn of(question: &Question<'_, '_>, row: &ContractRow) -> Self {
        let body = &question.body;
        let all = |beginnings: &[&str]| values(body, beginnings).map(str::to_owned).collect();
        let called = question.asked.logical_address().unwrap_or_default();
        let equal = row.equal.iter().map(|(field, path)| (path.clone(), texts_at(body, field)));
        Self {
            patient_type: ["type", "root", "@root"]
                .iter()
                .find_map(|name| ["patientId", "personId"].iter().find_map(|id| body.text_at(&format!("{id}/{name}"))))
                .map(str::to_owned),
            units: all(&["careUnit"]),
            givers: all(&["careGiver", "healthcareProvider"]),
            contacts: all(&["careContactId"]),
            period: Period::of(body),
            equal: equal.filter(|(_, wanted)| !wanted.is_empty()).collect(),
            elsewhere: values(body, &["sourceSystem"]).any(|source| !source.eq_ignore_ascii_case(called)),
        }
    }

    /// Whether another source system is asked for than the one that was called.
    pub fn asks_elsewhere(&self) -> bool {
        self.elsewhere
    }

    /// Whether an entry is asked for.
    pub fn admits(&self, entry: &Entry, kind: &KindRow) -> bool {
        let value = |path: &str| entry.values.text_at(path);
        // As written: an identifier in other letters is another one (`qa.md` §8, MP-16).
        let among = |wanted: &[String], path: &str| {
            wanted.is_empty() || value(path).is_some_and(|value| wanted.iter().any(|one| one == value))
        };
        let contact = if kind.is_contact { "id" } else { "contact" };
        !self.elsewhere
            && self.patient_type.as_deref().is_none_or(|wanted| value("patient.type") == Some(wanted))
            && among(&self.units, "unit.hsa_id")
            && among(&self.givers, "unit.giver.hsa_id")
            && among(&self.contacts, contact)
            && self.equal.iter().all(|(path, wanted)| among(wanted, path))
            && self.period.is_none_or(|period| kind.is_within(entry, &period))
    }
}

/// The texts of all fields at a path of names; identity numbers and the like without what people write into them.
fn texts_at(body: &Element, path: &str) -> Vec<String> {
    let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let fields = body.all(first).filter_map(|field| match rest {
        Some(rest) => field.text_at(rest),
        None => Some(field.text.trim()).filter(|text| !text.is_empty()),
    });
    fields.map(str::to_owned).collect()
}

/// The identity a request is about, where the hub's reader finds none.
pub fn identity(body: &Element) -> Option<String> {
    ["nationalIdentityNumber"].iter().find_map(|name| body.text_at(name)).map(plain_identity)
}
