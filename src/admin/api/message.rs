//! One of the four messages of a call, as shown: headers and body with identity numbers hidden.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;
use serde::Serialize;
use serde_json::Value;

use crate::admin::hide::{hidden, hidden_bytes};
use crate::hub::exchange::Message;

/// Headers whose values open doors.
const SECRET_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/// What stands in place of a secret, as in the reference's log (`vp.md` §9).
const FILTERED: &str = "<filtered>";

/// A message, request or answer.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct ShownMessage {
    /// HTTP status of an answer.
    pub status: Option<u16>,
    /// Headers; several of one name are joined by a comma.
    pub headers: BTreeMap<String, String>,
    /// The body as text, where it is text.
    pub body: Option<String>,
    /// The body in base64, where it is not.
    pub body_base64: Option<String>,
    /// Length of the whole body as it was sent, in bytes.
    pub body_bytes: usize,
    /// Whether the body shown is only its beginning.
    pub truncated: bool,
    /// Why neither body is shown, where neither is.
    pub body_withheld: Option<&'static str>,
}

impl ShownMessage {
    /// The message, whose body is in `charset` where that is known.
    pub fn of(message: &Message, charset: Option<&str>) -> Self {
        let truncated = message.body.len() < message.body_bytes;
        let text = text(&message.body, charset, truncated);
        let bytes = match text {
            Some(_) => None,
            None => Some(hidden_bytes(if truncated { bytes_without_cut_number(&message.body) } else { &message.body })),
        };
        Self {
            status: Some(message.status).filter(|status| *status != 0),
            headers: headers(&message.headers_json),
            body: text.map(|text| hidden(if truncated { without_cut_number(&text) } else { &text })),
            body_base64: bytes.iter().flatten().next().map(|bytes| STANDARD.encode(bytes)),
            body_bytes: message.body_bytes,
            truncated,
            body_withheld: matches!(bytes, Some(None))
                .then_some("it seems to hold identity numbers in a character set that is not known"),
        }
    }
}

/// The body as text: UTF-8, or what its declared character set makes of it.
fn text(body: &[u8], charset: Option<&str>, truncated: bool) -> Option<String> {
    let declared = charset.and_then(|label| Encoding::for_label(label.as_bytes()));
    match (declared, std::str::from_utf8(body)) {
        (Some(encoding), _) if encoding != encoding_rs::UTF_8 => Some(encoding.decode(body).0.into_owned()),
        (_, Ok(text)) => Some(text.to_owned()),
        // The bound fell within a character.
        (_, Err(error)) if truncated && error.error_len().is_none() => {
            Some(String::from_utf8_lossy(&body[..error.valid_up_to()]).into_owned())
        }
        _ => None,
    }
}

/// An identity number cut in two by the bound would not be recognised: its digits go.
fn without_cut_number(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+'))
}

/// The same in an unknown character set, where zeros may stand between the digits.
fn bytes_without_cut_number(bytes: &[u8]) -> &[u8] {
    let of_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | 0);
    let cut = bytes.iter().rev().take_while(|byte| of_number(byte)).count();
    &bytes[..bytes.len() - cut]
}

fn headers(json: &str) -> BTreeMap<String, String> {
    let Ok(Value::Object(headers)) = serde_json::from_str(json) else { return BTreeMap::new() };
    let shown = |name: String, value: Value| {
        let value = match value {
            _ if SECRET_HEADERS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) => FILTERED.to_owned(),
            Value::String(text) => hidden(&text),
            Value::Array(all) => hidden(&all.iter().map(plain).collect::<Vec<_>>().join(", ")),
            other => hidden(&other.to_string()),
        };
        (hidden(&name), value)
    };
    headers.into_iter().map(|(name, value)| shown(name, value)).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn shown(body: &'static [u8], body_bytes: usize, charset: Option<&str>) -> (Option<String>, Option<String>, bool) {
        let message = Message { body: Bytes::from_static(body), body_bytes, ..Message::default() };
        let shown = ShownMessage::of(&message, charset);
        assert_eq!(shown.truncated, body.len() < body_bytes);
        (shown.body, shown.body_base64, shown.body_withheld.is_some())
    }

    #[test]
    fn a_body_is_text_where_it_can_be_and_hides_numbers_in_every_form() {
        let text = |body: &str| (Some(body.to_owned()), None, false);
        let base64 = |bytes: &[u8]| (None, Some(STANDARD.encode(bytes)), false);
        assert_eq!(shown("<å>198501011234".as_bytes(), 16, None), text("<å>19xxxxxx-xxxx"));
        assert_eq!(shown(b"<\xe5>198501011234", 15, Some("ISO-8859-1")), text("<å>19xxxxxx-xxxx"));
        assert_eq!(shown(b"<\xe5>198501011234", 15, None), base64(b"<\xe5>19xxxxxx-xxxx"));
        assert_eq!(shown(b"<\xe5>", 3, Some("no-such-set")), base64(b"<\xe5>"));
        // Cut within a character, and within a number.
        assert_eq!(shown(b"ab\xc3", 9, None), text("ab"));
        assert_eq!(shown(b"<id>19850101123", 99, None), text("<id>"));
        assert_eq!(shown(b"<\xe5>19850101123", 99, None), base64(b"<\xe5>"));
        assert_eq!(
            shown(b"<\xe5>1\x009\x008\x005\x000\x001\x000\x001\x001\x002\x003\x00", 99, None),
            base64(b"<\xe5>")
        );
        assert_eq!(
            shown(b"\xff\xfe1\x009\x008\x005\x000\x001\x000\x001\x001\x002\x003\x004\x00", 26, None),
            (None, None, true)
        );
    }

    #[test]
    fn headers_are_read_and_doors_stay_shut() {
        let json =
            r#"{"SOAPAction":"\"urn:x\"","authorization":"Basic c2VjcmV0","x-two":["a","b"],"x-p":"198501011234"}"#;
        let shown = headers(json);
        let pairs: Vec<_> = shown.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            pairs,
            [("SOAPAction", "\"urn:x\""), ("authorization", FILTERED), ("x-p", "19xxxxxx-xxxx"), ("x-two", "a, b")]
        );
        assert!(headers("{\"cut off").is_empty());
    }
}
