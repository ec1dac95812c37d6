//! An expression on a message.

use std::borrow::Cow;
use std::cell::Cell;

use super::found::{Found, Item};
use super::syntax::{Axis, Expression, Path, Step, Test};
use super::{Names, functions};
use crate::producers::settings::XPATH_NODES_MAX;
use crate::producers::xml::tree::{Document, Kind, NodeId, qualified};

/// Namespace of SOAP envelopes, bound to `soapenv` where an expression binds nothing itself.
const SOAP: &str = crate::soap::fault::SOAP_11;

/// One run over one message.
pub struct Run<'d, 'a> {
    /// The message.
    pub document: &'d Document<'a>,
    names: &'d Names,
    visited: Cell<usize>,
}

/// Where an expression stands: a node, its place among its kind, and how many there are.
#[derive(Clone, Copy)]
pub(super) struct Here {
    pub(super) item: Item,
    pub(super) position: usize,
    pub(super) size: usize,
}

impl<'d, 'a> Run<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>, names: &'d Names) -> Self {
        Self { document, names, visited: Cell::new(0) }
    }

    /// Runs an expression from the document; `None` where it visits too much.
    pub(super) fn whole(&self, expression: &'d Expression) -> Option<Found<'d>>
    where
        'a: 'd,
    {
        self.evaluate(expression, Here { item: Item::of(0), position: 1, size: 1 })
    }

    pub(super) fn evaluate(&self, expression: &Expression, here: Here) -> Option<Found<'d>> {
        Some(match expression {
            Expression::Literal(text) => Found::Text(Cow::Owned(text.clone())),
            Expression::Number(number) => Found::Number(*number),
            Expression::Negative(inner) => Found::Number(-self.evaluate(inner, here)?.number(self.document)),
            Expression::Path(path) => Found::Nodes(self.path(path, here.item)?),
            Expression::From(inner, predicates, steps) => {
                let Found::Nodes(mut nodes) = self.evaluate(inner, here)? else { return None };
                for predicate in predicates {
                    nodes = self.kept(predicate, nodes)?;
                }
                Found::Nodes(self.steps(steps, nodes)?)
            }
            Expression::Call(name, arguments) => functions::call(self, name, arguments, here)?,
            Expression::Binary(operator, one, other) => self.binary(operator, one, other, here)?,
        })
    }

    fn binary(&self, operator: &str, one: &Expression, other: &Expression, here: Here) -> Option<Found<'d>> {
        if operator == "and" || operator == "or" {
            let first = self.evaluate(one, here)?.truth();
            let decided = first == (operator == "or");
            return Some(Found::Truth(if decided { first } else { self.evaluate(other, here)?.truth() }));
        }
        let (one, other) = (self.evaluate(one, here)?, self.evaluate(other, here)?);
        if operator == "|" {
            let (Found::Nodes(mut all), Found::Nodes(more)) = (one, other) else { return None };
            all.extend(more);
            all.sort_unstable();
            all.dedup();
            return Some(Found::Nodes(all));
        }
        if matches!(operator, "=" | "!=" | "<" | "<=" | ">" | ">=") {
            return Some(Found::Truth(self.compare(operator, &one, &other)));
        }
        let (one, other) = (one.number(self.document), other.number(self.document));
        Some(Found::Number(match operator {
            "+" => one + other,
            "-" => one - other,
            "*" => one * other,
            "div" => one / other,
            _ => one % other,
        }))
    }

    /// A comparison holds where it holds for any of the nodes on either side.
    fn compare(&self, operator: &str, one: &Found<'d>, other: &Found<'d>) -> bool {
        let document = self.document;
        match (one, other) {
            (Found::Nodes(_), Found::Truth(truth)) => {
                simple(operator, &Found::Truth(one.truth()), &Found::Truth(*truth), document)
            }
            (Found::Truth(truth), Found::Nodes(_)) => {
                simple(operator, &Found::Truth(*truth), &Found::Truth(other.truth()), document)
            }
            (Found::Nodes(nodes), _) => {
                nodes.iter().any(|node| self.compare(operator, &Found::Text(node.text(document)), other))
            }
            (_, Found::Nodes(nodes)) => {
                nodes.iter().any(|node| self.compare(operator, one, &Found::Text(node.text(document))))
            }
            _ => simple(operator, one, other, document),
        }
    }

    fn path(&self, path: &Path, from: Item) -> Option<Vec<Item>> {
        let start = if path.absolute { Item::of(0) } else { from };
        self.steps(&path.steps, vec![start])
    }

    fn steps(&self, steps: &[Step], mut nodes: Vec<Item>) -> Option<Vec<Item>> {
        for step in steps {
            let several = nodes.len() > 1;
            let mut next = Vec::new();
            for node in nodes {
                let mut found = Vec::new();
                self.walk(step, node, &mut found)?;
                for predicate in &step.predicates {
                    found = self.kept(predicate, found)?;
                }
                next.append(&mut found);
            }
            if several || step.axis.is_reverse() {
                next.sort_unstable();
                next.dedup();
            }
            nodes = next;
        }
        Some(nodes)
    }

    /// The nodes for which a predicate holds; a number means a place.
    fn kept(&self, predicate: &Expression, nodes: Vec<Item>) -> Option<Vec<Item>> {
        let size = nodes.len();
        let mut kept = Vec::new();
        for (place, item) in nodes.into_iter().enumerate() {
            self.visit()?;
            let position = place + 1;
            let holds = match self.evaluate(predicate, Here { item, position, size })? {
                Found::Number(number) => number == position as f64,
                other => other.truth(),
            };
            if holds {
                kept.push(item);
            }
        }
        Some(kept)
    }

    fn visit(&self) -> Option<()> {
        let visited = self.visited.get() + 1;
        self.visited.set(visited);
        (visited <= XPATH_NODES_MAX).then_some(())
    }

    /// What a step finds from a node, in the order of its axis.
    fn walk(&self, step: &Step, from: Item, found: &mut Vec<Item>) -> Option<()> {
        let document = self.document;
        let at = from.node;
        let is_attribute = from.attribute > 0;
        let mut take = |item: Item| -> Option<()> {
            self.visit()?;
            if self.fits(&step.test, item) {
                found.push(item);
            }
            Some(())
        };
        match step.axis {
            Axis::Itself => take(from)?,
            Axis::Attribute if !is_attribute => {
                for (place, one) in document.attributes(at).iter().enumerate() {
                    if !one.is_declaration() {
                        take(Item { node: at, attribute: place + 1 })?;
                    }
                }
            }
            Axis::Child if !is_attribute => document.children(at).try_for_each(|child| take(Item::of(child)))?,
            Axis::Descendant if !is_attribute => {
                (at + 1..document.node(at).end).try_for_each(|node| take(Item::of(node)))?;
            }
            Axis::DescendantOrSelf => {
                take(from)?;
                if !is_attribute {
                    (at + 1..document.node(at).end).try_for_each(|node| take(Item::of(node)))?;
                }
            }
            Axis::Parent if is_attribute => take(Item::of(at))?,
            Axis::Parent if at != 0 => take(Item::of(document.node(at).parent))?,
            Axis::Ancestor | Axis::AncestorOrSelf => {
                if step.axis == Axis::AncestorOrSelf {
                    take(from)?;
                }
                if is_attribute {
                    take(Item::of(at))?;
                }
                let mut node = at;
                while node != 0 {
                    node = document.node(node).parent;
                    take(Item::of(node))?;
                }
            }
            Axis::FollowingSibling if !is_attribute && at != 0 => {
                let siblings = document.children(document.node(at).parent);
                siblings.filter(|sibling| *sibling > at).try_for_each(|sibling| take(Item::of(sibling)))?;
            }
            Axis::PrecedingSibling if !is_attribute && at != 0 => {
                let before: Vec<_> =
                    document.children(document.node(at).parent).take_while(|sibling| *sibling < at).collect();
                before.into_iter().rev().try_for_each(|sibling| take(Item::of(sibling)))?;
            }
            Axis::Following => {
                (document.node(at).end..document.len()).try_for_each(|node| take(Item::of(node)))?;
            }
            Axis::Preceding => {
                let is_before = |node: &NodeId| document.node(*node).end <= at;
                (1..at).rev().filter(is_before).try_for_each(|node| take(Item::of(node)))?;
            }
            _ => {}
        }
        Some(())
    }

    fn fits(&self, test: &Test, item: Item) -> bool {
        let is_text = item.attribute == 0 && matches!(self.document.node(item.node).kind, Kind::Text(_));
        match test {
            Test::Node => true,
            Test::Text => is_text,
            Test::Nothing => false,
            Test::Any => item.name(self.document).is_some(),
            Test::Prefix(prefix) => {
                let Some((written, _, namespace)) = item.name(self.document) else { return false };
                self.names.local_only || self.is_bound(prefix, written, namespace)
            }
            Test::Name(prefix, local) => {
                let Some((written, name, namespace)) = item.name(self.document) else { return false };
                name == local
                    && (self.names.local_only
                        || match prefix {
                            Some(prefix) => self.is_bound(prefix, written, namespace),
                            // An unprefixed attribute is in no namespace, ever.
                            None if self.names.bindings.is_some() => namespace.is_empty(),
                            None => written.is_empty(),
                        })
            }
        }
    }

    /// Whether a prefix of the expression stands for a namespace; without bindings, as the message and its contract say.
    fn is_bound(&self, prefix: &str, written: &str, namespace: &str) -> bool {
        if let Some(bindings) = &self.names.bindings {
            return bindings.get(prefix).is_some_and(|bound| bound == namespace);
        }
        if let Some(declared) = self.document.declared(prefix) {
            return declared == namespace;
        }
        let own = || self.document.message().and_then(|id| self.document.element_at(id)).map(|one| &*one.namespace);
        match prefix {
            "soapenv" => namespace == SOAP,
            "r" => own().is_some_and(|own| own == namespace),
            "c" => own().and_then(core_of).is_some_and(|core| core == namespace),
            _ => written == prefix,
        }
    }
}

/// The core namespace beside a contract's: the same without the operation.
fn core_of(contract: &str) -> Option<String> {
    let (rest, major) = contract.rsplit_once(':')?;
    let (domain, operation) = rest.rsplit_once(':')?;
    operation.ends_with("Responder").then(|| format!("{domain}:{major}"))
}

fn simple(operator: &str, one: &Found<'_>, other: &Found<'_>, document: &Document<'_>) -> bool {
    let numbers = |one: &Found<'_>, other: &Found<'_>| (one.clone().number(document), other.clone().number(document));
    match operator {
        "=" | "!=" => {
            let equal = match (one, other) {
                (Found::Truth(_), _) | (_, Found::Truth(_)) => one.truth() == other.truth(),
                (Found::Number(_), _) | (_, Found::Number(_)) => {
                    let (one, other) = numbers(one, other);
                    one == other
                }
                _ => one.clone().text(document) == other.clone().text(document),
            };
            equal == (operator == "=")
        }
        _ => {
            let (one, other) = numbers(one, other);
            match operator {
                "<" => one < other,
                "<=" => one <= other,
                ">" => one > other,
                _ => one >= other,
            }
        }
    }
}

/// A name as written.
pub(super) fn written(prefix: &str, local: &str) -> String {
    qualified(prefix, local).into_owned()
}
