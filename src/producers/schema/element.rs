//! A message's body as a small tree of local names: what requests are read into and answers are made of.
//!
//! Namespaces are left out on purpose. A request is asked for fields by name, as `riv.field` is; an answer gets its
//! namespaces, and the order of its elements, from the contract it is written by ([`super::write`]).

use crate::producers::settings::{REQUEST_ELEMENTS_MAX, REQUEST_TEXT_BYTES_MAX};
use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Reader, Token};

/// An element, or an attribute, whose name then begins with `@`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its local name.
    pub name: String,
    /// Its text; between child elements there is none.
    pub text: String,
    /// Attributes and child elements.
    pub children: Vec<Self>,
    /// Whether it is written with no more than it must have, as an entry that was nullified is.
    pub is_bare: bool,
}

impl Element {
    /// An element with nothing in it.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// An element with text in it.
    pub fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), ..Self::default() }
    }

    /// The same with one more child.
    pub fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// The same with one more child that is text.
    pub fn with_text(self, name: &str, text: impl Into<String>) -> Self {
        self.with(Self::text(name, text))
    }

    /// Whether it has that name; contracts spell the same word in different cases.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Its children of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.is(name))
    }

    /// The first descendant along a path of names with `/` between them.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.children.iter().find(|child| child.is(name)))
    }

    /// The text at a path, white space at its ends left out; `None` where there is none.
    pub fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path).map(|element| element.text.trim()).filter(|text| !text.is_empty())
    }

    /// The child of the body in an envelope. `None` where there is no body, or more of it than a request has.
    pub fn of_body(envelope: &[u8]) -> Option<Self> {
        read(envelope).ok().flatten()
    }
}

fn read(envelope: &[u8]) -> Result<Option<Element>, XmlError> {
    let mut reader = Reader::new(envelope);
    let (mut in_body, mut elements, mut text_bytes) = (false, 0, 0);
    let mut open: Vec<Element> = Vec::new();
    while let Some(token) = reader.next()? {
        match token {
            Token::Start(name) if !in_body => in_body = name.local() == b"Body" && reader.depth() <= 2,
            Token::Start(name) => {
                elements += 1;
                if elements > REQUEST_ELEMENTS_MAX {
                    return Ok(None);
                }
                let mut element = Element::new(String::from_utf8_lossy(name.local()));
                for attribute in reader.attributes() {
                    let local = String::from_utf8_lossy(attribute.name.local());
                    if attribute.declares().is_none() {
                        let value = reader.text_of(attribute.value)?;
                        element.children.push(Element::text(format!("@{local}"), value));
                    }
                }
                open.push(element);
            }
            Token::Text(raw) => {
                if let Some(element) = open.last_mut() {
                    text_bytes += raw.len();
                    element.text.push_str(&reader.text_of(raw)?);
                }
            }
            Token::Cdata(raw) => {
                if let Some(element) = open.last_mut() {
                    text_bytes += raw.len();
                    element.text.push_str(&String::from_utf8_lossy(raw));
                }
            }
            Token::End(_) => {
                let Some(mut element) = open.pop() else { continue };
                if element.children.iter().any(|child| !child.name.starts_with('@')) {
                    element.text.clear();
                }
                match open.last_mut() {
                    Some(parent) => parent.children.push(element),
                    None => return Ok(Some(element)),
                }
            }
            _ => {}
        }
        if text_bytes > REQUEST_TEXT_BYTES_MAX {
            return Ok(None);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name_whatever_their_prefix_and_case() {
        let envelope = br#"<e:Envelope xmlns:e="urn:e"><e:Header><Body>no</Body></e:Header><e:Body>
            <r:Get xmlns:r="urn:r" xmlns="urn:c"><r:careUnitHSAid> A </r:careUnitHSAid><r:careUnitHSAid>B</r:careUnitHSAid>
            <requestId extension="x#y" root="1.2"/><r:timePeriod><start><![CDATA[20240101]]></start></r:timePeriod></r:Get>
            </e:Body></e:Envelope>"#;
        let body = Element::of_body(envelope).expect("a body");
        assert_eq!(body.name, "Get");
        assert_eq!(body.all("careUnitHSAId").map(|unit| unit.text.trim()).collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(body.text_at("timeperiod/start"), Some("20240101"));
        assert_eq!(body.text_at("requestId/@extension"), Some("x#y"));
        assert_eq!(body.text_at("timePeriod"), None);
        assert_eq!(body.text_at("nothing"), None);
    }

    #[test]
    fn what_is_no_envelope_or_too_much_has_no_body() {
        for broken in ["", "hello", "<a>", "<e:Envelope xmlns:e='urn:e'><e:Body/></e:Envelope>"] {
            assert_eq!(Element::of_body(broken.as_bytes()), None, "{broken}");
        }
        let many = format!("<Envelope><Body><a>{}</a></Body></Envelope>", "<b/>".repeat(REQUEST_ELEMENTS_MAX + 1));
        assert_eq!(Element::of_body(many.as_bytes()), None);
    }
}
