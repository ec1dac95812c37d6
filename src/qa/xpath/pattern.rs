//! Match patterns: what a rule's context says of the nodes it is for.

use super::ast::{Axis, Expr, Step, Test};
use super::axes::{parent, passes};
use super::evaluate::{Evaluation, Focus};
use super::item::{Item, Node};
use super::{DynamicError, Prefixes, StaticError, Surroundings, parser};

/// A compiled match pattern: `a/b`, `//a[@id='1']`, `/a`, alternatives with `|`.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    alternatives: Vec<Alternative>,
}

#[derive(Clone, Debug)]
struct Alternative {
    /// Whether the first step stands directly below the root, or is the root itself where there is none.
    from_root: bool,
    /// From the node upwards; each says whether any number of steps may lie above it.
    steps: Vec<Level>,
}

#[derive(Clone, Debug)]
struct Level {
    axis: Axis,
    test: Test,
    predicates: Vec<Expr>,
    /// The next level is anywhere above, instead of the parent.
    any_above: bool,
}

impl Pattern {
    /// Compiles `text`; every prefix in it must be declared.
    pub fn compile(text: &str, prefixes: &Prefixes) -> Result<Self, StaticError> {
        let refused = |message: &str| StaticError { message: message.to_owned(), at: 1, expression: text.to_owned() };
        let paths = parser::parse_alternatives(text, prefixes)?;
        let alternatives = paths
            .into_iter()
            .map(|path| match path {
                Expr::Path { from_root, steps } => alternative(from_root, steps),
                Expr::ContextItem => Some(Alternative { from_root: false, steps: vec![Level::any()] }),
                _ => None,
            })
            .collect::<Option<_>>()
            .ok_or_else(|| refused("a context is a path of child and attribute steps"))?;
        Ok(Self { text: text.to_owned(), alternatives })
    }

    /// The pattern as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether an attribute could match.
    pub fn can_be_attribute(&self) -> bool {
        self.alternatives
            .iter()
            .any(|alternative| alternative.steps.first().is_some_and(|level| level.axis == Axis::Attribute))
    }

    /// Whether the node is one the pattern is for.
    pub fn matches<'a>(&self, node: Node<'a>, surroundings: &Surroundings<'a>) -> Result<bool, DynamicError> {
        let mut evaluation = Evaluation::new(surroundings);
        for alternative in &self.alternatives {
            if alternative.matches(node, &mut evaluation)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn alternative(from_root: bool, steps: Vec<Step>) -> Option<Alternative> {
    let mut levels: Vec<Level> = Vec::with_capacity(steps.len());
    let mut any_above = false;
    let mut anchored = from_root;
    for (number, step) in steps.into_iter().enumerate() {
        let Step::Axis { axis, test, predicates } = step else {
            return None;
        };
        let (axis, far) = match axis {
            Axis::Child | Axis::Attribute => (axis, false),
            Axis::Descendant => (Axis::Child, true),
            Axis::DescendantOrSelf if test == Test::Any && predicates.is_empty() => {
                any_above = true;
                continue;
            }
            Axis::Itself => (Axis::Itself, false),
            _ => return None,
        };
        let far = far || std::mem::take(&mut any_above);
        if far && number <= 1 && levels.is_empty() {
            // `//a` is for any `a`, whatever is above it.
            anchored = false;
        }
        levels.push(Level { axis, test, predicates, any_above: far });
    }
    levels.reverse();
    Some(Alternative { from_root: anchored, steps: levels })
}

impl Level {
    fn any() -> Self {
        Self { axis: Axis::Itself, test: Test::Any, predicates: Vec::new(), any_above: false }
    }
}

impl Alternative {
    fn matches<'a>(&self, node: Node<'a>, evaluation: &mut Evaluation<'_, 'a>) -> Result<bool, DynamicError> {
        if self.steps.is_empty() {
            return Ok(self.from_root && is_root(node));
        }
        self.matches_from(0, node, evaluation)
    }

    fn matches_from<'a>(
        &self,
        number: usize,
        node: Node<'a>,
        evaluation: &mut Evaluation<'_, 'a>,
    ) -> Result<bool, DynamicError> {
        let level = &self.steps[number];
        if !level.matches(node, evaluation)? {
            return Ok(false);
        }
        let scope = evaluation.surroundings.scope;
        let above = parent(node, scope);
        if number + 1 == self.steps.len() {
            return Ok(!self.from_root || above.is_some_and(is_root));
        }
        let mut candidate = above;
        while let Some(above) = candidate {
            if self.matches_from(number + 1, above, evaluation)? {
                return Ok(true);
            }
            candidate = if level.any_above { parent(above, scope) } else { None };
        }
        Ok(false)
    }
}

impl Level {
    fn matches<'a>(&self, node: Node<'a>, evaluation: &mut Evaluation<'_, 'a>) -> Result<bool, DynamicError> {
        if !passes(node, self.axis, &self.test) || (self.axis == Axis::Child && is_root(node)) {
            return Ok(false);
        }
        if self.predicates.is_empty() {
            return Ok(true);
        }
        if self.predicates.iter().any(Expr::may_be_positional) {
            return self.is_among_siblings(node, evaluation);
        }
        let mut kept = vec![Item::Node(node)];
        for predicate in &self.predicates {
            kept = evaluation.filtered(kept, predicate)?;
        }
        Ok(!kept.is_empty())
    }

    /// Predicates that may ask for a position are judged among the nodes that the same step finds.
    fn is_among_siblings<'a>(&self, node: Node<'a>, evaluation: &mut Evaluation<'_, 'a>) -> Result<bool, DynamicError> {
        let Some(above) = parent(node, evaluation.surroundings.scope) else {
            return Ok(false);
        };
        let step = Step::Axis { axis: self.axis, test: self.test.clone(), predicates: self.predicates.clone() };
        let path = Expr::Path { from_root: false, steps: vec![step] };
        let found = evaluation.expression(&path, Focus::on(above))?;
        Ok(found.iter().any(|item| matches!(item, Item::Node(found) if found.order() == node.order())))
    }
}

fn is_root(node: Node<'_>) -> bool {
    match node {
        Node::Above(_) => true,
        Node::Tree(tree) => tree.is_root(),
        Node::Attribute(..) => false,
    }
}
