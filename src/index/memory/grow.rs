//! A list that only grows and is read without a lock, in chunks that never move.

use std::sync::OnceLock;

/// Length of the first chunk; each further one is twice as long as the one before.
const FIRST: usize = 64;
const CHUNKS: usize = 26;

/// Elements are set once, by one writer at a time.
#[derive(Debug)]
pub(super) struct Grow<T> {
    chunks: [OnceLock<Box<[OnceLock<T>]>>; CHUNKS],
}

impl<T> Default for Grow<T> {
    fn default() -> Self {
        Self { chunks: [const { OnceLock::new() }; CHUNKS] }
    }
}

impl<T> Grow<T> {
    fn place(index: usize) -> (usize, usize) {
        let moved = index + FIRST;
        let chunk = (moved.ilog2() - FIRST.ilog2()) as usize;
        (chunk, moved - (FIRST << chunk))
    }

    /// The element, if it has been set.
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        let (chunk, place) = Self::place(index);
        self.chunks.get(chunk)?.get()?.get(place)?.get()
    }

    /// Sets the element; false where there is one already, or no room for so many.
    pub(super) fn set(&self, index: usize, value: T) -> bool {
        let (chunk, place) = Self::place(index);
        let Some(slot) = self.chunks.get(chunk) else { return false };
        let elements = slot.get_or_init(|| (0..FIRST << chunk).map(|_| OnceLock::new()).collect());
        elements[place].set(value).is_ok()
    }

    /// The elements that have been set.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.enumerated().map(|(_, element)| element)
    }

    /// The same with their places.
    pub(super) fn enumerated(&self) -> impl Iterator<Item = (usize, &T)> {
        let chunks = self.chunks.iter().enumerate().filter_map(|(number, chunk)| Some((number, chunk.get()?)));
        chunks.flat_map(|(number, chunk)| {
            let first = (FIRST << number) - FIRST;
            let elements = chunk.iter().enumerate();
            elements.filter_map(move |(place, element)| Some((first + place, element.get()?)))
        })
    }

    /// Bytes set aside for elements.
    pub(super) fn bytes(&self) -> u64 {
        self.chunks.iter().filter_map(OnceLock::get).map(|chunk| size_of_val::<[OnceLock<T>]>(chunk) as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_where_they_were_set() {
        let grow = Grow::default();
        for index in 0..5_000 {
            assert_eq!(grow.get(index), None);
            assert!(grow.set(index, index * 7));
            assert!(!grow.set(index, 0));
        }
        assert!((0..5_000).all(|index| grow.get(index) == Some(&(index * 7))));
        assert!(grow.iter().copied().eq((0..5_000).map(|index| index * 7)));
        // Also where some in between have not been set.
        let sparse = Grow::default();
        let places = [0, 63, 64, 200, 4_000];
        assert!(places.iter().all(|place| sparse.set(*place, *place)));
        assert!(sparse.enumerated().map(|(place, element)| (place, *element)).eq(places.map(|place| (place, place))));
    }
}
