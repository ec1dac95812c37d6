//! Bodies and headers with places to fill in: a subset of Handlebars (`producers.md` §2.4). Whatever is not in the subset
//! is an error when the stub is loaded, never an answer with a hole in it.

mod helpers;
mod model;
mod parse;

use std::cell::RefCell;

use serde_json::Value;

use crate::producers::asked::Asked;
use crate::producers::behaviour::delay::Numbers;
use crate::producers::settings::TEMPLATE_BYTES_MAX;
use crate::soap::xml::text::escape_into;

use self::parse::{Block, Expression, Node};

/// A text with places to fill in.
#[derive(Clone, Debug)]
pub struct Template {
    nodes: Vec<Node>,
    escapes: bool,
}

/// A template that cannot be read: byte offset, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Offset of the opening braces in the text.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
}

/// What a template is filled in from.
pub struct Filling<'f, 'a> {
    /// The request.
    pub asked: &'f Asked<'a>,
    /// `transformerParameters` of the stub.
    pub parameters: &'f Value,
    /// What the scenarios and machines of the system remember.
    pub state: &'f Value,
    /// The draws of this call.
    pub numbers: RefCell<Numbers>,
    /// The answer of a source, such as `schema:typical`.
    pub source: &'f dyn Fn(&str) -> Option<String>,
}

/// Where a template is being filled in: a stack of what `this` is, and what was assigned.
struct Scope {
    stack: Vec<Frame>,
    assigned: Vec<(String, Value)>,
}

/// One level of `each` or `with`.
struct Frame {
    this: Value,
    index: Option<(usize, usize)>,
    key: Option<String>,
}

impl Template {
    /// Reads a text; values are escaped as XML content where `escapes`.
    pub fn parse(text: &str, escapes: bool) -> Result<Self, TemplateError> {
        Ok(Self { nodes: parse::parse(text)?, escapes })
    }

    /// Whether there is nothing to fill in.
    pub fn is_plain(&self) -> bool {
        self.nodes.iter().all(|node| matches!(node, Node::Text(_)))
    }

    /// The text for one request. What the request does not say becomes nothing; `Err` says why there is no text.
    pub fn fill(&self, filling: &Filling<'_, '_>) -> Result<String, String> {
        let mut out = String::new();
        let mut scope = Scope { stack: Vec::new(), assigned: Vec::new() };
        self.nodes(&self.nodes, filling, &mut scope, &mut out)?;
        Ok(out)
    }

    fn nodes(
        &self,
        nodes: &[Node],
        filling: &Filling<'_, '_>,
        scope: &mut Scope,
        out: &mut String,
    ) -> Result<(), String> {
        for node in nodes {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Output { expression, raw } => {
                    let value = evaluate(expression, filling, scope)?;
                    let text = helpers::text(&value);
                    if self.escapes && !raw {
                        escape_into(out, &text);
                    } else {
                        out.push_str(&text);
                    }
                }
                Node::Block { block, arguments, body, otherwise } => {
                    self.block(*block, arguments, body, otherwise, filling, scope, out)?;
                }
            }
            if out.len() > TEMPLATE_BYTES_MAX {
                return Err(format!("its body exceeds {TEMPLATE_BYTES_MAX} bytes"));
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a block, taken apart once")]
    fn block(
        &self,
        block: Block,
        arguments: &[Expression],
        body: &[Node],
        otherwise: &[Node],
        filling: &Filling<'_, '_>,
        scope: &mut Scope,
        out: &mut String,
    ) -> Result<(), String> {
        let values: Vec<Value> =
            arguments.iter().map(|argument| evaluate(argument, filling, scope)).collect::<Result<_, _>>()?;
        let first = values.first().unwrap_or(&Value::Null);
        match block {
            Block::If | Block::Unless | Block::Eq => {
                let holds = match block {
                    Block::Eq => helpers::text(first) == helpers::text(values.get(1).unwrap_or(&Value::Null)),
                    _ => helpers::truth(first) == (block == Block::If),
                };
                self.nodes(if holds { body } else { otherwise }, filling, scope, out)
            }
            Block::With if helpers::truth(first) => {
                scope.stack.push(Frame { this: first.clone(), index: None, key: None });
                let filled = self.nodes(body, filling, scope, out);
                scope.stack.pop();
                filled
            }
            Block::With => self.nodes(otherwise, filling, scope, out),
            Block::Each => {
                let items: Vec<(Option<String>, Value)> = match first {
                    Value::Array(list) => list.iter().map(|item| (None, item.clone())).collect(),
                    Value::Object(members) => {
                        members.iter().map(|(key, value)| (Some(key.clone()), value.clone())).collect()
                    }
                    _ => Vec::new(),
                };
                if items.is_empty() {
                    return self.nodes(otherwise, filling, scope, out);
                }
                let count = items.len();
                for (place, (key, this)) in items.into_iter().enumerate() {
                    scope.stack.push(Frame { this, index: Some((place, count)), key });
                    let filled = self.nodes(body, filling, scope, out);
                    scope.stack.pop();
                    filled?;
                }
                Ok(())
            }
        }
    }
}

fn evaluate(expression: &Expression, filling: &Filling<'_, '_>, scope: &mut Scope) -> Result<Value, String> {
    match expression {
        Expression::Literal(value) => Ok(value.clone()),
        Expression::Path { up, parts } => Ok(model::find(*up, parts, filling, scope)),
        Expression::Call { name, arguments, named } => {
            let values: Vec<Value> =
                arguments.iter().map(|argument| evaluate(argument, filling, scope)).collect::<Result<_, _>>()?;
            let mut options = Vec::with_capacity(named.len());
            for (key, value) in named {
                options.push((key.clone(), evaluate(value, filling, scope)?));
            }
            helpers::call(name, &values, &options, filling, scope)
        }
    }
}
