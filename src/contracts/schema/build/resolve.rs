//! References between components: by prefix, within what the document imports (`contracts.md` §2.2).

use std::borrow::Cow;

use super::{At, Builder, Kind};
use crate::contracts::diagnostic::{Code, Diagnostic};
use crate::contracts::schema::TypeId;
use crate::contracts::schema::documents::MissingReason;
use crate::contracts::schema::names::{Symbol, XML, XSD};
use crate::contracts::schema::simple::Prefixes;

/// Prefixes at a node of a document.
pub(super) struct PrefixesAt<'a> {
    pub(super) builder: &'a Builder<'a>,
    pub(super) at: At,
}

impl Prefixes for PrefixesAt<'_> {
    fn namespace(&self, prefix: &str) -> Option<Cow<'_, str>> {
        let tree = &self.builder.document(self.at).tree;
        tree.namespace_of_prefix(self.at.1, prefix).map(|namespace| Cow::Owned(namespace.to_string()))
    }
}

impl Builder<'_> {
    /// The name that a QName stands for at a node. References in a chameleon without prefix are to its includer.
    pub(super) fn expand(&mut self, at: At, qualified: &str) -> Option<(String, Symbol)> {
        let qualified = qualified.trim();
        let (prefix, local) = qualified.split_once(':').unwrap_or(("", qualified));
        let document = self.document(at);
        let Some(namespace) = document.tree.namespace_of_prefix(at.1, prefix) else {
            self.note(Code::NotFound, at, format!("prefix \"{prefix}\" of \"{qualified}\" is not bound"));
            return None;
        };
        let namespace = if namespace.is_empty() && document.is_chameleon { document.target.clone() } else { namespace };
        let symbol = self.names.intern(&namespace, local);
        Some((namespace.to_string(), symbol))
    }

    /// The component a reference leads to; what is wrong is reported.
    pub(super) fn reference(&mut self, kind: Kind, at: At, qualified: &str) -> Option<At> {
        let (namespace, symbol) = self.expand(at, qualified)?;
        let found = self.components.get(&(kind, symbol)).copied();
        let document = self.document(at);
        let may_refer = *namespace == *document.target || document.imports.iter().any(|import| **import == *namespace);
        if may_refer && found.is_some() {
            return found;
        }
        let what = format!("{} {}", kind.as_str(), self.names.clark(symbol));
        if !may_refer {
            return self.not_imported(at, &namespace, &what, found);
        }
        self.not_found(at, &namespace, &what);
        None
    }

    fn not_imported(&mut self, at: At, namespace: &str, what: &str, found: Option<At>) -> Option<At> {
        if self.leniency.imports && found.is_some() {
            self.note(
                Code::Lenient,
                at,
                format!("{what} is used though namespace \"{namespace}\" is not imported; accepted"),
            );
            return found;
        }
        let message = format!(
            "{what} is used, but namespace \"{namespace}\" is not imported; add an xs:import of it to this file"
        );
        self.note(Code::NotImported, at, message);
        None
    }

    fn not_found(&mut self, at: At, namespace: &str, what: &str) {
        let documents = self.documents.clone();
        for (index, missing) in documents[at.0 as usize].missing.iter().enumerate() {
            if *missing.namespace == *namespace {
                self.missing_used[at.0 as usize][index] = true;
                let (location, line) = (&missing.location, missing.position.line);
                let (code, message) = match &missing.reason {
                    MissingReason::OtherNamespace(other) => (
                        Code::ImportNamespace,
                        format!(
                            "{what} is used, but the import of \"{namespace}\" on line {line} leads to \"{location}\", whose target namespace is \"{other}\""
                        ),
                    ),
                    MissingReason::Outside => (
                        Code::TargetMissing,
                        format!(
                            "{what} is used, but \"{location}\" (line {line}) leads out of what is imported and is not followed"
                        ),
                    ),
                    MissingReason::NotFound => (
                        Code::TargetMissing,
                        format!("{what} is used, but \"{location}\" (line {line}) does not exist"),
                    ),
                };
                self.note(code, at, message);
                return;
            }
        }
        self.note(Code::NotFound, at, format!("{what} does not exist"));
    }

    /// Imports that lead nowhere and that nothing needed.
    pub(super) fn report_missing(&mut self) {
        let documents = self.documents.clone();
        for (document, used) in documents.iter().zip(std::mem::take(&mut self.missing_used)) {
            for (missing, used) in document.missing.iter().zip(used) {
                let (location, namespace) = (&missing.location, &missing.namespace);
                let (code, message) = match &missing.reason {
                    MissingReason::Outside => {
                        (Code::Remote, format!("\"{location}\" leads out of what is imported; it is not followed"))
                    }
                    _ if used => continue,
                    MissingReason::NotFound => {
                        (Code::MissingUnused, format!("\"{location}\" does not exist; nothing refers to it"))
                    }
                    MissingReason::OtherNamespace(other) => (
                        Code::ImportNamespaceUnused,
                        format!(
                            "\"{location}\" has target namespace \"{other}\", not \"{namespace}\"; nothing refers to it"
                        ),
                    ),
                };
                self.diagnostics.push(Diagnostic::new(code, document.shown.clone(), missing.position, message));
            }
        }
    }

    /// The type a reference leads to; `anyType` where it leads nowhere.
    pub(super) fn type_reference(&mut self, at: At, qualified: &str) -> TypeId {
        let Some((namespace, symbol)) = self.expand(at, qualified) else { return TypeId::ANY };
        if namespace == XSD {
            let local = self.names.local(symbol).to_owned();
            let built_in = self.types.iter().position(|slot| slot.node.is_none() && slot.built.name == Some(symbol));
            return match built_in {
                Some(index) => TypeId(index as u32),
                None => {
                    self.note(Code::NotFound, at, format!("XML Schema has no type \"{local}\""));
                    TypeId::ANY
                }
            };
        }
        match self.reference(Kind::Type, at, qualified) {
            Some(found) => self.type_at(found),
            None => TypeId::ANY,
        }
    }

    /// Whether a reference is to the `xml` namespace.
    pub(super) fn is_xml(&self, namespace: &str) -> bool {
        namespace == XML
    }
}
