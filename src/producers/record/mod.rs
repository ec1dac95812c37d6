//! Forwarding to another system, and making mappings of what it answered (`producers.md` §9). What is recorded is scrubbed
//! of personal data before anybody sees it; what could not be scrubbed is not recorded.

mod forward;
mod recording;
pub mod scrub;

pub use recording::{Recording, Spec, Status, start, stubs_from};
