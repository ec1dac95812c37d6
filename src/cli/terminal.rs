//! Where a command writes: results to one stream, complaints to another, in colour where somebody looks at them.

use std::io::{self, Write};

use serde::Serialize;

use crate::config::process::variable;

/// The two streams of a command, and how to write to them.
pub struct Terminal<'t> {
    out: &'t mut dyn Write,
    err: &'t mut dyn Write,
    colour: bool,
    /// Whether somebody looks on, and wants to see how far a long command has come.
    pub is_watched: bool,
    /// Whether results are printed as JSON.
    pub json: bool,
}

/// What a piece of text says about itself by colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It is as it should be.
    Good,
    /// It is what refuses or fails.
    Bad,
    /// It needs a look.
    Warning,
    /// It heads a section.
    Heading,
    /// It is there for those who want to know.
    Quiet,
}

impl<'t> Terminal<'t> {
    /// Writes to these streams. Colour is for people: `out` must be a terminal, and `NO_COLOR` not set.
    pub fn new(
        out: &'t mut dyn Write,
        err: &'t mut dyn Write,
        out_is_terminal: bool,
        variables: &[(String, String)],
    ) -> Self {
        let colour = out_is_terminal
            && variable(variables, "NO_COLOR").is_none()
            && variable(variables, "TERM").is_none_or(|term| term != "dumb");
        Self { out, err, colour, is_watched: out_is_terminal, json: false }
    }

    /// Writes a finished text of a result.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Writes a piece of a result that may be long.
    pub fn print_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// Writes a result as JSON.
    pub fn print_json(&mut self, result: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *self.out, result)?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }

    /// Writes a line that is no result.
    pub fn complain(&mut self, text: &str) {
        // Without standard error there is nobody to complain to.
        let _ = writeln!(self.err, "{text}");
    }

    /// The palette of results.
    pub fn palette(&self) -> Palette {
        Palette { colour: self.colour }
    }
}

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Whether there are colours.
    pub colour: bool,
}

impl Palette {
    /// The text in the colour of its tone; no wider on screen than before.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Warning => "33",
            Tone::Heading => "1",
            Tone::Quiet => "2",
        };
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The text with its control characters written out, so that no file can move the cursor.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

/// Rows in columns as wide as their widest cell, two spaces apart; the last column is left as it is. Cells hold no colour.
pub fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).filter(|(_, width)| *width > 0);
        let padded: Vec<String> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
