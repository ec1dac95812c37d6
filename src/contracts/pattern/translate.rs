//! From the regular expressions of XML Schema to those of the engine.
//!
//! A schema's expressions are anchored and know no anchors, no lazy repetition, no back-references and no groups with
//! options; `.`, `\s`, `\d`, `\w`, `\i`, `\c` and blocks mean other sets (`contracts.md` §3.6).

use std::fmt::Write;

use super::blocks::block;

const SPACE: &str = r" \t\n\r";
const NAME_START: &str = r"\p{L}_:";
const NAME: &str = r"\p{L}\p{Nd}\p{M}\p{Lm}\-._:\x{B7}";
const WORD_NOT: &str = r"\p{P}\p{Z}\p{C}";

/// Translates one pattern; `Err` says what is wrong with it.
pub(super) fn translate(source: &str) -> Result<String, String> {
    let mut translation =
        Translation { source, rest: source.chars().collect(), at: 0, out: String::with_capacity(source.len() + 16) };
    translation.alternatives(0)?;
    if translation.at < translation.rest.len() {
        return Err(translation.wrong("unexpected \")\""));
    }
    Ok(translation.out)
}

struct Translation<'a> {
    source: &'a str,
    rest: Vec<char>,
    at: usize,
    out: String,
}

impl Translation<'_> {
    fn wrong(&self, what: &str) -> String {
        format!("pattern \"{}\": {what} at character {}", self.source, self.at + 1)
    }

    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn alternatives(&mut self, depth: usize) -> Result<(), String> {
        if depth > 50 {
            return Err(self.wrong("groups nested deeper than 50"));
        }
        while let Some(c) = self.peek() {
            match c {
                ')' => return Ok(()),
                '|' => {
                    self.out.push('|');
                    self.at += 1;
                }
                _ => {
                    self.atom(c, depth)?;
                    self.quantifier()?;
                }
            }
        }
        Ok(())
    }

    fn atom(&mut self, c: char, depth: usize) -> Result<(), String> {
        match c {
            '(' => {
                self.at += 1;
                if self.peek() == Some('?') {
                    return Err(self.wrong("a group may not start with \"?\""));
                }
                self.out.push_str("(?:");
                self.alternatives(depth + 1)?;
                if self.peek() != Some(')') {
                    return Err(self.wrong("a group is not closed"));
                }
                self.at += 1;
                self.out.push(')');
            }
            '[' => self.class()?,
            '.' => {
                self.at += 1;
                self.out.push_str(r"[^\n\r]");
            }
            '\\' => {
                let set = self.escape()?;
                match set {
                    Escape::Character(c) => push_literal(&mut self.out, c),
                    Escape::Set { inside, negated } => {
                        let hat = if negated { "^" } else { "" };
                        write!(self.out, "[{hat}{inside}]").expect("writing to a string");
                    }
                }
            }
            '?' | '*' | '+' | '{' | '}' => return Err(self.wrong(&format!("\"{c}\" has nothing to repeat"))),
            ']' => return Err(self.wrong("\"]\" must be escaped")),
            c => {
                self.at += 1;
                push_literal(&mut self.out, c);
            }
        }
        Ok(())
    }

    fn quantifier(&mut self) -> Result<(), String> {
        match self.peek() {
            Some(c @ ('?' | '*' | '+')) => {
                self.at += 1;
                self.out.push(c);
            }
            Some('{') => {
                let close = self.rest[self.at..].iter().position(|c| *c == '}').map(|length| self.at + length);
                let Some(close) = close else { return Err(self.wrong("\"{\" is not closed")) };
                let inside: String = self.rest[self.at + 1..close].iter().collect();
                let (low, high) = inside.split_once(',').unwrap_or((&inside, &inside));
                let number = |text: &str| text.parse::<u32>().ok().filter(|_| !text.starts_with('+'));
                let fine = match (number(low), high) {
                    (Some(_), "") => true,
                    (Some(low), high) => number(high).is_some_and(|high| low <= high),
                    (None, _) => false,
                };
                if !fine {
                    return Err(self.wrong(&format!("\"{{{inside}}}\" is not a number of repetitions")));
                }
                write!(self.out, "{{{inside}}}").expect("writing to a string");
                self.at = close + 1;
            }
            _ => return Ok(()),
        }
        match self.peek() {
            Some(c @ ('?' | '*' | '+' | '{')) => Err(self.wrong(&format!("\"{c}\" after a repetition"))),
            _ => Ok(()),
        }
    }

    /// `[…]`, subtraction included.
    fn class(&mut self) -> Result<(), String> {
        self.at += 1;
        self.out.push('[');
        if self.peek() == Some('^') {
            self.at += 1;
            self.out.push('^');
        }
        // The engine subtracts after the negation, as a schema does, when the minuend is a class of its own.
        let minuend_at = self.out.len();
        let mut members = 0;
        loop {
            let Some(c) = self.peek() else { return Err(self.wrong("a class is not closed")) };
            match c {
                ']' if members > 0 => {
                    self.at += 1;
                    self.out.push(']');
                    return Ok(());
                }
                ']' => return Err(self.wrong("a class is empty")),
                '[' => return Err(self.wrong("\"[\" in a class must be escaped")),
                '-' if members > 0 && self.rest.get(self.at + 1) == Some(&'[') => {
                    self.at += 1;
                    return self.subtraction(minuend_at);
                }
                _ => self.member(members == 0)?,
            }
            members += 1;
        }
    }

    fn subtraction(&mut self, minuend_at: usize) -> Result<(), String> {
        let negated = self.out[..minuend_at].ends_with('^');
        let open = minuend_at - usize::from(negated);
        self.out.insert(open, '[');
        self.out.push(']');
        self.out.push_str("--");
        self.class()?;
        if self.peek() != Some(']') {
            return Err(self.wrong("a subtraction must end its class"));
        }
        self.at += 1;
        self.out.push(']');
        Ok(())
    }

    /// One character, set or range.
    fn member(&mut self, first: bool) -> Result<(), String> {
        let low = match self.class_escape_or_character(first)? {
            Escape::Set { inside, negated: false } => {
                self.out.push_str(&inside);
                return Ok(());
            }
            Escape::Set { inside, negated: true } => {
                write!(self.out, "[^{inside}]").expect("writing to a string");
                return Ok(());
            }
            Escape::Character(c) => c,
        };
        let next_two = (self.peek(), self.rest.get(self.at + 1).copied());
        let is_range = matches!(next_two, (Some('-'), Some(high)) if high != ']' && high != '[');
        if !is_range {
            push_class_literal(&mut self.out, low);
            return Ok(());
        }
        self.at += 1;
        let Escape::Character(high) = self.class_escape_or_character(true)? else {
            return Err(self.wrong("a range ends in a set"));
        };
        if low > high {
            return Err(self.wrong(&format!("range {low}-{high} is empty")));
        }
        push_class_literal(&mut self.out, low);
        self.out.push('-');
        push_class_literal(&mut self.out, high);
        Ok(())
    }

    fn class_escape_or_character(&mut self, hyphen_may_stand: bool) -> Result<Escape, String> {
        match self.peek() {
            Some('\\') => self.escape(),
            Some('-') if !hyphen_may_stand && self.rest.get(self.at + 1) != Some(&']') => {
                Err(self.wrong("\"-\" between members of a class must be first, last or escaped"))
            }
            Some(c) => {
                self.at += 1;
                Ok(Escape::Character(c))
            }
            None => Err(self.wrong("a class is not closed")),
        }
    }

    fn escape(&mut self) -> Result<Escape, String> {
        self.at += 1;
        let Some(c) = self.peek() else { return Err(self.wrong("\"\\\" escapes nothing")) };
        self.at += 1;
        let set = |inside: &str, negated| Ok(Escape::Set { inside: inside.to_owned(), negated });
        match c {
            'n' => Ok(Escape::Character('\n')),
            'r' => Ok(Escape::Character('\r')),
            't' => Ok(Escape::Character('\t')),
            '\\' | '|' | '.' | '?' | '*' | '+' | '(' | ')' | '{' | '}' | '-' | '[' | ']' | '^' | '$' => {
                Ok(Escape::Character(c))
            }
            's' => set(SPACE, false),
            'S' => set(SPACE, true),
            'd' => set(r"\p{Nd}", false),
            'D' => set(r"\p{Nd}", true),
            'w' => set(WORD_NOT, true),
            'W' => set(WORD_NOT, false),
            'i' => set(NAME_START, false),
            'I' => set(NAME_START, true),
            'c' => set(NAME, false),
            'C' => set(NAME, true),
            'p' | 'P' => self.property(c == 'P'),
            c => Err(self.wrong(&format!("\"\\{c}\" is not an escape of XML Schema"))),
        }
    }

    fn property(&mut self, negated: bool) -> Result<Escape, String> {
        let close = self.rest[self.at..].iter().position(|c| *c == '}').map(|length| self.at + length);
        let (Some('{'), Some(close)) = (self.peek(), close) else {
            return Err(self.wrong("\\p needs a name in braces"));
        };
        let name: String = self.rest[self.at + 1..close].iter().collect();
        self.at = close + 1;
        if let Some(block_name) = name.strip_prefix("Is") {
            let (low, high) =
                block(block_name).ok_or_else(|| self.wrong(&format!("no block is named {block_name}")))?;
            return Ok(Escape::Set { inside: format!("\\x{{{low:X}}}-\\x{{{high:X}}}"), negated });
        }
        const CATEGORIES: &str =
            " L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po Z Zs Zl Zp S Sm Sc Sk So C Cc Cf Co Cn ";
        if name.contains(' ') || !CATEGORIES.contains(&format!(" {name} ")) {
            return Err(self.wrong(&format!("no category is named {name}")));
        }
        Ok(Escape::Set { inside: format!("\\p{{{name}}}"), negated })
    }
}

enum Escape {
    Character(char),
    /// What stands inside the brackets of a class.
    Set {
        inside: String,
        negated: bool,
    },
}

fn push_literal(out: &mut String, c: char) {
    if c.is_ascii() && !c.is_ascii_alphanumeric() {
        write!(out, "\\x{:02X}", u32::from(c)).expect("writing to a string");
    } else {
        out.push(c);
    }
}

fn push_class_literal(out: &mut String, c: char) {
    push_literal(out, c);
}
