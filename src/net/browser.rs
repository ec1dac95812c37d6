//! What tells a browser from other clients. A page elsewhere may make its reader's browser send a request here (cross-site
//! request forgery), or give itself a name that leads to this machine (DNS rebinding). It chooses method, path, body and a
//! few content types; it can neither set nor take off the headers looked at here, nor name another host than its own.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::{COOKIE, ORIGIN, REFERER, UPGRADE_INSECURE_REQUESTS, USER_AGENT};

/// An address or `localhost`: nobody can make another name of theirs look like one.
pub fn is_own_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    let name = name.trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// Whether a browser sent it. One header is enough: `Origin` comes with everything that changes something, since 2020 in
/// every browser; the others come with older ones, with forms, and with what is read.
pub fn is_from_browser(headers: &HeaderMap) -> bool {
    let browsers_own = [ORIGIN, REFERER, COOKIE, UPGRADE_INSECURE_REQUESTS];
    browsers_own.iter().any(|name| headers.contains_key(name))
        || headers.keys().any(|name| name.as_str().starts_with("sec-"))
        || headers.get(USER_AGENT).is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn one_header_of_a_browser_is_enough() {
        let from = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            is_from_browser(&headers)
        };
        for (name, value) in [
            ("origin", "null"),
            ("referer", "http://a.example/"),
            ("cookie", "a=b"),
            ("sec-fetch-mode", "no-cors"),
            ("upgrade-insecure-requests", "1"),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"),
        ] {
            assert!(from(name, value), "{name}");
        }
        for (name, value) in [("user-agent", "curl/8.5.0"), ("user-agent", "Java-http-client/21"), ("accept", "*/*")] {
            assert!(!from(name, value), "{name}: {value}");
        }
        assert!(is_own_host("127.0.0.1:9090") && is_own_host("[::1]:1") && is_own_host("localhost"));
        assert!(!is_own_host("rebound.example:9090") && !is_own_host("localhost.example"));
    }
}
