//! Times and sums that the texts leave open or that somebody may want to change, with the defaults of `connection.md`.

/// What the gates measure by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Days between the delivery of the list of caregivers and the start (CONN-17).
    pub caregiver_lead_days: i32,
    /// Working days within which a change goes into the list (CONN-19).
    pub caregiver_change_days: u32,
    /// Days in which a planned stop is announced before it begins (CONN-62).
    pub stop_notice_days: i32,
}

impl Default for Terms {
    fn default() -> Self {
        Self { caregiver_lead_days: 14, caregiver_change_days: 5, stop_notice_days: 10 }
    }
}
