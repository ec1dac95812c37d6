//! Index cases (`qa.md` §6.2, §6.3): whether a system tells the engagement index what it should, and whether what the index
//! says and what producers answer agree.

pub mod audit;
pub mod updates;
pub mod watched;
