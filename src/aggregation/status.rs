//! What became of each call, for the consumer: the header `ProcessingStatus` (`aggregation.md` §2).

use jiff::Timestamp;

use crate::domain::clock::stockholm;
use crate::soap::xml::text::escape_into;

/// Why a source's records are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// What kind of failure it was.
    pub(super) code: Code,
    /// The text the consumer is told.
    pub(super) text: String,
}

/// The codes of §2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// A SOAP fault, whatever the HTTP status was.
    Fault,
    /// No answer within the time for one source.
    ReadTimeout,
    /// Everything else.
    Other,
}

impl Code {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Fault => "500",
            Self::ReadTimeout => "504",
            Self::Other => "43000",
        }
    }
}

impl Failure {
    /// Neither fault nor timeout.
    pub(super) fn other(text: impl Into<String>) -> Self {
        Self { code: Code::Other, text: text.into() }
    }

    /// Not answered within the time for all.
    pub(super) fn unknown() -> Self {
        Self::other("Unknown error")
    }

    /// A fault. Texts that were encoded twice on their way are decoded once more.
    pub(super) fn fault(text: &str) -> Self {
        Self { code: Code::Fault, text: decoded(text) }
    }
}

/// UTF-8 that was read as ISO 8859-1, made right; every other text as it is.
fn decoded(text: &str) -> String {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| text.to_owned())
}

/// Writes the header. `now` is the time of the merge; a failed entry has no last successful time, though the schema wants
/// one (`aggregation.md` §7, 2).
pub(super) fn write<'s>(
    entries: impl Iterator<Item = (&'s str, Option<&'s Failure>)>,
    now: Timestamp,
    out: &mut Vec<u8>,
) {
    let now = now.to_zoned(stockholm()).strftime("%Y%m%d%H%M%S").to_string();
    let mut text = "<ProcessingStatus xmlns=\"urn:riv:interoperability:headers:1\">".to_owned();
    for (address, failure) in entries {
        text.push_str("<ProcessingStatusList><logicalAddress>");
        escape_into(&mut text, address);
        text.push_str("</logicalAddress><statusCode>");
        match failure {
            None => {
                text.push_str(
                    "DataFromSource</statusCode><isResponseFromCache>false</isResponseFromCache>\
                     <isResponseInSynch>true</isResponseInSynch><lastSuccessfulSynch>",
                );
                text.push_str(&now);
                text.push_str("</lastSuccessfulSynch>");
            }
            Some(Failure { code, text: why }) => {
                text.push_str(
                    "NoDataSynchFailed</statusCode><isResponseFromCache>false</isResponseFromCache>\
                     <isResponseInSynch>false</isResponseInSynch><lastUnsuccessfulSynch>",
                );
                text.push_str(&now);
                text.push_str("</lastUnsuccessfulSynch><lastUnsuccessfulSynchError>");
                text.push_str("<causingAgent>virtualization_platform</causingAgent><code>");
                text.push_str(code.as_str());
                text.push_str("</code><text>");
                escape_into(&mut text, why);
                text.push_str("</text></lastUnsuccessfulSynchError>");
            }
        }
        text.push_str("</ProcessingStatusList>");
    }
    text.push_str("</ProcessingStatus>");
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_decoded_once_more_only_where_it_was_encoded_twice() {
        for (text, expected) in [("fÃ¶r", "för"), ("för", "för"), ("för – så", "för – så"), ("plain", "plain")]
        {
            assert_eq!(decoded(text), expected);
        }
    }
}
