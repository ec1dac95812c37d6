//! Requests with the customer's parameters left open: `${patientId}` stands where the patient will.

use roxmltree::{Document, Node};

use super::shape::{Shape, message};
use crate::contracts::contract::Direction;
use crate::contracts::sample::Variant;
use crate::qa::records::named;
use crate::qa::tree;

/// What a request asks for beside the patient; texts may hold names of parameters.
#[derive(Clone, Debug, Default)]
pub struct Asking<'a> {
    /// Care units.
    pub units: &'a [&'a str],
    /// First day, if any is said.
    pub start: Option<&'a str>,
    /// Last day, if any is said.
    pub end: Option<&'a str>,
    /// Source system.
    pub source: Option<&'a str>,
    /// Care contact.
    pub contact: Option<&'a str>,
}

impl Shape {
    /// The request; `None` where the contract has no place for what is asked.
    pub fn request(&self, asking: &Asking<'_>) -> Option<String> {
        let mut forced: Vec<String> = Vec::new();
        if !asking.units.is_empty() {
            forced.push(self.unit.clone()?.0);
        }
        if asking.start.is_some() || asking.end.is_some() {
            let period = self.period.as_ref()?;
            forced.extend(period.around.clone());
            forced.extend(asking.start.map(|_| period.start.clone()));
            forced.extend(asking.end.map(|_| period.end.clone()));
        }
        if asking.source.is_some() {
            forced.push(self.source.clone()?);
        }
        if asking.contact.is_some() {
            forced.push(self.contact.clone()?);
        }
        let sample = message(&self.contract, Direction::Request, Variant::Min, &forced).ok()?;
        self.filled(&sample, asking)
    }

    /// A message with parameters where the sample has values.
    pub fn filled(&self, sample: &str, asking: &Asking<'_>) -> Option<String> {
        let document = tree::parse(sample).ok()?;
        let mut edits = Edits::default();
        edits.texts(&document, "LogicalAddress", "${logicalAddress}");
        edits.texts(&document, "To", "${logicalAddress}");
        if let Some(name) = &self.patient {
            for node in document.descendants().filter(|node| named(*node, name)) {
                edits.person(node);
            }
        }
        if let (Some((name, _)), [first, more @ ..]) = (&self.unit, asking.units) {
            edits.repeated(sample, &document, name, first, more);
        }
        if let Some(period) = &self.period {
            let moment = |day: &str, time: &str| if period.has_time { format!("{day}{time}") } else { day.to_owned() };
            let inside = |node: &Node<'_, '_>| match (&period.around, node.parent()) {
                (Some(around), Some(parent)) => named(parent, around),
                _ => true,
            };
            for (name, value) in [
                (&period.start, asking.start.map(|day| moment(day, "000000"))),
                (&period.end, asking.end.map(|day| moment(day, "235959"))),
            ] {
                let Some(value) = value else { continue };
                if let Some(node) = document.descendants().find(|node| named(*node, name) && inside(node)) {
                    edits.value(node, &value);
                }
            }
        }
        for (name, value) in [(&self.source, asking.source), (&self.contact, asking.contact)] {
            let (Some(name), Some(value)) = (name, value) else { continue };
            edits.repeated(sample, &document, name, value, &[]);
        }
        Some(edits.done(sample))
    }
}

/// Replacements in a text, each of a range of bytes.
#[derive(Default)]
struct Edits(Vec<(std::ops::Range<usize>, String)>);

impl Edits {
    /// All elements of a name get this text.
    fn texts(&mut self, document: &Document<'_>, name: &str, value: &str) {
        for node in document.descendants().filter(|node| named(*node, name)) {
            self.value(node, value);
        }
    }

    /// The value of an element: its text, or that of its `extension`, or its attribute of that name.
    fn value(&mut self, node: Node<'_, '_>, value: &str) {
        let attribute = node.attributes().find(|attribute| attribute.name() == "extension");
        let inner = node.children().find(|child| named(*child, "extension") || named(*child, "id"));
        match (attribute, inner) {
            (Some(attribute), _) => self.0.push((attribute.range_value(), value.to_owned())),
            (None, Some(inner)) => self.value(inner, value),
            (None, None) => {
                if let Some(text) = node.first_child().filter(Node::is_text) {
                    self.0.push((text.range(), value.to_owned()));
                }
            }
        }
    }

    fn person(&mut self, node: Node<'_, '_>) {
        self.value(node, "${patientId}");
        let kind = node.children().find(|child| named(*child, "type") || named(*child, "root"));
        if let Some(kind) = kind {
            self.value(kind, "${patientIdType}");
        }
        if let Some(root) = node.attributes().find(|attribute| attribute.name() == "root") {
            self.0.push((root.range_value(), "${patientIdType}".to_owned()));
        }
    }

    /// The first element of a name gets a value, and copies after it get the others; what the sample has more is left out.
    fn repeated(&mut self, sample: &str, document: &Document<'_>, name: &str, first: &str, more: &[&str]) {
        let mut found = document.descendants().filter(|node| named(*node, name));
        let Some(node) = found.next() else { return };
        for other in found {
            self.0.push((other.range(), String::new()));
        }
        let copies: String = more
            .iter()
            .map(|value| {
                let mut copy = Self::default();
                copy.value(node, value);
                let offset = node.range().start;
                let shifted = copy.0.into_iter().map(|(range, text)| (range.start - offset..range.end - offset, text));
                Self(shifted.collect()).done(&sample[node.range()])
            })
            .collect();
        self.value(node, first);
        self.0.push((node.range().end..node.range().end, copies));
    }

    fn done(mut self, text: &str) -> String {
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for (range, with) in self.0 {
            if range.start < from {
                continue;
            }
            out.push_str(&text[from..range.start]);
            out.push_str(&with);
            from = range.end;
        }
        out.push_str(&text[from..]);
        out
    }
}
