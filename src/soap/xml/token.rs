//! What a document consists of: tags with their names and attributes, text, instructions.

/// A piece of the document. Slices are raw, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// `<name …>` or `<name …/>`; its attributes are at [`super::reader::Reader::attributes`]. An empty element is followed by its `End`.
    Start(Name<'a>),
    /// `</name>`.
    End(Name<'a>),
    /// Character data up to the next markup, references unresolved.
    Text(&'a [u8]),
    /// The inside of a CDATA section.
    Cdata(&'a [u8]),
    /// The inside of a comment.
    Comment(&'a [u8]),
    /// The inside of a processing instruction, target first.
    Instruction(&'a [u8]),
    /// The inside of `<?xml …?>`.
    Declaration(&'a [u8]),
    /// A document type: skipped, not processed.
    Doctype,
}

/// A name as written, with or without a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    qualified: &'a [u8],
    pub(super) colon: u16,
}

impl<'a> Name<'a> {
    pub(super) fn new(qualified: &'a [u8]) -> Self {
        let colon = qualified.iter().position(|byte| *byte == b':').unwrap_or(0);
        Self { qualified, colon: u16::try_from(colon).expect("names are limited to NAME_BYTES_MAX") }
    }

    /// Prefix and local name, as written.
    pub fn qualified(self) -> &'a [u8] {
        self.qualified
    }

    /// What stands before the colon; empty without one.
    pub fn prefix(self) -> &'a [u8] {
        &self.qualified[..usize::from(self.colon)]
    }

    /// What stands after the colon.
    pub fn local(self) -> &'a [u8] {
        match self.colon {
            0 => self.qualified,
            colon => &self.qualified[usize::from(colon) + 1..],
        }
    }
}

/// An attribute, its value raw as written between the quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Name as written, `xmlns:…` included.
    pub name: Name<'a>,
    /// Value between the quotes, references unresolved.
    pub value: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// The prefix this attribute declares (empty for the default namespace), if it is a namespace declaration.
    pub fn declares(self) -> Option<&'a [u8]> {
        match self.name.qualified() {
            b"xmlns" => Some(b""),
            _ => (self.name.prefix() == b"xmlns").then(|| self.name.local()),
        }
    }
}
