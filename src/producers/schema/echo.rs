//! What an answer repeats of its request, so that it is an answer to that request and no other.

use jiff::ToSpan;
use jiff::civil::DateTime;

use super::Question;
use super::element::Element;
use super::period::Period;
use crate::contracts::sample::Given;

/// What was asked for.
#[derive(Debug)]
pub struct Echo {
    values: Vec<(String, String)>,
    period: Option<(DateTime, DateTime)>,
    /// Most records that can be answered with.
    records_max: Option<u32>,
}

/// Days of a period that is open at one side.
const OPEN_DAYS: i32 = 365;
/// Contracts whose records are care contacts or plans: a care contact is asked for by the document's own id.
const BY_DOCUMENT: [&str; 2] = ["GetCareContacts", "GetCarePlans"];

impl Echo {
    /// Reads a request.
    pub fn of(question: &Question<'_, '_>) -> Self {
        let body = &question.body;
        let mut echo = Self { values: Vec::new(), period: None, records_max: None };
        let mut put = |name: &str, value: &str| echo.values.push((name.to_owned(), value.to_owned()));
        if let Some(address) = question.asked.logical_address() {
            put("sourcesystemhsaid", address);
            put("sourcesystem", address);
        }
        if let Some(unit) = first(body, &["careUnit"]) {
            put("healthcareprofessionalcareunithsaid", unit);
            put("orgunithsaid", unit);
        }
        if let Some(giver) = first(body, &["careGiver", "healthcareProvider"]) {
            put("healthcareprofessionalcaregiverhsaid", giver);
        }
        if let Some(contact) = first(body, &["careContactId"]) {
            if BY_DOCUMENT.contains(&question.contract.operation.as_str()) {
                put("documentid", contact);
                echo.records_max = Some(1);
            } else {
                put("carecontactid", contact);
            }
        }
        if !question.is_write() {
            fields(body, "", &mut echo.values);
        }
        let asks_another_source = first(body, &["sourceSystem"])
            .zip(question.asked.logical_address())
            .is_some_and(|(asked, called)| !asked.eq_ignore_ascii_case(called));
        if asks_another_source {
            echo.records_max = Some(0);
        }
        echo.period = Period::of(body).and_then(closed);
        echo
    }

    /// The same for the sampler, with so many records where the request allows.
    pub fn given(self, records: u32) -> Given {
        let records = self.records_max.map_or(records, |most| records.min(most));
        Given { values: self.values, period: self.period, records: Some(records) }
    }
}

/// The value of the first field whose name begins so: its text, or its `extension`.
pub fn first<'a>(body: &'a Element, beginnings: &[&str]) -> Option<&'a str> {
    values(body, beginnings).next()
}

/// The values of all fields whose name begins so.
pub fn values<'a>(body: &'a Element, beginnings: &[&str]) -> impl Iterator<Item = &'a str> {
    let named = move |name: &str| {
        beginnings
            .iter()
            .any(|beginning| name.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning)))
    };
    let fields: Vec<_> = body.children.iter().filter(|field| named(&field.name)).collect();
    fields.into_iter().filter_map(|field| {
        let text = Some(field.text.trim()).filter(|text| !text.is_empty());
        text.or_else(|| field.text_at("extension")).or_else(|| field.text_at("@extension"))
    })
}

/// Every field with its value: those of the request itself by their name, others by `parent/name`.
fn fields(element: &Element, parent: &str, values: &mut Vec<(String, String)>) {
    for child in &element.children {
        let text = child.text.trim();
        if !text.is_empty() {
            let name = child.name.trim_start_matches('@');
            let key = if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
            values.push((key.to_lowercase(), text.to_owned()));
        }
        fields(child, &child.name, values);
    }
}

/// The period with both ends, the right way round.
fn closed(period: Period) -> Option<(DateTime, DateTime)> {
    let (first, last) = match (period.first, period.last) {
        (Some(first), Some(last)) => (first, last),
        (Some(first), None) => (first, first.checked_add(OPEN_DAYS.days()).ok()?),
        (None, Some(last)) => (last.checked_sub(OPEN_DAYS.days()).ok()?, last),
        (None, None) => return None,
    };
    (first <= last).then_some((first, last))
}
