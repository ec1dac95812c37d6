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
    let is_span = |value: &Atomic| matches!(value, Atomic::Duration(_) | Atomic::Months(_));
    let is_moment = |value: &Atomic| matches!(value, Atomic::Date(..) | Atomic::DateTime(..));
    // What comes to the same the other way round is computed one way.
    let (left, right) = match operation {
        Add if is_span(left) && is_moment(right) => (right, left),
        Multiply if is_span(right) && left.as_number().is_some() => (right, left),
        _ => (left, right),
    };
    if let Some(found) = with_months(operation, left, right) {
        return Some(found);
    }
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
        #[expect(clippy::cast_precision_loss, reason = "a ratio of durations is a double")]
        (Divide, Atomic::Duration(a), Atomic::Duration(b)) if *b != 0 => Some(Atomic::decimal(*a as f64 / *b as f64)),
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a duration fit")]
        (Multiply | Divide, Atomic::Duration(a), by) if by.as_number().is_some() => {
            let by = number(by);
            whole(if operation == Multiply { *a as f64 * by } else { *a as f64 / by }).map(Atomic::Duration)
        }
        _ => return None,
    })
}

/// Durations of years and months; a day that the month does not have is its last.
fn with_months(operation: Operation, left: &Atomic, right: &Atomic) -> Option<Option<Atomic>> {
    use Operation::{Add, Divide, Multiply, Subtract};
    let span = |months: i64| {
        let months = if operation == Add { Some(months) } else { months.checked_neg() };
        months.and_then(|months| jiff::Span::new().try_months(months).ok())
    };
    Some(match (operation, left, right) {
        (Add | Subtract, Atomic::Date(date, offset), Atomic::Months(by)) => {
            span(*by).and_then(|by| date.checked_add(by).ok()).map(|moved| Atomic::Date(moved, *offset))
        }
        (Add | Subtract, Atomic::DateTime(at, offset), Atomic::Months(by)) => {
            span(*by).and_then(|by| at.checked_add(by).ok()).map(|moved| Atomic::DateTime(moved, *offset))
        }
        (Add, Atomic::Months(a), Atomic::Months(b)) => a.checked_add(*b).map(Atomic::Months),
        (Subtract, Atomic::Months(a), Atomic::Months(b)) => a.checked_sub(*b).map(Atomic::Months),
        #[expect(clippy::cast_precision_loss, reason = "a ratio of durations is a decimal")]
        (Divide, Atomic::Months(a), Atomic::Months(b)) => (*b != 0).then(|| Atomic::decimal(*a as f64 / *b as f64)),
        #[expect(clippy::cast_precision_loss, reason = "months of a duration fit")]
        (Multiply | Divide, Atomic::Months(a), by) if by.as_number().is_some() => {
            let by = number(by);
            let months = if operation == Multiply { *a as f64 * by } else { *a as f64 / by };
            // A half of a month is rounded upwards.
            whole((months + 0.5).floor()).map(Atomic::Months)
        }
        _ => return None,
    })
}
