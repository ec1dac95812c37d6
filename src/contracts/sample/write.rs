//! Made elements to text: indented, prefixes in the order they are first used.

use std::fmt::Write;

use super::content::Made;
use super::{Envelope, Wanted};
use crate::contracts::contract::{Contract, Direction};
use crate::contracts::schema::names::{XML, XSD, XSI};
use crate::soap::xml::text::{escape_attribute_into, escape_into};

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// A unit of nobody's.
const ADDRESS: &str = "SE2321000016-1A01";

/// The whole message.
pub(super) fn message(contract: &Contract, made: &Made, wanted: &Wanted) -> String {
    let mut writing = Writing { out: String::new(), namespaces: Vec::new() };
    writing.collect(made);
    let declarations = writing.declarations();
    match wanted.envelope {
        Envelope::None => writing.element(made, 0, &declarations),
        Envelope::Own | Envelope::Of(_) => {
            writing.out.push_str("<soapenv:Envelope xmlns:soapenv=\"");
            writing.out.push_str(SOAP);
            writing.out.push_str("\">\n");
            if wanted.direction == Direction::Request && !contract.headers.is_empty() {
                let address = wanted.given.value("header", "logicaladdress").unwrap_or(ADDRESS);
                writing.headers(contract, address, wanted.envelope);
            }
            writing.out.push_str("  <soapenv:Body>\n");
            writing.element(made, 2, &declarations);
            writing.out.push_str("  </soapenv:Body>\n</soapenv:Envelope>\n");
        }
    }
    writing.out
}

struct Writing {
    out: String,
    namespaces: Vec<String>,
}

impl Writing {
    fn collect(&mut self, made: &Made) {
        let types = made.xsi_type.iter().map(|(namespace, _)| namespace);
        let attributes = made.attributes.iter().map(|(namespace, _, _)| namespace);
        let mut used: Vec<String> = std::iter::once(&made.namespace).chain(types).chain(attributes).cloned().collect();
        if made.xsi_type.is_some() || made.nil {
            used.push(XSI.to_owned());
        }
        for namespace in used {
            if !namespace.is_empty() && namespace != XML && !self.namespaces.contains(&namespace) {
                self.namespaces.push(namespace);
            }
        }
        made.children.iter().for_each(|child| self.collect(child));
    }

    fn prefix(&self, namespace: &str) -> String {
        match namespace {
            "" => String::new(),
            XML => "xml:".to_owned(),
            XSI => "xsi:".to_owned(),
            XSD => "xs:".to_owned(),
            _ => format!("n{}:", self.namespaces.iter().position(|known| known == namespace).unwrap_or(0) + 1),
        }
    }

    fn declarations(&self) -> String {
        let mut declarations = String::new();
        for namespace in &self.namespaces {
            let prefix = self.prefix(namespace);
            declarations.push_str(" xmlns:");
            declarations.push_str(prefix.trim_end_matches(':'));
            declarations.push_str("=\"");
            escape_attribute_into(&mut declarations, namespace);
            declarations.push('"');
        }
        declarations
    }

    fn headers(&mut self, contract: &Contract, address: &str, envelope: Envelope) {
        self.out.push_str("  <soapenv:Header>\n");
        for (_, element) in &contract.headers {
            let is_address = matches!(element.local.as_str(), "LogicalAddress" | "To");
            let (namespace, local) = match envelope {
                Envelope::Of(profile) if is_address => (profile.address_namespace(), profile.address_element()),
                _ => (element.namespace.as_str(), element.local.as_str()),
            };
            match local {
                "Actor" => {
                    let open = format!("<h:{local} xmlns:h=\"{namespace}\"><h:actorId>191212121212</h:actorId>");
                    let close = format!("<h:actorType>subject_of_care</h:actorType></h:{local}>");
                    writeln!(self.out, "    {open}{close}").expect("writing to a string");
                }
                "LogicalAddress" | "To" => {
                    write!(self.out, "    <h:{local} xmlns:h=\"{namespace}\">").expect("writing to a string");
                    escape_into(&mut self.out, address);
                    writeln!(self.out, "</h:{local}>").expect("writing to a string");
                }
                _ => {}
            }
        }
        self.out.push_str("  </soapenv:Header>\n");
    }

    fn element(&mut self, made: &Made, indent: usize, declarations: &str) {
        let name = format!("{}{}", self.prefix(&made.namespace), made.local);
        let space = "  ".repeat(indent);
        write!(self.out, "{space}<{name}{declarations}").expect("writing to a string");
        if let Some((namespace, local)) = &made.xsi_type {
            write!(self.out, " xsi:type=\"{}{local}\"", self.prefix(namespace)).expect("writing to a string");
        }
        if made.nil {
            self.out.push_str(" xsi:nil=\"true\"");
        }
        for (namespace, local, value) in &made.attributes {
            write!(self.out, " {}{local}=\"", self.prefix(namespace)).expect("writing to a string");
            escape_attribute_into(&mut self.out, value);
            self.out.push('"');
        }
        match (&made.text, made.children.is_empty()) {
            (Some(text), _) => {
                self.out.push('>');
                escape_into(&mut self.out, text);
                writeln!(self.out, "</{name}>").expect("writing to a string");
            }
            (None, true) => self.out.push_str("/>\n"),
            (None, false) => {
                self.out.push_str(">\n");
                for child in &made.children {
                    self.element(child, indent + 1, "");
                }
                writeln!(self.out, "{space}</{name}>").expect("writing to a string");
            }
        }
    }
}
