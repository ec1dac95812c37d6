//! What the API says when it cannot do what is asked (RFC 9457): the value that was wrong, where it stood, and what was
//! expected instead.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;

use crate::admin::hide::hidden;

/// A problem document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Problem {
    /// The status in words.
    title: &'static str,
    /// The status code.
    #[cfg_attr(test, schema(value_type = u16))]
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    /// What is wrong.
    detail: String,
    /// The parameter or header that was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    /// Its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// What was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
}

impl Problem {
    /// A problem in one sentence: lower case first, no full stop.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Problem");
        Self { title, status, detail: detail.into(), name: None, value: None, expected: None }
    }

    /// A parameter whose value cannot be used.
    pub fn parameter(name: &'static str, value: &str, expected: impl Into<String>) -> Self {
        let (shown, expected) = (hidden(value), expected.into());
        let detail = match value {
            "" => format!("parameter {name} is missing: expected {expected}"),
            _ => format!("parameter {name} is \"{shown}\": expected {expected}"),
        };
        Self::new(StatusCode::BAD_REQUEST, detail).named(name, value).expected(expected)
    }

    /// Where the wrong value stood, and the value.
    pub fn named(mut self, name: &'static str, value: &str) -> Self {
        self.name = Some(name);
        self.value = Some(hidden(value));
        self
    }

    /// What was expected.
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, in one sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// A query that names an unknown parameter, or one twice; the text lists the known ones.
impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        let text = hidden(&rejection.body_text());
        let reason = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
        Self::new(StatusCode::BAD_REQUEST, format!("the query cannot be used: {reason}"))
            .expected("each known parameter at most once")
    }
}

/// A path with a part that is no text.
impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, format!("the path cannot be used: {}", hidden(&rejection.body_text())))
            .expected("a path in UTF-8")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_string(&self).expect("texts and a number always serialise");
        (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
