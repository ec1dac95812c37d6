//! Pieces of huge pages, for the segments of all arenas.
//!
//! A shard of a few million engagements is smaller than a huge page, and two hundred and fifty-six of them on ordinary
//! pages are more than a processor's tables of pages hold: each lookup would miss there too. So segments are cut out of
//! huge pages that shards share. A piece that is no longer needed is kept for the next segment of its size; the memory
//! of the process is what its indexes held at their largest.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use memmap2::MmapMut;

/// A huge page.
pub(super) const HUGE_BYTES: usize = 2 * 1024 * 1024;
/// The smallest piece: a platform with a few thousand engagements has no use for huge pages.
const PIECE_BYTES_MIN: usize = 16 * 1024;
/// Sizes of pieces: powers of two, below a whole page.
const SIZES: usize = (HUGE_BYTES / PIECE_BYTES_MIN).ilog2() as usize;

/// A piece of a huge page, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Piece(&'static mut [u8]);

#[derive(Debug)]
struct Pool {
    free: [Vec<&'static mut [u8]>; SIZES],
    /// What is not cut yet of the last page.
    rest: &'static mut [u8],
}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: [const { Vec::new() }; SIZES], rest: &mut [] });

/// Whether segments of this length are pieces.
pub(super) fn has_size(length: usize) -> bool {
    length.is_power_of_two() && (PIECE_BYTES_MIN..HUGE_BYTES).contains(&length)
}

fn size(length: usize) -> usize {
    (length / PIECE_BYTES_MIN).ilog2() as usize
}

/// A piece of a length that [`has_size`]; what stands in it is of no meaning. `None` where the operating system gives no
/// more memory.
pub(super) fn take(length: usize) -> Option<Piece> {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(free) = pool.free[size(length)].pop() {
        return Some(Piece(free));
    }
    if pool.rest.len() < length {
        let page = page()?;
        pool.keep_rest();
        pool.rest = page;
    }
    let (piece, rest) = std::mem::take(&mut pool.rest).split_at_mut(length);
    pool.rest = rest;
    Some(Piece(piece))
}

impl Pool {
    /// Cuts what is left of a page into pieces, the longest first.
    fn keep_rest(&mut self) {
        let mut rest = std::mem::take(&mut self.rest);
        while !rest.is_empty() {
            let longest = 1 << rest.len().ilog2();
            let (piece, shorter) = rest.split_at_mut(longest);
            self.free[size(longest)].push(piece);
            rest = shorter;
        }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let piece = std::mem::take(&mut self.0);
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        pool.free[size(piece.len())].push(piece);
    }
}

impl Deref for Piece {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0
    }
}

impl DerefMut for Piece {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.0
    }
}

/// A huge page that stays for as long as the process lives.
fn page() -> Option<&'static mut [u8]> {
    let mapped: &'static mut MmapMut = Box::leak(Box::new(map(HUGE_BYTES).ok()?));
    let start = aligned(mapped);
    Some(&mut mapped[start..][..HUGE_BYTES])
}

/// Memory in which so many bytes stand on whole huge pages, from [`aligned`] on. What is before and behind is never
/// touched, and so costs nothing.
pub(super) fn map(length: usize) -> std::io::Result<MmapMut> {
    let mapped = MmapMut::map_anon(length + HUGE_BYTES)?;
    // Where the operating system has none, ordinary pages do the same, more slowly.
    #[cfg(target_os = "linux")]
    let _ = mapped.advise(memmap2::Advice::HugePage);
    Ok(mapped)
}

/// Where its first whole huge page begins.
pub(super) fn aligned(mapped: &MmapMut) -> usize {
    mapped.as_ptr().align_offset(HUGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_apart_and_come_back() {
        let lengths = [PIECE_BYTES_MIN, 4 * PIECE_BYTES_MIN, HUGE_BYTES / 2, PIECE_BYTES_MIN, HUGE_BYTES / 2, 1 << 17];
        let mut pieces: Vec<_> = lengths.iter().map(|length| take(*length).unwrap()).collect();
        for (number, piece) in pieces.iter_mut().enumerate() {
            piece.fill(number as u8);
        }
        for (number, (piece, length)) in pieces.iter().zip(lengths).enumerate() {
            assert_eq!(piece.len(), length);
            assert!(piece.iter().all(|byte| *byte == number as u8), "piece {number} is written into by another");
        }
    }

    #[test]
    fn the_rest_of_a_page_is_cut_up_whole() {
        let mut pool = Pool { free: [const { Vec::new() }; SIZES], rest: page().unwrap() };
        assert_eq!(pool.rest.as_ptr().align_offset(HUGE_BYTES), 0);
        let rest = std::mem::take(&mut pool.rest);
        pool.rest = &mut rest[PIECE_BYTES_MIN..];
        pool.keep_rest();
        assert!(pool.free.iter().all(|pieces| pieces.len() == 1), "one of each size");
        let kept: usize = pool.free.iter().flatten().map(|piece| piece.len()).sum();
        assert_eq!(kept, HUGE_BYTES - PIECE_BYTES_MIN);
    }

    #[test]
    fn only_powers_of_two_below_a_page_are_pieces() {
        for (length, is) in
            [(0, false), (8_192, false), (16_384, true), (20_000, false), (1 << 20, true), (1 << 21, false)]
        {
            assert_eq!(has_size(length), is, "{length}");
        }
    }
}
