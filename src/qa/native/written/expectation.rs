//! What an answer is held to, as written: one entry of `expect`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One entry of `expect`: one key, and who asks for it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are those of the format, each said in `Expected`")]
pub struct Expectation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soap: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_fault: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultWanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schematron: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xpath: Option<XPathWanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_contains: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Statuses>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<HeaderWanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<JsonWanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<RecordsWanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultWanted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_personal_data: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<IndexWanted>,
}

/// `when`: the entry is judged only where a parameter has a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The parameter.
    pub flag: String,
    /// The value.
    pub equals: String,
}

/// `fault`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum FaultWanted {
    /// A fault, or none.
    Is(bool),
    /// A fault like this.
    Like(FaultLike),
}

/// What a fault must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FaultLike {
    /// Local part of its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// In its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
}

/// `xpath`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct XPathWanted {
    /// The path.
    pub path: String,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// How much it selects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Whether it selects anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// Its text, `*` being any run of characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wildcard: Option<String>,
    /// XML it must be the same as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fragment: Option<String>,
}

/// `status`: one, or one of these.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Statuses {
    /// This.
    One(u16),
    /// One of these.
    Any(Vec<u16>),
}

/// `header`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderWanted {
    /// Its name.
    pub name: String,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// In its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Whether it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
}

/// `json`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct JsonWanted {
    /// The path.
    pub path: String,
    /// What it selects.
    pub equals: String,
}

/// `records`: several keys hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordsWanted {
    /// So many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exactly: Option<usize>,
    /// No fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<usize>,
    /// No more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<usize>,
    /// Field or path, and the value each record has there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub each_equals: BTreeMap<String, String>,
    /// Field or path, and the values one of which each record has there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub each_one_of: BTreeMap<String, Vec<String>>,
    /// Fields or paths that each record has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub each_has: Vec<String>,
    /// First and last day, either empty; a relevant moment of each record lies between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub each_time_within: Option<[String; 2]>,
    /// Ids with commas between them, all of which are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids_include: Option<String>,
    /// Ids, none of which is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids_exclude: Option<String>,
    /// No two records have the same id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_ids: Option<bool>,
    /// Field or path, and values each of which some record has there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values_include: BTreeMap<String, Vec<String>>,
    /// Field or path, and values that no record has there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values_exclude: BTreeMap<String, Vec<String>>,
    /// What holds for the records with these ids, those that are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub where_ids: Option<WhereIds>,
    /// A refusal will do as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub or_fault: bool,
}

/// `where_ids`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WhereIds {
    /// Ids with commas between them.
    pub ids: String,
    /// Field or path.
    pub field: String,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// Whether it is there at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<bool>,
}

/// `result`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ResultWanted {
    /// `resultCode`
    pub code: String,
    /// `errorCode`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
}

/// `index`: what an Update must say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IndexWanted {
    /// `deleteFlag`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<bool>,
    /// `sourceSystem`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_system: Option<String>,
    /// Most transactions of one Update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transactions_max: Option<usize>,
}
