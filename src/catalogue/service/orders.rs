//! `/tak-web`: orders over HTTP, and the download of published versions (`tak.md` §3.7, §5.4).

use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, HeaderValue};
use http::{Response, StatusCode};

use super::form;
use super::rest::{text_of, typed};
use super::users::Asker;
use crate::catalogue::Catalogue;
use crate::catalogue::formats::gzip;
use crate::catalogue::formats::stored::{Dialect, write};
use crate::catalogue::order::OrderError;
use crate::catalogue::order::read::{ReadError, read};

/// Who is noted where neither credentials nor the order name anybody.
pub(super) const NOBODY: &str = "anonymous";

/// `POST /tak-web/rest/create`. The answer is 200 whatever becomes of the order; only its text tells. With
/// `?dryRun=true`, which is ours, nothing is saved.
pub(super) fn create(catalogue: &Catalogue, asker: Asker, query: &[(String, String)], body: &[u8]) -> Response<Bytes> {
    let dry = query.iter().any(|(name, value)| name == "dryRun" && value == "true");
    text_of(StatusCode::OK, told(catalogue, asker, dry, &form::order(body)))
}

fn told(catalogue: &Catalogue, asker: Asker, dry: bool, text: &str) -> String {
    let order = match read(text) {
        Ok(order) => order,
        Err(ReadError::Parse(_)) => return "JsonBestallning ERROR::: {}".to_owned(),
        Err(error) => return format!("RUNTIME ERROR:::\n{error}"),
    };
    let user = match asker {
        Asker::Named(name) => name,
        Asker::Local if order.user.trim().is_empty() => NOBODY.to_owned(),
        Asker::Local => order.user.trim().to_owned(),
    };
    match catalogue.order(catalogue.platform(), &user, &order, dry) {
        Ok(outcome) => outcome.report,
        Err(OrderError::Refused(errors)) => {
            let lines: String = errors.iter().map(|error| format!("\n{error}")).collect();
            format!("JsonBestallning ERROR:::{lines}")
        }
        Err(error) => format!("RUNTIME ERROR:::\n{error}"),
    }
}

/// `GET /tak-web/pubversion/download/{id}`.
pub(super) fn download(catalogue: &Catalogue, id: &str) -> Response<Bytes> {
    let Some((version, state)) = id.parse().ok().and_then(|id| catalogue.version(id)) else {
        return text_of(StatusCode::NOT_FOUND, format!("no published version {id}\n"));
    };
    let json = write(&state, &super::rest::frame(&version), Dialect::Stored, true);
    let mut answer = typed(StatusCode::OK, "application/x-gzip", gzip(&json));
    let name = format!("attachment; filename=\"PubVersion-{}.json.gzip\"", version.id);
    if let Ok(name) = HeaderValue::try_from(name) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    answer
}
