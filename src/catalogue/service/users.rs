//! Who asks: HTTP Basic against `[catalogue.users]`. Where no user is configured, whoever is on this machine may ask.

use std::collections::BTreeMap;
use std::hint::black_box;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;

use crate::soap::responder::Caller;

/// Name to password.
pub(super) type Users = BTreeMap<String, String>;

/// Who asks, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// A user, by name and password; without configured users, by name alone.
    Named(String),
    /// Somebody on this machine.
    Local,
}

/// Who asks; `None` where he may not.
pub(super) fn asker(users: &Users, request: &Request<Bytes>) -> Option<Asker> {
    let given = given(request);
    if users.is_empty() {
        let caller = request.extensions().get::<Caller>();
        let is_local = caller.is_some_and(|caller| caller.0.ip().to_canonical().is_loopback());
        return is_local.then(|| given.map_or(Asker::Local, |(name, _)| Asker::Named(name)));
    }
    let (name, password) = given?;
    is_user(users, &name, &password).then_some(Asker::Named(name))
}

/// Whether a user has this password. An unknown user costs as much as a wrong password.
pub(super) fn is_user(users: &Users, name: &str, password: &str) -> bool {
    let expected = users.get(name);
    let matches = same(password.as_bytes(), expected.map_or("", |expected| expected).as_bytes());
    matches && expected.is_some()
}

fn given(request: &Request<Bytes>) -> Option<(String, String)> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    (!name.is_empty()).then(|| (name.to_owned(), password.to_owned()))
}

/// Compares without telling by its duration how much was right.
fn same(given: &[u8], expected: &[u8]) -> bool {
    let mut differences = given.len() ^ expected.len();
    for (at, byte) in given.iter().enumerate() {
        let other = expected.get(at % expected.len().max(1)).copied().unwrap_or(0);
        differences |= usize::from(black_box(byte ^ other));
    }
    black_box(differences) == 0
}
