//! The message path: one call from consumer to producer and back.
//!
//! A call walks through the folders below from top to bottom, in the reference platform's order (`vp.md` §0): with two
//! things wrong, the order decides which of them the consumer is told. Whatever happens, a call ends in exactly one
//! call record and one answer.

pub mod answer;
pub mod authorise;
pub mod exchange;
pub mod explain;
pub mod records;
pub mod route;
