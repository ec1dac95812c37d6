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
    at: usize,
}

impl<'a> SegmentReader<'a> {
    /// Starts behind the header, which may itself be damaged: the frames tell their own numbers.
    pub(super) fn new(contents: &'a [u8]) -> Self {
        // What was set aside and never written is zero.
        let written = contents.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let end = written.next_multiple_of(8).min(contents.len());
        Self { contents: &contents[..end], at: segment::HEADER_BYTES }
    }

    /// The next frame or damage; `None` at the end of what was written.
    pub(super) fn next(&mut self) -> Option<Found<'a>> {
        let rest = self.contents.get(self.at..).filter(|rest| !rest.is_empty())?;
        if let Some(frame) = self.frame_at(self.at) {
            self.at += frame.bytes;
            return Some(Found::Frame(frame));
        }
        let mut end = self.at + 8;
        while end < self.contents.len() && self.frame_at(end).is_none() {
            end += 8;
        }
        let damage = Found::Damage { offset: self.at, bytes: rest.len().min(end - self.at) };
        self.at = end;
        Some(damage)
    }

    /// The frame at `at`. Its padding may have been cut off together with the zeros behind it.
    fn frame_at(&self, at: usize) -> Option<Frame<'a>> {
        frame::read(self.contents.get(at..)?)
    }
}
