//! `anyURI`: nearly everything, as the reference validators read it.
//!
//! A text is a URI reference once what RFC 3986 lacks (spaces, letters beyond ASCII, braces) is escaped. What remains
//! refused: a bad escape, a second `#`, an empty or impossible scheme, and an address in brackets that is not closed.

pub(super) fn is_any_uri(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
        return true;
    }
    if !escapes_are_whole(bytes) || bytes.iter().filter(|byte| **byte == b'#').count() > 1 {
        return false;
    }
    let before_fragment = text.split('#').next().unwrap_or(text);
    let path_start = before_fragment.find(['/', '?']).unwrap_or(before_fragment.len());
    let rest = match before_fragment[..path_start].find(':') {
        Some(colon) => {
            let scheme = &bytes[..colon];
            let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
                && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
            if !is_scheme {
                return false;
            }
            &before_fragment[colon + 1..]
        }
        None => before_fragment,
    };
    match rest.strip_prefix("//") {
        Some(authority) => is_authority(authority.split(['/', '?']).next().unwrap_or(authority)),
        None => true,
    }
}

fn escapes_are_whole(bytes: &[u8]) -> bool {
    let escapes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%');
    let mut hex = escapes.map(|(at, _)| bytes.get(at + 1..at + 3));
    hex.all(|two| two.is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)))
}

fn is_authority(authority: &str) -> bool {
    let host = authority.rsplit('@').next().unwrap_or(authority);
    match host.strip_prefix('[') {
        Some(address) => match address.split_once(']') {
            Some((inside, port)) => {
                let known = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.' | b'v');
                inside.contains(':') && inside.bytes().all(known) && (port.is_empty() || port.starts_with(':'))
            }
            None => false,
        },
        None => !host.contains(['[', ']']),
    }
}
