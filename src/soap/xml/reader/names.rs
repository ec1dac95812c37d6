//! What names mean: every prefix is declared, as what it may stand for, and no attribute stands twice.

use super::Reader;
use crate::soap::xml::error::XmlError;
use crate::soap::xml::names::{XML_NAMESPACE, XMLNS_NAMESPACE};
use crate::soap::xml::token::{Attribute, Name};

impl<'a> Reader<'a> {
    /// A prefix stands for something, and the reserved ones for what they always stand for.
    pub(super) fn check_declaration(&self, prefix: &[u8], value: &[u8]) -> Result<(), XmlError> {
        let complaint = match (prefix, value) {
            (b"xml", XML_NAMESPACE) => return Ok(()),
            (b"xml", _) => "Trying to redeclare prefix 'xml' from its default URI".to_owned(),
            (b"xmlns", _) => "Trying to declare prefix 'xmlns' (illegal as per NS 1.1 #4)".to_owned(),
            (_, XML_NAMESPACE) => "Trying to bind URI of prefix 'xml' to another prefix".to_owned(),
            (_, XMLNS_NAMESPACE) => "Trying to bind URI of prefix 'xmlns' to another prefix".to_owned(),
            (b"", _) => return Ok(()),
            (_, b"") => {
                "Non-default namespace can not map to empty URI (as per Namespace 1.0 # 2) in XML 1.0 documents"
                    .to_owned()
            }
            _ => return Ok(()),
        };
        let shown = String::from_utf8_lossy(prefix);
        Err(self.error(self.offset_of(value), format!("{complaint} (prefix \"{shown}\")")))
    }

    /// Every prefix is declared, and no attribute stands twice.
    pub(super) fn check_names(&self, element: Name<'a>) -> Result<(), XmlError> {
        if !element.prefix().is_empty() && self.namespaces.resolve(element.prefix()).is_none() {
            return Err(self.undeclared(element));
        }
        for attribute in &self.attributes {
            let prefix = attribute.name.prefix();
            if !prefix.is_empty() && prefix != b"xmlns" && self.namespaces.resolve(prefix).is_none() {
                return Err(self.undeclared(attribute.name));
            }
        }
        let duplicate = match self.attributes.len() {
            0 | 1 => None,
            2..=8 => self.attributes.iter().enumerate().find(|(place, attribute)| {
                self.attributes[..*place].iter().any(|earlier| self.same_name(earlier.name, attribute.name))
            }),
            _ => self.duplicate_of_many(),
        };
        match duplicate {
            Some((_, attribute)) => {
                let name = String::from_utf8_lossy(attribute.name.qualified());
                Err(self.error(self.offset_of(attribute.name.qualified()), format!("Duplicate attribute '{name}'.")))
            }
            None => Ok(()),
        }
    }

    fn same_name(&self, one: Name<'a>, other: Name<'a>) -> bool {
        one.qualified() == other.qualified()
            || (one.local() == other.local()
                && !one.prefix().is_empty()
                && !other.prefix().is_empty()
                && self.expanded(one) == self.expanded(other))
    }

    fn expanded(&self, name: Name<'a>) -> (&'a [u8], &'a [u8]) {
        let namespace = match name.prefix() {
            b"" => b"".as_slice(),
            b"xmlns" => XMLNS_NAMESPACE,
            prefix => self.namespaces.resolve(prefix).unwrap_or_default(),
        };
        (namespace, name.local())
    }

    fn duplicate_of_many(&self) -> Option<(usize, &Attribute<'a>)> {
        let mut order: Vec<usize> = (0..self.attributes.len()).collect();
        let key = |place: &usize| self.expanded(self.attributes[*place].name);
        order.sort_by_key(key);
        let pair = order.windows(2).find(|pair| key(&pair[0]) == key(&pair[1]))?;
        let place = pair[0].max(pair[1]);
        Some((place, &self.attributes[place]))
    }

    fn undeclared(&self, name: Name<'a>) -> XmlError {
        let prefix = String::from_utf8_lossy(name.prefix());
        self.error(self.offset_of(name.qualified()), format!("Undeclared namespace prefix \"{prefix}\""))
    }
}
