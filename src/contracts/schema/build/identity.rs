//! `unique`, `key` and `keyref`, with their small path language.

use super::{At, Builder};
use crate::contracts::diagnostic::Code;
use crate::contracts::schema::{Identity, IdentityKind, Path, Step};

impl Builder<'_> {
    /// The identity constraints of an element.
    pub(super) fn identities(&mut self, at: At) -> Vec<Identity> {
        let children = self.children(at);
        let constraints = children.into_iter().filter(|(_, local)| matches!(&**local, "unique" | "key" | "keyref"));
        constraints.filter_map(|(child, local)| self.identity(child, &local)).collect()
    }

    fn identity(&mut self, at: At, local: &str) -> Option<Identity> {
        let name = self.name_of(at)?;
        let kind = match local {
            "unique" => IdentityKind::Unique,
            "key" => IdentityKind::Key,
            _ => {
                let qualified = self.attribute_of(at, "refer").unwrap_or_default();
                IdentityKind::Reference(self.expand(at, &qualified)?.1)
            }
        };
        let (mut selector, mut fields) = (Vec::new(), Vec::new());
        for (child, local) in self.children(at) {
            let paths = self.paths(child)?;
            if local == "selector" { selector = paths } else { fields.push(paths) }
        }
        Some(Identity { name, kind, selector, fields })
    }

    fn paths(&mut self, at: At) -> Option<Vec<Path>> {
        let text = self.attribute_of(at, "xpath").unwrap_or_default();
        let paths: Option<Vec<Path>> = text.split('|').map(|path| self.path(at, path.trim())).collect();
        if paths.is_none() {
            self.note(Code::Facet, at, format!("\"{text}\" is not a path that selectors and fields may use"));
        }
        paths
    }

    fn path(&mut self, at: At, text: &str) -> Option<Path> {
        let mut path = Path::default();
        let rest = match text.strip_prefix(".//") {
            Some(rest) => {
                path.anywhere = true;
                rest
            }
            None => text,
        };
        for step in rest.split('/') {
            let step = step.trim();
            let step = step.strip_prefix("child::").unwrap_or(step);
            if path.attribute.is_some() {
                return None;
            }
            match step.strip_prefix('@').or_else(|| step.strip_prefix("attribute::")) {
                Some(attribute) => path.attribute = Some(self.step(at, attribute)?),
                None if step == "." => {}
                None => path.steps.push(self.step(at, step)?),
            }
        }
        Some(path)
    }

    fn step(&mut self, at: At, text: &str) -> Option<Step> {
        if text == "*" {
            return Some(Step::Any);
        }
        let tree = self.document(at).tree.clone();
        let (prefix, local) = text.split_once(':').unwrap_or(("", text));
        if local.is_empty() || local.contains(['[', '(', ' ']) {
            return None;
        }
        // A name without prefix is in no namespace: the default namespace does not reach into paths.
        let namespace = match prefix {
            "" => "".into(),
            prefix => tree.namespace_of_prefix(at.1, prefix)?,
        };
        Some(match local {
            "*" => Step::Namespace(self.namespace_id(&namespace)),
            local => Step::Name(self.names.intern(&namespace, local)),
        })
    }
}
