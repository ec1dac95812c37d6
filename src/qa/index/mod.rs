//! Index cases (`qa.md` §6.2, §6.3): whether a system tells the engagement index what it should, and whether what the index
//! says and what producers answer agree.

pub mod ask;
pub mod audit;
pub mod filing;
pub mod proposal;
pub mod sample;
pub mod updates;
pub mod watched;
