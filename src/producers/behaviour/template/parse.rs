//! A template's text into nodes.

use serde_json::Value;

use super::{TemplateError, helpers, model};

/// Deepest nesting of blocks and of expressions in brackets.
const DEPTH_MAX: usize = 32;

/// A piece of a template.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    Output { expression: Expression, raw: bool },
    Block { block: Block, arguments: Vec<Expression>, body: Vec<Self>, otherwise: Vec<Self> },
}

/// The blocks there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    If,
    Unless,
    Each,
    With,
    Eq,
}

const BLOCKS: [(&str, Block, usize); 5] = [
    ("if", Block::If, 1),
    ("unless", Block::Unless, 1),
    ("each", Block::Each, 1),
    ("with", Block::With, 1),
    ("eq", Block::Eq, 2),
];

/// What stands between braces.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    Literal(Value),
    Path { up: usize, parts: Vec<String> },
    Call { name: String, arguments: Vec<Self>, named: Vec<(String, Self)> },
}

/// An open block: what it is, where it began, and what was read of it.
struct Open {
    block: Block,
    name: String,
    arguments: Vec<Expression>,
    offset: usize,
    body: Vec<Node>,
    /// The part before `{{else}}`, once that was met.
    before_else: Option<Vec<Node>>,
}

pub(super) fn parse(text: &str) -> Result<Vec<Node>, TemplateError> {
    // Names that are assigned may be used anywhere behind.
    let assigns = text.contains("assign ");
    let mut open: Vec<Open> = Vec::new();
    let mut top: Vec<Node> = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("{{") {
        let offset = at + found;
        let error = |message: String| TemplateError { offset, message };
        push(&mut open, &mut top, Node::Text(text[at..offset].to_owned()));
        let rest = &text[offset..];
        let (inner, length, raw) = if let Some(comment) = rest.strip_prefix("{{!--") {
            let end = comment.find("--}}").ok_or_else(|| error("a comment without \"--}}\"".to_owned()))?;
            at = offset + 5 + end + 4;
            continue;
        } else if rest.starts_with("{{{") {
            let end = rest.find("}}}").ok_or_else(|| error("\"{{{\" without \"}}}\"".to_owned()))?;
            (&rest[3..end], end + 3, true)
        } else {
            let end = rest.find("}}").ok_or_else(|| error("\"{{\" without \"}}\"".to_owned()))?;
            (&rest[2..end], end + 2, false)
        };
        at = offset + length;
        let inner = inner.trim().trim_matches('~').trim();
        if inner.starts_with('!') {
            continue;
        }
        if let Some(head) = inner.strip_prefix('#') {
            if open.len() == DEPTH_MAX {
                return Err(error(format!("blocks are nested more than {DEPTH_MAX} deep")));
            }
            open.push(begin(head.trim(), offset, !open.is_empty() || assigns).map_err(error)?);
        } else if let Some(name) = inner.strip_prefix('/') {
            let ended = open.pop().ok_or_else(|| error(format!("{{{{/{name}}}}} without its beginning")))?;
            if ended.name != name.trim() {
                return Err(error(format!("{{{{/{name}}}}} ends {{{{#{}}}}}", ended.name)));
            }
            let (body, otherwise) = match ended.before_else {
                Some(before) => (before, ended.body),
                None => (ended.body, Vec::new()),
            };
            let node = Node::Block { block: ended.block, arguments: ended.arguments, body, otherwise };
            push(&mut open, &mut top, node);
        } else if inner == "else" || inner == "^" {
            let block = open.last_mut().filter(|block| block.before_else.is_none());
            let block = block.ok_or_else(|| error("{{else}} outside a block".to_owned()))?;
            block.before_else = Some(std::mem::take(&mut block.body));
        } else {
            let expression = expression(inner, !open.is_empty() || assigns).map_err(error)?;
            push(&mut open, &mut top, Node::Output { expression, raw });
        }
    }
    push(&mut open, &mut top, Node::Text(text[at..].to_owned()));
    match open.pop() {
        Some(open) => {
            Err(TemplateError { offset: open.offset, message: format!("{{{{#{}}}}} is never ended", open.name) })
        }
        None => Ok(top),
    }
}

fn push(open: &mut [Open], top: &mut Vec<Node>, node: Node) {
    if matches!(&node, Node::Text(text) if text.is_empty()) {
        return;
    }
    match open.last_mut() {
        Some(block) => block.body.push(node),
        None => top.push(node),
    }
}

fn begin(head: &str, offset: usize, loose: bool) -> Result<Open, String> {
    let (name, rest) = head.split_once(char::is_whitespace).unwrap_or((head, ""));
    let known = BLOCKS.iter().find(|(known, _, _)| *known == name);
    let (_, block, count) = known.ok_or_else(|| {
        let names: Vec<_> = BLOCKS.iter().map(|(name, _, _)| *name).collect();
        format!("block {name:?} is not supported, only {}", names.join(", "))
    })?;
    let mut words = Words { text: rest, at: 0, depth: 0, loose };
    let mut arguments = Vec::new();
    while !words.is_at_end() {
        arguments.push(words.argument()?);
    }
    if arguments.len() != *count {
        return Err(format!("{{{{#{name}}}}} has {} arguments, expected {count}", arguments.len()));
    }
    Ok(Open { block: *block, name: name.to_owned(), arguments, offset, body: Vec::new(), before_else: None })
}

fn expression(text: &str, loose: bool) -> Result<Expression, String> {
    let mut words = Words { text, at: 0, depth: 0, loose };
    let expression = words.call()?;
    if words.is_at_end() { Ok(expression) } else { Err(format!("{:?} is not expected", &words.text[words.at..])) }
}

struct Words<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    /// Whether names may be those of a block's `this`, or assigned.
    loose: bool,
}

impl Words<'_> {
    fn skip(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn is_at_end(&mut self) -> bool {
        self.skip();
        self.at == self.text.len()
    }

    fn word(&mut self) -> &str {
        self.skip();
        let rest = &self.text[self.at..];
        let mut in_brackets = false;
        let end = rest.find(|c: char| {
            match c {
                '[' => in_brackets = true,
                ']' => in_brackets = false,
                _ => {}
            }
            !in_brackets && (c.is_whitespace() || matches!(c, ')' | '(' | '=' | '\'' | '"'))
        });
        let end = end.unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// A helper with its arguments, or a path.
    fn call(&mut self) -> Result<Expression, String> {
        self.skip();
        let start = self.at;
        if self.text[start..].starts_with(['\'', '"', '(']) {
            return self.argument();
        }
        let name = self.word().to_owned();
        if !helpers::is_known(&name) {
            let has_more = {
                let at = self.at;
                let end = self.is_at_end() || self.text[self.at..].starts_with(')');
                self.at = at;
                !end
            };
            if has_more {
                return Err(unknown(&name));
            }
            self.at = start;
            return self.argument();
        }
        let (mut arguments, mut named) = (Vec::new(), Vec::new());
        while !self.is_at_end() && !self.text[self.at..].starts_with(')') {
            let before = self.at;
            let key = self.word().to_owned();
            if !key.is_empty() && self.text[self.at..].starts_with('=') {
                self.at += 1;
                named.push((key, self.argument()?));
            } else {
                self.at = before;
                arguments.push(self.argument()?);
            }
        }
        Ok(Expression::Call { name, arguments, named })
    }

    fn argument(&mut self) -> Result<Expression, String> {
        self.skip();
        let rest = &self.text[self.at..];
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            let end = rest[1..].find(quote).ok_or("a text without its closing quote")?;
            self.at += end + 2;
            return Ok(Expression::Literal(Value::String(rest[1..=end].to_owned())));
        }
        if rest.starts_with('(') {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(format!("brackets are nested more than {DEPTH_MAX} deep"));
            }
            self.at += 1;
            let inner = self.call()?;
            self.skip();
            if !self.text[self.at..].starts_with(')') {
                return Err("\"(\" without \")\"".to_owned());
            }
            self.at += 1;
            self.depth -= 1;
            return Ok(inner);
        }
        let loose = self.loose;
        let word = self.word();
        match word {
            "" => Err(format!("{rest:?} is not expected")),
            "true" | "false" => Ok(Expression::Literal(Value::Bool(word == "true"))),
            "null" => Ok(Expression::Literal(Value::Null)),
            _ if word.parse::<f64>().is_ok() => {
                Ok(Expression::Literal(serde_json::from_str(word).unwrap_or_else(|_| Value::String(word.to_owned()))))
            }
            _ if helpers::is_known(word) && !loose => {
                Ok(Expression::Call { name: word.to_owned(), arguments: Vec::new(), named: Vec::new() })
            }
            _ => path(word, loose),
        }
    }
}

fn path(word: &str, loose: bool) -> Result<Expression, String> {
    let (mut up, mut rest) = (0, word);
    while let Some(outer) = rest.strip_prefix("../") {
        up += 1;
        rest = outer;
    }
    let parts: Vec<String> = rest
        .split('.')
        .map(|part| part.strip_prefix('[').and_then(|part| part.strip_suffix(']')).unwrap_or(part).to_owned())
        .collect();
    if !loose && !model::is_known(&parts) {
        return Err(unknown(word));
    }
    Ok(Expression::Path { up, parts })
}

fn unknown(name: &str) -> String {
    format!(
        "template expression {name:?} is not supported, only {} and {}",
        model::ROOTS.join(", "),
        helpers::NAMES.join(", ")
    )
}
