//! Attributes of complex types: declared, referred to, grouped, prohibited, and by wildcard.

use super::{At, Builder, Kind};
use crate::contracts::diagnostic::Code;
use crate::contracts::schema::names::{NamespaceId, Symbol};
use crate::contracts::schema::{
    AttributeUse, NamespaceConstraint, Process, TypeId, ValueConstraint, Wildcard, WildcardId,
};
use crate::contracts::value::Builtin;

/// What a type or attribute group says of attributes.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes {
    pub(super) uses: Vec<AttributeUse>,
    pub(super) prohibited: Vec<Symbol>,
    pub(super) any: Option<WildcardId>,
}

impl Builder<'_> {
    /// The attributes declared among the children of a node.
    pub(super) fn attributes(&mut self, at: At) -> Attributes {
        let mut all = Attributes::default();
        for (child, local) in self.children(at) {
            match &*local {
                "attribute" => self.attribute_use(child, &mut all),
                "attributeGroup" => {
                    let Some(qualified) = self.attribute_of(child, "ref") else { continue };
                    let Some(group) = self.reference(Kind::AttributeGroup, child, &qualified) else { continue };
                    let group = self.attribute_group(group);
                    group.uses.into_iter().for_each(|one| self.add_use(child, one, &mut all));
                    all.any = self.intersection(all.any, group.any);
                }
                "anyAttribute" => {
                    let wildcard = self.wildcard(child);
                    all.any = self.intersection(all.any, Some(wildcard));
                }
                _ => {}
            }
        }
        all
    }

    fn add_use(&mut self, at: At, one: AttributeUse, all: &mut Attributes) {
        if all.uses.iter().any(|known| known.name == one.name) {
            let name = self.names.clark(one.name);
            self.note(Code::Duplicate, at, format!("attribute {name} is declared twice in one type"));
        } else {
            all.uses.push(one);
        }
    }

    pub(super) fn attribute_group(&mut self, at: At) -> Attributes {
        if let Some(known) = self.attribute_groups.get(&at) {
            return known.clone();
        }
        if self.open_groups.contains(&at) {
            self.note(Code::Derivation, at, "the attribute group contains itself");
            return Attributes::default();
        }
        self.open_groups.push(at);
        let built = self.attributes(at);
        self.open_groups.pop();
        self.attribute_groups.insert(at, built.clone());
        built
    }

    fn attribute_use(&mut self, at: At, all: &mut Attributes) {
        let usage = self.attribute_of(at, "use");
        let declared = match self.attribute_of(at, "ref") {
            Some(qualified) => self.referred_attribute(at, &qualified),
            None => Some(self.attribute_declaration(at)),
        };
        let Some(mut one) = declared else { return };
        if usage.as_deref() == Some("prohibited") {
            all.prohibited.push(one.name);
            return;
        }
        one.required = usage.as_deref() == Some("required");
        if let Some(constraint) = self.value_constraint(at) {
            one.constraint = Some(constraint);
        }
        one.declared = self.declared(at);
        self.add_use(at, one, all);
    }

    fn referred_attribute(&mut self, at: At, qualified: &str) -> Option<AttributeUse> {
        let (namespace, symbol) = self.expand(at, qualified)?;
        if self.is_xml(&namespace) && !self.components.contains_key(&(Kind::Attribute, symbol)) {
            let local = self.names.local(symbol).to_owned();
            return self.xml_attribute(&local);
        }
        let found = self.reference(Kind::Attribute, at, qualified)?;
        Some(self.attribute_declaration(found))
    }

    /// A global or local attribute declaration.
    pub(super) fn attribute_declaration(&mut self, at: At) -> AttributeUse {
        let local = self.attribute_of(at, "name").unwrap_or_default();
        if local.is_empty() {
            self.note(Code::Unsupported, at, "an attribute with neither name nor ref");
        }
        let is_global = self.node(at).parent == Some(self.document(at).root);
        let qualified = is_global || self.is_qualified(at, "attributeFormDefault");
        let namespace = if qualified { self.document(at).target.to_string() } else { String::new() };
        let name = self.names.intern(&namespace, &local);
        let type_id = match (self.attribute_of(at, "type"), self.child(at, "simpleType")) {
            (Some(qualified), _) => self.type_reference(at, &qualified),
            (None, Some(inline)) => self.type_at(inline),
            (None, None) => TypeId::built_in(Builtin::AnySimpleType),
        };
        self.ensure(type_id);
        let constraint = self.value_constraint(at);
        AttributeUse { name, type_id, required: false, constraint, declared: self.declared(at) }
    }

    pub(super) fn is_qualified(&self, at: At, default: &str) -> bool {
        let form = self.node(at).attribute("form").or_else(|| self.document(at).schema().attribute(default));
        form == Some("qualified")
    }

    /// `default` or `fixed`; their value is filled in when all types are known.
    pub(super) fn value_constraint(&self, at: At) -> Option<ValueConstraint> {
        let node = self.node(at);
        let constraint = |text: &str, is_fixed| ValueConstraint { is_fixed, text: text.into(), value: None };
        let fixed = node.attribute("fixed").map(|text| constraint(text, true));
        fixed.or_else(|| node.attribute("default").map(|text| constraint(text, false)))
    }

    /// `any` or `anyAttribute`.
    pub(super) fn wildcard(&mut self, at: At) -> WildcardId {
        let namespace = self.attribute_of(at, "namespace").unwrap_or_else(|| "##any".to_owned());
        let target = self.document(at).target.to_string();
        let target = self.namespace_id(&target);
        let namespaces = match namespace.trim() {
            "##any" => NamespaceConstraint::Any,
            "##other" => NamespaceConstraint::Not(target),
            list => NamespaceConstraint::Of(self.namespace_list(at, list, target)),
        };
        let process = match self.attribute_of(at, "processContents").as_deref() {
            Some("lax") => Process::Lax,
            Some("skip") => Process::Skip,
            Some("strict") | None => Process::Strict,
            Some(other) => {
                let message = format!("processContents \"{other}\" is none of lax, skip and strict");
                self.note(Code::Facet, at, message);
                Process::Lax
            }
        };
        let declared = self.declared(at);
        self.wildcards.push(Wildcard { namespaces, process, declared });
        WildcardId(self.wildcards.len() as u32 - 1)
    }

    fn namespace_list(&mut self, at: At, list: &str, target: NamespaceId) -> Vec<NamespaceId> {
        let mut namespaces = Vec::new();
        for token in list.split_whitespace() {
            match token {
                "##targetNamespace" => namespaces.push(target),
                "##local" => namespaces.push(NamespaceId::NONE),
                token => {
                    if token.starts_with('#') || token == "other" || token == "any" {
                        let message = format!(
                            "wildcard namespace \"{list}\" is taken literally, so it admits nothing real; \"##other\" is most likely meant"
                        );
                        self.note(Code::WildcardToken, at, message);
                    }
                    namespaces.push(self.namespace_id(token));
                }
            }
        }
        namespaces
    }

    /// What both wildcards admit; the first decides how it is judged.
    fn intersection(&mut self, one: Option<WildcardId>, other: Option<WildcardId>) -> Option<WildcardId> {
        let (Some(one), Some(other)) = (one, other) else { return one.or(other) };
        let (first, second) = (self.wildcards[one.index()].clone(), &self.wildcards[other.index()]);
        use NamespaceConstraint as N;
        let namespaces = match (&first.namespaces, &second.namespaces) {
            (N::Any, both) | (both, N::Any) => both.clone(),
            (N::Of(these), both) | (both, N::Of(these)) => {
                N::Of(these.iter().copied().filter(|namespace| both.admits(*namespace)).collect())
            }
            (N::Not(first), N::Not(_)) => N::Not(*first),
        };
        self.wildcards.push(Wildcard { namespaces, ..first });
        Some(WildcardId(self.wildcards.len() as u32 - 1))
    }

    /// What either wildcard admits: that of an extension and its base.
    pub(super) fn union(&mut self, own: Option<WildcardId>, base: Option<WildcardId>) -> Option<WildcardId> {
        let (Some(own), Some(base)) = (own, base) else { return own.or(base) };
        let (first, second) = (self.wildcards[own.index()].clone(), &self.wildcards[base.index()]);
        use NamespaceConstraint as N;
        let namespaces = match (&first.namespaces, &second.namespaces) {
            (N::Any, _) | (_, N::Any) => N::Any,
            (N::Of(these), N::Of(those)) => N::Of(these.iter().chain(those).copied().collect()),
            (N::Not(one), N::Not(other)) if one == other => N::Not(*one),
            (N::Not(_), N::Not(_)) => N::Not(NamespaceId::NONE),
            (N::Not(not), N::Of(these)) | (N::Of(these), N::Not(not)) => match these.contains(not) {
                true if these.contains(&NamespaceId::NONE) => N::Any,
                true => N::Not(NamespaceId::NONE),
                false => N::Not(*not),
            },
        };
        self.wildcards.push(Wildcard { namespaces, ..first });
        Some(WildcardId(self.wildcards.len() as u32 - 1))
    }
}
