//! The fifteen codes by which the platform refuses a call (`vp.md` §6.2). Texts and sides stand in `hub/answer`.

use std::fmt;

use serde::{Serialize, Serializer};

/// VP001 to VP015.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VpCode {
    Vp001 = 1,
    Vp002,
    Vp003,
    Vp004,
    Vp005,
    Vp006,
    Vp007,
    Vp008,
    Vp009,
    Vp010,
    Vp011,
    Vp012,
    Vp013,
    Vp014,
    Vp015,
}

impl VpCode {
    /// Every code, in order.
    pub const ALL: [Self; 15] = [
        Self::Vp001,
        Self::Vp002,
        Self::Vp003,
        Self::Vp004,
        Self::Vp005,
        Self::Vp006,
        Self::Vp007,
        Self::Vp008,
        Self::Vp009,
        Self::Vp010,
        Self::Vp011,
        Self::Vp012,
        Self::Vp013,
        Self::Vp014,
        Self::Vp015,
    ];

    /// `VP001` … `VP015`, as it stands in a fault string.
    pub fn as_str(self) -> &'static str {
        const NAMES: [&str; 15] = [
            "VP001", "VP002", "VP003", "VP004", "VP005", "VP006", "VP007", "VP008", "VP009", "VP010", "VP011", "VP012",
            "VP013", "VP014", "VP015",
        ];
        NAMES[self as usize - 1]
    }

    /// Reads `VP004` or `vp004`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| text.eq_ignore_ascii_case(code.as_str()))
    }
}

impl fmt::Display for VpCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for VpCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
