//! The bytes of a shard's blocks, one behind the other in segments.
//!
//! A block is never moved while it stands: a longer one is written at the end, and where the old one stood is garbage.
//! Before garbage comes to a quarter of what is in use, the segment with the most of it is emptied ([`Arena::dirtiest`])
//! and given back. Small segments are ordinary memory, so that an idle platform stays small; larger ones are pieces of
//! huge pages (`pool.rs`), the largest a huge page each, without which each lookup in a large index would also miss the
//! tables of pages.

use memmap2::MmapMut;

use super::pool::{self, Piece};

/// Blocks begin at a multiple of this: half a line of the processor's cache.
const GRAIN: usize = 32;
/// The first segment, in bytes.
const SEGMENT_BYTES_MIN: usize = 4 * 1024;
/// Later ones; only a block that is longer has a longer segment. As many grains as a [`Place`] can tell apart, and one
/// huge page.
const SEGMENT_BYTES_MAX: usize = GRAIN << 16;
const _: () = assert!(SEGMENT_BYTES_MAX == pool::HUGE_BYTES);

/// Where a block stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    segment: u16,
    /// In grains.
    start: u16,
    /// In bytes.
    length: u32,
}

/// Blocks' bytes.
#[derive(Debug, Default)]
pub(super) struct Arena {
    segments: Vec<Segment>,
    /// The segment that new blocks are written to.
    open: usize,
    /// Bytes of blocks that stand, in whole grains.
    used: usize,
    /// Bytes of blocks that no longer do.
    garbage: usize,
}

/// One piece of memory. Without bytes, its number is free.
#[derive(Debug, Default)]
pub(super) struct Segment {
    bytes: Bytes,
    /// Everything behind is unwritten.
    filled: usize,
    garbage: usize,
}

#[derive(Debug)]
enum Bytes {
    Heap(Box<[u8]>),
    Piece(Piece),
    /// From `start` on, `length` bytes.
    Huge {
        mapped: MmapMut,
        start: usize,
        length: usize,
    },
}

impl Place {
    /// Whether it is no place at all: a block has at least one row.
    pub(super) fn is_none(self) -> bool {
        self.length == 0
    }

    /// Whether the block stands in this segment.
    pub(super) fn is_in(self, segment: u16) -> bool {
        self.segment == segment
    }

    /// The block's length.
    pub(super) fn length(self) -> usize {
        self.length as usize
    }

    fn room(self) -> usize {
        room(self.length())
    }
}

fn room(length: usize) -> usize {
    length.next_multiple_of(GRAIN)
}

impl Default for Bytes {
    fn default() -> Self {
        Self::Heap(Box::default())
    }
}

impl Bytes {
    fn new(length: usize) -> Self {
        if pool::has_size(length) {
            if let Some(piece) = pool::take(length) {
                return Self::Piece(piece);
            }
        } else if length >= SEGMENT_BYTES_MAX
            && let Ok(mapped) = pool::map(length)
        {
            return Self::Huge { start: pool::aligned(&mapped), mapped, length };
        }
        Self::Heap(vec![0; length].into_boxed_slice())
    }

    fn all(&self) -> &[u8] {
        match self {
            Self::Heap(bytes) => bytes,
            Self::Piece(bytes) => bytes,
            Self::Huge { mapped, start, length } => &mapped[*start..][..*length],
        }
    }

    fn all_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Heap(bytes) => bytes,
            Self::Piece(bytes) => bytes,
            Self::Huge { mapped, start, length } => &mut mapped[*start..][..*length],
        }
    }
}

impl Segment {
    fn start(place: Place) -> usize {
        usize::from(place.start) * GRAIN
    }

    /// The block at a place of this segment.
    pub(super) fn block(&self, place: Place) -> &[u8] {
        &self.bytes.all()[Self::start(place)..][..place.length()]
    }

    fn has_room(&self, bytes: usize) -> bool {
        // A block behind the last grain that can be told would have no place.
        self.filled < SEGMENT_BYTES_MAX && self.bytes.all().len() - self.filled >= bytes
    }
}

impl Arena {
    /// An arena whose segments are as large from the start as suits so many bytes.
    pub(super) fn for_bytes(bytes: usize) -> Self {
        let mut arena = Self::default();
        if bytes > 0 {
            arena.open_segment(segment_bytes(bytes));
        }
        arena
    }

    /// The block at a place.
    pub(super) fn block(&self, place: Place) -> &[u8] {
        self.segments[usize::from(place.segment)].block(place)
    }

    /// Writes a block down.
    pub(super) fn put(&mut self, block: &[u8]) -> Place {
        let room = room(block.len());
        if !self.segments.get(self.open).is_some_and(|segment| segment.has_room(room)) {
            let before = self.segments.get(self.open).map_or(0, |segment| segment.bytes.all().len());
            self.open_segment(segment_bytes(self.used).max(before.min(SEGMENT_BYTES_MAX)).max(room));
        }
        let segment = &mut self.segments[self.open];
        let place = Place {
            segment: u16::try_from(self.open).expect("segments are opened with a number that fits"),
            start: u16::try_from(segment.filled / GRAIN).expect("a segment with room has a grain that can be told"),
            length: u32::try_from(block.len()).expect("nobody has 4 GiB of rows"),
        };
        segment.bytes.all_mut()[segment.filled..][..block.len()].copy_from_slice(block);
        segment.filled += room;
        self.used += room;
        place
    }

    /// Writes a block in the place of another, which is no longer there.
    pub(super) fn replace(&mut self, place: Place, block: &[u8]) -> Place {
        if room(block.len()) != place.room() {
            self.free(place);
            return self.put(block);
        }
        let segment = &mut self.segments[usize::from(place.segment)];
        segment.bytes.all_mut()[Segment::start(place)..][..block.len()].copy_from_slice(block);
        Place { length: block.len() as u32, ..place }
    }

    /// Forgets a block.
    pub(super) fn free(&mut self, place: Place) {
        let room = place.room();
        self.segments[usize::from(place.segment)].garbage += room;
        self.garbage += room;
        self.used -= room;
    }

    /// The segment that should be emptied, if it is time for one.
    pub(super) fn dirtiest(&self) -> Option<u16> {
        if self.garbage <= (self.used / 4).max(SEGMENT_BYTES_MIN) {
            return None;
        }
        let (number, _) = self.segments.iter().enumerate().max_by_key(|(_, segment)| segment.garbage)?;
        u16::try_from(number).ok()
    }

    /// Takes a segment out, with the blocks that stand in it; each is to be [`Arena::put`] again.
    pub(super) fn take(&mut self, segment: u16) -> Segment {
        let taken = std::mem::take(&mut self.segments[usize::from(segment)]);
        self.garbage -= taken.garbage;
        self.used -= taken.filled - taken.garbage;
        taken
    }

    /// Bytes set aside.
    pub(super) fn bytes(&self) -> usize {
        let segments: usize = self.segments.iter().map(|segment| segment.bytes.all().len()).sum();
        segments + self.segments.capacity() * size_of::<Segment>()
    }

    fn open_segment(&mut self, bytes: usize) {
        let segment = Segment { bytes: Bytes::new(bytes), ..Segment::default() };
        match self.segments.iter().position(|segment| segment.bytes.all().is_empty()) {
            Some(free) => {
                self.segments[free] = segment;
                self.open = free;
            }
            None => {
                assert!(self.segments.len() <= usize::from(u16::MAX), "a shard of 128 GiB");
                self.open = self.segments.len();
                self.segments.push(segment);
            }
        }
    }
}

/// How large the next segment should be, where so many bytes are in use: what stays unwritten is a fraction of them.
fn segment_bytes(used: usize) -> usize {
    (used / 4).next_power_of_two().clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks that grow and shrink, in a pseudo-random order, with the arena cleaned as a shard does it.
    #[test]
    fn blocks_stay_what_they_are_and_garbage_stays_bounded() {
        let mut arena = Arena::default();
        let mut blocks: Vec<(Place, Vec<u8>)> = Vec::new();
        let mut state = 7_u64;
        for step in 0..60_000_usize {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = (state >> 33) as usize % 500;
            let block = vec![step as u8; 1 + (state >> 20) as usize % if step % 5_000 == 0 { 3_000_000 } else { 900 }];
            match blocks.get_mut(number) {
                Some(old) => *old = (arena.replace(old.0, &block), block),
                None => blocks.push((arena.put(&block), block)),
            }
            if let Some(dirty) = arena.dirtiest() {
                let taken = arena.take(dirty);
                for (place, block) in blocks.iter_mut().filter(|(place, _)| place.is_in(dirty)) {
                    assert!(taken.block(*place) == *block, "step {step}");
                    *place = arena.put(block);
                }
            }
            if step % 1_000 == 0 {
                assert!(blocks.iter().all(|(place, block)| arena.block(*place) == *block), "step {step}");
                let used: usize = blocks.iter().map(|(place, _)| place.room()).sum();
                assert_eq!(arena.used, used);
                // What stands, a quarter, the longest block that may just have become garbage, and the open segment.
                assert!(arena.bytes() <= used + used / 4 + 2 * SEGMENT_BYTES_MAX + 3_100_000, "step {step}");
            }
        }
        blocks.drain(..).for_each(|(place, _)| arena.free(place));
        while let Some(dirty) = arena.dirtiest() {
            arena.take(dirty);
        }
        assert_eq!(arena.used, 0);
        assert!(arena.garbage <= SEGMENT_BYTES_MIN);
    }

    #[test]
    fn large_segments_hold_what_they_are_told() {
        let mut arena = Arena::for_bytes(100 << 20);
        let places: Vec<_> = (0..300_u32).map(|number| arena.put(&number.to_le_bytes().repeat(10_000))).collect();
        assert!(arena.segments.iter().all(|segment| segment.bytes.all().len() == SEGMENT_BYTES_MAX));
        for (number, place) in (0_u32..).zip(places) {
            assert_eq!(arena.block(place), number.to_le_bytes().repeat(10_000));
        }
    }
}
