//! Behaviours by their ids: every way a producer can be wrong, slow or gone, on demand (`producers.md` §7).

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::producers::settings::DELAY_MAX;

/// Every id there is, beside those of [`TLS_IDS`].
pub const IDS: [&str; 83] = [
    "normal",
    "logical-error",
    "logical-info",
    "soap-fault",
    "soap-fault-200",
    "soap-fault-12",
    "soap-fault-503",
    "vp-fault",
    "empty-list",
    "empty-body",
    "empty-200",
    "http-500-html",
    "http-404",
    "http-401",
    "http-301",
    "http-204",
    "http-429",
    "slow",
    "edge-26900",
    "edge-27100",
    "edge-27900",
    "edge-28100",
    "edge-28900",
    "edge-29100",
    "edge-29900",
    "edge-30100",
    "hang",
    "slow-head",
    "drip",
    "stall-mid",
    "slow-accept",
    "slow-tls",
    "wrong-patient",
    "mixed-patients",
    "wrong-source",
    "wrong-unit",
    "outside-period",
    "duplicate-records",
    "too-many",
    "huge",
    "schema-invalid",
    "old-minor",
    "new-minor",
    "other-prefixes",
    "nullified",
    "wrong-major",
    "wrong-contract",
    "not-xml",
    "truncated",
    "long-length",
    "short-length",
    "bad-encoding",
    "latin1-honest",
    "utf16",
    "bom",
    "charset-conflict",
    "bad-utf8",
    "no-declaration",
    "entity-bomb",
    "external-entity",
    "doctype",
    "deep",
    "many-attributes",
    "long-text",
    "pii-in-fault",
    "pii-in-header",
    "stacktrace-in-fault",
    "mtom",
    "gzip",
    "gzip-unasked",
    "content-type-html",
    "no-content-type",
    "EMPTY_RESPONSE",
    "MALFORMED_RESPONSE_CHUNK",
    "RANDOM_DATA_THEN_CLOSE",
    "CONNECTION_RESET_BY_PEER",
    "reset-mid-body",
    "reset-once",
    "close-idle",
    "refuse",
    "100-continue-slow",
    "extra-100",
    "lognormal",
];

/// Ids that are shown in a handshake: on a listener with TLS of the system's own (`[tls]`).
pub const TLS_IDS: [&str; 10] = [
    "cert-expired",
    "cert-not-yet",
    "cert-wrong-name",
    "cert-unknown-ca",
    "cert-self-signed",
    "cert-weak-key",
    "tls-10-only",
    "tls-no-shared-cipher",
    "client-cert-refused",
    "alert-mid-handshake",
];

/// Most pieces of `drip`.
const DRIP_CHUNKS_MAX: u64 = 10_000;

/// Options a behaviour may have.
const OPTIONS: [&str; 15] = [
    "id",
    "behaviour",
    "ms",
    "delay_ms",
    "chunks",
    "text",
    "code",
    "n",
    "mb",
    "at",
    "seed",
    "mutation",
    "variant",
    "median",
    "sigma",
];

/// A behaviour with its options.
#[derive(Clone, Debug, PartialEq)]
pub struct Act {
    /// Its id.
    pub id: &'static str,
    /// Waited before it.
    pub delay: Duration,
    options: Vec<(String, String)>,
}

impl Act {
    /// Reads an id, with options behind it: `slow;ms=500`, `vp-fault VP007`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split(';');
        let head = parts.next().unwrap_or_default().trim();
        let (id, value) = head.split_once(char::is_whitespace).unwrap_or((head, ""));
        let mut options: Vec<(String, String)> = Vec::new();
        if !value.trim().is_empty() {
            options.push((short_option(id).to_owned(), value.trim().to_owned()));
        }
        for part in parts.filter(|part| !part.trim().is_empty()) {
            let (key, value) =
                part.split_once('=').ok_or_else(|| format!("{part:?} is no option, expected key=value"))?;
            options.push((key.trim().to_owned(), value.trim().to_owned()));
        }
        Self::new(id, options)
    }

    /// Reads a text or an object: `{"id": "slow", "ms": 500}`, `{"delay_ms": 29500, "then": "normal"}`.
    pub fn from_json(value: &Value) -> Result<Self, String> {
        let members = match value {
            Value::String(text) => return Self::parse(text),
            Value::Object(members) => members,
            other => return Err(format!("{other} is no behaviour, expected an id or a table")),
        };
        let mut id = "normal".to_owned();
        let mut options = Vec::new();
        for (key, value) in members {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match key.as_str() {
                "id" | "behaviour" | "then" => id = text,
                _ => options.push((key.clone(), text)),
            }
        }
        Self::new(&id, options)
    }

    fn new(id: &str, options: Vec<(String, String)>) -> Result<Self, String> {
        let known = IDS.iter().chain(&TLS_IDS).find(|known| **known == id);
        let id = known.ok_or_else(|| {
            let nearest = crate::config::nearest::nearest(id, IDS.iter().chain(&TLS_IDS).copied());
            format!("there is no behaviour {id:?}; the nearest is {:?}", nearest.unwrap_or("normal"))
        })?;
        if let Some((key, _)) = options.iter().find(|(key, _)| !OPTIONS.contains(&key.as_str())) {
            return Err(format!("behaviour {id} has no option {key:?}"));
        }
        if *id == "schema-invalid"
            && let Some((_, kind)) = options.iter().find(|(key, _)| key == "mutation")
            && !super::content::MUTATIONS.contains(&kind.as_str())
        {
            let known = super::content::MUTATIONS.join(", ");
            return Err(format!("behaviour schema-invalid: mutation is {kind:?}, expected one of {known}"));
        }
        let mut act = Self { id, delay: Duration::ZERO, options };
        for key in ["ms", "delay_ms", "chunks", "n", "mb", "seed"] {
            if let Some(text) = act.option(key)
                && text.parse::<u64>().is_err()
            {
                return Err(format!("behaviour {id}: {key} is {text:?}, expected a whole number"));
            }
        }
        let wait = act.number("delay_ms").unwrap_or(0).saturating_add(act.wait_ms());
        act.delay = Duration::from_millis(wait).min(DELAY_MAX);
        Ok(act)
    }

    /// The wait an id itself stands for.
    fn wait_ms(&self) -> u64 {
        match self.id {
            "slow" | "slow-accept" | "slow-tls" | "slow-head" | "100-continue-slow" => {
                self.number("ms").unwrap_or(1_000)
            }
            id => id.strip_prefix("edge-").and_then(|ms| ms.parse().ok()).unwrap_or(0),
        }
    }

    /// In how many pieces `drip` sends an answer, and over how long.
    pub fn drip(&self) -> (usize, Duration) {
        let chunks = self.number("chunks").unwrap_or(5).clamp(1, DRIP_CHUNKS_MAX);
        (chunks as usize, Duration::from_millis(self.number("ms").unwrap_or(1_000)).min(DELAY_MAX))
    }

    /// Whether the answer stays as it is, and only comes late.
    pub fn only_waits(&self) -> bool {
        matches!(self.id, "normal" | "slow" | "slow-accept" | "slow-tls" | "slow-head" | "lognormal")
            || self.id.starts_with("edge-")
    }

    /// An option as written.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// An option as a number.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.option(key).and_then(|text| text.parse().ok())
    }

    /// An option as a share.
    pub fn share(&self, key: &str) -> Option<f64> {
        self.option(key).and_then(|text| text.parse().ok()).filter(|share| (0.0..=1.0).contains(share))
    }
}

/// The option that stands behind an id without its name.
fn short_option(id: &str) -> &'static str {
    match id {
        "slow" | "slow-head" | "slow-accept" | "slow-tls" => "ms",
        "vp-fault" => "code",
        "soap-fault" => "text",
        "schema-invalid" => "mutation",
        "bad-encoding" => "variant",
        "huge" | "long-text" => "mb",
        "truncated" => "at",
        _ => "n",
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)?;
        for (key, value) in &self.options {
            write!(f, ";{key}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wait_exceeds_the_limit_whatever_is_asked_for() {
        let act = Act::parse("drip;ms=99999999999;chunks=99999999999").unwrap();
        assert_eq!(act.drip(), (10_000, DELAY_MAX));
        assert_eq!(Act::parse("slow;ms=99999999999").unwrap().delay, DELAY_MAX);
        let most = u64::MAX;
        assert_eq!(Act::parse(&format!("slow;ms={most};delay_ms={most}")).unwrap().delay, DELAY_MAX);
    }
}
