//! An aggregating service as a file describes it: one `[[aggregator]]` table each, in the shipped `contracts/aggregators.toml`
//! and in an environment's own. What follows from operation, domain and version (`aggregation.md` §4) need not be written.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::config::nearest::nearest;
use crate::domain::problem::{Problem, line_at};

/// A row as written. Names are those of the file; an empty text stands for "none".
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Row {
    pub operation: String,
    /// `riv:…`.
    pub domain: String,
    pub contract_version: Option<String>,
    pub contract_major: Option<u32>,
    pub id: Option<String>,
    #[serde(default)]
    pub tag: String,
    pub service_name: Option<String>,
    pub responder_ns: Option<String>,
    pub tak_contract: Option<String>,
    pub core_ns: Option<String>,
    pub soap_action: Option<String>,
    pub request_element: Option<String>,
    pub response_element: Option<String>,
    pub config_prefix: Option<String>,
    pub inbound_path: Option<String>,
    pub ei_lookup: Option<bool>,
    pub ei_service_domain: Option<String>,
    #[serde(default)]
    pub ei_categorization: Vec<String>,
    /// Empty, or `now-1y`.
    #[serde(default)]
    pub ei_most_recent_content: String,
    pub patient_id_path: String,
    /// Ours: whether a request without a patient is refused.
    pub patient_required: Option<bool>,
    #[serde(default)]
    pub source_system_filter_path: String,
    #[serde(default)]
    pub request_categorization_filter_path: String,
    #[serde(default)]
    pub reject_if_present_path: String,
    #[serde(default)]
    pub reject_fault_text: String,
    #[serde(default)]
    pub producer_address_from: AddressFrom,
    #[serde(default)]
    pub request_mapping: Mapping,
    /// `r:element = engagement.field`.
    #[serde(default)]
    pub rebuild_fields: Vec<String>,
    /// `{namespace}name`.
    #[serde(default)]
    pub forwarded_soap_headers: Vec<String>,
    #[serde(default)]
    pub merge_lists: Vec<String>,
    #[serde(default)]
    pub result_mode: ResultMode,
    pub receive_timeout_ms: Option<i64>,
    pub connect_timeout_ms: Option<i64>,
    pub aggregate_timeout_ms: Option<i64>,
    #[serde(default)]
    pub schema_validation_default: bool,
}

/// Which field of an engagement says whom to call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum AddressFrom {
    /// The source system.
    #[default]
    SourceSystem,
    /// The logical address.
    LogicalAddress,
    /// None: everybody the catalogue permits is called, and the index is not asked.
    Tak,
}

/// What becomes of the request's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mapping {
    /// It goes on unchanged.
    #[default]
    Copy,
    /// It is made anew of each engagement's fields.
    Rebuild,
}

/// The `result` element of the merged answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ResultMode {
    /// There is none.
    #[default]
    None,
    /// `resultCode` INFO.
    Info,
    /// `resultCode` INFO and `logId` NA.
    InfoNa,
}

/// Keys that a row may hold.
const KEYS: &[&str] = &[
    "operation",
    "domain",
    "contract_version",
    "contract_major",
    "id",
    "tag",
    "service_name",
    "responder_ns",
    "tak_contract",
    "core_ns",
    "soap_action",
    "request_element",
    "response_element",
    "config_prefix",
    "inbound_path",
    "ei_lookup",
    "ei_service_domain",
    "ei_categorization",
    "ei_most_recent_content",
    "patient_id_path",
    "patient_required",
    "source_system_filter_path",
    "request_categorization_filter_path",
    "reject_if_present_path",
    "reject_fault_text",
    "producer_address_from",
    "request_mapping",
    "rebuild_fields",
    "forwarded_soap_headers",
    "merge_lists",
    "result_mode",
    "receive_timeout_ms",
    "connect_timeout_ms",
    "aggregate_timeout_ms",
    "schema_validation_default",
];

/// Keys of which nothing hangs: they say for people, or follow from others.
const SAYING: &[&str] = &[
    "status",
    "inferred",
    "wsdl_namespace",
    "port_type",
    "service",
    "port",
    "soap_action_irregular",
    "default_inbound_url",
    "deployed_inbound_url",
    "vp_path",
    "ei_request_categorization",
    "ei_post_filter_categorization",
    "request_fields",
    "patient_id_type_path",
    "source_filter_compares",
    "care_unit_path",
    "care_giver_path",
    "time_paths",
    "time_format",
    "care_unit_filter_by_aggregator",
    "time_filter_by_aggregator",
    "message_part_index",
    "record_source_system_path",
    "record_patient_path",
    "receive_timeout_ms_deployed",
    "note",
    "authorization_receiver",
    "schema_validation",
    "validate_soap_action",
];

/// Reads every row of a file, each with its line. A row that cannot be used is reported and left out.
pub(super) fn read(file: &Path, contents: &[u8], problems: &mut Vec<Problem>) -> Vec<(usize, Row)> {
    let text = match std::str::from_utf8(contents) {
        Ok(text) => text,
        Err(error) => {
            problems.push(Problem::error(file, line_at(contents, error.valid_up_to()), "not UTF-8"));
            return Vec::new();
        }
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = error.span().map_or(0, |span| line_at(contents, span.start));
        problems.push(Problem::error(file, line, format!("not TOML: {}", error.message())));
    }
    let mut rows = Vec::new();
    for (name, value) in document.get_ref() {
        match (name.get_ref().as_ref(), value.get_ref()) {
            ("aggregator", DeValue::Array(items)) => {
                rows.extend(items.iter().filter_map(|item| row(file, contents, item, problems)));
            }
            // What holds for all is said in the settings.
            ("defaults", DeValue::Table(_)) => {}
            (other, _) => {
                let message = format!("{other:?} is passed over, expected [[aggregator]]");
                problems.push(Problem::error(file, line_at(contents, name.span().start), message));
            }
        }
    }
    rows
}

fn row(file: &Path, contents: &[u8], item: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<(usize, Row)> {
    let line = line_at(contents, item.span().start);
    let DeValue::Table(table) = item.get_ref() else {
        problems.push(Problem::error(file, line, "aggregator is not a table, expected [[aggregator]]"));
        return None;
    };
    for name in table.keys() {
        let known = KEYS.iter().chain(SAYING);
        let key: &str = name.get_ref().as_ref();
        if !known.clone().any(|known| *known == key) {
            let near = nearest(key, known.copied());
            let hint = near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            let line = line_at(contents, name.span().start);
            problems.push(Problem::error(file, line, format!("unknown key {key:?}{hint}")));
        }
    }
    match Row::deserialize(ValueDeserializer::from(item.clone())) {
        Ok(row) => Some((line, row)),
        Err(error) => {
            let line = error.span().map_or(line, |span| line_at(contents, span.start));
            problems.push(Problem::error(file, line, error.message().trim().to_owned()));
            None
        }
    }
}
