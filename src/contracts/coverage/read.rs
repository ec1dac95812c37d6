//! A message beside the items of its contract: which of them it uses.

use std::collections::{HashMap, HashSet};

use super::items::{Items, Key, Slot, enumerated};
use crate::contracts::schema::names::{Symbol, XSI};
use crate::contracts::schema::simple::Variety;
use crate::contracts::schema::{ComplexType, ElementId, Schema, TypeId, TypeKind};
use crate::contracts::tree::{Node, NodeId, Tree};
use crate::soap::fault::SOAP_11;

/// The element that is the message: the first in the body of an envelope, or the outermost itself.
pub(super) fn payload(tree: &Tree) -> Option<NodeId> {
    if !tree.root().is(SOAP_11, "Envelope") {
        return Some(0);
    }
    let (body, _) = tree.children_in(0, SOAP_11).find(|(_, node)| &*node.local == "Body")?;
    tree.node(body).children.first().copied()
}

impl Items {
    /// Looks at a message whose element is the one the items begin at.
    pub(super) fn see(&mut self, schema: &Schema, tree: &Tree, payload: NodeId) {
        let Some(root) = self.root else { return };
        let mut reading = Reading { schema, items: self, tree, used: HashSet::new() };
        reading.element(payload, root);
        let used = reading.used;
        self.count(&used);
    }
}

struct Reading<'r> {
    schema: &'r Schema,
    items: &'r Items,
    tree: &'r Tree,
    used: HashSet<Key>,
}

impl Reading<'_> {
    /// As deep as the message, which the tree's own bound keeps in hand.
    fn element(&mut self, at: NodeId, id: ElementId) {
        let node = self.tree.node(at);
        self.used.insert(Key::Element(id));
        let mut type_id = self.schema.element(id).type_id;
        if let Some(other) = xsi(node, "type").and_then(|name| self.named(at, name)) {
            self.used.insert(Key::Type(id, other));
            type_id = other;
        }
        self.attributes(node, type_id);
        if xsi(node, "nil").is_some_and(|nil| matches!(nil.trim(), "true" | "1")) {
            self.used.insert(Key::Nil(id));
            return;
        }
        if let Some(simple) = self.schema.simple_content(type_id) {
            self.value(simple, &node.text);
        }
        self.children(node, type_id);
    }

    fn named(&self, at: NodeId, name: &str) -> Option<TypeId> {
        let (prefix, local) = name.trim().split_once(':').unwrap_or(("", name.trim()));
        let namespace = self.tree.namespace_of_prefix(at, prefix)?;
        self.schema.global_types.get(&self.schema.names.symbol(&namespace, local)).copied()
    }

    fn attributes(&mut self, node: &Node, type_id: TypeId) {
        let schema = self.schema;
        let TypeKind::Complex(ComplexType { attributes, .. }) = &schema.type_of(type_id).kind else { return };
        for given in &node.attributes {
            let name = schema.names.symbol(&given.namespace, &given.local);
            if let Some(one) = attributes.iter().find(|one| one.name == name) {
                self.used.insert(Key::Attribute(type_id, name));
                self.value(one.type_id, &given.value);
            }
        }
    }

    fn value(&mut self, type_id: TypeId, text: &str) {
        for of in enumerated(self.schema, type_id, 0) {
            let Some(simple) = self.schema.simple(of) else { continue };
            let Some(enumeration) = &simple.facets.enumeration else { continue };
            // A type whose lists are made of an enumeration, unless the lists themselves are enumerated.
            let is_list =
                of != type_id && matches!(self.schema.simple(type_id).map(|it| &it.variety), Some(Variety::List(_)));
            let whole = simple.white_space.normalise(text);
            let parts: Vec<&str> = if is_list { text.split_ascii_whitespace().collect() } else { vec![&whole] };
            for part in parts {
                let at = enumeration.texts.iter().position(|known| **known == *part);
                self.used.extend(at.map(|at| Key::Value(of, at)));
            }
        }
    }

    /// The children, each in the place of the model that its name has. A name with several places takes them in order, as far
    /// as they reach: content models are deterministic, so that which one is meant only depends on what came before.
    fn children(&mut self, node: &Node, type_id: TypeId) {
        let items = self.items;
        let Some(model) = items.models.get(&type_id) else { return };
        let mut taken: HashMap<Symbol, usize> = HashMap::new();
        for child in &node.children {
            let this = self.tree.node(*child);
            let name = self.schema.names.symbol(&this.namespace, &this.local);
            if let Some(slots) = model.elements.get(&name) {
                let place = taken.entry(name).or_default();
                let slot = &slots[(*place).min(slots.len() - 1)];
                *place += 1;
                self.branches(slot);
                self.element(*child, slot.term);
                continue;
            }
            let namespace = self.schema.names.namespace_id(this.namespace.as_bytes());
            let admits = |slot: &&Slot<_>| self.schema.wildcard(slot.term).namespaces.admits(namespace);
            if let Some(slot) = model.wildcards.iter().find(admits) {
                self.branches(slot);
            }
        }
    }

    fn branches<T>(&mut self, slot: &Slot<T>) {
        self.used.extend(slot.branches.iter().map(|branch| Key::Branch(*branch)));
    }
}

/// An attribute that steers validation.
fn xsi<'n>(node: &'n Node, local: &str) -> Option<&'n str> {
    let mut attributes = node.attributes.iter();
    attributes.find(|one| &*one.local == local && &*one.namespace == XSI).map(|one| &*one.value)
}
