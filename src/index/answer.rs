//! The bytes of an answer, written directly. Prefixes are pinned by the reference's tests (`ei.md` §1.9).

use super::engagement::Field;
use super::fault::IndexFault;
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

/// An answer of FindContent, row by row.
#[derive(Debug)]
pub struct Found {
    out: String,
}

impl Default for Found {
    fn default() -> Self {
        let mut out = String::with_capacity(ROOM);
        out.push_str(OPEN);
        out.push_str(
            "<FindContentResponse xmlns=\"urn:riv:itintegration:engagementindex:FindContentResponder:1\" \
             xmlns:ns2=\"urn:riv:itintegration:engagementindex:1\">",
        );
        Self { out }
    }
}

/// Start and end tag of an element of the core namespace.
macro_rules! tags {
    ($name:literal) => {
        (concat!("<ns2:", $name, ">"), concat!("</ns2:", $name, ">"))
    };
}

impl Found {
    /// Its length so far.
    pub fn bytes(&self) -> usize {
        self.out.len()
    }

    /// Adds a row: the fields in the order of the schema, those that are not there left out.
    pub fn row(&mut self, row: &Row<'_>) {
        self.out.push_str("<engagement>");
        self.text(tags!("registeredResidentIdentification"), row, Field::RegisteredResidentIdentification);
        self.text(tags!("serviceDomain"), row, Field::ServiceDomain);
        self.text(tags!("categorization"), row, Field::Categorization);
        self.text(tags!("logicalAddress"), row, Field::LogicalAddress);
        self.text(tags!("businessObjectInstanceIdentifier"), row, Field::BusinessObjectInstanceIdentifier);
        self.text(tags!("clinicalProcessInterestId"), row, Field::ClinicalProcessInterestId);
        self.time(tags!("mostRecentContent"), row.packed().most_recent_content);
        self.text(tags!("sourceSystem"), row, Field::SourceSystem);
        self.time(tags!("creationTime"), Some(row.packed().created));
        self.time(tags!("updateTime"), row.packed().updated);
        self.text(tags!("dataController"), row, Field::DataController);
        self.text(tags!("owner"), row, Field::Owner);
        self.out.push_str("</engagement>");
    }

    /// The whole answer.
    pub fn finish(mut self) -> String {
        self.out.push_str("</FindContentResponse>");
        self.out.push_str(CLOSE);
        self.out
    }

    fn text(&mut self, (open, close): (&str, &str), row: &Row<'_>, field: Field) {
        let (text, plain) = row.text_and_plain(field);
        self.out.push_str(open);
        if plain {
            self.out.push_str(text);
        } else {
            escape_into(&mut self.out, text);
        }
        self.out.push_str(close);
    }

    fn time(&mut self, (open, close): (&str, &str), time: Option<LocalTime>) {
        let Some(time) = time else { return };
        self.out.push_str(open);
        self.out.push_str(std::str::from_utf8(&time.digits()).expect("digits are ASCII"));
        self.out.push_str(close);
    }
}
