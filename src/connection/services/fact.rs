//! A fact and how sure it is. What nobody has told stays unknown: an explicit value, never a guess.

use serde::{Deserialize, Serialize, Serializer};

/// How sure a fact is (`connection.md` §10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A contract text says so.
    Stated,
    /// Public descriptions of the service or of its contracts say so.
    Public,
    /// It follows from something else that is known.
    Inferred,
    /// Nobody has said.
    Unknown,
}

/// Something known of a service, or known not to be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<T> {
    /// `None` exactly where `confidence` is [`Confidence::Unknown`].
    value: Option<T>,
    confidence: Confidence,
}

impl<T> Fact<T> {
    /// A fact; `None` says what does not fit.
    pub fn new(value: Option<T>, confidence: Confidence) -> Option<Self> {
        (value.is_none() == (confidence == Confidence::Unknown)).then_some(Self { value, confidence })
    }

    /// What nobody has said.
    pub const fn unknown() -> Self {
        Self { value: None, confidence: Confidence::Unknown }
    }

    /// The value, where it is known.
    pub const fn known(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// How sure it is.
    pub const fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// Another form of the same fact.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Fact<U> {
        Fact { value: self.value.map(form), confidence: self.confidence }
    }
}

impl<T: Copy> Fact<T> {
    /// The value, where it is known.
    pub fn get(&self) -> Option<T> {
        self.value
    }
}

impl<T> Fact<Vec<T>> {
    /// What is known; nothing where nobody has said.
    pub fn list(&self) -> &[T] {
        self.value.as_deref().unwrap_or_default()
    }
}

impl<T: Serialize> Serialize for Fact<T> {
    /// The bare value, or null.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// A list as `connection.md` §10 has it: empty where it is unknown.
pub(super) fn list<T: Serialize, S: Serializer>(fact: &Fact<Vec<T>>, serializer: S) -> Result<S::Ok, S::Error> {
    fact.list().serialize(serializer)
}
