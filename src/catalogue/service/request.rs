//! The body of a SOAP call to the catalogue: an operation with a few fields, none of which is large.

use crate::soap::xml::reader::{Reader, Token};

use super::soap::Fault;

/// Most fields of a call; none of the services has more than a handful.
const FIELDS_MAX: usize = 64;

/// A call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    /// Namespace of the body's first element.
    pub(super) namespace: String,
    /// Its local name.
    pub(super) operation: String,
    /// Every element below it that holds text or nothing, by its local name.
    fields: Vec<(String, String)>,
}

impl Call {
    /// The text of a field; `None` where it is absent, which is not the same as empty.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }
}

/// Reads the call.
pub(super) fn read(document: &[u8]) -> Result<Call, Fault> {
    let mut reader = Reader::new(document);
    let mut call: Option<Call> = None;
    let mut in_body = false;
    // The fields that are open, each with the text it has so far; `None` once it has turned out to hold elements.
    let mut open: Vec<(String, Option<String>)> = Vec::new();
    let broken =
        |error: crate::soap::xml::error::XmlError| Fault::client(format!("Error reading XMLStreamReader: {}", error));
    while let Some(token) = reader.next().map_err(broken)? {
        match (token, &mut call) {
            (Token::Start(name), None) if !in_body => in_body = name.local() == b"Body",
            (Token::Start(name), None) => {
                let namespace = reader.namespaces().resolve(name.prefix());
                let namespace = namespace.map(|raw| reader.text_of(raw)).transpose().map_err(broken)?;
                let operation = String::from_utf8_lossy(name.local()).into_owned();
                let namespace = namespace.unwrap_or_default().into_owned();
                call = Some(Call { namespace, operation, fields: Vec::new() });
            }
            (Token::Start(name), Some(_)) => {
                if let Some((_, text)) = open.last_mut() {
                    *text = None;
                }
                open.push((String::from_utf8_lossy(name.local()).into_owned(), Some(String::new())));
            }
            (Token::Text(raw), Some(_)) => {
                if let Some((_, Some(text))) = open.last_mut() {
                    text.push_str(&reader.text_of(raw).map_err(broken)?);
                }
            }
            (Token::Cdata(raw), Some(_)) => {
                if let Some((_, Some(text))) = open.last_mut() {
                    text.push_str(&String::from_utf8_lossy(raw));
                }
            }
            (Token::End(_), Some(call)) => match open.pop() {
                Some((name, Some(text))) if call.fields.len() < FIELDS_MAX => call.fields.push((name, text)),
                Some(_) => {}
                // The end of the operation itself: what stands behind it is not ours.
                None => break,
            },
            _ => {}
        }
    }
    call.ok_or_else(|| Fault::client("the body of the envelope is empty".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_empty_are_told_apart_and_nested_fields_found() {
        let xml = "<e:Envelope xmlns:e='x'><e:Header><LogicalAddress>h</LogicalAddress></e:Header><e:Body>\
                   <p:Op xmlns:p='urn:a' xmlns:c='urn:c'><p:a/><p:b> å &amp; <![CDATA[<]]></p:b>\
                   <p:c> <c:d>D</c:d></p:c></p:Op></e:Body></e:Envelope>";
        let call = read(xml.as_bytes()).unwrap();
        assert_eq!((call.namespace.as_str(), call.operation.as_str()), ("urn:a", "Op"));
        assert_eq!((call.field("a"), call.field("b"), call.field("d")), (Some(""), Some(" å & <"), Some("D")));
        assert_eq!((call.field("c"), call.field("LogicalAddress")), (None, None));
        assert!(read(b"<E><Body/></E>").is_err());
        assert!(read(b"<E><Body><a>").is_err());
        assert!(read(b"").is_err());
    }
}
