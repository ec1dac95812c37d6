//! Content models as automata over element names (`contracts.md` §3.2).
//!
//! A model is turned into positions and what may follow each (Glushkov), occurrences unrolled; states are the positions,
//! made by walking the follow sets. Two positions of different particles that compete for one name make the model
//! ambiguous, which is an error of the schema, so the walk never meets a real choice.

use std::collections::HashMap;

use super::names::Symbol;
use super::{ElementId, NamespaceConstraint, Particle, Term, TypeId, Wildcard, WildcardId};

/// What decides whether a sequence of child elements is right.
#[derive(Clone, Debug, Default)]
pub struct Automaton {
    states: Vec<State>,
    edges: Vec<Edge>,
    wildcards: Vec<WildcardEdge>,
    /// The members of an `all` group, which has no states: each may come once, in any order.
    all: Option<Vec<AllMember>>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    edges: (u32, u32),
    wildcards: (u32, u32),
    accepting: bool,
    sorted: bool,
}

/// A step by an element.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// Its name.
    pub name: Symbol,
    /// Its declaration.
    pub element: ElementId,
    /// The state it leads to.
    pub target: u32,
    /// Where its particle stands in the model, in document order.
    pub order: u32,
    /// Whether the particle may occur more than once.
    pub repeats: bool,
}

/// A step by a wildcard.
#[derive(Clone, Copy, Debug)]
pub struct WildcardEdge {
    /// The wildcard.
    pub wildcard: WildcardId,
    /// The state it leads to.
    pub target: u32,
}

/// A member of an `all` group.
#[derive(Clone, Copy, Debug)]
pub struct AllMember {
    /// Its name.
    pub name: Symbol,
    /// Its declaration.
    pub element: ElementId,
    /// Whether it must come.
    pub required: bool,
}

/// Most members of an `all` group: they are remembered as bits.
pub const ALL_MEMBERS_MAX: usize = 64;

/// Why a model has no automaton.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelError {
    /// Two particles compete for one element; described for the reader of the schema.
    Ambiguous(Competitor, Competitor),
    /// One name has two types.
    Inconsistent(ElementId, ElementId),
    /// More states than the limit.
    TooLarge,
}

/// What competes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Competitor {
    /// An element.
    Element(ElementId),
    /// A wildcard.
    Wildcard(WildcardId),
}

impl Automaton {
    /// The state before the first child.
    pub const START: u32 = 0;

    /// The members, if the model is an `all` group.
    pub fn all(&self) -> Option<&[AllMember]> {
        self.all.as_deref()
    }

    /// The step that an element of this name takes.
    #[inline]
    pub fn step(&self, state: u32, name: Symbol) -> Option<&Edge> {
        let this = &self.states[state as usize];
        let edges = &self.edges[this.edges.0 as usize..this.edges.1 as usize];
        if this.sorted {
            let at = edges.binary_search_by_key(&name, |edge| edge.name).ok()?;
            return Some(&edges[at]);
        }
        edges.iter().find(|edge| edge.name == name)
    }

    /// The steps by wildcard from a state.
    pub fn wildcard_edges(&self, state: u32) -> &[WildcardEdge] {
        let this = &self.states[state as usize];
        &self.wildcards[this.wildcards.0 as usize..this.wildcards.1 as usize]
    }

    /// The steps by element from a state, in the order of the model.
    pub fn expected(&self, state: u32) -> Vec<Edge> {
        let this = &self.states[state as usize];
        let mut edges = self.edges[this.edges.0 as usize..this.edges.1 as usize].to_vec();
        edges.sort_by_key(|edge| edge.order);
        edges
    }

    /// Every step by element anywhere in the model.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Whether the content may end here.
    #[inline]
    pub fn is_accepting(&self, state: u32) -> bool {
        self.states[state as usize].accepting
    }

    /// States in all.
    pub fn state_count(&self) -> usize {
        self.states.len()
    }
}

/// What the builder needs to know of what the particles refer to.
pub trait Terms {
    /// Name and type of an element.
    fn element(&self, id: ElementId) -> (Symbol, TypeId);
    /// A wildcard.
    fn wildcard(&self, id: WildcardId) -> &Wildcard;
}

/// Builds the automaton of a model.
pub fn build(particle: &Particle, terms: &dyn Terms, states_max: usize) -> Result<Automaton, ModelError> {
    if let Term::All(members) = &particle.term {
        return build_all(particle.min, members, terms);
    }
    let mut positions = Positions { terms, list: Vec::new(), follow: Vec::new(), max: states_max, particles: 0 };
    let whole = positions.particle(particle)?;
    positions.check_consistent()?;
    Walk::run(&positions, &whole)
}

fn build_all(min: u32, members: &[Particle], terms: &dyn Terms) -> Result<Automaton, ModelError> {
    let mut all = Vec::new();
    for member in members {
        if let Term::Element(element) = member.term
            && member.max != Some(0)
        {
            let (name, _) = terms.element(element);
            if let Some(other) = all.iter().find(|other: &&AllMember| other.name == name) {
                return Err(ModelError::Ambiguous(Competitor::Element(other.element), Competitor::Element(element)));
            }
            all.push(AllMember { name, element, required: member.min > 0 && min > 0 });
        }
    }
    if all.len() > ALL_MEMBERS_MAX {
        return Err(ModelError::TooLarge);
    }
    let nothing = State { edges: (0, 0), wildcards: (0, 0), accepting: true, sorted: false };
    Ok(Automaton { states: vec![nothing], all: Some(all), ..Automaton::default() })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaf {
    Element(ElementId),
    Wildcard(WildcardId),
}

struct Position {
    leaf: Leaf,
    /// Which particle as written it is an unrolled copy of.
    particle: u32,
    repeats: bool,
}

struct Positions<'a> {
    terms: &'a dyn Terms,
    list: Vec<Position>,
    follow: Vec<Vec<u32>>,
    max: usize,
    particles: u32,
}

struct Fragment {
    first: Vec<u32>,
    last: Vec<u32>,
    nullable: bool,
}

impl Fragment {
    fn empty() -> Self {
        Self { first: Vec::new(), last: Vec::new(), nullable: true }
    }
}

impl Positions<'_> {
    fn particle(&mut self, particle: &Particle) -> Result<Fragment, ModelError> {
        if particle.max == Some(0) {
            return Ok(Fragment::empty());
        }
        let first_particle = self.particles;
        let first_position = self.list.len();
        let repeats = particle.max.is_none_or(|max| max > 1);
        let mut whole = self.term(&particle.term)?;
        // Copies of a particle carry its number, so that they are not taken for competitors.
        let particles_of_one = self.particles;
        let min = if whole.nullable { 0 } else { particle.min };
        let copies = particle.max.unwrap_or(particle.min.max(1)).max(1);
        let mut last_of_copy = whole.last.clone();
        let optional_from_first = min == 0;
        if min > 1 {
            whole.last.clear();
        }
        for copy in 1..copies {
            self.particles = first_particle;
            let next = self.term(&particle.term)?;
            self.particles = particles_of_one;
            self.link(&last_of_copy, &next.first);
            if copy + 1 >= min {
                whole.last.extend(&next.last);
            }
            last_of_copy = next.last;
        }
        if particle.max.is_none() {
            let again = self.first_of_last_copy(&whole, copies, first_position);
            self.link(&last_of_copy, &again);
        }
        if repeats {
            for position in &mut self.list[first_position..] {
                position.repeats = true;
            }
        }
        whole.nullable = whole.nullable || optional_from_first;
        Ok(whole)
    }

    /// Where the last copy of an unbounded particle starts again.
    fn first_of_last_copy(&self, whole: &Fragment, copies: u32, first_position: usize) -> Vec<u32> {
        if copies == 1 {
            return whole.first.clone();
        }
        // Copies are of one size, one after the other.
        let size = (self.list.len() - first_position) / copies as usize;
        let shift = size * (copies as usize - 1);
        whole.first.iter().map(|position| position + shift as u32).collect()
    }

    fn term(&mut self, term: &Term) -> Result<Fragment, ModelError> {
        match term {
            Term::Element(element) => self.leaf(Leaf::Element(*element)),
            Term::Wildcard(wildcard) => self.leaf(Leaf::Wildcard(*wildcard)),
            Term::Sequence(parts) => {
                let mut whole = Fragment::empty();
                for part in parts {
                    let next = self.particle(part)?;
                    self.link(&whole.last, &next.first);
                    if whole.nullable {
                        whole.first.extend(&next.first);
                    }
                    if next.nullable {
                        whole.last.extend(&next.last);
                    } else {
                        whole.last = next.last;
                    }
                    whole.nullable &= next.nullable;
                }
                Ok(whole)
            }
            Term::Choice(parts) | Term::All(parts) => {
                let mut whole = Fragment { nullable: parts.is_empty(), ..Fragment::empty() };
                for part in parts {
                    let next = self.particle(part)?;
                    whole.first.extend(&next.first);
                    whole.last.extend(&next.last);
                    whole.nullable |= next.nullable;
                }
                Ok(whole)
            }
        }
    }

    fn leaf(&mut self, leaf: Leaf) -> Result<Fragment, ModelError> {
        if self.list.len() >= self.max {
            return Err(ModelError::TooLarge);
        }
        let at = self.list.len() as u32;
        self.list.push(Position { leaf, particle: self.particles, repeats: false });
        self.follow.push(Vec::new());
        self.particles += 1;
        Ok(Fragment { first: vec![at], last: vec![at], nullable: false })
    }

    fn link(&mut self, from: &[u32], to: &[u32]) {
        for position in from {
            let follow = &mut self.follow[*position as usize];
            for next in to {
                if !follow.contains(next) {
                    follow.push(*next);
                }
            }
        }
    }

    /// One name has one type within a model.
    fn check_consistent(&self) -> Result<(), ModelError> {
        let mut seen: HashMap<Symbol, (ElementId, TypeId)> = HashMap::new();
        for position in &self.list {
            let Leaf::Element(element) = position.leaf else { continue };
            let (name, type_id) = self.terms.element(element);
            let (first, first_type) = *seen.entry(name).or_insert((element, type_id));
            if first_type != type_id {
                return Err(ModelError::Inconsistent(first, element));
            }
        }
        Ok(())
    }

    fn check_competition(&self, set: &[u32]) -> Result<(), ModelError> {
        for (place, one) in set.iter().enumerate() {
            for other in &set[place + 1..] {
                let (one, other) = (&self.list[*one as usize], &self.list[*other as usize]);
                if one.particle != other.particle && self.compete(one.leaf, other.leaf) {
                    let competitor = |leaf| match leaf {
                        Leaf::Element(element) => Competitor::Element(element),
                        Leaf::Wildcard(wildcard) => Competitor::Wildcard(wildcard),
                    };
                    return Err(ModelError::Ambiguous(competitor(one.leaf), competitor(other.leaf)));
                }
            }
        }
        Ok(())
    }

    fn compete(&self, one: Leaf, other: Leaf) -> bool {
        match (one, other) {
            (Leaf::Element(one), Leaf::Element(other)) => self.terms.element(one).0 == self.terms.element(other).0,
            (Leaf::Wildcard(one), Leaf::Wildcard(other)) => {
                self.terms.wildcard(one).namespaces.overlaps(&self.terms.wildcard(other).namespaces)
            }
            (Leaf::Element(element), Leaf::Wildcard(wildcard)) | (Leaf::Wildcard(wildcard), Leaf::Element(element)) => {
                let namespaces: &NamespaceConstraint = &self.terms.wildcard(wildcard).namespaces;
                namespaces.admits(self.terms.element(element).0.namespace())
            }
        }
    }
}

/// States: sets of positions that were just passed, nearly always one.
struct Walk<'a> {
    positions: &'a Positions<'a>,
    known: HashMap<Vec<u32>, u32>,
    waiting: Vec<Vec<u32>>,
}

impl<'a> Walk<'a> {
    fn run(positions: &'a Positions<'a>, whole: &Fragment) -> Result<Automaton, ModelError> {
        let mut walk = Self { positions, known: HashMap::new(), waiting: Vec::new() };
        let mut automaton = Automaton::default();
        let is_last = {
            let mut last = vec![false; positions.list.len()];
            whole.last.iter().for_each(|position| last[*position as usize] = true);
            last
        };
        // The start is a state of its own, before any position.
        walk.known.insert(Vec::new(), 0);
        walk.waiting.push(Vec::new());
        let mut at = 0;
        while at < walk.waiting.len() {
            if at > positions.max {
                return Err(ModelError::TooLarge);
            }
            let set = std::mem::take(&mut walk.waiting[at]);
            let mut follow: Vec<u32> = match at {
                0 => whole.first.clone(),
                _ => set.iter().flat_map(|position| &positions.follow[*position as usize]).copied().collect(),
            };
            follow.sort_unstable();
            follow.dedup();
            positions.check_competition(&follow)?;
            let accepting =
                if at == 0 { whole.nullable } else { set.iter().any(|position| is_last[*position as usize]) };
            walk.state(&mut automaton, &follow, accepting);
            at += 1;
        }
        Ok(automaton)
    }

    fn state(&mut self, automaton: &mut Automaton, follow: &[u32], accepting: bool) {
        const LINEAR_MAX: usize = 8;
        let (edges_from, wildcards_from) = (automaton.edges.len() as u32, automaton.wildcards.len() as u32);
        let mut done: Vec<u32> = Vec::new();
        for position in follow {
            let this = &self.positions.list[*position as usize];
            if done.contains(&this.particle) {
                continue;
            }
            done.push(this.particle);
            let same = |other: &&u32| self.positions.list[**other as usize].particle == this.particle;
            let target = self.target(follow.iter().filter(same).copied().collect());
            match this.leaf {
                Leaf::Element(element) => automaton.edges.push(Edge {
                    name: self.positions.terms.element(element).0,
                    element,
                    target,
                    order: *position,
                    repeats: this.repeats,
                }),
                Leaf::Wildcard(wildcard) => automaton.wildcards.push(WildcardEdge { wildcard, target }),
            }
        }
        let edges = &mut automaton.edges[edges_from as usize..];
        let sorted = edges.len() > LINEAR_MAX;
        if sorted {
            edges.sort_by_key(|edge| edge.name);
        }
        automaton.states.push(State {
            edges: (edges_from, automaton.edges.len() as u32),
            wildcards: (wildcards_from, automaton.wildcards.len() as u32),
            accepting,
            sorted,
        });
    }

    fn target(&mut self, set: Vec<u32>) -> u32 {
        if let Some(known) = self.known.get(&set) {
            return *known;
        }
        let number = self.waiting.len() as u32;
        self.known.insert(set.clone(), number);
        self.waiting.push(set);
        number
    }
}
