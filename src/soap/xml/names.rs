//! Which namespace a prefix stands for, element by element.

/// The namespace declarations in force, innermost last. Borrows prefixes and raw values from the document.
#[derive(Clone, Debug, Default)]
pub struct Namespaces<'a> {
    declared: Vec<Declaration<'a>>,
    /// Length of `declared` outside each open element.
    outside: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Declaration<'a> {
    prefix: &'a [u8],
    value: &'a [u8],
}

/// The namespace of the `xml` prefix, which needs no declaration.
pub const XML_NAMESPACE: &[u8] = b"http://www.w3.org/XML/1998/namespace";

/// The namespace of namespace declarations themselves.
pub const XMLNS_NAMESPACE: &[u8] = b"http://www.w3.org/2000/xmlns/";

impl<'a> Namespaces<'a> {
    /// Opens an element's scope; its declarations follow.
    pub(crate) fn open(&mut self) {
        self.outside.push(u32::try_from(self.declared.len()).expect("declarations are limited per element and depth"));
    }

    /// Adds a declaration to the innermost scope. `prefix` is empty for the default namespace.
    pub(crate) fn declare(&mut self, prefix: &'a [u8], value: &'a [u8]) {
        self.declared.push(Declaration { prefix, value });
    }

    /// Closes the innermost scope.
    pub(crate) fn close(&mut self) {
        if let Some(length) = self.outside.pop() {
            self.declared.truncate(length as usize);
        }
    }

    /// The namespace that `prefix` stands for here, raw as written; `None` where it stands for none.
    pub fn resolve(&self, prefix: &[u8]) -> Option<&'a [u8]> {
        if prefix == b"xml" {
            return Some(XML_NAMESPACE);
        }
        let declaration = self.declared.iter().rev().find(|declaration| declaration.prefix == prefix)?;
        (!declaration.value.is_empty()).then_some(declaration.value)
    }

    /// Every prefix that stands for something here with what it stands for, raw as written, innermost first. A prefix
    /// whose outer meaning is hidden comes once; an empty value takes the default namespace away.
    pub fn in_force(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + '_ {
        let hidden = |place: usize| {
            let prefix = self.declared[place].prefix;
            self.declared[place + 1..].iter().any(|inner| inner.prefix == prefix)
        };
        let places = (0..self.declared.len()).rev().filter(move |place| !hidden(*place));
        places.map(|place| (self.declared[place].prefix, self.declared[place].value))
    }
}
