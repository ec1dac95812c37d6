//! Settings of the mocked producers.

use std::path::PathBuf;

/// The settings that concern all producers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerSettings {
    /// Request header that may select a behaviour; unset: none may.
    pub behaviour_header: Option<String>,
    /// What a workspace's journal keeps, in bytes.
    pub journal_bytes_max: usize,
    /// Whether journals survive a restart, in the data directory.
    pub journal_persist: bool,
    /// Whether `/<system>/__admin/**` is served on the producers' own listener.
    pub admin: bool,
    /// Hosts that may be forwarded to.
    pub proxy_allow: Vec<String>,
    /// Whether a host without a test marker in its name may be forwarded to.
    pub proxy_i_know: bool,
    /// Whether recordings invent the HSA-ids of units and systems too.
    pub scrub_hsa: bool,
    /// Whether every body of a mapping is a template.
    pub templating: bool,
    /// Folder of the CA from which systems with TLS of their own have certificates.
    pub pki: Option<PathBuf>,
}

impl Default for ProducerSettings {
    fn default() -> Self {
        Self {
            behaviour_header: None,
            journal_bytes_max: 64 * 1024 * 1024,
            journal_persist: false,
            admin: false,
            proxy_allow: Vec::new(),
            proxy_i_know: false,
            scrub_hsa: false,
            templating: false,
            pki: None,
        }
    }
}
