//! The routing history (`vp.md` §3.5): which platform instances a call has passed, so that a loop (*rundgång*) is seen.

use http::HeaderMap;

use super::{IdentifyError, ROUTING_HISTORY, text};
use crate::config::checked::HubSettings;

const DELIMITER: char = '#';

/// The history to send on, with this instance last; `None` where the history is switched off.
pub fn extend(settings: &HubSettings, headers: &HeaderMap, sender: &str) -> Result<Option<String>, IdentifyError> {
    if !settings.use_routing_history {
        return Ok(None);
    }
    let so_far = text(headers, &ROUTING_HISTORY).filter(|history| !history.is_empty());
    if let Some(history) = &so_far
        && history.split(DELIMITER).any(|instance| instance.trim() == settings.instance_id)
    {
        return Err(IdentifyError::Loop);
    }
    let so_far = so_far.as_deref().unwrap_or(sender);
    Ok(Some(format!("{so_far}{DELIMITER}{}", settings.instance_id)))
}
