//! Native suites: one folder a suite, one file a case, made to lie in git (`qa.md` §5).
//!
//! A native suite becomes the same [`Project`](super::suite::project::Project) as a published one, so that everything
//! that runs, counts and reports cases serves both. Read `written` for what the files say, [`read`] for how they become
//! cases, [`expected`] and [`judge`] for what an answer is held to, [`parameters`] for what only the customer knows.

pub mod convert;
pub mod expected;
pub mod export;
pub mod judge;
pub mod parameters;
pub mod read;
pub mod written;
