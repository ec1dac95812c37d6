//! Simple types: restrictions, lists and unions, with their facets.

use std::sync::Arc;

use super::resolve::PrefixesAt;
use super::{At, Builder};
use crate::contracts::diagnostic::Code;
use crate::contracts::pattern;
use crate::contracts::schema::simple::{self, Bound, Enumeration, Facets, SimpleType, Variety};
use crate::contracts::schema::{Derivation, Derivations, Type, TypeId, TypeKind};
use crate::contracts::value::{Builtin, WhiteSpace};

impl Builder<'_> {
    /// Builds a `simpleType`.
    pub(super) fn simple_type(&mut self, at: At) -> Option<Type> {
        let name = self.name_of(at);
        let (way, local) = self.children(at).into_iter().next()?;
        let (base, derivation, simple) = match &*local {
            "restriction" => {
                let base = self.base_of(way);
                (base, Derivation::Restriction, self.restrict(way, base)?)
            }
            "list" => {
                let item = self.referred_or_inline(way, "itemType");
                self.ensure(item);
                if !matches!(self.type_of(item).kind, TypeKind::Simple(_)) {
                    self.note(Code::Derivation, way, "the items of a list must be of a simple type");
                    return None;
                }
                let simple = SimpleType::new(Variety::List(item), WhiteSpace::Collapse, Facets::default());
                (TypeId::built_in(Builtin::AnySimpleType), Derivation::List, simple)
            }
            "union" => {
                let members = self.members(way);
                let simple = SimpleType::new(Variety::Union(members), WhiteSpace::Preserve, Facets::default());
                (TypeId::built_in(Builtin::AnySimpleType), Derivation::Union, simple)
            }
            other => {
                self.note(Code::Unsupported, way, format!("xs:{other} in a simple type is not supported"));
                return None;
            }
        };
        let is_final = self.derivations(at, "final", "finalDefault");
        Some(Type {
            name,
            base,
            derivation,
            is_abstract: false,
            block: Derivations::default(),
            is_final,
            kind: TypeKind::Simple(simple),
            declared: self.declared(at),
        })
    }

    fn base_of(&mut self, way: At) -> TypeId {
        let base = self.referred_or_inline(way, "base");
        if !self.ensure(base) {
            self.note(Code::Derivation, way, "the type is derived from itself");
            return TypeId::built_in(Builtin::AnySimpleType);
        }
        if self.type_of(base).is_final.contains(Derivation::Restriction) {
            self.note(Code::Derivation, way, "the base type is final; it may not be restricted");
        }
        base
    }

    /// The type named by an attribute, or given inside.
    fn referred_or_inline(&mut self, way: At, attribute: &str) -> TypeId {
        match (self.attribute_of(way, attribute), self.child(way, "simpleType")) {
            (Some(qualified), _) => self.type_reference(way, &qualified),
            (None, Some(inline)) => self.type_at(inline),
            (None, None) => {
                self.note(Code::Derivation, way, format!("neither {attribute} nor a simple type inside"));
                TypeId::built_in(Builtin::AnySimpleType)
            }
        }
    }

    fn members(&mut self, way: At) -> Vec<TypeId> {
        let named = self.attribute_of(way, "memberTypes").unwrap_or_default();
        let mut members: Vec<TypeId> = named.split_whitespace().map(|name| self.type_reference(way, name)).collect();
        let inline = self.children(way).into_iter().filter(|(_, local)| local == "simpleType");
        members.extend(inline.map(|(child, _)| self.type_at(child)).collect::<Vec<_>>());
        for member in &members {
            if !self.ensure(*member) {
                self.note(Code::Derivation, way, "the union is a member of itself");
            }
        }
        members
    }

    /// A simple type restricted by the facets inside `way`.
    pub(super) fn restrict(&mut self, way: At, base: TypeId) -> Option<SimpleType> {
        let TypeKind::Simple(base_type) = self.type_of(base).kind.clone() else {
            let code = if base == TypeId::ANY { None } else { Some(Code::Derivation) };
            if let Some(code) = code {
                self.note(code, way, "a simple type can only restrict a simple type");
            }
            return None;
        };
        let mut simple = base_type;
        if matches!(simple.variety, Variety::Atomic(Builtin::Notation)) {
            self.note(Code::Unsupported, way, "NOTATION as a type is not supported");
        }
        let mut patterns = Vec::new();
        let mut enumerated: Vec<(At, String)> = Vec::new();
        for (facet, local) in self.children(way) {
            match &*local {
                "simpleType" | "attribute" | "attributeGroup" | "anyAttribute" => {}
                "pattern" => patterns.extend(self.pattern(facet)),
                "enumeration" => enumerated.push((facet, self.attribute_of(facet, "value").unwrap_or_default())),
                _ => self.facet(facet, &local, base, &mut simple),
            }
        }
        if !patterns.is_empty() {
            simple.facets.patterns.push(patterns);
        }
        if !enumerated.is_empty() {
            simple.facets.enumeration = Some(Arc::new(self.enumeration(&enumerated, base, &simple)));
        }
        Some(simple)
    }

    fn pattern(&mut self, at: At) -> Option<Arc<pattern::Pattern>> {
        let source = self.attribute_of(at, "value").unwrap_or_default();
        let mut meant = source.as_str();
        if pattern::has_literal_anchors(&source) {
            meant = pattern::without_literal_anchors(&source);
            if self.leniency.literal_anchors {
                let message = format!(
                    "pattern \"{source}\": \"^\" and \"$\" are ordinary characters in a schema, so no real value matches; \"{meant}\" is most likely meant"
                );
                self.note(Code::LiteralAnchors, at, message);
                meant = &source;
            }
        }
        match self.patterns.compile(meant, self.limits) {
            Ok(pattern) => Some(pattern),
            Err(message) => {
                let code = if message.contains("too large") { Code::Limit } else { Code::Facet };
                self.note(code, at, message);
                None
            }
        }
    }

    fn enumeration(&mut self, enumerated: &[(At, String)], base: TypeId, simple: &SimpleType) -> Enumeration {
        let by_value = simple::compares_by_value(self, simple);
        let (mut texts, mut values) = (Vec::new(), Vec::new());
        for (at, text) in enumerated {
            let prefixes = PrefixesAt { builder: self, at: *at };
            let normal = simple.white_space.normalise(text);
            if simple::check(self, base, text, &prefixes).is_err() {
                let message = format!("enumeration value \"{text}\" is not a value of the type it restricts");
                self.note(Code::Facet, *at, message);
                continue;
            }
            values.extend(simple::value(self, base, text, &prefixes).filter(|_| by_value));
            texts.push(normal.into());
        }
        Enumeration { texts, values: by_value.then_some(values) }
    }

    fn facet(&mut self, at: At, local: &str, base: TypeId, simple: &mut SimpleType) {
        let text = self.attribute_of(at, "value").unwrap_or_default();
        let text = text.trim();
        let bad = |this: &mut Self, why: &str| this.note(Code::Facet, at, format!("{local} \"{text}\" {why}"));
        if local == "whiteSpace" {
            let wanted = match text {
                "preserve" => WhiteSpace::Preserve,
                "replace" => WhiteSpace::Replace,
                "collapse" => WhiteSpace::Collapse,
                _ => return bad(self, "is none of preserve, replace and collapse"),
            };
            if wanted < simple.white_space {
                return bad(self, "loosens that of the base type");
            }
            simple.white_space = wanted;
            return;
        }
        if let "minInclusive" | "minExclusive" | "maxInclusive" | "maxExclusive" = local {
            return self.bound(at, local, text, base, simple);
        }
        let Ok(number) = text.parse::<u64>() else { return bad(self, "is not a number") };
        let applies = match &simple.variety {
            Variety::Atomic(builtin) if local.ends_with("Digits") => builtin.is_derived_from(Builtin::Decimal),
            Variety::Atomic(builtin) => builtin.length_unit().is_some(),
            Variety::List(_) => !local.ends_with("Digits"),
            Variety::Union(_) => false,
        };
        if !applies {
            return bad(self, "cannot restrict this type");
        }
        let facets = &mut simple.facets;
        let loosens: fn(u64, u64) -> bool = match local {
            "length" => |new, old| new != old,
            "minLength" => |new, old| new < old,
            _ => |new, old| new > old,
        };
        let slot = match local {
            "length" => &mut facets.length,
            "minLength" => &mut facets.min_length,
            "maxLength" => &mut facets.max_length,
            "totalDigits" => &mut facets.total_digits,
            "fractionDigits" => &mut facets.fraction_digits,
            other => {
                let message = format!("xs:{other} in a restriction is not supported");
                return self.note(Code::Unsupported, at, message);
            }
        };
        if slot.is_some_and(|old| loosens(number, old)) {
            return bad(self, "loosens that of the base type");
        }
        *slot = Some(number);
        if let (Some(least), Some(most)) = (simple.facets.min_length, simple.facets.max_length)
            && least > most
        {
            bad(self, "leaves no length: minLength is above maxLength");
        }
    }

    fn bound(&mut self, at: At, local: &str, text: &str, base: TypeId, simple: &mut SimpleType) {
        let Variety::Atomic(builtin) = simple.variety else {
            return self.note(Code::Facet, at, format!("{local} cannot restrict a list or union"));
        };
        let value = builtin.is_ordered().then(|| simple::value(self, base, text, &simple::NoPrefixes)).flatten();
        let Some(value) = value else {
            return self.note(Code::Facet, at, format!("{local} \"{text}\" is not a value of {}", builtin.name()));
        };
        let bound = Bound { text: text.into(), value, inclusive: local.ends_with("Inclusive") };
        if local.starts_with("min") {
            simple.facets.lower.push(bound);
        } else {
            simple.facets.upper.push(bound);
        }
    }
}
