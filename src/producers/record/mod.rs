//! Forwarding to another system, and making mappings of what it answered (`producers.md` §9). What is recorded is scrubbed
//! of personal data before anybody sees it; what could not be scrubbed is not recorded.

mod compare;
mod forward;
pub mod onward;
mod recording;
pub mod scrub;

pub(super) use compare::{Compared, Ours};
pub use recording::{Recording, Spec, Status, start, stubs_from};
