//! The head of an envelope: as much as routing needs to know, and not a byte more.
//!
//! The scan follows `vp.md` §2.1 to the letter: local names only, no matter in which namespace or how deep; the last
//! address element before the body's child wins; everything behind the start tag of that child is left unread, so the
//! cost does not depend on the size of the body.

use std::borrow::Cow;

use super::xml::error::XmlError;
use super::xml::reader::{Reader, Token};
use super::xml::text::is_white_space;
use crate::domain::profile::Profile;

/// What the head of an envelope says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head<'a> {
    /// The profile, by the name of the last address element; `None` without any.
    pub profile: Option<Profile>,
    /// The logical address, verbatim; `None` where the element is missing, empty or blank.
    pub receiver: Option<Cow<'a, str>>,
    /// Namespace of the body's first child; `None` without a child, or where it has no namespace.
    pub contract: Option<Cow<'a, str>>,
    /// Local name of the body's first child.
    pub operation: Option<&'a str>,
    /// Byte offset behind what was read.
    pub read_bytes: usize,
}

/// Reads the head of an envelope in UTF-8.
pub fn scan(input: &[u8]) -> Result<Head<'_>, XmlError> {
    let mut reader = Reader::new(input);
    let mut head = Head::default();
    let (mut in_header, mut in_body) = (false, false);
    let mut address_open = false;
    while let Some(token) = reader.next()? {
        if std::mem::take(&mut address_open) {
            head.receiver = address(&reader, token)?;
        }
        let Token::Start(name) = token else { continue };
        if in_body {
            let namespace = reader.namespaces().resolve(name.prefix());
            head.contract = namespace.map(|raw| reader.text_of(raw)).transpose()?;
            head.operation = std::str::from_utf8(name.local()).ok();
            break;
        }
        match name.local() {
            b"Header" => in_header = true,
            b"Body" => in_body = true,
            b"To" if in_header => {
                head.profile = Some(Profile::Rivtabp20);
                address_open = true;
            }
            b"LogicalAddress" if in_header => {
                head.profile = Some(Profile::Rivtabp21);
                address_open = true;
            }
            _ => {}
        }
    }
    reader.check_characters()?;
    head.read_bytes = reader.offset();
    Ok(head)
}

/// The address, if the event right behind the address element's start tag carries text that is not blank.
fn address<'a>(reader: &Reader<'a>, token: Token<'a>) -> Result<Option<Cow<'a, str>>, XmlError> {
    match token {
        Token::Text(raw) if !is_white_space(raw) => {
            let text = reader.text_of(raw)?;
            Ok((!is_white_space(text.as_bytes())).then_some(text))
        }
        Token::Cdata(raw) | Token::Comment(raw) if !is_white_space(raw) => {
            let text = std::str::from_utf8(raw).map_err(|_| reader.error_here("Invalid UTF-8 in address"))?;
            Ok(Some(Cow::Borrowed(text)))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(xml: &str) -> (Option<Profile>, Option<String>, Option<String>) {
        let head = scan(xml.as_bytes()).expect("well-formed");
        (head.profile, head.receiver.map(Cow::into_owned), head.contract.map(Cow::into_owned))
    }

    #[test]
    fn names_are_local_and_the_last_address_wins() {
        let xml = "<envelope><q:Header xmlns:q='x'><a><To>A</To></a><LogicalAddress>B &amp; C</LogicalAddress></q:Header>\
                   <Body><op xmlns='urn:c:1'>&nonsense";
        assert_eq!(scanned(xml), (Some(Profile::Rivtabp21), Some("B & C".into()), Some("urn:c:1".into())));
    }

    #[test]
    fn only_the_event_behind_the_start_tag_counts() {
        let with = |inside: &str| {
            let xml = format!("<E><Header><To>{inside}</To></Header><Body><a/></Body></E>");
            scanned(&xml).1
        };
        assert_eq!(with("X"), Some("X".into()));
        assert_eq!(with(" X "), Some(" X ".into()));
        assert_eq!(with(""), None);
        assert_eq!(with(" \n "), None);
        assert_eq!(with("<b>X</b>"), None);
        assert_eq!(with("<![CDATA[X]]>"), Some("X".into()));
    }

    #[test]
    fn an_address_before_any_header_does_not_count() {
        assert_eq!(scanned("<E><To>A</To><Body/></E>"), (None, None, None));
    }

    #[test]
    fn nothing_behind_the_body_child_is_read() {
        let head = scan(b"<E><Header><To>A</To></Header><Body><op xmlns='u'></wrong>\xff\xff").expect("unread");
        assert_eq!(head.contract.as_deref(), Some("u"));
    }

    #[test]
    fn complaints_are_worded_as_the_reference_words_them() {
        let complaint = |xml: &[u8]| scan(xml).expect_err("not well-formed").to_string();
        assert_eq!(
            complaint(b"<Soap:Envelope wsss s>"),
            "Unexpected character 's' (code 115) expected '='\n at [row,col {unknown-source}]: [1,21]"
        );
        assert_eq!(complaint(b""), "Unexpected EOF in prolog\n at [row,col {unknown-source}]: [1,0]");
        assert_eq!(complaint(b"<Soap"), "Unexpected EOF in start tag\n at [row,col {unknown-source}]: [1,5]");
        assert_eq!(
            complaint(b"hej"),
            "Unexpected character 'h' (code 104) in prolog; expected '<'\n at [row,col {unknown-source}]: [1,1]"
        );
        assert_eq!(
            complaint("<E>\n<å><Body></å>".as_bytes()),
            "Unexpected close tag </å>; expected </Body>.\n at [row,col {unknown-source}]: [2,10]"
        );
        assert!(complaint(b"<E>&who;<Body><a/></Body></E>").starts_with("Undeclared general entity \"who\"\n"));
        assert!(
            complaint(b"<E a='\x01'><Body><a/></Body></E>").starts_with("Illegal character ((CTRL-CHAR, code 1))\n")
        );
        assert!(complaint(b"<E>\xff<Body><a/></Body></E>").starts_with("Invalid UTF-8 start byte 0xff"));
    }
}
