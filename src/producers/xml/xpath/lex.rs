//! An expression into words, with XPath's own rule for what `*` and `and` are.

/// A word of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    /// A name, `prefix:name`, `prefix:*` or `*` as a test.
    Name(String),
    /// `and`, `or`, `mod`, `div`, `*` and the signs, where an operator must stand.
    Operator(&'static str),
    /// A sign: brackets, slashes, dots, `@`, `,`, `::`.
    Sign(&'static str),
    /// A text between quotes.
    Literal(String),
    /// A number.
    Number(f64),
}

const SIGNS: [&str; 11] = ["::", "//", "..", "(", ")", "[", "]", ".", "@", ",", "/"];
const OPERATORS: [&str; 9] = ["!=", "<=", ">=", "=", "<", ">", "+", "-", "|"];
const WORDS: [&str; 4] = ["and", "or", "mod", "div"];

/// Splits an expression; each word comes with its byte offset.
pub(super) fn words(source: &str) -> Result<Vec<(usize, Word)>, String> {
    let mut words: Vec<(usize, Word)> = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        let first = rest.chars().next().unwrap_or(' ');
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        // After an operand, `*` and the words are operators.
        let after_operand = words.last().is_some_and(|(_, word)| {
            !matches!(word, Word::Operator(_))
                && !matches!(word, Word::Sign(sign) if ["@", "::", "(", "[", ",", "/", "//"].contains(sign))
        });
        let (word, length) =
            word(rest, first, after_operand).map_err(|why| format!("{why} at character {}", at + 1))?;
        words.push((at, word));
        at += length;
    }
    Ok(words)
}

fn word(rest: &str, first: char, after_operand: bool) -> Result<(Word, usize), String> {
    if first == '"' || first == '\'' {
        let end = rest[1..].find(first).ok_or("a text without its closing quote")?;
        return Ok((Word::Literal(rest[1..=end].to_owned()), end + 2));
    }
    let after_dot = rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if first.is_ascii_digit() || after_dot {
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number = rest[..length].parse().map_err(|_| format!("{:?} is no number", &rest[..length]))?;
        return Ok((Word::Number(number), length));
    }
    if first == '*' {
        let word = if after_operand { Word::Operator("*") } else { Word::Name("*".to_owned()) };
        return Ok((word, 1));
    }
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok((Word::Sign(sign), sign.len()));
    }
    if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
        return Ok((Word::Operator(operator), operator.len()));
    }
    if first == '$' {
        return Err("variables are not known here".to_owned());
    }
    let length = name_length(rest);
    if length == 0 {
        return Err(format!("{first:?} is not expected"));
    }
    let name = &rest[..length];
    if after_operand {
        let operator = WORDS.iter().find(|word| **word == name);
        return operator.map(|word| (Word::Operator(word), length)).ok_or_else(|| format!("{name:?} is not expected"));
    }
    // A prefix belongs to its name, unless two colons make it an axis.
    if let Some(local) = rest[length..].strip_prefix(':').filter(|local| !local.starts_with(':')) {
        let local_length = if local.starts_with('*') { 1 } else { name_length(local) };
        if local_length > 0 {
            let whole = length + 1 + local_length;
            return Ok((Word::Name(rest[..whole].to_owned()), whole));
        }
    }
    Ok((Word::Name(name.to_owned()), length))
}

fn name_length(text: &str) -> usize {
    let is_start = |c: char| c.is_alphabetic() || c == '_';
    if !text.starts_with(is_start) {
        return 0;
    }
    text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))).unwrap_or(text.len())
}
