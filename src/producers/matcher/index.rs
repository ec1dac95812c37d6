//! Finding the stubs worth trying without trying all: those that demand an exact contract, address, patient, path,
//! header or XPath value lie in hash tables under it (`producers.md` §2.2, §12). The order in which stubs are tried is that
//! of their ranks, whatever table they lie in, so the tables change no answer.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::quality::FixedState;
use http::HeaderName;

use super::Condition;
use super::contract::ContractPattern;
use super::target::{TargetMatcher, path_of};
use super::value::ValueMatcher;
use crate::domain::identifiers::operation_of;
use crate::producers::asked::{Asked, major_of};
use crate::producers::settings::STUB_SHAPES_MAX;
use crate::producers::spec::mapping::Stub;
use crate::producers::xml::xpath::{Selected, XPath};

/// The order of trying: lowest priority number first, then the one added last.
pub type Rank = (u64, Reverse<u64>);

/// Stubs, found by what they demand.
#[derive(Debug, Default)]
pub struct StubSet {
    by_rank: BTreeMap<Rank, Arc<Stub>>,
    ranks: HashMap<String, Rank>,
    shapes: Vec<Shape>,
}

/// Stubs that demand values of the same kinds.
#[derive(Debug)]
struct Shape {
    kinds: Vec<Kind>,
    buckets: HashMap<u64, Vec<(Rank, Arc<Stub>)>>,
}

/// A kind of value that can be looked up.
#[derive(Clone, Debug)]
enum Kind {
    Namespace,
    Major,
    Operation,
    Address,
    Patient,
    Url,
    Path,
    /// So many parts of the path, from its beginning: what patterns of paths begin with.
    Head(usize),
    Header(HeaderName),
    XPath(Box<XPath>),
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Header(one), Self::Header(other)) => one == other,
            (Self::XPath(one), Self::XPath(other)) => one.key() == other.key(),
            (Self::Head(one), Self::Head(other)) => one == other,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl StubSet {
    /// How many stubs there are.
    pub fn len(&self) -> usize {
        self.by_rank.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_rank.is_empty()
    }

    /// All stubs, in the order in which they are tried.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Stub>> {
        self.by_rank.values()
    }

    /// The stubs that no file holds, each with its turn.
    pub fn added(&self) -> impl Iterator<Item = (u64, Arc<Stub>)> + '_ {
        let all = self.by_rank.iter().filter(|(_, stub)| !stub.is_from_file);
        all.map(|((_, Reverse(turn)), stub)| (*turn, Arc::clone(stub)))
    }

    /// The stub of an id.
    pub fn by_id(&self, id: &str) -> Option<&Arc<Stub>> {
        self.by_rank.get(self.ranks.get(id)?)
    }

    /// Adds a stub; one of the same id is replaced and keeps its turn, unless its priority changed.
    pub fn insert(&mut self, stub: Arc<Stub>, sequence: u64) {
        let sequence = match self.remove(&stub.id) {
            Some((_, Reverse(kept))) => kept,
            None => sequence,
        };
        let rank = (stub.priority, Reverse(sequence));
        self.ranks.insert(stub.id.clone(), rank);
        let (kinds, keys) = self.place(&stub);
        let shape = match self.shapes.iter().position(|shape| shape.kinds == kinds) {
            Some(place) => &mut self.shapes[place],
            None => {
                self.shapes.push(Shape { kinds, buckets: HashMap::new() });
                self.shapes.last_mut().expect("one was just pushed")
            }
        };
        for key in keys {
            let bucket = shape.buckets.entry(key).or_default();
            let place = bucket.partition_point(|(other, _)| *other < rank);
            // A list of patients may name one twice.
            if bucket.get(place).is_none_or(|(other, _)| *other != rank) {
                bucket.insert(place, (rank, Arc::clone(&stub)));
            }
        }
        self.by_rank.insert(rank, stub);
    }

    /// Takes a stub out, and gives the turn it had.
    pub fn remove(&mut self, id: &str) -> Option<Rank> {
        let rank = self.ranks.remove(id)?;
        let stub = self.by_rank.remove(&rank)?;
        for shape in &mut self.shapes {
            for (_, keys) in variants(&stub) {
                for key in keys {
                    if let Some(bucket) = shape.buckets.get_mut(&key) {
                        bucket.retain(|(other, _)| *other != rank);
                        if bucket.is_empty() {
                            shape.buckets.remove(&key);
                        }
                    }
                }
            }
        }
        self.shapes.retain(|shape| !shape.buckets.is_empty());
        Some(rank)
    }

    /// The first stub, in the order of trying, that fits the request and for which `allows` holds.
    pub fn first(&self, asked: &Asked<'_>, allows: impl Fn(&Stub) -> bool) -> Option<&Arc<Stub>> {
        let mut left: Vec<&[(Rank, Arc<Stub>)]> = Vec::with_capacity(self.shapes.len() + 4);
        for shape in &self.shapes {
            shape.candidates(asked, &mut left);
        }
        loop {
            let next =
                left.iter_mut().min_by_key(|bucket| bucket.first().map_or((u64::MAX, Reverse(0)), |one| one.0))?;
            let ((_, stub), rest) = next.split_first()?;
            *next = rest;
            if stub.conditions.iter().all(|condition| condition.holds(asked)) && allows(stub) {
                return Some(stub);
            }
            left.retain(|bucket| !bucket.is_empty());
        }
    }

    /// Under which kinds a stub is put: all that it demands, or the plain ones where there are too many shapes.
    fn place(&self, stub: &Stub) -> (Vec<Kind>, Vec<u64>) {
        let mut variants = variants(stub);
        let (kinds, _) = &variants[0];
        let is_known = self.shapes.iter().any(|shape| shape.kinds == *kinds);
        let place = if is_known || self.shapes.len() < STUB_SHAPES_MAX { 0 } else { variants.len() - 1 };
        variants.swap_remove(place)
    }
}

impl Shape {
    fn candidates<'s>(&'s self, asked: &Asked<'_>, into: &mut Vec<&'s [(Rank, Arc<Stub>)]>) {
        let mut hashes = vec![START];
        for (place, kind) in self.kinds.iter().enumerate() {
            let values = kind.values(asked);
            hashes =
                hashes.iter().flat_map(|hash| values.iter().map(move |value| combined(*hash, place, value))).collect();
        }
        hashes.sort_unstable();
        hashes.dedup();
        into.extend(
            hashes.iter().filter_map(|hash| self.buckets.get(hash)).map(Vec::as_slice).filter(|b| !b.is_empty()),
        );
    }
}

const START: u64 = 0;

fn combined(hash: u64, place: usize, value: &str) -> u64 {
    let mut hasher = FixedState::with_seed(hash.wrapping_add(place as u64)).build_hasher();
    hasher.write(value.as_bytes());
    hasher.finish()
}

/// The ways in which a stub can be looked up, the most exact first and the plainest last; each with its keys.
fn variants(stub: &Stub) -> Vec<(Vec<Kind>, Vec<u64>)> {
    let mut demands: Vec<(Kind, Vec<String>)> = stub.conditions.iter().filter_map(demand).collect();
    // One value of a header or an expression is enough: more would make more shapes, not fewer candidates.
    let mut extras = 0;
    demands.retain(|(kind, _)| {
        let is_extra = matches!(kind, Kind::Header(_) | Kind::XPath(_));
        extras += usize::from(is_extra);
        !is_extra || extras == 1
    });
    demands.sort_by_key(|(kind, _)| order(kind));
    demands.dedup_by(|one, other| one.0 == other.0);
    let plain: Vec<_> =
        demands.iter().filter(|(kind, _)| !matches!(kind, Kind::Header(_) | Kind::XPath(_))).cloned().collect();
    let keyed = |demands: Vec<(Kind, Vec<String>)>| {
        let mut keys = vec![START];
        for (place, (_, values)) in demands.iter().enumerate() {
            keys = keys.iter().flat_map(|key| values.iter().map(move |value| combined(*key, place, value))).collect();
        }
        (demands.into_iter().map(|(kind, _)| kind).collect(), keys)
    };
    let mut all = vec![keyed(demands)];
    if extras > 0 {
        all.push(keyed(plain));
    }
    all
}

fn order(kind: &Kind) -> u8 {
    match kind {
        Kind::Namespace => 0,
        Kind::Major => 1,
        Kind::Operation => 2,
        Kind::Address => 3,
        Kind::Patient => 4,
        Kind::Url => 5,
        Kind::Path => 6,
        Kind::Head(_) => 7,
        Kind::Header(_) => 8,
        Kind::XPath(_) => 9,
    }
}

/// The exact values a condition demands; any of them will do.
fn demand(condition: &Condition) -> Option<(Kind, Vec<String>)> {
    Some(match condition {
        Condition::Contract(ContractPattern::Namespace(text)) => (Kind::Namespace, vec![text.clone()]),
        Condition::Contract(ContractPattern::Major(operation, major)) => {
            (Kind::Major, vec![format!("{operation}:{major}")])
        }
        Condition::Contract(ContractPattern::Operation(operation)) => (Kind::Operation, vec![operation.clone()]),
        Condition::LogicalAddress(matcher) => (Kind::Address, vec![matcher.as_equal()?.0.to_lowercase()]),
        Condition::Patient(any_of) => {
            let texts: Option<Vec<_>> =
                any_of.iter().map(|one| one.as_equal().map(|(text, _)| text.to_lowercase())).collect();
            (Kind::Patient, texts.filter(|texts| !texts.is_empty())?)
        }
        Condition::Target(TargetMatcher::Url(text)) => (Kind::Url, vec![text.clone()]),
        Condition::Target(TargetMatcher::Path(text)) => (Kind::Path, vec![text.clone()]),
        Condition::Target(target) => {
            let head = target.head()?;
            (Kind::Head(parts(&head)), vec![head])
        }
        Condition::Header(name, matcher) => (Kind::Header(name.clone()), vec![matcher.as_equal()?.0.to_lowercase()]),
        Condition::Body(ValueMatcher::XPath(path, Some(inner))) => {
            (Kind::XPath(path.clone()), vec![inner.as_equal()?.0.to_lowercase()])
        }
        _ => return None,
    })
}

/// How many parts a head of a path has: `/a/b/` has two.
fn parts(head: &str) -> usize {
    head.bytes().filter(|byte| *byte == b'/').count() - 1
}

/// So many parts of a target's path, with the `/` behind them.
fn head(target: &str, count: usize) -> Option<String> {
    let path = path_of(target);
    let (end, _) = path.match_indices('/').nth(count)?;
    Some(path[..=end].to_owned())
}

impl Kind {
    /// The request's values of this kind.
    fn values(&self, asked: &Asked<'_>) -> Vec<String> {
        let contract = asked.contract();
        match self {
            Self::Namespace => contract.map(str::to_owned).into_iter().collect(),
            Self::Major => {
                let named = contract.and_then(|ns| Some(format!("{}:{}", operation_of(ns), major_of(ns)?)));
                named.into_iter().collect()
            }
            Self::Operation => contract.map(|ns| operation_of(ns).to_owned()).into_iter().collect(),
            Self::Address => asked.logical_address().map(str::to_lowercase).into_iter().collect(),
            Self::Patient => asked.patient().map(str::to_lowercase).into_iter().collect(),
            Self::Url => asked.targets().map(str::to_owned).to_vec(),
            Self::Path => asked.targets().map(|target| path_of(target).to_owned()).to_vec(),
            Self::Head(count) => asked.targets().iter().filter_map(|target| head(target, *count)).collect(),
            Self::Header(name) => {
                let values = asked.headers().get_all(name).iter();
                values.map(|value| String::from_utf8_lossy(value.as_bytes()).to_lowercase()).collect()
            }
            Self::XPath(path) => match asked.selected(path).as_deref() {
                None => Vec::new(),
                Some(Selected::Nodes(nodes)) => {
                    let texts = nodes.iter().flat_map(|node| [Some(&node.text), node.xml.as_ref()]).flatten();
                    texts.map(|text| text.to_lowercase()).collect()
                }
                Some(Selected::Text(text)) => vec![text.to_lowercase()],
                Some(Selected::Truth(truth)) => vec![truth.to_string()],
            },
        }
    }
}
