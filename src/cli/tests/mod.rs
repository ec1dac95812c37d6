//! Command lines as people type them, and what they read.

mod bench;
mod commands;
mod contracts;
mod explanation;
mod index;
mod parsing;
mod tak;

use std::ffi::OsString;

use super::failure::Exit;
use super::run;
use super::terminal::Terminal;

/// What a command line left behind.
pub(crate) struct Ran {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command line, given without the program's name.
pub(crate) fn anslut(arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let line = std::iter::once("anslut").chain(arguments.iter().copied()).map(OsString::from);
    let variables: Vec<_> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run(line, &variables, &mut Terminal::new(&mut out, &mut err, false, &variables));
    Ran { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}
