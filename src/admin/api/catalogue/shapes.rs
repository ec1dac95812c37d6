//! What the catalogue's part of the API takes and gives.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::book::typed::TypedRow;

/// A published version.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct VersionInfo {
    /// Its number; none is given twice.
    pub version: u32,
    /// When it was published.
    #[cfg_attr(test, schema(value_type = String))]
    pub time: Timestamp,
    /// Who published it.
    pub user: String,
    /// Why.
    pub comment: String,
    /// Whether it came from the environment's files.
    pub of_files: bool,
}

/// A published version, and what it changed.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct VersionReport {
    /// The version.
    #[serde(flatten)]
    pub info: VersionInfo,
    /// What it changed, as the catalogue words it.
    pub report: String,
}

/// What the catalogue knows of a consumer.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Consumer {
    /// Its HSA-id in every spelling it is registered under; none where it is not known.
    pub registered: Vec<String>,
    /// How many permissions it has, valid now or not.
    pub permissions: usize,
}

/// A row that is not published yet.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct PendingRow {
    /// Its table, as in exports.
    pub table: &'static str,
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub user: String,
    /// Since when.
    #[cfg_attr(test, schema(value_type = String))]
    pub time: Timestamp,
    /// `new`, `changed` or `deleted`.
    pub state: &'static str,
    /// The row, by what it is known by.
    pub row: String,
}

/// What to publish.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PublishRequest {
    /// Whose pending rows.
    pub user: String,
    /// Why.
    #[serde(default)]
    pub comment: String,
}

/// What was published.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Published {
    /// The version that is served now.
    pub version: u32,
    /// The catalogue's own words.
    pub message: String,
    /// What changed.
    pub report: String,
}

/// What to take back.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RollbackRequest {
    /// Whose the rows are from then on.
    pub user: String,
    /// The newest version.
    pub version: u32,
}

/// Whose pending rows to forget.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DiscardRequest {
    /// The user.
    pub user: String,
}

/// How many rows were forgotten.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Discarded {
    /// Rows.
    pub discarded: usize,
}

/// A row to save.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SaveRequest {
    /// Who saves it.
    pub user: String,
    /// Its table, as in exports: vagval, anropsbehorighet, …
    pub table: String,
    /// Its number; left out for a new row.
    #[serde(default)]
    pub id: i64,
    /// Its fields, by the names of the export; other rows by what they are known by.
    #[cfg_attr(test, schema(value_type = Object))]
    pub row: TypedRow,
}

/// The row that was saved.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Saved {
    /// Its number.
    pub id: i64,
}

/// Whose catalogue is meant.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct PlatformQuery {
    /// Name of one of several platforms; default the one for production
    pub(in crate::admin) platform: Option<String>,
}

/// The query, read or refused.
pub(super) type Asked = Result<Query<PlatformQuery>, QueryRejection>;

/// Who deletes.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct DeleteQuery {
    /// Who deletes the row
    pub(super) user: String,
    /// Name of one of several platforms; default the one for production
    pub(super) platform: Option<String>,
}

/// A question about the past.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(utoipa::IntoParams))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, into_params(parameter_in = Query))]
pub struct HistoryQuery {
    /// RFC 3339; default now
    pub(super) at: Option<String>,
    /// Only of this contract
    pub(super) contract: Option<String>,
    /// Only of this logical address
    pub(super) address: Option<String>,
    /// Only permissions of this consumer
    pub(super) consumer: Option<String>,
    /// Name of one of several platforms; default the one for production
    pub(super) platform: Option<String>,
}

/// What the catalogue said at a time.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct History {
    /// The time that was asked for.
    #[cfg_attr(test, schema(value_type = String))]
    pub at: Timestamp,
    /// The version that was published then.
    #[serde(flatten)]
    pub version: VersionInfo,
    /// Its routes, of those asked for.
    pub routes: Vec<RowThen>,
    /// Its permissions, of those asked for.
    pub permissions: Vec<RowThen>,
    /// Whether there were more rows than are told.
    pub truncated: bool,
}

/// A route or a permission as it was.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct RowThen {
    /// Its number.
    pub id: i64,
    /// What it said, by what its parts are known by.
    pub row: String,
    /// Whether it held at the time.
    pub valid: bool,
}
