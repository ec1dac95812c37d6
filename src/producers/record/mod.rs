//! Forwarding to another system, and making mappings of what it answered (`producers.md` §9). What is recorded is scrubbed
//! of personal data before anybody sees it; what could not be scrubbed is not recorded.

mod compare;
mod forward;
mod keep;
pub mod onward;
mod plain;
mod recording;
pub mod scrub;
mod stub;

pub(super) use compare::{Ours, Told};
pub(super) use keep::{Keep, Keeper};
pub use recording::{BodyPattern, Recording, Spec, Status, start};
pub(super) use recording::{extracted, stubs_from};
