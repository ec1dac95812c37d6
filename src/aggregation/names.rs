//! Names of elements, and paths of them: how a row of the table says where something stands in a request.

use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Name, Reader, Token};

/// A name with its namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QName {
    pub(super) namespace: String,
    pub(super) local: String,
}

/// What the prefixes of a row stand for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefixes<'p> {
    /// `r`: the contract's responder namespace.
    pub(super) responder: &'p str,
    /// `c`: its core namespace.
    pub(super) core: &'p str,
}

/// The way from the request's element to a value: `r:patientId/c:id`, or to an attribute, `c:personId/@extension`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ElementPath {
    steps: Vec<QName>,
    attribute: Option<String>,
}

/// A name or a path that is written wrongly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name, expected r:element or c:element")]
pub(super) struct NameError(String);

impl QName {
    /// Reads `r:name` or `c:name`.
    pub(super) fn parse(text: &str, prefixes: Prefixes<'_>) -> Result<Self, NameError> {
        let wrong = || NameError(text.to_owned());
        let (prefix, local) = text.split_once(':').ok_or_else(wrong)?;
        let namespace = match prefix {
            "r" => prefixes.responder,
            "c" => prefixes.core,
            _ => return Err(wrong()),
        };
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        if local.is_empty() || !local.chars().all(is_plain) {
            return Err(wrong());
        }
        Ok(Self { namespace: namespace.to_owned(), local: local.to_owned() })
    }

    /// Reads `{namespace}name`.
    pub(super) fn parse_braced(text: &str) -> Result<Self, NameError> {
        let (namespace, local) =
            text.strip_prefix('{').and_then(|rest| rest.split_once('}')).ok_or_else(|| NameError(text.to_owned()))?;
        Ok(Self { namespace: namespace.to_owned(), local: local.to_owned() })
    }

    /// Whether it is this name.
    pub(super) fn is(&self, namespace: &[u8], local: &[u8]) -> bool {
        self.local.as_bytes() == local && self.namespace.as_bytes() == namespace
    }
}

impl ElementPath {
    /// Reads a path; an empty text is none.
    pub(super) fn parse(text: &str, prefixes: Prefixes<'_>) -> Result<Option<Self>, NameError> {
        if text.is_empty() {
            return Ok(None);
        }
        let (elements, attribute) = match text.split_once("/@") {
            Some((elements, attribute)) => (elements, Some(attribute.to_owned())),
            None => (text, None),
        };
        let steps = elements.split('/').map(|step| QName::parse(step, prefixes)).collect::<Result<_, _>>()?;
        Ok(Some(Self { steps, attribute }))
    }
}

/// Collects the values at a path, fed with every token inside the element the path begins at.
#[derive(Debug)]
pub(super) struct Finder<'p> {
    path: &'p ElementPath,
    depth: usize,
    /// How many steps of the path the open elements are.
    matched: usize,
    /// Every value, in order.
    pub(super) found: Vec<String>,
}

impl<'p> Finder<'p> {
    /// Nothing found yet.
    pub(super) fn new(path: &'p ElementPath) -> Self {
        Self { path, depth: 0, matched: 0, found: Vec::new() }
    }

    /// Takes the next token.
    pub(super) fn see<'a>(&mut self, reader: &Reader<'a>, token: Token<'a>) -> Result<(), XmlError> {
        let is_inside = self.depth == self.path.steps.len() && self.matched == self.depth;
        match token {
            Token::Start(name) => self.enter(reader, name)?,
            Token::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                self.matched = self.matched.min(self.depth);
            }
            Token::Text(raw) if is_inside && self.path.attribute.is_none() => {
                let text = reader.text_of(raw)?;
                self.add(&text);
            }
            Token::Cdata(raw) if is_inside && self.path.attribute.is_none() => {
                self.add(&String::from_utf8_lossy(raw));
            }
            _ => {}
        }
        Ok(())
    }

    fn enter<'a>(&mut self, reader: &Reader<'a>, name: Name<'a>) -> Result<(), XmlError> {
        let on_the_way = self.matched == self.depth;
        self.depth += 1;
        let Some(step) = self.path.steps.get(self.depth - 1).filter(|_| on_the_way) else { return Ok(()) };
        if !step.is(reader.namespaces().resolve(name.prefix()).unwrap_or_default(), name.local()) {
            return Ok(());
        }
        self.matched = self.depth;
        if self.depth == self.path.steps.len() {
            match &self.path.attribute {
                None => self.found.push(String::new()),
                Some(wanted) => {
                    let named = |name: &Name<'_>| name.qualified() == wanted.as_bytes();
                    let attribute = reader.attributes().iter().find(|attribute| named(&attribute.name));
                    if let Some(attribute) = attribute {
                        self.found.push(reader.text_of(attribute.value)?.into_owned());
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, text: &str) {
        if let Some(value) = self.found.last_mut() {
            value.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, inside: &str) -> Vec<String> {
        let prefixes = Prefixes { responder: "urn:r", core: "urn:c" };
        let path = ElementPath::parse(path, prefixes).expect("a path").expect("not empty");
        let document = format!("<Q xmlns='urn:r' xmlns:k='urn:c'>{inside}</Q>");
        let mut reader = Reader::new(document.as_bytes());
        reader.next().expect("well-formed");
        let mut finder = Finder::new(&path);
        while let Some(token) = reader.next().expect("well-formed") {
            finder.see(&reader, token).expect("well-formed");
        }
        finder.found
    }

    #[test]
    fn values_stand_where_the_path_says_and_nowhere_else() {
        let patient = "r:patientId/c:id";
        assert_eq!(found(patient, "<patientId><k:id>19</k:id><k:type>x</k:type></patientId>"), ["19"]);
        assert_eq!(found(patient, "<patientId><id>19</id></patientId><k:id>20</k:id>"), [""; 0]);
        assert_eq!(found(patient, "<a><patientId><k:id>19</k:id></patientId></a>"), [""; 0]);
        assert_eq!(
            found(patient, "<patientId><k:id/></patientId><patientId><k:id>1&amp;<![CDATA[<2]]></k:id></patientId>"),
            ["", "1&<2"]
        );
        assert_eq!(found("r:t", "<t>1</t><t> 2 </t>"), ["1", " 2 "]);
        assert_eq!(found("c:personId/@extension", "<k:personId root='1' extension='19'/>"), ["19"]);
    }

    #[test]
    fn what_is_no_name_is_told() {
        let prefixes = Prefixes { responder: "urn:r", core: "urn:c" };
        for text in ["patientId", "x:id", "r:", "r:a b", "r:a/"] {
            assert!(ElementPath::parse(text, prefixes).is_err(), "{text}");
        }
        assert_eq!(ElementPath::parse("", prefixes), Ok(None));
        assert!(QName::parse_braced("{urn:h}Actor").is_ok_and(|name| name.is(b"urn:h", b"Actor")));
    }
}
