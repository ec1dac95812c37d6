//! The administrators' catalogue: its versions, what is pending, publishing and taking back. What requests and answers
//! look like stands in `shapes.rs`.

mod shapes;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::StatusCode;

use super::problem::Problem;
use crate::admin::Admin;
use crate::catalogue::Catalogue;
use crate::catalogue::book::core::{Refusal, Version};
use crate::catalogue::book::report;
use crate::catalogue::book::rows::{AnyRow, Change, Kind};
use crate::catalogue::entry::Text;
use crate::catalogue::period::Validity;
use crate::domain::clock::stockholm;
pub use shapes::*;

/// Most rows of one answer about the past.
const ROWS_MAX: usize = 1_000;

fn info(version: &Version) -> VersionInfo {
    VersionInfo {
        version: version.id,
        time: version.time,
        user: version.user.to_string(),
        comment: version.comment.to_string(),
        of_files: version.of_files,
    }
}

/// What the catalogue refuses it refuses in its own words.
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match &refusal {
            Refusal::UnknownRow(..) => Self::new(StatusCode::NOT_FOUND, refusal.to_string()),
            Refusal::Invalid(_) => Self::new(StatusCode::BAD_REQUEST, refusal.to_string()),
            Refusal::Log(error) => {
                tracing::error!(error = error as &dyn std::error::Error, "the catalogue cannot be written");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, refusal.to_string())
            }
            _ => Self::new(StatusCode::CONFLICT, refusal.to_string()),
        }
    }
}

fn body<T>(given: Result<Json<T>, JsonRejection>) -> Result<T, Problem> {
    given.map(|Json(body)| body).map_err(|rejection| {
        let is_too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        let status = if is_too_large { rejection.status() } else { StatusCode::BAD_REQUEST };
        Problem::new(status, format!("the body cannot be used: {}", rejection.body_text()))
            .expected("the JSON object /openapi.json describes")
    })
}

/// Runs what may take a while, the catalogue being large, beside the calls.
async fn beside<T: Send + 'static>(
    admin: &Arc<Admin>,
    platform: Option<&str>,
    work: impl FnOnce(&Catalogue) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let catalogue = Arc::clone(&admin.platform(platform)?.catalogue);
    match tokio::task::spawn_blocking(move || work(&catalogue)).await {
        Ok(done) => done,
        Err(_) => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the catalogue failed")),
    }
}

/// Lists the published versions, newest first
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/catalogue/versions", tag = "catalogue", params(PlatformQuery),
    responses(
        (status = 200, description = "The versions", body = Vec<VersionInfo>),
        (status = 400, description = "There is no such platform", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn versions(
    State(admin): State<Arc<Admin>>,
    query: Asked,
) -> Result<Json<Vec<VersionInfo>>, Problem> {
    let catalogue = &admin.platform(query?.platform.as_deref())?.catalogue;
    Ok(Json(catalogue.versions().iter().rev().map(info).collect()))
}

/// Shows a published version and what it changed
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/catalogue/versions/{version}", tag = "catalogue",
    params(("version" = u32, Path, description = "Number of the version; those taken back included"), PlatformQuery),
    responses(
        (status = 200, description = "The version", body = VersionReport),
        (status = 400, description = "There is no such platform", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such version", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn version(
    State(admin): State<Arc<Admin>>,
    Path(asked): Path<String>,
    query: Asked,
) -> Result<Json<VersionReport>, Problem> {
    let Query(query) = query?;
    let unknown = || Problem::new(StatusCode::NOT_FOUND, format!("there is no published version {asked}"));
    let id = asked.parse().map_err(|_| unknown())?;
    let found = beside(&admin, query.platform.as_deref(), move |catalogue| {
        let version = catalogue.version(id).map(|(version, _)| info(&version));
        Ok(version.zip(catalogue.changes_of(id)))
    });
    match found.await? {
        Some((info, report)) => Ok(Json(VersionReport { info, report })),
        None => Err(unknown()),
    }
}

/// Tells whether the catalogue knows a consumer
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/catalogue/consumers/{hsaId}", tag = "catalogue",
    params(("hsaId" = String, Path, description = "HSA-id of the consumer, in any case"), PlatformQuery),
    responses(
        (status = 200, description = "What is registered under it, which may be nothing", body = Consumer),
        (status = 400, description = "There is no such platform", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn consumer(
    State(admin): State<Arc<Admin>>,
    Path(asked): Path<String>,
    query: Asked,
) -> Result<Json<Consumer>, Problem> {
    let Query(query) = query?;
    let found = beside(&admin, query.platform.as_deref(), move |catalogue| {
        let served = catalogue.served();
        let rows = served.state.components.rows().iter();
        let components = rows.filter(|row| row.value.hsa_id.eq_ignore_ascii_case(&asked));
        let snapshot = catalogue.snapshot();
        let permitted = snapshot.permissions().iter().filter(|row| row.consumer.eq_ignore_ascii_case(&asked));
        let (mut names, mut permissions) = (BTreeSet::new(), 0);
        names.extend(components.map(|row| row.value.hsa_id.to_string()));
        for permission in permitted {
            permissions += 1;
            names.insert(permission.consumer.to_string());
        }
        Ok(Consumer { registered: names.into_iter().collect(), permissions })
    });
    found.await.map(Json)
}

/// Lists the rows that are not published yet
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/catalogue/pending", tag = "catalogue", params(PlatformQuery),
    responses(
        (status = 200, description = "The rows", body = Vec<PendingRow>),
        (status = 400, description = "There is no such platform", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn pending(
    State(admin): State<Arc<Admin>>,
    query: Asked,
) -> Result<Json<Vec<PendingRow>>, Problem> {
    let Query(query) = query?;
    let rows = beside(&admin, query.platform.as_deref(), |catalogue| {
        let live = catalogue.live();
        let published = catalogue.served();
        let pending = catalogue.pending().into_iter().take(ROWS_MAX);
        let rows = pending.map(|pending| {
            let (kind, id) = pending.change.key();
            let was_published = published.state.get(kind, id);
            let (state, row) = match &pending.change {
                Change::Put(row) if was_published.is_none() => ("new", report::shown(&live, row)),
                Change::Put(row) => ("changed", report::shown(&live, row)),
                Change::Drop(..) => {
                    let row = was_published.map(|row| report::shown(&published.state, &row));
                    ("deleted", row.unwrap_or_default())
                }
            };
            let (table, user) = (kind.section(), pending.user.to_string());
            PendingRow { table, id, user, time: pending.at, state, row }
        });
        Ok(rows.collect())
    });
    rows.await.map(Json)
}

/// Publishes a user's pending rows
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/catalogue/publish", tag = "catalogue", params(PlatformQuery), request_body = PublishRequest,
    responses(
        (status = 200, description = "Every reader sees it", body = Published),
        (status = 400, description = "The body cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is refused, in the catalogue's words", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn publish(
    State(admin): State<Arc<Admin>>,
    query: Asked,
    given: Result<Json<PublishRequest>, JsonRejection>,
) -> Result<Json<Published>, Problem> {
    let PublishRequest { user, comment } = body(given)?;
    let Query(query) = query?;
    let published = beside(&admin, query.platform.as_deref(), move |catalogue| {
        let publication = catalogue.publish(&user, &comment)?;
        Ok(Published { version: publication.version, message: publication.text(), report: publication.report })
    });
    published.await.map(Json)
}

/// Takes the newest version back
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/catalogue/rollback", tag = "catalogue", params(PlatformQuery), request_body = RollbackRequest,
    responses(
        (status = 200, description = "Every reader sees the version before", body = Published),
        (status = 400, description = "The body cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It is refused, in the catalogue's words", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn rollback(
    State(admin): State<Arc<Admin>>,
    query: Asked,
    given: Result<Json<RollbackRequest>, JsonRejection>,
) -> Result<Json<Published>, Problem> {
    let RollbackRequest { user, version } = body(given)?;
    let Query(query) = query?;
    let taken_back = beside(&admin, query.platform.as_deref(), move |catalogue| {
        catalogue.rollback(&user, version)?;
        let now = catalogue.versions().last().map_or(0, |version| version.id);
        let message = crate::catalogue::publish::rolled_back(version);
        Ok(Published { version: now, message, report: String::new() })
    });
    taken_back.await.map(Json)
}

/// Forgets a user's pending rows
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/catalogue/discard", tag = "catalogue", params(PlatformQuery), request_body = DiscardRequest,
    responses(
        (status = 200, description = "They are forgotten", body = Discarded),
        (status = 400, description = "The body cannot be used", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn discard(
    State(admin): State<Arc<Admin>>,
    query: Asked,
    given: Result<Json<DiscardRequest>, JsonRejection>,
) -> Result<Json<Discarded>, Problem> {
    let DiscardRequest { user } = body(given)?;
    let Query(query) = query?;
    let discarded = beside(&admin, query.platform.as_deref(), move |catalogue| {
        Ok(Discarded { discarded: catalogue.discard(&user).map_err(Refusal::Log)? })
    });
    discarded.await.map(Json)
}

/// Saves a row, to be published later
#[cfg_attr(test, utoipa::path(
    post, path = "/api/v1/catalogue/rows", tag = "catalogue", params(PlatformQuery), request_body = SaveRequest,
    responses(
        (status = 200, description = "It is pending", body = Saved),
        (status = 400, description = "It breaks a rule, told in the catalogue's words", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn save(
    State(admin): State<Arc<Admin>>,
    query: Asked,
    given: Result<Json<SaveRequest>, JsonRejection>,
) -> Result<Json<Saved>, Problem> {
    let SaveRequest { user, table, id, row } = body(given)?;
    let Query(query) = query?;
    let kind = kind(&table)?;
    let saved = beside(&admin, query.platform.as_deref(), move |catalogue| {
        let today = catalogue.clock().now().to_zoned(stockholm()).date();
        let row = row.row(&catalogue.live(), kind, id, today);
        Ok(Saved { id: catalogue.save(&user, row)? })
    });
    saved.await.map(Json)
}

/// Deletes a row, to be published later
#[cfg_attr(test, utoipa::path(
    delete, path = "/api/v1/catalogue/rows/{table}/{id}", tag = "catalogue",
    params(
        ("table" = String, Path, description = "The table, as in exports"),
        ("id" = i64, Path, description = "Number of the row"),
        DeleteQuery,
    ),
    responses(
        (status = 200, description = "It is pending", body = Saved),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such row", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Other rows need it", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn delete(
    State(admin): State<Arc<Admin>>,
    Path((table, id)): Path<(String, i64)>,
    query: Result<Query<DeleteQuery>, QueryRejection>,
) -> Result<Json<Saved>, Problem> {
    let Query(DeleteQuery { user, platform }) = query?;
    let kind = kind(&table)?;
    let deleted = beside(&admin, platform.as_deref(), move |catalogue| {
        catalogue.delete(&user, kind, id)?;
        Ok(Saved { id })
    });
    deleted.await.map(Json)
}

/// Tells what the catalogue said at a time
#[cfg_attr(test, utoipa::path(
    get, path = "/api/v1/catalogue/history", tag = "catalogue", params(HistoryQuery),
    responses(
        (status = 200, description = "The version of that time, and its rows", body = History),
        (status = 400, description = "The time cannot be read", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Nothing was published then", body = Problem, content_type = "application/problem+json"),
    )
))]
pub(in crate::admin) async fn history(
    State(admin): State<Arc<Admin>>,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<Json<History>, Problem> {
    let Query(query) = query?;
    let at = match &query.at {
        None => admin.parts.clock.now(),
        Some(text) => {
            text.parse().map_err(|_| Problem::parameter("at", text, "a time such as 2026-11-22T10:00:00Z"))?
        }
    };
    let platform = query.platform.clone();
    let told = beside(&admin, platform.as_deref(), move |catalogue| {
        let (version, state) = catalogue
            .version_at(at)
            .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, format!("nothing was published at {at}")))?;
        let is = |asked: &Option<String>, name: Option<&Text>| {
            asked.as_ref().is_none_or(|asked| name.is_some_and(|name| name.to_lowercase() == asked.to_lowercase()))
        };
        let valid = |validity: &Validity| validity.period.contains(at);
        let meant = |contract, address| {
            is(&query.contract, state.contracts.get(contract).map(|row| &row.value.namespace))
                && is(&query.address, state.addresses.get(address).map(|row| &row.value.hsa_id))
        };
        let routes = state.routes.rows().iter().filter(|row| meant(row.value.contract, row.value.address));
        let routes = routes.map(|row| RowThen {
            id: row.id,
            row: report::shown(&state, &AnyRow::Route(row.clone())),
            valid: valid(&row.value.validity),
        });
        let permissions = state.permissions.rows().iter().filter(|row| {
            meant(row.value.contract, row.value.address)
                && is(&query.consumer, state.components.get(row.value.consumer).map(|row| &row.value.hsa_id))
        });
        let permissions = permissions.map(|row| RowThen {
            id: row.id,
            row: report::shown(&state, &AnyRow::Permission(row.clone())),
            valid: valid(&row.value.validity),
        });
        let mut routes: Vec<_> = routes.take(ROWS_MAX + 1).collect();
        let mut permissions: Vec<_> = permissions.take(ROWS_MAX + 1).collect();
        let truncated = routes.len() > ROWS_MAX || permissions.len() > ROWS_MAX;
        routes.truncate(ROWS_MAX);
        permissions.truncate(ROWS_MAX);
        Ok(History { at, version: info(&version), routes, permissions, truncated })
    });
    told.await.map(Json)
}

fn kind(table: &str) -> Result<Kind, Problem> {
    let tables = || Kind::ALL.map(Kind::section).join(", ");
    Kind::of_section(table).ok_or_else(|| Problem::parameter("table", table, format!("one of {}", tables())))
}
