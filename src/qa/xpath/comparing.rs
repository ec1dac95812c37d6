//! `=`, `eq` and their kin.

use std::cmp::Ordering;

use super::DynamicError;
use super::ast::Comparison;
use super::atomic::{Atomic, AtomicType};
use super::casting::cast;

impl Comparison {
    /// Whether two values in this order compare so; values that cannot be ordered (not a number) are only unequal.
    fn holds(self, ordering: Option<Ordering>) -> bool {
        match self {
            Self::Equal => ordering == Some(Ordering::Equal),
            Self::NotEqual => ordering != Some(Ordering::Equal),
            Self::Less => ordering == Some(Ordering::Less),
            Self::LessOrEqual => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => ordering == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

/// One pair of a general comparison: an untyped value takes the type of the other, a number's being double.
pub(super) fn general(
    comparison: Comparison,
    left: &Atomic,
    right: &Atomic,
    implicit_offset: i32,
) -> Result<bool, DynamicError> {
    let (left, right) = match (left, right) {
        (Atomic::Untyped(_), Atomic::Untyped(_) | Atomic::String(_)) | (Atomic::String(_), Atomic::Untyped(_)) => {
            (left.clone(), right.clone())
        }
        (Atomic::Untyped(_), other) => (cast(left, partner(other))?, other.clone()),
        (other, Atomic::Untyped(_)) => (other.clone(), cast(right, partner(other))?),
        _ => (left.clone(), right.clone()),
    };
    typed(comparison, &left, &right, implicit_offset)
}

fn partner(other: &Atomic) -> AtomicType {
    if other.as_number().is_some() { AtomicType::Double } else { other.atomic_type() }
}

/// Two values as they are; an untyped one is a text.
pub(super) fn typed(
    comparison: Comparison,
    left: &Atomic,
    right: &Atomic,
    implicit_offset: i32,
) -> Result<bool, DynamicError> {
    // Durations of different kinds are the same only where both are none; they have no order.
    if let (Atomic::Duration(one), Atomic::Months(other)) | (Atomic::Months(other), Atomic::Duration(one)) =
        (left, right)
        && matches!(comparison, Comparison::Equal | Comparison::NotEqual)
    {
        return Ok((*one == 0 && *other == 0) == (comparison == Comparison::Equal));
    }
    Ok(comparison.holds(order(left, right, implicit_offset)?))
}

/// How two values are ordered; `None` when they are of a kind but one is not a number.
pub(super) fn order(left: &Atomic, right: &Atomic, implicit_offset: i32) -> Result<Option<Ordering>, DynamicError> {
    if let (Some(left), Some(right)) = (left.as_text(), right.as_text()) {
        return Ok(Some(left.cmp(right)));
    }
    if let (Atomic::Integer(left), Atomic::Integer(right)) = (left, right) {
        return Ok(Some(left.cmp(right)));
    }
    if let (Some(left), Some(right)) = (left.as_number(), right.as_number()) {
        return Ok(left.partial_cmp(&right));
    }
    let instant = |value: &Atomic| match value {
        Atomic::Date(date, offset) => Some((0, date.to_datetime(jiff::civil::Time::midnight()), *offset)),
        Atomic::DateTime(at, offset) => Some((1, *at, *offset)),
        _ => None,
    };
    match (left, right) {
        (Atomic::Boolean(left), Atomic::Boolean(right)) => Ok(Some(left.cmp(right))),
        (Atomic::Duration(left), Atomic::Duration(right)) | (Atomic::Months(left), Atomic::Months(right)) => {
            Ok(Some(left.cmp(right)))
        }
        _ => match (instant(left), instant(right)) {
            (Some((kind, left, left_offset)), Some((other, right, right_offset))) if kind == other => {
                let minutes = |offset: Option<i32>| i64::from(offset.unwrap_or(implicit_offset));
                let shift = jiff::SignedDuration::from_mins(minutes(left_offset) - minutes(right_offset));
                Ok(Some(right.checked_add(shift).map_or(Ordering::Equal, |right| left.cmp(&right))))
            }
            _ => Err(DynamicError::Type(format!(
                "{} {left} cannot be compared with {} {right}",
                left.atomic_type().name(),
                right.atomic_type().name()
            ))),
        },
    }
}
