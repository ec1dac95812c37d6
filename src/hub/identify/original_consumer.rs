//! Who may say for whom a call is made (`vp.md` §3.4).

use http::HeaderMap;

use super::{ORIGINAL_CONSUMER, is_internal};
use crate::config::checked::HubSettings;

/// VP013: the sender may not name an original consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Sender is not approved to set header x-rivta-original-serviceconsumer-hsaid.")]
pub struct NotApproved;

/// What the check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// The header is absent, or the sender may set it.
    Approved,
    /// It may not, but the platform is configured to warn only.
    Tolerated,
}

/// Checks the right of `sender` to set the header. That a call is internal is taken from `x-vp-instance-id` alone: the
/// reference looks no further.
pub fn check(settings: &HubSettings, headers: &HeaderMap, sender: &str) -> Result<Approval, NotApproved> {
    let listed = || settings.original_consumer_senders.iter().any(|allowed| allowed == sender);
    if !headers.contains_key(ORIGINAL_CONSUMER)
        || is_internal(settings, headers)
        || settings.original_consumer_senders.is_empty()
        || listed()
    {
        return Ok(Approval::Approved);
    }
    match settings.refuse_original_consumer {
        true => Err(NotApproved),
        false => Ok(Approval::Tolerated),
    }
}
