//! Characters to tokens. Whether a name is an operator and whether `*` multiplies is for the parser to say: it knows
//! whether an operand or an operator can stand here.

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `local` or `prefix:local`.
    Name {
        prefix: Option<String>,
        local: String,
    },
    /// `prefix:*`
    AnyLocal(String),
    /// `*:local`
    AnyNamespace(String),
    String(String),
    /// Digits only.
    Integer(String),
    /// With a point, without an exponent.
    Decimal(String),
    /// With an exponent.
    Double(String),
    Symbol(&'static str),
    End,
}

/// Longest first.
const SYMBOLS: [&str; 25] = [
    "//", "..", "::", "!=", "<=", ">=", "<<", ">>", "/", ".", "@", "(", ")", "[", "]", ",", "|", "+", "-", "*", "=",
    "<", ">", "$", "?",
];

/// The tokens of `text`, each with the byte at which it begins; the error has the byte of the character nobody expected.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, (String, usize)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at = skip_blanks(text, at)?;
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else {
            tokens.push((Token::End, at));
            return Ok(tokens);
        };
        let (token, length) = match first {
            '\'' | '"' => string(rest, first).ok_or_else(|| ("a string that does not end".to_owned(), at))?,
            '0'..='9' => number(rest),
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => number(rest),
            '*' if rest[1..].starts_with(':') && rest[2..].starts_with(begins_name) => {
                let length = name_length(&rest[2..]);
                (Token::AnyNamespace(rest[2..2 + length].to_owned()), 2 + length)
            }
            _ if begins_name(first) => name(rest),
            _ => match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
                Some(symbol) => (Token::Symbol(symbol), symbol.len()),
                None => return Err((format!("unexpected character {first:?}"), at)),
            },
        };
        tokens.push((token, at));
        at += length;
    }
}

/// Blanks and `(: comments :)`, which may be nested.
fn skip_blanks(text: &str, mut at: usize) -> Result<usize, (String, usize)> {
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if !trimmed.starts_with("(:") {
            return Ok(at);
        }
        let (start, mut depth) = (at, 0usize);
        loop {
            let rest = &text[at..];
            if rest.starts_with("(:") {
                (depth, at) = (depth + 1, at + 2);
            } else if rest.starts_with(":)") {
                (depth, at) = (depth - 1, at + 2);
                if depth == 0 {
                    break;
                }
            } else {
                let Some(next) = rest.chars().next() else {
                    return Err(("a comment that does not end".to_owned(), start));
                };
                at += next.len_utf8();
            }
        }
    }
}

/// A string with its quotes; a doubled quote within stands for one.
fn string(rest: &str, quote: char) -> Option<(Token, usize)> {
    let mut value = String::new();
    let mut at = 1;
    loop {
        let end = at + rest[at..].find(quote)?;
        value.push_str(&rest[at..end]);
        at = end + 1;
        if !rest[at..].starts_with(quote) {
            return Some((Token::String(value), at));
        }
        value.push(quote);
        at += 1;
    }
}

fn number(rest: &str) -> (Token, usize) {
    let digits = |from: usize| rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(0);
    let mut token: fn(String) -> Token = Token::Integer;
    if rest[end..].starts_with('.') && !rest[end..].starts_with("..") {
        end += 1;
        end += digits(end);
        token = Token::Decimal;
    }
    if rest[end..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
            token = Token::Double;
        }
    }
    (token(rest[..end].to_owned()), end)
}

fn name(rest: &str) -> (Token, usize) {
    let first = name_length(rest);
    let after = &rest[first..];
    if after.starts_with(':') && !after.starts_with("::") {
        if after[1..].starts_with('*') {
            return (Token::AnyLocal(rest[..first].to_owned()), first + 2);
        }
        if after[1..].starts_with(begins_name) {
            let second = name_length(&after[1..]);
            let local = after[1..=second].to_owned();
            return (Token::Name { prefix: Some(rest[..first].to_owned()), local }, first + 1 + second);
        }
    }
    (Token::Name { prefix: None, local: rest[..first].to_owned() }, first)
}

fn begins_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn name_length(rest: &str) -> usize {
    rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '\u{b7}'))).unwrap_or(rest.len())
}
