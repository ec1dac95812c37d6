//! From the catalogue's address of a producer to whom to connect and what to ask for (`vp.md` §4.6).

use http::HeaderValue;

/// Schemes of the catalogue addresses that mean a part of this process: a mocked producer by its folder's name, the
/// engagement index by its service, an aggregating service by its name, and the catalogue itself.
pub const LOCAL_SCHEMES: [&str; 4] = ["producer:", "index:", "aggregation:", "catalogue:"];

/// A producer's address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Whether the call goes over TLS.
    pub tls: bool,
    /// Whether the header rules for plain producers apply: identity headers are sent.
    pub plain_rules: bool,
    /// Whom to connect to.
    pub target: Target,
    /// Value of the `Host` header.
    pub host_header: HeaderValue,
    /// Path and query, as in the request line.
    pub path: String,
}

/// Whom to connect to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// A socket address, still to be looked up.
    Remote {
        /// Host name or address, without brackets.
        host: String,
        /// Port.
        port: u16,
    },
    /// A part of this process.
    Local {
        /// One of [`LOCAL_SCHEMES`].
        scheme: &'static str,
        /// Its name within that.
        name: String,
    },
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Remote { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Remote { host, port } => write!(f, "{host}:{port}"),
            Self::Local { scheme, name } => write!(f, "{scheme}{name}"),
        }
    }
}

/// An address that is not a URI, in the words of the reference's library; the consumer gets a raw fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{complaint}: {address}")]
pub struct AddressError {
    /// What is wrong, and where.
    pub complaint: String,
    /// The address, verbatim.
    pub address: String,
}

/// Takes an address apart. `query` is the consumer's query string: where there is one, it replaces the address's own.
pub fn parse(address: &str, query: Option<&str>) -> Result<Address, AddressError> {
    let fail = |complaint: String| AddressError { complaint, address: address.to_owned() };
    let local = LOCAL_SCHEMES.into_iter().find_map(|scheme| Some((scheme, address.strip_prefix(scheme)?)));
    if let Some((scheme, rest)) = local {
        let (name, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        return Ok(Address {
            tls: false,
            plain_rules: true,
            target: Target::Local { scheme, name: name.to_owned() },
            host_header: HeaderValue::from_static("localhost"),
            path: path_and_query(path, query),
        });
    }
    if let Some(at) = address.find(is_illegal) {
        let at_character = address[..at].chars().count();
        return Err(fail(format!("Illegal character in {} at index {at_character}", component(address, at))));
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        return Err(fail("Expected scheme and authority at index 0".to_owned()));
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) =
        host_and_port(authority).map_err(|complaint| fail(format!("{complaint} at index {}", scheme.len() + 3)))?;
    let tls = address.contains("https://");
    let default_port = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
    let without_port = || authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let host_header = if port == Some(80) { without_port() } else { authority };
    Ok(Address {
        tls,
        plain_rules: address.contains("http://"),
        target: Target::Remote { host: host.to_owned(), port: port.unwrap_or(default_port) },
        host_header: HeaderValue::from_str(host_header)
            .map_err(|_| fail("Illegal character in authority at index 0".to_owned()))?,
        path: path_and_query(path, query),
    })
}

fn path_and_query(path: &str, query: Option<&str>) -> String {
    let (path, own_query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let path = if path.is_empty() { "/" } else { path };
    match query.or(own_query) {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

fn host_and_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']').ok_or("Expected closing bracket for IPv6 address")?;
            (host, behind.strip_prefix(':'))
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() {
        return Err("Expected authority");
    }
    match port {
        None | Some("") => Ok((host, None)),
        Some(digits) => digits.parse().map(|port| (host, Some(port))).map_err(|_| "Illegal port number in authority"),
    }
}

/// Characters a URI may not have, non-ASCII letters apart.
fn is_illegal(c: char) -> bool {
    c.is_ascii_control() || c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
}

/// The part of a URI in which byte `at` stands.
fn component(address: &str, at: usize) -> &'static str {
    let before = &address[..at];
    let Some((_, behind_scheme)) = before.split_once(':') else { return "scheme name" };
    match behind_scheme.strip_prefix("//") {
        _ if before.contains('#') => "fragment",
        _ if before.contains('?') => "query",
        Some(behind) if !behind.contains('/') => "authority",
        _ => "path",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let cases = [
            ("http://p/x", None, "p:80", "p", "/x", false, true),
            ("http://p:80/x", None, "p:80", "p", "/x", false, true),
            ("http://p:8080", None, "p:8080", "p:8080", "/", false, true),
            ("https://p:443/x?a=b", None, "p:443", "p:443", "/x?a=b", true, false),
            ("https://p/tjanst2/?wsdl", None, "p:443", "p", "/tjanst2/?wsdl", true, false),
            ("http://p/x?a=b", Some("c=d"), "p:80", "p", "/x?c=d", false, true),
            ("http://user:secret@p:81/x#part", None, "p:81", "p:81", "/x", false, true),
            ("http://[::1]:8080/x", None, "[::1]:8080", "[::1]:8080", "/x", false, true),
            ("HTTPS://p/x", None, "p:443", "p", "/x", false, false),
            ("producer:journal-a", None, "producer:journal-a", "localhost", "/", false, true),
            ("aggregation:GCD2", None, "aggregation:GCD2", "localhost", "/", false, true),
            ("catalogue:All", None, "catalogue:All", "localhost", "/", false, true),
            ("index:find/x", Some("wsdl"), "index:find", "localhost", "/x?wsdl", false, true),
        ];
        for (text, query, target, host, path, tls, plain_rules) in cases {
            let address = parse(text, query).expect(text);
            assert_eq!(address.target.to_string(), target, "{text}");
            assert_eq!(address.host_header, host, "{text}");
            assert_eq!((address.path.as_str(), address.tls, address.plain_rules), (path, tls, plain_rules), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_uri_is_named() {
        let cases = [
            (" http://p/x", "Illegal character in scheme name at index 0:  http://p/x"),
            ("http://p/å x", "Illegal character in path at index 10: http://p/å x"),
            ("http://p q/x", "Illegal character in authority at index 8: http://p q/x"),
            ("http://p:port/x", "Illegal port number in authority at index 7: http://p:port/x"),
            ("p/x", "Expected scheme and authority at index 0: p/x"),
            ("http:///x", "Expected authority at index 7: http:///x"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text, None).expect_err(text).to_string(), expected);
        }
    }
}
