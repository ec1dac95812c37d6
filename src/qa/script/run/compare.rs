//! `==`, `<` and their kin, as the scripts' language has them.

use std::cmp::Ordering;

use super::super::ast::Operator;
use super::super::value::Value;

/// Whether a comparison holds.
pub(super) fn holds<'a>(operator: Operator, left: &Value<'a>, right: &Value<'a>) -> bool {
    match operator {
        Operator::Equal => equal(left, right),
        Operator::NotEqual => !equal(left, right),
        Operator::Less => order(left, right) == Ordering::Less,
        Operator::LessOrEqual => order(left, right) != Ordering::Greater,
        Operator::Greater => order(left, right) == Ordering::Greater,
        _ => order(left, right) != Ordering::Less,
    }
}

/// Nothing equals nothing only; a number never equals a text.
pub(super) fn equal<'a>(left: &Value<'a>, right: &Value<'a>) -> bool {
    match (left, right) {
        (Value::Null, other) | (other, Value::Null) => matches!(other, Value::Null),
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::Boolean(a), Value::Boolean(b)) => a == b,
        (Value::Number(_) | Value::Boolean(_), Value::Text(_))
        | (Value::Text(_), Value::Number(_) | Value::Boolean(_)) => false,
        (Value::List(a), Value::List(b)) => {
            let (a, b) = (a.borrow(), b.borrow());
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        _ => left.text() == right.text(),
    }
}

/// Nothing comes before everything; texts by their UTF-16 units.
fn order(left: &Value<'_>, right: &Value<'_>) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        _ => left.text().encode_utf16().cmp(right.text().encode_utf16()),
    }
}
