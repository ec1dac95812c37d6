//! Elements one after the other, over the token reader.

use std::borrow::Cow;

use crate::index::fault::{self, IndexFault};
use crate::soap::xml::reader::{Name, Reader, Token};

/// An element whose start tag has been read.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    /// Its name as written.
    pub name: Name<'a>,
    /// Its namespace, raw; empty without one.
    pub namespace: &'a [u8],
    /// Where in the document it starts.
    pub start: usize,
}

impl Element<'_> {
    /// Whether it has this namespace and local name.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.name.local() == local.as_bytes() && self.is_in(namespace)
    }

    /// Whether it has this namespace.
    pub fn is_in(&self, namespace: &str) -> bool {
        self.namespace == namespace.as_bytes()
    }

    /// Its namespace, to be shown.
    pub fn namespace_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.namespace)
    }

    /// Its local name, to be shown.
    pub fn local_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.name.local())
    }
}

/// Walks a document's elements; each [`Elements::child`] is to be followed by exactly one of `text`, `skip`, or `child`
/// until there is none.
#[derive(Debug)]
pub struct Elements<'a> {
    reader: Reader<'a>,
    input: &'a [u8],
}

impl<'a> Elements<'a> {
    /// Starts at the first byte.
    pub fn new(input: &'a [u8]) -> Self {
        Self { reader: Reader::new(input), input }
    }

    /// The document.
    pub fn input(&self) -> &'a [u8] {
        self.input
    }

    /// The token reader, positioned behind what was read last.
    pub fn reader(&self) -> &Reader<'a> {
        &self.reader
    }

    fn next(&mut self) -> Result<Option<Token<'a>>, IndexFault> {
        let token = self.reader.next().map_err(|error| fault::not_xml(&error))?;
        if token == Some(Token::Doctype) {
            return Err(fault::not_xml(&self.reader.error_here("Document types are not accepted")));
        }
        Ok(token)
    }

    /// The outermost element.
    pub fn root(&mut self) -> Result<Element<'a>, IndexFault> {
        loop {
            match self.next()? {
                Some(Token::Start(name)) => return Ok(self.element(name)),
                Some(_) => {}
                None => return Err(fault::no_body()),
            }
        }
    }

    /// The next child of the element that is open, or `None` at its end.
    pub fn child(&mut self) -> Result<Option<Element<'a>>, IndexFault> {
        loop {
            match self.next()? {
                Some(Token::Start(name)) => return Ok(Some(self.element(name))),
                Some(Token::End(_)) | None => return Ok(None),
                Some(_) => {}
            }
        }
    }

    /// The text of the element that is open, up to its end. Elements in it are passed over.
    pub fn text(&mut self) -> Result<Cow<'a, str>, IndexFault> {
        let mut text: Cow<'a, str> = Cow::Borrowed("");
        let mut add = |part: Cow<'a, str>| match text.is_empty() {
            true => text = part,
            false => text.to_mut().push_str(&part),
        };
        loop {
            match self.next()? {
                Some(Token::Text(raw)) => add(self.reader.text_of(raw).map_err(|error| fault::not_xml(&error))?),
                Some(Token::Cdata(raw)) => {
                    let cdata = std::str::from_utf8(raw);
                    let bad = |_| fault::not_xml(&self.reader.error_here("Invalid UTF-8 in CDATA section"));
                    add(Cow::Borrowed(cdata.map_err(bad)?));
                }
                Some(Token::Start(_)) => self.skip()?,
                Some(Token::End(_)) | None => return Ok(normalised(text)),
                Some(_) => {}
            }
        }
    }

    /// Passes over the rest of the element that is open.
    pub fn skip(&mut self) -> Result<(), IndexFault> {
        let mut open = 1usize;
        while open > 0 {
            match self.next()? {
                Some(Token::Start(_)) => open += 1,
                Some(Token::End(_)) => open -= 1,
                Some(_) => {}
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Passes over the element that is open, showing each element in it to `each`.
    pub fn skip_showing(&mut self, each: &mut dyn FnMut(&Reader<'a>, Name<'a>)) -> Result<(), IndexFault> {
        let mut open = 1usize;
        while open > 0 {
            match self.next()? {
                Some(Token::Start(name)) => {
                    each(&self.reader, name);
                    open += 1;
                }
                Some(Token::End(_)) => open -= 1,
                Some(_) => {}
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Reads what follows the outermost element and checks that all was text XML allows.
    pub fn finish(&mut self) -> Result<(), IndexFault> {
        while self.next()?.is_some() {}
        self.reader.check_characters().map_err(|error| fault::not_xml(&error))
    }

    fn element(&self, name: Name<'a>) -> Element<'a> {
        let namespace = self.reader.namespaces().resolve(name.prefix()).unwrap_or_default();
        Element { name, namespace, start: self.reader.token_start() }
    }
}

/// Line ends as XML hands them on: `\n`, however they were written.
fn normalised(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('\r') {
        return text;
    }
    // A carriage return that was written as a reference is lost here too; no field keeps white space anyway.
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}
