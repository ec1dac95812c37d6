//! Expressions: operators by how tightly they bind, calls, closures, literals.

use super::super::ast::{Closure, Expr, Operator, Part};
use super::super::lexer::{Piece, Token, tokens};
use super::{Parser, Read};

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Read<Expr> {
        self.deeper(Self::choice)
    }

    fn choice(&mut self) -> Read<Expr> {
        let condition = self.binary(0)?;
        if self.take("?:") {
            return Ok(Expr::Else(Box::new(condition), Box::new(self.expression()?)));
        }
        if !self.take("?") {
            return Ok(condition);
        }
        let then = self.expression()?;
        self.expect(":")?;
        Ok(Expr::Choice(Box::new(condition), Box::new(then), Box::new(self.expression()?)))
    }

    /// Operators by how tightly they bind, the loosest first.
    fn operator(&mut self, level: usize) -> Option<Operator> {
        let Token::Symbol(symbol) = *self.token() else { return None };
        let (operator, own) = match symbol {
            "||" => (Operator::Or, 0),
            "&&" => (Operator::And, 1),
            "==" => (Operator::Equal, 2),
            "!=" => (Operator::NotEqual, 2),
            "<" => (Operator::Less, 3),
            "<=" => (Operator::LessOrEqual, 3),
            ">" => (Operator::Greater, 3),
            ">=" => (Operator::GreaterOrEqual, 3),
            "<<" => (Operator::Append, 4),
            "+" => (Operator::Add, 5),
            "-" => (Operator::Subtract, 5),
            "*" => (Operator::Multiply, 6),
            _ => return None,
        };
        (own == level).then_some(operator)
    }

    fn binary(&mut self, level: usize) -> Read<Expr> {
        if level > 6 {
            return self.unary();
        }
        let mut left = self.binary(level + 1)?;
        if level == 3 {
            if self.take_word("as") {
                left = Expr::As(Box::new(left), self.name()?);
            }
            if self.is("..") {
                self.advance();
                return Ok(Expr::Range(Box::new(left), Box::new(self.binary(4)?)));
            }
        }
        while let Some(operator) = self.operator(level) {
            if operator == Operator::Less && self.brackets == 0 && matches!(self.ahead(1), Token::NewLine | Token::End)
            {
                break;
            }
            self.advance();
            self.skip_new_lines();
            left = Expr::Binary(operator, Box::new(left), Box::new(self.binary(level + 1)?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Read<Expr> {
        if self.take("!") {
            return Ok(Expr::Not(Box::new(self.deeper(Self::unary)?)));
        }
        if self.take("-") {
            return Ok(Expr::Negative(Box::new(self.deeper(Self::unary)?)));
        }
        let primary = self.primary()?;
        self.suffixes(primary)
    }

    fn suffixes(&mut self, mut value: Expr) -> Read<Expr> {
        loop {
            // A chain may go on in the next line, beginning with its dot.
            let before = self.next;
            if self.tokens[self.next].0 == Token::NewLine {
                self.skip_new_lines();
                if !matches!(self.tokens[self.next].0, Token::Symbol("." | "?.")) {
                    self.next = before;
                    return Ok(value);
                }
            }
            if self.take(".") || self.take("?.") {
                let name = match self.token().clone() {
                    Token::Name(name) => name,
                    Token::Text(pieces) => match pieces.as_slice() {
                        [Piece::Text(name)] => name.clone(),
                        _ => return Err(()),
                    },
                    _ => return Err(()),
                };
                self.advance();
                value = if self.is("(") || self.begins_closure() {
                    self.call(Some(value), name)?
                } else {
                    Expr::Property(Box::new(value), name)
                };
            } else if self.is("[") {
                self.advance();
                self.brackets += 1;
                let index = self.expression();
                self.skip_lines_in_brackets();
                self.brackets -= 1;
                let index = index?;
                self.expect("]")?;
                value = Expr::Index(Box::new(value), Box::new(index));
            } else {
                return Ok(value);
            }
        }
    }

    fn begins_closure(&mut self) -> bool {
        self.is("{")
    }

    fn call(&mut self, receiver: Option<Expr>, name: String) -> Read<Expr> {
        let mut arguments = Vec::new();
        if self.is("(") {
            arguments = self.arguments()?;
        }
        let closure = if self.begins_closure() { Some(self.closure()?) } else { None };
        Ok(Expr::Call { receiver: receiver.map(Box::new), name, arguments, closure })
    }

    fn arguments(&mut self) -> Read<Vec<Expr>> {
        self.expect("(")?;
        self.brackets += 1;
        let mut arguments = Vec::new();
        while !self.is(")") {
            arguments.push(self.expression()?);
            if !self.take(",") && !self.is(")") {
                return Err(());
            }
        }
        self.brackets -= 1;
        self.expect(")")?;
        Ok(arguments)
    }

    fn closure(&mut self) -> Read<Closure> {
        let brackets = std::mem::take(&mut self.brackets);
        self.expect("{")?;
        let start = self.next;
        let mut parameters = Vec::new();
        self.skip_new_lines();
        while let Token::Name(first) = self.token().clone() {
            self.advance();
            let name = match self.token().clone() {
                Token::Name(second) => {
                    self.advance();
                    second
                }
                _ => first,
            };
            parameters.push(name);
            if !self.take(",") {
                break;
            }
        }
        if !self.take("->") {
            self.next = start;
            parameters = vec!["it".to_owned()];
        }
        let body = self.deeper(|parser| parser.statements(true))?;
        self.expect("}")?;
        self.brackets = brackets;
        Ok(Closure { parameters, body })
    }

    fn primary(&mut self) -> Read<Expr> {
        let token = self.token().clone();
        match token {
            Token::Number(value) => {
                self.advance();
                Ok(Expr::Number(value))
            }
            Token::Text(pieces) => {
                self.advance();
                Ok(Expr::Text(pieces.into_iter().map(|piece| self.part(piece)).collect::<Read<_>>()?))
            }
            Token::Symbol("(") => self.in_brackets(),
            Token::Symbol("[") => {
                self.advance();
                self.brackets += 1;
                let mut items = Vec::new();
                if self.take(":") {
                    self.brackets -= 1;
                    self.expect("]")?;
                    return Ok(Expr::New("LinkedHashMap".to_owned(), Vec::new()));
                }
                while !self.is("]") {
                    items.push(self.expression()?);
                    if !self.take(",") && !self.is("]") {
                        return Err(());
                    }
                }
                self.brackets -= 1;
                self.expect("]")?;
                Ok(Expr::List(items))
            }
            Token::Name(name) => {
                self.advance();
                match name.as_str() {
                    "true" => Ok(Expr::Boolean(true)),
                    "false" => Ok(Expr::Boolean(false)),
                    "null" => Ok(Expr::Null),
                    "new" => self.construction(),
                    _ if self.is("(") => self.call(None, name),
                    _ => Ok(Expr::Name(name)),
                }
            }
            _ => Err(()),
        }
    }

    fn construction(&mut self) -> Read<Expr> {
        let mut class = self.name()?;
        while self.take(".") {
            class = self.name()?;
        }
        if self.is("<") {
            while !self.take(">") {
                self.advance();
                if *self.token() == Token::End {
                    return Err(());
                }
            }
        }
        Ok(Expr::New(class, self.arguments()?))
    }

    fn part(&mut self, piece: Piece) -> Read<Part> {
        match piece {
            Piece::Text(text) => Ok(Part::Text(text)),
            Piece::Code(code) => {
                let tokens = tokens(&code).map_err(|_| ())?;
                let mut inner = Parser { source: &code, tokens, next: 0, depth: self.depth, brackets: 0, statement: 1 };
                let expression = inner.expression()?;
                inner.skip_new_lines();
                if *inner.token() == Token::End { Ok(Part::Code(Box::new(expression))) } else { Err(()) }
            }
        }
    }
}
