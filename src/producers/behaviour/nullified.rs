//! An answer whose records were all taken back, *makulerade*: each says so, and holds no more than its contract demands
//! (`producers.md` §6.3). Where the contract of the answer is known, it says what that is.

use super::perform::Performing;
use crate::producers::xml::edit::{Branch, Leaf};

/// The element that says it, in every contract that can.
const NULLIFIED: &str = "nullified";
/// Times the contract is asked for one answer; records beyond stay as they are.
const TRIES_MAX: usize = 5_000;
/// Why an answer cannot be changed so.
pub(super) const NO_PLACE: &str = "no record of the answer can say that it was nullified";

/// The changed document.
pub(super) fn edit(root: &mut Branch, with: &mut Performing<'_, '_>) -> Result<String, &'static str> {
    let mut empty = root.clone();
    let is_record = |leaf: &Leaf| matches!(leaf, Leaf::Branch(one) if one.local != "result");
    let first = empty.message_mut().and_then(|message| message.content.iter().position(is_record)).ok_or(NO_PLACE)?;
    if let Some(message) = empty.message_mut() {
        message.content.retain(|leaf| !is_record(leaf));
    }
    let mut judging = Judging { empty, first, with, tries: 0, after: None };
    let message = root.message_mut().ok_or(NO_PLACE)?;
    let (mut found, mut content) = (false, Vec::with_capacity(message.content.len()));
    for leaf in message.content.drain(..) {
        content.push(match leaf {
            Leaf::Branch(record) if record.local != "result" => match judging.nullified(&record) {
                Some(changed) => {
                    found = true;
                    Leaf::Branch(changed)
                }
                None => Leaf::Branch(record),
            },
            other => other,
        });
    }
    message.content = content;
    if found { Ok(root.document()) } else { Err(NO_PLACE) }
}

struct Judging<'j, 'p, 'a> {
    /// The answer without records, and where they stand in it.
    empty: Branch,
    first: usize,
    with: &'j mut Performing<'p, 'a>,
    tries: usize,
    /// The element that the new one stands behind in the record before.
    after: Option<String>,
}

impl Judging<'_, '_, '_> {
    /// The record as one that was taken back; nothing where it cannot say so.
    fn nullified(&mut self, record: &Branch) -> Option<Branch> {
        let mut said = record.clone();
        let mut says = false;
        said.walk(&mut |branch| {
            if branch.local == NULLIFIED && branch.branches().next().is_none() {
                branch.set_text("true");
                says = true;
            }
        });
        let said = if says { said } else { self.told(record)? };
        Some(self.stripped(said))
    }

    /// With the element where its contract lets it stand: in the record's header, else in the record itself.
    fn told(&mut self, record: &Branch) -> Option<Branch> {
        let most = self.faults(record)?;
        let header =
            record.content.iter().position(|leaf| matches!(leaf, Leaf::Branch(one) if one.branches().next().is_some()));
        let inside = |place: usize, change: &dyn Fn(&mut Branch)| {
            let mut changed = record.clone();
            match &mut changed.content[place] {
                Leaf::Branch(header) => change(header),
                Leaf::Text(_) => {}
            }
            changed
        };
        if let Some(place) = header
            && let Leaf::Branch(header) = &record.content[place]
            && let Some(found) = self.placed(header, most, &|new| inside(place, &|header| *header = new.clone()))
        {
            return Some(found);
        }
        self.placed(record, most, &Branch::clone)
    }

    /// The first place among the children of `parent` where the contract takes the element.
    fn placed(&mut self, parent: &Branch, most: usize, record: &dyn Fn(&Branch) -> Branch) -> Option<Branch> {
        let mut places: Vec<usize> = (0..parent.content.len()).rev().collect();
        let name = |place: usize| match &parent.content[place] {
            Leaf::Branch(one) => Some(one.local.as_str()),
            Leaf::Text(_) => None,
        };
        let likely = self.after.clone();
        places.sort_by_key(|place| name(*place) != likely.as_deref());
        for place in places {
            let Leaf::Branch(sibling) = &parent.content[place] else { continue };
            let own = |(key, _): &&(String, String)| key.starts_with("xmlns");
            let element = Branch {
                prefix: sibling.prefix.clone(),
                local: NULLIFIED.to_owned(),
                attributes: sibling.attributes.iter().filter(own).cloned().collect(),
                content: vec![Leaf::Text("true".to_owned())],
            };
            let mut changed = parent.clone();
            changed.content.insert(place + 1, Leaf::Branch(element));
            let candidate = record(&changed);
            if self.faults(&candidate).is_some_and(|faults| faults <= most) {
                self.after = Some(sibling.local.clone());
                return Some(candidate);
            }
        }
        None
    }

    /// Without what the contract can do without, the record's first part left alone: that is who, when and whose.
    fn stripped(&mut self, record: Branch) -> Branch {
        let Some(most) = self.faults(&record) else { return record };
        let mut left = record;
        let mut place = left.content.len();
        while place > 0 {
            place -= 1;
            let is_first = !left.content[..place].iter().any(|leaf| matches!(leaf, Leaf::Branch(_)));
            let is_said = matches!(&left.content[place], Leaf::Branch(one) if one.local == NULLIFIED);
            if is_first || is_said || matches!(left.content[place], Leaf::Text(_)) {
                continue;
            }
            let mut without = left.clone();
            without.content.remove(place);
            if self.faults(&without).is_some_and(|faults| faults <= most) {
                left = without;
                continue;
            }
            // What must be there is made as small as it may be.
            if let Leaf::Branch(part) = &left.content[place] {
                let mut smaller = part.clone();
                for inner in (0..part.content.len()).rev() {
                    let mut without = smaller.clone();
                    without.content.remove(inner);
                    let mut whole = left.clone();
                    whole.content[place] = Leaf::Branch(without.clone());
                    if self.faults(&whole).is_some_and(|faults| faults <= most) {
                        smaller = without;
                    }
                }
                left.content[place] = Leaf::Branch(smaller);
            }
        }
        left
    }

    /// What the contract says against an answer with this record alone; nothing where nobody knows it.
    fn faults(&mut self, record: &Branch) -> Option<usize> {
        if self.tries >= TRIES_MAX {
            return None;
        }
        self.tries += 1;
        let mut alone = self.empty.clone();
        let message = alone.message_mut()?;
        message.content.insert(self.first, Leaf::Branch(record.clone()));
        (self.with.errors)(alone.document().as_bytes()).map(|errors| errors.len())
    }
}
