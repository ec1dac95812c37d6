//! Whether the index knows what the records say (`producers.md` §6.3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rows::Row;

/// How an engagement of the index differs from the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// There are records, and the index knows nothing of them.
    Missing,
    /// The latest event is another.
    Stale,
    /// The index knows of something, and there are no records.
    Orphan,
    /// The care giver is another.
    WrongOwner,
}

impl Kind {
    /// As people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Stale => "stale",
            Self::Orphan => "orphan",
            Self::WrongOwner => "wrong owner",
        }
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// What is the matter.
    pub kind: Kind,
    /// The engagement as the records have it; as the index has it, where there are no records.
    pub engagement: Row,
    /// What the index says instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

/// Compares what the records say with what the index knows, in the order of the engagements.
pub fn compare(records: &[Row], index: &[Row]) -> Vec<Difference> {
    let known: BTreeMap<[&str; 7], &Row> = index.iter().map(|row| (row.key(), row)).collect();
    let said: BTreeMap<[&str; 7], &Row> = records.iter().map(|row| (row.key(), row)).collect();
    let mut found = Vec::new();
    for (key, row) in &said {
        let mut differs = |kind, instead: Option<&str>| {
            found.push(Difference { kind, engagement: (*row).clone(), found: instead.map(str::to_owned) });
        };
        let Some(known) = known.get(key) else {
            differs(Kind::Missing, None);
            continue;
        };
        if known.most_recent_content != row.most_recent_content {
            differs(Kind::Stale, Some(&known.most_recent_content));
        }
        if known.data_controller != row.data_controller {
            differs(Kind::WrongOwner, Some(&known.data_controller));
        }
    }
    let orphans = known.iter().filter(|(key, _)| !said.contains_key(*key));
    found.extend(orphans.map(|(_, row)| Difference { kind: Kind::Orphan, engagement: (*row).clone(), found: None }));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(category: &str, time: &str, giver: &str) -> Row {
        let text = str::to_owned;
        Row {
            registered_resident_identification: text("191212121212"),
            service_domain: text("riv:d"),
            categorization: text(category),
            logical_address: text("S"),
            business_object_instance_identifier: text("NA"),
            clinical_process_interest_id: text("NA"),
            source_system: text("S"),
            data_controller: text(giver),
            most_recent_content: text(time),
        }
    }

    #[test]
    fn each_difference_is_named_and_equal_rows_are_none() {
        let records = [row("a", "1", "g"), row("b", "1", "g"), row("c", "1", "g"), row("d", "1", "g")];
        let index = [row("a", "1", "g"), row("b", "2", "g"), row("c", "1", "h"), row("e", "1", "g")];
        let told: Vec<_> = compare(&records, &index)
            .into_iter()
            .map(|one| (one.kind, one.engagement.categorization, one.found))
            .collect();
        let text = str::to_owned;
        assert_eq!(
            told,
            [
                (Kind::Stale, text("b"), Some(text("2"))),
                (Kind::WrongOwner, text("c"), Some(text("h"))),
                (Kind::Missing, text("d"), None),
                (Kind::Orphan, text("e"), None),
            ]
        );
        assert_eq!(compare(&records, &records), []);
    }
}
