//! The platform from outside: a real one is started for every test, on ports the system chooses, with an environment of
//! its own, and is called over HTTP.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops here")]
#![allow(unreachable_pub, reason = "nobody but this crate sees its tests")]

mod admin;
mod aggregation;
mod architecture;
mod conformance;
mod connection;
mod contracts;
mod drain;
mod engagements;
mod fuzzed;
mod hostile;
mod index;
mod limits;
mod log;
mod platforms;
mod producers;
mod qa;
mod quirks;
mod records;
mod reload;
mod story;
mod support;
mod tak;
mod tls;
mod validate;
