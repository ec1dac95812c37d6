//! The value of an expression.

use super::arithmetic::arithmetic;
use super::ast::{Axis, Choice, Expr, ItemType, Occurrence, Operation, Placement, Step};
use super::atomic::{Atomic, AtomicType};
use super::axes::{passes, walk};
use super::casting::cast;
use super::item::{Item, Node, Sequence, effective_boolean, in_document_order};
use super::{DynamicError, ITEMS_MAX, Surroundings, comparing};

type Value<'a> = Result<Sequence<'a>, DynamicError>;

/// The item an expression is about, and where it stands among those of its step.
#[derive(Clone, Debug)]
pub(super) struct Focus<'a> {
    pub(super) item: Item<'a>,
    pub(super) position: usize,
    pub(super) size: usize,
}

impl<'a> Focus<'a> {
    pub(super) fn on(node: Node<'a>) -> Self {
        Self { item: Item::Node(node), position: 1, size: 1 }
    }

    pub(super) fn node(&self) -> Result<Node<'a>, DynamicError> {
        match &self.item {
            Item::Node(node) => Ok(*node),
            Item::Atomic(value) => Err(DynamicError::Type(format!("{value} is not a node"))),
        }
    }
}

pub(super) struct Evaluation<'s, 'a> {
    pub(super) surroundings: &'s Surroundings<'a>,
    bound: Vec<(String, Sequence<'a>)>,
}

impl<'s, 'a> Evaluation<'s, 'a> {
    pub(super) fn new(surroundings: &'s Surroundings<'a>) -> Self {
        Self { surroundings, bound: Vec::new() }
    }

    /// Minutes from UTC of a date that says nothing of it.
    pub(super) fn implicit_offset(&self) -> i32 {
        self.surroundings.now.offset().seconds() / 60
    }

    fn spend(&self, steps: u64) -> Result<(), DynamicError> {
        let left = self.surroundings.steps.get().checked_sub(steps).ok_or(DynamicError::Steps)?;
        self.surroundings.steps.set(left);
        Ok(())
    }

    pub(super) fn expression(&mut self, expression: &Expr, focus: Focus<'a>) -> Value<'a> {
        self.value(expression, &focus)
    }

    pub(super) fn value(&mut self, expression: &Expr, focus: &Focus<'a>) -> Value<'a> {
        self.spend(1)?;
        match expression {
            Expr::Literal(value) => Ok(vec![Item::Atomic(value.clone())]),
            Expr::Variable(name) => self.variable(name),
            Expr::ContextItem => Ok(vec![focus.item.clone()]),
            Expr::Sequence(items) => {
                let mut all = Vec::new();
                for item in items {
                    all.append(&mut self.value(item, focus)?);
                }
                Ok(all)
            }
            Expr::Or(left, right) => {
                let holds = self.condition(left, focus)? || self.condition(right, focus)?;
                Ok(boolean(holds))
            }
            Expr::And(left, right) => {
                let holds = self.condition(left, focus)? && self.condition(right, focus)?;
                Ok(boolean(holds))
            }
            Expr::General(comparison, left, right) => {
                let (left, right) = (self.atomized(left, focus)?, self.atomized(right, focus)?);
                for left in &left {
                    self.spend(right.len() as u64)?;
                    for right in &right {
                        if comparing::general(*comparison, left, right, self.implicit_offset())? {
                            return Ok(boolean(true));
                        }
                    }
                }
                Ok(boolean(false))
            }
            Expr::Value(comparison, left, right) => {
                let (Some(left), Some(right)) = (self.single(left, focus)?, self.single(right, focus)?) else {
                    return Ok(Vec::new());
                };
                Ok(boolean(comparing::typed(*comparison, &left, &right, self.implicit_offset())?))
            }
            Expr::Arithmetic(operation, left, right) => {
                let (Some(left), Some(right)) = (self.single(left, focus)?, self.single(right, focus)?) else {
                    return Ok(Vec::new());
                };
                Ok(vec![Item::Atomic(arithmetic(*operation, left, right)?)])
            }
            Expr::Negated(operand) => {
                let Some(operand) = self.single(operand, focus)? else {
                    return Ok(Vec::new());
                };
                Ok(vec![Item::Atomic(arithmetic(Operation::Subtract, Atomic::Integer(0), operand)?)])
            }
            Expr::Range(first, last) => {
                let (Some(first), Some(last)) = (self.single(first, focus)?, self.single(last, focus)?) else {
                    return Ok(Vec::new());
                };
                let (first, last) = (bound(&first)?, bound(&last)?);
                let numbers = if first > last { 0 } else { last.abs_diff(first).saturating_add(1) };
                if numbers > ITEMS_MAX {
                    return Err(DynamicError::Items);
                }
                self.spend(numbers)?;
                Ok((first..=last).map(|number| Item::Atomic(Atomic::Integer(number))).collect())
            }
            Expr::Nodes(choice, left, right) => {
                let (left, right) = (nodes(self.value(left, focus)?)?, nodes(self.value(right, focus)?)?);
                Ok(chosen(*choice, left, right).into_iter().map(Item::Node).collect())
            }
            Expr::Placed(placement, left, right) => {
                let (left, right) = (nodes(self.value(left, focus)?)?, nodes(self.value(right, focus)?)?);
                let (left, right) = match (left.as_slice(), right.as_slice()) {
                    ([], _) | (_, []) => return Ok(Vec::new()),
                    ([left], [right]) => (left.order(), right.order()),
                    (left, right) => {
                        let more = left.len().max(right.len());
                        return Err(DynamicError::Type(format!("{more} nodes where one is expected")));
                    }
                };
                Ok(boolean(match placement {
                    Placement::Same => left == right,
                    Placement::Before => left < right,
                    Placement::After => left > right,
                }))
            }
            Expr::InstanceOf(operand, target, occurrence) => {
                let value = self.value(operand, focus)?;
                let count = match occurrence {
                    Occurrence::One => value.len() == 1,
                    Occurrence::ZeroOrOne => value.len() <= 1,
                    Occurrence::OneOrMore => !value.is_empty(),
                    Occurrence::ZeroOrMore => true,
                };
                let types = value.iter().all(|item| is_of(item, target));
                Ok(boolean(count && types))
            }
            Expr::Castable { operand, target, empty_allowed } => {
                let value = self.atomized(operand, focus)?;
                Ok(boolean(match value.as_slice() {
                    [] => *empty_allowed,
                    [single] => cast(single, *target).is_ok(),
                    _ => false,
                }))
            }
            Expr::Cast { operand, target, empty_allowed } => match self.single(operand, focus)? {
                Some(value) => Ok(vec![Item::Atomic(cast(&value, *target)?)]),
                None if *empty_allowed => Ok(Vec::new()),
                None => Err(DynamicError::Type(format!("nothing cannot be made a {}", target.name()))),
            },
            Expr::If(condition, then, otherwise) => {
                let chosen = if self.condition(condition, focus)? { then } else { otherwise };
                self.value(chosen, focus)
            }
            Expr::For { variable, over, result } => {
                let mut all = Vec::new();
                for item in self.value(over, focus)? {
                    all.append(&mut self.with(variable, item, result, focus)?);
                    if all.len() as u64 > ITEMS_MAX {
                        return Err(DynamicError::Items);
                    }
                }
                Ok(all)
            }
            Expr::Quantified { every, variable, over, condition } => {
                for item in self.value(over, focus)? {
                    if effective_boolean(&self.with(variable, item, condition, focus)?)? != *every {
                        return Ok(boolean(!every));
                    }
                }
                Ok(boolean(*every))
            }
            Expr::Path { from_root, steps } => self.path(*from_root, steps, focus),
            Expr::Call(function, arguments) => {
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    values.push(self.value(argument, focus)?);
                }
                let cost: usize = values.iter().map(Vec::len).sum();
                self.spend(cost as u64)?;
                function.call(values, focus, self)
            }
            Expr::Filtered(inner, predicates) => {
                let mut items = self.value(inner, focus)?;
                for predicate in predicates {
                    items = self.filtered(items, predicate)?;
                }
                Ok(items)
            }
        }
    }

    fn variable(&self, name: &str) -> Value<'a> {
        let known = self.bound.iter().rev().chain(self.surroundings.variables.iter().rev());
        let value = known.into_iter().find(|(bound, _)| bound == name).map(|(_, value)| value.clone());
        value.ok_or_else(|| DynamicError::Variable(name.to_owned()))
    }

    fn with(&mut self, variable: &str, item: Item<'a>, expression: &Expr, focus: &Focus<'a>) -> Value<'a> {
        self.bound.push((variable.to_owned(), vec![item]));
        let value = self.value(expression, focus);
        self.bound.pop();
        value
    }

    fn condition(&mut self, expression: &Expr, focus: &Focus<'a>) -> Result<bool, DynamicError> {
        effective_boolean(&self.value(expression, focus)?)
    }

    fn atomized(&mut self, expression: &Expr, focus: &Focus<'a>) -> Result<Vec<Atomic>, DynamicError> {
        Ok(self.value(expression, focus)?.iter().map(Item::atomized).collect())
    }

    fn single(&mut self, expression: &Expr, focus: &Focus<'a>) -> Result<Option<Atomic>, DynamicError> {
        single(&self.value(expression, focus)?)
    }

    fn path(&mut self, from_root: bool, steps: &[Step], focus: &Focus<'a>) -> Value<'a> {
        let start = if from_root { Item::Node(self.root(focus)?) } else { focus.item.clone() };
        let mut items = vec![start];
        for (number, step) in steps.iter().enumerate() {
            // The first step of a relative path sees the focus itself, position included.
            let outer = (number == 0 && !from_root).then_some(focus);
            items = self.step(step, items, outer)?;
        }
        Ok(items)
    }

    fn root(&self, focus: &Focus<'a>) -> Result<Node<'a>, DynamicError> {
        Ok(match (self.surroundings.scope, focus.node()?) {
            (Some(scope), _) | (None, Node::Above(scope)) => Node::Above(scope),
            (None, node) => Node::Tree(node.tree().document().root()),
        })
    }

    fn step(&mut self, step: &Step, items: Sequence<'a>, outer: Option<&Focus<'a>>) -> Value<'a> {
        let size = items.len();
        match step {
            Step::Axis { axis, test, predicates } => {
                let mut all = Vec::new();
                for item in items {
                    let Item::Node(node) = item else {
                        return Err(DynamicError::Type(format!("{} has no nodes around it", item.text())));
                    };
                    let mut found = Vec::new();
                    let visited = walk(*axis, test, node, self.surroundings.scope, &mut found);
                    self.spend(visited)?;
                    if predicates.is_empty() {
                        all.append(&mut found);
                        continue;
                    }
                    let mut kept: Sequence<'a> = found.into_iter().map(Item::Node).collect();
                    for predicate in predicates {
                        kept = self.filtered(kept, predicate)?;
                    }
                    all.append(&mut nodes(kept)?);
                }
                if size > 1 || axis.is_reverse() {
                    in_document_order(&mut all);
                }
                Ok(all.into_iter().map(Item::Node).collect())
            }
            Step::Each { expression, predicates } => {
                let mut all = Vec::new();
                for (index, item) in items.into_iter().enumerate() {
                    let own = Focus { item, position: index + 1, size };
                    let mut found = self.value(expression, outer.unwrap_or(&own))?;
                    for predicate in predicates {
                        found = self.filtered(found, predicate)?;
                    }
                    all.append(&mut found);
                }
                if all.iter().all(|item| matches!(item, Item::Node(_))) {
                    let mut all = nodes(all)?;
                    in_document_order(&mut all);
                    return Ok(all.into_iter().map(Item::Node).collect());
                }
                Ok(all)
            }
        }
    }

    /// The items for which the predicate holds, or whose position it names.
    pub(super) fn filtered(&mut self, items: Sequence<'a>, predicate: &Expr) -> Value<'a> {
        let size = items.len();
        let mut kept = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let focus = Focus { item, position: index + 1, size };
            let value = self.value(predicate, &focus)?;
            let keeps = match value.as_slice() {
                [Item::Atomic(single)] if single.as_number().is_some() => {
                    #[expect(
                        clippy::cast_precision_loss,
                        reason = "a document has fewer nodes than a double has digits"
                    )]
                    let position = focus.position as f64;
                    single.as_number() == Some(position)
                }
                _ => effective_boolean(&value)?,
            };
            if keeps {
                kept.push(focus.item);
            }
        }
        Ok(kept)
    }
}

/// Whether an item is of a type.
fn is_of(item: &Item<'_>, wanted: &ItemType) -> bool {
    match (wanted, item) {
        (ItemType::Any, _) => true,
        (ItemType::Atomic(wanted), Item::Atomic(value)) => value.is_a(*wanted),
        (ItemType::Node { axis, test, is_untyped }, Item::Node(node)) => *is_untyped && passes(*node, *axis, test),
        (ItemType::DocumentOf { test, is_untyped }, Item::Node(node)) => {
            let element = match node {
                Node::Above(element) => Some(*element),
                Node::Tree(tree) if tree.is_root() => tree.first_element_child(),
                Node::Tree(_) | Node::Attribute(..) => None,
            };
            element.is_some_and(|element| *is_untyped && passes(Node::Tree(element), Axis::Child, test))
        }
        _ => false,
    }
}

pub(super) fn boolean<'a>(value: bool) -> Sequence<'a> {
    vec![Item::Atomic(Atomic::Boolean(value))]
}

fn nodes(value: Sequence<'_>) -> Result<Vec<Node<'_>>, DynamicError> {
    value
        .into_iter()
        .map(|item| match item {
            Item::Node(node) => Ok(node),
            Item::Atomic(value) => Err(DynamicError::Type(format!("{value} is not a node"))),
        })
        .collect()
}

/// The nodes of two values that are kept, in document order, each once.
fn chosen<'a>(choice: Choice, mut left: Vec<Node<'a>>, mut right: Vec<Node<'a>>) -> Vec<Node<'a>> {
    if choice == Choice::Either {
        left.append(&mut right);
        in_document_order(&mut left);
        return left;
    }
    in_document_order(&mut left);
    in_document_order(&mut right);
    let wanted = choice == Choice::Both;
    left.retain(|node| right.binary_search_by_key(&node.order(), |other| other.order()).is_ok() == wanted);
    left
}

/// One end of a range: a whole number, or a text without a type that is one.
fn bound(value: &Atomic) -> Result<i64, DynamicError> {
    let whole = if let Atomic::Untyped(_) = value { &cast(value, AtomicType::Integer)? } else { value };
    match whole {
        Atomic::Integer(number) => Ok(*number),
        other => Err(DynamicError::Type(format!("{} {other} is not an end of a range", other.atomic_type().name()))),
    }
}

/// At most one value.
pub(super) fn single(value: &Sequence<'_>) -> Result<Option<Atomic>, DynamicError> {
    match value.as_slice() {
        [] => Ok(None),
        [item] => Ok(Some(item.atomized())),
        more => Err(DynamicError::Type(format!("{} values where one is expected", more.len()))),
    }
}
