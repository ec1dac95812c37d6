//! Names as numbers, so that matching an element is comparing two integers.

/// A namespace of a schema; unknown ones in a message are [`NamespaceId::UNKNOWN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamespaceId(pub u32);

/// A local name of a schema; unknown ones in a message are `u32::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalId(pub u32);

impl NamespaceId {
    /// No namespace.
    pub const NONE: Self = Self(0);
    /// The namespace of XML Schema itself.
    pub const XSD: Self = Self(1);
    /// The namespace of `xsi:type` and its kin.
    pub const XSI: Self = Self(2);
    /// The namespace of the `xml` prefix.
    pub const XML: Self = Self(3);
    /// A namespace that the schema does not know.
    pub const UNKNOWN: Self = Self(u32::MAX);
}

impl LocalId {
    /// A local name that the schema does not know.
    pub const UNKNOWN: Self = Self(u32::MAX);
}

/// A namespace and a local name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u64);

impl Symbol {
    /// A name that no schema knows.
    pub const UNKNOWN: Self = Self(u64::MAX);

    /// The name of that namespace and local name.
    #[inline]
    pub fn new(namespace: NamespaceId, local: LocalId) -> Self {
        Self(u64::from(namespace.0) << 32 | u64::from(local.0))
    }

    /// Its namespace.
    pub fn namespace(self) -> NamespaceId {
        NamespaceId((self.0 >> 32) as u32)
    }

    /// Its local name.
    pub fn local(self) -> LocalId {
        LocalId(self.0 as u32)
    }
}

/// The namespace of XML Schema.
pub const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// The namespace of attributes that steer validation from within a message.
pub const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The namespace of the `xml` prefix.
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// All names of a schema.
#[derive(Clone, Debug)]
pub struct Names {
    namespaces: Table,
    locals: Table,
}

impl Default for Names {
    fn default() -> Self {
        let mut names = Self { namespaces: Table::default(), locals: Table::default() };
        for namespace in ["", XSD, XSI, XML] {
            names.namespaces.intern(namespace);
        }
        names
    }
}

impl Names {
    /// The number of a name, given one if it has none.
    pub fn intern(&mut self, namespace: &str, local: &str) -> Symbol {
        Symbol::new(self.intern_namespace(namespace), LocalId(self.locals.intern(local)))
    }

    /// The number of a namespace, given one if it has none.
    pub fn intern_namespace(&mut self, namespace: &str) -> NamespaceId {
        NamespaceId(self.namespaces.intern(namespace))
    }

    /// The number of a namespace, if the schema knows it.
    pub fn namespace_id(&self, namespace: &[u8]) -> NamespaceId {
        self.namespaces.find(namespace).map_or(NamespaceId::UNKNOWN, NamespaceId)
    }

    /// The number of a local name, if the schema knows it.
    pub fn local_id(&self, local: &[u8]) -> LocalId {
        self.locals.find(local).map_or(LocalId::UNKNOWN, LocalId)
    }

    /// The number of a whole name; unknown parts stay unknown.
    pub fn symbol(&self, namespace: &str, local: &str) -> Symbol {
        Symbol::new(self.namespace_id(namespace.as_bytes()), self.local_id(local.as_bytes()))
    }

    /// The namespace of a name; empty for none or an unknown one.
    pub fn namespace(&self, id: NamespaceId) -> &str {
        self.namespaces.items.get(id.0 as usize).map_or("", |namespace| namespace)
    }

    /// The local part of a name; empty for an unknown one.
    pub fn local(&self, symbol: Symbol) -> &str {
        self.locals.items.get(symbol.local().0 as usize).map_or("", |local| local)
    }

    /// The name as `{namespace}local`.
    pub fn clark(&self, symbol: Symbol) -> String {
        match self.namespace(symbol.namespace()) {
            "" => self.local(symbol).to_owned(),
            namespace => format!("{{{namespace}}}{}", self.local(symbol)),
        }
    }
}

/// Texts numbered in the order they came, found by open addressing. Only schemas add to it; messages only look, so
/// nobody outside can make it grow or degenerate.
#[derive(Clone, Debug, Default)]
struct Table {
    items: Vec<Box<str>>,
    /// Number of the item plus one; 0 is free. A power of two, at most half full.
    slots: Vec<u32>,
}

impl Table {
    fn intern(&mut self, text: &str) -> u32 {
        if let Some(found) = self.find(text.as_bytes()) {
            return found;
        }
        if (self.items.len() + 1) * 2 > self.slots.len() {
            self.slots = vec![0; (self.slots.len() * 2).max(16)];
            for at in 0..self.items.len() {
                let slot = self.free_slot(self.items[at].as_bytes());
                self.slots[slot] = at as u32 + 1;
            }
        }
        let slot = self.free_slot(text.as_bytes());
        self.items.push(text.into());
        self.slots[slot] = self.items.len() as u32;
        self.items.len() as u32 - 1
    }

    fn free_slot(&self, text: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash(text) as usize & mask;
        while self.slots[slot] != 0 {
            slot = (slot + 1) & mask;
        }
        slot
    }

    #[inline]
    fn find(&self, text: &[u8]) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut slot = hash(text) as usize & mask;
        loop {
            match self.slots[slot] {
                0 => return None,
                number if self.items[number as usize - 1].as_bytes() == text => return Some(number - 1),
                _ => slot = (slot + 1) & mask,
            }
        }
    }
}

#[inline]
fn hash(text: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = text.len() as u64;
    let mut words = text.chunks_exact(8);
    for word in &mut words {
        let word = u64::from_le_bytes(word.try_into().expect("chunks of eight"));
        hash = (hash ^ word).wrapping_mul(FACTOR);
        hash ^= hash >> 29;
    }
    let mut tail = 0u64;
    for byte in words.remainder() {
        tail = tail << 8 | u64::from(*byte);
    }
    hash = (hash ^ tail).wrapping_mul(FACTOR);
    hash ^ (hash >> 32)
}
