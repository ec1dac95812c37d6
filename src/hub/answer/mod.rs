//! The reply, or the fault: what the consumer is told, whatever happened (`vp.md` §3.8, §6).

pub mod failure;
pub mod reply;
pub mod texts;

#[cfg(test)]
mod tests;
