//! Types behind `instance of`: single values, and every kind of node.

use super::super::ast::{Axis, ItemType, Occurrence};
use super::super::atomic::AtomicType;
use super::super::lexer::Token;
use super::super::{SCHEMA_NAMESPACE, StaticError};
use super::Parser;

/// Types that a node without a schema has: of an element, and of an attribute.
const OF_ELEMENTS: [&str; 2] = ["untyped", "anyType"];
const OF_ATTRIBUTES: [&str; 4] = ["untypedAtomic", "anyAtomicType", "anySimpleType", "anyType"];

impl Parser<'_> {
    pub(super) fn sequence_type(&mut self) -> Result<(ItemType, Occurrence), StaticError> {
        let item = self.item_type()?;
        if item == ItemType::Nothing {
            return Ok((item, Occurrence::ZeroOrMore));
        }
        let occurrence = match self.token() {
            Token::Symbol("*") => Occurrence::ZeroOrMore,
            Token::Symbol("+") => Occurrence::OneOrMore,
            Token::Symbol("?") => Occurrence::ZeroOrOne,
            _ => Occurrence::One,
        };
        if occurrence != Occurrence::One {
            self.advance();
        }
        Ok((item, occurrence))
    }

    fn item_type(&mut self) -> Result<ItemType, StaticError> {
        let Token::Name { prefix: None, local: kind } = self.token().clone() else {
            return self.atomic_type().map(ItemType::Atomic);
        };
        if *self.after(1) != Token::Symbol("(") {
            return self.atomic_type().map(ItemType::Atomic);
        }
        let named = self.next;
        self.advance();
        self.advance();
        let plain = |test| ItemType::Node { axis: Axis::Child, test, is_untyped: true };
        let item = match kind.as_str() {
            "item" => ItemType::Any,
            "empty-sequence" => ItemType::Nothing,
            "element" | "attribute" => self.node_type(&kind)?,
            "document-node" if *self.token() != Token::Symbol(")") => self.document_of()?,
            "node" | "text" | "comment" | "processing-instruction" | "document-node" => {
                plain(self.kind_test(&kind, Axis::Child)?)
            }
            _ => {
                self.next = named;
                return self.fail(format!("unknown type {kind}()"));
            }
        };
        self.expect_symbol(")")?;
        Ok(item)
    }

    /// What stands between the parentheses of `element(…)` and `attribute(…)`: nothing, a name, or a name and a type.
    fn node_type(&mut self, kind: &str) -> Result<ItemType, StaticError> {
        let (axis, types): (_, &[&str]) = match kind {
            "attribute" => (Axis::Attribute, &OF_ATTRIBUTES),
            _ => (Axis::Child, &OF_ELEMENTS),
        };
        let test = self.kind_test(kind, axis)?;
        let is_untyped = if self.take_symbol(",") { self.schema_type(types)? } else { true };
        Ok(ItemType::Node { axis, test, is_untyped })
    }

    fn document_of(&mut self) -> Result<ItemType, StaticError> {
        if !self.take_word("element") {
            return self.fail("expected element(…)");
        }
        self.expect_symbol("(")?;
        let ItemType::Node { test, is_untyped, .. } = self.node_type("element")? else {
            return self.fail("expected element(…)");
        };
        self.expect_symbol(")")?;
        Ok(ItemType::DocumentOf { test, is_untyped })
    }

    /// Whether the type that is named is one of these.
    fn schema_type(&mut self, types: &[&str]) -> Result<bool, StaticError> {
        let is_one = match self.token() {
            Token::Name { prefix: Some(prefix), local } => {
                let is_ours = self.prefixes.namespace(prefix) == Some(SCHEMA_NAMESPACE);
                let is_known = OF_ELEMENTS.contains(&local.as_str()) || OF_ATTRIBUTES.contains(&local.as_str());
                (is_ours && (is_known || AtomicType::named(local).is_some())).then(|| types.contains(&local.as_str()))
            }
            _ => None,
        };
        let Some(is_one) = is_one else { return self.fail("expected a type, as xs:date") };
        self.advance();
        // A question mark allows for nil, which nothing without a schema is.
        self.take_symbol("?");
        Ok(is_one)
    }
}
