//! Tokens of a script to statements.

mod expressions;

use super::ast::{Expr, Operator, Statement, StatementKind};
use super::lexer::{Token, tokens};
use super::{Unrecognised, unrecognised};

/// Blocks and expressions within each other.
const DEPTH_MAX: usize = 48;

/// Reads a whole script.
pub(super) fn parse(source: &str) -> Result<Vec<Statement>, Unrecognised> {
    let tokens = tokens(source).map_err(|line| unrecognised(source, line))?;
    let mut parser = Parser { source, tokens, next: 0, depth: 0, brackets: 0, statement: 1 };
    let statements = parser.statements(false);
    statements.map_err(|()| unrecognised(source, parser.statement))
}

struct Parser<'s> {
    source: &'s str,
    tokens: Vec<(Token, u32, usize)>,
    next: usize,
    depth: usize,
    /// Open round and square brackets: within them a line's end means nothing.
    brackets: usize,
    /// Line of the statement that is being read.
    statement: u32,
}

/// The statement at `Parser::statement` is not understood.
type Read<T> = Result<T, ()>;

impl Parser<'_> {
    fn skip_lines_in_brackets(&mut self) {
        while self.brackets > 0 && self.tokens[self.next].0 == Token::NewLine {
            self.next += 1;
        }
    }

    fn token(&mut self) -> &Token {
        self.skip_lines_in_brackets();
        &self.tokens[self.next].0
    }

    fn ahead(&self, count: usize) -> &Token {
        let mut at = self.next;
        for _ in 0..count {
            at = (at + 1).min(self.tokens.len() - 1);
            while self.brackets > 0 && self.tokens[at].0 == Token::NewLine {
                at += 1;
            }
        }
        &self.tokens[at].0
    }

    fn advance(&mut self) {
        self.skip_lines_in_brackets();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
    }

    fn line(&self) -> u32 {
        self.tokens[self.next].1
    }

    fn skip_new_lines(&mut self) {
        while self.tokens[self.next].0 == Token::NewLine {
            self.next += 1;
        }
    }

    fn is(&mut self, symbol: &str) -> bool {
        matches!(self.token(), Token::Symbol(found) if *found == symbol)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let taken = self.is(symbol);
        if taken {
            self.advance();
        }
        taken
    }

    fn expect(&mut self, symbol: &str) -> Read<()> {
        if self.take(symbol) { Ok(()) } else { Err(()) }
    }

    fn is_word(&mut self, word: &str) -> bool {
        matches!(self.token(), Token::Name(found) if found == word)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let taken = self.is_word(word);
        if taken {
            self.advance();
        }
        taken
    }

    fn name(&mut self) -> Read<String> {
        let Token::Name(name) = self.token().clone() else { return Err(()) };
        self.advance();
        Ok(name)
    }

    /// Statements to the end, or to the brace that closes them.
    fn statements(&mut self, in_block: bool) -> Read<Vec<Statement>> {
        let mut statements = Vec::new();
        loop {
            while matches!(self.tokens[self.next].0, Token::NewLine | Token::Symbol(";")) {
                self.next += 1;
            }
            match self.tokens[self.next].0 {
                Token::End => return if in_block { Err(()) } else { Ok(statements) },
                Token::Symbol("}") if in_block => return Ok(statements),
                _ => {}
            }
            self.statement = self.line();
            if self.is_left_out() {
                self.skip_statement();
                continue;
            }
            statements.push(self.statement()?);
            let ended = matches!(self.tokens[self.next].0, Token::NewLine | Token::End | Token::Symbol(";" | "}"));
            if !ended {
                // One published script has a stray `<` after its last statement.
                let stray = self.tokens[self.next].0 == Token::Symbol("<")
                    && matches!(self.tokens[self.next + 1].0, Token::NewLine | Token::End);
                if !stray {
                    return Err(());
                }
                self.next += 1;
            }
        }
    }

    /// `import`, `package` and `log.…` mean nothing here.
    fn is_left_out(&self) -> bool {
        let Token::Name(first) = &self.tokens[self.next].0 else { return false };
        matches!(first.as_str(), "import" | "package")
            || (first == "log" && self.tokens[self.next + 1].0 == Token::Symbol("."))
    }

    /// To the end of the line; brackets are followed, and a line that ends in an operator goes on.
    fn skip_statement(&mut self) {
        let mut open = 0usize;
        let mut goes_on = false;
        loop {
            match &self.tokens[self.next].0 {
                Token::End => return,
                Token::NewLine | Token::Symbol(";") if open == 0 && !goes_on => return,
                Token::Symbol("}") if open == 0 => return,
                Token::Symbol("(" | "[" | "{") => open += 1,
                Token::Symbol(")" | "]" | "}") => open = open.saturating_sub(1),
                _ => {}
            }
            goes_on = matches!(self.tokens[self.next].0, Token::Symbol("+" | "&&" | "||" | ","));
            self.next += 1;
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        self.depth += 1;
        let result = if self.depth > DEPTH_MAX { Err(()) } else { read(self) };
        self.depth -= 1;
        result
    }

    fn statement(&mut self) -> Read<Statement> {
        let line = self.line();
        let kind = self.deeper(Self::statement_kind)?;
        Ok(Statement { line, kind })
    }

    fn statement_kind(&mut self) -> Read<StatementKind> {
        if self.is_word("if") {
            return self.conditional();
        }
        if self.take_word("for") {
            return self.for_loop();
        }
        if self.take_word("assert") {
            return self.assertion();
        }
        if self.take_word("return") {
            let ends = matches!(self.tokens[self.next].0, Token::NewLine | Token::End | Token::Symbol(";" | "}"));
            return Ok(StatementKind::Return(if ends { None } else { Some(self.expression()?) }));
        }
        if let Some(declared) = self.declaration()? {
            return Ok(declared);
        }
        let left = self.expression()?;
        if self.take("=") {
            self.skip_new_lines();
            return Ok(StatementKind::Assign(left, self.expression()?));
        }
        if self.take("+=") {
            let sum = Expr::Binary(Operator::Add, Box::new(left.clone()), Box::new(self.expression()?));
            return Ok(StatementKind::Assign(left, sum));
        }
        if self.take("++") {
            let sum = Expr::Binary(Operator::Add, Box::new(left.clone()), Box::new(Expr::Number(1)));
            return Ok(StatementKind::Assign(left, sum));
        }
        Ok(StatementKind::Evaluate(left))
    }

    /// `def x`, `String x`, `List<String> x`, each with or without a value.
    fn declaration(&mut self) -> Read<Option<StatementKind>> {
        let Token::Name(first) = self.token().clone() else { return Ok(None) };
        let start = self.next;
        self.advance();
        if first != "def" && self.is("<") {
            let Token::Name(_) = self.ahead(1) else {
                self.next = start;
                return Ok(None);
            };
            if *self.ahead(2) != Token::Symbol(">") {
                self.next = start;
                return Ok(None);
            }
            self.advance();
            self.advance();
            self.advance();
        }
        if self.is("[") && *self.ahead(1) == Token::Symbol("]") {
            self.advance();
            self.advance();
        }
        if first == "def" && matches!((self.token().clone(), self.ahead(1)), (Token::Name(_), Token::Name(_))) {
            self.advance();
        }
        let Token::Name(name) = self.token().clone() else {
            self.next = start;
            return Ok(None);
        };
        if matches!(name.as_str(), "as" | "in" | "instanceof") {
            self.next = start;
            return Ok(None);
        }
        self.advance();
        let value = if self.take("=") {
            self.skip_new_lines();
            Some(self.expression()?)
        } else {
            None
        };
        Ok(Some(StatementKind::Declare(name, value)))
    }

    fn conditional(&mut self) -> Read<StatementKind> {
        self.expect_word("if")?;
        let condition = self.in_brackets()?;
        let then = self.branch()?;
        let before = self.next;
        self.skip_new_lines();
        if self.take(";") {
            self.skip_new_lines();
        }
        if !self.take_word("else") {
            self.next = before;
            return Ok(StatementKind::If(condition, then, Vec::new()));
        }
        Ok(StatementKind::If(condition, then, self.branch()?))
    }

    fn expect_word(&mut self, word: &str) -> Read<()> {
        if self.take_word(word) { Ok(()) } else { Err(()) }
    }

    fn in_brackets(&mut self) -> Read<Expr> {
        self.expect("(")?;
        self.brackets += 1;
        let inside = self.expression();
        self.skip_lines_in_brackets();
        self.brackets -= 1;
        let inside = inside?;
        self.expect(")")?;
        Ok(inside)
    }

    /// A block, or a single statement.
    fn branch(&mut self) -> Read<Vec<Statement>> {
        self.skip_new_lines();
        if self.is("{") {
            return self.block();
        }
        if self.is_left_out() {
            self.skip_statement();
            return Ok(Vec::new());
        }
        Ok(vec![self.statement()?])
    }

    fn block(&mut self) -> Read<Vec<Statement>> {
        self.expect("{")?;
        let brackets = std::mem::take(&mut self.brackets);
        let statements = self.deeper(|parser| parser.statements(true));
        let statements = statements?;
        self.expect("}")?;
        self.brackets = brackets;
        Ok(statements)
    }

    /// `for (x in list)`, `for (int i = 0; i < n; i++)`.
    fn for_loop(&mut self) -> Read<StatementKind> {
        self.expect("(")?;
        let mut name = self.name()?;
        if let Token::Name(second) = self.token().clone()
            && second != "in"
        {
            name = second;
            self.advance();
        }
        self.brackets += 1;
        let over = if self.take("=") {
            let from = self.expression()?;
            self.expect(";")?;
            let counted = self.name()?;
            let inclusive = if self.take("<") { false } else { self.expect("<=").map(|()| true)? };
            let bound = self.expression()?;
            self.expect(";")?;
            let again = self.name()?;
            self.expect("++")?;
            if counted != name || again != name {
                return Err(());
            }
            let last = if inclusive {
                bound
            } else {
                Expr::Binary(Operator::Subtract, Box::new(bound), Box::new(Expr::Number(1)))
            };
            Expr::Range(Box::new(from), Box::new(last))
        } else {
            if !self.take_word("in") && !self.take(":") {
                return Err(());
            }
            self.expression()?
        };
        self.skip_lines_in_brackets();
        self.brackets -= 1;
        self.expect(")")?;
        Ok(StatementKind::For(name, over, self.branch()?))
    }

    fn assertion(&mut self) -> Read<StatementKind> {
        let from = self.tokens[self.next].2;
        let condition = self.expression()?;
        let to = self.tokens[self.next].2;
        let text = self.source[from..to].trim().to_owned();
        let message = if self.take(":") { Some(self.expression()?) } else { None };
        Ok(StatementKind::Assert(condition, text, message))
    }
}
