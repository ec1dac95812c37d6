//! Prefixes in scope. Owns its text, since the bytes of a message come and go.

use std::borrow::Cow;

use crate::contracts::schema::names::{Names, NamespaceId, XML};
use crate::contracts::schema::simple::Prefixes;

/// The namespace declarations in force, innermost last.
#[derive(Debug, Default)]
pub(super) struct Scope {
    bindings: Vec<Binding>,
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Binding {
    start: u32,
    prefix: u16,
    namespace: u32,
    id: NamespaceId,
}

impl Scope {
    /// How many declarations are in force; give it to [`Scope::close`].
    pub(super) fn mark(&self) -> u32 {
        self.bindings.len() as u32
    }

    /// Adds a declaration. `prefix` is empty for the default namespace.
    pub(super) fn declare(&mut self, prefix: &[u8], namespace: &[u8], names: Option<&Names>) {
        let start = self.text.len() as u32;
        self.text.extend_from_slice(prefix);
        self.text.extend_from_slice(namespace);
        let id = names.map_or(NamespaceId::UNKNOWN, |names| names.namespace_id(namespace));
        self.bindings.push(Binding { start, prefix: prefix.len() as u16, namespace: namespace.len() as u32, id });
    }

    /// Drops the declarations made since the mark.
    #[inline]
    pub(super) fn close(&mut self, mark: u32) {
        if (mark as usize) < self.bindings.len() {
            self.text.truncate(self.bindings[mark as usize].start as usize);
            self.bindings.truncate(mark as usize);
        }
    }

    /// Numbers the namespaces anew: the schema has become known.
    pub(super) fn renumber(&mut self, names: &Names) {
        for at in 0..self.bindings.len() {
            let id = names.namespace_id(self.namespace_of(&self.bindings[at]));
            self.bindings[at].id = id;
        }
    }

    fn namespace_of(&self, binding: &Binding) -> &[u8] {
        let start = binding.start as usize + usize::from(binding.prefix);
        &self.text[start..start + binding.namespace as usize]
    }

    #[inline]
    fn find(&self, prefix: &[u8]) -> Option<&Binding> {
        self.bindings.iter().rev().find(|binding| {
            usize::from(binding.prefix) == prefix.len()
                && &self.text[binding.start as usize..binding.start as usize + prefix.len()] == prefix
        })
    }

    /// The namespace a prefix stands for; `None` if it is not bound. The empty prefix is the default namespace.
    pub(super) fn resolve(&self, prefix: &[u8]) -> Option<&[u8]> {
        match self.find(prefix) {
            Some(binding) => Some(self.namespace_of(binding)),
            None if prefix == b"xml" => Some(XML.as_bytes()),
            None => prefix.is_empty().then_some(b"".as_slice()),
        }
    }

    /// The number of the namespace a prefix stands for; `None` if it is not bound.
    #[inline]
    pub(super) fn resolve_id(&self, prefix: &[u8]) -> Option<NamespaceId> {
        match self.find(prefix) {
            Some(Binding { namespace: 0, .. }) => Some(NamespaceId::NONE),
            Some(binding) => Some(binding.id),
            None if prefix == b"xml" => Some(NamespaceId::XML),
            None => prefix.is_empty().then_some(NamespaceId::NONE),
        }
    }
}

impl Prefixes for Scope {
    fn namespace(&self, prefix: &str) -> Option<Cow<'_, str>> {
        self.resolve(prefix.as_bytes()).map(String::from_utf8_lossy)
    }
}
