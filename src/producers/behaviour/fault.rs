//! The four ways a connection can fail on demand (`producers.md` §2.3).

use crate::soap::responder::TransportFault;

/// A fault of the connection, named as WireMock names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireFault {
    /// Closed with no byte sent.
    EmptyResponse,
    /// A chunked head, garbage instead of a chunk, then closed.
    MalformedResponseChunk,
    /// Random bytes, then closed.
    RandomDataThenClose,
    /// Reset without a byte.
    ConnectionResetByPeer,
}

impl WireFault {
    const NAMES: [(&str, Self); 4] = [
        ("EMPTY_RESPONSE", Self::EmptyResponse),
        ("MALFORMED_RESPONSE_CHUNK", Self::MalformedResponseChunk),
        ("RANDOM_DATA_THEN_CLOSE", Self::RandomDataThenClose),
        ("CONNECTION_RESET_BY_PEER", Self::ConnectionResetByPeer),
    ];

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, fault)| *fault)
    }

    /// What a caller in our own process is told. There is no word there for an answer that cannot be parsed; a reset has
    /// the nearest outcome (`vp.md` §7.2: an error of the connection, VP009).
    pub fn in_process(self) -> TransportFault {
        match self {
            Self::EmptyResponse => TransportFault::Closed,
            Self::MalformedResponseChunk | Self::RandomDataThenClose | Self::ConnectionResetByPeer => {
                TransportFault::Reset
            }
        }
    }
}
