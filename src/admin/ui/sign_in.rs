//! Lets a browser in from outside loopback: it shows the token once and gets a cookie that is good for reading.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use http::{StatusCode, Uri, header};
use maud::{Markup, html};
use serde::Deserialize;

use crate::admin::Admin;
use crate::admin::guard::{SESSION_COOKIE, same};

#[derive(Deserialize)]
struct Form {
    token: String,
}

pub(super) async fn page(State(admin): State<Arc<Admin>>) -> Response {
    super::answer(&admin, StatusCode::OK, "Sign in", &form(None))
}

pub(super) async fn enter(State(admin): State<Arc<Admin>>, body: Bytes) -> Response {
    let Some(token) = admin.parts.token.as_deref() else { return Redirect::to("/").into_response() };
    let given = given(&body);
    if !given.is_some_and(|given| same(given.trim().as_bytes(), token.as_bytes())) {
        let content = form(Some("That is not the token."));
        return super::answer(&admin, StatusCode::UNAUTHORIZED, "Sign in", &content);
    }
    let cookie = format!("{SESSION_COOKIE}={}; Path=/; HttpOnly; SameSite=Strict", admin.session);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}

/// A form's body has the shape of a query.
fn given(body: &[u8]) -> Option<String> {
    let uri: Uri = format!("/?{}", std::str::from_utf8(body).ok()?).parse().ok()?;
    Query::<Form>::try_from_uri(&uri).ok().map(|Query(form)| form.token)
}

fn form(notice: Option<&str>) -> Markup {
    html! {
        h1 { "Sign in" }
        p { "These pages show messages, so readers from other machines need the token of the setting " code { "admin.token" } "." }
        @if let Some(notice) = notice { p.notice role="alert" { (notice) } }
        form.filter action="/sign-in" method="post" {
            label { span { "Token" } input type="password" name="token" required autocomplete="current-password"; }
            div.buttons { button type="submit" { "Sign in" } }
        }
    }
}
