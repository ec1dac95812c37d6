//! The elements of a message, each with how often it occurs; what lies deeper opens when asked for.

use maud::{Markup, html};

use crate::contracts::browse::Node;

/// Levels that are open from the beginning.
const OPEN_LEVELS: usize = 3;

/// A message's elements.
pub(super) fn shown(root: &Node) -> Markup {
    html! { ul.tree { (node(root, 0)) } }
}

fn node(shown: &Node, level: usize) -> Markup {
    let has_more = !shown.children.is_empty() || !shown.attributes.is_empty();
    html! {
        li {
            @if has_more {
                details open[level < OPEN_LEVELS] {
                    summary { (line(shown)) }
                    ul { @for child in shown.attributes.iter().chain(&shown.children) { (node(child, level + 1)) } }
                }
            } @else {
                (line(shown))
            }
        }
    }
}

fn line(shown: &Node) -> Markup {
    html! {
        span.name title=(shown.namespace) { (shown.name) }
        " " span.times { (shown.cardinality) }
        @if !shown.type_name.is_empty() { " " span.type { (shown.type_name) } }
        @if shown.nillable { " " span.type { "nillable" } }
        @if !shown.values.is_empty() { " " code { (shown.values.join(", ")) } }
        @if shown.recursive { " " span.type { "… as further up" } }
        @if let Some(text) = shown.documentation.as_deref().filter(|text| !text.trim().is_empty()) { p.note { (text.trim()) } }
    }
}
