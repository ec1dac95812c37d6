//! The text of a path into its steps.

use serde_json::Value;

use super::{Filter, Operand, Step};

/// Deepest nesting of filters.
const DEPTH_MAX: usize = 16;

pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) depth: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    pub(super) fn take(&mut self, sign: &str) -> bool {
        let found = self.rest().starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    fn blank(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    pub(super) fn steps(&mut self) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        loop {
            if self.take("..") {
                steps.push(Step::Descend);
                if !self.rest().starts_with('[') {
                    steps.push(self.member()?);
                }
            } else if self.take(".") {
                steps.push(self.member()?);
            } else if self.take("[") {
                steps.push(self.bracket()?);
            } else {
                return Ok(steps);
            }
        }
    }

    fn member(&mut self) -> Result<Step, String> {
        if self.take("*") {
            return Ok(Step::All);
        }
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@' | ':');
        let length = self.rest().find(|c: char| !is_name(c)).unwrap_or(self.rest().len());
        if length == 0 {
            return Err(format!("a name is missing at {:?}", self.rest()));
        }
        let name = self.rest()[..length].to_owned();
        self.at += length;
        if self.take("()") {
            return match name.as_str() {
                "length" | "size" => Ok(Step::Length),
                _ => Err(format!("there is no function {name}()")),
            };
        }
        Ok(Step::Member(vec![name]))
    }

    fn bracket(&mut self) -> Result<Step, String> {
        self.blank();
        let step = if self.take("*") {
            Step::All
        } else if self.take("?(") || self.take("?") {
            let bracketed = self.text[..self.at].ends_with('(');
            let filter = self.either()?;
            self.blank();
            if bracketed && !self.take(")") {
                return Err("a filter lacks its \")\"".to_owned());
            }
            Step::Filter(filter)
        } else if self.rest().starts_with(['\'', '"']) {
            let mut names = vec![self.quoted()?];
            self.blank();
            while self.take(",") {
                self.blank();
                names.push(self.quoted()?);
                self.blank();
            }
            Step::Member(names)
        } else {
            self.places()?
        };
        self.blank();
        if self.take("]") { Ok(step) } else { Err(format!("\"]\" is missing at {:?}", self.rest())) }
    }

    fn places(&mut self) -> Result<Step, String> {
        let first = self.whole();
        self.blank();
        if self.take(":") {
            return Ok(Step::Slice(first, self.whole()));
        }
        let mut places = vec![first.ok_or_else(|| format!("a number is missing at {:?}", self.rest()))?];
        while self.take(",") {
            self.blank();
            places.push(self.whole().ok_or("a number is missing behind a comma")?);
            self.blank();
        }
        Ok(Step::Places(places))
    }

    fn whole(&mut self) -> Option<i64> {
        let is_part = |(place, c): (usize, char)| c.is_ascii_digit() || (c == '-' && place == 0);
        let length = self.rest().char_indices().take_while(|one| is_part(*one)).count();
        let number = self.rest()[..length].parse().ok()?;
        self.at += length;
        Some(number)
    }

    fn quoted(&mut self) -> Result<String, String> {
        let quote = self.rest().chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or("a quoted name is missing")?;
        let mut out = String::new();
        let mut escaped = false;
        for (offset, c) in self.rest().char_indices().skip(1) {
            match c {
                _ if escaped => {
                    escaped = false;
                    out.push(c);
                }
                '\\' => escaped = true,
                c if c == quote => {
                    self.at += offset + 1;
                    return Ok(out);
                }
                c => out.push(c),
            }
        }
        Err("a text lacks its closing quote".to_owned())
    }

    fn either(&mut self) -> Result<Filter, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("filters are nested more than {DEPTH_MAX} deep"));
        }
        let mut left = self.both()?;
        self.blank();
        while self.take("||") {
            left = Filter::Or(Box::new(left), Box::new(self.both()?));
            self.blank();
        }
        self.depth -= 1;
        Ok(left)
    }

    fn both(&mut self) -> Result<Filter, String> {
        let mut left = self.one()?;
        self.blank();
        while self.take("&&") {
            left = Filter::And(Box::new(left), Box::new(self.one()?));
            self.blank();
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Filter, String> {
        self.blank();
        if self.take("!") {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(format!("filters are nested more than {DEPTH_MAX} deep"));
            }
            let inner = self.one()?;
            self.depth -= 1;
            return Ok(Filter::Not(Box::new(inner)));
        }
        if self.take("(") {
            let inner = self.either()?;
            self.blank();
            return if self.take(")") { Ok(inner) } else { Err("a filter lacks its \")\"".to_owned()) };
        }
        if !self.take("@") {
            return Err(format!("a filter begins with @, found {:?}", self.rest()));
        }
        let path = self.steps()?;
        self.blank();
        const SIGNS: [&str; 7] = ["==", "!=", "<=", ">=", "=~", "<", ">"];
        let Some(sign) = SIGNS.into_iter().find(|sign| self.take(sign)) else { return Ok(Filter::There(path)) };
        self.blank();
        Ok(Filter::Compare(path, sign, self.operand()?))
    }

    fn operand(&mut self) -> Result<Operand, String> {
        if self.rest().starts_with(['\'', '"']) {
            return Ok(Operand::Value(Value::String(self.quoted()?)));
        }
        if self.take("@") {
            return Ok(Operand::Path(self.steps()?));
        }
        if self.take("/") {
            let end = self.rest().find('/').ok_or("a pattern lacks its closing slash")?;
            let pattern = self.rest()[..end].to_owned();
            self.at += end + 1;
            return Ok(Operand::Pattern(if self.take("i") { format!("(?i){pattern}") } else { pattern }));
        }
        let length = self.rest().find([' ', ')', ']', '&', '|']).unwrap_or(self.rest().len());
        let value = serde_json::from_str(&self.rest()[..length]);
        let value = value.map_err(|_| format!("{:?} is no value", &self.rest()[..length]))?;
        self.at += length;
        Ok(Operand::Value(value))
    }
}
