//! Scripts of published suites, recognised and executed natively (`qa.md` §3).
//!
//! A script is read as the small part of the language that the published ones are written in, every name and call in it
//! is looked up in a table of what is known, and only when all of it is known is any of it executed. What is not known
//! makes the script unrecognised, with the line and the statement: nothing is guessed.

mod ast;
mod content;
pub mod host;
mod idiom;
mod kinds;
mod lexer;
mod parser;
mod recognise;
mod run;
#[cfg(test)]
mod tests;
mod value;
mod xml;

use ast::Statement;

use super::suite::project::Script;

/// A script that is understood.
#[derive(Clone, Debug)]
pub struct Program {
    statements: Vec<Statement>,
    idiom: &'static str,
    can_fail: bool,
}

/// The first statement that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("script line {line}: {statement}")]
pub struct Unrecognised {
    /// In the script, from 1.
    pub line: u32,
    /// As written.
    pub statement: String,
}

/// How a script ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// At its end, nothing found.
    Done,
    /// It gave its case up, with this text.
    Cancelled(String),
    /// It left itself out, for this reason.
    Skipped(String),
    /// It found something.
    Failed(Vec<String>),
    /// It could not be executed on what there was.
    Error(String),
    /// A mock service's script: the name of the answer.
    Answer(String),
}

impl Program {
    /// Reads a script.
    pub fn compile(script: &Script) -> Result<Self, Unrecognised> {
        let statements = parser::parse(&script.text)?;
        let facts = recognise::recognise(&statements, &script.text)?;
        Ok(Self { idiom: idiom::of(&facts), can_fail: facts.can_fail(), statements })
    }

    /// The catalogue's name of what it is.
    pub fn idiom(&self) -> &'static str {
        self.idiom
    }

    /// Whether anything in it can make an assertion fail.
    pub fn can_fail(&self) -> bool {
        self.can_fail
    }

    /// Executes it.
    pub fn run(&self, host: &mut dyn host::Host) -> Ending {
        run::run(self, host)
    }
}

/// The statement a line of the script begins, shortened to one line.
fn statement_at(source: &str, line: u32) -> String {
    source.lines().nth(line.saturating_sub(1) as usize).unwrap_or("").trim().to_owned()
}

fn unrecognised(source: &str, line: u32) -> Unrecognised {
    Unrecognised { line, statement: statement_at(source, line) }
}
