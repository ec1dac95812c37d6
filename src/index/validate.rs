//! The rules a request must follow before anything of it is stored, in the reference's order: with two things wrong,
//! the order decides which of them the sender is told (`ei.md` §2.2). The first failure refuses the whole request.

use hashbrown::HashTable;

use super::engagement::{Field, Transaction};
use super::fault::{self, IndexFault};
use super::memory::person::mix;
use super::record::Source;
use super::request::transactions::Transactions;
use super::timestamp::LocalTime;
use crate::config::index::{IndexSettings, TRANSACTIONS_MAX};

/// The eight fields that are checked, in order; the owner is a matter of its own.
const CHECKED: [Field; 8] = [
    Field::RegisteredResidentIdentification,
    Field::ServiceDomain,
    Field::Categorization,
    Field::LogicalAddress,
    Field::BusinessObjectInstanceIdentifier,
    Field::ClinicalProcessInterestId,
    Field::SourceSystem,
    Field::DataController,
];

/// Most characters of a time.
const TIME_CHARS_MAX: usize = 14;

/// Checks `LogicalAddress` of an Update (`Update-R7`).
pub fn address(logical_address: Option<&str>, settings: &IndexSettings) -> Result<(), IndexFault> {
    match logical_address {
        Some(address) if address == settings.own_id || address == settings.alternative_id => {
            // An own id that is empty cannot be addressed.
            if address.is_empty() { Err(fault::wrong_address(None, &settings.own_id)) } else { Ok(()) }
        }
        other => Err(fault::wrong_address(other, &settings.own_id)),
    }
}

/// Checks number and contents of the transactions.
pub fn transactions(source: Source, read: &Transactions<'_>, settings: &IndexSettings) -> Result<(), IndexFault> {
    match read.count {
        0 => return Err(fault::too_few()),
        count if count > TRANSACTIONS_MAX => return Err(fault::too_many()),
        _ => {}
    }
    let mut seen = SeenKeys::default();
    for (place, transaction) in (1..).zip(&read.transactions) {
        if !transaction.has_engagement {
            return Err(fault::no_engagement(place));
        }
        if let Some(text) = &transaction.most_recent_content {
            LocalTime::parse(text).map_err(|error| fault::bad_content_date(&error))?;
        }
        if let Some(earlier) = seen.earlier(transaction, place) {
            return Err(fault::same_key(earlier, place));
        }
        one(source, place, transaction, settings)?;
    }
    Ok(())
}

/// Steps c to h for one transaction.
fn one(
    source: Source,
    place: usize,
    transaction: &Transaction<'_>,
    settings: &IndexSettings,
) -> Result<(), IndexFault> {
    let key = &transaction.key;
    if let Some(field) = CHECKED.into_iter().find(|field| has_white_space_around(key.text(*field))) {
        return Err(fault::white_space(field));
    }
    let is_reserved = |text: &str| settings.reserved_ids.iter().any(|reserved| reserved == text);
    if is_reserved(key.text(Field::LogicalAddress)) {
        return Err(fault::reserved_address(place, key.text(Field::LogicalAddress)));
    }
    if is_reserved(key.text(Field::SourceSystem)) {
        return Err(fault::reserved_system(place, key.text(Field::SourceSystem)));
    }
    let owner = (source == Source::Notification).then_some(Field::Owner);
    if let Some(field) = CHECKED.into_iter().chain(owner).find(|field| key.text(*field).is_empty()) {
        return Err(fault::missing(field));
    }
    let too_long = |field: &Field| field.chars_max().is_some_and(|most| is_longer(key.text(*field), most));
    if let Some(field) = CHECKED.into_iter().find(too_long) {
        return Err(fault::too_long(field.name()));
    }
    let times = [
        ("mostRecentContent", transaction.most_recent_content.as_deref().unwrap_or_default()),
        ("updateTime", &transaction.update_time),
        ("creationTime", &transaction.creation_time),
    ];
    if let Some((name, _)) = times.iter().find(|(_, text)| is_longer(text, TIME_CHARS_MAX)) {
        return Err(fault::too_long(name));
    }
    for (name, text) in times.into_iter().filter(|(_, text)| !text.is_empty()) {
        LocalTime::parse(text).map_err(|error| fault::bad_date(name, &error))?;
    }
    Ok(())
}

/// Characters up to U+0020 at either end of a text that is not blank.
fn has_white_space_around(text: &str) -> bool {
    let at_edge = |c: char| c <= ' ';
    (text.starts_with(at_edge) || text.ends_with(at_edge)) && !text.chars().all(|c| c <= ' ' || c.is_whitespace())
}

/// Characters as the reference counts them: in UTF-16.
fn is_longer(text: &str, most: usize) -> bool {
    text.len() > most && text.encode_utf16().count() > most
}

/// The keys of a request so far, as the sender wrote them, owner included.
#[derive(Default)]
struct SeenKeys {
    table: HashTable<(u64, usize, std::ops::Range<usize>)>,
    bytes: Vec<u8>,
}

impl SeenKeys {
    /// The place of an earlier transaction with the same key, if there is one; else remembers this one.
    fn earlier(&mut self, transaction: &Transaction<'_>, place: usize) -> Option<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(transaction.key.resident().as_bytes());
        transaction.key.write_tail(None, &mut self.bytes);
        let key = start..self.bytes.len();
        let hash = mix(&self.bytes[key.clone()]);
        let same = |other: &(u64, usize, std::ops::Range<usize>)| {
            other.0 == hash && self.bytes[other.2.clone()] == self.bytes[key.clone()]
        };
        if let Some((_, earlier, _)) = self.table.find(hash, same) {
            return Some(*earlier);
        }
        self.table.insert_unique(hash, (hash, place, key), |(hash, ..)| *hash);
        None
    }
}
