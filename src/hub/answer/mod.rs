//! The reply, or the fault: what the consumer is told, whatever happened.

pub mod texts;
