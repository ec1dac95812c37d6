//! What the catalogue accepts of a new row, and the words in which it refuses (`tak.md` §2.4). The texts are exact.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

/// Longest text of any field.
const LENGTH_MAX: usize = 255;
/// Shortest address of a producer.
const URL_LENGTH_MIN: usize = 5;

/// Refuses an endpoint's address.
pub(in crate::catalogue) fn url(text: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:/-?&".contains(&byte);
    match text.chars().count() {
        0 => Err("Adress får inte vara tom"),
        _ if !text.bytes().all(allowed) => Err("Adress har ogiltigt innehåll"),
        URL_LENGTH_MIN..=LENGTH_MAX => Ok(()),
        _ => Err("Adress har felaktig längd"),
    }
}

/// Refuses an HSA-id.
pub(in crate::catalogue) fn hsa_id(text: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    match text.chars().count() {
        0 => Err("HSA-ID får inte vara tomt"),
        _ if !text.bytes().all(allowed) => Err("HSA-ID har ogiltigt innehåll"),
        1..=LENGTH_MAX => Ok(()),
        _ => Err("HSA-ID har felaktig längd"),
    }
}

/// Refuses a logical address: an HSA-id or `*`.
pub(in crate::catalogue) fn logical_address(text: &str) -> Result<(), &'static str> {
    if text == "*" { Ok(()) } else { hsa_id(text) }
}

/// Refuses a contract's namespace.
pub(in crate::catalogue) fn contract(text: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    match text.chars().count() {
        0 => Err("Namnrymd får inte vara tom"),
        _ if !text.bytes().all(allowed) => Err("Namnrymd har ogiltigt innehåll"),
        1..=LENGTH_MAX => Ok(()),
        _ => Err("Namnrymd har felaktig längd"),
    }
}

/// Refuses a profile's name. For blanks around it the catalogue has a code and no text.
pub(in crate::catalogue) fn profile(text: &str) -> Result<(), &'static str> {
    match text.chars().count() {
        0 => Err("Namn får inte vara tom"),
        _ if text.trim() != text => Err("whitespace.instance.namn"),
        1..=LENGTH_MAX => Ok(()),
        _ => Err("Namn har felaktig längd"),
    }
}

/// Refuses a description.
pub(in crate::catalogue) fn description(text: &str) -> Result<(), &'static str> {
    if text.trim().chars().count() > LENGTH_MAX { Err("Beskrivning har felaktig längd") } else { Ok(()) }
}

/// Refuses an agreement (*integrationsavtal*).
pub(in crate::catalogue) fn agreement(text: &str) -> Result<(), &'static str> {
    match text {
        "" => Err("Integrationsavtal får inte vara tomt"),
        _ if text.trim() != text => Err("Integrationsavtal får inte ha blanktecken i början eller slutet"),
        _ => Ok(()),
    }
}

/// Refuses a filter's service domain. A length beyond the limit has no text of its own.
pub(in crate::catalogue) fn service_domain(text: &str) -> Result<(), &'static str> {
    match text {
        "" => Err("Tjänstedomän får inte vara tom"),
        _ if text.contains(char::is_whitespace) => Err("Tjänstedomän får inte innehålla blanktecken"),
        _ if text.chars().count() > LENGTH_MAX => Err("Tjänstedomän är längre än 255 tecken"),
        _ => Ok(()),
    }
}

/// Refuses a filter's category.
pub(in crate::catalogue) fn category(text: &str) -> Result<(), &'static str> {
    match text {
        "" => Err("Kategori får inte vara tom"),
        _ if text.trim() != text => Err("Kategori får inte ha blanktecken i början eller slutet"),
        _ => Ok(()),
    }
}

/// Refuses days in the wrong order.
pub(in crate::catalogue) fn days(from: Option<Date>, to: Option<Date>) -> Result<(), &'static str> {
    match (from, to) {
        (Some(from), Some(to)) if from > to => Err("Tidpunkter i fel ordning"),
        _ => Ok(()),
    }
}

/// Two routes of one contract and address must not share a day.
pub(in crate::catalogue) const ROUTE_OVERLAP: &str =
    "En vägval med samma tjänstekontrakt och logisk adress finns med överlappande datum";
/// Two permissions of one consumer, contract and address must not share a day.
pub(in crate::catalogue) const PERMISSION_OVERLAP: &str = "En likvärdig anropsbehörighet finns med överlappande datum";

/// The days taken by the rows accepted so far, in all files together.
#[derive(Debug, Default)]
pub(in crate::catalogue) struct Overlaps {
    taken: HashMap<Vec<String>, Days>,
}

/// Periods that do not overlap, by first day: last day, and where the row is written.
type Days = BTreeMap<Date, (Date, String)>;

impl Overlaps {
    /// Takes the days for a key (compared without regard to case), or says which row has one of them already.
    pub(in crate::catalogue) fn take(
        &mut self,
        key: &[&str],
        (from, to): (Option<Date>, Option<Date>),
        origin: String,
    ) -> Result<(), String> {
        let (from, to) = (from.unwrap_or(Date::MIN), to.unwrap_or(Date::MAX));
        let days = self.taken.entry(key.iter().map(|part| part.to_lowercase()).collect()).or_default();
        // INVARIANT: accepted periods do not overlap, so only the last that starts no later than `to` can share a day.
        if let Some((_, (last, where_written))) = days.range(..=to).next_back()
            && *last >= from
        {
            return Err(where_written.clone());
        }
        days.insert(from, (to, origin));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_refused_in_the_catalogues_words() {
        let long = |length: usize| "a".repeat(length);
        assert_eq!(url(""), Err("Adress får inte vara tom"));
        assert_eq!(url("a b"), Err("Adress har ogiltigt innehåll"));
        assert_eq!(url("http"), Err("Adress har felaktig längd"));
        assert_eq!(url("http:"), Ok(()));
        assert_eq!(url(&long(256)), Err("Adress har felaktig längd"));
        assert_eq!(hsa_id("HSA 1"), Err("HSA-ID har ogiltigt innehåll"));
        assert_eq!(hsa_id("å"), Err("HSA-ID har ogiltigt innehåll"));
        assert_eq!(hsa_id("*"), Err("HSA-ID har ogiltigt innehåll"));
        assert_eq!(hsa_id(&long(256)), Err("HSA-ID har felaktig längd"));
        assert_eq!(logical_address("*"), Ok(()));
        assert_eq!(logical_address(""), Err("HSA-ID får inte vara tomt"));
        assert_eq!(contract("urn:riv:x y"), Err("Namnrymd har ogiltigt innehåll"));
        assert_eq!(contract(&long(255)), Ok(()));
        assert_eq!(profile(" RIVTABP21"), Err("whitespace.instance.namn"));
        assert_eq!(service_domain("a b"), Err("Tjänstedomän får inte innehålla blanktecken"));
        assert_eq!(category(" vko"), Err("Kategori får inte ha blanktecken i början eller slutet"));
    }

    #[test]
    fn a_shared_day_is_refused_and_adjacent_days_are_not() {
        let day = |text: &str| crate::catalogue::period::date_of(text);
        let mut overlaps = Overlaps::default();
        let mut take = |address: &str, from, to| {
            overlaps.take(&["c", address], (day(from), day(to)), format!("{from}..{to}")).err()
        };
        assert_eq!(take("A", "2026-01-01", "2026-01-31"), None);
        assert_eq!(take("A", "2026-02-01", "2026-02-28"), None);
        assert_eq!(take("a", "2026-01-31", "2026-01-31").as_deref(), Some("2026-01-01..2026-01-31"));
        assert_eq!(take("A", "2025-01-01", "2027-01-01").as_deref(), Some("2026-02-01..2026-02-28"));
        assert_eq!(take("A", "2025-12-01", "2025-12-31"), None);
        assert_eq!(take("A", "", "2025-11-30"), None);
        assert_eq!(take("A", "2026-02-28", "").as_deref(), Some("2026-02-01..2026-02-28"));
        assert_eq!(take("B", "2026-01-31", "2026-01-31"), None);
    }
}
