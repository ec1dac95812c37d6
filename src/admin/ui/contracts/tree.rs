//! The elements of a message, each with how often it occurs; what lies deeper opens when asked for.

use maud::{Markup, html};

use super::source;
use crate::contracts::browse::Node;
use crate::contracts::contract::Contract;

/// Levels that are open from the beginning.
const OPEN_LEVELS: usize = 3;

/// A message's elements.
pub(super) fn shown(root: &Node, contract: &Contract) -> Markup {
    html! { ul.tree { (node(root, contract, 0)) } }
}

fn node(shown: &Node, contract: &Contract, level: usize) -> Markup {
    let has_more = !shown.children.is_empty() || !shown.attributes.is_empty();
    html! {
        li {
            @if has_more {
                details open[level < OPEN_LEVELS] {
                    summary { (line(shown, contract)) }
                    ul { @for child in shown.attributes.iter().chain(&shown.children) { (node(child, contract, level + 1)) } }
                }
            } @else {
                (line(shown, contract))
            }
        }
    }
}

fn line(shown: &Node, contract: &Contract) -> Markup {
    html! {
        span.name title=(shown.namespace) { (shown.name) }
        " " span.times { (shown.cardinality) }
        @if !shown.type_name.is_empty() { " " span.type { (shown.type_name) } }
        @if shown.nillable { " " span.type { "nillable" } }
        @if !shown.values.is_empty() { " " code { (shown.values.join(", ")) } }
        @if shown.recursive { " " span.type { "… as further up" } }
        @if let Some(at) = &shown.declared_at {
            @if let Some(link) = source::link(&contract.namespace, contract.version.minor, at) { " " a.at href=(link) { (at) } }
        }
        @if let Some(text) = shown.documentation.as_deref().filter(|text| !text.trim().is_empty()) { p.note { (text.trim()) } }
    }
}
