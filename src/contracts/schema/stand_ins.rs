//! Which types may stand for an element's own, by `xsi:type`.

use super::{Derivation, ElementId, Schema, TypeId};

impl Schema {
    /// The named types of the contract that may stand for the type of an element. None for text: another type for plain text
    /// would say nothing about the contract, and neither would the types of XML Schema itself.
    pub fn stand_ins(&self, id: ElementId) -> Vec<TypeId> {
        let element = self.element(id);
        let declared = element.type_id;
        if declared == TypeId::ANY || self.simple(declared).is_some() {
            return Vec::new();
        }
        let block = element.block.and(self.type_of(declared).block);
        let is_blocked = |way| block.contains(way);
        let usable = |candidate: &TypeId| {
            let this = self.type_of(*candidate);
            let derived = self.derivation_from(*candidate, declared);
            this.name.is_some()
                && !this.is_abstract
                && *candidate != declared
                && derived.is_some_and(|used| {
                    let ways = [Derivation::Restriction, Derivation::Extension];
                    !ways.into_iter().any(|way| used.contains(way) && is_blocked(way))
                })
        };
        let first = self.types.iter().position(|this| this.declared.file != u32::MAX).unwrap_or(0);
        (first..self.types.len()).map(|index| TypeId(u32::try_from(index).unwrap_or(u32::MAX))).filter(usable).collect()
    }
}
