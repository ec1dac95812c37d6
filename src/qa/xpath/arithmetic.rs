//! `+`, `-`, `*`, `div`, `idiv` and `mod`, of numbers, dates and durations.

use jiff::civil::Time;

use super::DynamicError;
use super::ast::Operation;
use super::atomic::{Atomic, AtomicType};
use super::casting::{cast, number, whole};

/// Two values computed with; one without a type is a double.
pub(super) fn arithmetic(operation: Operation, left: Atomic, right: Atomic) -> Result<Atomic, DynamicError> {
    let untyped_as_number = |value: Atomic| match value {
        Atomic::Untyped(_) => cast(&value, AtomicType::Double),
        other => Ok(other),
    };
    let (left, right) = (untyped_as_number(left)?, untyped_as_number(right)?);
    if let Some(moment) = with_time(operation, &left, &right) {
        return moment.ok_or_else(|| DynamicError::Arithmetic("a date out of range".to_owned()));
    }
    let (Some(a), Some(b)) = (left.as_number(), right.as_number()) else {
        return Err(DynamicError::Type(format!(
            "{} and {} cannot be computed with",
            left.atomic_type().name(),
            right.atomic_type().name()
        )));
    };
    let by_zero = || DynamicError::Arithmetic("division by zero".to_owned());
    let too_large = || DynamicError::Arithmetic("a number out of range".to_owned());
    if let (Atomic::Integer(a), Atomic::Integer(b)) = (&left, &right) {
        let result = match operation {
            Operation::Add => a.checked_add(*b),
            Operation::Subtract => a.checked_sub(*b),
            Operation::Multiply => a.checked_mul(*b),
            Operation::DivideWhole | Operation::Remainder | Operation::Divide if *b == 0 => return Err(by_zero()),
            Operation::DivideWhole => a.checked_div(*b),
            Operation::Remainder => Some(a.wrapping_rem(*b)),
            Operation::Divide => {
                return Ok(Atomic::decimal(left.as_number().unwrap_or(0.0) / right.as_number().unwrap_or(1.0)));
            }
        };
        return result.map(Atomic::Integer).ok_or_else(too_large);
    }
    let double = matches!(left, Atomic::Double(_)) || matches!(right, Atomic::Double(_));
    if !double && b == 0.0 && matches!(operation, Operation::Divide | Operation::Remainder) {
        return Err(by_zero());
    }
    let result = match operation {
        Operation::Add => a + b,
        Operation::Subtract => a - b,
        Operation::Multiply => a * b,
        Operation::Divide => a / b,
        Operation::Remainder => a % b,
        Operation::DivideWhole => {
            return whole(a / b).map(Atomic::Integer).ok_or_else(if b == 0.0 {
                || DynamicError::Arithmetic("division by zero".to_owned())
            } else {
                || DynamicError::Arithmetic("a number out of range".to_owned())
            });
        }
    };
    Ok(if double { Atomic::Double(result) } else { Atomic::decimal(result) })
}

/// Dates and durations: `None` when the operation is not one of theirs.
fn with_time(operation: Operation, left: &Atomic, right: &Atomic) -> Option<Option<Atomic>> {
    use Operation::{Add, Divide, Multiply, Subtract};
    let span = |milliseconds: i64| jiff::SignedDuration::from_millis(milliseconds);
    let between = |later: jiff::civil::DateTime, earlier: jiff::civil::DateTime| {
        i64::try_from(later.duration_since(earlier).as_millis()).ok().map(Atomic::Duration)
    };
    Some(match (operation, left, right) {
        (Subtract, Atomic::Date(left, a), Atomic::Date(right, b)) if a.unwrap_or(0) == b.unwrap_or(0) => {
            between(left.to_datetime(Time::midnight()), right.to_datetime(Time::midnight()))
        }
        (Subtract, Atomic::DateTime(left, a), Atomic::DateTime(right, b)) if a.unwrap_or(0) == b.unwrap_or(0) => {
            between(*left, *right)
        }
        (Add | Subtract, Atomic::Date(date, offset), Atomic::Duration(by)) => {
            let by = if operation == Add { *by } else { -*by };
            let moved = date.to_datetime(Time::midnight()).checked_add(span(by)).ok();
            moved.map(|moved| Atomic::Date(moved.date(), *offset))
        }
        (Add | Subtract, Atomic::DateTime(at, offset), Atomic::Duration(by)) => {
            let by = if operation == Add { *by } else { -*by };
            at.checked_add(span(by)).ok().map(|moved| Atomic::DateTime(moved, *offset))
        }
        (Add, Atomic::Duration(a), Atomic::Duration(b)) => a.checked_add(*b).map(Atomic::Duration),
        (Subtract, Atomic::Duration(a), Atomic::Duration(b)) => a.checked_sub(*b).map(Atomic::Duration),
        (Subtract, Atomic::Integer(0), Atomic::Duration(b)) => Some(Atomic::Duration(-*b)),
        #[expect(clippy::cast_precision_loss, reason = "a ratio of durations is a double")]
        (Divide, Atomic::Duration(a), Atomic::Duration(b)) if *b != 0 => Some(Atomic::decimal(*a as f64 / *b as f64)),
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a duration fit")]
        (Multiply | Divide, Atomic::Duration(a), by) => {
            let by = number(by);
            whole(if operation == Multiply { *a as f64 * by } else { *a as f64 / by }).map(Atomic::Duration)
        }
        _ => return None,
    })
}
