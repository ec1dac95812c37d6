//! Counted bounds on what is in flight and what is held back, of all calls together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of places that can be taken and come back by themselves.
#[derive(Clone, Debug)]
pub(super) struct Places {
    taken: Arc<AtomicUsize>,
    most: usize,
}

/// Places that are taken, until this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    taken: Arc<AtomicUsize>,
    count: usize,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self { taken: Arc::default(), most }
    }

    /// Takes so many places at once, or none.
    pub(super) fn take(&self, count: usize) -> Option<Taken> {
        let add = |taken: usize| taken.checked_add(count).filter(|sum| *sum <= self.most);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).ok()?;
        Some(Taken { taken: Arc::clone(&self.taken), count })
    }

    /// How many are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// How many there are.
    pub(super) fn most(&self) -> usize {
        self.most
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.taken.fetch_sub(self.count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_taken_whole_and_come_back() {
        let places = Places::new(3);
        let two = places.take(2).expect("free");
        assert!(places.take(2).is_none() && places.taken() == 2);
        assert!(places.take(1).is_some(), "and back at once");
        drop(two);
        assert_eq!((places.taken(), places.take(usize::MAX).is_none()), (0, true));
    }
}
