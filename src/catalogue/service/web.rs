//! The pages of `/tak-web` (`tak.md` §5.4): signing in, and an order that is shown before it is carried out.
//!
//! They are as much as a script needs that drives the reference's: forms, texts and redirects, no style.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{COOKIE, HeaderValue, LOCATION, SET_COOKIE};
use http::{Request, Response, StatusCode};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::form;
use super::rest::typed;
use super::users::{Asker, Users, is_user};
use crate::catalogue::Catalogue;
use crate::catalogue::order::OrderError;
use crate::catalogue::order::read::read;
use crate::soap::xml::text::escape_into;

/// Name of the session's cookie.
const SESSION: &str = "JSESSIONID";
/// Most sessions and orders that wait; beyond, all of them are forgotten.
const KEPT_MAX: usize = 1_024;
/// Largest order that waits to be confirmed, in bytes.
const WAITING_BYTES_MAX: usize = 4 * 1024 * 1024;

const SIGN_IN: &str = "/tak-web/auth/login";
const WRONG: &str = "Ogiltigt användarnamn eller lösenord";
const NO_PORTAL: &str = "Hämtning av beställning via beställningsnummer är avstängt.";

/// Who is signed in, and what they have been shown.
#[derive(Debug, Default)]
pub(super) struct Web {
    /// User by cookie.
    sessions: Mutex<HashMap<String, String>>,
    /// Hash and text of the order each user was shown.
    shown: Mutex<HashMap<String, (String, String)>>,
}

impl Web {
    /// The user of a session.
    pub(super) fn user(&self, request: &Request<Bytes>) -> Option<String> {
        let cookies = request.headers().get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, session) = pairs.find(|(name, _)| *name == SESSION)?;
        kept(&self.sessions).get(session).cloned()
    }

    /// `POST /auth/login`.
    pub(super) fn sign_in(&self, users: &Users, request: &Request<Bytes>) -> Response<Bytes> {
        let fields = form::parameters(&String::from_utf8_lossy(request.body()));
        let (name, password) = (field(&fields, "username"), field(&fields, "password"));
        if !is_user(users, name, password) {
            return redirect(&format!("{SIGN_IN}?error=true"));
        }
        let session = Uuid::new_v4().simple().to_string();
        let mut sessions = kept(&self.sessions);
        if sessions.len() >= KEPT_MAX {
            sessions.clear();
        }
        sessions.insert(session.clone(), name.to_owned());
        let mut answer = redirect("/tak-web/bestallning");
        let cookie = format!("{SESSION}={session}; Path=/tak-web; HttpOnly; SameSite=Strict");
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            answer.headers_mut().insert(SET_COOKIE, cookie);
        }
        answer
    }

    /// `GET /auth/login`.
    pub(super) fn sign_in_page(query: &[(String, String)]) -> Response<Bytes> {
        let wrong = if field(query, "error") == "true" { format!("<p>{WRONG}</p>") } else { String::new() };
        page(&format!(
            "{wrong}<form method=\"post\" action=\"{SIGN_IN}\"><input name=\"username\">\
             <input name=\"password\" type=\"password\"><button>Logga in</button></form>"
        ))
    }

    /// `/bestallning`: the form; an order's number cannot be fetched, there being no portal.
    pub(super) fn order_page(request: &Request<Bytes>) -> Response<Bytes> {
        let fields = form::parameters(&String::from_utf8_lossy(request.body()));
        let said = if fields.is_empty() { "" } else { NO_PORTAL };
        page(&format!(
            "<p>{said}</p><form method=\"post\" action=\"/tak-web/bestallning/confirm\">\
             <textarea name=\"jsonBestallningText\"></textarea><button>Granska</button></form>"
        ))
    }

    /// `POST /bestallning/confirm`: the report of what would be done, and the hash that stands for it.
    pub(super) fn confirm(&self, catalogue: &Catalogue, asker: &Asker, request: &Request<Bytes>) -> Response<Bytes> {
        let text = order_text(request);
        let user = name_of(asker);
        match carried_out(catalogue, &user, &text, true) {
            Err(errors) => page(&listed(&errors)),
            Ok(_) if text.len() > WAITING_BYTES_MAX => {
                page(&listed(&[format!("beställningen är större än {WAITING_BYTES_MAX} byte; använd /rest/create")]))
            }
            Ok(report) => {
                let hash = hash(&text);
                let mut shown = kept(&self.shown);
                if shown.len() >= KEPT_MAX {
                    shown.clear();
                }
                shown.insert(user, (hash.clone(), text));
                page(&format!(
                    "{}<form method=\"post\" action=\"/tak-web/bestallning/save\">\
                     <input type=\"hidden\" name=\"bestallningHash\" value=\"{hash}\"><button>Spara</button></form>\
                     <form method=\"post\" action=\"/tak-web/bestallning/cancel\"><button>Avbryt</button></form>",
                    preformatted(&report)
                ))
            }
        }
    }

    /// `POST /bestallning/save`: carries out the order that was shown, if the hash is its.
    pub(super) fn save(&self, catalogue: &Catalogue, asker: &Asker, request: &Request<Bytes>) -> Response<Bytes> {
        let fields = form::parameters(&String::from_utf8_lossy(request.body()));
        let user = name_of(asker);
        let waiting = kept(&self.shown).remove(&user);
        match waiting {
            Some((hash, text)) if hash == field(&fields, "bestallningHash") => {
                match carried_out(catalogue, &user, &text, false) {
                    Ok(report) => page(&preformatted(&report)),
                    Err(errors) => page(&listed(&errors)),
                }
            }
            _ => page(&listed(&["beställningen är inte den som granskades; granska den igen".to_owned()])),
        }
    }

    /// `POST /bestallning/cancel`.
    pub(super) fn cancel(&self, asker: &Asker) -> Response<Bytes> {
        kept(&self.shown).remove(&name_of(asker));
        redirect("/tak-web/bestallning")
    }
}

fn kept<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn name_of(asker: &Asker) -> String {
    match asker {
        Asker::Named(name) => name.clone(),
        Asker::Local => super::orders::NOBODY.to_owned(),
    }
}

/// The report, or what is wrong.
fn carried_out(catalogue: &Catalogue, user: &str, text: &str, dry: bool) -> Result<String, Vec<String>> {
    let order = read(text).map_err(|error| vec![error.to_string()])?;
    match catalogue.order(catalogue.platform(), user, &order, dry) {
        Ok(outcome) => Ok(outcome.report),
        Err(OrderError::Refused(errors)) => Err(errors),
        Err(error) => Err(vec![error.to_string()]),
    }
}

fn order_text(request: &Request<Bytes>) -> String {
    let fields = form::parameters(&String::from_utf8_lossy(request.body()));
    fields.into_iter().map(|(_, value)| value).find(|value| value.contains('{')).unwrap_or_default()
}

fn hash(text: &str) -> String {
    let mut out = String::new();
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a text cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

fn field<'f>(fields: &'f [(String, String)], name: &str) -> &'f str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn preformatted(text: &str) -> String {
    let mut out = "<pre>".to_owned();
    escape_into(&mut out, text);
    out + "</pre>"
}

fn listed(errors: &[String]) -> String {
    errors.iter().map(|error| preformatted(error)).collect()
}

fn page(inside: &str) -> Response<Bytes> {
    let html = format!(
        "<!DOCTYPE html><html lang=\"sv\"><head><meta charset=\"UTF-8\"><title>TAK</title></head><body>{inside}</body></html>"
    );
    typed(StatusCode::OK, "text/html;charset=UTF-8", html)
}

fn redirect(to: &str) -> Response<Bytes> {
    let mut answer = typed(StatusCode::FOUND, "text/html;charset=UTF-8", "");
    if let Ok(to) = HeaderValue::try_from(to) {
        answer.headers_mut().insert(LOCATION, to);
    }
    answer
}
