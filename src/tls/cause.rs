//! Why a handshake failed, in the few words that tell an operator what to do.

use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError, Error, OtherError, PeerIncompatible};

use super::verify::ShortKey;

/// Why a handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The other side showed no certificate.
    NoCertificate,
    /// Nobody who is trusted has signed it.
    UnknownCa,
    /// It was good until some day.
    Expired,
    /// It will be good from some day on.
    NotYetValid,
    /// It is not made for this side of a connection.
    WrongUsage,
    /// It is on its CA's revocation list.
    Revoked,
    /// It is for another host.
    WrongName {
        /// The host that was called.
        expected: String,
        /// The hosts it is for.
        presented: Vec<String>,
    },
    /// Its key is so short that anybody could find it.
    ShortKey(ShortKey),
    /// It cannot be read.
    Unreadable,
    /// The other side does not have the key that belongs to it.
    WrongKey,
    /// The other side only speaks versions before 1.2.
    TooOld,
    /// No common TLS version, cipher suite or group.
    NothingInCommon(String),
    /// The other side refused, with an alert.
    Alert(AlertDescription),
    /// What came is no TLS.
    NoTls,
    /// The other side hung up.
    HungUp,
    /// It took too long.
    TooSlow,
    /// Something else, in the library's words.
    Other(String),
}

impl Cause {
    /// What a failed input or output was, if it was a handshake that failed.
    pub fn of_io(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(error) => Self::of(error),
            None => match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                    Self::HungUp
                }
                _ => Self::Other(error.to_string()),
            },
        }
    }

    /// What an error of the TLS library is.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::NoCertificatesPresented => Self::NoCertificate,
            Error::InvalidCertificate(error) => Self::of_certificate(error),
            // Clients of old versions do not say which signatures they take; the library stumbles over that first.
            Error::PeerIncompatible(
                PeerIncompatible::SignatureAlgorithmsExtensionRequired
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::ServerDoesNotSupportTls12Or13,
            ) => Self::TooOld,
            Error::PeerIncompatible(why) => Self::NothingInCommon(format!("{why:?}")),
            Error::AlertReceived(alert) => Self::Alert(*alert),
            Error::InvalidMessage(_) => Self::NoTls,
            other => Self::Other(other.to_string()),
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::UnknownIssuer => Self::UnknownCa,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => Self::WrongUsage,
            CertificateError::Revoked => Self::Revoked,
            CertificateError::NotValidForName => Self::WrongName { expected: String::new(), presented: Vec::new() },
            CertificateError::NotValidForNameContext { expected, presented } => {
                Self::WrongName { expected: expected.to_str().into_owned(), presented: presented.clone() }
            }
            CertificateError::BadEncoding | CertificateError::UnhandledCriticalExtension => Self::Unreadable,
            CertificateError::BadSignature => Self::WrongKey,
            CertificateError::Other(OtherError(why)) => match why.downcast_ref::<ShortKey>() {
                Some(short) => Self::ShortKey(*short),
                None => Self::Other(why.to_string()),
            },
            other => Self::Other(other.to_string()),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("no certificate"),
            Self::UnknownCa => f.write_str("unknown CA"),
            Self::Expired => f.write_str("expired"),
            Self::NotYetValid => f.write_str("not yet valid"),
            Self::WrongUsage => f.write_str("wrong key usage"),
            Self::Revoked => f.write_str("revoked"),
            Self::WrongName { expected, presented } => {
                write!(f, "wrong name: it is for {}, and {expected} was called", or_nobody(presented))
            }
            Self::ShortKey(short) => short.fmt(f),
            Self::Unreadable => f.write_str("the certificate cannot be read"),
            Self::WrongKey => f.write_str("the key is not the certificate's"),
            Self::TooOld => f.write_str("TLS version too old"),
            Self::NothingInCommon(why) => write!(f, "no TLS version or cipher suite in common ({why})"),
            Self::Alert(alert) => write!(f, "received fatal alert: {}", alert_name(*alert)),
            Self::NoTls => f.write_str("what came is no TLS"),
            Self::HungUp => f.write_str("the connection was closed during the handshake"),
            Self::TooSlow => f.write_str("the handshake took too long"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

fn or_nobody(names: &[String]) -> String {
    // The library gives each name as `DnsName("…")`.
    let plain = |name: &String| {
        let inner = name.strip_prefix("DnsName(\"").and_then(|rest| rest.strip_suffix("\")"));
        inner.unwrap_or(name).to_owned()
    };
    if names.is_empty() { "no host".to_owned() } else { names.iter().map(plain).collect::<Vec<_>>().join(", ") }
}

/// The alert as RFC 8446 writes it: `bad_certificate`.
fn alert_name(alert: AlertDescription) -> String {
    let mut name = String::new();
    let mut before_was_small = false;
    for c in format!("{alert:?}").chars() {
        if c.is_ascii_uppercase() && before_was_small {
            name.push('_');
        }
        before_was_small = c.is_ascii_lowercase();
        name.push(c.to_ascii_lowercase());
    }
    name
}
