//! Consumer cases (`qa.md` §6.1): a case waits for the customer's call, and judges what came.
//!
//! [`hub`] reads the hub's call record over HTTP, [`rules`] judges the calls, [`wait`] is how a case waits for them.

pub mod hub;
pub mod rules;
pub mod wait;
