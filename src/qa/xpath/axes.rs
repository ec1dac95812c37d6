//! From one node to others.

use super::ast::{Axis, Test};
use super::item::Node;

type Tree<'a> = roxmltree::Node<'a, 'a>;

/// The nodes on `axis` of `node` that pass `test`, nearest first; `scope` is the element nothing may be seen above of.
pub(super) fn walk<'a>(
    axis: Axis,
    test: &Test,
    node: Node<'a>,
    scope: Option<Tree<'a>>,
    found: &mut Vec<Node<'a>>,
) -> u64 {
    let mut visited = 0;
    let mut visit = |candidate: Node<'a>| {
        visited += 1;
        if passes(candidate, axis, test) {
            found.push(candidate);
        }
    };
    match axis {
        Axis::Itself => visit(node),
        Axis::Child => children(node).for_each(visit),
        Axis::Descendant => descendants(node).skip(1).for_each(visit),
        Axis::DescendantOrSelf => {
            if let Node::Above(_) | Node::Attribute(..) = node {
                visit(node);
            }
            if !matches!(node, Node::Attribute(..)) {
                let skipped = usize::from(matches!(node, Node::Above(_)));
                descendants(node).skip(skipped).for_each(visit);
            }
        }
        Axis::Parent => parent(node, scope).into_iter().for_each(visit),
        Axis::Ancestor => ancestors(node, scope).for_each(visit),
        Axis::AncestorOrSelf => std::iter::once(node).chain(ancestors(node, scope)).for_each(visit),
        Axis::PrecedingSibling => siblings(node, scope, |node| node.prev_sibling()).for_each(visit),
        Axis::FollowingSibling => siblings(node, scope, |node| node.next_sibling()).for_each(visit),
        Axis::Following => std::iter::once(node).chain(ancestors(node, scope)).for_each(|above| {
            siblings(above, scope, |node| node.next_sibling()).flat_map(descendants).for_each(&mut visit);
        }),
        Axis::Preceding => std::iter::once(node).chain(ancestors(node, scope)).for_each(|above| {
            for sibling in siblings(above, scope, |node| node.prev_sibling()) {
                let mut within: Vec<_> = descendants(sibling).collect();
                within.reverse();
                within.into_iter().for_each(&mut visit);
            }
        }),
        Axis::Attribute => {
            if let Node::Tree(element) = node {
                (0..element.attributes().len()).map(|index| Node::Attribute(element, index)).for_each(visit);
            }
        }
    }
    visited
}

/// The node above, the document made of the scope being the top.
pub(super) fn parent<'a>(node: Node<'a>, scope: Option<Tree<'a>>) -> Option<Node<'a>> {
    match node {
        Node::Above(_) => None,
        Node::Attribute(element, _) => Some(Node::Tree(element)),
        Node::Tree(tree) if Some(tree) == scope => Some(Node::Above(tree)),
        Node::Tree(tree) => tree.parent().map(Node::Tree),
    }
}

fn ancestors<'a>(node: Node<'a>, scope: Option<Tree<'a>>) -> impl Iterator<Item = Node<'a>> {
    std::iter::successors(parent(node, scope), move |node| parent(*node, scope))
}

fn children<'a>(node: Node<'a>) -> Box<dyn Iterator<Item = Node<'a>> + 'a> {
    match node {
        Node::Tree(tree) => Box::new(tree.children().map(Node::Tree)),
        Node::Above(element) => Box::new(std::iter::once(Node::Tree(element))),
        Node::Attribute(..) => Box::new(std::iter::empty()),
    }
}

/// The node and all below; for a document made of one element, that element twice: once for the document.
fn descendants<'a>(node: Node<'a>) -> Box<dyn Iterator<Item = Node<'a>> + 'a> {
    match node {
        Node::Tree(tree) => Box::new(tree.descendants().map(Node::Tree)),
        Node::Above(element) => Box::new(std::iter::once(node).chain(element.descendants().map(Node::Tree))),
        Node::Attribute(..) => Box::new(std::iter::once(node)),
    }
}

fn siblings<'a>(
    node: Node<'a>,
    scope: Option<Tree<'a>>,
    next: fn(&Tree<'a>) -> Option<Tree<'a>>,
) -> Box<dyn Iterator<Item = Node<'a>> + 'a> {
    match node {
        Node::Tree(tree) if Some(tree) != scope => Box::new(std::iter::successors(next(&tree), next).map(Node::Tree)),
        _ => Box::new(std::iter::empty()),
    }
}

/// Whether the node is of the kind and name asked for; `*` is an attribute on the attribute axis, else an element.
pub(super) fn passes(node: Node<'_>, axis: Axis, test: &Test) -> bool {
    let principal = match node {
        Node::Attribute(..) => axis == Axis::Attribute || axis == Axis::Itself,
        Node::Tree(tree) => tree.is_element() && axis != Axis::Attribute,
        Node::Above(_) => false,
    };
    match test {
        Test::Any => true,
        Test::AnyName => principal,
        Test::AnyNamespace(wanted) => principal && node.name().is_some_and(|(_, local)| local == wanted),
        Test::AnyLocal(wanted) => principal && node.name().is_some_and(|(namespace, _)| namespace == Some(wanted)),
        Test::Name { namespace: wanted, local: wanted_local } => {
            principal
                && node.name().is_some_and(|(namespace, local)| {
                    local == wanted_local && namespace.filter(|namespace| !namespace.is_empty()) == wanted.as_deref()
                })
        }
        Test::Text => matches!(node, Node::Tree(tree) if tree.is_text()),
        Test::Comment => matches!(node, Node::Tree(tree) if tree.is_comment()),
        Test::Instruction(wanted) => matches!(node, Node::Tree(tree) if tree.pi().is_some_and(|instruction| {
            wanted.as_deref().is_none_or(|wanted| wanted == instruction.target)
        })),
        Test::Document => match node {
            Node::Above(_) => true,
            Node::Tree(tree) => tree.is_root(),
            Node::Attribute(..) => false,
        },
    }
}
