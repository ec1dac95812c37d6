//! Where in a message something stands. Lines are only counted when somebody asks, and once per window.

/// A place in a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Line, counted from 1.
    pub(super) line: u64,
    /// Character in the line, counted from 1.
    pub(super) column: u64,
    /// Byte of the decoded message, counted from 0.
    pub(super) offset: u64,
}

/// Counts lines and columns over windows that follow each other.
#[derive(Debug)]
pub(super) struct Cursor {
    /// Place of the window's first byte.
    start: Place,
    /// A place in the window that was asked for last.
    memo: (usize, Place),
}

impl Default for Cursor {
    fn default() -> Self {
        let start = Place { line: 1, column: 1, offset: 0 };
        Self { start, memo: (0, start) }
    }
}

impl Cursor {
    /// The place of a byte of the window.
    pub(super) fn place(&mut self, window: &[u8], at: usize) -> Place {
        let at = at.min(window.len());
        let (from, place) = if at >= self.memo.0 { self.memo } else { (0, self.start) };
        let place = counted(place, &window[from..at]);
        self.memo = (at, place);
        place
    }

    /// Moves on to the window that follows the first `length` bytes of this one.
    pub(super) fn advance(&mut self, window: &[u8], length: usize) {
        self.start = self.place(window, length);
        self.memo = (0, self.start);
    }

    /// Place of the window's first byte.
    pub(super) fn offset(&self) -> u64 {
        self.start.offset
    }
}

fn counted(from: Place, bytes: &[u8]) -> Place {
    let lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
    let last = if lines == 0 { None } else { memchr::memrchr(b'\n', bytes) };
    let tail = last.map_or(bytes, |newline| &bytes[newline + 1..]);
    let characters = tail.iter().filter(|byte| (**byte & 0xc0) != 0x80).count() as u64;
    let column = if last.is_some() { 1 + characters } else { from.column + characters };
    Place { line: from.line + lines, column, offset: from.offset + bytes.len() as u64 }
}
