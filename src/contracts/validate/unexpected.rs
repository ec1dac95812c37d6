//! Elements that the contract does not expect where they stand: why, and how to go on (`contracts.md` §4.3).

use std::collections::{HashSet, VecDeque};

use super::content::Child;
use super::finding::{Facts, Rule};
use super::machine::Machine;
use super::scan;
use crate::contracts::schema::automaton::{Automaton, Edge};
use crate::contracts::schema::names::{NamespaceId, Symbol};
use crate::contracts::schema::{NamespaceConstraint, Schema};

impl Machine {
    /// An element the automaton does not take. Reported once for a parent; checked by its declaration where it has one.
    pub(super) fn unexpected(
        &mut self,
        schema: &Schema,
        window: &[u8],
        at: usize,
        symbol: Symbol,
        local: (usize, usize),
        automaton: &Automaton,
    ) -> Child {
        let frame = self.frames[self.frames.len() - 1];
        let declared = automaton.edges().iter().find(|edge| edge.name == symbol).copied();
        let place = self.cursor.place(window, at);
        let later = declared.and_then(|edge| path_to(automaton, frame.state, edge.name));
        if let Some((missing, target)) = later {
            self.top().state = target;
            if !frame.flags.faulted {
                let names = missing.iter().map(|name| schema.names.local(*name).to_owned()).collect::<Vec<_>>();
                let declared_at =
                    missing.first().and_then(|name| automaton.edges().iter().find(|edge| edge.name == *name));
                let declared_at = declared_at.and_then(|edge| schema.place(schema.element(edge.element).declared));
                let fix = names.iter().find_map(|name| added_in_minor(schema, automaton, name));
                let facts = Facts { expected: names, declared_at, fix, ..self.about_child(window, local) };
                self.add(Rule::Missing, place, facts);
            }
        } else if !frame.flags.faulted {
            self.top().flags.faulted = true;
            let (rule, facts) = self.why_unexpected(schema, window, symbol, local, automaton, declared.is_some());
            self.add(rule, place, facts);
        }
        match declared {
            Some(edge) => Child::Declared(edge.element, edge.repeats),
            None => Child::Skipped,
        }
    }

    fn why_unexpected(
        &self,
        schema: &Schema,
        window: &[u8],
        symbol: Symbol,
        local: (usize, usize),
        automaton: &Automaton,
        is_declared: bool,
    ) -> (Rule, Facts) {
        let frame = self.frames[self.frames.len() - 1];
        let facts = self.about_child(window, local);
        let names = |edges: &[Edge]| {
            let mut names: Vec<String> = edges.iter().map(|edge| schema.names.local(edge.name).to_owned()).collect();
            names.dedup();
            names
        };
        let expected = names(&automaton.expected(frame.state));
        if is_declared {
            if frame.last_child == symbol {
                let number = (frame.last_count + 1).to_string();
                return (Rule::TooMany, Facts { expected: vec![frame.last_count.to_string()], number, ..facts });
            }
            let mut order = automaton.edges().to_vec();
            order.sort_by_key(|edge| edge.order);
            let mut order = names(&order);
            let mut seen = HashSet::new();
            order.retain(|name| seen.insert(name.clone()));
            return (Rule::OutOfOrder, Facts { expected: order, ..facts });
        }
        let sent = &facts.element;
        let same_local = automaton.edges().iter().find(|edge| schema.names.local(edge.name) == sent);
        let written = scan::prefix_before(window, local.0);
        let namespace = String::from_utf8_lossy(self.scope.resolve(written).unwrap_or_default()).into_owned();
        if let Some(edge) = same_local {
            let wanted = schema.names.namespace(edge.name.namespace()).to_owned();
            return (Rule::WrongNamespace, Facts { found: namespace, expected: vec![wanted], ..facts });
        }
        let similar =
            automaton.edges().iter().map(|edge| schema.names.local(edge.name)).find(|name| is_similar(sent, name));
        if let Some(similar) = similar {
            return (Rule::Misspelt, Facts { expected: vec![similar.to_owned()], ..facts });
        }
        let wildcard =
            automaton.wildcard_edges(frame.state).first().map(|edge| &schema.wildcard(edge.wildcard).namespaces);
        if let Some(NamespaceConstraint::Not(not)) = wildcard
            && (symbol.namespace() == *not || symbol.namespace() == NamespaceId::NONE)
        {
            let wanted = schema.names.namespace(*not).to_owned();
            return (Rule::ExtensionNamespace, Facts { found: namespace, expected: vec![wanted], ..facts });
        }
        (Rule::Unexpected, Facts { expected, ..facts })
    }
}

/// The elements that must come before `name` can, and the state behind it; `None` if it can no longer come.
fn path_to(automaton: &Automaton, from: u32, name: Symbol) -> Option<(Vec<Symbol>, u32)> {
    const STATES_MAX: usize = 2_000;
    let mut waiting = VecDeque::from([(from, Vec::new())]);
    let mut seen = HashSet::from([from]);
    while let Some((state, missing)) = waiting.pop_front() {
        if let Some(edge) = automaton.step(state, name) {
            return Some((missing, edge.target));
        }
        for edge in automaton.expected(state) {
            if seen.len() < STATES_MAX && seen.insert(edge.target) {
                let mut further: Vec<Symbol> = missing.clone();
                further.push(edge.name);
                waiting.push_back((edge.target, further));
            }
        }
    }
    None
}

/// The fewest elements that must still come before the content may end.
pub(super) fn shortest_end(automaton: &Automaton, from: u32) -> Option<Vec<Symbol>> {
    const STATES_MAX: usize = 2_000;
    let mut waiting = VecDeque::from([(from, Vec::new())]);
    let mut seen = HashSet::from([from]);
    while let Some((state, missing)) = waiting.pop_front() {
        if automaton.is_accepting(state) {
            return Some(missing);
        }
        for edge in automaton.expected(state) {
            if seen.len() < STATES_MAX && seen.insert(edge.target) {
                let mut further: Vec<Symbol> = missing.clone();
                further.push(edge.name);
                waiting.push_back((edge.target, further));
            }
        }
    }
    None
}

/// A mandatory element of an extension namespace, such as `urn:riv:crm:scheduling:1.1`, came with that minor version.
pub(super) fn added_in_minor(schema: &Schema, automaton: &Automaton, local: &str) -> Option<String> {
    let edge = automaton.edges().iter().find(|edge| schema.names.local(edge.name) == local)?;
    let version = schema.names.namespace(edge.name.namespace()).rsplit(':').next()?;
    let is_minor = version
        .split_once('.')
        .is_some_and(|(major, minor)| major.parse::<u32>().is_ok() && minor.parse::<u32>().is_ok());
    is_minor.then(|| format!("{local} was added in minor {version}"))
}

/// Whether a name is another but for case, or for one or two letters.
fn is_similar(sent: &str, known: &str) -> bool {
    if sent.eq_ignore_ascii_case(known) {
        return true;
    }
    let (one, other): (Vec<char>, Vec<char>) = (sent.chars().collect(), known.chars().collect());
    if one.len().abs_diff(other.len()) > 2 || one.len() < 4 || one.len() > 100 {
        return false;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let cost = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()] <= 2
}
