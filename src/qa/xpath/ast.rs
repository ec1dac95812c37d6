//! An expression as understood: names resolved, abbreviations written out.

use super::atomic::{Atomic, AtomicType};
use super::functions::Function;

#[derive(Clone, Debug)]
pub(super) enum Expr {
    Literal(Atomic),
    Variable(String),
    /// `.`
    ContextItem,
    /// `(a, b)`; empty is `()`.
    Sequence(Vec<Self>),
    Or(Box<Self>, Box<Self>),
    And(Box<Self>, Box<Self>),
    /// `=` and its kin: true when some pair of items compares so.
    General(Comparison, Box<Self>, Box<Self>),
    /// `eq` and its kin: two single values.
    Value(Comparison, Box<Self>, Box<Self>),
    Arithmetic(Operation, Box<Self>, Box<Self>),
    Negated(Box<Self>),
    /// `1 to 3`
    Range(Box<Self>, Box<Self>),
    /// `|`, `intersect`, `except`: nodes of two values, in document order.
    Nodes(Choice, Box<Self>, Box<Self>),
    /// `is`, `<<`, `>>`: two single nodes.
    Placed(Placement, Box<Self>, Box<Self>),
    InstanceOf(Box<Self>, ItemType, Occurrence),
    Castable {
        operand: Box<Self>,
        target: AtomicType,
        empty_allowed: bool,
    },
    Cast {
        operand: Box<Self>,
        target: AtomicType,
        empty_allowed: bool,
    },
    If(Box<Self>, Box<Self>, Box<Self>),
    For {
        variable: String,
        over: Box<Self>,
        result: Box<Self>,
    },
    Quantified {
        every: bool,
        variable: String,
        over: Box<Self>,
        condition: Box<Self>,
    },
    Path {
        from_root: bool,
        steps: Vec<Step>,
    },
    Call(&'static Function, Vec<Self>),
    /// A primary expression with predicates, outside a path.
    Filtered(Box<Self>, Vec<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    DivideWhole,
    Remainder,
}

/// Which nodes of two values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Either,
    Both,
    OnlyFirst,
}

/// How two nodes stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    Same,
    Before,
    After,
}

/// What the items of a sequence type are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ItemType {
    /// `item()`
    Any,
    /// `empty-sequence()`: there is none.
    Nothing,
    /// A single value.
    Atomic(AtomicType),
    /// A node of a kind. No node has a type of its own here: one that must is never found.
    Node { axis: Axis, test: Test, is_untyped: bool },
    /// `document-node(element(…))`: a document of one such element.
    DocumentOf { test: Test, is_untyped: bool },
}

/// How many items a sequence type allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occurrence {
    One,
    ZeroOrOne,
    ZeroOrMore,
    OneOrMore,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Axis {
        axis: Axis,
        test: Test,
        predicates: Vec<Expr>,
    },
    /// An expression evaluated once for every node of the step before: `a/count(*)`.
    Each {
        expression: Expr,
        predicates: Vec<Expr>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Child,
    Descendant,
    DescendantOrSelf,
    Itself,
    Parent,
    Ancestor,
    AncestorOrSelf,
    PrecedingSibling,
    FollowingSibling,
    Preceding,
    Following,
    Attribute,
}

impl Axis {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "child" => Self::Child,
            "descendant" => Self::Descendant,
            "descendant-or-self" => Self::DescendantOrSelf,
            "self" => Self::Itself,
            "parent" => Self::Parent,
            "ancestor" => Self::Ancestor,
            "ancestor-or-self" => Self::AncestorOrSelf,
            "preceding-sibling" => Self::PrecedingSibling,
            "following-sibling" => Self::FollowingSibling,
            "preceding" => Self::Preceding,
            "following" => Self::Following,
            "attribute" => Self::Attribute,
            _ => return None,
        })
    }

    /// Whether positions count against document order.
    pub(super) fn is_reverse(self) -> bool {
        matches!(self, Self::Parent | Self::Ancestor | Self::AncestorOrSelf | Self::PrecedingSibling | Self::Preceding)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// `node()`
    Any,
    /// `*`: any element, or any attribute on the attribute axis.
    AnyName,
    /// `*:local`
    AnyNamespace(String),
    /// `p:*`
    AnyLocal(String),
    /// A name; no prefix is no namespace.
    Name {
        namespace: Option<String>,
        local: String,
    },
    Text,
    Comment,
    Instruction(Option<String>),
    /// `document-node()`
    Document,
}

impl Expr {
    /// Whether a predicate can be a position: it then depends on the nodes around the one judged.
    pub(super) fn may_be_positional(&self) -> bool {
        match self {
            Self::General(_, a, b) | Self::Value(_, a, b) | Self::Or(a, b) | Self::And(a, b) => {
                a.asks_position() || b.asks_position()
            }
            Self::Placed(_, a, b) => a.asks_position() || b.asks_position(),
            Self::Castable { operand, .. } | Self::InstanceOf(operand, ..) => operand.asks_position(),
            Self::Quantified { over, condition, .. } => over.asks_position() || condition.asks_position(),
            Self::Path { steps, .. } => {
                !matches!(steps.last(), Some(Step::Axis { .. })) || steps.iter().any(Step::asks_position)
            }
            Self::Nodes(..) | Self::Literal(Atomic::String(_) | Atomic::Boolean(_)) | Self::ContextItem => false,
            Self::Call(function, arguments) => {
                !function.answers_boolean() || function.asks_position() || arguments.iter().any(Self::asks_position)
            }
            _ => true,
        }
    }

    /// Whether `position()` or `last()` of this focus occurs; those within a path's own predicates are not of this focus.
    fn asks_position(&self) -> bool {
        match self {
            Self::Literal(_) | Self::Variable(_) | Self::ContextItem => false,
            Self::Sequence(items) => items.iter().any(Self::asks_position),
            Self::Or(a, b) | Self::And(a, b) | Self::Range(a, b) => a.asks_position() || b.asks_position(),
            Self::General(_, a, b) | Self::Value(_, a, b) => a.asks_position() || b.asks_position(),
            Self::Arithmetic(_, a, b) => a.asks_position() || b.asks_position(),
            Self::Nodes(_, a, b) => a.asks_position() || b.asks_position(),
            Self::Placed(_, a, b) => a.asks_position() || b.asks_position(),
            Self::Negated(a) | Self::InstanceOf(a, ..) => a.asks_position(),
            Self::Castable { operand, .. } | Self::Cast { operand, .. } => operand.asks_position(),
            Self::If(a, b, c) => a.asks_position() || b.asks_position() || c.asks_position(),
            Self::For { over, result, .. } => over.asks_position() || result.asks_position(),
            Self::Quantified { over, condition, .. } => over.asks_position() || condition.asks_position(),
            Self::Path { steps, .. } => steps.first().is_some_and(Step::asks_position),
            Self::Call(function, arguments) => function.asks_position() || arguments.iter().any(Self::asks_position),
            Self::Filtered(inner, _) => inner.asks_position(),
        }
    }
}

impl Step {
    fn asks_position(&self) -> bool {
        match self {
            Self::Axis { .. } => false,
            Self::Each { expression, .. } => expression.asks_position(),
        }
    }
}
