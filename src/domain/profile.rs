//! The RIV-TA basic profile (*RIV-TA-profil*) a message is written in: it names the address element of the header.

use std::fmt;

use serde::Serialize;

/// The two profiles the platform can carry and convert between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// RIV-TA BP 2.0: the address stands in `To` of WS-Addressing.
    Rivtabp20,
    /// RIV-TA BP 2.1: the address stands in `LogicalAddress` of the registry namespace.
    Rivtabp21,
}

impl Profile {
    /// The profile's name as the hub writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rivtabp20 => "rivtabp20",
            Self::Rivtabp21 => "rivtabp21",
        }
    }

    /// Reads a catalogue's spelling, in any case; `None` for a profile the platform cannot convert (`vp.md` §4.7).
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Rivtabp20, Self::Rivtabp21].into_iter().find(|profile| text.eq_ignore_ascii_case(profile.as_str()))
    }

    /// Namespace of the header element that carries the address.
    pub fn address_namespace(self) -> &'static str {
        match self {
            Self::Rivtabp20 => "http://www.w3.org/2005/08/addressing",
            Self::Rivtabp21 => "urn:riv:itintegration:registry:1",
        }
    }

    /// Local name of the header element that carries the address.
    pub fn address_element(self) -> &'static str {
        match self {
            Self::Rivtabp20 => "To",
            Self::Rivtabp21 => "LogicalAddress",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
