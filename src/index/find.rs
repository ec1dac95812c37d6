//! FindContent: which engagements a person has (`ei.md` §4).

use super::answer::Found;
use super::engagement::Field;
use super::fault::{self, IndexFault};
use super::memory::Memory;
use super::memory::row::Row;
use super::request::find::Query;
use super::timestamp::LocalTime;
use crate::config::index::IndexSettings;

/// Fields by which a query may narrow what it gets.
const OPTIONAL: [Field; 7] = [
    Field::Categorization,
    Field::LogicalAddress,
    Field::BusinessObjectInstanceIdentifier,
    Field::ClinicalProcessInterestId,
    Field::SourceSystem,
    Field::DataController,
    Field::Owner,
];

/// Answers a query from memory: the whole response document.
pub fn find(memory: &Memory, query: &Query<'_>, settings: &IndexSettings) -> Result<Vec<u8>, IndexFault> {
    let resident = mandatory(query, Field::RegisteredResidentIdentification)?;
    let domain = mandatory(query, Field::ServiceDomain)?;
    let newer_than = match &query.most_recent_content {
        None => None,
        Some(text) => Some(LocalTime::parse(text).map_err(|error| fault::bad_content_date(&error))?),
    };
    let wanted = Wanted { query, domain, newer_than, ignores_case: settings.find_ignores_case };
    let bytes_max = settings.limits.response_bytes_max;
    let narrows = OPTIONAL.into_iter().any(|field| query.field(field).is_some()) || newer_than.is_some();
    let mut found = Found::new(resident);
    // A person's rows stand in order of their arrival; neighbours mostly share the domain.
    let mut last_subject = None;
    memory.visit(resident, &mut |row| {
        let subject = row.packed().subject;
        let in_domain = match last_subject {
            Some((last, answer)) if last == subject => answer,
            _ => wanted.same(row.text(Field::ServiceDomain), domain),
        };
        last_subject = Some((subject, in_domain));
        if in_domain && (!narrows || wanted.passes(row)) && found.bytes() <= bytes_max {
            found.row(row);
        }
    });
    if found.bytes() > bytes_max {
        return Err(fault::answer_too_large(bytes_max));
    }
    Ok(found.finish())
}

fn mandatory<'a>(query: &'a Query<'_>, field: Field) -> Result<&'a str, IndexFault> {
    let is_blank = |text: &str| text.chars().all(|c| c <= ' ');
    query.field(field).filter(|text| !is_blank(text)).ok_or_else(|| fault::mandatory_for_find(field))
}

struct Wanted<'a> {
    query: &'a Query<'a>,
    domain: &'a str,
    newer_than: Option<LocalTime>,
    ignores_case: bool,
}

impl Wanted<'_> {
    fn passes(&self, row: &Row<'_>) -> bool {
        debug_assert!(self.same(row.text(Field::ServiceDomain), self.domain));
        OPTIONAL.into_iter().all(|field| self.query.field(field).is_none_or(|text| self.same(row.text(field), text)))
            && self.newer_than.is_none_or(|bound| row.packed().most_recent_content.is_some_and(|time| time >= bound))
    }

    fn same(&self, one: &str, other: &str) -> bool {
        one == other || (self.ignores_case && one.to_lowercase() == other.to_lowercase())
    }
}
