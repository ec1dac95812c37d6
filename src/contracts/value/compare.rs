//! Values, so that two texts can be compared in the value space of their type.

use std::cmp::Ordering;

use super::time::{Moment, Span};

/// A value of a simple type.
#[derive(Clone, Debug)]
pub enum Value {
    /// Strings, names and URIs: equal when the same characters.
    Text(String),
    /// `true` or `false`.
    Boolean(bool),
    /// Every kind of decimal and integer.
    Decimal(Decimal),
    /// `float` and `double`.
    Float(f64),
    /// Points and recurring points in time.
    Moment(Moment),
    /// Lengths of time.
    Duration(Span),
    /// Binary.
    Octets(Vec<u8>),
    /// Items of a list.
    List(Vec<Self>),
}

/// A decimal without superfluous zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    pub(super) negative: bool,
    pub(super) whole: String,
    pub(super) fraction: String,
}

impl Decimal {
    /// Digits in all, and digits after the point.
    pub fn digits(&self) -> (usize, usize) {
        ((self.whole.len() + self.fraction.len()).max(1), self.fraction.len())
    }

    fn compare(&self, other: &Self) -> Ordering {
        let size = || {
            let whole = self.whole.len().cmp(&other.whole.len()).then_with(|| self.whole.cmp(&other.whole));
            whole.then_with(|| self.fraction.cmp(&other.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => size(),
            (true, true) => size().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl Value {
    /// Order of two values of one type; `None` where it is not determined.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Decimal(one), Self::Decimal(other)) => Some(one.compare(other)),
            (Self::Float(one), Self::Float(other)) => one.partial_cmp(other),
            (Self::Moment(one), Self::Moment(other)) => one.compare(other),
            (Self::Duration(one), Self::Duration(other)) => one.compare(other),
            (one, other) => one.same(other).then_some(Ordering::Equal),
        }
    }

    /// Whether two values are the same.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Boolean(one), Self::Boolean(other)) => one == other,
            (Self::Decimal(one), Self::Decimal(other)) => one == other,
            (Self::Float(one), Self::Float(other)) => one == other || (one.is_nan() && other.is_nan()),
            (Self::Moment(one), Self::Moment(other)) => one.compare(other) == Some(Ordering::Equal),
            (Self::Duration(one), Self::Duration(other)) => one.compare(other) == Some(Ordering::Equal),
            (Self::Octets(one), Self::Octets(other)) => one == other,
            (Self::List(one), Self::List(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.same(other))
            }
            _ => false,
        }
    }

    /// A text that is the same for equal values, for sets of keys.
    pub fn key(&self) -> String {
        match self {
            Self::Text(text) => format!("t{text}"),
            Self::Boolean(value) => format!("b{value}"),
            Self::Decimal(Decimal { negative, whole, fraction }) => format!("d{negative}{whole}.{fraction}"),
            Self::Float(value) => format!("f{value}"),
            Self::Moment(moment) => format!("m{}", moment.key()),
            Self::Duration(span) => format!("p{}", span.key()),
            Self::Octets(octets) => format!("o{octets:?}"),
            Self::List(items) => format!("l{:?}", items.iter().map(Self::key).collect::<Vec<_>>()),
        }
    }
}
