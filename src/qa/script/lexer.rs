//! Characters of a script to tokens, each with its line. Comments are gone.

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Number(i64),
    Text(Vec<Piece>),
    Symbol(&'static str),
    NewLine,
    End,
}

/// A part of a text: as it stands, or code whose value stands there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Code(String),
}

/// Longest first.
const SYMBOLS: [&str; 38] = [
    "==~", "...", "?.", "?:", "->", "==", "!=", "<=", ">=", "<<", "&&", "||", "..", "++", "--", "+=", "-=", "=~", "(",
    ")", "[", "]", "{", "}", ",", ".", ";", ":", "=", "<", ">", "+", "-", "*", "/", "!", "?", "@",
];

/// The tokens with the line and byte each begins at; the error is the line of what is not understood.
pub(super) fn tokens(source: &str) -> Result<Vec<(Token, u32, usize)>, u32> {
    let mut tokens: Vec<(Token, u32, usize)> = Vec::new();
    let (mut at, mut line) = (0usize, 1u32);
    while at < source.len() {
        let rest = &source[at..];
        let first = rest.chars().next().unwrap_or('\0');
        let lines = |text: &str| u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX);
        if first == '\n' {
            tokens.push((Token::NewLine, line, at));
            line += 1;
            at += 1;
        } else if first.is_whitespace() || first == '\u{feff}' {
            at += first.len_utf8();
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            let end = rest.find("*/").map_or(rest.len(), |end| end + 2);
            line += lines(&rest[..end]);
            at += end;
        } else if matches!(first, '\'' | '"') {
            let (pieces, length) = text(rest).ok_or(line)?;
            tokens.push((Token::Text(pieces), line, at));
            line += lines(&rest[..length]);
            at += length;
        } else if first.is_ascii_digit() {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            tokens.push((Token::Number(rest[..length].parse().map_err(|_| line)?), line, at));
            at += length + usize::from(rest[length..].starts_with(['L', 'l']));
        } else if first.is_alphabetic() || matches!(first, '_' | '$') {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(rest.len());
            tokens.push((Token::Name(rest[..length].to_owned()), line, at));
            at += length;
        } else {
            let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)).ok_or(line)?;
            tokens.push((Token::Symbol(symbol), line, at));
            at += symbol.len();
        }
    }
    tokens.push((Token::End, line, source.len()));
    Ok(tokens)
}

/// A text with its quotes: in single ones nothing is replaced.
fn text(rest: &str) -> Option<(Vec<Piece>, usize)> {
    let quote = if rest.starts_with("'''") || rest.starts_with("\"\"\"") { &rest[..3] } else { &rest[..1] };
    let replaces = quote.starts_with('"');
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut at = quote.len();
    loop {
        let here = &rest[at..];
        let c = here.chars().next()?;
        if here.starts_with(quote) {
            if !plain.is_empty() || pieces.is_empty() {
                pieces.push(Piece::Text(plain));
            }
            return Some((pieces, at + quote.len()));
        }
        if c == '\n' && quote.len() == 1 {
            return None;
        }
        if c == '\\' {
            let escaped = here[1..].chars().next()?;
            plain.push(match escaped {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            });
            at += 1 + escaped.len_utf8();
            continue;
        }
        if replaces
            && c == '$'
            && let Some((code, length)) = code(here)
        {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Code(code));
            at += length;
            continue;
        }
        plain.push(c);
        at += c.len_utf8();
    }
}

/// `${code}`, or `$name.name`.
fn code(here: &str) -> Option<(String, usize)> {
    if let Some(inside) = here.strip_prefix("${") {
        let mut depth = 0;
        for (index, byte) in inside.bytes().enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' if depth == 0 => return Some((inside[..index].to_owned(), index + 3)),
                b'}' => depth -= 1,
                _ => {}
            }
        }
        return None;
    }
    let name = &here[1..];
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return None;
    }
    let mut end = 0;
    loop {
        end += name[end..].find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len() - end);
        let more = name[end..]
            .strip_prefix('.')
            .is_some_and(|after| after.starts_with(|c: char| c.is_alphabetic() || c == '_'));
        if !more {
            return Some((name[..end].to_owned(), end + 1));
        }
        end += 1;
    }
}
