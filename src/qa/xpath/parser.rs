//! Tokens to an expression. Precedence as in XPath 2.0: `or` binds least, predicates most.

mod paths;
mod types;

use super::ast::{Choice, Comparison, Expr, Operation, Placement};
use super::atomic::AtomicType;
use super::lexer::{Token, tokens};
use super::{Prefixes, SCHEMA_NAMESPACE, StaticError};

/// Expressions nested in expressions.
const DEPTH_MAX: usize = 64;

/// Compiles a whole expression.
pub(super) fn parse(text: &str, prefixes: &Prefixes) -> Result<Expr, StaticError> {
    let mut parser = Parser::new(text, prefixes)?;
    let tree = parser.sequence()?;
    parser.expect_end()?;
    Ok(tree)
}

/// Compiles paths with `|` between them, as a match pattern has.
pub(super) fn parse_alternatives(text: &str, prefixes: &Prefixes) -> Result<Vec<Expr>, StaticError> {
    let mut parser = Parser::new(text, prefixes)?;
    let mut alternatives = vec![parser.path()?];
    while parser.take_symbol("|") || parser.take_word("union") {
        alternatives.push(parser.path()?);
    }
    parser.expect_end()?;
    Ok(alternatives)
}

struct Parser<'t> {
    text: &'t str,
    prefixes: &'t Prefixes,
    tokens: Vec<(Token, usize)>,
    next: usize,
    depth: usize,
}

type Parsed = Result<Expr, StaticError>;

impl<'t> Parser<'t> {
    fn new(text: &'t str, prefixes: &'t Prefixes) -> Result<Self, StaticError> {
        let tokens = tokens(text).map_err(|(message, at)| error(text, message, at))?;
        Ok(Self { text, prefixes, tokens, next: 0, depth: 0 })
    }

    fn token(&self) -> &Token {
        &self.tokens[self.next].0
    }

    fn after(&self, ahead: usize) -> &Token {
        &self.tokens[(self.next + ahead).min(self.tokens.len() - 1)].0
    }

    fn advance(&mut self) {
        if self.next + 1 < self.tokens.len() {
            self.next += 1;
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, StaticError> {
        Err(error(self.text, message.into(), self.tokens[self.next].1))
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let taken = matches!(self.token(), Token::Symbol(found) if *found == symbol);
        if taken {
            self.advance();
        }
        taken
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.token(), Token::Name { prefix: None, local } if local == word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let taken = self.is_word(word);
        if taken {
            self.advance();
        }
        taken
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<(), StaticError> {
        if self.take_symbol(symbol) { Ok(()) } else { self.fail(format!("expected {symbol}")) }
    }

    fn expect_word(&mut self, word: &str) -> Result<(), StaticError> {
        if self.take_word(word) { Ok(()) } else { self.fail(format!("expected {word}")) }
    }

    fn expect_end(&self) -> Result<(), StaticError> {
        if *self.token() == Token::End { Ok(()) } else { self.fail("expected the end of the expression") }
    }

    fn sequence(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.fail(format!("more than {DEPTH_MAX} expressions within each other"));
        }
        let first = self.single()?;
        let mut items = vec![first];
        while self.take_symbol(",") {
            items.push(self.single()?);
        }
        self.depth -= 1;
        Ok(if items.len() == 1 { items.remove(0) } else { Expr::Sequence(items) })
    }

    fn single(&mut self) -> Parsed {
        let opens = |token: &Token, symbol| *token == Token::Symbol(symbol);
        if self.is_word("if") && opens(self.after(1), "(") {
            return self.conditional();
        }
        for (word, every) in [("for", None), ("some", Some(false)), ("every", Some(true))] {
            if self.is_word(word) && opens(self.after(1), "$") {
                self.advance();
                return self.binding(every);
            }
        }
        self.or()
    }

    fn conditional(&mut self) -> Parsed {
        self.advance();
        self.expect_symbol("(")?;
        let condition = self.sequence()?;
        self.expect_symbol(")")?;
        self.expect_word("then")?;
        let then = self.nested_single()?;
        self.expect_word("else")?;
        let otherwise = self.nested_single()?;
        Ok(Expr::If(Box::new(condition), Box::new(then), Box::new(otherwise)))
    }

    fn nested_single(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.fail(format!("more than {DEPTH_MAX} expressions within each other"));
        }
        let expression = self.single()?;
        self.depth -= 1;
        Ok(expression)
    }

    /// `$x in a, $y in b return c`, also with `satisfies`.
    fn binding(&mut self, every: Option<bool>) -> Parsed {
        self.expect_symbol("$")?;
        let variable = self.variable_name()?;
        self.expect_word("in")?;
        let over = Box::new(self.nested_single()?);
        let body = if self.take_symbol(",") {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return self.fail(format!("more than {DEPTH_MAX} expressions within each other"));
            }
            let inner = self.binding(every)?;
            self.depth -= 1;
            inner
        } else {
            self.expect_word(if every.is_some() { "satisfies" } else { "return" })?;
            self.nested_single()?
        };
        Ok(match every {
            Some(every) => Expr::Quantified { every, variable, over, condition: Box::new(body) },
            None => Expr::For { variable, over, result: Box::new(body) },
        })
    }

    fn or(&mut self) -> Parsed {
        let mut left = self.and()?;
        while self.take_word("or") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.comparison()?;
        while self.take_word("and") {
            left = Expr::And(Box::new(left), Box::new(self.comparison()?));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Parsed {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let left = self.range()?;
        if let Some(placement) = self.placement() {
            self.advance();
            return Ok(Expr::Placed(placement, Box::new(left), Box::new(self.range()?)));
        }
        let (comparison, general) = match self.token() {
            Token::Symbol("=") => (Equal, true),
            Token::Symbol("!=") => (NotEqual, true),
            Token::Symbol("<") => (Less, true),
            Token::Symbol("<=") => (LessOrEqual, true),
            Token::Symbol(">") => (Greater, true),
            Token::Symbol(">=") => (GreaterOrEqual, true),
            Token::Name { prefix: None, local } => match local.as_str() {
                "eq" => (Equal, false),
                "ne" => (NotEqual, false),
                "lt" => (Less, false),
                "le" => (LessOrEqual, false),
                "gt" => (Greater, false),
                "ge" => (GreaterOrEqual, false),
                _ => return Ok(left),
            },
            _ => return Ok(left),
        };
        self.advance();
        let (left, right) = (Box::new(left), Box::new(self.range()?));
        Ok(if general { Expr::General(comparison, left, right) } else { Expr::Value(comparison, left, right) })
    }

    fn placement(&self) -> Option<Placement> {
        match self.token() {
            Token::Symbol("<<") => Some(Placement::Before),
            Token::Symbol(">>") => Some(Placement::After),
            _ => self.is_word("is").then_some(Placement::Same),
        }
    }

    /// `1 to 3`.
    fn range(&mut self) -> Parsed {
        let first = self.additive()?;
        if !self.take_word("to") {
            return Ok(first);
        }
        Ok(Expr::Range(Box::new(first), Box::new(self.additive()?)))
    }

    fn additive(&mut self) -> Parsed {
        let mut left = self.multiplicative()?;
        loop {
            let operation = if self.take_symbol("+") {
                Operation::Add
            } else if self.take_symbol("-") {
                Operation::Subtract
            } else {
                return Ok(left);
            };
            left = Expr::Arithmetic(operation, Box::new(left), Box::new(self.multiplicative()?));
        }
    }

    fn multiplicative(&mut self) -> Parsed {
        let mut left = self.union()?;
        loop {
            let operation = if self.take_symbol("*") {
                Operation::Multiply
            } else if self.take_word("div") {
                Operation::Divide
            } else if self.take_word("idiv") {
                Operation::DivideWhole
            } else if self.take_word("mod") {
                Operation::Remainder
            } else {
                return Ok(left);
            };
            left = Expr::Arithmetic(operation, Box::new(left), Box::new(self.union()?));
        }
    }

    fn union(&mut self) -> Parsed {
        let mut left = self.intersection()?;
        while self.take_symbol("|") || self.take_word("union") {
            left = Expr::Nodes(Choice::Either, Box::new(left), Box::new(self.intersection()?));
        }
        Ok(left)
    }

    /// `intersect` and `except`, which bind more than `|`.
    fn intersection(&mut self) -> Parsed {
        let mut left = self.typed()?;
        loop {
            let choice = if self.take_word("intersect") {
                Choice::Both
            } else if self.take_word("except") {
                Choice::OnlyFirst
            } else {
                return Ok(left);
            };
            left = Expr::Nodes(choice, Box::new(left), Box::new(self.typed()?));
        }
    }

    /// `instance of`, `castable as`, `cast as`.
    fn typed(&mut self) -> Parsed {
        let operand = self.unary()?;
        if self.is_word("instance") && matches!(self.after(1), Token::Name { prefix: None, local } if local == "of") {
            self.advance();
            self.advance();
            let (target, occurrence) = self.sequence_type()?;
            return Ok(Expr::InstanceOf(Box::new(operand), target, occurrence));
        }
        let castable = self.is_word("castable");
        if (castable || self.is_word("cast"))
            && matches!(self.after(1), Token::Name { prefix: None, local } if local == "as")
        {
            self.advance();
            self.advance();
            let target = self.atomic_type()?;
            let empty_allowed = self.take_symbol("?");
            let operand = Box::new(operand);
            return Ok(if castable {
                Expr::Castable { operand, target, empty_allowed }
            } else {
                Expr::Cast { operand, target, empty_allowed }
            });
        }
        Ok(operand)
    }

    fn atomic_type(&mut self) -> Result<AtomicType, StaticError> {
        let Token::Name { prefix: Some(prefix), local } = self.token().clone() else {
            return self.fail("expected a type, as xs:date");
        };
        if self.prefixes.namespace(&prefix) != Some(SCHEMA_NAMESPACE) {
            return self.fail(format!("the prefix {prefix} does not stand for {SCHEMA_NAMESPACE}"));
        }
        let Some(target) = AtomicType::named(&local) else {
            return self.fail(format!("unknown type {prefix}:{local}"));
        };
        self.advance();
        Ok(target)
    }

    fn unary(&mut self) -> Parsed {
        let mut negative = false;
        loop {
            if self.take_symbol("-") {
                negative = !negative;
            } else if !self.take_symbol("+") {
                break;
            }
        }
        let operand = self.path()?;
        Ok(if negative { Expr::Negated(Box::new(operand)) } else { operand })
    }
}

fn error(text: &str, message: String, byte: usize) -> StaticError {
    StaticError { message, at: text[..byte.min(text.len())].chars().count() + 1, expression: text.to_owned() }
}
