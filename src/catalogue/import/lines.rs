//! From byte offsets to lines, for files with half a million rows.

/// Where the lines of a text end.
#[derive(Debug)]
pub(in crate::catalogue) struct Lines {
    newlines: Vec<usize>,
}

impl Lines {
    pub(in crate::catalogue) fn of(text: &[u8]) -> Self {
        Self { newlines: memchr::memchr_iter(b'\n', text).collect() }
    }

    /// Line of a byte offset, counted from 1.
    pub(in crate::catalogue) fn line_at(&self, offset: usize) -> usize {
        1 + self.newlines.partition_point(|newline| *newline < offset)
    }
}
