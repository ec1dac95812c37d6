//! The sender in a certificate that a TLS-terminating proxy put in a header (`vp.md` §3.2, §3.3).
//!
//! The certificate is believed as it stands: signature, trust and validity were the proxy's business.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use regex::Regex;
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};

use super::{IdentifyError, text};
use crate::config::checked::HubSettings;

const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const PEM_END: &str = "-----END CERTIFICATE-----";
/// How the base64 of every certificate of interest starts.
const DER_IN_BASE64: &str = "MII";

/// The sender named by the certificate in the configured header.
pub fn sender(settings: &HubSettings, headers: &HeaderMap) -> Result<String, IdentifyError> {
    let name = &settings.auth_cert.written;
    let refuse = |detail: String| IdentifyError::Certificate(detail);
    let unparsable = || refuse(format!("Exception occured parsing certificate in httpheader {name}"));
    let value = text(headers, &settings.auth_cert.name)
        .ok_or_else(|| refuse(format!("No certificate found in httpheader {name}")))?;
    let Some(base64) = encoded(&value) else {
        return Err(refuse(format!("Exception, unkown certificate type found in httpheader {name}")));
    };
    let der = STANDARD.decode(base64).map_err(|_| unparsable())?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| unparsable())?;
    let subject = rfc2253(certificate.subject());
    match sender_in(&settings.sender_pattern, &subject) {
        Some(Ok(sender)) => Ok(sender),
        Some(Err(_)) => Err(unparsable()),
        None => Err(refuse("No senderId found in Certificate".to_owned())),
    }
}

/// The base64 of the first certificate in the header, in either of the two forms the platform knows.
fn encoded(value: &str) -> Option<String> {
    if let (Some(begin), Some(end)) = (value.find(PEM_BEGIN), value.find(PEM_END)) {
        let inside = value.get(begin + PEM_BEGIN.len()..end).unwrap_or_default();
        return Some(inside.split_whitespace().collect());
    }
    value.starts_with(DER_IN_BASE64).then(|| value.split(',').next().unwrap_or_default().trim().to_owned())
}

/// A serial number whose hexadecimal form cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotReadable;

/// Group 1 of the pattern's first match in a subject, decoded where it is `#` and the hexadecimal of a DER value.
pub fn sender_in(pattern: &Regex, subject: &str) -> Option<Result<String, NotReadable>> {
    let found = pattern.captures(subject)?.get(1)?.as_str();
    Some(match found.strip_prefix('#') {
        // Four digits of tag and length are passed over, as the reference does.
        Some(hexadecimal) => hexadecimal.get(4..).and_then(ascii_from_hexadecimal).ok_or(NotReadable),
        None => Ok(found.to_owned()),
    })
}

fn ascii_from_hexadecimal(digits: &str) -> Option<String> {
    let digits = digits.as_bytes();
    if digits.len() % 2 == 1 {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| {
            let value = |digit: u8| char::from(digit).to_digit(16);
            let byte = u8::try_from(value(pair[0])? * 16 + value(pair[1])?).ok()?;
            byte.is_ascii().then_some(char::from(byte))
        })
        .collect()
}

/// A name as RFC 2253 writes it: most specific part first, no spaces; attributes without a keyword there (a serial number
/// among them) as object identifier and the hexadecimal of the DER value.
pub fn rfc2253(name: &X509Name<'_>) -> String {
    let relative_names: Vec<_> = name.iter_rdn().collect();
    let mut out = String::new();
    for (place, relative_name) in relative_names.iter().rev().enumerate() {
        if place > 0 {
            out.push(',');
        }
        for (place, attribute) in relative_name.iter().enumerate() {
            if place > 0 {
                out.push('+');
            }
            let oid = attribute.attr_type().to_id_string();
            match (keyword(&oid), attribute.as_str()) {
                (Some(keyword), Ok(value)) => {
                    out.push_str(keyword);
                    out.push('=');
                    escape_into(&mut out, value);
                }
                (keyword, _) => {
                    out.push_str(keyword.unwrap_or(&oid));
                    out.push_str("=#");
                    let value = attribute.attr_value();
                    hexadecimal_into(&mut out, &der_header(value.tag().0, value.data.len()));
                    hexadecimal_into(&mut out, value.data);
                }
            }
        }
    }
    out
}

/// The attribute types RFC 2253 has words for.
fn keyword(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.25" => "DC",
        "0.9.2342.19200300.100.1.1" => "UID",
        _ => return None,
    })
}

fn escape_into(out: &mut String, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (place, c) in value.chars().enumerate() {
        let at_edge = c == ' ' && (place == 0 || place == last) || c == '#' && place == 0;
        if at_edge || matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';') {
            out.push('\\');
        }
        out.push(c);
    }
}

/// Tag and length of a DER value of a universal, primitive type.
fn der_header(tag: u32, length: usize) -> Vec<u8> {
    let mut header = vec![(tag & 0x1f) as u8];
    match u8::try_from(length) {
        Ok(short @ ..0x80) => header.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let significant = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
            header.push(0x80 | significant.len() as u8);
            header.extend_from_slice(significant);
        }
    }
    header
}

fn hexadecimal_into(out: &mut String, bytes: &[u8]) {
    use std::fmt::Write;
    for byte in bytes {
        write!(out, "{byte:02x}").expect("writing to a string cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sender_is_found_in_every_form_of_subject() {
        let default = Regex::new("(?:2.5.4.5|SERIALNUMBER)=([^,]+)").expect("valid");
        let with_unit = Regex::new("OU=([^,]+)").expect("valid");
        let cases = [
            (&default, "SERIALNUMBER=SE1-A, CN=x, OU=y", Some(Ok("SE1-A"))),
            (&default, "2.5.4.5=#13145453544e4d54323332313030303135362d423032,CN=x", Some(Ok("TSTNMT2321000156-B02"))),
            (&default, "CN=x,OU=y", None),
            (&default, "2.5.4.5=#1302c3a5,CN=x", Some(Err(NotReadable))),
            (&default, "2.5.4.5=#13,CN=x", Some(Err(NotReadable))),
            (&with_unit, "CN=x,OU=tp,O=z", Some(Ok("tp"))),
        ];
        for (pattern, subject, expected) in cases {
            assert_eq!(sender_in(pattern, subject), expected.map(|found| found.map(str::to_owned)), "{subject}");
        }
    }
}
