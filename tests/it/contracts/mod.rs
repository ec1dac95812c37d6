//! Contracts against published ones, where a corpus of them is at hand.
//!
//! The corpus is not part of the project: `ANSLUT_CORPUS` names the folder it lies in. Without it these tests pass
//! without having looked at anything, and say so.

mod corpus;
mod messages;
mod oracle;
mod samples;
mod schemas;
mod shipped;
