//! Simple types and the check of a value against one (`contracts.md` §3.5).

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::{Schema, TypeId};
use crate::contracts::pattern::Pattern;
use crate::contracts::value::builtin::LengthUnit;
use crate::contracts::value::{Builtin, Value, WhiteSpace};

/// A type of text.
#[derive(Clone, Debug)]
pub struct SimpleType {
    /// One value, many, or one of several types.
    pub variety: Variety,
    /// What happens to white space first.
    pub white_space: WhiteSpace,
    /// What restricts it, inherited restrictions included.
    pub facets: Facets,
    /// How much of a value must be held to judge it; decided when the schema is complete.
    pub shape: Shape,
    /// Whether its values name, or refer to, elements of the message.
    pub identifier: Identifier,
}

/// How much of a value must be held to judge it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Nothing: every text is a value.
    Free,
    /// Nothing: characters are counted.
    Counted,
    /// Nothing: base64 is followed character by character.
    Base64,
    /// All of it.
    #[default]
    Held,
}

/// Whether values name, or refer to, elements of the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Identifier {
    /// Neither.
    #[default]
    None,
    /// `xs:ID`.
    Name,
    /// `xs:IDREF` or a list of them.
    Reference,
}

impl SimpleType {
    /// A type not yet judged for how much of its values must be held.
    pub fn new(variety: Variety, white_space: WhiteSpace, facets: Facets) -> Self {
        Self { variety, white_space, facets, shape: Shape::Held, identifier: Identifier::None }
    }

    /// Decides how much of a value must be held.
    pub fn complete(&mut self, item: Option<&Self>) {
        let Variety::Atomic(builtin) = self.variety else {
            self.identifier = item.map_or(Identifier::None, |item| item.identifier);
            return;
        };
        self.identifier = match builtin {
            Builtin::Id => Identifier::Name,
            Builtin::IdRef => Identifier::Reference,
            _ => Identifier::None,
        };
        self.shape = match builtin {
            builtin if builtin.admits_everything() && self.facets.is_empty() => Shape::Free,
            Builtin::String if self.white_space != WhiteSpace::Collapse && self.facets.are_lengths_only() => {
                Shape::Counted
            }
            Builtin::Base64Binary if self.facets.is_empty() => Shape::Base64,
            _ => Shape::Held,
        };
    }
}

/// How a value is made up.
#[derive(Clone, Debug)]
pub enum Variety {
    /// A value of a built-in type.
    Atomic(Builtin),
    /// Values of another type, separated by white space.
    List(TypeId),
    /// A value of the first of these that accepts it.
    Union(Vec<TypeId>),
}

/// Restrictions of a simple type.
#[derive(Clone, Debug, Default)]
pub struct Facets {
    /// Each must match; each is a set of alternatives.
    pub patterns: Vec<Vec<Arc<Pattern>>>,
    /// The values there are.
    pub enumeration: Option<Arc<Enumeration>>,
    /// Exact length.
    pub length: Option<u64>,
    /// Least length.
    pub min_length: Option<u64>,
    /// Greatest length.
    pub max_length: Option<u64>,
    /// Lower bounds.
    pub lower: Vec<Bound>,
    /// Upper bounds.
    pub upper: Vec<Bound>,
    /// Most digits.
    pub total_digits: Option<u64>,
    /// Most digits after the point.
    pub fraction_digits: Option<u64>,
}

/// The values of an enumeration.
#[derive(Clone, Debug)]
pub struct Enumeration {
    /// As written, white space normalised.
    pub texts: Vec<Box<str>>,
    /// As values, where equality is not equality of texts.
    pub values: Option<Vec<Value>>,
}

/// A bound on an ordered type.
#[derive(Clone, Debug)]
pub struct Bound {
    /// As written.
    pub text: Box<str>,
    /// As a value.
    pub value: Value,
    /// Whether the bound itself is admitted.
    pub inclusive: bool,
}

impl Facets {
    /// Whether nothing restricts the type.
    pub fn is_empty(&self) -> bool {
        let Self { patterns, enumeration, length, min_length, max_length, lower, upper, total_digits, fraction_digits } =
            self;
        let lengths = [length, min_length, max_length, total_digits, fraction_digits];
        patterns.is_empty()
            && enumeration.is_none()
            && lower.is_empty()
            && upper.is_empty()
            && lengths.into_iter().all(Option::is_none)
    }

    /// Whether lengths are all that restricts the type.
    pub fn are_lengths_only(&self) -> bool {
        let lengths_cleared = Self { length: None, min_length: None, max_length: None, ..self.clone() };
        lengths_cleared.is_empty()
    }
}

/// What is wrong with a value, in terms a reader can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Not a text of the built-in type.
    Datatype(Builtin),
    /// Of none of the member types.
    Union(TypeId),
    /// A prefix that is not bound.
    Prefix(String),
    /// None of the values there are.
    Enumeration(TypeId),
    /// None of the alternatives of a step.
    Pattern(Vec<String>),
    /// Found, allowed.
    MaxLength(u64, u64),
    /// Found, needed.
    MinLength(u64, u64),
    /// Found, needed.
    Length(u64, u64),
    /// Outside a bound, described.
    Range(String),
    /// Too many digits, described.
    Digits(String),
}

/// Which namespace a prefix stands for where a value stands.
pub trait Prefixes {
    /// The namespace; the empty prefix is the default namespace.
    fn namespace(&self, prefix: &str) -> Option<Cow<'_, str>>;
}

/// Nowhere: no prefix is bound.
pub struct NoPrefixes;

impl Prefixes for NoPrefixes {
    fn namespace(&self, prefix: &str) -> Option<Cow<'_, str>> {
        prefix.is_empty().then_some(Cow::Borrowed(""))
    }
}

/// Looks up simple types; a schema that is still being built is one too.
pub trait SimpleTypes {
    /// The simple type, or `None` for a complex one.
    fn simple_type(&self, id: TypeId) -> Option<&SimpleType>;
}

impl SimpleTypes for Schema {
    fn simple_type(&self, id: TypeId) -> Option<&SimpleType> {
        self.simple(id)
    }
}

/// Checks a text as written against a type; white space is normalised here.
pub fn check(types: &dyn SimpleTypes, id: TypeId, text: &str, prefixes: &dyn Prefixes) -> Result<(), Violation> {
    let Some(simple) = types.simple_type(id) else { return Ok(()) };
    let normal = simple.white_space.normalise(text);
    match &simple.variety {
        Variety::Atomic(builtin) => {
            if !builtin.admits(&normal) {
                return Err(Violation::Datatype(*builtin));
            }
            if matches!(builtin, Builtin::QName) {
                check_prefix(&normal, prefixes)?;
            }
        }
        Variety::List(item) => {
            for word in normal.split(' ').filter(|word| !word.is_empty()) {
                check(types, *item, word, prefixes)?;
            }
        }
        Variety::Union(members) => {
            if !members.iter().any(|member| check(types, *member, text, prefixes).is_ok()) {
                return Err(Violation::Union(id));
            }
        }
    }
    if simple.facets.is_empty() {
        return Ok(());
    }
    check_facets(types, id, simple, &normal, prefixes)
}

fn check_prefix(name: &str, prefixes: &dyn Prefixes) -> Result<(), Violation> {
    match name.split_once(':') {
        Some((prefix, _)) if prefixes.namespace(prefix).is_none() => Err(Violation::Prefix(prefix.to_owned())),
        _ => Ok(()),
    }
}

fn check_facets(
    types: &dyn SimpleTypes,
    id: TypeId,
    simple: &SimpleType,
    normal: &str,
    prefixes: &dyn Prefixes,
) -> Result<(), Violation> {
    let facets = &simple.facets;
    for step in &facets.patterns {
        if !step.iter().any(|pattern| pattern.is_match(normal)) {
            return Err(Violation::Pattern(step.iter().map(|pattern| pattern.source().to_owned()).collect()));
        }
    }
    if let Some(enumeration) = &facets.enumeration {
        let found = match &enumeration.values {
            None => enumeration.texts.iter().any(|text| &**text == normal),
            Some(values) => value(types, id, normal, prefixes)
                .is_some_and(|value| values.iter().any(|allowed| allowed.same(&value))),
        };
        if !found {
            return Err(Violation::Enumeration(id));
        }
    }
    if facets.length.is_some() || facets.min_length.is_some() || facets.max_length.is_some() {
        check_length(facets, length(simple, normal))?;
    }
    if !facets.lower.is_empty() || !facets.upper.is_empty() {
        check_range(types, id, facets, normal, prefixes)?;
    }
    if facets.total_digits.is_some() || facets.fraction_digits.is_some() {
        check_digits(types, id, facets, normal, prefixes)?;
    }
    Ok(())
}

/// The length that the facets count; `None` where every length is met.
fn length(simple: &SimpleType, normal: &str) -> Option<u64> {
    let count = match &simple.variety {
        Variety::List(_) => normal.split(' ').filter(|word| !word.is_empty()).count(),
        Variety::Union(_) => normal.chars().count(),
        Variety::Atomic(builtin) if builtin.item().is_some() => normal.split(' ').count(),
        Variety::Atomic(builtin) => match builtin.length_unit()? {
            LengthUnit::Characters => normal.chars().count(),
            LengthUnit::Octets if *builtin == Builtin::HexBinary => normal.len() / 2,
            LengthUnit::Octets => {
                let mut state = crate::contracts::value::Base64::default();
                state.advance(normal.as_bytes());
                return Some(state.octets());
            }
            LengthUnit::Nothing => return None,
        },
    };
    Some(count as u64)
}

/// Checks a counted length.
pub fn check_length(facets: &Facets, found: Option<u64>) -> Result<(), Violation> {
    let Some(found) = found else { return Ok(()) };
    match facets {
        Facets { length: Some(needed), .. } if found != *needed => Err(Violation::Length(found, *needed)),
        Facets { max_length: Some(most), .. } if found > *most => Err(Violation::MaxLength(found, *most)),
        Facets { min_length: Some(least), .. } if found < *least => Err(Violation::MinLength(found, *least)),
        _ => Ok(()),
    }
}

fn check_range(
    types: &dyn SimpleTypes,
    id: TypeId,
    facets: &Facets,
    normal: &str,
    prefixes: &dyn Prefixes,
) -> Result<(), Violation> {
    let Some(value) = value(types, id, normal, prefixes) else { return Ok(()) };
    let within = |bound: &Bound, wanted: Ordering| {
        let order = value.compare(&bound.value);
        order == Some(wanted) || (bound.inclusive && order == Some(Ordering::Equal))
    };
    let above = facets.lower.iter().all(|bound| within(bound, Ordering::Greater));
    let below = facets.upper.iter().all(|bound| within(bound, Ordering::Less));
    if above && below { Ok(()) } else { Err(Violation::Range(range(facets))) }
}

fn check_digits(
    types: &dyn SimpleTypes,
    id: TypeId,
    facets: &Facets,
    normal: &str,
    prefixes: &dyn Prefixes,
) -> Result<(), Violation> {
    let Some(Value::Decimal(decimal)) = value(types, id, normal, prefixes) else { return Ok(()) };
    let (total, fraction) = decimal.digits();
    if let Some(most) = facets.total_digits
        && total as u64 > most
    {
        return Err(Violation::Digits(format!("{most}")));
    }
    match facets.fraction_digits {
        Some(most) if fraction as u64 > most => Err(Violation::Digits(format!("{most} after the point"))),
        _ => Ok(()),
    }
}

/// A type's bounds as an interval.
pub fn range(facets: &Facets) -> String {
    let mut parts = Vec::new();
    for (bounds, open, closed) in [(&facets.lower, ">", "≥"), (&facets.upper, "<", "≤")] {
        for bound in bounds {
            parts.push(format!("{} {}", if bound.inclusive { closed } else { open }, bound.text));
        }
    }
    parts.join(", ")
}

/// The value of a text in a type, for comparing; `None` if it is not of the type.
pub fn value(types: &dyn SimpleTypes, id: TypeId, text: &str, prefixes: &dyn Prefixes) -> Option<Value> {
    let simple = types.simple_type(id)?;
    let normal = simple.white_space.normalise(text);
    match &simple.variety {
        Variety::Atomic(Builtin::QName | Builtin::Notation) => {
            let (prefix, local) = normal.split_once(':').unwrap_or(("", &normal));
            Some(Value::Text(format!("{{{}}}{local}", prefixes.namespace(prefix)?)))
        }
        Variety::Atomic(builtin) => builtin.value(&normal),
        Variety::List(item) => {
            let words = normal.split(' ').filter(|word| !word.is_empty());
            words.map(|word| value(types, *item, word, prefixes)).collect::<Option<Vec<_>>>().map(Value::List)
        }
        Variety::Union(members) => {
            let accepting = members.iter().find(|member| check(types, **member, text, prefixes).is_ok())?;
            value(types, *accepting, text, prefixes)
        }
    }
}

/// Whether equality of values is more than equality of normalised texts.
pub fn compares_by_value(types: &dyn SimpleTypes, simple: &SimpleType) -> bool {
    match &simple.variety {
        Variety::Atomic(builtin) => {
            let primitive = builtin.primitive();
            !matches!(primitive, Builtin::String | Builtin::AnyUri | Builtin::AnySimpleType) && builtin.item().is_none()
        }
        Variety::List(item) => types.simple_type(*item).is_some_and(|item| compares_by_value(types, item)),
        Variety::Union(_) => true,
    }
}
