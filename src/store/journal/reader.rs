//! Walks the frames of one segment, and finds the next whole one behind a damaged stretch.

use super::frame::{self, Frame};
use super::segment;

/// What stands next in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A whole frame.
    Frame(Frame<'a>),
    /// Bytes that make no frame, from `offset` up to the next whole frame or the end of what was written.
    Damage { offset: usize, bytes: usize },
}

/// Reads a segment's bytes from front to back.
#[derive(Debug)]
pub(super) struct SegmentReader<'a> {
    contents: &'a [u8],
    /// Behind the last byte that is not zero, at a multiple of eight: no frame begins there or later. One that begins
    /// before may well end later, since a payload may end in zeros.
    end: usize,
    at: usize,
}

impl<'a> SegmentReader<'a> {
    /// Starts behind the header, which may itself be damaged: the frames tell their own numbers.
    pub(super) fn new(contents: &'a [u8]) -> Self {
        // What was set aside and never written is zero.
        let written = contents.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let end = written.next_multiple_of(8).min(contents.len());
        Self { contents, end, at: segment::HEADER_BYTES }
    }

    /// The next frame or damage; `None` at the end of what was written.
    pub(super) fn next(&mut self) -> Option<Found<'a>> {
        if self.at >= self.end {
            return None;
        }
        if let Some(frame) = self.frame_at(self.at) {
            self.at += frame.bytes;
            return Some(Found::Frame(frame));
        }
        let mut end = self.at + 8;
        while end < self.end && self.frame_at(end).is_none() {
            end += 8;
        }
        let damage = Found::Damage { offset: self.at, bytes: self.end.min(end) - self.at };
        self.at = end;
        Some(damage)
    }

    /// The frame at `at`. Its padding may be cut off.
    fn frame_at(&self, at: usize) -> Option<Frame<'a>> {
        frame::read(self.contents.get(at..)?)
    }
}
