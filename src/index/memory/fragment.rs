//! What repeats in answers, written once: the elements of a subject and of a holder, ready to be copied.

use super::dictionary::{HOLDER, SUBJECT, Text};
use crate::index::engagement::Field;
use crate::soap::xml::text::escape_into;

/// The elements of a holder. They do not stand side by side in an engagement, so they are kept in three pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderFragment {
    text: Box<str>,
    address_end: u32,
    system_end: u32,
}

impl HolderFragment {
    /// Renders the texts of a holder, in the order of [`HOLDER`].
    pub(super) fn new([address, system, controller, owner]: [&Text; 4]) -> Self {
        let mut text = String::new();
        element(&mut text, HOLDER[0], address);
        let address_end = text.len() as u32;
        element(&mut text, HOLDER[1], system);
        let system_end = text.len() as u32;
        element(&mut text, HOLDER[2], controller);
        element(&mut text, HOLDER[3], owner);
        Self { text: text.into_boxed_str(), address_end, system_end }
    }

    /// `logicalAddress`.
    pub fn address(&self) -> &str {
        &self.text[..self.address_end as usize]
    }

    /// `sourceSystem`.
    pub fn system(&self) -> &str {
        &self.text[self.address_end as usize..self.system_end as usize]
    }

    /// `dataController` and `owner`.
    pub fn controller_and_owner(&self) -> &str {
        &self.text[self.system_end as usize..]
    }

    /// A fragment is never empty: its elements are.
    pub(super) fn first_byte(&self) -> u8 {
        self.text.as_bytes()[0]
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> u64 {
        self.text.len() as u64
    }
}

/// `serviceDomain` and `categorization`, texts in the order of [`SUBJECT`].
pub(super) fn subject([domain, categorization]: [&Text; 2]) -> Box<str> {
    let mut text = String::new();
    element(&mut text, SUBJECT[0], domain);
    element(&mut text, SUBJECT[1], categorization);
    text.into_boxed_str()
}

fn element(out: &mut String, field: Field, text: &Text) {
    let name = field.name();
    out.push_str("<ns2:");
    out.push_str(name);
    out.push('>');
    if text.plain {
        out.push_str(&text.text);
    } else {
        escape_into(out, &text.text);
    }
    out.push_str("</ns2:");
    out.push_str(name);
    out.push('>');
}
