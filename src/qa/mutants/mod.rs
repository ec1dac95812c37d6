//! The tester tested (`qa.md` §9): a producer that does everything right, and its mutants, each with one thing wrong.
//!
//! `dataset` is what they hold, `producer` how they answer, `source` how one tells the index, [`table`] what each does wrong, [`score`] what a suite
//! notices of it.

mod dataset;
mod edit;
mod producer;
pub mod score;
mod source;
mod spoil;
pub mod table;
mod timing;
mod wire;

pub use dataset::Dataset;
pub use producer::Producer;
