//! One engagement as a line of JSON.

use std::borrow::Cow;

use serde::Deserialize;

use crate::index::engagement::{Field, Key};
use crate::index::memory::row::Row;
use crate::index::record::LoadRow;
use crate::index::timestamp::{LocalTime, NotATime};

/// Longest line that is read, in bytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// A line that is no engagement.
#[derive(Debug, thiserror::Error)]
pub enum BadLine {
    /// Not an object with these keys.
    #[error("not an engagement")]
    Json(#[from] serde_json::Error),
    /// Nothing where something must be.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// More than a field holds.
    #[error("{name} has {chars} characters, at most {chars_max} are allowed")]
    TooLong {
        /// The field.
        name: &'static str,
        /// What it has.
        chars: usize,
        /// What it may have.
        chars_max: usize,
    },
    /// A time that is none.
    #[error("{0}")]
    Time(&'static str, #[source] NotATime),
    /// Longer than [`LINE_BYTES_MAX`], or not UTF-8.
    #[error("{0}")]
    Text(String),
}

/// The keys of a line. The owner may be left out: the index's own then.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Keys<'a> {
    #[serde(borrow, default)]
    registered_resident_identification: Cow<'a, str>,
    #[serde(borrow, default)]
    service_domain: Cow<'a, str>,
    #[serde(borrow, default)]
    categorization: Cow<'a, str>,
    #[serde(borrow, default)]
    logical_address: Cow<'a, str>,
    #[serde(borrow, default)]
    business_object_instance_identifier: Cow<'a, str>,
    #[serde(borrow, default)]
    clinical_process_interest_id: Cow<'a, str>,
    #[serde(borrow, default)]
    most_recent_content: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    source_system: Cow<'a, str>,
    #[serde(borrow, default)]
    creation_time: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    update_time: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    data_controller: Cow<'a, str>,
    #[serde(borrow, default)]
    owner: Option<Cow<'a, str>>,
}

/// Reads a line. `now` stands in for a creation time, `own_id` for an owner that is not there; `NA` for what does not
/// apply.
pub fn read<'a>(line: &'a str, own_id: &'a str, now: LocalTime) -> Result<LoadRow<'a>, BadLine> {
    let keys: Keys<'a> = serde_json::from_str(line)?;
    let key = Key([
        keys.registered_resident_identification,
        keys.service_domain,
        keys.categorization,
        keys.logical_address,
        keys.business_object_instance_identifier,
        keys.clinical_process_interest_id,
        keys.source_system,
        keys.data_controller,
        keys.owner.unwrap_or(Cow::Borrowed(own_id)),
    ]);
    for field in Field::ALL {
        let text = key.key_text(field);
        if text.is_empty() {
            return Err(BadLine::Missing(field.name()));
        }
        if let Some(chars_max) = field.chars_max().filter(|most| text.len() > *most) {
            let chars = text.encode_utf16().count();
            if chars > chars_max {
                return Err(BadLine::TooLong { name: field.name(), chars, chars_max });
            }
        }
    }
    Ok(LoadRow {
        most_recent_content: time("mostRecentContent", keys.most_recent_content)?,
        created: time("creationTime", keys.creation_time)?.unwrap_or(now),
        updated: time("updateTime", keys.update_time)?,
        key,
    })
}

fn time(name: &'static str, text: Option<Cow<'_, str>>) -> Result<Option<LocalTime>, BadLine> {
    text.map(|text| LocalTime::parse(&text)).transpose().map_err(|error| BadLine::Time(name, error))
}

/// Appends a row as a line, newline included.
pub fn write(row: &Row<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut put = |name: &str, text: &str| {
        if out.last() != Some(&b'{') {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        serde_json::to_writer(&mut *out, text).expect("a text is always written to memory");
    };
    let packed = *row.packed();
    for field in Field::ALL {
        put(field.name(), row.text(field));
        match field {
            Field::ClinicalProcessInterestId => {
                packed.most_recent_content.iter().for_each(|time| put("mostRecentContent", &time.to_string()));
            }
            Field::SourceSystem => {
                put("creationTime", &packed.created.to_string());
                packed.updated.iter().for_each(|time| put("updateTime", &time.to_string()));
            }
            _ => {}
        }
    }
    out.extend_from_slice(b"}\n");
}
