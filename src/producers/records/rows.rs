//! What the index knows of the records (`producers.md` §6.3): rows, as the lines of JSON the index is loaded from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::book::{Book, Entry, Patient};
use super::projection::projection;

/// What does not apply.
const NOT_APPLICABLE: &str = "NA";

/// One engagement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Identity number.
    pub registered_resident_identification: String,
    /// `riv:` and the domain.
    pub service_domain: String,
    /// Categorization.
    pub categorization: String,
    /// Where the data is asked for.
    pub logical_address: String,
    /// The booking, or `NA`.
    pub business_object_instance_identifier: String,
    /// `NA`.
    pub clinical_process_interest_id: String,
    /// HSA-id of the system.
    pub source_system: String,
    /// Organisation number of the care giver.
    pub data_controller: String,
    /// The latest event, fourteen digits.
    #[serde(default)]
    pub most_recent_content: String,
}

/// The rows of books, in order: one for each person, domain, categorization, system and care giver.
pub fn rows<'b>(books: impl IntoIterator<Item = &'b Book>) -> Vec<Row> {
    rows_among(books.into_iter().flat_map(Book::patients))
}

fn rows_among<'b>(people: impl Iterator<Item = (&'b str, &'b Patient)>) -> Vec<Row> {
    let mut latest: BTreeMap<Row, String> = BTreeMap::new();
    for (id, patient) in people {
        for entry in &patient.entries {
            let Some((row, event)) = row(id, entry) else { continue };
            let known = latest.entry(row).or_default();
            if *known < event {
                *known = event;
            }
        }
    }
    latest.into_iter().map(|(row, most_recent_content)| Row { most_recent_content, ..row }).collect()
}

/// The rows of one person.
pub fn rows_of<'b>(books: impl IntoIterator<Item = &'b Book>, patient: &str) -> Vec<Row> {
    rows_among(books.into_iter().filter_map(|book| book.patient(patient)).map(|known| (patient, known)))
}

/// The rows as lines of JSON.
pub fn lines(rows: &[Row]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(rows.len() * 400);
    for row in rows {
        serde_json::to_writer(&mut lines, row).expect("a row is always written to memory");
        lines.push(b'\n');
    }
    lines
}

impl Row {
    /// The row without its time and owner: what the index keeps one engagement for.
    pub fn key(&self) -> [&str; 7] {
        [
            &self.registered_resident_identification,
            &self.service_domain,
            &self.categorization,
            &self.logical_address,
            &self.business_object_instance_identifier,
            &self.clinical_process_interest_id,
            &self.source_system,
        ]
    }
}

/// The row an entry belongs to, without its time; and its latest event.
fn row(id: &str, entry: &Entry) -> Option<(Row, String)> {
    let kind = &projection().kinds[entry.kind];
    let text = |path: &str| entry.values.text_at(path).unwrap_or(NOT_APPLICABLE).to_owned();
    let domain = kind.domain.as_ref()?;
    let own = |path: &str| if kind.per_entry { text(path) } else { NOT_APPLICABLE.to_owned() };
    let row = Row {
        registered_resident_identification: id.to_owned(),
        service_domain: format!("riv:{domain}"),
        categorization: match (&kind.category, &kind.category_of) {
            (Some(category), _) => category.clone(),
            (None, Some(path)) => text(path),
            (None, None) => NOT_APPLICABLE.to_owned(),
        },
        logical_address: if kind.per_entry { text("unit.hsa_id") } else { entry.system.clone() },
        business_object_instance_identifier: own("id"),
        clinical_process_interest_id: NOT_APPLICABLE.to_owned(),
        source_system: entry.system.clone(),
        data_controller: entry
            .values
            .text_at("unit.giver.org_no")
            .or(entry.values.text_at("unit.giver.hsa_id"))?
            .to_owned(),
        most_recent_content: String::new(),
    };
    Some((row, kind.latest_event(entry)?))
}
