//! The bytes of an answer, written directly. Prefixes are pinned by the reference's tests (`ei.md` §1.9).

use super::engagement::NA;
use super::fault::IndexFault;
use super::memory::dictionary::is_plain;
use super::memory::row::Row;
use super::record::Source;
use super::timestamp::LocalTime;
use crate::soap::xml::text::escape_into;

const OPEN: &str = "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>";
const CLOSE: &str = "</soap:Body></soap:Envelope>";

/// Bytes an answer of FindContent has room for before it has to grow: a dozen engagements.
const ROOM: usize = 12 * 1024;

/// The answer to a message that was accepted.
pub fn accepted(source: Source) -> String {
    let operation = match source {
        Source::Update => "Update",
        Source::Notification => "ProcessNotification",
    };
    format!(
        "{OPEN}<ns2:{operation}Response xmlns=\"urn:riv:itintegration:engagementindex:1\" \
         xmlns:ns2=\"urn:riv:itintegration:engagementindex:{operation}Responder:1\"><ns2:ResultCode>OK</ns2:ResultCode>\
         </ns2:{operation}Response>{CLOSE}"
    )
}

/// A fault.
pub fn fault(fault: &IndexFault) -> String {
    let mut text = String::with_capacity(fault.text.len() + 16);
    escape_into(&mut text, &fault.text);
    let code = fault.code.as_str();
    format!("{OPEN}<soap:Fault><faultcode>soap:{code}</faultcode><faultstring>{text}</faultstring></soap:Fault>{CLOSE}")
}

/// An answer of FindContent, row by row. What repeats is copied as it was rendered once.
#[derive(Debug)]
pub struct Found {
    out: Vec<u8>,
    /// Start of every engagement: all rows are about one resident.
    start: String,
}

const RESIDENT: (&str, &str) = ("<ns2:registeredResidentIdentification>", "</ns2:registeredResidentIdentification>");
const INSTANCE: (&str, &str) = ("<ns2:businessObjectInstanceIdentifier>", "</ns2:businessObjectInstanceIdentifier>");
const PROCESS: (&str, &str) = ("<ns2:clinicalProcessInterestId>", "</ns2:clinicalProcessInterestId>");
const CONTENT: (&str, &str) = ("<ns2:mostRecentContent>", "</ns2:mostRecentContent>");
const CREATED: (&str, &str) = ("<ns2:creationTime>", "</ns2:creationTime>");
const UPDATED: (&str, &str) = ("<ns2:updateTime>", "</ns2:updateTime>");
/// Neither instance nor process interest: the usual case.
const BOTH_NA: &str = "<ns2:businessObjectInstanceIdentifier>NA</ns2:businessObjectInstanceIdentifier>\
                       <ns2:clinicalProcessInterestId>NA</ns2:clinicalProcessInterestId>";

impl Found {
    /// An answer without rows yet.
    pub fn new(resident: &str) -> Self {
        let mut out = Vec::with_capacity(ROOM);
        out.extend_from_slice(OPEN.as_bytes());
        out.extend_from_slice(
            b"<FindContentResponse xmlns=\"urn:riv:itintegration:engagementindex:FindContentResponder:1\" \
              xmlns:ns2=\"urn:riv:itintegration:engagementindex:1\">",
        );
        let mut start = String::with_capacity(128);
        start.push_str("<engagement>");
        start.push_str(RESIDENT.0);
        escape_into(&mut start, resident);
        start.push_str(RESIDENT.1);
        Self { out, start }
    }

    /// Its length so far.
    pub fn bytes(&self) -> usize {
        self.out.len()
    }

    /// Adds a row: the fields in the order of the schema, those that are not there left out.
    pub fn row(&mut self, row: &Row<'_>) {
        let (packed, dictionary) = (row.packed(), row.dictionary());
        let holder = dictionary.holder_fragment(packed.holder);
        self.out.extend_from_slice(self.start.as_bytes());
        self.out.extend_from_slice(dictionary.subject_fragment(packed.subject).as_bytes());
        self.out.extend_from_slice(holder.address().as_bytes());
        if packed.instance.is_none() && packed.process.is_none() {
            self.out.extend_from_slice(BOTH_NA.as_bytes());
        } else {
            self.text(INSTANCE, packed.instance.unwrap_or(NA));
            self.text(PROCESS, packed.process.unwrap_or(NA));
        }
        self.time(CONTENT, packed.most_recent_content);
        self.out.extend_from_slice(holder.system().as_bytes());
        self.time(CREATED, Some(packed.created));
        self.time(UPDATED, packed.updated);
        self.out.extend_from_slice(holder.controller_and_owner().as_bytes());
        self.out.extend_from_slice(b"</engagement>");
    }

    /// The whole answer.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(b"</FindContentResponse>");
        self.out.extend_from_slice(CLOSE.as_bytes());
        self.out
    }

    fn text(&mut self, (open, close): (&str, &str), text: &str) {
        self.out.extend_from_slice(open.as_bytes());
        if is_plain(text) {
            self.out.extend_from_slice(text.as_bytes());
        } else {
            let mut escaped = String::with_capacity(text.len() + 16);
            escape_into(&mut escaped, text);
            self.out.extend_from_slice(escaped.as_bytes());
        }
        self.out.extend_from_slice(close.as_bytes());
    }

    fn time(&mut self, (open, close): (&str, &str), time: Option<LocalTime>) {
        let Some(time) = time else { return };
        self.out.extend_from_slice(open.as_bytes());
        self.out.extend_from_slice(&time.digits());
        self.out.extend_from_slice(close.as_bytes());
    }
}
