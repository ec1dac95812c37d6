//! What can go wrong in a handshake, by the ids of `producers.md` §7.4 and two of §7.2.

use std::time::Duration;

use crate::producers::behaviour::act::Act;

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TlsFault {
    /// The certificate was good until yesterday.
    Expired,
    /// It will be good in a month.
    NotYet,
    /// It is for another host.
    WrongName,
    /// Nobody knows the CA that signed it.
    UnknownCa,
    /// Nobody but itself stands for it.
    SelfSigned,
    /// Its key is RSA with 1024 bits.
    WeakKey,
    /// The server speaks nothing newer than TLS 1.0.
    OldVersion,
    /// The server speaks none of the caller's cipher suites.
    NoSharedCipher,
    /// The caller's certificate is asked for, and refused whatever it is.
    ClientRefused,
    /// The server gives up in the middle, with an alert.
    AlertMidHandshake,
    /// The handshake begins late.
    Slow(Duration),
    /// It never begins.
    Hang,
}

impl TlsFault {
    /// Reads an id.
    pub fn parse(id: &str) -> Option<Self> {
        Some(match id {
            "cert-expired" => Self::Expired,
            "cert-not-yet" => Self::NotYet,
            "cert-wrong-name" => Self::WrongName,
            "cert-unknown-ca" => Self::UnknownCa,
            "cert-self-signed" => Self::SelfSigned,
            "cert-weak-key" => Self::WeakKey,
            "tls-10-only" => Self::OldVersion,
            "tls-no-shared-cipher" => Self::NoSharedCipher,
            "client-cert-refused" => Self::ClientRefused,
            "alert-mid-handshake" => Self::AlertMidHandshake,
            "slow-tls" => Self::Slow(Duration::ZERO),
            "hang" => Self::Hang,
            _ => return None,
        })
    }

    /// What a behaviour is in a handshake, if it is anything there.
    pub fn of(act: &Act) -> Option<Self> {
        Self::parse(act.id).map(|fault| match fault {
            Self::Slow(_) => Self::Slow(act.delay),
            fault => fault,
        })
    }

    /// Whether it can be seen nowhere but in a handshake; the others are something to a call, too.
    pub fn is_only_shaken(self) -> bool {
        !matches!(self, Self::Slow(_) | Self::Hang)
    }

    /// What a caller in our own process is told: what it would see for itself over a socket.
    pub fn in_process(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYet => "not yet valid",
            Self::WrongName => "wrong name: it is for another host",
            Self::UnknownCa | Self::SelfSigned => "unknown CA",
            Self::WeakKey => "the certificate's key is too short",
            Self::OldVersion => "TLS version too old",
            Self::NoSharedCipher => "received fatal alert: handshake_failure",
            Self::ClientRefused => "received fatal alert: certificate_unknown",
            Self::AlertMidHandshake => "received fatal alert: internal_error",
            Self::Slow(_) | Self::Hang => "the handshake took too long",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::producers::behaviour::act::TLS_IDS;

    #[test]
    fn every_id_of_a_handshake_is_a_fault_and_the_two_of_time_are_calls_too() {
        for id in TLS_IDS {
            let act = Act::parse(id).unwrap();
            assert!(TlsFault::of(&act).is_some_and(TlsFault::is_only_shaken), "{id}");
        }
        let slow = TlsFault::of(&Act::parse("slow-tls;ms=700").unwrap());
        assert_eq!(slow, Some(TlsFault::Slow(Duration::from_millis(700))));
        assert_eq!(TlsFault::of(&Act::parse("hang").unwrap()), Some(TlsFault::Hang));
        assert_eq!(TlsFault::of(&Act::parse("http-404").unwrap()), None);
    }
}
