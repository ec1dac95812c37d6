//! The built-in types by name, and the one check each.

use super::compare::Value;
use super::{WhiteSpace, lexical, names, time, uri};

macro_rules! builtins {
    ($($name:ident $text:literal < $base:ident, $example:literal;)*) => {
        /// A built-in simple type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names are those of XML Schema")]
        pub enum Builtin { $($name,)* }

        impl Builtin {
            /// Every built-in type, bases before what is derived from them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name in the namespace of XML Schema.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The built-in type it is derived from; `AnySimpleType` is its own.
            pub fn base(self) -> Self {
                match self { $(Self::$name => Self::$base,)* }
            }

            /// A value of the type, to show to somebody who sent another.
            pub fn example(self) -> &'static str {
                match self { $(Self::$name => $example,)* }
            }
        }
    };
}

builtins! {
    AnySimpleType "anySimpleType" < AnySimpleType, "text";
    String "string" < AnySimpleType, "text";
    NormalizedString "normalizedString" < String, "text";
    Token "token" < NormalizedString, "text";
    Language "language" < Token, "sv";
    NmToken "NMTOKEN" < Token, "A1";
    NmTokens "NMTOKENS" < AnySimpleType, "A1 B2";
    Name "Name" < Token, "a1";
    NcName "NCName" < Name, "a1";
    Id "ID" < NcName, "id1";
    IdRef "IDREF" < NcName, "id1";
    IdRefs "IDREFS" < AnySimpleType, "id1 id2";
    Entity "ENTITY" < NcName, "e1";
    Entities "ENTITIES" < AnySimpleType, "e1";
    Boolean "boolean" < AnySimpleType, "true";
    Decimal "decimal" < AnySimpleType, "1.5";
    Integer "integer" < Decimal, "42";
    NonPositiveInteger "nonPositiveInteger" < Integer, "-1";
    NegativeInteger "negativeInteger" < NonPositiveInteger, "-1";
    Long "long" < Integer, "42";
    Int "int" < Long, "42";
    Short "short" < Int, "42";
    Byte "byte" < Short, "42";
    NonNegativeInteger "nonNegativeInteger" < Integer, "42";
    UnsignedLong "unsignedLong" < NonNegativeInteger, "42";
    UnsignedInt "unsignedInt" < UnsignedLong, "42";
    UnsignedShort "unsignedShort" < UnsignedInt, "42";
    UnsignedByte "unsignedByte" < UnsignedShort, "42";
    PositiveInteger "positiveInteger" < NonNegativeInteger, "1";
    Float "float" < AnySimpleType, "1.5";
    Double "double" < AnySimpleType, "1.5";
    Duration "duration" < AnySimpleType, "P1D";
    DateTime "dateTime" < AnySimpleType, "2026-01-15T08:00:00";
    Time "time" < AnySimpleType, "08:00:00";
    Date "date" < AnySimpleType, "2026-01-15";
    GYearMonth "gYearMonth" < AnySimpleType, "2026-01";
    GYear "gYear" < AnySimpleType, "2026";
    GMonthDay "gMonthDay" < AnySimpleType, "--01-15";
    GDay "gDay" < AnySimpleType, "---15";
    GMonth "gMonth" < AnySimpleType, "--01";
    HexBinary "hexBinary" < AnySimpleType, "0fb7";
    Base64Binary "base64Binary" < AnySimpleType, "QUJDRA==";
    AnyUri "anyURI" < AnySimpleType, "urn:riv:example";
    QName "QName" < AnySimpleType, "tns:name";
    Notation "NOTATION" < AnySimpleType, "name";
}

/// What lengths of a type count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthUnit {
    /// Code points.
    Characters,
    /// Octets of the decoded value.
    Octets,
    /// Every length is met: names, by decision of XML Schema.
    Nothing,
}

impl Builtin {
    /// The type of that name, if it is built in.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|builtin| builtin.name() == name)
    }

    /// For the three list types, what their items are.
    pub fn item(self) -> Option<Self> {
        match self {
            Self::NmTokens => Some(Self::NmToken),
            Self::IdRefs => Some(Self::IdRef),
            Self::Entities => Some(Self::Entity),
            _ => None,
        }
    }

    /// Its facet `whiteSpace`.
    pub fn white_space(self) -> WhiteSpace {
        match self {
            Self::AnySimpleType | Self::String => WhiteSpace::Preserve,
            Self::NormalizedString => WhiteSpace::Replace,
            _ => WhiteSpace::Collapse,
        }
    }

    /// What `length` and its kin count, for the types that have them.
    pub fn length_unit(self) -> Option<LengthUnit> {
        match self.primitive() {
            Self::String | Self::AnyUri => Some(LengthUnit::Characters),
            Self::HexBinary | Self::Base64Binary => Some(LengthUnit::Octets),
            Self::QName | Self::Notation => Some(LengthUnit::Nothing),
            _ => None,
        }
    }

    /// Whether the type's values are ordered, so that it takes bounds.
    pub fn is_ordered(self) -> bool {
        let of = self.primitive();
        matches!(
            of,
            Self::Decimal | Self::Float | Self::Double | Self::Duration | Self::DateTime | Self::Time | Self::Date
        ) || matches!(of, Self::GYearMonth | Self::GYear | Self::GMonthDay | Self::GDay | Self::GMonth)
    }

    /// The primitive type it comes from; for the list types and `anySimpleType` the type itself.
    pub fn primitive(self) -> Self {
        let mut at = self;
        while at.base() != Self::AnySimpleType && at.base() != at {
            at = at.base();
        }
        at
    }

    /// Whether it is `other` or derived from it.
    pub fn is_derived_from(self, other: Self) -> bool {
        let mut at = self;
        loop {
            if at == other {
                return true;
            }
            if at == Self::AnySimpleType {
                return false;
            }
            at = at.base();
        }
    }

    /// Whether every text is a value, so that nothing needs to be looked at.
    pub fn admits_everything(self) -> bool {
        matches!(self, Self::AnySimpleType | Self::String | Self::NormalizedString | Self::Token)
    }

    /// Whether the text, white space normalised, is a value of the type. Bound prefixes of a `QName` are not looked at.
    pub fn admits(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Self::AnySimpleType | Self::String | Self::NormalizedString | Self::Token => true,
            Self::Language => lexical::is_language(bytes),
            Self::NmToken => names::is_nmtoken(text),
            Self::Name => names::is_name(text),
            Self::NcName | Self::Id | Self::IdRef | Self::Entity => names::is_ncname(text),
            Self::QName | Self::Notation => names::is_qname(text),
            Self::NmTokens | Self::IdRefs | Self::Entities => {
                let item = self.item().unwrap_or(Self::NmToken);
                !text.is_empty() && text.split(' ').all(|word| item.admits(word))
            }
            Self::Boolean => matches!(text, "true" | "false" | "1" | "0"),
            Self::Decimal => lexical::is_decimal(bytes),
            Self::Float | Self::Double => lexical::is_double(bytes),
            Self::Duration => time::is_duration(bytes),
            Self::DateTime
            | Self::Time
            | Self::Date
            | Self::GYearMonth
            | Self::GYear
            | Self::GMonthDay
            | Self::GDay
            | Self::GMonth => time::is_moment(self, bytes),
            Self::HexBinary => bytes.len().is_multiple_of(2) && bytes.iter().all(u8::is_ascii_hexdigit),
            Self::Base64Binary => lexical::is_base64(bytes),
            Self::AnyUri => uri::is_any_uri(text),
            integer => lexical::is_integer_within(bytes, integer.integer_bounds()),
        }
    }

    /// The value of a text the type admits; `None` for one it does not. `QName` values hold the text as written.
    pub fn value(self, text: &str) -> Option<Value> {
        if !self.admits(text) {
            return None;
        }
        Some(match self.primitive() {
            Self::Boolean => Value::Boolean(matches!(text, "true" | "1")),
            Self::Decimal => Value::Decimal(lexical::decimal(text)),
            Self::Float => Value::Float(f64::from(lexical::float(text) as f32)),
            Self::Double => Value::Float(lexical::float(text)),
            Self::Duration => Value::Duration(time::duration(text)),
            Self::HexBinary => Value::Octets(lexical::hex(text)),
            Self::Base64Binary => Value::Octets(lexical::base64(text)),
            moment @ (Self::DateTime
            | Self::Time
            | Self::Date
            | Self::GYearMonth
            | Self::GYear
            | Self::GMonthDay
            | Self::GDay
            | Self::GMonth) => Value::Moment(time::moment(moment, text)),
            Self::NmTokens | Self::IdRefs | Self::Entities => {
                Value::List(text.split(' ').map(|word| Value::Text(word.to_owned())).collect())
            }
            _ => Value::Text(text.to_owned()),
        })
    }

    /// Lowest and highest value, where there is one, as digits with a sign.
    fn integer_bounds(self) -> (Option<&'static str>, Option<&'static str>) {
        match self {
            Self::NonPositiveInteger => (None, Some("0")),
            Self::NegativeInteger => (None, Some("-1")),
            Self::Long => (Some("-9223372036854775808"), Some("9223372036854775807")),
            Self::Int => (Some("-2147483648"), Some("2147483647")),
            Self::Short => (Some("-32768"), Some("32767")),
            Self::Byte => (Some("-128"), Some("127")),
            Self::NonNegativeInteger => (Some("0"), None),
            Self::UnsignedLong => (Some("0"), Some("18446744073709551615")),
            Self::UnsignedInt => (Some("0"), Some("4294967295")),
            Self::UnsignedShort => (Some("0"), Some("65535")),
            Self::UnsignedByte => (Some("0"), Some("255")),
            Self::PositiveInteger => (Some("1"), None),
            _ => (None, None),
        }
    }
}
