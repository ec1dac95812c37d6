//! A script as read.

#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) line: u32,
    pub(super) kind: StatementKind,
}

#[derive(Clone, Debug)]
pub(super) enum StatementKind {
    /// `def x = e`, `String x = e`, `def x`
    Declare(String, Option<Expr>),
    Assign(Expr, Expr),
    Evaluate(Expr),
    If(Expr, Vec<Statement>, Vec<Statement>),
    For(String, Expr, Vec<Statement>),
    /// Condition, its text as written, and the message.
    Assert(Expr, String, Option<Expr>),
    Return(Option<Expr>),
}

#[derive(Clone, Debug)]
pub(super) enum Expr {
    Text(Vec<Part>),
    Number(i64),
    Boolean(bool),
    Null,
    Name(String),
    Property(Box<Self>, String),
    Index(Box<Self>, Box<Self>),
    Call {
        receiver: Option<Box<Self>>,
        name: String,
        arguments: Vec<Self>,
        closure: Option<Closure>,
    },
    New(String, Vec<Self>),
    List(Vec<Self>),
    Range(Box<Self>, Box<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
    Not(Box<Self>),
    Negative(Box<Self>),
    Choice(Box<Self>, Box<Self>, Box<Self>),
    /// `a ?: b`
    Else(Box<Self>, Box<Self>),
    /// `e as List`
    As(Box<Self>, String),
}

#[derive(Clone, Debug)]
pub(super) struct Closure {
    pub(super) parameters: Vec<String>,
    pub(super) body: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(String),
    Code(Box<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Append,
}
