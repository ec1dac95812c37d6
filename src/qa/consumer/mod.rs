//! Consumer cases (`qa.md` §6.1): a case waits for the customer's call, and judges what came.
//!
//! [`hub`] reads the hub's call record over HTTP, [`platform`] what else the platform tells of itself, [`wait`] is how a case waits for calls, [`waits`]
//! knows all that wait, [`faults`] makes the mocked
//! producers misbehave meanwhile, [`rules`] judges the calls,
//! [`certificate`] by whom they were made, [`patience`] how long they were waited for, and
//! [`received`] says what the consumer was answered with.

pub mod certificate;
pub mod faults;
pub mod hub;
pub mod patience;
pub mod platform;
pub mod received;
mod residents;
pub mod rules;
pub mod wait;
pub mod waits;
