//! The way through an envelope, for every message this module reads: request, the index's answer, a source's answer.

use std::borrow::Cow;

use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8};
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::splice::Cut;
use crate::soap::fault::SOAP_11;
use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Name, Reader, Token};

/// Where in the envelope an element stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A child of the header.
    Header,
    /// The first child of the body.
    Body,
}

/// A message that is not an envelope of SOAP 1.1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EnvelopeError {
    /// It is not XML.
    #[error("Error reading XMLStreamReader: {0}")]
    NotXml(#[from] XmlError),
    /// Its root is something else.
    #[error("{0}")]
    OtherVersion(String),
}

/// Walks through a message in UTF-8 to its end. `visit` is given each header and the body's first child, at their start,
/// and must read them to their end. Tells whether the body has a child.
pub(super) fn walk<E: From<EnvelopeError>>(
    message: &Bytes,
    mut visit: impl for<'a> FnMut(Part, &mut Reader<'a>, Name<'a>) -> Result<(), E>,
) -> Result<bool, E> {
    let xml = |error: XmlError| E::from(EnvelopeError::NotXml(error));
    let mut reader = Reader::new(message);
    let mut open: Vec<Place> = Vec::with_capacity(2);
    let mut seen = false;
    while let Some(token) = reader.next().map_err(xml)? {
        let name = match token {
            Token::Start(name) => name,
            Token::End(_) => {
                open.pop();
                continue;
            }
            _ => continue,
        };
        match (open.last(), name.local()) {
            (None, _) => {
                check_version(&reader, name)?;
                open.push(Place::Envelope);
            }
            (Some(Place::Envelope), b"Header") => open.push(Place::Header),
            (Some(Place::Envelope), b"Body") => open.push(Place::Body),
            (Some(Place::Header), _) => visit(Part::Header, &mut reader, name)?,
            (Some(Place::Body), _) if !std::mem::replace(&mut seen, true) => visit(Part::Body, &mut reader, name)?,
            _ => skip(&mut reader, message, name).map_err(xml)?,
        }
    }
    reader.check_characters().map_err(xml)?;
    Ok(seen)
}

/// An element that has been entered.
#[derive(Clone, Copy, Debug)]
enum Place {
    Envelope,
    Header,
    Body,
}

fn check_version(reader: &Reader<'_>, name: Name<'_>) -> Result<(), EnvelopeError> {
    let namespace = reader.namespaces().resolve(name.prefix()).unwrap_or_default();
    if namespace == SOAP_11.as_bytes() && name.local() == b"Envelope" {
        return Ok(());
    }
    let text = match (name.local(), namespace) {
        (b"Envelope", b"http://www.w3.org/2003/05/soap-envelope") => {
            "A SOAP 1.2 message is not valid when sent to a SOAP 1.1 only endpoint.".to_owned()
        }
        (b"Envelope", _) => format!(
            "\"{}\", the namespace on the \"Envelope\" element, is not a valid SOAP version.",
            String::from_utf8_lossy(namespace)
        ),
        _ => format!("the message is a {}, expected an Envelope of SOAP 1.1", qualified(namespace, name.local())),
    };
    Err(EnvelopeError::OtherVersion(text))
}

/// Reads an element, whose start the reader has just given, to its end.
pub(super) fn skip<'a>(reader: &mut Reader<'a>, message: &[u8], name: Name<'a>) -> Result<(), XmlError> {
    Cut::take(reader, message, name, |_, _| Ok(())).map(drop)
}

/// A name as people write it: `{namespace}local`.
pub(super) fn qualified(namespace: &[u8], local: &[u8]) -> String {
    format!("{{{}}}{}", String::from_utf8_lossy(namespace), String::from_utf8_lossy(local))
}

/// A body in UTF-8, by what its headers and its own first bytes say. What is UTF-8 already is not copied; bytes that are
/// not in the character set they claim stay wrong, and the reader says so.
pub(super) fn in_utf8(headers: &HeaderMap, body: Bytes) -> Bytes {
    let encoding = match Encoding::for_bom(&body) {
        Some((encoding, _)) => encoding,
        None => charset(headers).or_else(|| declared(&body)).unwrap_or(UTF_8),
    };
    if encoding == UTF_8 {
        return body;
    }
    match encoding.decode(&body) {
        (Cow::Owned(text), _, false) => text.into(),
        // All of it is ASCII.
        (Cow::Borrowed(_), ..) | (Cow::Owned(_), _, true) => body,
    }
}

fn charset(headers: &HeaderMap) -> Option<&'static Encoding> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let label =
        parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset")).map(|(_, value)| value).next();
    Encoding::for_label(label?.trim().trim_matches(['"', '\'']).as_bytes())
}

/// Longest XML declaration that is looked at, in bytes.
const DECLARATION_BYTES_MAX: usize = 200;

fn declared(body: &[u8]) -> Option<&'static Encoding> {
    let head = &body[..body.len().min(DECLARATION_BYTES_MAX)];
    let head = head.strip_prefix(b"<?xml")?;
    let head = &head[..memchr::memmem::find(head, b"?>")?];
    let behind = &head[memchr::memmem::find(head, b"encoding")? + "encoding".len()..];
    let label = behind.split(|byte| matches!(byte, b'"' | b'\'')).nth(1)?;
    // A declaration that can be read byte by byte is not UTF-16, whatever it says.
    Encoding::for_label(label).filter(|encoding| encoding.is_ascii_compatible())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_in_its_character_set() {
        let latin = |content_type: &str, body: &'static [u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, content_type.parse().expect("a header"));
            in_utf8(&headers, Bytes::from_static(body))
        };
        assert_eq!(latin("text/xml; charset=ISO-8859-1", b"\xe5"), "å".as_bytes());
        assert_eq!(latin("text/xml;charset=\"utf-8\"", "å".as_bytes()), "å".as_bytes());
        assert_eq!(latin("text/xml", b"<?xml version='1.0' encoding='iso-8859-1'?>\xe5")[43..], *"å".as_bytes());
        assert_eq!(latin("text/xml", b"\xfe\xff\x00a"), "a".as_bytes());
        assert_eq!(latin("text/xml", b"\xff"), b"\xff".as_slice());
    }
}
