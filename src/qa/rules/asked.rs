//! What a request asks for, read from the request itself: names in any namespace and any case.

use roxmltree::{Document, Node};

use crate::qa::records::{leaf, named, person};
use crate::qa::tree;

/// What stands in a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Where it was addressed to.
    pub logical_address: Option<String>,
    /// Identity of the patient.
    pub patient: Option<String>,
    /// The kind of identity.
    pub patient_type: Option<String>,
    /// Source system whose records are asked for.
    pub source_system: Option<String>,
    /// Care units, *vårdenheter*, whose records are asked for.
    pub units: Vec<String>,
}

impl Asked {
    /// Reads a request; one that cannot be read asks for nothing.
    pub fn of(request: &str) -> Self {
        tree::parse(request).map_or_else(|_| Self::default(), |document| Self::of_document(&document))
    }

    fn of_document(document: &Document<'_>) -> Self {
        let root = document.root_element();
        let texts = |wanted: &'static str| {
            root.descendants().filter(move |node| named(*node, wanted)).filter_map(leaf).collect::<Vec<_>>()
        };
        let (patient, patient_type) = root.descendants().find_map(person).unzip();
        let units = root
            .descendants()
            .filter(|node| node.is_element() && node.tag_name().name().to_ascii_lowercase().starts_with("careunit"));
        Self {
            logical_address: texts("LogicalAddress").into_iter().next(),
            patient,
            patient_type: patient_type.flatten(),
            source_system: source(root),
            units: units.filter_map(leaf).collect(),
        }
    }
}

fn source(root: Node<'_, '_>) -> Option<String> {
    root.descendants()
        .filter(|node| node.is_element() && node.tag_name().name().to_ascii_lowercase().starts_with("sourcesystem"))
        .find_map(leaf)
}
