//! What an expression is made of.

use std::fmt;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// Two sides and what stands between.
    Binary(&'static str, Box<Self>, Box<Self>),
    /// A minus.
    Negative(Box<Self>),
    /// A path from the context or the document.
    Path(Path),
    /// A path from what an expression selects.
    From(Box<Self>, Vec<Self>, Vec<Step>),
    /// A text.
    Literal(String),
    /// A number.
    Number(f64),
    /// A function.
    Call(String, Vec<Self>),
}

/// A path.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    /// Whether it begins at the document.
    pub absolute: bool,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Where to look.
    pub axis: Axis,
    /// What to take.
    pub test: Test,
    /// What must hold of it.
    pub predicates: Vec<Expression>,
    /// The step as written.
    pub written: String,
}

/// Where a step looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Children.
    Child,
    /// Descendants.
    Descendant,
    /// The node and its descendants.
    DescendantOrSelf,
    /// The node.
    Itself,
    /// What it stands in.
    Parent,
    /// All it stands in.
    Ancestor,
    /// The node and all it stands in.
    AncestorOrSelf,
    /// Later siblings.
    FollowingSibling,
    /// Earlier siblings.
    PrecedingSibling,
    /// All that comes later.
    Following,
    /// All that came before.
    Preceding,
    /// Attributes.
    Attribute,
}

impl Axis {
    /// Whether it goes backwards, so that the nearest comes first.
    pub fn is_reverse(self) -> bool {
        matches!(self, Self::Parent | Self::Ancestor | Self::AncestorOrSelf | Self::PrecedingSibling | Self::Preceding)
    }
}

/// What a step takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Any element or attribute.
    Any,
    /// All of a prefix.
    Prefix(String),
    /// A name, with a prefix or without.
    Name(Option<String>, String),
    /// `node()`.
    Node,
    /// `text()`.
    Text,
    /// `comment()` and `processing-instruction()`: there are none here.
    Nothing,
}

impl Expression {
    /// Whether it may depend on where a node stands among its kind.
    pub(super) fn counts_places(&self) -> bool {
        match self {
            Self::Number(_) | Self::Negative(_) | Self::From(..) => true,
            Self::Binary(operator, one, other) => {
                matches!(*operator, "+" | "-" | "*" | "div" | "mod") || one.uses_places() || other.uses_places()
            }
            Self::Call(name, arguments) => {
                let gives_number =
                    ["position", "last", "count", "number", "sum", "floor", "ceiling", "round", "string-length"];
                gives_number.contains(&name.as_str()) || arguments.iter().any(Self::uses_places)
            }
            Self::Literal(_) | Self::Path(_) => false,
        }
    }

    fn uses_places(&self) -> bool {
        match self {
            Self::Call(name, arguments) => {
                matches!(name.as_str(), "position" | "last") || arguments.iter().any(Self::uses_places)
            }
            Self::Binary(_, one, other) => one.uses_places() || other.uses_places(),
            Self::Negative(inner) => inner.uses_places(),
            Self::From(inner, ..) => inner.uses_places(),
            Self::Literal(_) | Self::Number(_) | Self::Path(_) => false,
        }
    }

    /// All prefixes in it.
    pub(super) fn prefixes(&self) -> Vec<&str> {
        fn of_steps(steps: &[Step]) -> Vec<&str> {
            let mut found: Vec<&str> = Vec::new();
            for step in steps {
                found.extend(step.prefix());
                found.extend(step.predicates.iter().flat_map(Expression::prefixes));
            }
            found
        }
        match self {
            Self::Binary(_, one, other) => [one.prefixes(), other.prefixes()].concat(),
            Self::Negative(inner) => inner.prefixes(),
            Self::Path(path) => of_steps(&path.steps),
            Self::From(inner, predicates, steps) => {
                let mut found = inner.prefixes();
                found.extend(predicates.iter().flat_map(Self::prefixes));
                found.extend(of_steps(steps));
                found
            }
            Self::Call(_, arguments) => arguments.iter().flat_map(Self::prefixes).collect(),
            Self::Literal(_) | Self::Number(_) => Vec::new(),
        }
    }

    /// The path it is, where it is one.
    pub(super) fn as_path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Binary(_, one, _) => one.as_path(),
            Self::Call(_, arguments) => arguments.first()?.as_path(),
            Self::From(inner, ..) => inner.as_path(),
            _ => None,
        }
    }
}

impl Step {
    fn prefix(&self) -> Option<&str> {
        match &self.test {
            Test::Prefix(prefix) | Test::Name(Some(prefix), _) => Some(prefix),
            _ => None,
        }
    }
}

impl Path {
    /// The path with so many of its steps.
    pub(super) fn cut(&self, count: usize) -> Expression {
        Expression::Path(Self { absolute: self.absolute, steps: self.steps[..count].to_vec() })
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Path(path) = self else { return f.write_str("…") };
        for (place, step) in path.steps.iter().enumerate() {
            if path.absolute || place > 0 {
                f.write_str("/")?;
            }
            f.write_str(&step.written)?;
        }
        Ok(())
    }
}
