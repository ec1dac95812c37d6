//! Single values and their types.

use std::fmt;

use jiff::civil::{Date, DateTime};

/// A value that is not a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Atomic {
    /// `xs:untypedAtomic`: what a node holds.
    Untyped(String),
    /// `xs:string`
    String(String),
    /// `xs:boolean`
    Boolean(bool),
    /// `xs:integer`, 64 bits here.
    Integer(i64),
    /// `xs:decimal`, with the precision of a double here.
    Decimal(f64),
    /// `xs:double`
    Double(f64),
    /// `xs:date`, and its distance from UTC in minutes if it was written.
    Date(Date, Option<i32>),
    /// `xs:dateTime`, likewise.
    DateTime(DateTime, Option<i32>),
    /// `xs:dayTimeDuration`, in milliseconds.
    Duration(i64),
    /// `xs:yearMonthDuration`, in months.
    Months(i64),
}

/// The types that expressions can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtomicType {
    AnyAtomic,
    Untyped,
    String,
    Boolean,
    Integer,
    Decimal,
    Double,
    Date,
    DateTime,
    Duration,
    Months,
}

impl AtomicType {
    /// The type with this local name in the namespace of XML Schema.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "anyAtomicType" => Self::AnyAtomic,
            "untypedAtomic" => Self::Untyped,
            "string" => Self::String,
            "boolean" => Self::Boolean,
            "integer" | "int" | "long" => Self::Integer,
            "decimal" => Self::Decimal,
            "double" | "float" => Self::Double,
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "dayTimeDuration" => Self::Duration,
            "yearMonthDuration" => Self::Months,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AnyAtomic => "xs:anyAtomicType",
            Self::Untyped => "xs:untypedAtomic",
            Self::String => "xs:string",
            Self::Boolean => "xs:boolean",
            Self::Integer => "xs:integer",
            Self::Decimal => "xs:decimal",
            Self::Double => "xs:double",
            Self::Date => "xs:date",
            Self::DateTime => "xs:dateTime",
            Self::Duration => "xs:dayTimeDuration",
            Self::Months => "xs:yearMonthDuration",
        }
    }
}

impl Atomic {
    /// A decimal that was computed. Of the digits a double has, 15 are exact in every decimal: what stands behind them is
    /// the double's own, and would make `0.1 + 0.2` something else than `0.3`.
    pub(super) fn decimal(value: f64) -> Self {
        Self::Decimal(format!("{value:.14e}").parse().unwrap_or(value))
    }

    pub(super) fn atomic_type(&self) -> AtomicType {
        match self {
            Self::Untyped(_) => AtomicType::Untyped,
            Self::String(_) => AtomicType::String,
            Self::Boolean(_) => AtomicType::Boolean,
            Self::Integer(_) => AtomicType::Integer,
            Self::Decimal(_) => AtomicType::Decimal,
            Self::Double(_) => AtomicType::Double,
            Self::Date(..) => AtomicType::Date,
            Self::DateTime(..) => AtomicType::DateTime,
            Self::Duration(_) => AtomicType::Duration,
            Self::Months(_) => AtomicType::Months,
        }
    }

    /// Whether the value is of the type, a derived one included.
    pub(super) fn is_a(&self, wanted: AtomicType) -> bool {
        let own = self.atomic_type();
        wanted == AtomicType::AnyAtomic
            || own == wanted
            || (own == AtomicType::Integer && wanted == AtomicType::Decimal)
    }

    /// The value as a number, if it is one.
    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "that is what the conversion to a double does")]
            Self::Integer(value) => Some(*value as f64),
            Self::Decimal(value) | Self::Double(value) => Some(*value),
            _ => None,
        }
    }

    /// The text, if the value is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Untyped(text) | Self::String(text) => Some(text),
            _ => None,
        }
    }
}

/// The canonical text of the value.
impl fmt::Display for Atomic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untyped(text) | Self::String(text) => f.write_str(text),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Decimal(value) => write!(f, "{value}"),
            Self::Double(value) if value.is_infinite() => f.write_str(if *value > 0.0 { "INF" } else { "-INF" }),
            Self::Double(value) if *value != 0.0 && !(1e-6..1e6).contains(&value.abs()) && !value.is_nan() => {
                let text = format!("{value:E}");
                match text.split_once('E') {
                    Some((mantissa, exponent)) if !mantissa.contains('.') => write!(f, "{mantissa}.0E{exponent}"),
                    _ => f.write_str(&text),
                }
            }
            Self::Double(value) => write!(f, "{value}"),
            Self::Date(date, offset) => write!(f, "{date}{}", Offset(*offset)),
            Self::DateTime(time, offset) => write!(f, "{time}{}", Offset(*offset)),
            Self::Duration(milliseconds) => write_duration(f, *milliseconds),
            Self::Months(months) => write_months(f, *months),
        }
    }
}

struct Offset(Option<i32>);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
            }
        }
    }
}

fn write_duration(f: &mut fmt::Formatter<'_>, milliseconds: i64) -> fmt::Result {
    if milliseconds == 0 {
        return f.write_str("PT0S");
    }
    let all = milliseconds.unsigned_abs();
    let (days, hours, minutes) = (all / 86_400_000, all / 3_600_000 % 24, all / 60_000 % 60);
    let (seconds, rest) = (all / 1000 % 60, all % 1000);
    f.write_str(if milliseconds < 0 { "-P" } else { "P" })?;
    if days > 0 {
        write!(f, "{days}D")?;
    }
    if hours + minutes + seconds + rest > 0 {
        f.write_str("T")?;
    }
    if hours > 0 {
        write!(f, "{hours}H")?;
    }
    if minutes > 0 {
        write!(f, "{minutes}M")?;
    }
    match (seconds, rest) {
        (0, 0) => Ok(()),
        (seconds, 0) => write!(f, "{seconds}S"),
        (seconds, rest) => write!(f, "{seconds}.{}S", format!("{rest:03}").trim_end_matches('0')),
    }
}

fn write_months(f: &mut fmt::Formatter<'_>, months: i64) -> fmt::Result {
    let (years, rest) = (months.unsigned_abs() / 12, months.unsigned_abs() % 12);
    f.write_str(if months < 0 { "-P" } else { "P" })?;
    if years > 0 {
        write!(f, "{years}Y")?;
    }
    if rest > 0 || years == 0 {
        write!(f, "{rest}M")?;
    }
    Ok(())
}
